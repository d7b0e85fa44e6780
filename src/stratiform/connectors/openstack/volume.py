"""Volume capability of OpenStack: volumes of Cinder.

Cinder has no idempotency token. A volume has our token and installation as metadata from its first moment, by which it
is found again. Cinder does not delete a volume that has snapshots, which our API permits: such a volume is retired, and
deleted after its last snapshot.

Source: Block Storage API (microversion 3.59), "Volumes", "Volume actions", "Attachments".
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from stratiform.connectors.openstack import tags
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeSpec
from stratiform.kit.clock import parse_iso

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client

_AVAILABLE, _IN_USE = NativeVolumeState.AVAILABLE, NativeVolumeState.IN_USE

#: Other statuses are those of a volume that exists, while an operation is in progress.
_STATES = {
    "available": _AVAILABLE,
    "creating": NativeVolumeState.CREATING,
    "downloading": NativeVolumeState.CREATING,
    "restoring-backup": NativeVolumeState.CREATING,
    "deleting": NativeVolumeState.DELETING,
    "deleted": NativeVolumeState.DELETED,
    "managing": NativeVolumeState.CREATING,
    "in-use": _IN_USE,
    "reserved": _IN_USE,
    "attaching": _IN_USE,
    "detaching": _IN_USE,
}
_CHANGING_ATTACHMENT = ("reserved", "attaching")


class Attachment(msgspec.Struct, frozen=True):
    server_id: str


class Volume(msgspec.Struct, frozen=True):
    """A volume in a list."""

    id: str
    status: str
    size: int
    name: str | None = ""
    volume_type: str | None = None
    metadata: dict[str, str] = {}
    attachments: list[Attachment] = []
    availability_zone: str | None = None
    created_at: str | None = None
    multiattach: bool = False


class _SnapshotReference(msgspec.Struct, frozen=True):
    id: str
    volume_id: str


class _PendingAttachment(msgspec.Struct, frozen=True):
    id: str
    volume_id: str
    server_id: str | None = msgspec.field(name="instance", default=None)


class _Message(msgspec.Struct, frozen=True):
    id: str
    user_message: str
    created_at: str = ""
    resource_id: str = msgspec.field(name="resource_uuid", default="")


class _Zone(msgspec.Struct, frozen=True):
    name: str = msgspec.field(name="zoneName")


class OpenstackVolumeDriver:
    """Implements contract.volume.VolumeDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def create(self, spec: VolumeSpec) -> NativeVolume:
        with self._client.lock(spec.token):
            return self.find(spec.token) or self._create(spec)

    def find(self, token: str) -> NativeVolume | None:
        """Of several volumes, of which all but one are the result of late requests, return the oldest."""
        volumes = sorted(self._list(tags.TOKEN, token), key=lambda volume: (volume.created_at or "", volume.id))
        natives = [self._convert(volume) for volume in volumes if self._get_token(volume) == token]
        return next((native for native in natives if native.state is not NativeVolumeState.DELETED), None)

    def get(self, volume_id: str) -> NativeVolume:
        volume = get_volume(self._client, volume_id)
        if tags.RETIRED in volume.metadata:
            raise NativeNotFound(f"volume {volume_id} is deleted; it exists as long as its snapshots")
        native = self._convert(volume)
        if native.state is NativeVolumeState.ERROR:
            return replace(native, fault=self._find_reason(volume_id) or native.fault)
        return native

    def list(self) -> Iterator[NativeVolume]:
        """Also those with the same token, so that the observer deletes all but one."""
        has_retired = False
        pending: dict[str, str] | None = None  # the servers of attachments, which are read once per list
        for volume in self._list(tags.INSTALLATION, self._client.installation_id):
            has_retired = has_retired or tags.RETIRED in volume.metadata
            if self._get_token(volume):
                if pending is None and _is_attaching(volume):
                    pending = list_pending_servers(self._client)
                yield self._convert(volume, pending)
        if has_retired:
            self._delete_retired()

    def extend(self, volume_id: str, size_gib: int) -> None:
        volume = get_volume(self._client, volume_id)
        if volume.size > size_gib:
            raise RequestRejected(f"cannot shrink volume {volume_id} from {volume.size} GiB to {size_gib} GiB")
        if volume.size < size_gib and volume.status != "extending":
            self._act(volume_id, {"os-extend": {"new_size": size_gib}})

    def set_multiattach(self, volume_id: str, *, multiattach: bool) -> None:
        volume = get_volume(self._client, volume_id)
        if volume.multiattach == multiattach:
            return
        if volume.attachments:
            raise RequestRejected(f"volume {volume_id} is attached to server {volume.attachments[0].server_id}")
        if not multiattach:
            raise NotSupported(
                f"OpenStack cannot change volume {volume_id} to one that a single server can use",
                hint="create a volume from a snapshot of it",
            )
        self._act(volume_id, {"os-retype": {"new_type": self._get_multiattach_type(), "migration_policy": "never"}})

    def delete(self, volume_id: str) -> None:
        """Raises: CloudUnreachable while it is created, because Cinder then deletes none."""
        try:
            volume = get_volume(self._client, volume_id)
            if _STATES.get(volume.status) is NativeVolumeState.CREATING:
                raise CloudUnreachable(f"volume {volume_id} is still being created")
            if volume.attachments or volume.status in ("reserved", "attaching", "in-use", "detaching"):
                raise RequestRejected(f"volume {volume_id} is attached to a server")
            if self._list_snapshots(volume_id):
                retire_volume(self._client, volume_id)
            elif volume.status != "deleting":
                self._client.request("block-storage", "DELETE", f"/volumes/{volume_id}")
        except NativeNotFound:
            return

    def _create(self, spec: VolumeSpec) -> NativeVolume:
        optional: dict[str, object] = {
            "volume_type": self._choose_type(spec),
            "imageRef": spec.image_id,
            "snapshot_id": spec.snapshot_id,
            "availability_zone": self._choose_zone(spec.availability_zone),
        }
        body = {
            "name": spec.name,
            "size": spec.size_gib,
            "metadata": tags.build_metadata(self._client.installation_id, spec.token, spec.metadata),
            **{key: value for key, value in optional.items() if value},
        }
        return self._convert(create_volume(self._client, body))

    def _choose_type(self, spec: VolumeSpec) -> str:
        """Return a volume type; encryption and several servers need one of their own. Raises: RequestRejected."""
        if spec.multiattach:
            return self._get_multiattach_type()
        if spec.encrypted and not spec.native_type:
            if not self._client.settings.encrypted_type:
                raise RequestRejected(
                    "encrypted volumes need a volume type of the cloud", hint="set the setting 'encrypted_type'"
                )
            return self._client.settings.encrypted_type
        return spec.native_type

    def _get_multiattach_type(self) -> str:
        volume_type = self._client.settings.multiattach_type
        if not volume_type:
            raise NotSupported(
                "volumes for several servers need a volume type of the cloud", hint="set the setting 'multiattach_type'"
            )
        return volume_type

    def _choose_zone(self, zone: str) -> str:
        """Return a zone of servers if Cinder has one of the same name, else its default."""
        if not zone:
            return ""
        zones = self._client.fetch("block-storage", "/os-availability-zone", "availabilityZoneInfo", list[_Zone])
        return zone if any(item.name == zone for item in zones) else ""

    def _list(self, key: str, value: str) -> Iterator[Volume]:
        """Iterate over the volumes with a value in their metadata."""
        return list_volumes(self._client, {key: value})

    def _get_token(self, volume: Volume) -> str:
        return tags.find_metadata_token(volume.metadata, self._client.installation_id)

    def _list_snapshots(self, volume_id: str) -> Sequence[_SnapshotReference]:
        params = {"volume_id": volume_id}
        snapshots = self._client.list_items(
            "block-storage", "/snapshots/detail", "snapshots", _SnapshotReference, params
        )
        return [snapshot for snapshot in snapshots if snapshot.volume_id == volume_id]

    def _delete_retired(self) -> None:
        """Delete retired volumes whose snapshots are deleted."""
        for volume in list(self._list(tags.RETIRED, "true")):
            is_retired = volume.metadata.get(tags.INSTALLATION) == self._client.installation_id
            if is_retired and tags.RETIRED in volume.metadata and volume.status in ("available", "error"):
                with suppress(NativeNotFound, RequestRejected):
                    if not self._list_snapshots(volume.id):
                        self._client.request("block-storage", "DELETE", f"/volumes/{volume.id}")

    def _convert(self, volume: Volume, pending: Mapping[str, str] | None = None) -> NativeVolume:
        state = _STATES.get(volume.status) or (_IN_USE if volume.attachments else _AVAILABLE)
        if volume.status.startswith("error"):
            state = NativeVolumeState.ERROR
        return NativeVolume(
            id=volume.id,
            token=self._get_token(volume),
            state=state,
            size_gib=volume.size,
            native_type=volume.volume_type or "",
            server_id=find_server(self._client, volume, pending),
            created_at=parse_iso(volume.created_at) if volume.created_at else None,
            fault=f"the cloud reports the status {volume.status}" if state is NativeVolumeState.ERROR else "",
        )

    def _find_reason(self, volume_id: str) -> str:
        """Return Cinder's latest message about a volume that failed, or ""."""
        messages = self._client.list_items(
            "block-storage", "/messages", "messages", _Message, {"resource_uuid": volume_id}
        )
        latest = max(messages, key=lambda message: message.created_at, default=None)
        return latest.user_message if latest is not None and latest.resource_id == volume_id else ""

    def _act(self, volume_id: str, action: dict[str, Any]) -> None:
        self._client.request("block-storage", "POST", f"/volumes/{volume_id}/action", action)


def get_volume(client: "Client", volume_id: str) -> Volume:
    return client.fetch("block-storage", f"/volumes/{volume_id}", "volume", Volume)


def find_server(client: "Client", volume: Volume, pending: Mapping[str, str] | None = None) -> str:
    """Return the server of a volume, or "". Cinder lists an attachment with the volume only when it is complete.

    `pending`: the result of `list_pending_servers`; without it, the attachments of the volume are requested.
    """
    if not _is_attaching(volume):
        return volume.attachments[0].server_id if volume.attachments else ""
    servers = list_pending_servers(client, volume_id=volume.id) if pending is None else pending
    return servers.get(volume.id, "")


def list_pending_servers(client: "Client", **filters: object) -> dict[str, str]:
    """Return the servers of attachments by volume, also of those that are not complete."""
    attachments = client.list_items("block-storage", "/attachments", "attachments", _PendingAttachment, filters)
    return {attachment.volume_id: attachment.server_id for attachment in attachments if attachment.server_id}


def _is_attaching(volume: Volume) -> bool:
    return not volume.attachments and volume.status in _CHANGING_ATTACHMENT


def list_volumes(client: "Client", metadata: dict[str, str] | None = None) -> Iterator[Volume]:
    params = {"metadata": json.dumps(metadata)} if metadata else {}
    return client.list_items("block-storage", "/volumes/detail", "volumes", Volume, params)


def create_volume(client: "Client", body: dict[str, Any]) -> Volume:
    """Create a volume. Raises: RequestRejected if what it is a copy of does not exist."""
    try:
        response = client.request("block-storage", "POST", "/volumes", {"volume": body})
    except NativeNotFound as error:
        raise RequestRejected(error.message, hint=error.hint) from error
    return client.decode("block-storage", response, "volume", Volume)


def retire_volume(client: "Client", volume_id: str) -> None:
    """Mark a volume that exists only for its snapshots."""
    body = {"metadata": {tags.RETIRED: "true"}}
    client.request("block-storage", "POST", f"/volumes/{volume_id}/metadata", body)
