"""Proof of a server that it has the keys of an installation. Clients require it before they send a password.

The client sends a random nonce and the address that it connects to. The server returns a MAC of both, with a key that
is derived from a token key, and only homes of the installation have the token keys. Another program that listens on a
former port can't compute the proof, and can't obtain it from the real server, which only signs the addresses that it is
reached at.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from stratiform.kit.errors import Invalid

#: The first part of the message, so that a MAC for another purpose is never a proof.
_PURPOSE = b"stratiform server proof v1"

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ServerProof:
    """Creates and verifies proofs with the token keys in `directory`. `addresses`: those of this server."""

    directory: Path
    addresses: frozenset[str] = frozenset()

    def create(self, nonce: str, address: str) -> str:
        """Return the proof for a client. Raises: Invalid if `address` is not one of this server, or no key exists."""
        if address not in self.addresses:
            raise Invalid(f"'{address}' is not an address of this server", hint="set public_url to the address in use")
        newest = max(self._key_numbers(), default=None)
        if newest is None:
            raise Invalid(f"no token key in {self.directory}")
        return self._sign(newest, nonce, address)

    def verify(self, proof: str, nonce: str, address: str) -> bool:
        """Return True if a server with one of our keys created `proof`."""
        return any(
            hmac.compare_digest(self._sign(number, nonce, address).encode(), proof.encode())
            for number in self._key_numbers()
        )

    def _sign(self, number: int, nonce: str, address: str) -> str:
        key = hmac.digest((self.directory / str(number)).read_bytes().strip(), _PURPOSE, "sha256")
        return hmac.digest(key, f"{address}\n{nonce}".encode(), "sha256").hex()

    def _key_numbers(self) -> Iterator[int]:
        if self.directory.is_dir():
            yield from (int(entry.name) for entry in self.directory.iterdir() if entry.name.isdecimal())


def address_of(url: str) -> str:
    """Return `host:port` of a URL. Raises: Invalid if its port is not a number."""
    components = urlsplit(url)
    try:
        port = components.port or _DEFAULT_PORTS.get(components.scheme, 0)
    except ValueError as error:
        raise Invalid(f"'{url}' is not a valid URL: {error}") from error
    return format_address(components.hostname or "", port)


def format_address(host: str, port: int) -> str:
    """Return `host:port` as in a URL: an IPv6 address is in brackets (RFC 3986)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
