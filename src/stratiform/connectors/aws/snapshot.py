"""Snapshot capability of AWS: EBS snapshots, which are incremental and outlive their volumes.

Source: EC2 API reference (CreateSnapshot, DescribeSnapshots, RegisterImage).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stratiform.connectors.aws import tags
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.image import NativeImage
from stratiform.contract.snapshot import NativeSnapshot, NativeSnapshotState, SnapshotSpec
from stratiform.kit.clock import from_datetime

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, SnapshotTypeDef

    from stratiform.connectors.aws.client import Client

_PAGE_SIZE = 500
_ROOT_DEVICE = "/dev/xvda"
_STATES = {
    "pending": NativeSnapshotState.CREATING,
    "completed": NativeSnapshotState.AVAILABLE,
    "error": NativeSnapshotState.ERROR,
}


class AwsSnapshotDriver:
    """Implements contract.snapshot.SnapshotDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def create(self, spec: SnapshotSpec) -> NativeSnapshot:
        """Create a snapshot. CreateSnapshot has no idempotency token, so the tags are searched first."""
        existing = self.find(spec.token)
        if existing is not None:
            return existing
        tag_specification = self._client.build_tag_specification("snapshot", spec.name, {tags.TOKEN: spec.token})
        try:
            with self._client.translating_errors():
                if spec.snapshot_id:
                    snapshot_id = self._client.ec2_no_retry.copy_snapshot(
                        SourceSnapshotId=spec.snapshot_id,
                        SourceRegion=self._client.region,
                        TagSpecifications=[tag_specification],
                    )["SnapshotId"]
                else:
                    snapshot_id = self._client.ec2_no_retry.create_snapshot(
                        VolumeId=spec.volume_id, TagSpecifications=[tag_specification]
                    )["SnapshotId"]
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error
        return self._client.wait_until_visible(lambda: self.get(snapshot_id))

    def create_consistent(self, specs: Sequence[SnapshotSpec]) -> Sequence[NativeSnapshot]:  # noqa: ARG002 - unused
        raise NotSupported(
            "AWS can snapshot several volumes at the same instant only if they are attached to the same server."
        )

    def find(self, token: str) -> NativeSnapshot | None:
        return next(self._list(self._client.build_tag_filters({tags.TOKEN: token})), None)

    def get(self, snapshot_id: str) -> NativeSnapshot:
        with self._client.translating_errors():
            snapshots = self._client.ec2.describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"]
        if not snapshots:
            raise NativeNotFound(f"EBS snapshot {snapshot_id} not found")
        return _to_snapshot(snapshots[0])

    def list(self) -> Iterator[NativeSnapshot]:
        return self._list([*self._client.build_tag_filters(), {"Name": "tag-key", "Values": [tags.TOKEN]}])

    def delete(self, snapshot_id: str) -> None:
        try:
            with self._client.translating_errors():
                self._client.ec2.delete_snapshot(SnapshotId=snapshot_id)
        except NativeNotFound:
            return

    def restore(self, snapshot_id: str, volume_id: str) -> None:
        raise NotSupported(
            f"AWS cannot replace the data of volume {volume_id} with the data of snapshot {snapshot_id}",
            hint="create a new volume from the snapshot or backup",
        )

    def create_image(self, snapshot_id: str, token: str, name: str) -> NativeImage:
        """Register an AMI. Its name contains the token, because names of AMIs are unique; ours is a tag."""
        ami_name = f"stratiform {token}"
        ami_tags = self._client.build_tag_specification("image", name, {tags.TOKEN: token})["Tags"]
        with self._client.translating_errors():
            images = self._client.ec2.describe_images(
                Filters=[{"Name": "name", "Values": [ami_name]}], Owners=["self"]
            )["Images"]
            if images:
                image_id = images[0]["ImageId"]
            else:
                image_id = self._client.ec2_no_retry.register_image(
                    Name=ami_name,
                    RootDeviceName=_ROOT_DEVICE,
                    BlockDeviceMappings=[{"DeviceName": _ROOT_DEVICE, "Ebs": {"SnapshotId": snapshot_id}}],
                    VirtualizationType="hvm",
                    EnaSupport=True,
                )["ImageId"]
            self._client.ec2.create_tags(Resources=[image_id], Tags=ami_tags)
        return NativeImage(image_id, name, token, min_disk_gib=self.get(snapshot_id).size_gib)

    def _list(self, filters: "Sequence[FilterTypeDef]") -> Iterator[NativeSnapshot]:
        pages = self._client.ec2.get_paginator("describe_snapshots").paginate(
            Filters=filters, OwnerIds=["self"], PaginationConfig={"PageSize": _PAGE_SIZE}
        )
        with self._client.translating_errors():
            for page in pages:
                yield from map(_to_snapshot, page["Snapshots"])


def _to_snapshot(snapshot: "SnapshotTypeDef") -> NativeSnapshot:
    return NativeSnapshot(
        id=snapshot["SnapshotId"],
        token=tags.get_tag_value(snapshot, tags.TOKEN),
        state=_STATES.get(snapshot["State"], NativeSnapshotState.CREATING),
        size_gib=snapshot["VolumeSize"],
        created_at=from_datetime(snapshot["StartTime"]),
        fault=snapshot.get("StateMessage", ""),
    )
