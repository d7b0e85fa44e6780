"""Remote consoles: tokens, and the addresses of consoles in clouds.

Source: Compute API reference, "Server consoles"; nova/objects/console_auth_token.py.
"""

import hashlib
import secrets
from dataclasses import dataclass
from urllib.parse import quote

from stratiform.contract import registry
from stratiform.contract.console import ConsoleEndpoint, ConsoleType
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.server_operations import ServerOperation
from stratiform.kit.clock import SECOND_US
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import NotFound
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute import policy
from stratiform.services.compute.errors import ConsoleTypeUnavailable, ServerNotReady
from stratiform.services.compute.model.remote_consoles import ConsoleSettings, ConsoleToken, RemoteConsole
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.model.vm_states import ACTIVE, PAUSED, RESCUED, RESIZED
from stratiform.services.compute.repository import console_tokens as repository
from stratiform.services.compute.repository import servers
from stratiform.services.compute.service.server_access import get_server

_TOKEN_BYTES = 32

_OPERATIONS = {
    ConsoleType.SERIAL: ServerOperation.SERIAL_CONSOLE,
    ConsoleType.VNC: ServerOperation.GRAPHICAL_CONSOLE,
}

#: States in which a server has a screen and a serial port.
_STATES = (ACTIVE, PAUSED, RESCUED, RESIZED)


@dataclass(frozen=True, slots=True)
class RemoteConsoles:
    """Operations of `/servers/{server_id}/remote-consoles` and `/os-console-auth-tokens`."""

    clouds: CloudsService
    settings: ConsoleSettings

    def create(self, ctx: RequestContext, server_id: str, type_name: str) -> RemoteConsole:
        """Return the address of a console with a new token. `type_name`: Nova's, such as `novnc`.

        Raises: ServerNotFound, Forbidden, ServerNotReady, ConsoleTypeUnavailable
        """
        server = get_server(ctx, policy.REMOTE_CONSOLES_CREATE, server_id)
        console_type = self._require_supported(ctx, server, type_name)
        _require_running(server)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        expires_at = ctx.now + self.settings.token_ttl_s * SECOND_US
        repository.delete_expired_tokens(ctx.db, ctx.now)
        repository.insert_token(ctx.db, ConsoleToken(_digest(token), server.id, console_type.value, expires_at))
        return RemoteConsole(console_type, self._build_url(console_type, token))

    def get_server_of_token(self, ctx: RequestContext, token: str) -> tuple[Server, ConsoleType]:
        """Return the running server and the only type of console that a token is for. The token is the authorization.

        Raises: NotFound (unknown or expired token), ServerNotReady
        """
        row = repository.find_token(ctx.db, _digest(token), ctx.now)
        server = None if row is None else servers.find_server(ctx.db, row.server_id)
        if row is None or server is None or server.deleted_at is not None:
            raise NotFound("Token not found")
        _require_running(server)
        return server, ConsoleType(row.console_type)

    def require_show(self, ctx: RequestContext) -> None:
        """Raises Forbidden unless the caller may read the address of a token."""
        policy.CONSOLE_TOKENS_SHOW.require(ctx.caller, None)

    def open(self, server: Server, console_type: ConsoleType) -> ConsoleEndpoint:
        """Return the address of a console for one connection. Calls the cloud: use it outside transactions.

        Raises: ServerNotReady, ConsoleTypeUnavailable
        """
        compute = self.clouds.connections.get(server.cloud_id).compute
        if compute is None:
            raise ConsoleTypeUnavailable(console_type.value)
        try:
            return compute.open_console(server.native_id, console_type)
        except NotSupported as error:
            raise ConsoleTypeUnavailable(console_type.value) from error
        except (NativeNotFound, RequestRejected) as error:
            raise ServerNotReady(server.id) from error

    def _require_supported(self, ctx: RequestContext, server: Server, type_name: str) -> ConsoleType:
        try:
            console_type = ConsoleType(type_name)
        except ValueError as error:
            raise ConsoleTypeUnavailable(type_name) from error
        kind = self.clouds.accounts.get_by_id(ctx.db, server.cloud_id).kind
        if registry.find_unsupported_reason(kind, _OPERATIONS[console_type]) is not None:
            raise ConsoleTypeUnavailable(type_name)
        return console_type

    def _build_url(self, console_type: ConsoleType, token: str) -> str:
        """Return an address in Nova's form; noVNC gets the path of the websocket as a parameter."""
        if console_type is ConsoleType.SERIAL:
            return f"{self.settings.serial_url}?token={token}"
        return f"{self.settings.novnc_url}?path={quote(f'{self.settings.path}?token={token}', safe='')}"


def _require_running(server: Server) -> None:
    if not server.exists_in_cloud or server.vm_state not in _STATES:
        raise ServerNotReady(server.id)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
