"""EBS volumes, beyond what every connector must do."""

from pathlib import Path

import pytest

from stratiform.connectors.aws.connector import AwsCloud
from stratiform.contract.compute import ServerSize, ServerSpec
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.volume import NativeVolumeState, VolumeSpec
from support.moto import IMAGE, connect_aws


def test_a_disk_is_gp3_unless_its_type_is_mapped(aws: AwsCloud) -> None:
    assert aws.volume
    assert aws.volume.create(VolumeSpec("d1", "data", 4)).native_type == "gp3"
    assert aws.volume.create(VolumeSpec("d2", "cold", 125, native_type="sc1")).native_type == "sc1"


def test_two_creates_with_one_token_are_one_disk(aws: AwsCloud) -> None:
    assert aws.volume
    first = aws.volume.create(VolumeSpec("d1", "data", 4))
    assert aws.volume.create(VolumeSpec("d1", "data", 4)) == first
    assert aws.volume.find("d1") == first
    assert list(aws.volume.list()) == [first]
    assert first.state is NativeVolumeState.AVAILABLE


def test_another_installation_sees_nothing_of_it(aws: AwsCloud, moto_url: str, home: Path) -> None:
    assert aws.volume
    aws.volume.create(VolumeSpec("d1", "data", 4))
    other = connect_aws(moto_url, home)
    assert other.volume
    assert other.volume.find("d1") is None


def test_a_disk_from_an_image_is_made_of_its_snapshot(aws: AwsCloud) -> None:
    assert aws.volume
    made = aws.volume.create(VolumeSpec("d1", "boot", 15, image=IMAGE))
    shown = aws._client.ec2.describe_volumes(VolumeIds=[made.id])["Volumes"][0]
    assert shown["SnapshotId"].startswith("snap-")


def test_an_image_that_is_not_there_is_refused(aws: AwsCloud) -> None:
    assert aws.volume
    with pytest.raises(RequestRejected):
        aws.volume.create(VolumeSpec("d1", "boot", 15, image="ami-00000000"))


def test_a_disk_only_grows(aws: AwsCloud) -> None:
    assert aws.volume
    made = aws.volume.create(VolumeSpec("d1", "data", 4))
    aws.volume.extend(made.id, 8)
    aws.volume.extend(made.id, 8)
    assert aws.volume.show(made.id).size_gib == 8
    with pytest.raises(RequestRejected, match="8 GiB already"):
        aws.volume.extend(made.id, 6)


def test_a_disk_in_use_is_not_deleted_and_a_gone_one_is_no_error(aws: AwsCloud) -> None:
    assert aws.volume
    assert aws.compute
    machine = aws.compute.create(ServerSpec("m1", "m", ServerSize(1, 512, 0), IMAGE))
    made = aws.volume.create(VolumeSpec("d1", "data", 4))
    aws.compute.attach(machine.id, made.id, "/dev/vdb")
    assert aws.volume.show(made.id).state is NativeVolumeState.IN_USE
    with pytest.raises(RequestRejected):
        aws.volume.delete(made.id)
    aws.compute.detach(machine.id, made.id)
    for _ in range(2):
        aws.volume.delete(made.id)
    with pytest.raises(NativeNotFound):
        aws.volume.show(made.id)


def test_an_image_is_shown_with_the_room_it_needs(aws: AwsCloud) -> None:
    assert aws.image
    shown = aws.image.show(IMAGE)
    assert (shown.id, shown.min_disk_gib) == (IMAGE, 15)
    with pytest.raises(NativeNotFound):
        aws.image.show("ami-00000000")


def test_an_upload_says_what_to_do_instead(aws: AwsCloud) -> None:
    assert aws.image
    with pytest.raises(NotSupported, match="registered AMIs only") as told:
        aws.image.upload("i1", "mine", "qcow2", 3, iter([b"abc"]))
    assert "clouds images register" in told.value.hint
    aws.image.delete("ami-00000000")
