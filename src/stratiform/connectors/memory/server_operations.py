"""Optional operations on simulated servers: pause, suspend, rescue, images, interfaces."""

from collections.abc import Sequence

from stratiform.connectors.memory import console_log, console_server
from stratiform.connectors.memory.client import Client, SimulatedRequest
from stratiform.connectors.memory.image import ensure_server_image
from stratiform.connectors.memory.network import replace_addresses
from stratiform.connectors.memory.server_rows import (
    get_active_row,
    get_row,
    power_on,
    require_state,
    set_state,
    state_of,
)
from stratiform.connectors.memory.volume_attachments import (
    check_attachable,
    get_volume_row,
    list_attached_servers,
    swap,
)
from stratiform.contract.compute import NativeServerState, NetworkInterface
from stratiform.contract.console import ConsoleEndpoint, ConsoleType
from stratiform.contract.errors import CloudError, RequestRejected
from stratiform.contract.image import NativeImage

_RUNNING, _STOPPED, _PAUSED, _SUSPENDED, _RESCUED, _ERROR = (
    NativeServerState.RUNNING,
    NativeServerState.STOPPED,
    NativeServerState.PAUSED,
    NativeServerState.SUSPENDED,
    NativeServerState.RESCUED,
    NativeServerState.ERROR,
)


#: States in which a server has a screen and a serial port.
_WITH_CONSOLE = (_RUNNING, _PAUSED, _RESCUED)


class MemoryServerOperations:
    """Implements contract.server_operations.OptionalServerOperations."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def pause(self, server_id: str) -> None:
        self._change_state(server_id, "pause", _RUNNING, _PAUSED)

    def unpause(self, server_id: str) -> None:
        self._change_state(server_id, "unpause", _PAUSED, _RUNNING)

    def suspend(self, server_id: str) -> None:
        self._change_state(server_id, "suspend", _RUNNING, _SUSPENDED)

    def resume(self, server_id: str) -> None:
        self._change_state(server_id, "resume", _SUSPENDED, _RUNNING)

    def rescue(self, server_id: str, image_id: str) -> None:
        with self._client.open_request(writes=True) as request:
            row = get_active_row(request, server_id)
            if row["state"] == _RESCUED.value:
                return
            require_state(row, request.now, "rescue", _RUNNING, _STOPPED, _ERROR)
            _require_image(request, image_id)
            request.db.execute("UPDATE servers SET rescue_image = ? WHERE id = ?", (image_id, server_id))
            during = NativeServerState.BUILDING
            set_state(request, server_id, during=during, state=_RESCUED, ready_at=request.completes_at)
            console_log.write_boot_lines(request, row, request.completes_at)

    def unrescue(self, server_id: str) -> None:
        with self._client.open_request(writes=True) as request:
            row = get_active_row(request, server_id)
            if row["state"] == _RUNNING.value:
                return
            require_state(row, request.now, "unrescue", _RESCUED)
            request.db.execute("UPDATE servers SET rescue_image = '' WHERE id = ?", (server_id,))
            power_on(request, row)

    def create_image(self, server_id: str, token: str, name: str) -> NativeImage:
        with self._client.open_request(writes=True) as request:
            row = get_active_row(request, server_id)
            require_state(row, request.now, "create an image of", _RUNNING, _STOPPED, _PAUSED, _SUSPENDED)
            return ensure_server_image(request, row, token, name)

    def set_password(self, server_id: str, password: str) -> None:  # noqa: ARG002 - passwords are not stored
        with self._client.open_request() as request:
            require_state(get_row(request, server_id), request.now, "set the password of", _RUNNING)

    def trigger_crash_dump(self, server_id: str) -> None:
        """Write the panic to the console; the server's state stays the same."""
        with self._client.open_request(writes=True) as request:
            row = get_active_row(request, server_id)
            require_state(row, request.now, "trigger a crash dump of", _RUNNING, _PAUSED, _RESCUED, _ERROR)
            console_log.write_crash_line(request, server_id, request.now)

    def open_console(self, server_id: str, console_type: ConsoleType) -> ConsoleEndpoint:
        with self._client.open_request() as request:
            row = get_active_row(request, server_id)
            require_state(row, request.now, "open a console of", *_WITH_CONSOLE)
        if console_type is ConsoleType.VNC:
            return console_server.serve_vnc_console(row["name"])
        return console_server.serve_serial_console(lambda: self._read_log(server_id))

    def _read_log(self, server_id: str) -> str | None:
        """Return the console log; None if the server does not run any longer."""
        try:
            with self._client.open_request() as request:
                if state_of(get_row(request, server_id), request.now) not in _WITH_CONSOLE:
                    return None
                return console_log.read_console(request, server_id)
        except CloudError:
            return None

    def swap_volume(self, server_id: str, old_volume_id: str, new_volume_id: str) -> None:
        with self._client.open_request(writes=True) as request:
            server = get_active_row(request, server_id)
            old, new = get_volume_row(request, old_volume_id), get_volume_row(request, new_volume_id)
            is_attached = server_id in list_attached_servers(request, old_volume_id)
            if not is_attached and server_id in list_attached_servers(request, new_volume_id):
                return
            if not is_attached:
                raise RequestRejected(f"volume '{old_volume_id}' is not attached to server '{server_id}'")
            if new["size_gib"] < old["size_gib"]:
                raise RequestRejected(f"volume '{new_volume_id}' is smaller than volume '{old_volume_id}'")
            check_attachable(request, new, server["zone"])
            require_state(server, request.now, "swap a volume of", _RUNNING, _PAUSED, _STOPPED)
            swap(request, server_id, old, new)

    def set_interfaces(self, server_id: str, interfaces: Sequence[NetworkInterface]) -> None:
        with self._client.open_request(writes=True) as request:
            get_active_row(request, server_id)
            replace_addresses(request, server_id, interfaces)

    def _change_state(self, server_id: str, action: str, before: NativeServerState, after: NativeServerState) -> None:
        """Change the state after the cloud's latency; a repeated request does not start again."""
        with self._client.open_request(writes=True) as request:
            row = get_active_row(request, server_id)
            if row["state"] == after.value:
                return
            require_state(row, request.now, action, before)
            set_state(request, server_id, during=before, state=after, ready_at=request.completes_at)


def _require_image(request: SimulatedRequest, image_id: str) -> None:
    if request.find_row("SELECT id FROM images WHERE id = ? AND deleted_at IS NULL", image_id) is None:
        raise RequestRejected(f"image '{image_id}' not found")
