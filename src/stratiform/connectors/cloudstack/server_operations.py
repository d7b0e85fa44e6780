"""Optional operations on servers. Source: CloudStack API reference (createSnapshot, createTemplate)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stratiform.connectors.cloudstack.markers import parse_marker
from stratiform.connectors.cloudstack.templates import create_template, find_template, to_native_image
from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.image import NativeImage
from stratiform.contract.server_operations import OptionalServerOperations, ServerOperation

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.responses import Item

#: What CloudStack lacks, with the reason.
UNSUPPORTED: Mapping[ServerOperation, str] = {
    ServerOperation.PAUSE: "CloudStack cannot pause a server; stop it instead.",
    ServerOperation.SUSPEND: "CloudStack cannot suspend a server; stop it instead.",
    ServerOperation.RESCUE: "CloudStack has no rescue mode; attach the volume to another server instead.",
    ServerOperation.SET_PASSWORD: "CloudStack chooses passwords itself; use a key pair or user data.",
    ServerOperation.CRASH_DUMP: "CloudStack cannot send an interrupt to a server.",
    ServerOperation.CHANGE_INTERFACES: "The interfaces of a server on CloudStack stay; create it with a port.",
    ServerOperation.BOOT_FROM_VOLUME: "CloudStack cannot boot a server from a volume; boot it from an image.",
    ServerOperation.SERIAL_CONSOLE: "CloudStack has no serial consoles.",
    ServerOperation.GRAPHICAL_CONSOLE: "CloudStack serves consoles only in its own web page.",
    ServerOperation.CONFIG_DRIVE: "CloudStack writes config drives itself; use a network offering that has them.",
    ServerOperation.SWAP_VOLUME: "CloudStack cannot swap an attached volume; detach it and attach the other one.",
    ServerOperation.SERVER_GROUP: "Server groups are not supported on CloudStack.",
}

#: The role of the snapshot from which the image of a server is created.
_IMAGE_ROLE = "image"
_FAILED_STATE, _READY_STATE = "Error", "BackedUp"


class CloudStackServerOperations(OptionalServerOperations):
    """Implements contract.server_operations.OptionalServerOperations."""

    _client: "Client"

    def create_image(self, server_id: str, token: str, name: str) -> NativeImage:
        """Create a template in steps: a snapshot of the root volume, the template, deletion of the snapshot."""
        template = find_template(self._client, token)
        snapshot = self._find_snapshot(token)
        if template is None:
            snapshot = snapshot or self._create_snapshot(server_id, token, name)
            if snapshot.get("state") == _FAILED_STATE:
                self._client.request("deleteSnapshot", id=snapshot["id"])
                raise RequestRejected(f"CloudStack failed to create a snapshot of server {server_id}")
            if snapshot.get("state") != _READY_STATE:
                return NativeImage(str(snapshot["id"]), name, token, is_ready=False)
            template = create_template(self._client, token, name, str(snapshot["id"]))
        image = to_native_image(template, self._client.installation_id)
        if image.is_ready and snapshot is not None:
            self._client.request("deleteSnapshot", id=snapshot["id"])
        return image

    def _find_snapshot(self, token: str) -> "Item | None":
        marker = self._client.build_marker(token, _IMAGE_ROLE)
        items = self._client.list_all("listSnapshots", "snapshot", keyword=token)
        return next((item for item in items if parse_marker(str(item.get("name", ""))) == marker), None)

    def _create_snapshot(self, server_id: str, token: str, name: str) -> "Item":
        volumes = self._client.list_all("listVolumes", "volume", virtualmachineid=server_id, type="ROOT")
        if not volumes:
            raise NativeNotFound(f"server {server_id} has no root volume in CloudStack")
        native_name = self._client.build_marker(token, _IMAGE_ROLE).append_to(name)
        return self._client.create_once(
            "snapshot of a server",
            token,
            lambda: self._find_snapshot(token),
            lambda: self._client.request("createSnapshot", volumeid=volumes[0]["id"], name=native_name),
        )
