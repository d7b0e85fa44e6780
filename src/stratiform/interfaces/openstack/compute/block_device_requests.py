"""From the block devices of `POST /servers` to those of the compute service."""

from collections.abc import Sequence

from msgspec import UnsetType

from stratiform.interfaces.endpoints.decoding import parse_bool
from stratiform.interfaces.openstack.compute.parsing import parse_reference
from stratiform.interfaces.openstack.compute.schemas.servers import BlockDevice as BlockDeviceBody
from stratiform.interfaces.openstack.compute.schemas.servers import LegacyBlockDevice, ServerCreate
from stratiform.kit.errors import Invalid
from stratiform.kit.number_parsing import parse_int, parse_uint
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.model import BlockDevice
from stratiform.services.compute.model.block_devices import convert_legacy_devices

_SOURCES = {"image": "image_id", "snapshot": "snapshot_id", "volume": "volume_id"}

#: Where a disk is unless the request names it.
_DESTINATIONS = {"volume": "volume", "snapshot": "volume", "image": "local", "blank": "local"}

_MAX_DEVICE_LENGTH = 255
_MAX_TAG_LENGTH = 60


def parse_image_reference(body: ServerCreate) -> str:
    """Return the id of the image, "" if there is none. Raises Invalid unless the server has something to boot from."""
    image_id = parse_reference(body.image_ref)
    if not image_id and not body.block_device_mapping_v2 and not body.block_device_mapping:
        raise Invalid("Missing imageRef attribute")
    return image_id


def build_block_devices(body: ServerCreate) -> tuple[BlockDevice, ...]:
    """Raises Invalid, InvalidField."""
    if body.block_device_mapping and body.block_device_mapping_v2:
        raise Invalid("Using different block_device_mapping syntaxes is not allowed in the same request.")
    if body.block_device_mapping:
        devices = [_build_legacy_device(device) for device in body.block_device_mapping if not device.no_device]
        return tuple(convert_legacy_devices(devices, has_image=bool(body.image_ref)))
    return tuple(_build_device(device) for device in body.block_device_mapping_v2 if not device.no_device)


def _build_device(device: BlockDeviceBody) -> BlockDevice:
    source_type = device.source_type or _infer_source_type(device)
    source_id = device.uuid or getattr(device, _SOURCES.get(source_type, ""), None) or ""
    return BlockDevice(
        source_type=source_type,
        destination_type=device.destination_type or _DESTINATIONS.get(source_type, ""),
        source_id=source_id,
        boot_index=_parse_boot_index(device.boot_index),
        size_gib=_parse_size(device.volume_size),
        volume_type=device.volume_type if isinstance(device.volume_type, str) else "",
        delete_on_termination=parse_flag(device.delete_on_termination),
        device=_parse_device(device.device_name),
        tag=parse_tag(device.tag),
        is_swap=device.guest_format == "swap",
    )


def _build_legacy_device(device: LegacyBlockDevice) -> BlockDevice:
    source_type = "volume" if device.volume_id else "snapshot"
    return BlockDevice(
        source_type=source_type,
        destination_type="volume",
        source_id=device.volume_id or device.snapshot_id or "",
        size_gib=None if device.volume_id else _parse_size(device.volume_size),
        delete_on_termination=parse_flag(device.delete_on_termination),
        device=_parse_device(device.device_name),
    )


def _infer_source_type(device: BlockDeviceBody) -> str:
    """Return the type of the source that the device names, as clients of the older names expect."""
    sources: Sequence[str] = [kind for kind, name in _SOURCES.items() if getattr(device, name)]
    return sources[0] if sources else "blank"


def _parse_boot_index(value: int | str | None) -> int | None:
    """Return None for null and negative numbers, which exclude a disk from booting. Raises InvalidField."""
    if value is None:
        return None
    number = parse_int(value) if isinstance(value, str) else value
    if number is None:
        raise InvalidField("boot_index", value, f"{value!r} is not an integer")
    return number if number >= 0 else None


def _parse_size(value: int | str | None) -> int | None:
    """Return a size in GiB, None for null and the empty text. Raises InvalidField."""
    if value is None or value == "":
        return None
    size = parse_uint(value) if isinstance(value, str) else value
    if size is None:
        raise InvalidField("volume_size", value, f"{value!r} is not an integer")
    if not 0 < size < 2**31:
        raise InvalidField("volume_size", value, f"{size} is not between 1 and 2147483647")
    return size


def parse_flag(value: bool | str) -> bool:
    """Return `delete_on_termination`, which may be a text. Raises InvalidField."""
    if isinstance(value, bool):
        return value
    return parse_bool(value, "delete_on_termination", InvalidField)


def _parse_device(name: str | None) -> str:
    if name and (len(name) > _MAX_DEVICE_LENGTH or " " in name):
        raise InvalidField("device_name", name, "The device name must not contain spaces or be longer than 255.")
    return name or ""


def parse_tag(tag: str | UnsetType) -> str | None:
    """Return the tag of a device, None without one. Raises InvalidField."""
    if not isinstance(tag, str):
        return None
    if not 0 < len(tag) <= _MAX_TAG_LENGTH or "/" in tag or "," in tag:
        raise InvalidField("tag", tag, f"{tag!r} does not match '^[^,/]*$', or is not 1 to {_MAX_TAG_LENGTH} long")
    return tag
