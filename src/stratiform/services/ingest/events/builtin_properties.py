"""Attributes and states of the resource types with a parser in Python (`nova`, `cinder`); no meter file has them."""

from stratiform.services.ingest.events.meter_files import ValueType

#: Resource type to attribute to type.
ATTRIBUTES: dict[str, dict[str, ValueType]] = {
    "instance": {
        "vcpus": "whole",
        "ram_mib": "whole",
        "disk_gib": "whole",
        "root_gib": "whole",
        "ephemeral_gib": "whole",
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
        "size_gib": "whole",
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
