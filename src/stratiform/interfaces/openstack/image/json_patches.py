"""JSON patches of images. Source: Image API v2, "JSON patch media types"; RFC 6902, RFC 6901."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct

from stratiform.interfaces.endpoints.decoding import decode_body
from stratiform.interfaces.openstack.image.api import api
from stratiform.interfaces.openstack.image.schemas import PatchLocation
from stratiform.kit.errors import Invalid, UnsupportedMediaType
from stratiform.services.image.model import ImageChange, NewLocation

PATCH_V21 = "application/openstack-images-v2.1-json-patch"
PATCH_V20 = "application/openstack-images-v2.0-json-patch"

T = TypeVar("T")

#: The operations on a single location, whose pointers end with its position.
_POSITIONS = {"add": 1, "remove": 1}

_OPERATIONS = ("add", "replace", "remove")


class PatchOperation(Struct):
    """One operation of a patch in the format of v2.1."""

    op: str
    path: str
    value: Any = UNSET


def parse_patch(body: bytes, content_type: str) -> Sequence[ImageChange]:
    """Return the changes of a patch. Raises UnsupportedMediaType, Invalid."""
    media_type = content_type.split(";", 1)[0].strip()
    if media_type == PATCH_V21:
        operations = _decode(body, list[PatchOperation])
    elif media_type == PATCH_V20:
        operations = [_parse_v20(operation) for operation in _decode(body, list[dict[str, Any]])]
    else:
        raise UnsupportedMediaType(f"Unsupported media type '{media_type}', expected {PATCH_V21}.")
    return [_parse_operation(operation) for operation in operations]


def _decode(body: bytes, schema: type[T]) -> T:
    return decode_body(body, schema, minor=0, lenient=False, invalid=api.invalid_field)


def _parse_v20(operation: dict[str, Any]) -> PatchOperation:
    """Parse an operation in the format of v2.0: `{"replace": "/name", "value": …}`."""
    for op in _OPERATIONS:
        path = operation.get(op)
        if isinstance(path, str):
            return PatchOperation(op, f"/{path.removeprefix('/')}", operation.get("value", UNSET))
    raise Invalid("Operations must be one of add, replace, remove.")


def _parse_operation(operation: PatchOperation) -> ImageChange:
    op, path = operation.op, operation.path
    if op not in _OPERATIONS:
        raise Invalid(f"Operation '{op}' is not one of add, replace, remove.")
    if not path.startswith("/") or path.endswith("/") or "//" in path:
        raise Invalid(f"Pointer `{path}` is not valid.")
    if op != "remove" and operation.value is UNSET:
        raise Invalid(f"Operation '{op}' requires a member named 'value'.")
    name, *rest = path[1:].split("/")
    if len(rest) != (_POSITIONS.get(op, 0) if name == "locations" else 0):
        raise Invalid(f"Invalid JSON pointer for this resource: '{path}'")
    value = None if operation.value is UNSET else operation.value
    if name == "locations":
        return _parse_locations_change(op, value, rest[0] if rest else "")
    return ImageChange(op, name.replace("~1", "/").replace("~0", "~"), value)


def _parse_locations_change(op: str, value: Any, position: str) -> ImageChange:
    """Raises Invalid."""
    if op == "remove":
        return ImageChange(op, "locations", None, position)
    if op == "add":
        return ImageChange(op, "locations", _parse_location(value), position)
    if not isinstance(value, list):
        raise api.invalid_field("locations", str(value), "it is not of type 'array'")
    return ImageChange(op, "locations", [_parse_location(item) for item in value])


def _parse_location(value: Any) -> NewLocation:
    """Raises Invalid."""
    try:
        location = msgspec.convert(value, PatchLocation)
    except msgspec.ValidationError as error:
        raise api.invalid_field("locations", str(value), str(error)) from error
    stated = {} if location.validation_data is UNSET else msgspec.to_builtins(location.validation_data)
    return NewLocation(location.url, location.metadata, stated)
