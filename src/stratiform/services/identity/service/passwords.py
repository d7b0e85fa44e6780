"""Passwords and other secrets that are only ever compared."""

from functools import cached_property

from stratiform.kit.crypto import hash_password, password_matches
from stratiform.kit.errors import Invalid


class Passwords:
    """bcrypt at the installation's cost. Slow on purpose: never call it inside a transaction that writes."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds

    def seal(self, secret: str) -> str:
        """The hash to store. Raises Invalid for what bcrypt can't take."""
        if "\0" in secret:
            raise Invalid("a password can't hold a NUL character")
        return hash_password(secret, self._rounds)

    def matches(self, secret: str, sealed: str) -> bool:
        """Whether `secret` was sealed so. Takes as long where there is nothing to compare with."""
        if "\0" in secret:
            return False
        if not sealed:
            password_matches(secret, self._nobodys)
            return False
        return password_matches(secret, sealed)

    @cached_property
    def _nobodys(self) -> str:
        return hash_password("nobody", self._rounds)
