"""Servicers of disks, snapshots, images and zones."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from yandex.cloud.compute.v1.disk_pb2 import Disk
from yandex.cloud.compute.v1.disk_service_pb2 import (
    CreateDiskMetadata,
    DeleteDiskMetadata,
    ListDisksResponse,
    UpdateDiskMetadata,
)
from yandex.cloud.compute.v1.disk_service_pb2_grpc import DiskServiceServicer
from yandex.cloud.compute.v1.image_pb2 import Image
from yandex.cloud.compute.v1.image_service_pb2 import CreateImageMetadata, DeleteImageMetadata, ListImagesResponse
from yandex.cloud.compute.v1.image_service_pb2_grpc import ImageServiceServicer
from yandex.cloud.compute.v1.snapshot_pb2 import Snapshot
from yandex.cloud.compute.v1.snapshot_service_pb2 import (
    CreateSnapshotMetadata,
    DeleteSnapshotMetadata,
    ListSnapshotsResponse,
    UpdateSnapshotMetadata,
)
from yandex.cloud.compute.v1.snapshot_service_pb2_grpc import SnapshotServiceServicer
from yandex.cloud.compute.v1.zone_pb2 import Zone
from yandex.cloud.compute.v1.zone_service_pb2 import ListZonesResponse
from yandex.cloud.compute.v1.zone_service_pb2_grpc import ZoneServiceServicer

from support.yandex.state import ZONES, State, invalid, refused

DISK_TYPES = ("network-hdd", "network-ssd", "network-ssd-io-m3", "network-ssd-nonreplicated")


class Service:
    """A servicer with a state."""

    def __init__(self, state: State) -> None:
        self.state = state


def build_disk(state: State, spec: Any, zone_id: str, **values: Any) -> Disk:
    """Check the specification of a disk and return it. Raises: Abort."""
    if (spec.type_id or "network-hdd") not in DISK_TYPES:
        raise invalid(f"Disk type {spec.type_id} not found")
    if zone_id not in ZONES:
        raise invalid(f"Zone {zone_id} not found")
    if spec.size <= 0:
        raise invalid("size: must be positive")
    disk = Disk(
        id=state.new_id("fhmdk"),
        type_id=spec.type_id or "network-hdd",
        zone_id=zone_id,
        size=spec.size,
        status=Disk.CREATING,
        **values,
    )
    if spec.image_id:
        image = state.get("images", spec.image_id)
        if spec.size < image.min_disk_size:
            raise invalid(f"size: the disk must have at least {image.min_disk_size} bytes")
        disk.source_image_id = spec.image_id
    elif spec.snapshot_id:
        snapshot = state.get("snapshots", spec.snapshot_id)
        if snapshot.status != Snapshot.READY:
            raise refused(f"Snapshot {snapshot.id} is not ready")
        if spec.size < snapshot.disk_size:
            raise invalid(f"size: the disk must have at least {snapshot.disk_size} bytes")
        disk.source_snapshot_id = spec.snapshot_id
    return disk


def change_fields(resource: Any, request: Any) -> Any:
    """Change the fields of a resource that the mask of a request contains."""
    for path in request.update_mask.paths:
        if path == "labels":
            resource.labels.clear()
            resource.labels.update(request.labels)
        else:
            setattr(resource, path, getattr(request, path))
    return resource


class Disks(Service, DiskServiceServicer):
    def Get(self, request: Any, context: Any) -> Any:
        return self.state.get("disks", request.disk_id)

    def List(self, request: Any, context: Any) -> Any:
        disks, token = self.state.list_page("disks", request)
        return ListDisksResponse(disks=disks, next_page_token=token)

    def Create(self, request: Any, context: Any) -> Any:
        self.state.check_new("disks", request)
        disk = build_disk(
            self.state,
            request,
            request.zone_id,
            folder_id=request.folder_id,
            name=request.name,
            description=request.description,
            labels=request.labels,
        )
        self.state.insert("disks", disk)

        def complete() -> Any:
            disk.status = Disk.READY
            return disk

        return self.state.start(
            CreateDiskMetadata(disk_id=disk.id), complete, lambda: self.state.table("disks").pop(disk.id, None)
        )

    def Update(self, request: Any, context: Any) -> Any:
        disk = self.state.get("disks", request.disk_id)
        if "size" in request.update_mask.paths and request.size < disk.size:
            raise invalid("size: a disk cannot shrink")

        metadata = UpdateDiskMetadata(disk_id=disk.id)
        return self.state.start(metadata, lambda: change_fields(disk, request))

    def Delete(self, request: Any, context: Any) -> Any:
        disk = self.state.get("disks", request.disk_id)
        if disk.instance_ids:
            raise refused(f"Disk {disk.id} is attached to {disk.instance_ids[0]}")
        disk.status = Disk.DELETING

        def complete() -> None:
            self.state.table("disks").pop(disk.id, None)

        def revert() -> None:
            disk.status = Disk.READY

        return self.state.start(DeleteDiskMetadata(disk_id=disk.id), complete, revert)


class Snapshots(Service, SnapshotServiceServicer):
    def Get(self, request: Any, context: Any) -> Any:
        return self.state.get("snapshots", request.snapshot_id)

    def List(self, request: Any, context: Any) -> Any:
        snapshots, token = self.state.list_page("snapshots", request)
        return ListSnapshotsResponse(snapshots=snapshots, next_page_token=token)

    def Create(self, request: Any, context: Any) -> Any:
        self.state.check_new("snapshots", request)
        disk = self.state.get("disks", request.disk_id)
        if disk.status != Disk.READY:
            raise refused(f"Disk {disk.id} is not ready")
        snapshot = Snapshot(
            id=self.state.new_id("fd8sn"),
            folder_id=request.folder_id,
            name=request.name,
            description=request.description,
            labels=request.labels,
            disk_size=disk.size,
            storage_size=disk.size // 2,
            source_disk_id=disk.id,
            status=Snapshot.CREATING,
        )
        self.state.insert("snapshots", snapshot)

        def complete() -> Snapshot:
            snapshot.status = Snapshot.READY
            return snapshot

        return self.state.start(
            CreateSnapshotMetadata(snapshot_id=snapshot.id, disk_id=disk.id),
            complete,
            lambda: self.state.table("snapshots").pop(snapshot.id, None),
        )

    def Update(self, request: Any, context: Any) -> Any:
        snapshot = self.state.get("snapshots", request.snapshot_id)
        metadata = UpdateSnapshotMetadata(snapshot_id=snapshot.id)
        return self.state.start(metadata, lambda: change_fields(snapshot, request))

    def Delete(self, request: Any, context: Any) -> Any:
        snapshot = self.state.get("snapshots", request.snapshot_id)
        snapshot.status = Snapshot.DELETING

        def complete() -> None:
            self.state.table("snapshots").pop(snapshot.id, None)

        return self.state.start(DeleteSnapshotMetadata(snapshot_id=snapshot.id), complete)


class Images(Service, ImageServiceServicer):
    def Get(self, request: Any, context: Any) -> Any:
        return self.state.get("images", request.image_id)

    def List(self, request: Any, context: Any) -> Any:
        images, token = self.state.list_page("images", request)
        return ListImagesResponse(images=images, next_page_token=token)

    def Create(self, request: Any, context: Any) -> Any:
        self.state.check_new("images", request)
        if request.uri:
            url = urlsplit(request.uri)
            if url.path not in self.state.objects or "X-Amz-Signature" not in parse_qs(url.query):
                raise invalid("uri: the object is not accessible")
            size = 2**30
        elif request.snapshot_id:
            size = self.state.get("snapshots", request.snapshot_id).disk_size
        else:
            size = self.state.get("disks", request.disk_id).size
        image = Image(
            id=self.state.new_id("fd8im"),
            folder_id=request.folder_id,
            name=request.name,
            description=request.description,
            labels=request.labels,
            min_disk_size=size,
            storage_size=size // 2,
            status=Image.CREATING,
        )
        self.state.insert("images", image)

        def complete() -> Image:
            image.status = Image.READY
            return image

        return self.state.start(
            CreateImageMetadata(image_id=image.id), complete, lambda: self.state.table("images").pop(image.id, None)
        )

    def Delete(self, request: Any, context: Any) -> Any:
        image = self.state.get("images", request.image_id)

        def complete() -> None:
            self.state.table("images").pop(image.id, None)

        return self.state.start(DeleteImageMetadata(image_id=image.id), complete)


class Zones(Service, ZoneServiceServicer):
    def List(self, request: Any, context: Any) -> Any:
        zones = [Zone(id=zone, region_id="ru-central1", status=Zone.UP) for zone in ZONES]
        page, token = self.state.list_page("zones", request, zones)
        return ListZonesResponse(zones=page, next_page_token=token)
