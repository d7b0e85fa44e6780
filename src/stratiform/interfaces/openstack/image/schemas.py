"""Bodies of the Image API. Source: Image API v2, "Images", "JSON patch media types"."""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.services import decode
from stratiform.kit.errors import Fault, Invalid
from stratiform.services.image.model import ImageChange

PATCH_TYPES = ("application/openstack-images-v2.1-json-patch", "application/openstack-images-v2.0-json-patch")


class UnsupportedMedia(Fault):
    """The body has a type that this route doesn't read."""

    status = 415


class Step(Struct):
    """One step of a JSON patch (RFC 6902; only these three are images')."""

    op: str
    path: str
    value: Any = UNSET


class NewMember(Struct):
    """`POST /images/{id}/members`."""

    member: str | UnsetType = UNSET


class MemberStatus(Struct):
    """`PUT /images/{id}/members/{member}`."""

    status: str | UnsetType = UNSET


def changes(body: bytes, media_type: str) -> list[ImageChange]:
    """The steps of a patch. Raises UnsupportedMedia, Invalid."""
    kind = media_type.split(";", 1)[0].strip()
    if kind not in PATCH_TYPES:
        raise UnsupportedMedia(f"The server does not support a body of type '{kind}' here; use {PATCH_TYPES[0]}.")
    steps = decode(body, list[Step]) if kind == PATCH_TYPES[0] else [_old(step) for step in decode(body, list[Any])]
    return [_change(step) for step in steps]


def _old(step: Any) -> Step:
    """The form of v2.0: `{"replace": "/name", "value": …}`."""
    for op in ("add", "replace", "remove"):
        if isinstance(step, dict) and isinstance(step.get(op), str):
            path = step[op] if step[op].startswith("/") else f"/{step[op]}"
            return Step(op, path, step.get("value", UNSET))
    raise Invalid("Operations must be one of add, replace, remove.")


def _change(step: Step) -> ImageChange:
    if step.op not in ("add", "replace", "remove"):
        raise Invalid(f"Operation '{step.op}' is not one of add, replace, remove.")
    if not step.path.startswith("/") or step.path.endswith("/") or "//" in step.path:
        raise Invalid(f"Pointer `{step.path}` is not valid.")
    if step.op != "remove" and step.value is UNSET:
        raise Invalid(f"Operation '{step.op}' requires a member named 'value'.")
    name, *rest = step.path[1:].split("/")
    if rest and name != "locations":
        raise Invalid(f"Invalid JSON pointer for this resource: '{step.path}'")
    value = None if step.value is UNSET else msgspec.to_builtins(step.value)
    return ImageChange(step.op, name.replace("~1", "/").replace("~0", "~"), value)
