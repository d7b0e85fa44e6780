"""Attributes and states of the resource types with a parser in Python (`nova`, `cinder`); no meter file has them."""

from stratiform.services.ingest.parsing.meter_files import ValueType

#: Resource type to attribute to type.
ATTRIBUTES: dict[str, dict[str, ValueType]] = {
    "instance": {
        "vcpus": "integer",
        "ram_mib": "integer",
        "disk_gib": "integer",
        "root_gib": "integer",
        "ephemeral_gib": "integer",
        "flavor": "text",
        "flavor_id": "text",
        "availability_zone": "text",
        "image_id": "text",
        "image_name": "text",
        "os_type": "text",
        "os_distro": "text",
        "os_version": "text",
    },
    "volume": {
        "size_gib": "integer",
        "volume_type": "text",
        "volume_type_name": "text",
        "availability_zone": "text",
        "attached_to": "text",
    },
}

#: Resource type to the states of its use.
STATES: dict[str, tuple[str, ...]] = {
    "instance": (
        "active", "error", "paused", "rescued", "resized", "shelved", "shelved_offloaded", "soft-delete", "stopped",
        "suspended",
    ),
    "volume": ("available", "error", "in-use", "maintenance"),
}  # fmt: skip
