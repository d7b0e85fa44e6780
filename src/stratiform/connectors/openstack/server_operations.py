"""Operations of Nova that other clouds may lack, and those that it reserves for administrators.

Source: Compute API (microversion 2.72), "Servers - run an action", "Port interfaces", "Create Remote Console".
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stratiform.connectors.openstack import consoles, image, ports, tags
from stratiform.connectors.openstack.server_documents import Server
from stratiform.contract.compute import NativeServerState, NetworkInterface
from stratiform.contract.console import ConsoleEndpoint, ConsoleType
from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.image import NativeImage
from stratiform.contract.server_operations import OptionalServerOperations, ServerOperation

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client

UNSUPPORTED: Mapping[ServerOperation, str] = {
    ServerOperation.SWAP_VOLUME: "Nova permits only administrators to swap volumes.",
    ServerOperation.SERVER_GROUP: "Server groups are not created in the OpenStack cloud.",
}


class OpenstackServerOperations(OptionalServerOperations):
    """Implements contract.server_operations.OptionalServerOperations."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def pause(self, server_id: str) -> None:
        self._change(server_id, "pause", NativeServerState.PAUSED, "pausing")

    def unpause(self, server_id: str) -> None:
        self._change(server_id, "unpause", NativeServerState.RUNNING, "unpausing")

    def suspend(self, server_id: str) -> None:
        self._change(server_id, "suspend", NativeServerState.SUSPENDED, "suspending")

    def resume(self, server_id: str) -> None:
        self._change(server_id, "resume", NativeServerState.RUNNING, "resuming")

    def rescue(self, server_id: str, image_id: str) -> None:
        action = {"rescue": {"rescue_image_ref": image_id}}
        self._act(self._get(server_id), action, NativeServerState.RESCUED, "rescuing")

    def unrescue(self, server_id: str) -> None:
        self._change(server_id, "unrescue", NativeServerState.RUNNING, "unrescuing")

    def create_image(self, server_id: str, token: str, name: str) -> NativeImage:
        """Nova writes the metadata of the request to the image, so that a repeated request finds it."""
        with self._client.lock(token):
            existing = image.find_image(self._client, token)
            if existing is not None:
                return existing
            metadata = tags.build_metadata(self._client.installation_id, token)
            response = self._request_action(server_id, {"createImage": {"name": name, "metadata": metadata}})
        image_id = self._client.decode("compute", response, "image_id", str)
        return NativeImage(image_id, name, token, is_ready=False)

    def set_password(self, server_id: str, password: str) -> None:
        """Nova repeats invalid values in its messages, so the password is removed from them."""
        try:
            self._request_action(server_id, {"changePassword": {"adminPass": password}})
        except RequestRejected as error:
            raise type(error)(error.message.replace(password, "***")) from None

    def trigger_crash_dump(self, server_id: str) -> None:
        self._request_action(server_id, {"trigger_crash_dump": None})

    def open_console(self, server_id: str, console_type: ConsoleType) -> ConsoleEndpoint:
        return consoles.open_console(self._client, server_id, console_type)

    def set_interfaces(self, server_id: str, interfaces: Sequence[NetworkInterface]) -> None:
        """Detach before attaching. A detached port is deleted when Nova has released it.

        Raises: CloudUnreachable until the server no longer has the addresses of detached ports.
        """
        server = self._get(server_id)
        token = tags.find_tag_token(server.tags, self._client.installation_id)
        addresses = {(interface.subnet_id, interface.ip_address) for interface in interfaces}
        attached = [port for port in ports.list_ports(self._client, device_id=server_id) if port.device_id == server_id]
        surplus = [port for port in attached if not _has_address(port, addresses)]
        for port in surplus:
            self._detach_port(server_id, port)
        if surplus:
            self._wait_for_release(server_id, surplus)
        for port in ports.ensure_ports(self._client, token, interfaces):
            if not port.device_id:
                attachment = {"interfaceAttachment": {"port_id": port.id}}
                self._client.request("compute", "POST", f"/servers/{server_id}/os-interface", attachment)

    def _detach_port(self, server_id: str, port: ports.Port) -> None:
        try:
            self._client.request("compute", "DELETE", f"/servers/{server_id}/os-interface/{port.id}")
            self._client.read_until(
                lambda: self._client.fetch("network", f"/ports/{port.id}", "port", ports.Port),
                lambda current: current.device_id != server_id,
                f"port {port.id} is not detached yet",
            )
        except NativeNotFound:
            return
        if ports.is_ours(self._client, port):
            ports.delete_port(self._client, port.id)

    def _wait_for_release(self, server_id: str, detached: Sequence[ports.Port]) -> None:
        """Wait until Nova's copy of the addresses, which it updates after the ports, has none of these."""
        addresses = {fixed_ip.ip_address for port in detached for fixed_ip in port.fixed_ips}
        self._client.read_until(
            lambda: self._get(server_id),
            lambda server: addresses.isdisjoint(server.fixed_addresses),
            f"server {server_id} still has detached addresses",
        )

    def _change(self, server_id: str, action: str, target: NativeServerState, *task_states: str) -> None:
        self._act(self._get(server_id), {action: None}, target, *task_states)

    def _act(
        self, server: Server, action: Mapping[str, Any], target: NativeServerState | None, *task_states: str
    ) -> None:
        """Request an action, unless the server is in the target state or an earlier request is in progress."""
        if server.state is target or (server.task_state or "") in task_states:
            return
        if server.state in (NativeServerState.DELETING, NativeServerState.DELETED):
            raise NativeNotFound(f"server {server.id} is deleted")
        self._request_action(server.id, action)

    def _request_action(self, server_id: str, action: Mapping[str, Any], microversion: str = "") -> Any:
        path = f"/servers/{server_id}/action"
        return self._client.request("compute", "POST", path, action, microversion=microversion)

    def _get(self, server_id: str) -> Server:
        return self._client.fetch("compute", f"/servers/{server_id}", "server", Server)

    def _confirm_resize(self, server: Server) -> None:
        """Confirm a resize that is complete: until then, Nova starts and deletes nothing and uses two hosts."""
        if server.status != "VERIFY_RESIZE" or server.task_state:
            return
        try:
            self._request_action(server.id, {"confirmResize": None})
        except (RequestRejected, NativeNotFound):
            return  # another process has confirmed it


def _has_address(port: ports.Port, addresses: set[tuple[str, str]]) -> bool:
    return any((fixed_ip.subnet_id, fixed_ip.ip_address) in addresses for fixed_ip in port.fixed_ips)
