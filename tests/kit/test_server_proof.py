"""The proof of a server that it has the keys of an installation."""

from pathlib import Path

import pytest

from stratiform.kit.crypto import KeyRepository
from stratiform.kit.errors import Invalid
from stratiform.kit.server_proof import ServerProof, address_of

ADDRESS = "127.0.0.1:8780"
NONCE = "0" * 32


def keys(directory: Path) -> Path:
    KeyRepository(directory).create()
    return directory


def test_only_a_server_with_the_keys_creates_a_valid_proof(tmp_path: Path) -> None:
    own, other = keys(tmp_path / "own"), keys(tmp_path / "other")
    client = ServerProof(own)
    proof = ServerProof(own, frozenset({ADDRESS})).create(NONCE, ADDRESS)
    assert client.verify(proof, NONCE, ADDRESS)
    assert not client.verify(proof, "1" * 32, ADDRESS)
    assert not client.verify(proof, NONCE, "127.0.0.1:8781")
    assert not client.verify(ServerProof(other, frozenset({ADDRESS})).create(NONCE, ADDRESS), NONCE, ADDRESS)
    assert not client.verify("", NONCE, ADDRESS)
    assert not client.verify("\u0660" * 64, NONCE, ADDRESS)
    assert not ServerProof(tmp_path / "none").verify(proof, NONCE, ADDRESS)


def test_proof_is_valid_after_a_rotation_on_either_side(tmp_path: Path) -> None:
    server, client = keys(tmp_path / "server"), tmp_path / "client"
    client.mkdir()
    for file in server.iterdir():
        (client / file.name).write_bytes(file.read_bytes())
    KeyRepository(server).rotate()
    proof = ServerProof(server, frozenset({ADDRESS})).create(NONCE, ADDRESS)
    assert ServerProof(client).verify(proof, NONCE, ADDRESS), "the staged key became the newest"


def test_server_signs_only_its_own_addresses(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"'127\.0\.0\.1:9' is not an address of this server"):
        ServerProof(keys(tmp_path), frozenset({ADDRESS})).create(NONCE, "127.0.0.1:9")
    with pytest.raises(Invalid, match="no token key"):
        ServerProof(tmp_path / "none", frozenset({ADDRESS})).create(NONCE, ADDRESS)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:8780/", ADDRESS),
        ("https://Cloud.example/identity/v3", "cloud.example:443"),
        ("http://cloud.example", "cloud.example:80"),
        ("http://[::1]:8780", "[::1]:8780"),
    ],
)
def test_address_of_url(url: str, address: str) -> None:
    assert address_of(url) == address


def test_address_of_invalid_url() -> None:
    with pytest.raises(Invalid, match="not a valid URL"):
        address_of("http://h:port")
