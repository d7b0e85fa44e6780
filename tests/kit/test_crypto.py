"""Passwords and key repositories."""

from pathlib import Path

import pytest

from stratiform.kit.crypto import KeyRepository, hash_password, verify_password
from stratiform.kit.errors import Invalid


def test_rotation_keeps_tokens_of_recent_keys_readable(tmp_path: Path) -> None:
    keys = KeyRepository(tmp_path / "keys")
    keys.create()
    token = keys.encrypt(b"hello")
    keys.rotate()
    assert keys.decrypt(token) == b"hello"
    for _ in range(3):
        keys.rotate()
    with pytest.raises(Invalid):
        keys.decrypt(token)


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    keys = KeyRepository(tmp_path / "keys")
    keys.create()
    keys.rotate()
    assert {entry.stat().st_mode & 0o777 for entry in (tmp_path / "keys").iterdir()} == {0o600}


def test_passwords_are_hashed() -> None:
    password_hash = hash_password("sesame", rounds=4)
    assert "sesame" not in password_hash
    assert verify_password("sesame", password_hash)
    assert not verify_password("Sesame", password_hash)
