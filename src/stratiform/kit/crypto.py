"""Passwords, tokens and credentials: bcrypt and Fernet, with keys that rotate.

A key repository is a folder as Keystone's: `0` is staged (the next primary), the highest number is
primary, the others only decrypt. Source: Keystone's "Fernet - Frequently Asked Questions".
"""

import os
from pathlib import Path

import bcrypt
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from stratiform.kit.errors import Invalid

#: Keystone's default `[identity] password_hash_rounds`.
BCRYPT_ROUNDS = 12

#: bcrypt looks at so many bytes; Keystone cuts there too.
_BCRYPT_BYTES = 72


def hash_password(password: str, rounds: int = BCRYPT_ROUNDS) -> str:
    return bcrypt.hashpw(password.encode()[:_BCRYPT_BYTES], bcrypt.gensalt(rounds)).decode()


def password_matches(password: str, hashed: str) -> bool:
    return bcrypt.checkpw(password.encode()[:_BCRYPT_BYTES], hashed.encode())


class Keys:
    """A key repository on disk, readable by its owner only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fernet: MultiFernet | None = None
        self._seen: tuple[str, ...] = ()

    def create(self) -> None:
        """Make the first keys; keeps what is there."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._numbers():
            self._write(0)
            self._write(1)

    def rotate(self, keep: int = 3) -> None:
        """The staged key becomes primary, a new one is staged, and of the older ones `keep - 2` stay."""
        newest = max(self._numbers()) + 1
        (self._folder / "0").rename(self._folder / str(newest))
        self._write(0)
        for number in sorted(self._numbers())[1 : -(keep - 1)]:
            (self._folder / str(number)).unlink()
        self._fernet = None

    def encrypt(self, plain: bytes) -> bytes:
        return self._load().encrypt(plain)

    def decrypt(self, secret: bytes, ttl_s: int | None = None) -> bytes:
        """Raises Invalid where no key of the repository made `secret`."""
        try:
            return self._load().decrypt(secret, ttl=ttl_s)
        except InvalidToken as error:
            raise Invalid("not made with a key of this installation") from error

    def _load(self) -> MultiFernet:
        names = tuple(str(number) for number in self._numbers())
        if self._fernet is None or names != self._seen:
            newest_first = sorted(names, key=int, reverse=True)
            texts = [(self._folder / name).read_bytes() for name in newest_first]
            self._fernet, self._seen = MultiFernet([Fernet(text) for text in texts]), names
        return self._fernet

    def _numbers(self) -> list[int]:
        if not self._folder.is_dir():
            return []
        return sorted(int(entry.name) for entry in self._folder.iterdir() if entry.name.isdecimal())

    def _write(self, number: int) -> None:
        partial = self._folder / f".{number}"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
        partial.rename(self._folder / str(number))
