"""Instance actions. Source: Compute API reference, "Servers actions (servers, os-instance-actions)"."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.compute import policy
from stratiform.services.compute.errors import InstanceActionNotFound
from stratiform.services.compute.model.instance_actions import InstanceAction
from stratiform.services.compute.repository import instance_actions as repository
from stratiform.services.compute.service.server_access import get_server_or_deleted


@dataclass(frozen=True, slots=True)
class InstanceActions:
    """Operations of `/servers/{server_id}/os-instance-actions`, including deleted servers."""

    def list(self, ctx: RequestContext, server_id: str) -> Sequence[InstanceAction]:
        """Return the actions on the server, newest first. Raises ServerNotFound, Forbidden."""
        server = get_server_or_deleted(ctx, policy.INSTANCE_ACTIONS_LIST, server_id)
        return repository.list_actions(ctx.db, server.id)

    def get(self, ctx: RequestContext, server_id: str, request_id: str) -> InstanceAction:
        """Raises ServerNotFound, Forbidden, InstanceActionNotFound."""
        server = get_server_or_deleted(ctx, policy.INSTANCE_ACTIONS_SHOW, server_id)
        action = repository.find_action(ctx.db, server.id, request_id)
        if action is None:
            raise InstanceActionNotFound(server_id, request_id)
        return action
