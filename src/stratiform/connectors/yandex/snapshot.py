"""Snapshot capability of Yandex Cloud: disk snapshots, which outlive their disks.

Yandex Cloud cannot copy a snapshot. A copy is a snapshot of a temporary disk that is created from the first one; the
disk is deleted when the copy is read and ready.

Source: Compute Cloud API reference (SnapshotService).
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from yandex.cloud.compute.v1.disk_pb2 import Disk
from yandex.cloud.compute.v1.disk_service_pb2 import (
    CreateDiskMetadata,
    CreateDiskRequest,
    DeleteDiskRequest,
    GetDiskRequest,
)
from yandex.cloud.compute.v1.snapshot_pb2 import Snapshot
from yandex.cloud.compute.v1.snapshot_service_pb2 import (
    CreateSnapshotMetadata,
    CreateSnapshotRequest,
    DeleteSnapshotRequest,
    GetSnapshotRequest,
)

from stratiform.connectors.yandex import labels
from stratiform.connectors.yandex.listing import list_disks, list_snapshots
from stratiform.contract.errors import CloudError, CloudUnreachable, NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.image import NativeImage
from stratiform.contract.snapshot import NativeSnapshot, NativeSnapshotState, SnapshotSpec
from stratiform.kit.clock import from_datetime

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client
    from stratiform.connectors.yandex.image import YandexImageDriver
    from stratiform.connectors.yandex.operations import Operations

_GIB = 1024**3
_KIND, _COPY_KIND = "snapshot", "copy-disk"

_STATES = {
    Snapshot.CREATING: NativeSnapshotState.CREATING,
    Snapshot.READY: NativeSnapshotState.AVAILABLE,
    Snapshot.ERROR: NativeSnapshotState.ERROR,
    Snapshot.DELETING: NativeSnapshotState.DELETING,
}


class YandexSnapshotDriver:
    """Implements contract.snapshot.SnapshotDriver."""

    def __init__(self, client: "Client", operations: "Operations", images: "YandexImageDriver") -> None:
        self._client, self._operations, self._images = client, operations, images

    def create(self, spec: SnapshotSpec) -> NativeSnapshot:
        existing = self.find(spec.token)
        if existing is not None:
            return existing
        try:
            return self._create(spec)
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error

    def create_consistent(self, specs: Sequence[SnapshotSpec]) -> Sequence[NativeSnapshot]:  # noqa: ARG002 - unused
        raise NotSupported("Yandex Cloud cannot snapshot several disks at the same instant.")

    def find(self, token: str) -> NativeSnapshot | None:
        name = labels.build_name(self._client.installation_id, _KIND, token)
        return next((snapshot for snapshot in self._list(name) if snapshot.token == token), None)

    def get(self, snapshot_id: str) -> NativeSnapshot:
        try:
            snapshot = self._get(snapshot_id)
        except NativeNotFound:
            failure = self._operations.find_failure(snapshot_id)
            if failure is None or not failure.token:
                raise
            self._delete_copy_disk(failure.token)
            fault = self._operations.find_fault(snapshot_id)
            return NativeSnapshot(snapshot_id, failure.token, NativeSnapshotState.ERROR, 0, fault=fault)
        if snapshot.status == Snapshot.READY and snapshot.labels.get(labels.COPY_DISK):
            self._delete_copy_disk(labels.get_token(snapshot, self._client.installation_id))
        return replace(self._to_snapshot(snapshot), fault=self._operations.find_fault(snapshot_id))

    def list(self) -> Iterator[NativeSnapshot]:
        return self._list()

    def delete(self, snapshot_id: str) -> None:
        try:
            snapshot = self._get(snapshot_id)
            self._operations.run(self._client.snapshots.Delete, DeleteSnapshotRequest(snapshot_id=snapshot_id))
        except NativeNotFound:
            failure = self._operations.find_failure(snapshot_id)
            if failure is not None and failure.token:
                self._delete_copy_disk(failure.token)
            return
        self._operations.record_deletion(snapshot_id)
        if snapshot.labels.get(labels.COPY_DISK):
            self._delete_copy_disk(labels.get_token(snapshot, self._client.installation_id))

    def restore(self, snapshot_id: str, volume_id: str) -> None:
        raise NotSupported(
            f"Yandex Cloud cannot replace the data of disk {volume_id} with the data of snapshot {snapshot_id}",
            hint="create a new volume from the snapshot or backup",
        )

    def create_image(self, snapshot_id: str, token: str, name: str) -> NativeImage:
        snapshot = self._get(snapshot_id)
        image = self._images.ensure(token, name, snapshot_id=snapshot_id)
        return replace(image, min_disk_gib=snapshot.disk_size // _GIB)

    def _create(self, spec: SnapshotSpec) -> NativeSnapshot:
        installation_id = self._client.installation_id
        disk = self._ensure_copy_disk(spec) if spec.snapshot_id else self._get_disk(spec.volume_id)
        source = {labels.COPY_DISK: disk.id} if spec.snapshot_id else {}
        request = CreateSnapshotRequest(
            folder_id=self._client.settings.folder_id,
            disk_id=disk.id,
            name=labels.build_name(installation_id, _KIND, spec.token),
            description=labels.build_description(spec.name),
            labels=labels.build_labels(installation_id, {labels.TOKEN: spec.token, **source}),
        )
        try:
            snapshot_id, _ = self._operations.create(
                self._client.snapshots.Create, request, CreateSnapshotMetadata(), self._get, token=spec.token
            )
        except CloudUnreachable:
            raise
        except CloudError:
            if spec.snapshot_id:
                with suppress(CloudError):
                    self._delete_copy_disk(spec.token)
            raise
        return NativeSnapshot(snapshot_id, spec.token, NativeSnapshotState.CREATING, disk.size // _GIB)

    def _ensure_copy_disk(self, spec: SnapshotSpec) -> Disk:
        """Return a disk with the data of a snapshot. It has no token, because it is not one of our volumes.

        Raises: CloudUnreachable after 20 s.
        """
        disk = self._find_copy_disk(spec.token)
        if disk is not None and disk.status == Disk.READY:
            return disk
        installation_id, snapshot = self._client.installation_id, self._get(spec.snapshot_id)
        request = CreateDiskRequest(
            folder_id=self._client.settings.folder_id,
            name=labels.build_name(installation_id, _COPY_KIND, spec.token),
            description=f"copy of snapshot {spec.snapshot_id}",
            labels=labels.build_labels(installation_id, {}),
            zone_id=self._client.settings.zone,
            size=snapshot.disk_size,
            snapshot_id=snapshot.id,
        )
        disk_id = self._operations.create_and_wait(
            self._client.disks.Create, request, CreateDiskMetadata(), self._get_disk
        )
        return self._get_disk(disk_id)

    def _delete_copy_disk(self, token: str) -> None:
        disk = self._find_copy_disk(token)
        if disk is not None and disk.status != Disk.DELETING:
            with suppress(NativeNotFound):
                self._client.send(self._client.disks.Delete, DeleteDiskRequest(disk_id=disk.id))
            self._operations.record_deletion(disk.id)

    def _find_copy_disk(self, token: str) -> Disk | None:
        installation_id = self._client.installation_id
        name = labels.build_name(installation_id, _COPY_KIND, token)
        disks = (disk for page in list_disks(self._client, name) for disk in page)
        return next((disk for disk in disks if disk.labels.get(labels.INSTALLATION) == installation_id), None)

    def _get_disk(self, disk_id: str) -> Disk:
        return self._client.call(self._client.disks.Get, GetDiskRequest(disk_id=disk_id))

    def _get(self, snapshot_id: str) -> Snapshot:
        return self._client.call(self._client.snapshots.Get, GetSnapshotRequest(snapshot_id=snapshot_id))

    def _list(self, name: str = "") -> Iterator[NativeSnapshot]:
        for snapshots in list_snapshots(self._client, name):
            for snapshot in snapshots:
                if labels.get_token(snapshot, self._client.installation_id):
                    yield self._to_snapshot(snapshot)

    def _to_snapshot(self, snapshot: Snapshot) -> NativeSnapshot:
        return NativeSnapshot(
            id=snapshot.id,
            token=labels.get_token(snapshot, self._client.installation_id),
            state=_STATES.get(snapshot.status, NativeSnapshotState.ERROR),
            size_gib=snapshot.disk_size // _GIB,
            created_at=from_datetime(snapshot.created_at.ToDatetime()),
        )
