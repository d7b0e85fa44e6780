"""Block devices of new servers: what they boot from, and the volumes that are created or attached for them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, NotFound, OverLimit
from stratiform.services.compute.model.block_devices import (
    BlockDevice,
    InvalidBlockDevice,
    add_image_devices,
    add_root,
    find_root,
    validate_devices,
)
from stratiform.services.compute.model.flavors import FlavorSnapshot
from stratiform.services.compute.model.servers import NewServer, Server
from stratiform.services.compute.service.server_images import (
    build_image_metadata,
    check_memory,
    get_active_image,
    get_bootable_image,
)
from stratiform.services.compute.service.volume_attachments import check_multiattach, get_attachable_volume
from stratiform.services.image.service import ImageService
from stratiform.services.volume.errors import QuotaExceeded
from stratiform.services.volume.model import AttachmentOptions, NewVolume, Volume
from stratiform.services.volume.service import VolumeService

#: What a server keeps of the image from which its root volume was created.
_IMAGE_METADATA = {
    "image_name": "name",
    "min_ram": "min_ram",
    "min_disk": "min_disk",
    "disk_format": "disk_format",
    "container_format": "container_format",
}


@dataclass(frozen=True, slots=True)
class BootSource:
    """What new servers boot from: an image, or with `image_id` "" the first of `volumes`.

    `zone` is that of an existing volume or snapshot, which the servers must be in if the request names no zone;
    `cloud_ids` are the clouds of all existing ones.
    """

    image_id: str
    image: dict[str, str]
    volumes: tuple[BlockDevice, ...] = ()
    zone: str | None = None
    names_volume: bool = field(default=False)
    cloud_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BlockDevices:
    """Checks block devices before anything is created, and creates their volumes."""

    image: ImageService
    volume: VolumeService

    def resolve(self, ctx: RequestContext, new: NewServer, flavor: FlavorSnapshot) -> BootSource:
        """Raises Invalid for devices that do not exist, or do not fit each other or the flavor."""
        devices: Sequence[BlockDevice] = new.block_devices
        first = find_root(devices)
        if new.image_id and (first is None or first.is_local_image):
            image = get_active_image(self.image, ctx, new.image_id)
            devices = add_image_devices(image.properties, devices)
        devices = add_root(devices, new.image_id)
        validate_devices(devices, ephemeral_gib=flavor["ephemeral"], swap_mib=flavor["swap"])
        root = find_root(devices)
        assert root is not None, "validate_devices requires a root disk"
        volumes = sorted((device for device in devices if device.is_volume), key=lambda item: item is not root)
        sources = [self._check_source(ctx, device, new) for device in volumes]
        zone = next((source.zone for source in sources if source is not None), None)
        names_volume = any(device.source_type == "volume" for device in volumes)
        cloud_ids = frozenset(source.cloud_id for source in sources if source is not None)
        if root.is_local_image:
            image = get_bootable_image(self.image, ctx, root.source_id, flavor)
            metadata = build_image_metadata(image)
            return BootSource(image.id, metadata, tuple(volumes), zone, names_volume, cloud_ids)
        metadata = self._get_root_metadata(ctx, root, sources[0], flavor)
        return BootSource("", metadata, tuple(volumes), zone, names_volume, cloud_ids)

    def create_volumes(self, ctx: RequestContext, server: Server, source: BootSource) -> None:
        """Create the volumes of a new server, and reserve those that exist. Raises Invalid, NotFound, OverLimit."""
        for device in source.volumes:
            if device.source_type == "volume":
                volume_id = get_attachable_volume(self.volume, ctx, server, device.source_id).id
            else:
                volume_id = self._create_volume(ctx, server, device).id
            options = AttachmentOptions(
                device=device.device or None,
                boot_index=device.boot_index,
                delete_on_termination=device.delete_on_termination,
                tag=device.tag,
            )
            self.volume.attachments.begin_attach(ctx, volume_id, server.id, options, with_server=True)

    def _create_volume(self, ctx: RequestContext, server: Server, device: BlockDevice) -> Volume:
        new = NewVolume(
            size_gib=device.size_gib,
            name=f"{server.id}-blank-vol" if device.source_type == "blank" else "",
            description="",
            volume_type=device.volume_type,
            availability_zone=server.zone,
            cloud_id=server.cloud_id,
        )
        if device.source_type == "image":
            new = replace(new, image_id=device.source_id)
        elif device.source_type == "snapshot":
            new = replace(new, snapshot_id=device.source_id)
        try:
            return self.volume.volumes.create(ctx, new)
        except QuotaExceeded as error:
            raise OverLimit(error.message) from error
        except NotFound as error:
            raise Invalid(error.message) from error

    def _check_source(self, ctx: RequestContext, device: BlockDevice, new: NewServer) -> Volume | None:
        """Return the volume that a device is, or a snapshot was taken of; None for other sources. Raises Invalid."""
        if device.source_type == "volume":
            return self._get_volume(ctx, device, allow_multiattach=new.allow_multiattach)
        if device.source_type != "snapshot":
            return None
        try:
            return self.volume.snapshots.get_origin(ctx, device.source_id)
        except NotFound as error:
            raise InvalidBlockDevice(f"failed to get snapshot {device.source_id}.") from error

    def _get_volume(self, ctx: RequestContext, device: BlockDevice, *, allow_multiattach: bool) -> Volume:
        try:
            volume = self.volume.volumes.get(ctx, device.source_id)
        except NotFound as error:
            raise InvalidBlockDevice(f"failed to get volume {device.source_id}.") from error
        check_multiattach(volume, allow_multiattach=allow_multiattach)
        statuses = ("available", "in-use") if volume.multiattach else ("available",)
        if volume.status not in statuses:
            expected = "' or '".join(statuses)
            raise Invalid(
                f"Invalid volume: volume '{volume.id}' status must be '{expected}'. Currently in '{volume.status}'"
            )
        return volume

    def _get_root_metadata(
        self, ctx: RequestContext, root: BlockDevice, volume: Volume | None, flavor: FlavorSnapshot
    ) -> dict[str, str]:
        """Return the image properties of a server whose root disk is a volume. Raises Invalid if it cannot boot."""
        if root.source_type == "image":
            image = get_active_image(self.image, ctx, root.source_id)
            check_memory(image.min_ram, flavor)
            return build_image_metadata(image)
        if volume is None or not volume.bootable:
            raise Invalid(f"Block Device {root.source_id} is not bootable.")
        check_memory(int(volume.image_metadata.get("min_ram") or 0), flavor)
        return {
            key: volume.image_metadata[name] for name, key in _IMAGE_METADATA.items() if name in volume.image_metadata
        }
