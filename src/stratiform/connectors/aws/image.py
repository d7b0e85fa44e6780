"""Images: AMIs that the operator registers. Source: EC2 API reference (DescribeImages)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stratiform.contract.errors import NativeNotFound, NotSupported
from stratiform.contract.image import NativeImage

if TYPE_CHECKING:
    from stratiform.connectors.aws.client import Client


class AwsImages:
    """Fulfils contract.image.Images; it can show what is there, not bring in what a customer uploads."""

    def __init__(self, client: "Client") -> None:
        self._aws = client

    def show(self, image_id: str) -> NativeImage:
        with self._aws.asking():
            found = self._aws.ec2.describe_images(ImageIds=[image_id])["Images"]
        if not found:
            raise NativeNotFound(f"AWS has no image {image_id} in {self._aws.region}")
        image = found[0]
        root = image.get("RootDeviceName", "")
        disks = [one for one in image.get("BlockDeviceMappings", []) if one.get("DeviceName") == root]
        least = max((one.get("Ebs", {}).get("VolumeSize", 0) for one in disks), default=0)
        return NativeImage(id=image["ImageId"], name=image.get("Name", ""), min_disk_gib=least)

    def upload(self, token: str, name: str, disk_format: str, size_bytes: int, data: Iterator[bytes]) -> NativeImage:  # noqa: ARG002 - the contract's
        raise NotSupported(
            f"AWS starts machines from registered AMIs only, so '{name}' can't be used there",
            hint="register an AMI for this image: stratiform clouds images register --native ami-…",
        )

    def delete(self, image_id: str) -> None:
        """Nothing was uploaded, so nothing is ours to delete."""
