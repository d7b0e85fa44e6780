"""Conversion of EC2 instances to servers, and of server specifications to EC2 requests."""

import base64
from itertools import islice
from typing import TYPE_CHECKING

from stratiform.connectors.aws import tags
from stratiform.contract.compute import NativeServerState, ServerSpec
from stratiform.contract.errors import RequestRejected
from stratiform.kit.clock import Micros, from_datetime

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import InstanceNetworkInterfaceSpecificationTypeDef, InstanceTypeDef

_STATES = {
    "pending": NativeServerState.BUILDING,
    "running": NativeServerState.RUNNING,
    "stopping": NativeServerState.STOPPING,
    "stopped": NativeServerState.STOPPED,
    "shutting-down": NativeServerState.DELETING,
    "terminated": NativeServerState.DELETED,
}

#: Reasons for which AWS terminates an instance that it could not launch or keep running.
_FAILURES = {
    "Client.InternalError",
    "Client.InvalidSnapshot.NotFound",
    "Client.VolumeLimitExceeded",
    "Server.InsufficientInstanceCapacity",
    "Server.InternalError",
}

_MAX_METADATA_TAGS = 40
_MAX_TAG_KEY_LENGTH, _MAX_TAG_VALUE_LENGTH = 128, 256

#: AWS recommends /dev/sdf and later for data volumes: /dev/vdb becomes /dev/sdf, and so on.
_FIRST_LETTER, _LETTER_SHIFT = "b", 4


def to_native_device(device: str) -> str:
    """Return the EC2 name of a Nova device (`/dev/vdb`); other names are unchanged. Raises: RequestRejected."""
    if not device.startswith("/dev/vd"):
        return device
    letter = device.removeprefix("/dev/vd")
    if len(letter) != 1 or not _FIRST_LETTER <= letter <= chr(ord("z") - _LETTER_SHIFT):
        raise RequestRejected(f"device name {device} is not available on AWS")
    return f"/dev/sd{chr(ord(letter) + _LETTER_SHIFT)}"


def get_state(instance: "InstanceTypeDef") -> NativeServerState:
    state = _STATES.get(instance["State"]["Name"], NativeServerState.ERROR)
    if state is NativeServerState.DELETED and instance.get("StateReason", {}).get("Code") in _FAILURES:
        return NativeServerState.ERROR
    return state


def get_first_launch_time(instance: "InstanceTypeDef") -> Micros:
    """Return the time of the first launch: the primary interface's attachment, as LaunchTime is that of the last."""
    attachments = [interface["Attachment"] for interface in instance.get("NetworkInterfaces", [])]
    times = [item["AttachTime"] for item in attachments if item["DeviceIndex"] == 0 and "AttachTime" in item]
    return from_datetime(min([instance["LaunchTime"], *times]))


def get_root_volume_id(instance: "InstanceTypeDef") -> str:
    """Return the native id of the root volume, or "" before it exists."""
    device = instance.get("RootDeviceName", "")
    mappings = instance.get("BlockDeviceMappings", [])
    return next((item["Ebs"]["VolumeId"] for item in mappings if item.get("DeviceName") == device), "")


def build_server_tags(spec: ServerSpec) -> dict[str, str]:
    """Return our token and the metadata, with a prefix and truncated to EC2's limits."""
    metadata = {
        f"metadata:{key}"[:_MAX_TAG_KEY_LENGTH]: value[:_MAX_TAG_VALUE_LENGTH] for key, value in spec.metadata.items()
    }
    return {tags.TOKEN: spec.token, **dict(islice(metadata.items(), _MAX_METADATA_TAGS))}


def build_interface_specifications(spec: ServerSpec) -> "list[InstanceNetworkInterfaceSpecificationTypeDef]":
    specifications: list[InstanceNetworkInterfaceSpecificationTypeDef] = []
    for index, interface in enumerate(spec.interfaces):
        specification: InstanceNetworkInterfaceSpecificationTypeDef = {
            "DeviceIndex": index,
            "SubnetId": interface.subnet_id,
            "PrivateIpAddress": interface.ip_address,
            "DeleteOnTermination": True,
        }
        if interface.security_groups:
            specification["Groups"] = list(interface.security_groups)
        specifications.append(specification)
    return specifications


def decode_user_data(encoded: str) -> bytes:
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except ValueError as error:
        raise RequestRejected("user data is not valid base64") from error
