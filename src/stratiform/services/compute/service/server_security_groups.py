"""Security groups of servers."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import NotFound
from stratiform.services.compute import policy
from stratiform.services.compute.model.servers import ServerSecurityGroup
from stratiform.services.compute.service.server_access import get_server
from stratiform.services.network.service import NetworkService


@dataclass(frozen=True, slots=True)
class ServerSecurityGroups:
    """Operations of `/servers/{server_id}/os-security-groups`."""

    def list(self, ctx: RequestContext, server_id: str) -> Sequence[ServerSecurityGroup]:
        """Raises ServerNotFound, Forbidden."""
        server = get_server(ctx, policy.SERVER_SECURITY_GROUPS_LIST, server_id)
        return [ServerSecurityGroup(name, server.project_id) for name in server.security_groups]


def resolve_security_group(network: NetworkService, ctx: RequestContext, project_id: str, name_or_id: str) -> str:
    """Return the name of the project's security group with this name or id. Raises NotFound."""
    for group in network.security_groups.list(ctx, {"project_id": [project_id]}):
        if name_or_id in (group.name, group.id):
            return group.name
    raise NotFound(f"Security group {name_or_id} not found for project {project_id}.")
