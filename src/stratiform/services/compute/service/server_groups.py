"""Server groups. Source: Compute API reference, "Server groups (os-server-groups)"."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.contract import registry
from stratiform.contract.server_operations import ServerOperation
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Rule
from stratiform.services.clouds.model import Binding
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute import policy
from stratiform.services.compute.errors import NoValidHost, ServerGroupNotFound, TooManyServersInGroup
from stratiform.services.compute.model.quotas import QuotaUsage
from stratiform.services.compute.model.server_groups import ServerGroup, ServerGroupDetail, ServerGroupRules
from stratiform.services.compute.repository import quotas as quota_repository
from stratiform.services.compute.repository import server_groups as repository
from stratiform.services.compute.service.quotas import Quotas


@dataclass(frozen=True, slots=True)
class ServerGroups:
    """Operations of `/os-server-groups`.

    A cloud counts as one host that can place servers apart, unless its connector declares that it cannot; servers of a
    group with the policy `affinity` are in one cloud.
    """

    ids: Ids
    clouds: CloudsService
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

    def reserve_members(self, ctx: RequestContext, group_id: str, binding: Binding, number: int) -> None:
        """Check that new servers can join a group. The project's quota is locked already.

        Raises: Invalid for an unknown group, TooManyServersInGroup, NoValidHost if the cloud cannot apply the policy.
        """
        project_id = ctx.caller.require_project_id()
        group = repository.find_group(ctx.db, group_id)
        if group is None or group.project_id != project_id:
            raise Invalid(f"Instance group {group_id} could not be found.")
        quota_repository.lock_owner(ctx.db, project_id)
        members = repository.list_members(ctx.db, [group_id])[group_id]
        limit = self.quotas.get_limits(ctx.db, project_id)["server_group_members"]
        if not QuotaUsage(limit, len(members)).has_room(number):
            raise TooManyServersInGroup
        if not group.policy.startswith("soft-"):
            self._require_placement(ctx, group, binding)

    def _require_placement(self, ctx: RequestContext, group: ServerGroup, binding: Binding) -> None:
        kind = self.clouds.accounts.get_by_id(ctx.db, binding.cloud_id).kind
        reason = registry.find_unsupported_reason(kind, ServerOperation.SERVER_GROUP)
        if reason is not None:
            raise NoValidHost(reason)
        others = repository.list_clouds_of_members(ctx.db, group.id) - {binding.cloud_id}
        if group.policy == "affinity" and others:
            raise NoValidHost("The other servers of the group are in another cloud.")

    def _get(self, ctx: RequestContext, rule: Rule, group_id: str) -> ServerGroup:
        group = repository.find_group(ctx.db, group_id)
        if group is None:
            raise ServerGroupNotFound(group_id)
        rule.require_visible(ctx.caller, group.project_id, ServerGroupNotFound(group_id))
        return group
