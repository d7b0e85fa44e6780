"""Attributes of images: which of them a request may set, and their values. Source: glance/api/v2/images.py."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Forbidden, Invalid
from stratiform.services.image import policy
from stratiform.services.image.errors import ReadOnlyAttribute, ReservedAttribute
from stratiform.services.image.model import (
    CONTAINER_FORMATS,
    DISK_FORMATS,
    READ_ONLY_ATTRIBUTES,
    RESERVED_ATTRIBUTES,
    VISIBILITIES,
    WRITABLE_ATTRIBUTES,
    Image,
    ImageChange,
)

_ENUMS: dict[str, tuple[str | None, ...]] = {
    "disk_format": (*DISK_FORMATS, None),
    "container_format": (*CONTAINER_FORMATS, None),
    "visibility": VISIBILITIES,
}
_BOOLEANS = ("protected", "os_hidden")
_INTEGERS = ("min_disk", "min_ram")
_MAX_LENGTH = 255
_MAX_INTEGER = 2**31 - 1


def apply_change(ctx: RequestContext, image: Image, change: ImageChange) -> Image:
    """Return the image with one operation of a JSON patch applied. Raises Invalid, Forbidden, Conflict."""
    if change.name in READ_ONLY_ATTRIBUTES:
        raise ReadOnlyAttribute(change.name)
    if change.op == "remove":
        return _remove_property(image, change.name)
    exists = change.name in WRITABLE_ATTRIBUTES or change.name in image.properties
    if change.op == "replace" and not exists:
        raise Conflict(f"Property {change.name} does not exist.")
    return set_attributes(ctx, image, {change.name: change.value})


def set_attributes(ctx: RequestContext, image: Image, values: Mapping[str, object]) -> Image:
    """Return the image with new attributes and custom properties. Raises Invalid, Forbidden."""
    fields: dict[str, Any] = {}
    properties = dict(image.properties)
    for name, value in values.items():
        if name in READ_ONLY_ATTRIBUTES:
            raise ReadOnlyAttribute(name)
        if name in RESERVED_ATTRIBUTES or name.startswith("os_glance_"):
            raise ReservedAttribute(name)
        if name == "locations":
            raise Invalid("new_image() got unexpected keywords dict_keys(['locations'])")
        if name in WRITABLE_ATTRIBUTES:
            fields[name] = validate_attribute(name, value)
        else:
            properties[name] = _validate_property(name, value)
    _require_permission(ctx, image, fields)
    return replace(image, **fields, properties=properties)


def validate_attribute(name: str, value: object) -> object:
    """Return the value to store for a writable attribute. Raises Invalid."""
    if name == "tags":
        return validate_tags(value)
    if name in _ENUMS:
        _require(value in _ENUMS[name], name, value, f"is not one of {list(_ENUMS[name])}")
    elif name in _BOOLEANS:
        _require(isinstance(value, bool), name, value, "is not of type 'boolean'")
    elif name in _INTEGERS:
        is_valid = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_INTEGER
        _require(is_valid, name, value, f"is not an integer between 0 and {_MAX_INTEGER}")
    elif value is not None or name != "name":
        _require(_is_short_string(value), name, value, f"is not a string of at most {_MAX_LENGTH} characters")
    return value


def validate_tags(value: object) -> list[str]:
    """Return the tags in order and without duplicates. Raises Invalid."""
    tags = value if isinstance(value, list) else []
    is_valid = isinstance(value, list) and all(_is_short_string(tag) and tag for tag in tags)
    _require(is_valid, "tags", value, f"is not an array of strings of 1 to {_MAX_LENGTH} characters")
    return sorted(set(tags))


def _remove_property(image: Image, name: str) -> Image:
    if name in WRITABLE_ATTRIBUTES:
        raise Forbidden(f"Property {name} may not be removed.")
    if name.startswith("os_glance_"):
        raise ReservedAttribute(name)
    if name not in image.properties:
        raise Conflict(f"Property {name} does not exist.")
    return replace(image, properties={key: value for key, value in image.properties.items() if key != name})


def _require_permission(ctx: RequestContext, image: Image, fields: Mapping[str, object]) -> None:
    """Require the rules for changes that not every member of the project may make."""
    visibility = fields.get("visibility")
    if visibility != image.visibility and visibility in ("public", "community"):
        rule = policy.IMAGES_PUBLICIZE if visibility == "public" else policy.IMAGES_COMMUNITIZE
        rule.require(ctx.caller, image.owner)
    if "owner" in fields and fields["owner"] != image.owner and not ctx.caller.is_admin:
        raise Forbidden("You are not permitted to change the owner of this image.")
    for name in ("disk_format", "container_format"):
        if name in fields and fields[name] != getattr(image, name) and image.status != "queued":
            raise Forbidden(f"Attribute {name} can be only replaced for a queued image.")


def _validate_property(name: str, value: object) -> str:
    _require(0 < len(name) <= _MAX_LENGTH and "/" not in name, name, name, "is not a valid property name")
    _require(isinstance(value, str), name, value, "is not of type 'string'")
    return str(value)


def _is_short_string(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_LENGTH


def _require(is_valid: bool, name: str, value: object, problem: str) -> None:
    if not is_valid:
        raise Invalid(f"Provided object does not match schema 'image': {value!r} {problem}: '{name}'")
