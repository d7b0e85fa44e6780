"""Compute capability of OpenStack: servers of Nova.

Nova has no idempotency token. A server has tags with our token and installation from its first moment, by which it is
found again; see docs/decisions/0046 for what happens if a request is executed after its response was lost.

Source: Compute API (microversion 2.72), "Servers", "Servers - run an action".
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from stratiform.connectors.openstack import flavors, keypairs, ports, tags, volume_attachments
from stratiform.connectors.openstack.server_documents import RESIZING, SHELVED, Reference, Server, to_native_server
from stratiform.connectors.openstack.server_operations import OpenstackServerOperations
from stratiform.contract.compute import NativeServer, NativeServerState, ServerSize, ServerSpec
from stratiform.contract.errors import CloudError, CloudUnreachable, NativeNotFound, RequestRejected

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client

#: The first microversion that rebuilds servers that boot from a volume.
_REBUILD_OF_VOLUMES = "2.93"


class OpenstackComputeDriver(OpenstackServerOperations):
    """Implements contract.compute.ComputeDriver."""

    def __init__(self, client: "Client") -> None:
        super().__init__(client)
        self._releases_hosts = client.settings.stop_mode == "shelve"
        #: Ports of deleted servers. Those that a restart forgets are deleted with the next server or the subnet.
        self._remaining_ports: set[str] = set()

    def create(self, spec: ServerSpec) -> NativeServer:
        with self._client.lock(spec.token):
            existing = self.find(spec.token)
            if existing is None:
                return self._create(spec)
        if existing.state is NativeServerState.DELETING:
            raise CloudUnreachable(f"server {existing.id} with the same token is still being deleted")
        return existing

    def find(self, token: str) -> NativeServer | None:
        """Of several servers, of which all but one are the result of late requests, return the oldest."""
        self._delete_remaining_ports()
        servers = sorted(self._list(tags.build_token_tag(token)), key=lambda server: (server.created, server.id))
        natives = [self._convert(server) for server in servers]
        existing = [native for native in natives if native.token == token and not _is_deleted(native)]
        existing.sort(key=lambda native: native.state is NativeServerState.DELETING)
        return existing[0] if existing else None

    def get(self, server_id: str) -> NativeServer:
        server = self._get(server_id)
        self._confirm_resize(server)
        return self._convert(server)

    def list(self) -> Iterator[NativeServer]:
        """Also those with the same token, so that the observer deletes all but one."""
        self._delete_remaining_ports()
        for server in self._list():
            self._confirm_resize(server)
            self._release_host(server)
            native = self._convert(server)
            if native.token and not _is_deleted(native):
                yield native

    def start(self, server_id: str) -> None:
        server = self._get(server_id)
        if server.status in RESIZING:
            server = self._finish_resize(server_id)
        if server.status in SHELVED:
            self._act(server, {"unshelve": None}, NativeServerState.RUNNING, "unshelving")
        else:
            self._act(server, {"os-start": None}, NativeServerState.RUNNING, "powering-on")

    def stop(self, server_id: str) -> None:
        server = self._get(server_id)
        if self._releases_hosts and server.status in ("ACTIVE", "SHUTOFF"):
            self._act(server, {"shelve": None}, None, "shelving", "shelving_image_pending_upload")
            return
        self._act(server, {"os-stop": None}, NativeServerState.STOPPED, "powering-off")

    def reboot(self, server_id: str, *, hard: bool) -> None:
        server = self._get(server_id)
        if hard and server.status in SHELVED:
            self.start(server_id)
            return
        self._act(server, {"reboot": {"type": "HARD" if hard else "SOFT"}}, None)

    def resize(self, server_id: str, size: ServerSize) -> None:
        """Start the resize. Nova waits for its confirmation, which follows when the server is read.

        A shelved server has no host, so it is unshelved and stopped first. Until then CloudUnreachable is raised, and a
        tag prevents that the server is shown as running.
        """
        server, flavor = self._get(server_id), flavors.find_flavor(self._client, size)
        if server.flavor.original_name == flavor.name:
            self._confirm_resize(server)
            return
        if server.status in RESIZING:  # the request is repeated
            return
        if server.status in SHELVED:
            self._client.request("compute", "PUT", _tag_path(server_id))
            self._unshelve(server)
        if tags.RESIZING in server.tags and server.status != "SHUTOFF":
            self._act(server, {"os-stop": None}, None, "powering-off", "unshelving", "spawning")
            raise CloudUnreachable(f"server {server_id} is not stopped yet")
        if server.status != "SHUTOFF":
            raise RequestRejected(f"cannot resize server {server_id} in state '{server.state.value}'; stop it first")
        self._request_action(server_id, {"resize": {"flavorRef": flavor.id}})
        if tags.RESIZING in server.tags:
            self._client.request("compute", "DELETE", _tag_path(server_id))

    def rebuild(self, server_id: str, image_id: str) -> None:
        server = self._get(server_id)
        if server.status == "REBUILD" and server.image_id == image_id:
            return
        if server.status in SHELVED:
            self._unshelve(server)
        microversion = "" if server.image_id else _REBUILD_OF_VOLUMES
        self._request_action(server_id, {"rebuild": {"imageRef": image_id}}, microversion)

    def delete(self, server_id: str) -> None:
        """Delete a server with its ports and its key pair. One that Nova keeps for restoration is deleted for good."""
        try:
            server = self._get(server_id)
            if server.status == "SOFT_DELETED":
                self._request_action(server_id, {"forceDelete": None})
            else:
                self._client.request("compute", "DELETE", f"/servers/{server_id}")
        except NativeNotFound:
            return
        token = tags.find_tag_token(server.tags, self._client.installation_id)
        if token:
            self._remaining_ports.update(ports.delete_server_ports(self._client, server_id, token))
            keypairs.delete_keypair(self._client, server.key_name or "")

    def get_console_output(self, server_id: str) -> str:
        """Return the output; "" while the server has none."""
        try:
            body = self._request_action(server_id, {"os-getConsoleOutput": {}})
        except RequestRejected:
            if self._get(server_id).state is NativeServerState.BUILDING:
                return ""
            raise
        return self._client.decode("compute", body, "output", str | None) or ""  # type: ignore[arg-type]

    def attach_volume(self, server_id: str, volume_id: str, device: str) -> None:
        volume_attachments.attach_volume(self._client, server_id, volume_id, device)

    def detach_volume(self, server_id: str, volume_id: str) -> None:
        volume_attachments.detach_volume(self._client, server_id, volume_id)

    def _create(self, spec: ServerSpec) -> NativeServer:
        flavor = flavors.find_flavor(self._client, spec.size)
        server_ports = ports.ensure_ports(self._client, spec.token, spec.interfaces)
        for port in server_ports:
            if port.device_id:  # the server of a lost response, which the list does not have yet
                return self._get_owner(port)
        key_name = ""
        try:
            if spec.public_key:
                key_name = keypairs.ensure_keypair(self._client, spec.token, spec.public_key)
            body = self._build_body(spec, flavor, server_ports, key_name)
            response = self._client.request("compute", "POST", "/servers", {"server": body})
        except CloudUnreachable:
            raise
        except CloudError as error:
            ports.delete_unused_ports(self._client, server_ports)
            keypairs.try_delete_keypair(self._client, key_name)
            if isinstance(error, NativeNotFound):
                raise RequestRejected(error.message, hint=error.hint) from error
            raise
        server_id = self._client.decode("compute", response, "server", Reference).id
        keypairs.try_delete_keypair(self._client, key_name)
        return NativeServer(
            id=server_id,
            token=spec.token,
            state=NativeServerState.BUILDING,
            size=ServerSize(flavor.vcpus, flavor.ram, flavor.disk if spec.image_id else 0, flavor.name),
            addresses=tuple(interface.ip_address for interface in spec.interfaces),
            image_id="" if spec.boot_volume_id else spec.image_id,
            volume_ids=(spec.boot_volume_id,) if spec.boot_volume_id else (),
        )

    def _get_owner(self, port: ports.Port) -> NativeServer:
        try:
            native = self.get(port.device_id)
        except NativeNotFound as error:
            raise CloudUnreachable(f"port {port.id} belongs to server {port.device_id}, which is not listed") from error
        if native.state in (NativeServerState.DELETING, NativeServerState.DELETED):
            raise CloudUnreachable(f"server {native.id} with the same token is still being deleted")
        return native

    def _build_body(
        self, spec: ServerSpec, flavor: flavors.Flavor, server_ports: Sequence[ports.Port], key_name: str
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "name": spec.name,
            "flavorRef": flavor.id,
            "networks": [{"port": port.id} for port in server_ports] or "none",
            "metadata": spec.metadata,
            "tags": tags.build_tags(self._client.installation_id, spec.token),
        }
        if spec.boot_volume_id:
            body["block_device_mapping_v2"] = [
                {
                    "boot_index": 0,
                    "uuid": spec.boot_volume_id,
                    "source_type": "volume",
                    "destination_type": "volume",
                    "delete_on_termination": False,
                }
            ]
        else:
            body["imageRef"] = spec.image_id
        optional: dict[str, Any] = {
            "key_name": key_name,
            "user_data": spec.user_data,
            "availability_zone": spec.availability_zone,
            "config_drive": bool(spec.config_drive),  # Nova builds the drive from the same data
        }
        return body | {key: value for key, value in optional.items() if value}

    def _list(self, *extra_tags: str) -> Iterator[Server]:
        """Iterate over the servers of this installation that have `extra_tags`."""
        required_tags = ",".join([tags.build_installation_tag(self._client.installation_id), *extra_tags])
        return self._client.list_items("compute", "/servers/detail", "servers", Server, {"tags": required_tags})

    def _convert(self, server: Server) -> NativeServer:
        return to_native_server(server, self._client.installation_id)

    def _finish_resize(self, server_id: str) -> Server:
        """Confirm a resize, and return the server after it. Raises: CloudUnreachable if it takes longer than 4 s."""

        def read() -> Server:
            server = self._get(server_id)
            self._confirm_resize(server)
            return server

        return self._client.read_until(
            read, lambda server: server.status not in RESIZING, f"the resize of server {server_id} is in progress"
        )

    def _unshelve(self, server: Server) -> NoReturn:
        """Give a server a host again. Raises: CloudUnreachable, because it has none yet."""
        with suppress(RequestRejected):  # Nova has not released the host completely yet
            self._act(server, {"unshelve": None}, None, "unshelving", "spawning")
        raise CloudUnreachable(f"server {server.id} has no host; it is being unshelved first")

    def _release_host(self, server: Server) -> None:
        """Shelve a server that was stopped from within, or after a resize, if the cloud charges for stopped servers."""
        if self._releases_hosts and server.status == "SHUTOFF" and not server.task_state and self._is_ours(server):
            with suppress(RequestRejected, NativeNotFound):
                self._request_action(server.id, {"shelve": None})

    def _delete_remaining_ports(self) -> None:
        for port_id in sorted(self._remaining_ports):
            if ports.delete_released_port(self._client, port_id):
                self._remaining_ports.discard(port_id)

    def _is_ours(self, server: Server) -> bool:
        has_token = bool(tags.find_tag_token(server.tags, self._client.installation_id))
        return has_token and tags.RESIZING not in server.tags


def _tag_path(server_id: str) -> str:
    return f"/servers/{server_id}/tags/{tags.RESIZING}"


def _is_deleted(native: NativeServer) -> bool:
    return native.state is NativeServerState.DELETED
