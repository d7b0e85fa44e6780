"""Details of one server: migrations, diagnostics, topology, password, shares. Source: Compute API reference."""

from dataclasses import dataclass
from typing import NoReturn

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import NotFound
from stratiform.kit.policy import Rule
from stratiform.services.compute import policy
from stratiform.services.compute.errors import ServerNotReady
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.repository import guests
from stratiform.services.compute.service.server_access import get_server


@dataclass(frozen=True, slots=True)
class ServerDetails:
    """Operations that read one server. Each raises ServerNotFound, Forbidden."""

    def get(self, ctx: RequestContext, rule: Rule, server_id: str) -> Server:
        return get_server(ctx, rule, server_id)

    def get_running(self, ctx: RequestContext, rule: Rule, server_id: str) -> Server:
        """As `get`. Raises ServerNotReady if the server does not exist in its cloud."""
        server = get_server(ctx, rule, server_id)
        if not server.exists_in_cloud:
            raise ServerNotReady(server_id)
        return server

    def get_migration(self, ctx: RequestContext, rule: Rule, server_id: str, migration_id: str) -> NoReturn:
        """Raises NotFound: servers do not migrate."""
        get_server(ctx, rule, server_id)
        raise NotFound(f"Migration {migration_id} not found for server {server_id}.")

    def get_password(self, ctx: RequestContext, server_id: str) -> str:
        """Return the encrypted password that the guest has reported; "" if there is none."""
        server = get_server(ctx, policy.SERVER_PASSWORD_SHOW, server_id)
        return guests.find_password(ctx.db, server.id)

    def clear_password(self, ctx: RequestContext, server_id: str) -> None:
        server = get_server(ctx, policy.SERVER_PASSWORD_CLEAR, server_id)
        guests.delete_password(ctx.db, server.id)
