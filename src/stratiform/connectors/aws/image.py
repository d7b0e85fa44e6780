"""Image capability of AWS: AMIs that the operator registers. Source: EC2 API reference (DescribeImages)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stratiform.connectors.aws import tags
from stratiform.connectors.aws.server_operations import to_native_image
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
        return to_native_image(images[0])

    def upload(self, token: str, name: str, disk_format: str, size_bytes: int, data: Iterator[bytes]) -> NativeImage:  # noqa: ARG002 - the contract's signature
        raise NotSupported(
            f"image '{name}' cannot be uploaded to AWS, which supports only registered AMIs",
            hint="register an AMI for this image: stratiform clouds images register --native ami-…",
        )

    def delete(self, image_id: str) -> None:
        """Deregister an AMI of a server, and delete its snapshots; those that operators register are kept."""
        try:
            with self._client.translating_errors():
                images = self._client.ec2.describe_images(ImageIds=[image_id])["Images"]
        except NativeNotFound:
            return
        for image in images:
            if not tags.get_tag_value(image, tags.TOKEN):
                continue
            snapshots = [item.get("Ebs", {}).get("SnapshotId", "") for item in image.get("BlockDeviceMappings", [])]
            with self._client.translating_errors():
                self._client.ec2.deregister_image(ImageId=image_id)
                for snapshot_id in filter(None, snapshots):
                    self._client.ec2.delete_snapshot(SnapshotId=snapshot_id)
