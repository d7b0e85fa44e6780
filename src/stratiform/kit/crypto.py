"""Hashing of passwords with bcrypt, and encryption with Fernet and rotating keys.

A key repository is a directory, as in Keystone: key `0` is the staged key (the next primary key), the highest number
is the primary key, the others only decrypt. Source: documentation of Keystone, Fernet tokens.
"""

import base64
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bcrypt
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from stratiform.kit.errors import Invalid

#: Keystone's default `[identity] password_hash_rounds`.
BCRYPT_ROUNDS = 12

#: bcrypt uses only this many bytes of a password.
_BCRYPT_BYTES = 72


def hash_password(password: str, rounds: int = BCRYPT_ROUNDS) -> str:
    return bcrypt.hashpw(_bcrypt_input(password), bcrypt.gensalt(rounds)).decode()


def verify_password(password: str, password_hash: str) -> bool:
    return bcrypt.checkpw(_bcrypt_input(password), password_hash.encode())


def _bcrypt_input(password: str) -> bytes:
    """Return the password, or the digest of a longer one than bcrypt uses: every byte counts.

    The first byte of a digest is not UTF-8, so that no shorter password equals it.
    """
    encoded = password.encode()
    if len(encoded) <= _BCRYPT_BYTES:
        return encoded
    return b"\xff" + base64.b64encode(hashlib.sha256(encoded).digest())


class KeyRepository:
    """A key repository on disk, readable only by its owner."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._fernet: MultiFernet | None = None
        self._loaded: tuple[str, ...] = ()

    def create(self) -> None:
        """Create the first keys unless there are keys."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._key_numbers():
            self._write_key(0)
            self._write_key(1)

    def exists(self) -> bool:
        """Return True if there is a key."""
        return bool(self._key_numbers())

    def replace(self) -> None:
        """Delete all keys and create new ones: what was encrypted can't be decrypted any more."""
        for number in self._key_numbers():
            (self._directory / str(number)).unlink()
        self._fernet = None
        self.create()

    def list_invalid_keys(self) -> list[Path]:
        """Return the files that are not valid keys."""
        files = [self._directory / str(number) for number in self._key_numbers()]
        return [file for file in files if not _is_valid_key(file)]

    def is_encrypted_with_newest(self, token: bytes) -> bool:
        """Return True if the newest key has encrypted the token."""
        newest = (self._directory / str(max(self._key_numbers()))).read_bytes()
        try:
            Fernet(newest).decrypt(token)
        except InvalidToken:
            return False
        return True

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Wait until no other program rotates the keys, and keep others waiting. The repository exists."""
        with os.fdopen(os.open(self._directory / ".lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def rotate(self, keep: int = 3) -> None:
        """Make the staged key primary, stage a new one, and delete old keys so that `keep` keys remain."""
        if not (self._directory / "0").exists():  # a rotation was interrupted
            self._write_key(0)
        newest = max(self._key_numbers()) + 1
        (self._directory / "0").rename(self._directory / str(newest))
        self._write_key(0)
        for number in sorted(self._key_numbers())[1 : -(keep - 1)]:
            (self._directory / str(number)).unlink()
        self._fernet = None

    def encrypt(self, plain: bytes) -> bytes:
        return self._load().encrypt(plain)

    def decrypt(self, token: bytes, ttl_s: int | None = None) -> bytes:
        """Decrypt a token. Raises: Invalid if it was not encrypted with a key of this repository, or has expired."""
        try:
            return self._load().decrypt(token, ttl=ttl_s)
        except InvalidToken as error:
            raise Invalid("not encrypted with a key of this installation") from error

    def _load(self) -> MultiFernet:
        names = tuple(str(number) for number in self._key_numbers())
        if self._fernet is None or names != self._loaded:
            newest_first = sorted(names, key=int, reverse=True)
            keys = [(self._directory / name).read_bytes() for name in newest_first]
            self._fernet, self._loaded = MultiFernet([Fernet(key) for key in keys]), names
        return self._fernet

    def _key_numbers(self) -> list[int]:
        if not self._directory.is_dir():
            return []
        return sorted(int(entry.name) for entry in self._directory.iterdir() if entry.name.isdecimal())

    def _write_key(self, number: int) -> None:
        partial = self._directory / f".{number}"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
        partial.rename(self._directory / str(number))


def _is_valid_key(file: Path) -> bool:
    try:
        Fernet(file.read_bytes())
    except (OSError, ValueError):
        return False
    return True
