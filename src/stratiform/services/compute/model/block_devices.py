"""Block devices of new servers, and the rules that need no database.

Source: nova/block_device.py, and `_validate_bdm` in nova/compute/api.py for rules and texts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from stratiform.kit.errors import Invalid
from stratiform.kit.json_errors import NOT_JSON

SOURCE_TYPES = ("image", "snapshot", "volume", "blank")

#: The property of an image whose disks are snapshots of volumes; its value is a JSON document.
IMAGE_PROPERTY = "block_device_mapping"

_ROOT_DEVICES = ("vda", "/dev/vda")


@dataclass(frozen=True, slots=True)
class BlockDevice:
    """A disk of a new server: a volume, or a `local` disk of the server.

    `source_id` is the image, snapshot or volume. `boot_index` 0: the root disk; None: the server does not boot from it.
    `size_gib` None: the size of the source. An empty `device` is chosen automatically.
    """

    source_type: str
    destination_type: str
    source_id: str = ""
    boot_index: int | None = None
    size_gib: int | None = None
    volume_type: str = ""
    delete_on_termination: bool = False
    device: str = ""
    tag: str | None = None
    is_swap: bool = False

    @property
    def is_volume(self) -> bool:
        return self.destination_type == "volume"

    @property
    def is_local_image(self) -> bool:
        return self.source_type == "image" and not self.is_volume


class InvalidBlockDevice(Invalid):
    """The block device mapping of a request is invalid."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Block Device Mapping is Invalid: {reason}")


def find_root(devices: Sequence[BlockDevice]) -> BlockDevice | None:
    return next((device for device in devices if device.boot_index == 0), None)


def add_image_devices(properties: Mapping[str, str], devices: Sequence[BlockDevice]) -> list[BlockDevice]:
    """Return the devices of an image of a volume-backed server, and those of the request, which replace them.

    Clients add the image itself as a root disk; the image's own root disk replaces that one. Raises InvalidBlockDevice.
    """
    own = _parse_image_devices(properties.get(IMAGE_PROPERTY, ""))
    if find_root(own) is not None:
        devices = [device for device in devices if not (device.boot_index == 0 and device.is_local_image)]
    replaced = {device.device for device in devices if device.device}
    if find_root(devices) is not None:
        own = [device for device in own if device.boot_index != 0]
    return [*(device for device in own if device.device not in replaced), *devices]


def add_root(devices: Sequence[BlockDevice], image_id: str) -> list[BlockDevice]:
    """Return the devices with a root disk, which by default is a copy of the image."""
    if find_root(devices) is not None or not image_id:
        return list(devices)
    return [BlockDevice("image", "local", image_id, boot_index=0, delete_on_termination=True), *devices]


def convert_legacy_devices(devices: Sequence[BlockDevice], *, has_image: bool) -> list[BlockDevice]:
    """Return the devices of the older `block_device_mapping`; without an image, the first one is the root disk."""
    if has_image or not devices:
        return list(devices)
    first = next((device for device in devices if device.device in _ROOT_DEVICES), devices[0])
    return [replace(device, boot_index=0) if device is first else device for device in devices]


def validate_devices(devices: Sequence[BlockDevice], *, ephemeral_gib: int, swap_mib: int) -> None:
    """Raises InvalidBlockDevice unless the devices fit each other and the flavor."""
    boot_order = sorted(device.boot_index for device in devices if device.boot_index is not None)
    if not boot_order or boot_order != list(range(len(boot_order))):
        raise InvalidBlockDevice(
            "Boot sequence for the instance and image/block device mapping combination is not valid."
        )
    for device in devices:
        _validate_device(device)
    names = [device.device for device in devices if device.device]
    if len(set(names)) < len(names):
        raise InvalidBlockDevice("Duplicate device names")
    tags = [device.tag for device in devices if device.tag is not None]
    if len(set(tags)) < len(tags):
        raise InvalidBlockDevice("Tags must be unique per device.")
    blank = [device for device in devices if device.source_type == "blank" and not device.is_volume]
    if sum(device.size_gib or 0 for device in blank if not device.is_swap) > ephemeral_gib:
        raise InvalidBlockDevice(
            "Ephemeral disks requested are larger than the instance type allows. If no size is given in one block "
            "device mapping, flavor ephemeral size will be used."
        )
    if sum((device.size_gib or 0) for device in blank if device.is_swap) > swap_mib:
        raise InvalidBlockDevice("Swap drive requested is larger than instance type allows.")


def _validate_device(device: BlockDevice) -> None:
    if device.source_type not in SOURCE_TYPES or device.destination_type not in ("local", "volume"):
        raise InvalidBlockDevice(
            f"Unrecognized source type '{device.source_type}' or destination type '{device.destination_type}'."
        )
    if device.source_type != "blank" and not device.source_id:
        raise InvalidBlockDevice("Missing device UUID.")
    if device.is_volume:
        _validate_volume(device)
        return
    if device.source_type in ("volume", "snapshot"):
        raise InvalidBlockDevice(f"Mapping a {device.source_type} to a local disk is not supported.")
    if device.source_type == "image" and device.boot_index != 0:
        raise InvalidBlockDevice("Mapping image to local is not supported.")
    if device.source_type == "blank" and device.boot_index is not None:
        raise InvalidBlockDevice("Booting from a blank local disk is not supported.")
    if device.volume_type:
        raise Invalid("Specifying a volume_type with destination_type=local is not supported.")


def _validate_volume(device: BlockDevice) -> None:
    if device.source_type == "blank" and not device.size_gib:
        raise InvalidBlockDevice("Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size")
    if device.source_type == "image" and not device.size_gib:
        raise InvalidBlockDevice("Images with destination_type 'volume' need to have a non-zero size specified")
    if device.source_type == "volume" and device.volume_type:
        raise Invalid("Specifying volume type to existing volume is not supported.")


def _parse_image_devices(document: str) -> list[BlockDevice]:
    """Return the devices of `IMAGE_PROPERTY`, in the format that `build_image_property` writes. Raises Invalid."""
    if not document:
        return []
    try:
        items = msgspec.json.decode(document, type=list[_ImageDevice])
    except NOT_JSON as error:
        raise InvalidBlockDevice(f"The image's property {IMAGE_PROPERTY} is invalid: {error}") from error
    return [
        BlockDevice(
            source_type="snapshot",
            destination_type="volume",
            source_id=item.snapshot_id,
            boot_index=item.boot_index,
            size_gib=item.volume_size,
            delete_on_termination=item.delete_on_termination,
            device=item.device_name or "",
            tag=item.tag,
            volume_type=item.volume_type or "",
        )
        for item in items
        if item.snapshot_id
    ]


class _ImageDevice(msgspec.Struct, kw_only=True):
    snapshot_id: str | None = None
    boot_index: int | None = None
    volume_size: int | None = None
    delete_on_termination: bool = False
    device_name: str | None = None
    tag: str | None = None
    volume_type: str | None = None


def build_image_property(devices: Sequence[BlockDevice]) -> str:
    """Return the value of `IMAGE_PROPERTY` for the snapshots of a server's volumes."""
    items: list[dict[str, Any]] = [
        {
            "source_type": "snapshot",
            "destination_type": "volume",
            "snapshot_id": device.source_id,
            "boot_index": device.boot_index,
            "volume_size": device.size_gib,
            "delete_on_termination": device.delete_on_termination,
            "device_name": device.device,
            "tag": device.tag,
            "volume_type": device.volume_type or None,
            "image_id": None,
            "volume_id": None,
            "no_device": None,
            "guest_format": None,
            "disk_bus": None,
            "device_type": "disk" if device.boot_index == 0 else None,
        }
        for device in devices
    ]
    return msgspec.json.encode(items).decode()
