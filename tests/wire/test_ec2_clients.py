"""boto3 and the AWS command line, both unmodified, with the EC2 API: a server, a worker and the simulated cloud."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from support.demo_server import demo_server
from support.processes import WAIT_S, wait_until
from support.server import DEMO_PASSWORD, Live


@dataclass(frozen=True, slots=True)
class Site:
    """A server and a worker, and an EC2 credential of the demo user."""

    live: Live
    image_id: str
    access: str
    secret: str
    token: str

    def client(self, **changes: str) -> Any:
        """Return a client of boto3."""
        options: dict[str, Any] = {"aws_access_key_id": self.access, "aws_secret_access_key": self.secret, **changes}
        options |= {"endpoint_url": f"{self.live.url}/ec2", "region_name": "RegionOne"}
        return boto3.client("ec2", config=Config(retries={"max_attempts": 1}), **options)

    def aws(self, *arguments: str) -> Any:
        """Run an `aws ec2` command that succeeds. Return its decoded output."""
        environment = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": self.access,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": "RegionOne",
            "AWS_PAGER": "",
        }
        command = [str(Path(sys.executable).with_name("aws")), "--endpoint-url", f"{self.live.url}/ec2", "ec2"]
        result = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, timeout=WAIT_S)
        assert result.returncode == 0, f"aws ec2 {' '.join(arguments)}:\n{result.stdout}{result.stderr}"
        return json.loads(result.stdout) if result.stdout.strip() else None

    def get(self, path: str) -> Any:
        """Return the body of a request to an OpenStack API with a token of the demo user."""
        return httpx.get(self.live.url + path, headers={"X-Auth-Token": self.token}, timeout=WAIT_S).json()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with demo_server(tmp_path_factory.mktemp("site")) as (live, image_id):
        yield create_site(live, f"ami-{image_id.replace('-', '')}")


def create_site(live: Live, image_id: str) -> Site:
    """Sign in, and create an EC2 credential with the Identity API."""
    domain = {"id": "default"}
    user = {"name": "demo", "domain": domain, "password": DEMO_PASSWORD}
    scope = {"project": {"name": "demo", "domain": domain}}
    auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}
    response = httpx.post(f"{live.url}/identity/v3/auth/tokens", json={"auth": auth}, timeout=WAIT_S)
    token, body = response.headers["X-Subject-Token"], response.json()["token"]
    path = f"/identity/v3/users/{body['user']['id']}/credentials/OS-EC2"
    created = httpx.post(
        live.url + path, json={"tenant_id": body["project"]["id"]}, headers={"X-Auth-Token": token}, timeout=WAIT_S
    ).json()["credential"]
    return Site(live, image_id, created["access"], created["secret"], token)


def to_uuid(ec2_id: str) -> str:
    digits = ec2_id.partition("-")[2]
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def test_an_instance_from_start_to_end(site: Site) -> None:
    ec2 = site.client()
    key = ec2.create_key_pair(KeyName="laptop")
    assert key["KeyMaterial"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    run = ec2.run_instances(
        ImageId=site.image_id,
        InstanceType="m1.tiny",
        MinCount=1,
        MaxCount=2,
        KeyName="laptop",
        UserData="#cloud-config\n",
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]}],
    )
    ids = [instance["InstanceId"] for instance in run["Instances"]]
    assert len(ids) == 2
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    instance = ec2.describe_instances(InstanceIds=ids[:1])["Reservations"][0]["Instances"][0]
    server = site.get(f"/compute/v2.1/servers/{to_uuid(ids[0])}")["server"]
    assert (server["status"], server["name"], server["key_name"]) == ("ACTIVE", "web-1", "laptop")
    assert instance["PrivateIpAddress"] in json.dumps(server["addresses"])
    assert (instance["InstanceType"], instance["Tags"]) == ("m1.tiny", [{"Key": "Name", "Value": "web"}])
    assert [group["GroupName"] for group in instance["SecurityGroups"]] == ["default"]
    output = base64.b64decode(encode_console(ec2, ids[0])).decode()
    assert "read 20 characters of user data" in output
    stopping = ec2.stop_instances(InstanceIds=ids[:1])["StoppingInstances"][0]
    assert (stopping["PreviousState"]["Name"], stopping["CurrentState"]["Name"]) == ("running", "stopping")
    ec2.get_waiter("instance_stopped").wait(InstanceIds=ids[:1], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    filters = [{"Name": "instance-state-name", "Values": ["stop*"]}, {"Name": "tag:Name", "Values": ["web"]}]
    stopped_ids = [r["Instances"][0]["InstanceId"] for r in ec2.describe_instances(Filters=filters)["Reservations"]]
    assert stopped_ids == ids[:1]
    ec2.stop_instances(InstanceIds=ids[:1])
    ec2.start_instances(InstanceIds=ids)
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    ec2.reboot_instances(InstanceIds=ids[1:])
    ec2.terminate_instances(InstanceIds=ids)
    ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    ec2.delete_key_pair(KeyName="laptop")
    assert ec2.describe_key_pairs()["KeyPairs"] == []


def encode_console(ec2: Any, instance_id: str) -> str:
    """Return the console output in base64, which boto3 decodes."""
    output: str = ec2.get_console_output(InstanceId=instance_id)["Output"]
    return base64.b64encode(output.encode()).decode()


def test_volumes_and_snapshots(site: Site) -> None:
    ec2 = site.client()
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "data"}]}]
    options = {"AvailabilityZone": "zone-a", "Size": 2, "TagSpecifications": tags, "ClientToken": "volume-1"}
    volume_id = ec2.create_volume(VolumeType="gp3", **options)["VolumeId"]
    assert ec2.create_volume(VolumeType="gp3", **options)["VolumeId"] == volume_id
    ec2.get_waiter("volume_available").wait(VolumeIds=[volume_id], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert site.get(f"/volume/v3/volumes/{to_uuid(volume_id)}")["volume"]["name"] == "data"
    instance_id = run_instance(site, ec2)
    attached = ec2.attach_volume(VolumeId=volume_id, InstanceId=instance_id, Device="/dev/vdc")
    assert (attached["Device"], attached["State"]) == ("/dev/vdc", "attaching")
    ec2.get_waiter("volume_in_use").wait(VolumeIds=[volume_id], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    wait_until(lambda: get_attachment(ec2, volume_id)["State"] == "attached", "the volume is not attached")
    with pytest.raises(ClientError) as refused:
        ec2.delete_volume(VolumeId=volume_id)
    assert refused.value.response["Error"]["Code"] == "VolumeInUse"
    snapshot_id = ec2.create_snapshot(VolumeId=volume_id, Description="nightly")["SnapshotId"]
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot_id], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    [snapshot] = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert (snapshot["VolumeSize"], snapshot["Description"]) == (2, "nightly")
    ec2.detach_volume(VolumeId=volume_id)
    ec2.get_waiter("volume_available").wait(VolumeIds=[volume_id], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    ec2.delete_snapshot(SnapshotId=snapshot_id)
    wait_until(lambda: not ec2.describe_snapshots()["Snapshots"], "the snapshot is not deleted")
    ec2.delete_volume(VolumeId=volume_id)
    wait_until(lambda: not ec2.describe_volumes()["Volumes"], "the volume is not deleted")
    ec2.terminate_instances(InstanceIds=[instance_id])


def get_attachment(ec2: Any, volume_id: str) -> Any:
    attachments = ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"][0]["Attachments"]
    return attachments[0] if attachments else {"State": ""}


def run_instance(site: Site, ec2: Any, **options: Any) -> str:
    """Create an instance, and wait until it runs."""
    run = ec2.run_instances(ImageId=site.image_id, InstanceType="m1.tiny", MinCount=1, MaxCount=1, **options)
    instance_id = str(run["Instances"][0]["InstanceId"])
    waiter = ec2.get_waiter("instance_running")
    waiter.wait(InstanceIds=[instance_id], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return instance_id


def test_security_groups(site: Site) -> None:
    ec2 = site.client()
    group_id = ec2.create_security_group(GroupName="web", Description="Web servers")["GroupId"]
    with pytest.raises(ClientError) as duplicate:
        ec2.create_security_group(GroupName="web", Description="Web servers")
    assert duplicate.value.response["Error"]["Code"] == "InvalidGroup.Duplicate"
    permissions = [
        {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]},
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group_id}]},
        {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
    ]
    rules = ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=permissions)["SecurityGroupRules"]
    assert len(rules) == 3
    described = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    by_protocol = {item["IpProtocol"]: item for item in described["IpPermissions"]}
    assert by_protocol["tcp"]["IpRanges"] == [{"CidrIp": "192.0.2.0/24"}]
    assert by_protocol["-1"]["UserIdGroupPairs"][0]["GroupId"] == group_id
    assert (by_protocol["icmp"]["FromPort"], by_protocol["icmp"]["ToPort"]) == (-1, -1)
    path = f"/network/v2.0/security-group-rules?security_group_id={to_uuid(group_id)}&direction=ingress"
    assert len(site.get(path)["security_group_rules"]) == 3
    ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=permissions[:1])
    ec2.revoke_security_group_ingress(GroupId=group_id, SecurityGroupRuleIds=[rules[1]["SecurityGroupRuleId"]])
    with pytest.raises(ClientError) as missing:
        ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=permissions[:1])
    assert missing.value.response["Error"]["Code"] == "InvalidPermission.NotFound"
    names = {group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]}
    assert names == {"default", "web"}
    ec2.delete_security_group(GroupName="web")
    with pytest.raises(ClientError) as deleted:
        ec2.describe_security_groups(GroupIds=[group_id])
    assert deleted.value.response["Error"]["Code"] == "InvalidGroup.NotFound"


def test_client_tokens_and_dry_runs(site: Site) -> None:
    ec2 = site.client()
    options = {"ImageId": site.image_id, "InstanceType": "m1.tiny", "MinCount": 1, "MaxCount": 1}
    with pytest.raises(ClientError) as dry:
        ec2.run_instances(DryRun=True, **options)
    assert dry.value.response["Error"]["Code"] == "DryRunOperation"
    first = ec2.run_instances(ClientToken="one", **options)
    assert ec2.run_instances(ClientToken="one", **options)["ReservationId"] == first["ReservationId"]
    with pytest.raises(ClientError) as changed:
        ec2.run_instances(ClientToken="one", **{**options, "InstanceType": "m1.small"})
    assert changed.value.response["Error"]["Code"] == "IdempotentParameterMismatch"
    filters = [{"Name": "reservation-id", "Values": [first["ReservationId"]]}]
    reservations = ec2.describe_instances(Filters=filters)["Reservations"]
    assert [len(reservation["Instances"]) for reservation in reservations] == [1]
    ec2.terminate_instances(InstanceIds=[first["Instances"][0]["InstanceId"]])


def test_errors_have_the_codes_of_ec2(site: Site) -> None:
    ec2 = site.client()
    unknown = "0123456789abcdef0123456789abcdef"
    options = {"ImageId": site.image_id, "InstanceType": "m1.tiny", "MinCount": 1, "MaxCount": 1}
    requests: dict[str, Callable[[], Any]] = {
        "InvalidInstanceID.NotFound": lambda: ec2.describe_instances(InstanceIds=[f"i-{unknown}"]),
        "InvalidInstanceID.Malformed": lambda: ec2.stop_instances(InstanceIds=["web"]),
        "InvalidVolume.NotFound": lambda: ec2.delete_volume(VolumeId=f"vol-{unknown}"),
        "InvalidSnapshot.NotFound": lambda: ec2.delete_snapshot(SnapshotId=f"snap-{unknown}"),
        "InvalidAMIID.NotFound": lambda: ec2.deregister_image(ImageId=f"ami-{unknown}"),
        "InvalidKeyPair.NotFound": lambda: ec2.describe_key_pairs(KeyNames=["unknown"]),
        "InvalidAddress.NotFound": lambda: ec2.release_address(PublicIp="192.0.2.1"),
        "InvalidParameterValue": lambda: ec2.run_instances(**{**options, "InstanceType": "unknown"}),
        "UnsupportedOperation": lambda: ec2.create_tags(Resources=[f"sg-{unknown}"], Tags=[{"Key": "a", "Value": "b"}]),
        "InstanceLimitExceeded": lambda: ec2.run_instances(**{**options, "MinCount": 50, "MaxCount": 50}),
        "InvalidAction": lambda: ec2.describe_hosts(),
        "AuthFailure": lambda: site.client(aws_secret_access_key="wrong").describe_instances(),
    }
    codes = {}
    for code, request in requests.items():
        with pytest.raises(ClientError) as error:
            request()
        codes[code] = error.value.response["Error"]["Code"]
    assert codes == {code: code for code in requests}


def test_lists_have_pages(site: Site) -> None:
    ec2 = site.client()
    pages = list(ec2.get_paginator("describe_instance_types").paginate(PaginationConfig={"PageSize": 5}))
    names = [item["InstanceType"] for page in pages for item in page["InstanceTypes"]]
    flavors = [flavor["name"] for flavor in site.get("/compute/v2.1/flavors")["flavors"]]
    assert sorted(names) == sorted(flavors)


def test_the_aws_command_line(site: Site) -> None:
    assert site.aws("describe-regions")["Regions"][0]["RegionName"] == "RegionOne"
    assert site.aws("describe-availability-zones")["AvailabilityZones"][0]["ZoneName"] == "zone-a"
    assert [image["ImageId"] for image in site.aws("describe-images")["Images"]] == [site.image_id]
    [vpc] = site.aws("describe-vpcs")["Vpcs"]
    [subnet] = site.aws("describe-subnets", "--filters", f"Name=vpc-id,Values={vpc['VpcId']}")["Subnets"]
    run = site.aws(
        *("run-instances", "--image-id", site.image_id, "--instance-type", "m1.tiny"),
        *("--subnet-id", subnet["SubnetId"], "--count", "1"),
    )
    instance_id = run["Instances"][0]["InstanceId"]
    assert run["Instances"][0]["SubnetId"] == subnet["SubnetId"]
    site.aws("wait", "instance-running", "--instance-ids", instance_id)
    site.aws("create-tags", "--resources", instance_id, "--tags", "Key=Name,Value=db", "Key=stage,Value=test")
    assert site.get(f"/compute/v2.1/servers/{to_uuid(instance_id)}")["server"]["name"] == "db"
    site.aws("delete-tags", "--resources", instance_id, "--tags", "Key=Name")
    tags = site.aws("describe-tags", "--filters", f"Name=resource-id,Values={instance_id}")["Tags"]
    assert [(tag["Key"], tag["Value"]) for tag in tags] == [("stage", "test")]
    image_id = site.aws("create-image", "--instance-id", instance_id, "--name", "golden")["ImageId"]
    own = site.aws("describe-images", "--owners", "self", "--query", "Images[].ImageId")
    assert own == [image_id]
    site.aws("wait", "image-available", "--image-ids", image_id)
    site.aws("terminate-instances", "--instance-ids", instance_id)
    site.aws("deregister-image", "--image-id", image_id)
