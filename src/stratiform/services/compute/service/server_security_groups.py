"""Security groups of servers."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, NotFound
from stratiform.services.compute import policy
from stratiform.services.compute.service.security_groups import Body, SecurityGroups
from stratiform.services.compute.service.server_access import get_server
from stratiform.services.network.model import Resource
from stratiform.services.network.service import NetworkService


@dataclass(frozen=True, slots=True)
class ServerSecurityGroups:
    """Operations of `/servers/{server_id}/os-security-groups`."""

    security_groups: SecurityGroups

    def list(self, ctx: RequestContext, server_id: str) -> Sequence[Body]:
        """Return the groups of the server's ports. Raises ServerNotFound, Forbidden."""
        server = get_server(ctx, policy.SERVER_SECURITY_GROUPS_LIST, server_id)
        return self.security_groups.list_of_ports(ctx, server.id)


def resolve_security_group(network: NetworkService, ctx: RequestContext, project_id: str, name_or_id: str) -> Resource:
    """Return the project's security group with this name or id. Raises NotFound, Conflict."""
    groups = network.security_groups.find_by_name_or_id(ctx, project_id, name_or_id)
    if not groups:
        raise NotFound(f"Security group {name_or_id} not found for project {project_id}.")
    if len(groups) > 1:
        raise Conflict(f"Multiple security_group matches found for name '{name_or_id}', use an ID to be more specific.")
    return groups[0]
