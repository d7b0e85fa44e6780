"""Access to AWS: boto3 clients with timeouts, translation of their errors, tags of our resources."""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError

from stratiform.connectors.aws import tags
from stratiform.connectors.aws.errors import InvalidResponse, translate_error
from stratiform.connectors.aws.settings import AwsSettings
from stratiform.contract.connector import AccountInfo
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, RequestRejected
from stratiform.kit.errors import Invalid

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ec2.literals import ResourceTypeType
    from mypy_boto3_ec2.type_defs import FilterTypeDef, TagSpecificationTypeDef

_CONNECT_TIMEOUT_S = 5
_READ_TIMEOUT_S = 30
_MAX_ATTEMPTS = 3

#: Attempts, and seconds between them, to read a resource after its creation: EC2 is eventually consistent.
_READ_ATTEMPTS = 8
_READ_INTERVAL_S = 0.5

_MAX_NAME_LENGTH = 255

T = TypeVar("T")


class Client:
    """The boto3 clients of one account and region. Thread-safe.

    `ec2` retries requests without a response. `ec2_no_retry` does not: it is for creating resources, because
    EC2-compatible endpoints may ignore ClientToken. After an error, the caller looks the resource up by its tag.
    """

    def __init__(self, settings: AwsSettings, installation_id: str) -> None:
        self.region, self.availability_zone = settings.region, settings.az
        self.installation_id = installation_id
        self.has_custom_endpoint = bool(settings.endpoint)
        #: Serializes the creation of resources for which EC2 has no ClientToken.
        self.create_lock = threading.Lock()
        session = _create_session(settings)
        endpoint = settings.endpoint or None
        try:
            self.ec2: EC2Client = session.client("ec2", endpoint_url=endpoint, config=_config(_MAX_ATTEMPTS))
            self.ec2_no_retry: EC2Client = session.client("ec2", endpoint_url=endpoint, config=_config(1))
            self.cloudwatch: CloudWatchClient = session.client(
                "cloudwatch", endpoint_url=endpoint, config=_config(_MAX_ATTEMPTS)
            )
            self._sts = session.client("sts", endpoint_url=endpoint, config=_config(_MAX_ATTEMPTS))
        except (BotoCoreError, ValueError) as error:
            raise Invalid(f"invalid AWS region '{settings.region}': {error}") from error

    @cached_property
    def volume_types(self) -> tuple[str, ...]:
        """The types of EBS volumes in boto3's service model."""
        shape = self.ec2.meta.service_model.shape_for("VolumeType")
        return tuple(getattr(shape, "enum", ()))

    @contextmanager
    def translating_errors(self) -> Iterator[None]:
        """Translate boto3's errors to contract.errors."""
        try:
            yield
        except ClientError as error:
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            details = error.response.get("Error", {})
            raise translate_error(details.get("Code") or "", details.get("Message") or "", status) from error
        except (HTTPClientError, BotoConnectionError) as error:
            raise CloudUnreachable(
                f"AWS in {self.region} does not respond: {error}", hint="check the region and the network"
            ) from error
        except ResponseParserError as error:
            raise InvalidResponse(f"invalid response from AWS in {self.region}") from error
        except BotoCoreError as error:
            raise RequestRejected(f"invalid request to AWS: {error}") from error

    def get_account_id(self) -> str:
        """Return the AWS account number."""
        account_id: str = self._sts.get_caller_identity()["Account"]
        return account_id

    def check_credentials(self) -> AccountInfo:
        """Return our ARN and the region's availability zones. Raises: Invalid if ours is not among them."""
        with self.translating_errors():
            arn = self._sts.get_caller_identity()["Arn"]
            response = self.ec2.describe_availability_zones()
        zones = tuple(sorted(zone["ZoneName"] for zone in response["AvailabilityZones"]))
        if self.availability_zone not in zones:
            raise Invalid(
                f"availability zone '{self.availability_zone}' not found in {self.region}",
                hint=f"availability zones: {', '.join(zones)}",
            )
        return AccountInfo(identity=arn, zones=zones)

    def wait_until_visible(self, read: Callable[[], T]) -> T:
        """Return the result of `read` when it finds the new resource. Raises: CloudUnreachable after 4 s."""
        for _ in range(_READ_ATTEMPTS):
            try:
                return read()
            except NativeNotFound:
                time.sleep(_READ_INTERVAL_S)
        raise CloudUnreachable("AWS does not list the new resource yet")

    def build_client_token(self, resource: str, token: str) -> str:
        """Return an idempotency token for RunInstances or CreateVolume; EC2 accepts at most 64 characters."""
        return hashlib.sha256(f"{self.installation_id}/{resource}/{token}".encode()).hexdigest()

    def build_tag_specification(
        self, resource: "ResourceTypeType", name: str, extra_tags: dict[str, str]
    ) -> "TagSpecificationTypeDef":
        """Return the tags of a new resource: our installation, its name, and `extra_tags`."""
        values = {tags.INSTALLATION: self.installation_id, "Name": name[:_MAX_NAME_LENGTH], **extra_tags}
        return {"ResourceType": resource, "Tags": [{"Key": key, "Value": value} for key, value in values.items()]}

    def build_tag_filters(self, extra_tags: Mapping[str, str] = MappingProxyType({})) -> "list[FilterTypeDef]":
        """Return filters for the resources of this installation that have `extra_tags`."""
        values = {tags.INSTALLATION: self.installation_id, **extra_tags}
        return [{"Name": f"tag:{key}", "Values": [value]} for key, value in values.items()]


def _create_session(settings: AwsSettings) -> boto3.session.Session:
    """Return a session that uses only the account's settings, not the profiles and files of this machine."""
    no_files = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return boto3.session.Session(
        botocore_session=botocore.session.Session(session_vars=no_files),
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        aws_session_token=settings.session_token or None,
        region_name=settings.region,
    )


def _config(attempts: int) -> Config:
    # Ignores AWS_ENDPOINT_URL in favor of the account's endpoint. The type stubs lack this option.
    ignore_environment: dict[str, Any] = {"ignore_configured_endpoint_urls": True}
    return Config(
        connect_timeout=_CONNECT_TIMEOUT_S,
        read_timeout=_READ_TIMEOUT_S,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=16,
        **ignore_environment,
    )
