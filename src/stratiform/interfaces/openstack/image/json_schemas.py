"""The JSON schemas that the API publishes. Source: Image API v2, "Image Schemas"."""

from stratiform.services.image.model import (
    CONTAINER_FORMATS,
    DISK_FORMATS,
    MEMBER_STATUSES,
    STATUSES,
    VISIBILITIES,
)

JsonSchema = dict[str, object]

_UUID_PATTERN = "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"


def _string(description: str, *, read_only: bool = False, nullable: bool = True, **keywords: object) -> JsonSchema:
    schema: JsonSchema = {"type": ["null", "string"] if nullable else "string", "description": description, **keywords}
    return schema | {"readOnly": True} if read_only else schema


def _integer(description: str) -> JsonSchema:
    return {"type": "integer", "description": description, "minimum": 0, "maximum": 2**31 - 1}


def _size(description: str) -> JsonSchema:
    return {"type": ["null", "integer"], "description": description, "readOnly": True}


_LOCATIONS: JsonSchema = {
    "type": "array",
    "description": "A set of URLs to access the image file kept in external store",
    "items": {
        "type": "object",
        "properties": {
            "url": {"type": "string", "maxLength": 255},
            "metadata": {"type": "object"},
            "validation_data": {
                "type": "object",
                "description": "Values of the image; if its status is not 'queued', they must be those that it has",
                "writeOnly": True,
                "additionalProperties": False,
                "properties": {
                    "checksum": {"type": "string", "minLength": 32, "maxLength": 32},
                    "os_hash_algo": {"type": "string", "maxLength": 64},
                    "os_hash_value": {"type": "string", "maxLength": 128},
                },
                "required": ["os_hash_algo", "os_hash_value"],
            },
        },
        "required": ["url", "metadata"],
    },
}

_IMAGE: JsonSchema = {
    "name": "image",
    "properties": {
        "id": _string("An identifier for the image", nullable=False, pattern=_UUID_PATTERN),
        "name": _string("Descriptive name for the image", maxLength=255),
        "status": _string("Status of the image", nullable=False, read_only=True, enum=list(STATUSES)),
        "visibility": _string("Scope of image accessibility", nullable=False, enum=list(VISIBILITIES)),
        "owner": _string("Owner of the image", maxLength=255),
        "protected": {"type": "boolean", "description": "If true, image will not be deletable."},
        "os_hidden": {
            "type": "boolean",
            "description": "If true, image will not appear in default image list response.",
        },
        "disk_format": _string("Format of the disk", enum=[None, *DISK_FORMATS]),
        "container_format": _string("Format of the container", enum=[None, *CONTAINER_FORMATS]),
        "size": _size("Size of image file in bytes"),
        "virtual_size": _size("Virtual size of image in bytes"),
        "checksum": _string("md5 hash of image contents.", read_only=True, maxLength=32),
        "os_hash_algo": _string("Algorithm to calculate the os_hash_value", read_only=True, maxLength=64),
        "os_hash_value": _string(
            "Hexdigest of the image contents using the algorithm specified by the os_hash_algo",
            read_only=True,
            maxLength=128,
        ),
        "min_disk": _integer("Amount of disk space (in GB) required to boot image."),
        "min_ram": _integer("Amount of ram (in MB) required to boot image."),
        "tags": {
            "type": "array",
            "description": "List of strings related to the image",
            "items": {"type": "string", "maxLength": 255},
        },
        "created_at": _string("Date and time of image registration", nullable=False, read_only=True),
        "updated_at": _string("Date and time of the last image modification", nullable=False, read_only=True),
        "self": _string("An image self url", nullable=False, read_only=True),
        "file": _string("An image file url", nullable=False, read_only=True),
        "schema": _string("An image schema url", nullable=False, read_only=True),
        "direct_url": _string("URL to access the image file kept in external store", nullable=False, read_only=True),
        "locations": _LOCATIONS,
    },
    "additionalProperties": {"type": "string"},
    "links": [
        {"rel": "self", "href": "{self}"},
        {"rel": "enclosure", "href": "{file}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}

_MEMBER: JsonSchema = {
    "name": "member",
    "properties": {
        "member_id": _string("An identifier for the image member", nullable=False),
        "image_id": _string("An identifier for the image", nullable=False),
        "status": _string("The status of this image member", nullable=False, enum=list(MEMBER_STATUSES)),
        "created_at": _string("Date and time of image member creation", nullable=False),
        "updated_at": _string("Date and time of last modification of image member", nullable=False),
        "schema": _string("The schema of the image member", nullable=False, read_only=True),
    },
}


def build_collection_schema(name: str, item: JsonSchema) -> JsonSchema:
    """Return the schema of a page of items."""
    return {
        "name": name,
        "properties": {
            name: {"type": "array", "items": item},
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


_TASK: JsonSchema = {
    "name": "task",
    "properties": {
        "id": _string("An identifier for the task", nullable=False, pattern=_UUID_PATTERN),
        "type": _string("The type of task", nullable=False, enum=["import", "api_image_import", "location_import"]),
        "status": _string(
            "The current status of this task", nullable=False, enum=["pending", "processing", "success", "failure"]
        ),
        "input": {"type": ["null", "object"], "description": "The parameters required by task"},
        "result": {"type": ["null", "object"], "description": "The result of current task"},
        "owner": _string("An identifier for the owner of this task", nullable=False),
        "message": _string("Human-readable message about the task", nullable=False),
        "image_id": _string("The image of the task", nullable=False),
        "request_id": _string("The request that created the task", nullable=False),
        "user_id": _string("The user who created the task", nullable=False),
        "expires_at": _string("Time when the task is deleted"),
        "created_at": _string("Time when this resource was created", nullable=False),
        "updated_at": _string("Time when this resource was updated", nullable=False),
        "self": _string("The path of the task", nullable=False, read_only=True),
        "schema": _string("The path of this schema", nullable=False, read_only=True),
    },
}


#: The schemas by name, as in `/v2/schemas/NAME`.
JSON_SCHEMAS = {
    "image": _IMAGE,
    "images": build_collection_schema("images", _IMAGE),
    "member": _MEMBER,
    "task": _TASK,
    "tasks": build_collection_schema("tasks", _TASK),
    "members": build_collection_schema("members", _MEMBER),
}
