"""Changes of servers: the row, the instance action, the notification and the work, in one transaction."""

from dataclasses import replace
from typing import Unpack

from stratiform.contract import registry
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import UnsupportedOperation
from stratiform.kit.ids import Ids
from stratiform.kit.work_queue import enqueue
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute import events
from stratiform.services.compute.model.instance_actions import InstanceAction
from stratiform.services.compute.model.servers import MutableServerFields, Server, select_pending_changes
from stratiform.services.compute.repository import instance_actions, servers
from stratiform.services.compute.service.action_table import ServerAction
from stratiform.services.compute.service.server_access import get_server_for_update

#: Kind of work that reconciles one server; the key is the server's id.
RECONCILE = "compute.server"


def get_server_for_action(ctx: RequestContext, action: ServerAction, server_id: str) -> Server:
    """Return the server, locked for update, if its state allows the action.

    Raises: ServerNotFound, Forbidden, ServerLocked, InvalidServerState, Conflict
    """
    server = get_server_for_update(ctx, action.rule, server_id, allowed_if_locked=action.allowed_if_locked)
    action.require_allowed(server)
    return server


def require_supported(ctx: RequestContext, clouds: CloudsService, action: ServerAction, server: Server) -> None:
    """Raises UnsupportedOperation with the reason if the server's cloud lacks the operation."""
    if action.operation is None:
        return
    kind = clouds.accounts.get_by_id(ctx.db, server.cloud_id).kind
    reason = registry.find_unsupported_reason(kind, action.operation)
    if reason is not None:
        raise UnsupportedOperation(reason)


def get_server_for_supported_action(
    ctx: RequestContext, clouds: CloudsService, action: ServerAction, server_id: str
) -> Server:
    """As `get_server_for_action`, if the server's cloud supports the action. Raises UnsupportedOperation."""
    server = get_server_for_action(ctx, action, server_id)
    require_supported(ctx, clouds, action, server)
    return server


def apply_action(
    ctx: RequestContext, ids: Ids, action: ServerAction, server: Server, **values: Unpack[MutableServerFields]
) -> Server:
    """Save `values` and the action's task state, record the action, notify, and enqueue a reconcile if it needs one."""
    if action.task_state is not None:
        values["task_state"] = action.task_state
    if "task_arguments" in values:
        values["task_arguments"] = {**select_pending_changes(server), **values["task_arguments"]}
    values["updated_at"] = ctx.now
    changed = servers.save_server(ctx.db, replace(server, **values))
    record = build_instance_action(ctx, ids, server, action.name, finished=action.immediate)
    instance_actions.insert_actions(ctx.db, [record])
    if action.event_type:
        events.append_notification(ctx.db, ids, action.event_type, changed, ctx.now, previous=server)
    if not action.immediate:
        enqueue(ctx.db, RECONCILE, server.id, ctx.now)
    return changed


def update_server(ctx: RequestContext, ids: Ids, server: Server, **values: Unpack[MutableServerFields]) -> Server:
    """Save `values` and notify `compute.instance.update`."""
    values["updated_at"] = ctx.now
    changed = servers.save_server(ctx.db, replace(server, **values))
    events.append_notification(ctx.db, ids, events.UPDATE, changed, ctx.now, previous=server)
    return changed


def build_instance_action(
    ctx: RequestContext, ids: Ids, server: Server, name: str, *, finished: bool = False
) -> InstanceAction:
    """Return a new instance action of the caller's request."""
    return InstanceAction(
        id=ids.uuid(),
        server_id=server.id,
        project_id=server.project_id,
        user_id=ctx.caller.user_id,
        action=name,
        request_id=ctx.request_id,
        started_at=ctx.now,
        finished_at=ctx.now if finished else None,
    )
