"""Hashes of passwords and other secrets.

Source of the rules and texts: keystone/common/password_hashing.py, and `[security_compliance]` in its configuration.
"""

import re
from functools import cached_property

from stratiform.kit.crypto import hash_password, verify_password
from stratiform.kit.errors import Invalid
from stratiform.services.identity.errors import PasswordRequirements, PasswordTooLong

#: Keystone's default of `[identity] max_password_length`, in characters.
MAX_PASSWORD_LENGTH = 4096


class PasswordHasher:
    """bcrypt with a configured cost. Hashing is slow by design: do not call it in a transaction that writes."""

    def __init__(self, rounds: int, pattern: str = "", requirements: str = "") -> None:
        """`pattern`: a regular expression that new passwords match, described by `requirements`; empty: any.

        Raises: Invalid if `pattern` is not a regular expression.
        """
        self._rounds = rounds
        try:
            self._pattern = re.compile(pattern)
        except re.error as error:
            raise Invalid(f"password_regex is not a valid regular expression: {error}") from error
        self._requirements = requirements

    def check_requirements(self, password: str) -> None:
        """Check a new password. Raises: PasswordTooLong, PasswordRequirements."""
        if len(password) > MAX_PASSWORD_LENGTH:
            raise PasswordTooLong(MAX_PASSWORD_LENGTH)
        if not self._pattern.match(password):
            raise PasswordRequirements(self._requirements or f"it must match {self._pattern.pattern}")

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
