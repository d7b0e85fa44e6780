"""Volume capability of Yandex Cloud: disks.

All disks are encrypted at rest with a key of Yandex Cloud.
Source: Compute Cloud API reference (DiskService).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from google.protobuf.field_mask_pb2 import FieldMask
from yandex.cloud.compute.v1.disk_pb2 import Disk
from yandex.cloud.compute.v1.disk_service_pb2 import (
    CreateDiskMetadata,
    CreateDiskRequest,
    DeleteDiskRequest,
    GetDiskRequest,
    UpdateDiskRequest,
)

from stratiform.connectors.yandex import labels
from stratiform.connectors.yandex.listing import list_disks
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeSpec
from stratiform.kit.clock import from_datetime

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client
    from stratiform.connectors.yandex.operations import Operations

DEFAULT_TYPE = "network-ssd"

GIB = 1024**3
_KIND = "disk"

_STATES = {
    Disk.CREATING: NativeVolumeState.CREATING,
    Disk.READY: NativeVolumeState.AVAILABLE,
    Disk.ERROR: NativeVolumeState.ERROR,
    Disk.DELETING: NativeVolumeState.DELETING,
}


class YandexVolumeDriver:
    """Implements contract.volume.VolumeDriver."""

    def __init__(self, client: "Client", operations: "Operations") -> None:
        self._client, self._operations = client, operations

    def create(self, spec: VolumeSpec) -> NativeVolume:
        existing = self.find(spec.token)
        if existing is not None:
            return existing
        if spec.multiattach:
            raise _multiattach_error()
        try:
            volume_id, _ = self._operations.create(
                self._client.disks.Create, self._build_request(spec), CreateDiskMetadata(), self.get, token=spec.token
            )
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error
        native_type = spec.native_type or DEFAULT_TYPE
        return NativeVolume(volume_id, spec.token, NativeVolumeState.CREATING, spec.size_gib, native_type)

    def find(self, token: str) -> NativeVolume | None:
        name = labels.build_name(self._client.installation_id, _KIND, token)
        return next((volume for volume in self._list(name) if volume.token == token), None)

    def get(self, volume_id: str) -> NativeVolume:
        try:
            disk = self._client.call(self._client.disks.Get, GetDiskRequest(disk_id=volume_id))
        except NativeNotFound:
            failure = self._operations.find_failure(volume_id)
            if failure is None or not failure.token:
                raise
            fault = self._operations.find_fault(volume_id)
            return NativeVolume(volume_id, failure.token, NativeVolumeState.ERROR, 0, fault=fault)
        return self._to_volume(disk, self._operations.find_fault(volume_id))

    def list(self) -> Iterator[NativeVolume]:
        return self._list()

    def extend(self, volume_id: str, size_gib: int) -> None:
        request = UpdateDiskRequest(disk_id=volume_id, update_mask=FieldMask(paths=["size"]), size=size_gib * GIB)
        if self._operations.resume(volume_id, request):
            return
        size = self.get(volume_id).size_gib
        if size > size_gib:
            raise RequestRejected(f"cannot shrink volume {volume_id} from {size} GiB to {size_gib} GiB")
        if size < size_gib:
            self._operations.start(volume_id, self._client.disks.Update, request)

    def set_multiattach(self, volume_id: str, *, multiattach: bool) -> None:  # noqa: ARG002 - the contract's signature
        raise _multiattach_error()

    def delete(self, volume_id: str) -> None:
        try:
            volume = self.get(volume_id)
            if volume.server_id:
                raise RequestRejected(f"volume {volume_id} is attached to server {volume.server_id}")
            if volume.state is not NativeVolumeState.DELETING:
                self._client.send(self._client.disks.Delete, DeleteDiskRequest(disk_id=volume_id))
        except NativeNotFound:
            pass
        self._operations.record_deletion(volume_id)

    def _list(self, name: str = "") -> Iterator[NativeVolume]:
        for disks in list_disks(self._client, name):
            for disk in disks:
                if labels.get_token(disk, self._client.installation_id):
                    yield self._to_volume(disk)

    def _to_volume(self, disk: Disk, fault: str = "") -> NativeVolume:
        state = _STATES.get(disk.status, NativeVolumeState.ERROR)
        server_id = next(iter(disk.instance_ids), "")
        if state is NativeVolumeState.AVAILABLE and server_id:
            state = NativeVolumeState.IN_USE
        return NativeVolume(
            id=disk.id,
            token=labels.get_token(disk, self._client.installation_id),
            state=state,
            size_gib=disk.size // GIB,
            native_type=disk.type_id,
            server_id=server_id,
            created_at=from_datetime(disk.created_at.ToDatetime()),
            fault=fault,
        )

    def _build_request(self, spec: VolumeSpec) -> CreateDiskRequest:
        installation_id = self._client.installation_id
        request = CreateDiskRequest(
            folder_id=self._client.settings.folder_id,
            name=labels.build_name(installation_id, _KIND, spec.token),
            description=labels.build_description(spec.name),
            labels=labels.build_labels(installation_id, {labels.TOKEN: spec.token}),
            type_id=spec.native_type or DEFAULT_TYPE,
            zone_id=spec.availability_zone or self._client.settings.zone,
            size=spec.size_gib * GIB,
        )
        if spec.image_id:
            request.image_id = spec.image_id
        elif spec.snapshot_id:
            request.snapshot_id = spec.snapshot_id
        return request


def _multiattach_error() -> NotSupported:
    return NotSupported("Yandex Cloud cannot attach a disk to several servers")
