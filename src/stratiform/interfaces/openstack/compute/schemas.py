"""Bodies of requests, and what is said of wrong ones. Source: the Compute API reference's request tables."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.services import NOT_JSON
from stratiform.kit.errors import Invalid
from stratiform.services.compute.errors import InvalidField

T = TypeVar("T")

Name = Annotated[str, Meta(min_length=1, max_length=255)]
Text = Annotated[str, Meta(max_length=255)]
Metadata = dict[str, str]

#: Values that must not come back in a message.
_HIDDEN = {"adminPass", "user_data", "public_key", "personality"}
_PLACE = re.compile(r"(?P<reason>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"field `([^`]*)`")


def decode(body: bytes, into: type[T]) -> T:
    """The JSON body as a schema; numbers and booleans may be texts, as in Nova. Raises InvalidField, Invalid."""
    try:
        return msgspec.json.decode(body or b"null", type=into, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(body, str(error)) from error
    except NOT_JSON as error:
        raise Invalid("The request body is not valid JSON.") from error


def _invalid(body: bytes, said: str) -> Invalid:
    found = _PLACE.match(said)
    reason, path = (found["reason"], found["path"] or "$") if found else (said, "$")
    named = _NAMED.search(reason)
    if named is not None and "missing" in reason:
        reason = f"'{named[1]}' is a required property"
    elif named is not None and "unknown" in reason:
        reason = f"Additional properties are not allowed ('{named[1]}' was unexpected)"
    try:
        tree = msgspec.json.decode(body or b"null")
    except NOT_JSON:  # a part that the schema didn't get to
        return Invalid("The request body is not valid JSON.")
    steps = [step for step in re.split(r"[.\[\]]+", path.removeprefix("$")) if step and step != "..."]
    return InvalidField(steps[-1] if steps else "body", _shown(_at(tree, steps)), reason)


def _at(value: Any, steps: list[str]) -> Any:
    for step in steps:
        if step in _HIDDEN:
            return "***"
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
    return value


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        value = {key: "***" if key in _HIDDEN else inner for key, inner in value.items()}
    return str(value)[:255]


def require_version(
    given: Struct, asked: int, since: Mapping[str, int], until: Mapping[str, int] | None = None
) -> None:
    """Raises InvalidField for a field that the microversion does not have (yet, or any more)."""
    for name, encoded in zip(given.__struct_fields__, given.__struct_encode_fields__, strict=True):
        if getattr(given, name) is UNSET:
            continue
        if asked < since.get(name, 0) or asked > (until or {}).get(name, asked):
            reason = f"Additional properties are not allowed ('{encoded}' was unexpected)"
            raise InvalidField(type(given).__name__.removeprefix("New").lower(), "{...}", reason)


def given(struct: Struct) -> dict[str, Any]:
    """The fields that the request had."""
    return {name: getattr(struct, name) for name in struct.__struct_fields__ if getattr(struct, name) is not UNSET}


def check_name(name: str, what: str = "name") -> str:
    """Raises InvalidField for spaces at the ends, or characters that can't be printed."""
    if name != name.strip() or not name.isprintable():
        raise InvalidField(what, name, f"{name!r} has spaces at its ends, or characters that can't be printed.")
    return name


class NewNetwork(Struct, forbid_unknown_fields=True):
    """One of `networks`."""

    uuid: str | UnsetType = UNSET
    port: str | UnsetType | None = UNSET
    fixed_ip: str | UnsetType = UNSET
    tag: str | UnsetType = UNSET


class NewDevice(Struct, forbid_unknown_fields=True):
    """One of `block_device_mapping_v2`."""

    boot_index: int | None = None
    source_type: str = ""
    destination_type: str = ""
    uuid: str | None = None
    delete_on_termination: bool = False
    device_name: str | None = None
    volume_size: int | str | None = None
    guest_format: str | None = None
    disk_bus: str | None = None
    device_type: str | None = None
    no_device: Any = None
    tag: str | UnsetType = UNSET
    volume_type: str | UnsetType | None = UNSET


class Named(Struct):
    """Something by its name."""

    name: str


class NewServer(Struct, forbid_unknown_fields=True):
    """`POST /servers`."""

    name: Name
    flavor_ref: str | int = field(name="flavorRef")
    image_ref: str = field(name="imageRef", default="")
    networks: str | list[NewNetwork] | UnsetType = UNSET
    key_name: str | None = None
    user_data: str | None = None
    metadata: Metadata = field(default_factory=dict)
    min_count: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    max_count: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    return_reservation_id: bool = False
    availability_zone: Text | None = None
    config_drive: bool | str | None = None
    security_groups: list[Named] = field(default_factory=list)
    personality: Any = UNSET
    description: Text | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET
    hostname: str | UnsetType = UNSET
    host: str | UnsetType = UNSET
    hypervisor_hostname: str | UnsetType = UNSET
    trusted_image_certificates: Any = UNSET
    block_device_mapping: Any = UNSET
    block_device_mapping_v2: list[NewDevice] = field(default_factory=list)
    disk_config: str = field(name="OS-DCF:diskConfig", default="MANUAL")
    access_ip_v4: str = field(name="accessIPv4", default="")
    access_ip_v6: str = field(name="accessIPv6", default="")
    admin_pass: Any = field(name="adminPass", default=UNSET)
    hints: Any = field(name="OS-SCH-HNT:scheduler_hints", default=UNSET)


NEW_SERVER_SINCE = {
    "description": 19,
    "tags": 52,
    "trusted_image_certificates": 63,
    "host": 74,
    "hypervisor_hostname": 74,
    "hostname": 90,
}
NEW_SERVER_UNTIL = {"personality": 56}


class CreateServer(Struct, forbid_unknown_fields=True):
    """`{"server": …}`; scheduler hints are taken and have no effect."""

    server: NewServer
    hints: Any = field(name="os:scheduler_hints", default=UNSET)
    hints2: Any = field(name="OS-SCH-HNT:scheduler_hints", default=UNSET)


class ServerChanges(Struct, forbid_unknown_fields=True):
    """`PUT /servers/{id}`."""

    name: Name | UnsetType = UNSET
    description: Text | UnsetType | None = UNSET
    hostname: str | UnsetType = UNSET
    disk_config: str | UnsetType = field(name="OS-DCF:diskConfig", default=UNSET)
    access_ip_v4: str | UnsetType = field(name="accessIPv4", default=UNSET)
    access_ip_v6: str | UnsetType = field(name="accessIPv6", default=UNSET)


class UpdateServer(Struct, forbid_unknown_fields=True):
    """`{"server": …}`."""

    server: ServerChanges


class Rebuild(Struct, forbid_unknown_fields=True):
    """`{"rebuild": …}`."""

    image_ref: str = field(name="imageRef")
    name: Name | UnsetType = UNSET
    description: Text | UnsetType | None = UNSET
    metadata: Metadata | UnsetType = UNSET
    hostname: str | UnsetType = UNSET
    key_name: str | UnsetType | None = UNSET
    user_data: str | UnsetType | None = UNSET
    disk_config: str | UnsetType = field(name="OS-DCF:diskConfig", default=UNSET)
    access_ip_v4: str | UnsetType = field(name="accessIPv4", default=UNSET)
    access_ip_v6: str | UnsetType = field(name="accessIPv6", default=UNSET)
    preserve_ephemeral: Any = UNSET
    admin_pass: Any = field(name="adminPass", default=UNSET)
    personality: Any = UNSET
    trusted_image_certificates: Any = UNSET


REBUILD_SINCE = {"description": 19, "key_name": 54, "user_data": 57, "trusted_image_certificates": 63, "hostname": 90}


class NewFlavor(Struct, forbid_unknown_fields=True):
    """`POST /flavors`."""

    name: Name
    ram: int
    vcpus: int
    disk: int
    id: str | int | None = None
    swap: int | str = 0
    ephemeral: int = field(name="OS-FLV-EXT-DATA:ephemeral", default=0)
    rxtx_factor: float | str = 1.0
    is_public: bool = field(name="os-flavor-access:is_public", default=True)
    description: Annotated[str, Meta(max_length=65535)] | UnsetType | None = UNSET


class CreateFlavor(Struct, forbid_unknown_fields=True):
    """`{"flavor": …}`."""

    flavor: NewFlavor


class FlavorChanges(Struct, forbid_unknown_fields=True):
    """`PUT /flavors/{id}`, from 2.55 on."""

    description: Annotated[str, Meta(max_length=65535)] | None


class UpdateFlavor(Struct, forbid_unknown_fields=True):
    """`{"flavor": …}`."""

    flavor: FlavorChanges


class ExtraSpecs(Struct, forbid_unknown_fields=True):
    """`{"extra_specs": …}`."""

    extra_specs: dict[str, str | int | float]


class NewKeyPair(Struct, forbid_unknown_fields=True):
    """`POST /os-keypairs`."""

    name: Name
    public_key: str | None = None
    type: str | UnsetType = UNSET
    user_id: str | UnsetType = UNSET


class CreateKeyPair(Struct, forbid_unknown_fields=True):
    """`{"keypair": …}`."""

    keypair: NewKeyPair


class MetadataBody(Struct, forbid_unknown_fields=True):
    """`{"metadata": …}`."""

    metadata: Metadata


class MetaBody(Struct, forbid_unknown_fields=True):
    """`{"meta": …}`."""

    meta: Metadata


class TagsBody(Struct, forbid_unknown_fields=True):
    """`{"tags": […]}`."""

    tags: list[str]


class NewAttachment(Struct, forbid_unknown_fields=True):
    """`POST /servers/{id}/os-volume_attachments`."""

    volume_id: str = field(name="volumeId")
    device: str | None = None
    tag: Any = UNSET
    delete_on_termination: bool | UnsetType = UNSET


class AttachVolume(Struct, forbid_unknown_fields=True):
    """`{"volumeAttachment": …}`."""

    attachment: NewAttachment = field(name="volumeAttachment")


class AttachmentChanges(Struct):
    """`PUT /servers/{id}/os-volume_attachments/{volume}`."""

    volume_id: str = field(name="volumeId")
    delete_on_termination: bool = False


class UpdateAttachment(Struct, forbid_unknown_fields=True):
    """`{"volumeAttachment": …}`."""

    attachment: AttachmentChanges = field(name="volumeAttachment")
