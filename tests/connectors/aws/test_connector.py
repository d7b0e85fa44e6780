"""The AWS connector: credentials, settings, translation of errors."""

import subprocess
import sys
from pathlib import Path

import pytest

from stratiform.connectors.aws.connector import AwsCloud
from stratiform.connectors.aws.errors import translate_error
from stratiform.connectors.aws.settings import parse_settings, resolve_instance_type
from stratiform.contract import errors
from stratiform.contract.compute import ServerSize
from stratiform.kit.errors import Invalid
from support.moto import aws_settings, connect_aws

SETTINGS = aws_settings("http://127.0.0.1:1")


def test_check_credentials_returns_the_arn_and_the_zones(aws: AwsCloud) -> None:
    account = aws.check_credentials()
    assert account.identity.startswith("arn:aws:")
    assert "eu-central-1a" in account.zones


def test_wrong_key_is_rejected_and_not_in_the_message(strict_moto_url: str, home: Path) -> None:
    cloud = connect_aws(strict_moto_url, home, secret_key="very-secret")
    with pytest.raises(errors.CredentialsRejected) as raised:
        cloud.check_credentials()
    assert "\n" not in raised.value.message
    assert "very-secret" not in raised.value.message


def test_zone_of_another_region_is_invalid(moto_url: str, home: Path) -> None:
    with pytest.raises(Invalid, match="availability zone 'us-east-1a' not found") as raised:
        connect_aws(moto_url, home, az="us-east-1a").check_credentials()
    assert "eu-central-1b" in raised.value.hint


def test_endpoint_without_a_server_is_unreachable(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratiform.connectors.aws.client._MAX_ATTEMPTS", 1)
    with pytest.raises(errors.CloudUnreachable, match="does not respond"):
        connect_aws("http://127.0.0.1:1", home).check_credentials()


def test_environment_and_files_of_the_aws_cli_are_ignored(
    moto_url: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert connect_aws(moto_url, home).check_credentials().zones
    assert "amazonaws.com" in connect_aws("", home)._client.ec2.meta.endpoint_url


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"region": ""}, "setting 'region' is missing"),
        ({"color": "red"}, "unknown setting 'color'"),
        ({"endpoint": "ftp://x"}, "must be an http:// or https:// URL"),
        ({"endpoint": "nonsense"}, "must be an http:// or https:// URL"),
    ],
)
def test_invalid_settings(overrides: dict[str, str], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        parse_settings({**SETTINGS, **overrides})


def test_malformed_region_is_invalid(home: Path) -> None:
    with pytest.raises(Invalid, match="region"):
        connect_aws("", home, region="not a region")


def test_settings_have_no_secrets_in_their_repr() -> None:
    assert "not-a-secret" not in repr(parse_settings(SETTINGS))


@pytest.mark.parametrize(
    ("size", "instance_type"),
    [
        (ServerSize(1, 512, 1), "t3.nano"),
        (ServerSize(1, 513, 1), "t3.micro"),
        (ServerSize(2, 4096, 40), "t3.medium"),
        (ServerSize(3, 1024, 1), "t3.xlarge"),
        (ServerSize(1, 1, 1, native_type="m7g.large"), "m7g.large"),
    ],
)
def test_resolve_instance_type_returns_the_smallest_that_fits(size: ServerSize, instance_type: str) -> None:
    assert resolve_instance_type(size) == instance_type


def test_size_larger_than_all_types_is_rejected() -> None:
    with pytest.raises(errors.RequestRejected, match="16 vCPU"):
        resolve_instance_type(ServerSize(16, 1024, 1))


@pytest.mark.parametrize(
    ("code", "error_type"),
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
def test_translate_error_by_code(code: str, error_type: type[errors.CloudError]) -> None:
    assert type(translate_error(code, "because.\nmore", 400)) is error_type


def test_translate_error_by_status_and_first_line() -> None:
    assert type(translate_error("Strange", "", 500)) is errors.CloudUnreachable
    error = translate_error("VolumeInUse", "vol-1 is attached.\nMore.", 400)
    assert error.message == "AWS: vol-1 is attached (VolumeInUse)"


def test_getting_the_connector_does_not_import_boto3() -> None:
    program = (
        "import sys; from stratiform.contract.registry import get_connector; get_connector('aws');"
        "sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
