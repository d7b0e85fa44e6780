"""Optional operations on EC2 instances. Source: EC2 API reference (CreateImage, SendDiagnosticInterrupt)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stratiform.connectors.aws import tags
from stratiform.contract.image import NativeImage
from stratiform.contract.server_operations import OptionalServerOperations, ServerOperation

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import ImageTypeDef

    from stratiform.connectors.aws.client import Client

#: What EC2 lacks, or what needs preparations inside the server, with the reason.
UNSUPPORTED: Mapping[ServerOperation, str] = {
    ServerOperation.PAUSE: "AWS cannot pause a server; stop it instead.",
    ServerOperation.SUSPEND: "AWS can suspend only servers that are prepared for hibernation; stop it instead.",
    ServerOperation.RESCUE: "AWS has no rescue mode; attach the volume to another server instead.",
    ServerOperation.SET_PASSWORD: "AWS cannot set a password; use a key pair or user data.",
    ServerOperation.CHANGE_INTERFACES: "The interfaces of a server on AWS cannot be changed; create it with a port.",
    ServerOperation.BOOT_FROM_VOLUME: "AWS cannot boot a server from a volume; boot it from an image.",
    ServerOperation.SERIAL_CONSOLE: "AWS serves serial consoles over SSH only; read the console output instead.",
    ServerOperation.GRAPHICAL_CONSOLE: "AWS has no graphical consoles.",
    ServerOperation.CONFIG_DRIVE: "AWS has no config drives; guests read the metadata service of AWS.",
    ServerOperation.SWAP_VOLUME: "AWS cannot swap an attached volume; detach it and attach the other one.",
    ServerOperation.SERVER_GROUP: "Server groups are not supported on AWS.",
}

_GIB = 1024**3


class AwsServerOperations(OptionalServerOperations):
    """Implements contract.server_operations.OptionalServerOperations."""

    _client: "Client"

    def create_image(self, server_id: str, token: str, name: str) -> NativeImage:
        """Create an AMI without a reboot; its name is the token, because names of AMIs are unique in an account."""
        with self._client.translating_errors():
            images = self._client.ec2.describe_images(
                Owners=["self"], Filters=self._client.build_tag_filters({tags.TOKEN: token})
            )["Images"]
            if not images:
                image_id = self._client.ec2_no_retry.create_image(
                    InstanceId=server_id,
                    Name=token,
                    Description=name[:255],
                    NoReboot=True,
                    TagSpecifications=[self._client.build_tag_specification("image", name, {tags.TOKEN: token})],
                )["ImageId"]
                return NativeImage(image_id, name, token, is_ready=False)
        return to_native_image(images[0])

    def trigger_crash_dump(self, server_id: str) -> None:
        with self._client.translating_errors():
            self._client.ec2.send_diagnostic_interrupt(InstanceId=server_id)


def to_native_image(image: "ImageTypeDef") -> NativeImage:
    """Convert an AMI. Its size is that of its root volume."""
    root_device = image.get("RootDeviceName", "")
    mappings = [item for item in image.get("BlockDeviceMappings", []) if item.get("DeviceName") == root_device]
    min_disk_gib = max((mapping.get("Ebs", {}).get("VolumeSize", 0) for mapping in mappings), default=0)
    return NativeImage(
        id=image["ImageId"],
        name=image.get("Name", ""),
        token=tags.get_tag_value(image, tags.TOKEN),
        min_disk_gib=min_disk_gib,
        size_bytes=min_disk_gib * _GIB,
        is_ready=image.get("State", "available") == "available",
    )
