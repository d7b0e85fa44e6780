"""Lock-out after failed sign-ins. Source: `lockout_failure_attempts` and `lockout_duration` of Keystone.

Failures are counted in the database, so that all processes share them. A sign-in with the right secret counts the
failures again after the secret has been verified: guesses that are verified at the same time as it cannot exceed the
limit. Failures of unknown users are counted in the same way as those of known ones, so that the duration of a
request does not reveal which users exist.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.database import Connection, Database
from stratiform.services.identity import repository
from stratiform.services.identity.model import ResourceRef, SecurityCompliance, User


@dataclass(frozen=True, slots=True)
class AccountLockout:
    """Counts the failed sign-ins of each user."""

    compliance: SecurityCompliance

    @property
    def is_enabled(self) -> bool:
        return self.compliance.lockout_failure_attempts > 0

    def build_key(self, user: User | None, ref: ResourceRef) -> str:
        """Return the key under which failures are counted; empty if they are not counted for the user."""
        if not self.is_enabled or (user is not None and user.options.get("ignore_lockout_failure_attempts")):
            return ""
        if user is not None:
            return user.id
        name = "\0".join((ref.id, ref.name, ref.domain_id, ref.domain_name))
        return "unknown-" + hashlib.sha256(name.encode(errors="replace")).hexdigest()[:32]

    def is_locked(self, db: Connection, key: str, now: Micros) -> bool:
        """Return True if no secret is accepted from the user at `now`."""
        return bool(key) and self._is_exceeded(repository.find_failures(db, key), now)

    def record_failures(self, database: Database, keys: Iterable[str], now: Micros) -> None:
        """Count a failed sign-in for each key. While an account is locked, failures do not extend the lock."""
        for key in sorted({key for key in keys if key}):
            with database.transaction() as db:
                repository.delete_failures_before(db, now - 2 * self._duration_us)
                failures, failed_at = repository.lock_failures(db, key, now)
                if not self._is_exceeded((failures, failed_at), now):
                    ended = failures >= self.compliance.lockout_failure_attempts
                    repository.save_failures(db, key, 1 if ended else failures + 1, now)

    def reset(self, database: Database, keys: Iterable[str], now: Micros) -> None:
        """Forget the failures before a successful sign-in, unless the account has been locked since."""
        for key in sorted({key for key in keys if key}):
            with database.read_transaction() as db:
                failures = repository.find_failures(db, key)
            if failures[0]:
                with database.transaction() as db:
                    if not self._is_exceeded(repository.find_failures(db, key, lock=True), now):
                        repository.delete_failures(db, key)

    @property
    def _duration_us(self) -> Micros:
        return self.compliance.lockout_duration * SECOND_US

    def _is_exceeded(self, failures: repository.Failures, now: Micros) -> bool:
        number, failed_at = failures
        return number >= self.compliance.lockout_failure_attempts and now - failed_at < self._duration_us
