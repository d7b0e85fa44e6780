"""Volume capability of AWS: EBS volumes.

A volume from an image is created from the snapshot of the AMI's root volume.
Source: EC2 API reference (CreateVolume, ModifyVolume, DescribeVolumesModifications).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from stratiform.connectors.aws import tags
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeSpec
from stratiform.kit.clock import from_datetime

if TYPE_CHECKING:
    from mypy_boto3_ec2.literals import VolumeTypeType
    from mypy_boto3_ec2.type_defs import CreateVolumeRequestTypeDef, FilterTypeDef, VolumeTypeDef

    from stratiform.connectors.aws.client import Client

DEFAULT_TYPE = "gp3"

_PAGE_SIZE = 500


class AwsVolumeDriver:
    """Implements contract.volume.VolumeDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def create(self, spec: VolumeSpec) -> NativeVolume:
        existing = self.find(spec.token)
        if existing is not None:
            return existing
        try:
            request = self._build_request(spec)
            with self._client.translating_errors():
                volume_id = self._client.ec2_no_retry.create_volume(**request)["VolumeId"]
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error
        return self._client.wait_until_visible(lambda: self.get(volume_id))

    def find(self, token: str) -> NativeVolume | None:
        return next(self._list(self._client.build_tag_filters({tags.TOKEN: token})), None)

    def get(self, volume_id: str) -> NativeVolume:
        with self._client.translating_errors():
            volumes = self._client.ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"]
        if not volumes:
            raise NativeNotFound(f"EBS volume {volume_id} not found")
        return _to_volume(volumes[0])

    def list(self) -> Iterator[NativeVolume]:
        return self._list([*self._client.build_tag_filters(), {"Name": "tag-key", "Values": [tags.TOKEN]}])

    def extend(self, volume_id: str, size_gib: int) -> None:
        """AWS modifies a volume at most once in six hours; before that, it raises RequestRejected."""
        volume = self.get(volume_id)
        if volume.size_gib > size_gib:
            raise RequestRejected(f"cannot shrink volume {volume_id} from {volume.size_gib} GiB to {size_gib} GiB")
        if volume.size_gib == size_gib or self._target_size(volume_id) >= size_gib:
            return
        with self._client.translating_errors():
            self._client.ec2_no_retry.modify_volume(VolumeId=volume_id, Size=size_gib)

    def set_multiattach(self, volume_id: str, *, multiattach: bool) -> None:
        raise NotSupported(f"Stratiform cannot set multiattach of EBS volume {volume_id} to {multiattach}")

    def delete(self, volume_id: str) -> None:
        try:
            if self.get(volume_id).state in (NativeVolumeState.DELETING, NativeVolumeState.DELETED):
                return
            with self._client.translating_errors():
                self._client.ec2.delete_volume(VolumeId=volume_id)
        except NativeNotFound:
            return

    def _list(self, filters: "Sequence[FilterTypeDef]") -> Iterator[NativeVolume]:
        pages = self._client.ec2.get_paginator("describe_volumes").paginate(
            Filters=filters, PaginationConfig={"PageSize": _PAGE_SIZE}
        )
        with self._client.translating_errors():
            for page in pages:
                yield from map(_to_volume, page["Volumes"])

    def _target_size(self, volume_id: str) -> int:
        """Return the size that a modification in progress will result in, or 0."""
        with self._client.translating_errors():
            modifications = self._client.ec2.describe_volumes_modifications(
                Filters=[{"Name": "volume-id", "Values": [volume_id]}]
            )["VolumesModifications"]
        in_progress = [item for item in modifications if item.get("ModificationState") in ("modifying", "optimizing")]
        return max((item.get("TargetSize", 0) for item in in_progress), default=0)

    def _build_request(self, spec: VolumeSpec) -> "CreateVolumeRequestTypeDef":
        volume_type = spec.native_type or DEFAULT_TYPE
        if volume_type not in self._client.volume_types:
            raise RequestRejected(
                f"EBS volume type '{volume_type}' not found", hint=f"types: {', '.join(self._client.volume_types)}"
            )
        request: CreateVolumeRequestTypeDef = {
            "AvailabilityZone": spec.availability_zone or self._client.availability_zone,
            "Size": spec.size_gib,
            "VolumeType": cast("VolumeTypeType", volume_type),
            "ClientToken": self._client.build_client_token("volume", spec.token),
            "TagSpecifications": [self._client.build_tag_specification("volume", spec.name, {tags.TOKEN: spec.token})],
        }
        if spec.encrypted:
            request["Encrypted"] = True
        if spec.image_id:
            request["SnapshotId"] = self._get_root_snapshot(spec.image_id)
        elif spec.snapshot_id:
            request["SnapshotId"] = spec.snapshot_id
        return request

    def _get_root_snapshot(self, image_id: str) -> str:
        with self._client.translating_errors():
            images = self._client.ec2.describe_images(ImageIds=[image_id])["Images"]
        for image in images:
            for mapping in image.get("BlockDeviceMappings", []):
                snapshot_id = mapping.get("Ebs", {}).get("SnapshotId", "")
                if mapping.get("DeviceName") == image.get("RootDeviceName") and snapshot_id:
                    return snapshot_id
        raise RequestRejected(f"AMI {image_id} has no snapshot of its root volume")


def _to_volume(volume: "VolumeTypeDef") -> NativeVolume:
    attachments = [item for item in volume.get("Attachments", []) if item.get("State") != "detached"]
    return NativeVolume(
        id=volume["VolumeId"],
        token=tags.get_tag_value(volume, tags.TOKEN),
        state=NativeVolumeState(volume["State"]),
        size_gib=volume["Size"],
        native_type=volume["VolumeType"],
        server_id=attachments[0].get("InstanceId", "") if attachments else "",
        created_at=from_datetime(volume["CreateTime"]),
    )
