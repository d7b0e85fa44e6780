"""Passwords and key repositories."""

import base64
import hashlib
from pathlib import Path

import bcrypt
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


@pytest.mark.parametrize("length", [71, 72, 73, 200])
def test_every_byte_of_a_password_counts(length: int) -> None:
    """bcrypt itself uses 72 bytes only."""
    password = "p" * (length - 2) + "é"
    password_hash = hash_password(password, rounds=4)
    assert verify_password(password, password_hash)
    for other in (password[:-1] + "è", password + "x", password[:-1], password[:72] + "wrong"):
        assert not verify_password(other, password_hash)


def test_the_digest_of_a_long_password_is_not_a_password() -> None:
    password = "p" * 100
    digest = base64.b64encode(hashlib.sha256(password.encode()).digest()).decode()
    password_hash = hash_password(password, rounds=4)
    for other in (digest, f"\xff{digest}"):
        assert not verify_password(other, password_hash)


def test_hashes_of_shorter_passwords_are_those_of_bcrypt() -> None:
    assert bcrypt.checkpw(b"sesame", hash_password("sesame", rounds=4).encode())
    assert verify_password("sesame", bcrypt.hashpw(b"sesame", bcrypt.gensalt(4)).decode())
