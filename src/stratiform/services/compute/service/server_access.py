"""Loading of one server with its policy check."""

from dataclasses import replace

from stratiform.kit.context import RequestContext
from stratiform.kit.policy import Rule
from stratiform.services.compute.errors import ServerLocked, ServerNotFound
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.repository import servers as repository


def get_server(ctx: RequestContext, rule: Rule, server_id: str) -> Server:
    """Raises ServerNotFound, Forbidden."""
    server = repository.find_server(ctx.db, server_id)
    return _require_visible(ctx, rule, server_id, server)


def get_server_or_deleted(ctx: RequestContext, rule: Rule, server_id: str) -> Server:
    """As `get_server`, including deleted servers. Raises ServerNotFound, Forbidden."""
    server = repository.find_server(ctx.db, server_id)
    if server is not None:
        server = replace(server, deleted_at=None)
    return _require_visible(ctx, rule, server_id, server)


def get_server_for_update(
    ctx: RequestContext, rule: Rule, server_id: str, *, allowed_if_locked: bool = False
) -> Server:
    """Return the server and lock its row until the end of the transaction.

    Raises: ServerNotFound, Forbidden, ServerLocked
    """
    server = _require_visible(ctx, rule, server_id, repository.find_server_for_update(ctx.db, server_id))
    if server.locked and not allowed_if_locked and not ctx.caller.is_admin:
        raise ServerLocked(server_id)
    return server


def _require_visible(ctx: RequestContext, rule: Rule, server_id: str, server: Server | None) -> Server:
    if server is None or server.deleted_at is not None:
        raise ServerNotFound(server_id)
    rule.require_visible(ctx.caller, server.project_id, ServerNotFound(server_id))
    return server
