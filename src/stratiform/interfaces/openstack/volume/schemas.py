"""Bodies of requests to the Volume API. Source: cinder/api/schemas."""

from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from stratiform.kit.errors import Invalid

_TRUE = frozenset({"1", "t", "true", "on", "y", "yes"})
_FALSE = frozenset({"0", "f", "false", "off", "n", "no"})

T = TypeVar("T")


class VolumeCreate(Struct):
    size: int | str | None = None
    name: str | None = None
    display_name: str | None = None
    description: str | None = None
    display_description: str | None = None
    volume_type: str | None = None
    availability_zone: str | None = None
    imageRef: str | None = None  # noqa: N815  (Cinder's own spelling)
    image_id: str | None = None
    snapshot_id: str | None = None
    source_volid: str | None = None
    backup_id: str | None = None
    consistencygroup_id: str | None = None
    group_id: str | None = None
    multiattach: bool | str | None = None
    metadata: dict[str, str] | None = None


class VolumeCreateBody(Struct):
    volume: VolumeCreate


class VolumeUpdate(Struct):
    name: str | UnsetType | None = UNSET
    display_name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    display_description: str | UnsetType | None = UNSET
    metadata: dict[str, str] | None = None


class VolumeUpdateBody(Struct):
    volume: VolumeUpdate


class MetadataBody(Struct):
    metadata: dict[str, str]


class MetaBody(Struct):
    meta: dict[str, str]


class Extend(Struct):
    new_size: int | str


class ResetStatus(Struct):
    status: str | None = None
    attach_status: str | None = None
    migration_status: str | None = None


class SetBootable(Struct):
    bootable: bool | str


class ReadOnly(Struct):
    readonly: bool | str


class Retype(Struct):
    new_type: str
    migration_policy: str | None = None


class ImageMetadata(Struct):
    metadata: dict[str, str]


class ImageMetadataKey(Struct):
    key: str


class TypeCreate(Struct):
    name: str
    description: str | None = None
    extra_specs: dict[str, str] | None = None
    is_public: bool | str | None = msgspec.field(name="os-volume-type-access:is_public", default=None)


class TypeCreateBody(Struct):
    volume_type: TypeCreate


class TypeUpdate(Struct):
    name: str | None = None
    description: str | None = None
    is_public: bool | str | None = None


class TypeUpdateBody(Struct):
    volume_type: TypeUpdate


class ExtraSpecsBody(Struct):
    extra_specs: dict[str, str]


class Access(Struct):
    project: str


def convert(value: Any, into: type[T]) -> T:
    """A part of a body as a typed schema. Raises Invalid, with the place of what is wrong."""
    try:
        return msgspec.convert(value, into)
    except msgspec.ValidationError as error:
        raise Invalid(str(error)) from error


def whole(value: int | str | None, name: str) -> int | None:
    """A number that may come as text. Raises Invalid."""
    if value is None or value == "":
        return None
    try:
        return int(value)
    except ValueError as error:
        raise Invalid(f"Invalid input for field/attribute {name}. Value: {value}. It must be an integer.") from error


def truth(value: bool | str, name: str) -> bool:
    """A boolean that may come as text. Raises Invalid."""
    if isinstance(value, bool):
        return value
    if value.strip().lower() in _TRUE:
        return True
    if value.strip().lower() in _FALSE:
        return False
    raise Invalid(f"Invalid input for field/attribute {name}. Value: {value}. '{value}' is not a boolean.")
