"""EC2 machines, beyond what every connector must do."""

import base64
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from stratiform.connectors.aws.compute import native_device
from stratiform.connectors.aws.connector import AwsCloud
from stratiform.contract.compute import NativeServer, NativeServerState, Nic, ServerSize, ServerSpec
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.network import SubnetSpec
from stratiform.contract.volume import VolumeSpec
from support.moto import IMAGE, OTHER_IMAGE, PUBLIC_KEY, ZONE, connect_aws

SMALL = ServerSize(vcpus=1, ram_mib=512, disk_gib=20)


def spec(token: str = "m1", **other: object) -> ServerSpec:
    given: dict[str, object] = {"token": token, "name": f"machine {token}", "size": SMALL, "image": IMAGE, **other}
    return ServerSpec(**given)  # type: ignore[arg-type]  # fields by name, as a test says them


def create(aws: AwsCloud, **other: object) -> NativeServer:
    assert aws.compute
    return aws.compute.create(spec(**other))  # type: ignore[arg-type]  # as above


def described(aws: AwsCloud, machine_id: str) -> dict[str, object]:
    with aws._client.asking():
        found = aws._client.ec2.describe_instances(InstanceIds=[machine_id])
    return dict(found["Reservations"][0]["Instances"][0])


def hear(aws: AwsCloud, event: str, answer: Any) -> None:
    """Let `answer` have a say in the calls of one account. Source: botocore, "Events"."""
    for client in (aws._client.ec2, aws._client.once):
        client.meta.events.register(event, answer)


def test_a_lost_answer_makes_no_second_machine_or_disk(aws: AwsCloud) -> None:
    assert aws.compute
    assert aws.volume

    def lose(**_more: object) -> None:
        raise ReadTimeoutError(endpoint_url="http://ec2")

    for ctx in ("RunInstances", "CreateVolume"):
        hear(aws, f"after-call.ec2.{ctx}", lose)
    with pytest.raises(CloudUnreachable, match="no answer from AWS"):
        create(aws)
    with pytest.raises(CloudUnreachable, match="no answer from AWS"):
        aws.volume.create(VolumeSpec("d1", "data", 4))
    machine, disk = create(aws), aws.volume.create(VolumeSpec("d1", "data", 4))
    assert [one.id for one in aws.compute.list()] == [machine.id]
    assert [one.id for one in aws.volume.list()] == [disk.id]


def test_a_machine_has_the_smallest_type_that_fits_and_the_disk_of_its_flavor(aws: AwsCloud) -> None:
    made = create(aws)
    assert made.size == ServerSize(2, 512, 20, "t3.nano")
    assert made.state is NativeServerState.RUNNING
    assert made.volumes == ()
    assert made.token == "m1"


def test_a_type_that_is_not_in_our_table_is_looked_up(aws: AwsCloud) -> None:
    made = create(aws, size=ServerSize(2, 8192, 20, native="m5.large"))
    assert made.size == ServerSize(2, 8192, 20, "m5.large")


def test_the_root_disk_is_never_smaller_than_the_image(aws: AwsCloud) -> None:
    assert create(aws, size=ServerSize(1, 512, 1)).size.disk_gib == 15


def test_the_root_disk_is_no_disk_of_the_customers(aws: AwsCloud) -> None:
    create(aws)
    assert aws.volume
    assert list(aws.volume.list()) == []


def test_tags_tell_token_installation_name_and_metadata(aws: AwsCloud) -> None:
    made = create(aws, metadata={"team": "blue"})
    tags = {tag["Key"]: tag["Value"] for tag in described(aws, made.id)["Tags"]}  # type: ignore[attr-defined]
    assert tags == {
        "Name": "machine m1",
        "metadata:team": "blue",
        "stratiform:installation": aws._client.installation,
        "stratiform:token": "m1",
    }


def test_another_installation_on_the_same_account_is_left_alone(aws: AwsCloud, moto_url: str, home: Path) -> None:
    made = create(aws)
    other = connect_aws(moto_url, home)
    assert other.compute
    assert list(other.compute.list()) == []
    assert other.compute.find("m1") is None
    assert create(other).id != made.id


def test_key_and_user_data_reach_the_machine(aws: AwsCloud) -> None:
    text = b"#cloud-config\nhostname: a\n"
    made = create(aws, public_key=PUBLIC_KEY, user_data=base64.b64encode(text).decode())
    again = create(aws, token="m2", public_key=PUBLIC_KEY)
    key = described(aws, made.id)["KeyName"]
    assert key == described(aws, again.id)["KeyName"]
    told = aws._client.ec2.describe_instance_attribute(InstanceId=made.id, Attribute="userData")
    assert base64.b64decode(told["UserData"]["Value"]) == text


def test_user_data_that_is_not_base64_is_refused_and_nothing_is_made(aws: AwsCloud) -> None:
    with pytest.raises(RequestRejected, match="base64"):
        create(aws, user_data="???")
    assert aws.compute
    assert aws.compute.find("m1") is None


def test_addresses_are_the_ones_we_chose(aws: AwsCloud) -> None:
    assert aws.network
    subnet = aws.network.ensure(SubnetSpec("s1", "n1", "net", "10.5.0.0/24", "10.5.0.1"))
    made = create(aws, nics=(Nic(subnet.id, "10.5.0.7", "fa:16:3e:00:00:01"),))
    assert made.addresses == ("10.5.0.7",)


def test_it_is_made_in_our_zone(aws: AwsCloud) -> None:
    assert described(aws, create(aws).id)["Placement"]["AvailabilityZone"] == ZONE  # type: ignore[index]


@pytest.mark.parametrize("image", ["ami-00000000", "no-image", ""])
def test_an_image_that_is_not_there_is_refused(aws: AwsCloud, image: str) -> None:
    with pytest.raises(RequestRejected):
        create(aws, image=image)


def test_launched_at_stays_over_stop_and_start(aws: AwsCloud) -> None:
    assert aws.compute
    made = create(aws)
    aws.compute.stop(made.id)
    aws.compute.start(made.id)
    assert aws.compute.show(made.id).launched_at == made.launched_at


def test_resize_changes_type_and_grows_the_root_disk_of_a_stopped_machine_only(aws: AwsCloud) -> None:
    assert aws.compute
    made = create(aws)
    larger = ServerSize(2, 4096, 30)
    with pytest.raises(RequestRejected, match="running"):
        aws.compute.resize(made.id, larger)
    aws.compute.stop(made.id)
    aws.compute.resize(made.id, larger)
    aws.compute.resize(made.id, larger)
    assert aws.compute.show(made.id).size == ServerSize(2, 4096, 30, "t3.medium")


def test_a_hard_reboot_starts_what_is_stopped_and_a_soft_one_is_refused(aws: AwsCloud) -> None:
    assert aws.compute
    made = create(aws)
    aws.compute.stop(made.id)
    with pytest.raises(RequestRejected, match="stopped"):
        aws.compute.reboot(made.id, hard=False)
    aws.compute.reboot(made.id, hard=True)
    assert aws.compute.show(made.id).state is NativeServerState.RUNNING


def test_rebuild_says_so_where_the_endpoint_can_not(aws: AwsCloud) -> None:
    assert aws.compute
    made = create(aws)
    with pytest.raises(NotSupported, match="can't put another image"):
        aws.compute.rebuild(made.id, OTHER_IMAGE)


@dataclass
class Replacing:
    """EC2's root volume replacement, which moto's server lacks: answers for the calls of one account."""

    aws: AwsCloud
    state: str = ""
    asked: list[dict[str, object]] = field(default_factory=list)

    def begin(self) -> "Replacing":
        hear(self.aws, "before-call.ec2.CreateReplaceRootVolumeTask", self._create)
        hear(self.aws, "before-call.ec2.DescribeReplaceRootVolumeTasks", self._describe)
        return self

    def _create(self, params: dict[str, object], **_more: object) -> object:
        self.asked.append(dict(params["body"]))  # type: ignore[call-overload]
        self.state = "pending"
        return SimpleNamespace(status_code=200), {"ReplaceRootVolumeTask": {"TaskState": "pending"}}

    def _describe(self, **_more: object) -> object:
        tasks = [{"TaskState": self.state, "StartTime": "2026-01-01T00:00:00Z"}] if self.state else []
        return SimpleNamespace(status_code=200), {"ReplaceRootVolumeTasks": tasks}


def test_a_rebuild_replaces_the_root_disk_once(aws: AwsCloud) -> None:
    assert aws.compute
    made, ec2 = create(aws), Replacing(aws).begin()
    for _ in range(2):
        aws.compute.rebuild(made.id, OTHER_IMAGE)
    assert [(ask["InstanceId"], ask["ImageId"], ask["DeleteReplacedRootVolume"]) for ask in ec2.asked] == [
        (made.id, OTHER_IMAGE, "true")
    ]
    assert aws.compute.show(made.id).state is NativeServerState.BUILDING
    ec2.state = "succeeded"
    again = aws.compute.show(made.id)
    assert (again.state, again.image, again.token) == (NativeServerState.RUNNING, OTHER_IMAGE, made.token)


def test_a_rebuild_that_failed_is_told(aws: AwsCloud) -> None:
    assert aws.compute
    made, ec2 = create(aws), Replacing(aws).begin()
    aws.compute.rebuild(made.id, OTHER_IMAGE)
    ec2.state = "failed-detached"
    seen = aws.compute.show(made.id)
    assert (seen.state, "could not put the image" in seen.fault) == (NativeServerState.ERROR, True)


def test_a_stopped_machine_is_started_before_it_is_rebuilt(aws: AwsCloud) -> None:
    assert aws.compute
    made, ec2 = create(aws), Replacing(aws).begin()
    aws.compute.stop(made.id)
    with pytest.raises(CloudUnreachable, match="starts now"):
        aws.compute.rebuild(made.id, OTHER_IMAGE)
    assert ec2.asked == []
    aws.compute.rebuild(made.id, OTHER_IMAGE)
    assert len(ec2.asked) == 1


def test_a_disk_that_the_machine_holds_on_to_is_not_called_free(aws: AwsCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratiform.connectors.aws.compute._FREE_EVERY_S", 0)
    assert aws.compute
    assert aws.volume
    made, disk = create(aws), aws.volume.create(VolumeSpec("d1", "data", 4))
    aws.compute.attach(made.id, disk.id, "/dev/vdb")
    held = {"Volumes": [{"Attachments": [{"InstanceId": made.id, "State": "detaching"}]}]}
    hear(aws, "before-call.ec2.DescribeVolumes", lambda **_more: (SimpleNamespace(status_code=200), held))
    with pytest.raises(CloudUnreachable, match="still taking the disk away"):
        aws.compute.detach(made.id, disk.id)


def test_disks_are_attached_once_and_only_to_one_machine(aws: AwsCloud) -> None:
    assert aws.compute
    assert aws.volume
    first, second = create(aws), create(aws, token="m2")
    disk = aws.volume.create(VolumeSpec("d1", "data", 4))
    aws.compute.attach(first.id, disk.id, "/dev/vdb")
    aws.compute.attach(first.id, disk.id, "/dev/vdb")
    assert aws.compute.show(first.id).volumes == (disk.id,)
    with pytest.raises(RequestRejected, match="another machine"):
        aws.compute.attach(second.id, disk.id, "/dev/vdb")
    aws.compute.detach(second.id, disk.id)
    aws.compute.detach(first.id, disk.id)
    aws.compute.detach(first.id, disk.id)
    assert aws.compute.show(first.id).volumes == ()


def test_console_is_what_ec2_tells(aws: AwsCloud) -> None:
    assert aws.compute
    assert "Linux version" in aws.compute.console(create(aws).id)


def test_many_machines_are_listed_in_pages(aws: AwsCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratiform.connectors.aws.compute._PAGE", 5)
    made = {create(aws, token=f"m{number}").id for number in range(12)}
    assert aws.compute
    assert {machine.id for machine in aws.compute.list()} == made


def test_a_deleted_machine_is_not_found_and_its_disk_stays(aws: AwsCloud) -> None:
    assert aws.compute
    assert aws.volume
    made = create(aws)
    disk = aws.volume.create(VolumeSpec("d1", "data", 4))
    aws.compute.attach(made.id, disk.id, "/dev/vdb")
    for _ in range(2):
        aws.compute.delete(made.id)
    assert aws.compute.find("m1") is None
    assert list(aws.compute.list()) == []
    assert aws.volume.show(disk.id).machine == ""
    assert aws.compute.show(made.id).state is NativeServerState.DELETED


def test_an_unknown_machine_is_gone(aws: AwsCloud) -> None:
    assert aws.compute
    with pytest.raises(NativeNotFound):
        aws.compute.show("i-00000000")
    aws.compute.delete("i-00000000")


@pytest.mark.parametrize(
    ("nova", "ec2"), [("/dev/vdb", "/dev/sdf"), ("/dev/vdv", "/dev/sdz"), ("/dev/sdh", "/dev/sdh")]
)
def test_devices_have_ec2_names(nova: str, ec2: str) -> None:
    assert native_device(nova) == ec2


@pytest.mark.parametrize("device", ["/dev/vda", "/dev/vdw", "/dev/vdaa"])
def test_a_device_that_ec2_has_no_name_for_is_refused(device: str) -> None:
    with pytest.raises(RequestRejected, match="no place"):
        native_device(device)
