"""Users, groups, and who is in which. Source: Identity API v3, "Users" and "Groups"."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.identity import repository
from stratiform.services.identity.errors import Duplicate, NoSuch, NotSignedIn
from stratiform.services.identity.model import Document, Group, NewUser, Query, User, home_domain
from stratiform.services.identity.policy import policy
from stratiform.services.identity.service.memory import Memory
from stratiform.services.identity.service.passwords import Passwords
from stratiform.services.identity.service.projects import domain_named


@dataclass(frozen=True, slots=True)
class Users:
    """The verbs of `/users`. Passwords come sealed (`seal`): that takes long, and no transaction may wait for it."""

    ids: Ids
    memory: Memory
    passwords: Passwords

    def seal(self, password: str) -> str:
        return self.passwords.seal(password)

    def create(self, ctx: RequestContext, new: NewUser) -> User:
        """Raises NoSuch for an unknown domain, Duplicate where the domain has the name already."""
        policy.require(ctx.caller, "identity:create_user")
        domain = domain_named(ctx.db, new.domain_id or home_domain(ctx.caller))
        if repository.named(ctx.db, repository.users, new.name, domain.id):
            raise Duplicate("user", new.name, domain.id)
        _check_default_project(ctx.db, new.default_project_id)
        user = User(
            id=self.ids.hex(),
            name=new.name,
            domain_id=domain.id,
            password=new.password,
            password_changed_at=ctx.now if new.password else None,
            enabled=new.enabled,
            default_project_id=new.default_project_id,
            options=new.options,
            extra=new.extra,
        )
        return repository.store(ctx.db, repository.users, user, "user", name=user.name, domain_id=domain.id)

    def may_change(self, ctx: RequestContext) -> None:
        """Raises Denied unless the caller may make and change users; asked before a password is sealed."""
        policy.require(ctx.caller, "identity:create_user")

    def get(self, ctx: RequestContext, user_id: str) -> User:
        policy.require_own(ctx.caller, "identity:get_user", "user", user_id)
        return self.found(ctx.db, user_id)

    def found(self, db: Connection, user_id: str) -> User:
        """For the program itself. Raises NoSuch."""
        user = repository.users.get(db, user_id)
        if user is None:
            raise NoSuch("user", user_id)
        return user

    def all(self, ctx: RequestContext, query: Query) -> Slice[User]:
        policy.require(ctx.caller, "identity:list_users")
        return repository.listed(ctx.db, repository.users, query)

    def update(self, ctx: RequestContext, user_id: str, changes: Mapping[str, Any], extra: Document) -> User:
        """`changes` are columns with new values. A new password and `enabled: false` end the user's tokens."""
        policy.require_own(ctx.caller, "identity:update_user", "user", user_id)
        old = self.found(ctx.db, user_id)
        if changes.get("domain_id", old.domain_id) != old.domain_id:
            raise Invalid("Cannot change Domain ID")
        new = replace(old, **changes, extra=old.extra | extra)
        if new.name != old.name and repository.named(ctx.db, repository.users, new.name, old.domain_id):
            raise Duplicate("user", new.name, old.domain_id)
        _check_default_project(ctx.db, changes.get("default_project_id"))
        if new.password != old.password:
            new = replace(new, password_changed_at=ctx.now)
        if new.password != old.password or (old.enabled and not new.enabled):
            new = replace(new, epoch=old.epoch + 1)
        self.memory.changed(ctx.db, ctx.now)
        return repository.keep(ctx.db, repository.users, new, "user", name=new.name, domain_id=old.domain_id)

    def delete(self, ctx: RequestContext, user_id: str) -> None:
        policy.require_own(ctx.caller, "identity:delete_user", "user", user_id)
        self.found(ctx.db, user_id)
        self.memory.changed(ctx.db, ctx.now)
        repository.forget_user(ctx.db, user_id)

    def sealed_password(self, db: Connection, user_id: str) -> str:
        """What to compare an original password with; empty where there is no such user."""
        user = repository.users.get(db, user_id)
        return user.password if user is not None and user.enabled else ""

    def proved(self, password: str, sealed: str) -> None:
        """Raises NotSignedIn unless `password` was sealed so. Slow: no transaction may be open."""
        if not self.passwords.matches(password, sealed):
            raise NotSignedIn

    def change_password(self, db: Connection, user_id: str, now: Micros, *, old: str, new: str) -> None:
        """Both sealed. Whoever knows the password may do this, without a token. Raises NotSignedIn."""
        user = repository.users.get(db, user_id)
        if user is None or not user.enabled or user.password != old:
            raise NotSignedIn
        self.memory.changed(db, now)
        repository.users.save(db, replace(user, password=new, password_changed_at=now, epoch=user.epoch + 1))

    def groups(self, ctx: RequestContext, user_id: str, query: Query) -> Slice[Group]:
        policy.require_own(ctx.caller, "identity:list_groups_for_user", "user", user_id)
        self.found(ctx.db, user_id)
        return repository.listed(ctx.db, repository.groups, query, repository.with_user(user_id))


@dataclass(frozen=True, slots=True)
class Groups:
    """The verbs of `/groups`."""

    ids: Ids
    memory: Memory

    def create(self, ctx: RequestContext, new: Group) -> Group:
        """The id of `new` is not looked at."""
        policy.require(ctx.caller, "identity:create_group")
        domain = domain_named(ctx.db, new.domain_id or home_domain(ctx.caller))
        if repository.named(ctx.db, repository.groups, new.name, domain.id):
            raise Duplicate("group", new.name, domain.id)
        group = replace(new, id=self.ids.hex(), domain_id=domain.id)
        return repository.store(ctx.db, repository.groups, group, "group", name=group.name, domain_id=domain.id)

    def get(self, ctx: RequestContext, group_id: str) -> Group:
        policy.require(ctx.caller, "identity:get_group")
        return self._found(ctx.db, group_id)

    def all(self, ctx: RequestContext, query: Query) -> Slice[Group]:
        policy.require(ctx.caller, "identity:list_groups")
        return repository.listed(ctx.db, repository.groups, query)

    def update(self, ctx: RequestContext, group_id: str, changes: Mapping[str, Any], extra: Document) -> Group:
        policy.require(ctx.caller, "identity:update_group")
        old = self._found(ctx.db, group_id)
        if changes.get("domain_id", old.domain_id) != old.domain_id:
            raise Invalid("Cannot change Domain ID")
        new = replace(old, **changes, extra=old.extra | extra)
        if new.name != old.name and repository.named(ctx.db, repository.groups, new.name, old.domain_id):
            raise Duplicate("group", new.name, old.domain_id)
        return repository.keep(ctx.db, repository.groups, new, "group", name=new.name, domain_id=old.domain_id)

    def delete(self, ctx: RequestContext, group_id: str) -> None:
        policy.require(ctx.caller, "identity:delete_group")
        self._found(ctx.db, group_id)
        self.memory.changed(ctx.db, ctx.now)
        repository.forget_group(ctx.db, group_id)

    def users(self, ctx: RequestContext, group_id: str, query: Query) -> Slice[User]:
        policy.require(ctx.caller, "identity:list_users_in_group")
        self._found(ctx.db, group_id)
        return repository.listed(ctx.db, repository.users, query, repository.in_group(group_id))

    def add(self, ctx: RequestContext, group_id: str, user_id: str) -> None:
        policy.require(ctx.caller, "identity:add_user_to_group")
        self._both(ctx.db, group_id, user_id)
        self.memory.changed(ctx.db, ctx.now)
        repository.join_group(ctx.db, group_id, user_id)

    def check(self, ctx: RequestContext, group_id: str, user_id: str) -> None:
        """Raises NotFound unless the user is in the group."""
        policy.require(ctx.caller, "identity:check_user_in_group")
        self._both(ctx.db, group_id, user_id)
        if not repository.is_in_group(ctx.db, group_id, user_id):
            raise NotFound(f"User '{user_id}' not found in group '{group_id}'")

    def remove(self, ctx: RequestContext, group_id: str, user_id: str) -> None:
        policy.require(ctx.caller, "identity:remove_user_from_group")
        self._both(ctx.db, group_id, user_id)
        self.memory.changed(ctx.db, ctx.now)
        if not repository.leave_group(ctx.db, group_id, user_id):
            raise NotFound(f"User '{user_id}' not found in group '{group_id}'")

    def _found(self, db: Connection, group_id: str) -> Group:
        group = repository.groups.get(db, group_id)
        if group is None:
            raise NoSuch("group", group_id)
        return group

    def _both(self, db: Connection, group_id: str, user_id: str) -> None:
        if repository.users.get(db, user_id) is None:
            raise NoSuch("user", user_id)
        self._found(db, group_id)


def _check_default_project(db: Connection, project_id: str | None) -> None:
    """An unknown project is allowed, as in Keystone; a domain is not."""
    project = repository.projects.get(db, project_id) if project_id else None
    if project is not None and project.is_domain:
        raise Invalid(f"User's default project ID cannot be a domain ID: {project_id}")
