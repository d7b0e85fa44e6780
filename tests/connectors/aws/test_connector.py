"""Credentials, settings, and what AWS says when it says no."""

import subprocess
import sys
from pathlib import Path

import pytest

from stratiform.connectors.aws.connector import AwsCloud
from stratiform.connectors.aws.errors import told
from stratiform.connectors.aws.settings import machine_type, parse
from stratiform.contract import errors
from stratiform.contract.compute import ServerSize
from stratiform.kit.errors import Invalid
from support.moto import aws_settings, connect_aws

GIVEN = aws_settings("http://127.0.0.1:1")


def test_check_tells_who_we_are_and_the_zones(aws: AwsCloud) -> None:
    found = aws.check()
    assert found.identity.startswith("arn:aws:")
    assert "eu-central-1a" in found.zones


def test_a_wrong_key_is_rejected_without_telling_it(strict_moto_url: str, home: Path) -> None:
    wrong = connect_aws(strict_moto_url, home, secret_key="very-secret")
    with pytest.raises(errors.CredentialsRejected) as said:
        wrong.check()
    assert "\n" not in said.value.message
    assert "very-secret" not in said.value.message


def test_a_zone_of_another_region_is_told(moto_url: str, home: Path) -> None:
    with pytest.raises(Invalid, match="no availability zone 'us-east-1a'") as said:
        connect_aws(moto_url, home, az="us-east-1a").check()
    assert "eu-central-1b" in said.value.hint


def test_nobody_there_is_unreachable(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratiform.connectors.aws.client._ATTEMPTS", 1)
    with pytest.raises(errors.CloudUnreachable, match="no answer from AWS"):
        connect_aws("http://127.0.0.1:1", home).check()


def test_the_machines_own_aws_files_and_variables_do_not_matter(
    moto_url: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert connect_aws(moto_url, home).check().zones
    assert "amazonaws.com" in connect_aws("", home)._client.ec2.meta.endpoint_url


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"region": ""}, "needs the setting 'region'"),
        ({"colour": "red"}, "no setting 'colour'"),
        ({"endpoint": "ftp://x"}, "must be a URL"),
        ({"endpoint": "nonsense"}, "must be a URL"),
    ],
)
def test_settings_that_are_wrong_are_named(changed: dict[str, str], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        parse({**GIVEN, **changed})


def test_a_region_that_can_not_be_one_is_told(home: Path) -> None:
    with pytest.raises(Invalid, match="region"):
        connect_aws("", home, region="not a region")


def test_settings_show_no_secret() -> None:
    assert "not-a-secret" not in repr(parse(GIVEN))


@pytest.mark.parametrize(
    ("size", "native"),
    [
        (ServerSize(1, 512, 1), "t3.nano"),
        (ServerSize(1, 513, 1), "t3.micro"),
        (ServerSize(2, 4096, 40), "t3.medium"),
        (ServerSize(3, 1024, 1), "t3.xlarge"),
        (ServerSize(1, 1, 1, native="m7g.large"), "m7g.large"),
    ],
)
def test_the_smallest_type_that_fits(size: ServerSize, native: str) -> None:
    assert machine_type(size) == native


def test_a_size_that_no_type_has_is_refused() -> None:
    with pytest.raises(errors.RequestRejected, match="16 vCPU"):
        machine_type(ServerSize(16, 1024, 1))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AuthFailure", errors.CredentialsRejected),
        ("UnauthorizedOperation", errors.CredentialsRejected),
        ("InvalidClientTokenId", errors.CredentialsRejected),
        ("SignatureDoesNotMatch", errors.CredentialsRejected),
        ("RequestLimitExceeded", errors.CloudThrottled),
        ("Throttling", errors.CloudThrottled),
        ("InsufficientInstanceCapacity", errors.InsufficientCapacity),
        ("InstanceLimitExceeded", errors.InsufficientCapacity),
        ("VolumeLimitExceeded", errors.InsufficientCapacity),
        ("InvalidInstanceID.NotFound", errors.NativeNotFound),
        ("InvalidAMIID.Malformed", errors.NativeNotFound),
        ("ServiceUnavailable", errors.CloudUnreachable),
        ("UnknownOperationException", errors.NotSupported),
        ("IncorrectInstanceState", errors.RequestRejected),
    ],
)
def test_codes_mean(code: str, kind: type[errors.CloudError]) -> None:
    assert type(told(code, "because.\nmore", 400)) is kind


def test_a_broken_server_is_unreachable_and_messages_are_one_line() -> None:
    assert type(told("Strange", "", 500)) is errors.CloudUnreachable
    assert told("VolumeInUse", "vol-1 is attached.\nMore.", 400).message == "AWS: vol-1 is attached (VolumeInUse)"


def test_boto3_is_loaded_only_by_who_connects() -> None:
    program = (
        "import sys; from stratiform.contract.registry import connector; connector('aws');"
        "sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
