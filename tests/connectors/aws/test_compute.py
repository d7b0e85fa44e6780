"""Compute capability of AWS, beyond the conformance tests."""

import base64
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from stratiform.connectors.aws.connector import AwsCloud
from stratiform.connectors.aws.instance_conversion import to_native_device
from stratiform.contract.compute import NativeServer, NativeServerState, NetworkInterface, ServerSize, ServerSpec
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.network import SubnetSpec
from stratiform.contract.volume import VolumeSpec
from support.moto import IMAGE, OTHER_IMAGE, PUBLIC_KEY, ZONE, connect_aws

SMALL = ServerSize(vcpus=1, ram_mib=512, disk_gib=20)


def create_server(aws: AwsCloud, token: str = "s1", **overrides: Any) -> NativeServer:
    assert aws.compute
    values = {"name": f"server {token}", "size": SMALL, "image_id": IMAGE, **overrides}
    return aws.compute.create(ServerSpec(token, **values))


def describe_instance(aws: AwsCloud, server_id: str) -> dict[str, Any]:
    response = aws._client.ec2.describe_instances(InstanceIds=[server_id])
    return dict(response["Reservations"][0]["Instances"][0])


def register(aws: AwsCloud, event: str, handler: Any) -> None:
    """Register a handler of botocore's events for both EC2 clients of a connection."""
    for client in (aws._client.ec2, aws._client.ec2_no_retry):
        client.meta.events.register(event, handler)


def test_create_after_a_lost_response_creates_no_duplicate(aws: AwsCloud) -> None:
    assert aws.compute
    assert aws.volume

    def lose_response(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="http://ec2")

    for operation in ("RunInstances", "CreateVolume"):
        register(aws, f"after-call.ec2.{operation}", lose_response)
    with pytest.raises(CloudUnreachable, match="does not respond"):
        create_server(aws)
    with pytest.raises(CloudUnreachable, match="does not respond"):
        aws.volume.create(VolumeSpec("v1", "data", 4))
    server, volume = create_server(aws), aws.volume.create(VolumeSpec("v1", "data", 4))
    assert [item.id for item in aws.compute.list()] == [server.id]
    assert [item.id for item in aws.volume.list()] == [volume.id]


def test_server_has_the_smallest_type_that_fits_and_the_flavors_disk(aws: AwsCloud) -> None:
    server = create_server(aws)
    assert server.size == ServerSize(2, 512, 20, "t3.nano")
    assert server.state is NativeServerState.RUNNING
    assert server.volume_ids == ()
    assert server.token == "s1"


def test_size_of_other_instance_types_is_requested(aws: AwsCloud) -> None:
    server = create_server(aws, size=ServerSize(2, 8192, 20, native_type="m5.large"))
    assert server.size == ServerSize(2, 8192, 20, "m5.large")


def test_root_volume_is_at_least_as_large_as_the_image(aws: AwsCloud) -> None:
    assert create_server(aws, size=ServerSize(1, 512, 1)).size.disk_gib == 15


def test_root_volume_is_not_listed_as_a_volume(aws: AwsCloud) -> None:
    create_server(aws)
    assert aws.volume
    assert list(aws.volume.list()) == []


def test_tags_are_token_installation_name_and_metadata(aws: AwsCloud) -> None:
    server = create_server(aws, metadata={"team": "blue"})
    tags = {tag["Key"]: tag["Value"] for tag in describe_instance(aws, server.id)["Tags"]}
    assert tags == {
        "Name": "server s1",
        "metadata:team": "blue",
        "stratiform:installation": aws._client.installation_id,
        "stratiform:token": "s1",
    }


def test_servers_of_other_installations_are_not_listed(aws: AwsCloud, moto_url: str, home: Path) -> None:
    server = create_server(aws)
    other = connect_aws(moto_url, home)
    assert other.compute
    assert list(other.compute.list()) == []
    assert other.compute.find("s1") is None
    assert create_server(other).id != server.id


def test_public_key_and_user_data_are_passed_to_the_instance(aws: AwsCloud) -> None:
    user_data = b"#cloud-config\nhostname: a\n"
    first = create_server(aws, public_key=PUBLIC_KEY, user_data=base64.b64encode(user_data).decode())
    second = create_server(aws, token="s2", public_key=PUBLIC_KEY)
    assert describe_instance(aws, first.id)["KeyName"] == describe_instance(aws, second.id)["KeyName"]
    response = aws._client.ec2.describe_instance_attribute(InstanceId=first.id, Attribute="userData")
    assert base64.b64decode(response["UserData"]["Value"]) == user_data


def test_user_data_may_have_line_breaks(aws: AwsCloud) -> None:
    """As `base64` writes them; the Compute API accepts them."""
    server = create_server(aws, user_data="I2Nsb3VkLWNv\nbmZpZw==\n")
    response = aws._client.ec2.describe_instance_attribute(InstanceId=server.id, Attribute="userData")
    assert base64.b64decode(response["UserData"]["Value"]) == b"#cloud-config"


def test_invalid_user_data_is_rejected(aws: AwsCloud) -> None:
    with pytest.raises(RequestRejected, match="base64"):
        create_server(aws, user_data="???")
    assert aws.compute
    assert aws.compute.find("s1") is None


def test_server_has_the_specified_address(aws: AwsCloud) -> None:
    assert aws.network
    subnet = aws.network.ensure_subnet(SubnetSpec("s1", "n1", "net", "10.5.0.0/24", "10.5.0.1"))
    server = create_server(aws, interfaces=(NetworkInterface(subnet.id, "10.5.0.7", "fa:16:3e:00:00:01"),))
    assert server.addresses == ("10.5.0.7",)


def test_server_is_created_in_the_accounts_zone(aws: AwsCloud) -> None:
    assert describe_instance(aws, create_server(aws).id)["Placement"]["AvailabilityZone"] == ZONE


@pytest.mark.parametrize("image_id", ["ami-00000000", "no-image", ""])
def test_unknown_image_is_rejected(aws: AwsCloud, image_id: str) -> None:
    with pytest.raises(RequestRejected):
        create_server(aws, image_id=image_id)


def test_stop_and_start_keep_launched_at(aws: AwsCloud) -> None:
    assert aws.compute
    server = create_server(aws)
    aws.compute.stop(server.id)
    aws.compute.start(server.id)
    assert aws.compute.get(server.id).launched_at == server.launched_at


def test_resize_changes_type_and_root_volume_of_a_stopped_server(aws: AwsCloud) -> None:
    assert aws.compute
    server = create_server(aws)
    size = ServerSize(2, 4096, 30)
    with pytest.raises(RequestRejected, match="running"):
        aws.compute.resize(server.id, size)
    aws.compute.stop(server.id)
    aws.compute.resize(server.id, size)
    aws.compute.resize(server.id, size)
    assert aws.compute.get(server.id).size == ServerSize(2, 4096, 30, "t3.medium")


def test_only_a_hard_reboot_starts_a_stopped_server(aws: AwsCloud) -> None:
    assert aws.compute
    server = create_server(aws)
    aws.compute.stop(server.id)
    with pytest.raises(RequestRejected, match="stopped"):
        aws.compute.reboot(server.id, hard=False)
    aws.compute.reboot(server.id, hard=True)
    assert aws.compute.get(server.id).state is NativeServerState.RUNNING


def test_rebuild_is_not_supported_by_an_endpoint_without_the_action(aws: AwsCloud) -> None:
    assert aws.compute
    server = create_server(aws)
    with pytest.raises(NotSupported, match="does not support replacing root volumes"):
        aws.compute.rebuild(server.id, OTHER_IMAGE)


@dataclass
class RootVolumeReplacement:
    """EC2's replacement of root volumes, which moto lacks, for one connection."""

    aws: AwsCloud
    state: str = ""
    requests: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        register(self.aws, "before-call.ec2.CreateReplaceRootVolumeTask", self._create)
        register(self.aws, "before-call.ec2.DescribeReplaceRootVolumeTasks", self._describe)

    def _create(self, params: dict[str, Any], **_: object) -> object:
        self.requests.append(dict(params["body"]))
        self.state = "pending"
        return SimpleNamespace(status_code=200), {"ReplaceRootVolumeTask": {"TaskState": "pending"}}

    def _describe(self, **_: object) -> object:
        tasks = [{"TaskState": self.state, "StartTime": "2026-01-01T00:00:00Z"}] if self.state else []
        return SimpleNamespace(status_code=200), {"ReplaceRootVolumeTasks": tasks}


def test_repeated_rebuild_replaces_the_root_volume_once(aws: AwsCloud) -> None:
    assert aws.compute
    server, replacement = create_server(aws), RootVolumeReplacement(aws)
    for _ in range(2):
        aws.compute.rebuild(server.id, OTHER_IMAGE)
    (request,) = replacement.requests
    assert (request["InstanceId"], request["ImageId"], request["DeleteReplacedRootVolume"]) == (
        server.id,
        OTHER_IMAGE,
        "true",
    )
    assert aws.compute.get(server.id).state is NativeServerState.BUILDING
    replacement.state = "succeeded"
    rebuilt = aws.compute.get(server.id)
    assert (rebuilt.state, rebuilt.image_id, rebuilt.token) == (NativeServerState.RUNNING, OTHER_IMAGE, server.token)


def test_failed_rebuild_is_a_fault(aws: AwsCloud) -> None:
    assert aws.compute
    server_id, replacement = create_server(aws).id, RootVolumeReplacement(aws)
    aws.compute.rebuild(server_id, OTHER_IMAGE)
    replacement.state = "failed-detached"
    server = aws.compute.get(server_id)
    assert (server.state, server.fault) == (NativeServerState.ERROR, "AWS failed to replace the root volume")


def test_stopped_server_is_started_before_a_rebuild(aws: AwsCloud) -> None:
    assert aws.compute
    server_id, replacement = create_server(aws).id, RootVolumeReplacement(aws)
    aws.compute.stop(server_id)
    with pytest.raises(CloudUnreachable, match="the instance is still starting"):
        aws.compute.rebuild(server_id, OTHER_IMAGE)
    assert replacement.requests == []
    aws.compute.rebuild(server_id, OTHER_IMAGE)
    assert len(replacement.requests) == 1


def test_detach_raises_until_the_volume_is_detached(aws: AwsCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratiform.connectors.aws.compute._DETACH_INTERVAL_S", 0)
    assert aws.compute
    assert aws.volume
    server, volume = create_server(aws), aws.volume.create(VolumeSpec("v1", "data", 4))
    aws.compute.attach_volume(server.id, volume.id, "/dev/vdb")
    response = {"Volumes": [{"Attachments": [{"InstanceId": server.id, "State": "detaching"}]}]}
    register(aws, "before-call.ec2.DescribeVolumes", lambda **_: (SimpleNamespace(status_code=200), response))
    with pytest.raises(CloudUnreachable, match="has not detached"):
        aws.compute.detach_volume(server.id, volume.id)


def test_volume_is_attached_to_one_server(aws: AwsCloud) -> None:
    assert aws.compute
    assert aws.volume
    first, second = create_server(aws), create_server(aws, token="s2")
    volume_id = aws.volume.create(VolumeSpec("v1", "data", 4)).id
    aws.compute.attach_volume(first.id, volume_id, "/dev/vdb")
    aws.compute.attach_volume(first.id, volume_id, "/dev/vdb")
    assert aws.compute.get(first.id).volume_ids == (volume_id,)
    with pytest.raises(RequestRejected, match="another server"):
        aws.compute.attach_volume(second.id, volume_id, "/dev/vdb")
    aws.compute.detach_volume(second.id, volume_id)
    aws.compute.detach_volume(first.id, volume_id)
    aws.compute.detach_volume(first.id, volume_id)
    assert aws.compute.get(first.id).volume_ids == ()


def test_console_output(aws: AwsCloud) -> None:
    assert aws.compute
    assert "Linux version" in aws.compute.get_console_output(create_server(aws).id)


def test_list_returns_all_pages(aws: AwsCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratiform.connectors.aws.compute._PAGE_SIZE", 5)
    ids = {create_server(aws, token=f"s{number}").id for number in range(12)}
    assert aws.compute
    assert {server.id for server in aws.compute.list()} == ids


def test_deleting_a_server_detaches_its_volume(aws: AwsCloud) -> None:
    assert aws.compute
    assert aws.volume
    server_id = create_server(aws).id
    volume_id = aws.volume.create(VolumeSpec("v1", "data", 4)).id
    aws.compute.attach_volume(server_id, volume_id, "/dev/vdb")
    for _ in range(2):
        aws.compute.delete(server_id)
    assert aws.compute.find("s1") is None
    assert list(aws.compute.list()) == []
    assert aws.volume.get(volume_id).server_id == ""
    assert aws.compute.get(server_id).state is NativeServerState.DELETED


def test_unknown_server_raises_native_not_found(aws: AwsCloud) -> None:
    assert aws.compute
    with pytest.raises(NativeNotFound):
        aws.compute.get("i-00000000")
    aws.compute.delete("i-00000000")


@pytest.mark.parametrize(
    ("device", "native_device"), [("/dev/vdb", "/dev/sdf"), ("/dev/vdv", "/dev/sdz"), ("/dev/sdh", "/dev/sdh")]
)
def test_to_native_device(device: str, native_device: str) -> None:
    assert to_native_device(device) == native_device


@pytest.mark.parametrize("device", ["/dev/vda", "/dev/vdw", "/dev/vdaa"])
def test_device_without_an_ec2_name_is_rejected(device: str) -> None:
    with pytest.raises(RequestRejected, match="not available"):
        to_native_device(device)
