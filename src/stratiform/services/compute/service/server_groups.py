"""Server groups. Source: Compute API reference, "Server groups (os-server-groups)"."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Rule
from stratiform.services.compute import policy
from stratiform.services.compute.errors import ServerGroupNotFound, TooManyServersInGroup
from stratiform.services.compute.model.quotas import QuotaUsage
from stratiform.services.compute.model.server_groups import ServerGroup, ServerGroupDetail, ServerGroupRules
from stratiform.services.compute.repository import quotas as quota_repository
from stratiform.services.compute.repository import server_groups as repository
from stratiform.services.compute.service.quotas import Quotas


@dataclass(frozen=True, slots=True)
class GroupConstraint:
    """What a server group requires of the clouds of its members.

    `needs_support`: they can place servers apart or close together. `together`: all members are in one cloud.
    `cloud_ids`: the clouds of the present members; None if they may be anywhere.
    """

    needs_support: bool
    together: bool = False
    cloud_ids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class ServerGroups:
    """Operations of `/os-server-groups`.

    A cloud counts as one host that can place servers apart, unless its connector declares that it cannot; servers of a
    group with the policy `affinity` are in one cloud.
    """

    ids: Ids
    quotas: Quotas

    def list(self, ctx: RequestContext, *, all_projects: bool = False) -> Sequence[ServerGroupDetail]:
        """Return the project's groups; `all_projects` is for operators only. Raises Forbidden."""
        if all_projects:
            policy.SERVER_GROUPS_LIST_ALL_PROJECTS.require(ctx.caller, None)
        else:
            policy.SERVER_GROUPS_LIST.require(ctx.caller, ctx.caller.project_id)
        groups = repository.list_groups(ctx.db, None if all_projects else ctx.caller.require_project_id())
        members = repository.list_members(ctx.db, [group.id for group in groups])
        return [ServerGroupDetail(group, members[group.id]) for group in groups]

    def get(self, ctx: RequestContext, group_id: str) -> ServerGroupDetail:
        """Raises ServerGroupNotFound."""
        group = self._get(ctx, policy.SERVER_GROUPS_SHOW, group_id)
        return ServerGroupDetail(group, repository.list_members(ctx.db, [group_id])[group_id])

    def create(
        self, ctx: RequestContext, name: str, group_policy: str, rules: ServerGroupRules | None = None
    ) -> ServerGroupDetail:
        """Raises TooManyServerGroups."""
        project_id = ctx.caller.require_project_id()
        policy.SERVER_GROUPS_CREATE.require(ctx.caller, project_id)
        self.quotas.reserve_server_group(ctx, project_id)
        group_id = self.ids.uuid()
        group = ServerGroup(group_id, project_id, ctx.caller.user_id, name, group_policy, rules or {}, ctx.now)
        return ServerGroupDetail(repository.insert_group(ctx.db, group))

    def delete(self, ctx: RequestContext, group_id: str) -> None:
        """Delete a group; its servers stay. Raises ServerGroupNotFound."""
        self._get(ctx, policy.SERVER_GROUPS_DELETE, group_id)
        repository.delete_group(ctx.db, group_id)

    def reserve_members(self, ctx: RequestContext, group_id: str, number: int) -> None:
        """Check that new servers can join a group. The project's quota is locked already.

        Raises: Invalid for an unknown group, TooManyServersInGroup.
        """
        group = self._get_for_member(ctx, group_id)
        quota_repository.lock_owner(ctx.db, group.project_id)
        members = repository.list_members(ctx.db, [group_id])[group_id]
        limit = self.quotas.get_limits(ctx.db, group.project_id)["server_group_members"]
        if not QuotaUsage(limit, len(members)).has_room(number):
            raise TooManyServersInGroup

    def find_constraint(self, ctx: RequestContext, group_id: str) -> GroupConstraint | None:
        """Return what the policy of a group requires of the clouds of new members; None for "" and soft policies.

        Raises: Invalid for an unknown group.
        """
        if not group_id:
            return None
        group = self._get_for_member(ctx, group_id)
        if group.policy.startswith("soft-"):
            return None
        if group.policy != "affinity":
            return GroupConstraint(needs_support=True)
        cloud_ids = frozenset(repository.list_clouds_of_members(ctx.db, group.id))
        return GroupConstraint(needs_support=True, together=True, cloud_ids=cloud_ids or None)

    def _get_for_member(self, ctx: RequestContext, group_id: str) -> ServerGroup:
        group = repository.find_group(ctx.db, group_id)
        if group is None or group.project_id != ctx.caller.require_project_id():
            raise Invalid(f"Instance group {group_id} could not be found.")
        return group

    def _get(self, ctx: RequestContext, rule: Rule, group_id: str) -> ServerGroup:
        group = repository.find_group(ctx.db, group_id)
        if group is None:
            raise ServerGroupNotFound(group_id)
        rule.require_visible(ctx.caller, group.project_id, ServerGroupNotFound(group_id))
        return group
