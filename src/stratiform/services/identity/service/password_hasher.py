"""Hashes of passwords and other secrets."""

from functools import cached_property

from stratiform.kit.crypto import hash_password, verify_password
from stratiform.kit.errors import Invalid


class PasswordHasher:
    """bcrypt with a configured cost. Hashing is slow by design: do not call it in a transaction that writes."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds

    def hash(self, secret: str) -> str:
        """Return the hash to store.

        Raises: Invalid if the secret contains a NUL character, which bcrypt does not support.
        """
        if "\0" in secret:
            raise Invalid("Password cannot contain a NUL character.")
        return hash_password(secret, self._rounds)

    def verify(self, secret: str, secret_hash: str) -> bool:
        """Return True if `secret` matches. An empty hash takes as long, so that the duration reveals nothing."""
        if "\0" in secret:
            return False
        if not secret_hash:
            verify_password(secret, self._unused_hash)
            return False
        return verify_password(secret, secret_hash)

    @cached_property
    def _unused_hash(self) -> str:
        return hash_password("unused", self._rounds)
