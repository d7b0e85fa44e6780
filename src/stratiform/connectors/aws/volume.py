"""Disks: EBS volumes.

Source: EC2 API reference (CreateVolume, ModifyVolume, DescribeVolumesModifications). A disk from an image is made
of the snapshot of that image's root disk.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeSpec
from stratiform.kit.clock import from_datetime

if TYPE_CHECKING:
    from mypy_boto3_ec2.literals import VolumeTypeType
    from mypy_boto3_ec2.type_defs import CreateVolumeRequestTypeDef, FilterTypeDef, VolumeTypeDef

    from stratiform.connectors.aws.client import Client

DEFAULT_TYPE = "gp3"

_PAGE = 500


class AwsVolumes:
    """Fulfils contract.volume.Volumes."""

    def __init__(self, client: "Client") -> None:
        self._aws = client

    def create(self, spec: VolumeSpec) -> NativeVolume:
        found = self.find(spec.token)
        if found is not None:
            return found
        try:
            request = self._request(spec)
            with self._aws.asking():
                made = self._aws.once.create_volume(**request)["VolumeId"]
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error
        return self._aws.seen(lambda: self.show(made))

    def find(self, token: str) -> NativeVolume | None:
        return next(self._described(self._aws.mine(token=token)), None)

    def show(self, disk_id: str) -> NativeVolume:
        with self._aws.asking():
            found = self._aws.ec2.describe_volumes(VolumeIds=[disk_id])["Volumes"]
        if not found:
            raise NativeNotFound(f"AWS has no volume {disk_id}")
        return _disk(found[0])

    def list(self) -> Iterator[NativeVolume]:
        return self._described([*self._aws.mine(), {"Name": "tag-key", "Values": ["stratiform:token"]}])

    def extend(self, disk_id: str, size_gib: int) -> None:
        """AWS changes one disk at most once in six hours, and says so (Refused)."""
        disk = self.show(disk_id)
        if disk.size_gib > size_gib:
            raise RequestRejected(f"the disk has {disk.size_gib} GiB already, more than {size_gib}")
        if disk.size_gib == size_gib or self._growing_to(disk_id) >= size_gib:
            return
        with self._aws.asking():
            self._aws.once.modify_volume(VolumeId=disk_id, Size=size_gib)

    def delete(self, disk_id: str) -> None:
        try:
            if self.show(disk_id).state in (NativeVolumeState.DELETING, NativeVolumeState.DELETED):
                return
            with self._aws.asking():
                self._aws.ec2.delete_volume(VolumeId=disk_id)
        except NativeNotFound:
            return

    def _described(self, filters: "Sequence[FilterTypeDef]") -> Iterator[NativeVolume]:
        pages = self._aws.ec2.get_paginator("describe_volumes").paginate(
            Filters=filters, PaginationConfig={"PageSize": _PAGE}
        )
        with self._aws.asking():
            for page in pages:
                yield from map(_disk, page["Volumes"])

    def _growing_to(self, disk_id: str) -> int:
        """The size that a change under way aims at; 0 where there is none."""
        with self._aws.asking():
            changes = self._aws.ec2.describe_volumes_modifications(
                Filters=[{"Name": "volume-id", "Values": [disk_id]}]
            )["VolumesModifications"]
        under_way = [one for one in changes if one.get("ModificationState") in ("modifying", "optimizing")]
        return max((one.get("TargetSize", 0) for one in under_way), default=0)

    def _request(self, spec: VolumeSpec) -> "CreateVolumeRequestTypeDef":
        kind = spec.native_type or DEFAULT_TYPE
        if kind not in self._aws.disk_types:
            raise RequestRejected(f"AWS has no disk type '{kind}'", hint=f"it has: {', '.join(self._aws.disk_types)}")
        request: CreateVolumeRequestTypeDef = {
            "AvailabilityZone": spec.zone or self._aws.zone,
            "Size": spec.size_gib,
            "VolumeType": cast("VolumeTypeType", kind),
            "ClientToken": self._aws.client_token("disk", spec.token),
            "TagSpecifications": [self._aws.tagged("volume", spec.name, {"stratiform:token": spec.token})],
        }
        if spec.image:
            request["SnapshotId"] = self._snapshot(spec.image)
        return request

    def _snapshot(self, image: str) -> str:
        with self._aws.asking():
            found = self._aws.ec2.describe_images(ImageIds=[image])["Images"]
        for one in found:
            for mapping in one.get("BlockDeviceMappings", []):
                snapshot = mapping.get("Ebs", {}).get("SnapshotId", "")
                if mapping.get("DeviceName") == one.get("RootDeviceName") and snapshot:
                    return snapshot
        raise RequestRejected(f"the image {image} has no root disk that could be copied")


def _disk(volume: "VolumeTypeDef") -> NativeVolume:
    held = [at for at in volume.get("Attachments", []) if at.get("State") != "detached"]
    return NativeVolume(
        id=volume["VolumeId"],
        token=next((tag["Value"] for tag in volume.get("Tags", []) if tag["Key"] == "stratiform:token"), ""),
        state=NativeVolumeState(volume["State"]),
        size_gib=volume["Size"],
        native_type=volume["VolumeType"],
        machine=held[0].get("InstanceId", "") if held else "",
        created_at=from_datetime(volume["CreateTime"]),
    )
