"""Volume and image capabilities of AWS, beyond the conformance tests."""

from pathlib import Path

import pytest

from stratiform.connectors.aws.connector import AwsCloud
from stratiform.contract.compute import ServerSize, ServerSpec
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.volume import NativeVolumeState, VolumeSpec
from support.moto import IMAGE, connect_aws


def test_volume_type_defaults_to_gp3(aws: AwsCloud) -> None:
    assert aws.volume
    assert aws.volume.create(VolumeSpec("v1", "data", 4)).native_type == "gp3"
    assert aws.volume.create(VolumeSpec("v2", "cold", 125, native_type="sc1")).native_type == "sc1"


def test_create_with_the_same_token_returns_the_same_volume(aws: AwsCloud) -> None:
    assert aws.volume
    volume = aws.volume.create(VolumeSpec("v1", "data", 4))
    assert aws.volume.create(VolumeSpec("v1", "data", 4)) == volume
    assert aws.volume.find("v1") == volume
    assert list(aws.volume.list()) == [volume]
    assert volume.state is NativeVolumeState.AVAILABLE


def test_volumes_of_other_installations_are_not_listed(aws: AwsCloud, moto_url: str, home: Path) -> None:
    assert aws.volume
    aws.volume.create(VolumeSpec("v1", "data", 4))
    other = connect_aws(moto_url, home)
    assert other.volume
    assert other.volume.find("v1") is None
    assert list(other.volume.list()) == []


def test_volume_from_an_image_is_created_from_its_snapshot(aws: AwsCloud) -> None:
    assert aws.volume
    volume_id = aws.volume.create(VolumeSpec("v1", "boot", 15, image_id=IMAGE)).id
    response = aws._client.ec2.describe_volumes(VolumeIds=[volume_id])
    assert response["Volumes"][0]["SnapshotId"].startswith("snap-")


def test_unknown_image_is_rejected(aws: AwsCloud) -> None:
    assert aws.volume
    with pytest.raises(RequestRejected):
        aws.volume.create(VolumeSpec("v1", "boot", 15, image_id="ami-00000000"))


def test_extend_cannot_shrink(aws: AwsCloud) -> None:
    assert aws.volume
    volume_id = aws.volume.create(VolumeSpec("v1", "data", 4)).id
    aws.volume.extend(volume_id, 8)
    aws.volume.extend(volume_id, 8)
    assert aws.volume.get(volume_id).size_gib == 8
    with pytest.raises(RequestRejected, match="from 8 GiB to 6 GiB"):
        aws.volume.extend(volume_id, 6)


def test_attached_volume_cannot_be_deleted(aws: AwsCloud) -> None:
    assert aws.volume
    assert aws.compute
    server_id = aws.compute.create(ServerSpec("s1", "s", ServerSize(1, 512, 0), IMAGE)).id
    volume_id = aws.volume.create(VolumeSpec("v1", "data", 4)).id
    aws.compute.attach_volume(server_id, volume_id, "/dev/vdb")
    assert aws.volume.get(volume_id).state is NativeVolumeState.IN_USE
    with pytest.raises(RequestRejected):
        aws.volume.delete(volume_id)
    aws.compute.detach_volume(server_id, volume_id)
    for _ in range(2):
        aws.volume.delete(volume_id)
    with pytest.raises(NativeNotFound):
        aws.volume.get(volume_id)


def test_image_has_the_size_of_its_root_volume(aws: AwsCloud) -> None:
    assert aws.image
    image = aws.image.get(IMAGE)
    assert (image.id, image.min_disk_gib) == (IMAGE, 15)
    with pytest.raises(NativeNotFound):
        aws.image.get("ami-00000000")


def test_image_upload_is_not_supported(aws: AwsCloud) -> None:
    assert aws.image
    with pytest.raises(NotSupported, match="only registered AMIs") as raised:
        aws.image.upload("i1", "mine", "qcow2", 3, iter([b"abc"]))
    assert "clouds images register" in raised.value.hint
    aws.image.delete("ami-00000000")
