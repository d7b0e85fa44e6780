"""Image capability of AWS: AMIs that the operator registers. Source: EC2 API reference (DescribeImages)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stratiform.contract.errors import NativeNotFound, NotSupported
from stratiform.contract.image import NativeImage

if TYPE_CHECKING:
    from stratiform.connectors.aws.client import Client


class AwsImageDriver:
    """Implements contract.image.ImageDriver for existing AMIs; uploads are not supported."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def get(self, image_id: str) -> NativeImage:
        with self._client.translating_errors():
            images = self._client.ec2.describe_images(ImageIds=[image_id])["Images"]
        if not images:
            raise NativeNotFound(f"AMI {image_id} not found in {self._client.region}")
        image = images[0]
        root_device = image.get("RootDeviceName", "")
        mappings = [item for item in image.get("BlockDeviceMappings", []) if item.get("DeviceName") == root_device]
        min_disk_gib = max((mapping.get("Ebs", {}).get("VolumeSize", 0) for mapping in mappings), default=0)
        return NativeImage(id=image["ImageId"], name=image.get("Name", ""), min_disk_gib=min_disk_gib)

    def upload(self, token: str, name: str, disk_format: str, size_bytes: int, data: Iterator[bytes]) -> NativeImage:  # noqa: ARG002 - the contract's signature
        raise NotSupported(
            f"image '{name}' cannot be uploaded to AWS, which supports only registered AMIs",
            hint="register an AMI for this image: stratiform clouds images register --native ami-…",
        )

    def delete(self, image_id: str) -> None:
        """Do nothing: no AMI was created by `upload`."""
