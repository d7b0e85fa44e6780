"""The one place that knows boto3: clients with time limits, their errors in the contract's words, our tags."""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError

from stratiform.connectors.aws.errors import Garbled, told
from stratiform.connectors.aws.settings import AwsSettings
from stratiform.contract.connector import AccountInfo
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, RequestRejected
from stratiform.kit.errors import Invalid

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ec2.literals import ResourceTypeType
    from mypy_boto3_ec2.type_defs import FilterTypeDef, TagSpecificationTypeDef

_CONNECT_S = 5
_READ_S = 30
_ATTEMPTS = 3

#: How often, and how far apart, we look for what AWS says it has made; its lists lag behind.
_LOOKS = 8
_LOOK_EVERY_S = 0.5

TOKEN = "stratiform:token"  # noqa: S105 (the name of a tag)
INSTALLATION = "stratiform:installation"

_NAME_CHARS = 255

T = TypeVar("T")


class Client:
    """The clients of one account and region; boto3's clients may be used by many threads.

    `ec2` asks again by itself where no answer came. `once` never does: it is for what can't be repeated blindly, as
    not everything that speaks EC2 keeps the promise of ClientToken. Whoever got no answer looks first, then asks anew.
    """

    def __init__(self, settings: AwsSettings, installation: str) -> None:
        self.region, self.zone, self.installation = settings.region, settings.az, installation
        self.elsewhere = bool(settings.endpoint)
        self.making = threading.Lock()
        session = _session(settings)
        endpoint = settings.endpoint or None
        try:
            self.ec2: EC2Client = session.client("ec2", endpoint_url=endpoint, config=_config(_ATTEMPTS))
            self.once: EC2Client = session.client("ec2", endpoint_url=endpoint, config=_config(1))
            self.cloudwatch: CloudWatchClient = session.client(
                "cloudwatch", endpoint_url=endpoint, config=_config(_ATTEMPTS)
            )
            self._sts = session.client("sts", endpoint_url=endpoint, config=_config(_ATTEMPTS))
        except (BotoCoreError, ValueError) as error:
            raise Invalid(f"aws can't be used with region '{settings.region}': {error}") from error

    @cached_property
    def disk_types(self) -> tuple[str, ...]:
        """The types of EBS volumes, as boto3 knows them."""
        shape = self.ec2.meta.service_model.shape_for("VolumeType")
        return tuple(getattr(shape, "enum", ()))

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Turns what boto3 raises into contract.errors."""
        try:
            yield
        except ClientError as error:
            answer = error.response
            status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            said = answer.get("Error", {})
            raise told(said.get("Code", ""), said.get("Message", ""), status) from error
        except (HTTPClientError, BotoConnectionError) as error:
            raise CloudUnreachable(
                f"no answer from AWS in {self.region}: {error}", hint="is the region right, and the network up?"
            ) from error
        except ResponseParserError as error:
            raise Garbled(f"AWS in {self.region} answered something that isn't EC2's") from error
        except BotoCoreError as error:
            raise RequestRejected(f"AWS can't be asked that: {error}") from error

    def account(self) -> str:
        """The number of the AWS account."""
        account: str = self._sts.get_caller_identity()["Account"]
        return account

    def check(self) -> AccountInfo:
        """Who we are, and the region's zones. Raises Invalid where our own zone isn't among them."""
        with self.asking():
            identity = self._sts.get_caller_identity()["Arn"]
            found = self.ec2.describe_availability_zones()["AvailabilityZones"]
        zones = tuple(sorted(zone["ZoneName"] for zone in found))
        if self.zone not in zones:
            raise Invalid(f"{self.region} has no availability zone '{self.zone}'", hint=f"it has: {', '.join(zones)}")
        return AccountInfo(identity=identity, zones=zones)

    def seen(self, look: Callable[[], T]) -> T:
        """What `look` finds of a thing just made, once AWS shows it. Raises CloudUnreachable where it does not."""
        for _ in range(_LOOKS):
            try:
                return look()
            except NativeNotFound:
                time.sleep(_LOOK_EVERY_S)
        raise CloudUnreachable("AWS doesn't show yet what it has made")

    def client_token(self, kind: str, token: str) -> str:
        """What makes a repeated request one request; 64 digits, which is all that EC2 takes."""
        return hashlib.sha256(f"{self.installation}/{kind}/{token}".encode()).hexdigest()

    def tagged(self, kind: "ResourceTypeType", name: str, tags: dict[str, str]) -> "TagSpecificationTypeDef":
        """The tags of something new: our installation, its name, and `tags`."""
        every = {INSTALLATION: self.installation, "Name": name[:_NAME_CHARS], **tags}
        return {"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in every.items()]}

    def mine(self, **tags: str) -> "list[FilterTypeDef]":
        """The filters for what this installation has made, with a tag `stratiform:KEY` of each value."""
        ours = {INSTALLATION: self.installation, **{f"stratiform:{key}": value for key, value in tags.items()}}
        return [{"Name": f"tag:{key}", "Values": [value]} for key, value in ours.items()]


def _session(settings: AwsSettings) -> boto3.session.Session:
    """A session that knows the account's settings and nothing else: no profile, no file of this machine."""
    alone = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return boto3.session.Session(
        botocore_session=botocore.session.Session(session_vars=alone),
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        aws_session_token=settings.session_token or None,
        region_name=settings.region,
    )


def _config(attempts: int) -> Config:
    # Only the account's own endpoint counts, not one in AWS_ENDPOINT_URL; the stubs don't know the option yet.
    alone: dict[str, Any] = {"ignore_configured_endpoint_urls": True}
    return Config(
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=16,
        **alone,
    )
