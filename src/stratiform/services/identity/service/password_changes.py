"""Change of the own password. Source: Identity API v3, "Change password"."""

from dataclasses import dataclass, replace

from stratiform.kit.clock import Clock
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Database
from stratiform.kit.policy import Caller
from stratiform.services.identity import repository
from stratiform.services.identity.errors import AuthenticationFailed
from stratiform.services.identity.model import ResourceRef
from stratiform.services.identity.service.account_lockout import AccountLockout
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.notifications import Notifications
from stratiform.services.identity.service.password_hasher import PasswordHasher
from stratiform.services.identity.service.password_policy import PasswordPolicy


@dataclass(frozen=True, slots=True)
class PasswordChanges:
    """Operation `POST /users/{user_id}/password`."""

    cache: DirectoryCache
    passwords: PasswordHasher
    policy: PasswordPolicy
    lockout: AccountLockout
    notifications: Notifications

    def change(self, database: Database, clock: Clock, user_id: str, *, original: str, new: str) -> None:
        """Replace a password that the user proves to know. The user's tokens become invalid.

        Slow: do not call it in a transaction.

        Raises: AuthenticationFailed, ForbiddenAction, PasswordReused, PasswordTooNew, PasswordTooLong,
        PasswordRequirements
        """
        with database.read_transaction() as db:
            user = repository.users.find(db, user_id)
            key = self.lockout.build_key(user, ResourceRef(id=user_id))
            is_locked = self.lockout.is_locked(db, key, clock.now())
            hashes = self.policy.list_password_hashes(db, user) if user is not None else []
        old_hash = user.password if user is not None and user.enabled and not is_locked else ""
        if not self.passwords.verify(original, old_hash) or user is None:
            self.lockout.record_failures(database, [key], clock.now())
            raise AuthenticationFailed
        self.policy.check_change(user, clock.now())
        self.passwords.check_requirements(new)
        self.policy.check_history(new, hashes)
        new_hash = self.passwords.hash(new)
        with database.transaction() as db:
            now = clock.now()
            self.cache.invalidate(db, now)
            user = repository.users.find(db, user_id)  # concurrent changes are over, because of the revision's lock
            is_locked = self.lockout.is_locked(db, key, now)
            if user is None or not user.enabled or user.password != old_hash or is_locked:
                raise AuthenticationFailed
            changed = self.policy.set_password(db, user, new_hash, now, by_user=True)
            repository.users.save(db, replace(changed, epoch=user.epoch + 1))
            repository.delete_failures(db, user_id)
            ctx = RequestContext(db, Caller(user_id, user_name=user.name), now)
            self.notifications.report(ctx, "user", "updated", user_id)
