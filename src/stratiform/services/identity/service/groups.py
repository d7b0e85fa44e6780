"""Groups and their members. Source: Identity API v3, "Groups"."""

from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import GroupNotFound, MembershipNotFound, NameConflict, UserNotFound
from stratiform.services.identity.model import Changes, Group, JsonObject, ListQuery, User, get_default_domain_id
from stratiform.services.identity.policy import IdentityRule
from stratiform.services.identity.service.directories import Directories
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.domains import load_domain
from stratiform.services.identity.service.notifications import Notifications
from stratiform.services.identity.service.operator_privileges import OperatorPrivileges


@dataclass(frozen=True, slots=True)
class Groups:
    """Operations on `/groups`."""

    ids: Ids
    cache: DirectoryCache
    privileges: OperatorPrivileges
    directories: Directories
    notifications: Notifications

    def create(self, ctx: RequestContext, new: Group) -> Group:
        """Create a group; the id of `new` is ignored.

        Raises: DomainNotFound, NameConflict
        """
        domain = load_domain(ctx.db, new.domain_id or get_default_domain_id(ctx.caller))
        policy.CREATE_GROUP.require(ctx.caller, domain_id=domain.id)
        self.directories.require_writable(ctx.db, domain.id)
        conflict = NameConflict("group", new.name, domain.id)
        if repository.find_by_name(ctx.db, repository.groups, new.name, domain.id):
            raise conflict
        group = replace(new, id=self.ids.hex(), domain_id=domain.id)
        created = repository.insert_unique(ctx.db, repository.groups, group, conflict)
        self.notifications.report(ctx, "group", "created", created.id)
        return created

    def get(self, ctx: RequestContext, group_id: str) -> Group:
        return _load_own_group(ctx, policy.GET_GROUP, group_id)

    def list(self, ctx: RequestContext, query: ListQuery) -> Slice[Group]:
        query = policy.LIST_GROUPS.limit_to_domain(ctx.caller, query)
        return repository.list_records(ctx.db, repository.groups, query)

    def update(self, ctx: RequestContext, group_id: str, changes: Changes, extra: JsonObject) -> Group:
        """Set columns of a group to new values and merge `extra`.

        Raises: GroupNotFound, NameConflict, Invalid for a change of the domain
        """
        group = _load_own_group(ctx, policy.UPDATE_GROUP, group_id)
        self.privileges.require_for_group(ctx, policy.UPDATE_GROUP, group)
        self.directories.require_writable(ctx.db, group.domain_id)
        if changes.get("domain_id", group.domain_id) != group.domain_id:
            raise Invalid("Cannot change Domain ID")
        updated = replace(group, **changes, extra=group.extra | extra)
        conflict = NameConflict("group", updated.name, group.domain_id)
        if updated.name != group.name and repository.find_by_name(
            ctx.db, repository.groups, updated.name, group.domain_id
        ):
            raise conflict
        self.notifications.report(ctx, "group", "updated", group_id)
        return repository.save_unique(ctx.db, repository.groups, updated, conflict)

    def delete(self, ctx: RequestContext, group_id: str) -> None:
        group = _load_own_group(ctx, policy.DELETE_GROUP, group_id)
        self.privileges.require_for_group(ctx, policy.DELETE_GROUP, group)
        self.directories.require_writable(ctx.db, group.domain_id)
        self.cache.invalidate(ctx.db, ctx.now)
        repository.delete_group(ctx.db, group_id)
        self.notifications.report(ctx, "group", "deleted", group_id)

    def list_users(self, ctx: RequestContext, group_id: str, query: ListQuery) -> Slice[User]:
        """Return the members of a group.

        Raises: GroupNotFound
        """
        _load_own_group(ctx, policy.LIST_USERS_IN_GROUP, group_id)
        return repository.list_group_users(ctx.db, group_id, query)

    def add_user(self, ctx: RequestContext, group_id: str, user_id: str) -> None:
        """Add a user to a group; a member stays a member.

        Raises: UserNotFound, GroupNotFound
        """
        group = _load_own_member_and_group(ctx, policy.ADD_USER_TO_GROUP, group_id, user_id)
        self.privileges.require_for_group(ctx, policy.ADD_USER_TO_GROUP, group)
        self.directories.require_writable(ctx.db, group.domain_id)
        self.cache.invalidate(ctx.db, ctx.now)
        repository.create_membership(ctx.db, group_id, user_id)
        self.notifications.report(ctx, "group", "updated", group_id)

    def check_user(self, ctx: RequestContext, group_id: str, user_id: str) -> None:
        """Check that a user is a member of a group.

        Raises: MembershipNotFound, UserNotFound, GroupNotFound
        """
        _load_own_member_and_group(ctx, policy.CHECK_USER_IN_GROUP, group_id, user_id)
        if not repository.is_member(ctx.db, group_id, user_id):
            raise MembershipNotFound(user_id, group_id)

    def remove_user(self, ctx: RequestContext, group_id: str, user_id: str) -> None:
        """Remove a user from a group.

        Raises: MembershipNotFound, UserNotFound, GroupNotFound
        """
        group = _load_own_member_and_group(ctx, policy.REMOVE_USER_FROM_GROUP, group_id, user_id)
        self.privileges.require_for_group(ctx, policy.REMOVE_USER_FROM_GROUP, group)
        self.directories.require_writable(ctx.db, group.domain_id)
        self.cache.invalidate(ctx.db, ctx.now)
        if not repository.delete_membership(ctx.db, group_id, user_id):
            raise MembershipNotFound(user_id, group_id)
        self.notifications.report(ctx, "group", "updated", group_id)


def _load_own_group(ctx: RequestContext, rule: IdentityRule, group_id: str) -> Group:
    group = repository.groups.find(ctx.db, group_id)
    rule.require_own(ctx.caller, None, GroupNotFound(group_id), domain_id=group.domain_id if group else None)
    if group is None:
        raise GroupNotFound(group_id)
    return group


def _load_own_member_and_group(ctx: RequestContext, rule: IdentityRule, group_id: str, user_id: str) -> Group:
    """Return a group after checking that the user exists too, both in a domain of the caller."""
    user = repository.users.find(ctx.db, user_id)
    rule.require_own(ctx.caller, None, UserNotFound(user_id), domain_id=user.domain_id if user else None)
    if user is None:
        raise UserNotFound(user_id)
    return _load_own_group(ctx, rule, group_id)
