"""Volume capability of CloudStack: data disks.

A volume that no server has used yet is only a row in CloudStack's database (state Allocated); it is created on a
storage when it is attached for the first time.
Source: CloudStack API reference (createVolume, listVolumes, resizeVolume, deleteVolume).
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from stratiform.connectors.cloudstack import markers
from stratiform.connectors.cloudstack.offerings import is_custom, resolve_disk_offering
from stratiform.connectors.cloudstack.responses import read_int
from stratiform.connectors.cloudstack.server_conversion import parse_time
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeSpec

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.responses import Item

_GIB = 1024**3
_CREATING = ("Creating", "UploadOp", "UploadInProgress", "NotUploaded", "Copying")
_DELETED = ("Destroy", "Destroyed", "Expunging", "Expunged")
_ERRORS = ("UploadError", "UploadAbandoned", "Error")
_RESIZING = "Resizing"


class CloudStackVolumeDriver:
    """Implements contract.volume.VolumeDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def create(self, spec: VolumeSpec) -> NativeVolume:
        if spec.image_id:
            raise NotSupported("CloudStack cannot create a volume from an image; create a server from it")
        if spec.multiattach:
            raise NotSupported("CloudStack cannot attach a volume to several servers")
        try:
            volume = self._client.create_once(
                "volume", spec.token, lambda: self._find_only(spec.token), lambda: self._create(spec)
            )
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error
        if markers.TOKEN not in markers.read_tags(volume):
            tags = {markers.INSTALLATION: self._client.installation_id, markers.TOKEN: spec.token}
            self._client.add_tags("Volume", str(volume["id"]), tags)
        return _to_volume(volume, self._client.installation_id)

    def find(self, token: str) -> NativeVolume | None:
        volumes = self._find_all(token)
        return _to_volume(volumes[0], self._client.installation_id) if volumes else None

    def get(self, volume_id: str) -> NativeVolume:
        return _to_volume(self._get(volume_id), self._client.installation_id)

    def list(self) -> Iterator[NativeVolume]:
        for volume in self._client.list_all("listVolumes", "volume"):
            if markers.find_token(volume, self._client.installation_id) and not _is_deleted(volume):
                yield _to_volume(volume, self._client.installation_id)

    def extend(self, volume_id: str, size_gib: int) -> None:
        """Grow a volume. If its offering has a fixed size, it gets one that has the new size."""
        volume = self._get(volume_id)
        current_gib = _get_size_gib(volume)
        if current_gib > size_gib:
            raise RequestRejected(f"cannot shrink volume {volume_id} from {current_gib} GiB to {size_gib} GiB")
        if current_gib == size_gib or volume.get("state") == _RESIZING:
            return
        offerings = self._client.list_all("listDiskOfferings", "diskoffering", id=volume.get("diskofferingid"))
        if offerings and not is_custom(offerings[0]):
            offering = resolve_disk_offering(self._client, "", size_gib, encrypted=bool(offerings[0].get("encrypt")))
            size = size_gib if is_custom(offering) else None
            self._client.run_job("resizeVolume", id=volume_id, diskofferingid=offering["id"], size=size)
            return
        self._client.run_job("resizeVolume", id=volume_id, size=size_gib)

    def set_multiattach(self, volume_id: str, *, multiattach: bool) -> None:
        raise NotSupported(f"CloudStack cannot set multiattach of volume {volume_id} to {multiattach}")

    def delete(self, volume_id: str) -> None:
        try:
            volume = self._get(volume_id)
            if volume.get("virtualmachineid"):
                raise RequestRejected(f"volume {volume_id} is attached to a server")
            self._client.request("deleteVolume", id=volume_id)
        except NativeNotFound:
            return

    def _create(self, spec: VolumeSpec) -> "Item":
        offering = resolve_disk_offering(self._client, spec.native_type, spec.size_gib, encrypted=spec.encrypted)
        name = self._client.build_marker(spec.token).append_to(spec.name)
        return self._client.request(
            "createVolume",
            name=name,
            zoneid=self._client.resolve_zone(spec.availability_zone).id,
            diskofferingid=offering["id"],
            size=spec.size_gib if is_custom(offering) else None,
            snapshotid=spec.snapshot_id,
        )

    def _find_only(self, token: str) -> "Item | None":
        """Return the volume with a token, and delete others with it that no server has used.

        There may be two if the creation of the first one was not answered, and CloudStack did not list it in time.
        """
        volumes = self._find_all(token)
        for duplicate in volumes[1:]:
            if not duplicate.get("virtualmachineid"):
                with suppress(NativeNotFound):
                    self._client.request("deleteVolume", id=duplicate["id"])
        return volumes[0] if volumes else None

    def _find_all(self, token: str) -> "Sequence[Item]":
        """Return the volumes with a token: those that servers use first, then the oldest."""
        volumes = self._client.list_all("listVolumes", "volume", keyword=token)
        matches = [
            volume
            for volume in volumes
            if markers.find_token(volume, self._client.installation_id) == token and not _is_deleted(volume)
        ]
        return sorted(
            matches, key=lambda item: (not item.get("virtualmachineid"), str(item.get("created")), str(item["id"]))
        )

    def _get(self, volume_id: str) -> "Item":
        volume = self._client.find_item("listVolumes", "volume", id=volume_id)
        if volume is None or _is_deleted(volume):
            raise NativeNotFound(f"volume {volume_id} not found in CloudStack")
        return volume


def get_state(volume: "Item") -> NativeVolumeState:
    """Return the state of a volume; those that change for other reasons are available or in use."""
    state = volume.get("state")
    if state in _DELETED:
        return NativeVolumeState.DELETED
    if state in _ERRORS:
        return NativeVolumeState.ERROR
    if state in _CREATING:
        return NativeVolumeState.CREATING
    return NativeVolumeState.IN_USE if volume.get("virtualmachineid") else NativeVolumeState.AVAILABLE


def _to_volume(volume: "Item", installation_id: str) -> NativeVolume:
    return NativeVolume(
        id=str(volume["id"]),
        token=markers.find_token(volume, installation_id),
        state=get_state(volume),
        size_gib=_get_size_gib(volume),
        native_type=str(volume.get("diskofferingname", "")),
        server_id=str(volume.get("virtualmachineid") or ""),
        created_at=parse_time(volume.get("created")),
    )


def _is_deleted(volume: "Item") -> bool:
    return get_state(volume) is NativeVolumeState.DELETED


def _get_size_gib(volume: "Item") -> int:
    return read_int(volume.get("size")) // _GIB
