"""Age, history and expiry of passwords. Source: `[security_compliance]` in Keystone's configuration."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.database import Connection
from stratiform.services.identity import repository
from stratiform.services.identity.errors import ForbiddenAction, PasswordReused, PasswordTooNew
from stratiform.services.identity.model import SecurityCompliance, User
from stratiform.services.identity.service.password_hasher import PasswordHasher

_DAY_US = 24 * 3600 * SECOND_US


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """Rules for passwords that users have and had. `PasswordHasher` has those for new ones."""

    compliance: SecurityCompliance
    passwords: PasswordHasher

    def set_password(self, db: Connection, user: User, password: str, now: Micros, *, by_user: bool) -> User:
        """Return `user` with a new password hash, and store the hash that it replaces.

        `by_user`: the user has chosen it; if an operator has, `change_password_upon_first_use` applies.
        """
        unique = self.compliance.unique_last_password_count
        if user.password and unique > 1:
            repository.save_earlier_password(db, user.id, user.password, now, keep=unique - 1)
        expires_at = self._find_expiry(user, now, by_user=by_user) if password else None
        return replace(user, password=password, password_changed_at=now, password_expires_at=expires_at)

    def list_password_hashes(self, db: Connection, user: User) -> Sequence[str]:
        """Return the hashes of the passwords that the user may not choose again."""
        unique = self.compliance.unique_last_password_count
        if not unique:
            return []
        return [user.password, *repository.list_earlier_passwords(db, user.id, unique - 1)]

    def check_change(self, user: User, now: Micros) -> None:
        """Check that a user may change the own password now. Raises: PasswordTooNew, ForbiddenAction."""
        if user.options.get("lock_password"):
            raise ForbiddenAction("change a locked password")
        age_us = now - (user.password_changed_at or 0)
        minimum_days = self.compliance.minimum_password_age
        is_expired = user.password_expires_at is not None and now >= user.password_expires_at
        if age_us < minimum_days * _DAY_US and not is_expired:
            raise PasswordTooNew(minimum_days, -(-(minimum_days * _DAY_US - age_us) // _DAY_US))

    def check_history(self, password: str, hashes: Sequence[str]) -> None:
        """Compare a new password with earlier ones. Slow: do not call it in a transaction. Raises: PasswordReused."""
        if any(password_hash and self.passwords.verify(password, password_hash) for password_hash in hashes):
            raise PasswordReused(self.compliance.unique_last_password_count)

    def _find_expiry(self, user: User, now: Micros, *, by_user: bool) -> Micros | None:
        first_use = self.compliance.change_password_upon_first_use and not by_user
        if first_use and not user.options.get("ignore_change_password_upon_first_use"):
            return now
        days = self.compliance.password_expires_days
        return now + days * _DAY_US if days else None


def is_password_expired(user: User, now: Micros) -> bool:
    """Return True if the user must change the password before the next sign-in."""
    ignored = user.options.get("ignore_password_expiry")
    return user.password_expires_at is not None and now >= user.password_expires_at and not ignored
