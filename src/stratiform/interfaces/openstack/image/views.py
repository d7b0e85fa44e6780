"""Answers of the Image API. Source: Image API v2."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from stratiform.kit.clock import iso_seconds
from stratiform.kit.pagination import Slice
from stratiform.services.image.model import (
    CONTAINER_FORMATS,
    DISK_FORMATS,
    MEMBER_STATUSES,
    STATUSES,
    VISIBILITIES,
    Image,
    ImageMember,
)

Body = dict[str, Any]


def image(record: Image) -> Body:
    """The customer's own properties stand beside ours; where names meet, ours hold."""
    return record.properties | {
        "id": record.id,
        "name": record.name,
        "status": record.status,
        "visibility": record.visibility,
        "owner": record.owner,
        "protected": record.protected,
        "os_hidden": record.os_hidden,
        "disk_format": record.disk_format,
        "container_format": record.container_format,
        "size": record.size,
        "virtual_size": record.virtual_size,
        "checksum": record.checksum,
        "os_hash_algo": record.os_hash_algo,
        "os_hash_value": record.os_hash_value,
        "min_disk": record.min_disk,
        "min_ram": record.min_ram,
        "tags": record.tags,
        "created_at": iso_seconds(record.created_at),
        "updated_at": iso_seconds(record.updated_at),
        "self": f"/v2/images/{record.id}",
        "file": f"/v2/images/{record.id}/file",
        "schema": "/v2/schemas/image",
    }


def images(found: Slice[Image], query: Sequence[tuple[str, str]]) -> Body:
    """A page; `next` where there is another."""
    rest = [(name, value) for name, value in query if name != "marker"]
    answer: Body = {
        "images": [image(record) for record in found.items],
        "first": _link(rest),
        "schema": "/v2/schemas/images",
    }
    if found.more and found.items:
        answer["next"] = _link([*rest, ("marker", found.items[-1].id)])
    return answer


def _link(query: Sequence[tuple[str, str]]) -> str:
    return "/v2/images" + (f"?{urlencode(query)}" if query else "")


def member(record: ImageMember) -> Body:
    return {
        "member_id": record.member_id,
        "image_id": record.image_id,
        "status": record.status,
        "created_at": iso_seconds(record.created_at),
        "updated_at": iso_seconds(record.updated_at),
        "schema": "/v2/schemas/member",
    }


def members(found: Sequence[ImageMember]) -> Body:
    return {"members": [member(record) for record in found], "schema": "/v2/schemas/members"}


def _text(description: str, *, read_only: bool = False, null: bool = True, **more: Any) -> Body:
    said: Body = {"type": ["null", "string"] if null else "string", "description": description, **more}
    return said | {"readOnly": True} if read_only else said


def _number(description: str, *, read_only: bool = False) -> Body:
    said: Body = {"type": ["null", "integer"] if read_only else "integer", "description": description}
    return said | {"readOnly": True} if read_only else said | {"minimum": 0, "maximum": 2**31 - 1}


IMAGE_SCHEMA: Body = {
    "name": "image",
    "properties": {
        "id": _text("An identifier for the image", null=False, pattern="^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"),
        "name": _text("Descriptive name for the image", maxLength=255),
        "status": _text("Status of the image", null=False, read_only=True, enum=list(STATUSES)),
        "visibility": _text("Who sees the image", null=False, enum=list(VISIBILITIES)),
        "owner": _text("Owner of the image", maxLength=255),
        "protected": {"type": "boolean", "description": "If true, the image can't be deleted."},
        "os_hidden": {"type": "boolean", "description": "If true, the image is not in the default list."},
        "disk_format": _text("Format of the disk", enum=[None, *DISK_FORMATS]),
        "container_format": _text("Format of the container", enum=[None, *CONTAINER_FORMATS]),
        "size": _number("Size of the image in bytes", read_only=True),
        "virtual_size": _number("Virtual size of the image in bytes", read_only=True),
        "checksum": _text("MD5 of the image's bytes", read_only=True, maxLength=32),
        "os_hash_algo": _text("Algorithm of os_hash_value", read_only=True, maxLength=64),
        "os_hash_value": _text("Hash of the image's bytes in hexadecimal digits", read_only=True, maxLength=128),
        "min_disk": _number("Disk in GiB that a server needs to boot the image"),
        "min_ram": _number("Memory in MiB that a server needs to boot the image"),
        "tags": {
            "type": "array",
            "description": "Texts that belong to the image",
            "items": {"type": "string", "maxLength": 255},
        },
        "created_at": _text("When the image was made", null=False, read_only=True),
        "updated_at": _text("When the image was changed last", null=False, read_only=True),
        "self": _text("The image's own address", null=False, read_only=True),
        "file": _text("Where the image's bytes are", null=False, read_only=True),
        "schema": _text("Where this schema is", null=False, read_only=True),
    },
    "additionalProperties": {"type": "string"},
    "links": [
        {"rel": "self", "href": "{self}"},
        {"rel": "enclosure", "href": "{file}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}

MEMBER_SCHEMA: Body = {
    "name": "member",
    "properties": {
        "member_id": _text("A project that the image is shared with", null=False),
        "image_id": _text("The image", null=False),
        "status": _text("What the member says to it", null=False, enum=list(MEMBER_STATUSES)),
        "created_at": _text("When it was offered", null=False),
        "updated_at": _text("When it was changed last", null=False),
        "schema": _text("Where this schema is", null=False, read_only=True),
    },
}


def many(noun: str, schema: Body) -> Body:
    """The schema of a list."""
    return {
        "name": noun,
        "properties": {
            noun: {"type": "array", "items": schema},
            "first": {"type": "string"},
            "next": {"type": "string"},
            "schema": {"type": "string"},
        },
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    }
