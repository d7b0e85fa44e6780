"""Users. Source: Identity API v3, "Users"."""

from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import ForbiddenAction, NameConflict, UserNotFound
from stratiform.services.identity.model import (
    Changes,
    Group,
    JsonObject,
    ListQuery,
    NewUser,
    User,
    get_default_domain_id,
)
from stratiform.services.identity.policy import IdentityRule
from stratiform.services.identity.service.directories import Directories
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.domains import load_domain
from stratiform.services.identity.service.notifications import Notifications
from stratiform.services.identity.service.operator_privileges import OperatorPrivileges
from stratiform.services.identity.service.password_hasher import PasswordHasher
from stratiform.services.identity.service.password_policy import PasswordPolicy


@dataclass(frozen=True, slots=True)
class Users:
    """Operations on `/users`. Hash passwords before the transaction: it is slow."""

    ids: Ids
    cache: DirectoryCache
    passwords: PasswordHasher
    password_policy: PasswordPolicy
    privileges: OperatorPrivileges
    directories: Directories
    notifications: Notifications

    def hash_password(self, password: str) -> str:
        """Return the hash of a new password. Raises: PasswordTooLong, PasswordRequirements, Invalid."""
        self.passwords.check_requirements(password)
        return self.passwords.hash(password)

    def create(self, ctx: RequestContext, new: NewUser) -> User:
        """Create a user.

        Raises: DomainNotFound, NameConflict, Invalid if the default project is a domain
        """
        domain = load_domain(ctx.db, new.domain_id or get_default_domain_id(ctx.caller))
        policy.CREATE_USER.require(ctx.caller, domain_id=domain.id)
        self.directories.require_writable(ctx.db, domain.id)
        conflict = NameConflict("user", new.name, domain.id)
        if repository.find_by_name(ctx.db, repository.users, new.name, domain.id):
            raise conflict
        _check_default_project(ctx.db, new.default_project_id)
        user = User(
            id=self.ids.hex(),
            name=new.name,
            domain_id=domain.id,
            enabled=new.enabled,
            default_project_id=new.default_project_id,
            options=new.options,
            extra=new.extra,
        )
        if new.password:
            user = self.password_policy.set_password(ctx.db, user, new.password, ctx.now, by_user=False)
        created = repository.insert_unique(ctx.db, repository.users, user, conflict)
        self.notifications.report(ctx, "user", "created", created.id)
        return created

    def get(self, ctx: RequestContext, user_id: str) -> User:
        return load_own_user(ctx, policy.GET_USER, user_id)

    def list(self, ctx: RequestContext, query: ListQuery) -> Slice[User]:
        query = policy.LIST_USERS.limit_to_domain(ctx.caller, query)
        return repository.list_records(ctx.db, repository.users, query)

    def update(self, ctx: RequestContext, user_id: str, changes: Changes, extra: JsonObject) -> User:
        """Set columns of a user to new values and merge `extra`.

        A new password and `enabled: false` invalidate the user's tokens.

        Raises: UserNotFound, NameConflict, Invalid
        """
        user = load_own_user(ctx, policy.UPDATE_USER, user_id)
        self.privileges.require_for_user(ctx, policy.UPDATE_USER, user)
        self.directories.require_writable(ctx.db, user.domain_id)
        if changes.get("domain_id", user.domain_id) != user.domain_id:
            raise Invalid("Cannot change Domain ID")
        updated = replace(user, **changes, extra=user.extra | extra)
        conflict = NameConflict("user", updated.name, user.domain_id)
        if updated.name != user.name and repository.find_by_name(
            ctx.db, repository.users, updated.name, user.domain_id
        ):
            raise conflict
        _check_default_project(ctx.db, changes.get("default_project_id"))
        if updated.password != user.password:
            if repository.find_federation(ctx.db, user_id) is not None:
                raise ForbiddenAction("set the password of a user of an identity provider")
            updated = replace(updated, password=user.password)
            updated = self.password_policy.set_password(ctx.db, updated, changes["password"], ctx.now, by_user=False)
            repository.delete_failures(ctx.db, user_id)
        if updated.password != user.password or (user.enabled and not updated.enabled):
            updated = replace(updated, epoch=user.epoch + 1)
        self.cache.invalidate(ctx.db, ctx.now)
        self.notifications.report(ctx, "user", "updated", user_id)
        return repository.save_unique(ctx.db, repository.users, updated, conflict)

    def delete(self, ctx: RequestContext, user_id: str) -> None:
        user = load_own_user(ctx, policy.DELETE_USER, user_id)
        self.privileges.require_for_user(ctx, policy.DELETE_USER, user)
        self.directories.require_writable(ctx.db, user.domain_id)
        self.cache.invalidate(ctx.db, ctx.now)
        repository.delete_user(ctx.db, user_id)
        self.notifications.report(ctx, "user", "deleted", user_id)

    def list_groups(self, ctx: RequestContext, user_id: str, query: ListQuery) -> Slice[Group]:
        """Return the groups of a user.

        Raises: UserNotFound
        """
        load_own_user(ctx, policy.LIST_GROUPS_FOR_USER, user_id)
        return repository.list_user_groups(ctx.db, user_id, query)


def load_own_user(ctx: RequestContext, rule: IdentityRule, user_id: str) -> User:
    """Return a user to whom the caller may apply `rule`.

    Raises: UserNotFound, ForbiddenAction
    """
    user = repository.users.find(ctx.db, user_id)
    rule.require_own(ctx.caller, user_id, UserNotFound(user_id), domain_id=user.domain_id if user else None)
    if user is None:
        raise UserNotFound(user_id)
    return user


def load_user(db: Connection, user_id: str) -> User:
    """Return a user without a policy check.

    Raises: UserNotFound
    """
    user = repository.users.find(db, user_id)
    if user is None:
        raise UserNotFound(user_id)
    return user


def _check_default_project(db: Connection, project_id: str | None) -> None:
    """Reject a domain. Keystone accepts the id of a project that does not exist."""
    project = repository.projects.find(db, project_id) if project_id else None
    if project is not None and project.is_domain:
        raise Invalid(f"User's default project ID cannot be a domain ID: {project_id}")
