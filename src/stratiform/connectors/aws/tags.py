"""Names of the tags on our resources, and access to tags in responses."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        AddressTypeDef,
        ImageTypeDef,
        InstanceTypeDef,
        RouteTableTypeDef,
        SecurityGroupTypeDef,
        SnapshotTypeDef,
        SubnetTypeDef,
        TagTypeDef,
        VolumeTypeDef,
    )

    TaggedResource = (
        AddressTypeDef
        | ImageTypeDef
        | InstanceTypeDef
        | RouteTableTypeDef
        | SecurityGroupTypeDef
        | SnapshotTypeDef
        | SubnetTypeDef
        | VolumeTypeDef
    )

INSTALLATION = "stratiform:installation"
TOKEN = "stratiform:token"  # noqa: S105 - not a password
NETWORK = "stratiform:network"
#: The image of a rebuilt instance, because EC2 reports the one that it was launched from.
IMAGE = "stratiform:image"
#: On root volumes: the token of the server. They have no token of their own, because they are not our volumes.
ROOT_OF = "stratiform:root-of"


def tags_to_dict(tags: "Sequence[TagTypeDef]") -> Mapping[str, str]:
    """Return tags by key."""
    return {tag.get("Key", ""): tag.get("Value", "") for tag in tags}


def get_tag_value(resource: "TaggedResource", key: str) -> str:
    """Return the value of a resource's tag, or ""."""
    return tags_to_dict(resource.get("Tags", [])).get(key, "")
