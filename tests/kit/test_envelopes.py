"""Envelope encryption: a data key for each secret, wrapped by a key of the installation."""

from pathlib import Path

import pytest

from stratiform.kit.crypto import KeyRepository
from stratiform.kit.envelopes import open_envelope, rewrap_envelope, seal_envelope
from stratiform.kit.errors import Invalid


@pytest.fixture
def keys(tmp_path: Path) -> KeyRepository:
    keys = KeyRepository(tmp_path / "keys")
    keys.create()
    return keys


def test_each_envelope_has_its_own_data_key(keys: KeyRepository) -> None:
    first, second = (seal_envelope(keys, b"hush") for _ in range(2))
    assert open_envelope(keys, first) == open_envelope(keys, second) == b"hush"
    data_keys = {keys.decrypt(envelope.split(".")[0].encode()) for envelope in (first, second)}
    assert len(data_keys) == 2
    assert "hush" not in first


def test_rewrapping_keeps_the_encrypted_secret(keys: KeyRepository) -> None:
    envelope = seal_envelope(keys, b"hush")
    keys.rotate()
    rewrapped = rewrap_envelope(keys, envelope)
    assert rewrapped.split(".")[1] == envelope.split(".")[1]
    assert keys.is_encrypted_with_newest(rewrapped.split(".")[0].encode())
    assert not keys.is_encrypted_with_newest(envelope.split(".")[0].encode())
    renewed = rewrap_envelope(keys, envelope, new_data_key=True)
    assert renewed.split(".")[1] != envelope.split(".")[1]
    assert open_envelope(keys, rewrapped) == open_envelope(keys, renewed) == b"hush"


def test_secret_from_before_envelopes_is_read_and_rewrapped(keys: KeyRepository) -> None:
    former = keys.encrypt(b"hush").decode()
    assert open_envelope(keys, former) == b"hush"
    envelope = rewrap_envelope(keys, former)
    assert envelope.count(".") == 1
    assert open_envelope(keys, envelope) == b"hush"


@pytest.mark.parametrize("damage", ["", "x.y", ".", "{key}.", "{key}.{foreign}", "{foreign}.{secret}"])
def test_damaged_envelope(keys: KeyRepository, tmp_path: Path, damage: str) -> None:
    other = KeyRepository(tmp_path / "other")
    other.create()
    key, secret = seal_envelope(keys, b"hush").split(".")
    envelope = damage.format(key=key, secret=secret, foreign=other.encrypt(b"hush").decode())
    with pytest.raises(Invalid):
        open_envelope(keys, envelope)


def test_interrupted_rotation_is_completed_by_the_next_one(keys: KeyRepository, tmp_path: Path) -> None:
    envelope = seal_envelope(keys, b"hush")
    (tmp_path / "keys" / "0").rename(tmp_path / "keys" / "2")
    envelope = rewrap_envelope(keys, envelope)
    keys.rotate()
    assert open_envelope(keys, envelope) == b"hush"
    assert sorted(path.name for path in (tmp_path / "keys").iterdir() if path.name[0] != ".") == ["0", "2", "3"]
