"""Identifiers of the EC2 API: a prefix and the 32 hexadecimal digits of a UUID, so that no table is needed."""

import re
from uuid import UUID

_EC2_ID = re.compile(r"([a-z]+)-([0-9a-f]{32})")


def encode_ec2_id(prefix: str, resource_id: str) -> str:
    """Return `i-0123…` for the prefix `i` and the UUID of a resource; "" for an empty one."""
    return f"{prefix}-{resource_id.replace('-', '')}" if resource_id else ""


def decode_ec2_id(prefix: str, ec2_id: str) -> str | None:
    """Return the UUID of an identifier with this prefix, or None if it is malformed."""
    match = _EC2_ID.fullmatch(ec2_id)
    return str(UUID(match[2])) if match and match[1] == prefix else None
