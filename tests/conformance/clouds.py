"""Every cloud that must keep the contracts. To add one, write one function and name it in CLOUDS.

A capability that a cloud lacks is None, and its tests are skipped.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import pytest

from stratiform.connectors.memory.connector import connector as memory_connector
from stratiform.contract.compute import ComputeCapability, ServerSize
from stratiform.contract.connector import CloudAccount, CloudConnection, Installation
from stratiform.contract.image import ImageCapability
from stratiform.contract.network import NetworkCapability
from stratiform.contract.usage import UsageCapability
from stratiform.contract.volume import VolumeCapability
from stratiform.kit.clock import HOUR_US, MINUTE_US, SECOND_US, ManualClock, Micros, SystemClock, to_datetime

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUvLI9mXdKLRyHozbgasiH63sk85vKv+J1+g6K3IT2f conformance"

#: Of a cloud without machines.
NO_SIZE = ServerSize(0, 0, 0)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CloudUnderTest:
    """One cloud, and what the suite must know of it."""

    #: The same account, as the installation with this id is connected to it.
    connect: Callable[[str], CloudConnection]
    #: Lets a little time pass, so that what is under way there goes on.
    tick: Callable[[], None]
    #: Two native images that machines can be made of.
    image: str = ""
    other_image: str = ""
    #: Two sizes; `large` has more memory.
    small: ServerSize = NO_SIZE
    large: ServerSize = NO_SIZE
    #: A native kind of disk that isn't the default.
    disk_type: str = ""
    #: A poll table, and two hours or less in which it finds something, also what `measured` makes of this native id.
    asked: Mapping[str, Any] = field(default_factory=dict)
    measured: Callable[[str], tuple[Micros, Micros]] = lambda _machine: (0, 0)
    #: The account with credentials that the cloud does not know; None where that can't be tried.
    rejected: CloudConnection | None = None
    #: A native id that no image has.
    unknown_image: str = "no-such-image"
    #: Whether a machine that is gone can't be started (real clouds: yes).
    dead_stay_dead: bool = True
    #: Whether it looks at the addresses it is given (real clouds: yes).
    checks_addresses: bool = True
    #: Whether two creates with one token at the same instant are one thing here (real clouds: yes).
    one_at_once: bool = True
    #: This installation's id, fresh for each test.
    installation: str = field(default_factory=lambda: uuid4().hex)

    @property
    def connected(self) -> CloudConnection:
        return self.connect(self.installation)

    @property
    def compute(self) -> ComputeCapability:
        return _there(self.connected.compute, "compute")

    @property
    def volume(self) -> VolumeCapability:
        return _there(self.connected.volume, "volume")

    @property
    def network(self) -> NetworkCapability:
        return _there(self.connected.network, "network")

    @property
    def images(self) -> ImageCapability:
        return _there(self.connected.image, "image")

    @property
    def usage(self) -> UsageCapability:
        return _there(self.connected.usage, "usage")

    def until(self, look: Callable[[], T], good: Callable[[T], bool], *, ticks: int = 400) -> T:
        """Look again and again until it is good; what was seen then."""
        for _ in range(ticks):
            seen = look()
            if good(seen):
                return seen
            self.tick()
        raise AssertionError(f"still {seen} after {ticks} looks")


def _there(capability: T | None, name: str) -> T:
    if capability is None:
        pytest.skip(f"this cloud has no {name}")
    return capability


def memory(_request: pytest.FixtureRequest, home: Path) -> CloudUnderTest:
    """The simulated cloud, at whose clock the tests turn."""
    clock = ManualClock()

    def connect(installation: str, password: str = "right") -> CloudConnection:
        account = CloudAccount(id="cloud-1", name="memory", settings={"password": password})
        return memory_connector.connect(account, Installation(installation, home, clock))

    connect("first").check_credentials()
    return CloudUnderTest(
        connect=connect,
        tick=lambda: _advance(clock),
        image="memory-debian-12",
        other_image="memory-ubuntu-24.04",
        small=ServerSize(1, 512, 1),
        large=ServerSize(2, 2048, 20),
        disk_type="fast",
        asked={"metric": "network.outgoing.bytes", "period_s": 60},
        measured=lambda _machine: _an_hour(clock),
        rejected=connect("first", password="wrong"),
    )


def aws(request: pytest.FixtureRequest, home: Path) -> CloudUnderTest:
    """EC2 and EBS of a moto server, which ignores ClientToken and does not check addresses."""
    from support import moto

    url, strict_url = request.getfixturevalue("moto_url"), request.getfixturevalue("strict_moto_url")
    return CloudUnderTest(
        connect=cache(lambda installation: moto.connect_aws(url, home, installation)),
        tick=wait_a_little,
        image=moto.IMAGE,
        other_image=moto.OTHER_IMAGE,
        small=ServerSize(1, 512, 1),
        large=ServerSize(2, 2048, 20),
        disk_type="gp2",
        asked={"namespace": "AWS/EC2", "metric": "NetworkOut", "dimension": "InstanceId", "period_s": 300},
        measured=lambda machine: _sent(url, machine),
        rejected=moto.connect_aws(strict_url, home),
        unknown_image="ami-00000000000000000",
        dead_stay_dead=False,
        checks_addresses=False,
        one_at_once=False,
    )


def openstack_lab(request: pytest.FixtureRequest, _home: Path) -> CloudUnderTest:
    """The recorded responses of a real installation."""
    from support import openstack

    url = request.getfixturevalue("openstack_url")
    return CloudUnderTest(
        connect=cache(lambda _installation: openstack.connect_openstack(url)),
        tick=wait_a_little,
        asked=openstack.POLL,
        measured=lambda _machine: (openstack.SINCE, openstack.UNTIL),
        rejected=openstack.connect_openstack(url, password="wrong"),
    )


def real_prometheus(request: pytest.FixtureRequest, _home: Path) -> CloudUnderTest:
    """A Prometheus server with generated data."""
    from support import prometheus

    url = request.getfixturevalue("prometheus_url")
    return CloudUnderTest(
        connect=cache(lambda _installation: prometheus.connect_prometheus(url)),
        tick=wait_a_little,
        asked={"query": "bytes_sent_total", "resource_label": "bucket", "project_label": "project", "period_s": 60},
        measured=lambda _machine: (prometheus.BEGIN, prometheus.BEGIN + 2 * HOUR_US),
    )


def _an_hour(clock: ManualClock) -> tuple[Micros, Micros]:
    """Goes by."""
    return clock.now(), clock.advance(HOUR_US)


def _sent(url: str, machine: str) -> tuple[Micros, Micros]:
    """An hour in which `machine` sent something every five minutes, as moto's CloudWatch is told."""
    import boto3

    from support import moto

    known = {key: value for key, value in moto.aws_settings(url).items() if key in ("access_key", "secret_key")}
    session = boto3.session.Session(known["access_key"], known["secret_key"], region_name=moto.REGION)
    until = SystemClock().now() // HOUR_US * HOUR_US
    told: list[MetricDatumTypeDef] = [
        {
            "MetricName": "NetworkOut",
            "Dimensions": [{"Name": "InstanceId", "Value": machine}],
            "Timestamp": to_datetime(at + 7 * SECOND_US),
            "Value": 1_000_003.5,
            "Unit": "Bytes",
        }
        for at in range(until - HOUR_US, until, 5 * MINUTE_US)
    ]
    with closing(session.client("cloudwatch", endpoint_url=url)) as cloudwatch:
        cloudwatch.put_metric_data(Namespace="AWS/EC2", MetricData=told)
    return until - HOUR_US, until


def _advance(clock: ManualClock) -> None:
    clock.advance(20_000)


def wait_a_little() -> None:
    """The tick of a cloud with a clock of its own."""
    time.sleep(0.05)


Factory = Callable[[pytest.FixtureRequest, Path], CloudUnderTest]

#: Kind of cloud → how to get one. A factory asks `request.getfixturevalue` for a server that it needs.
CLOUDS: dict[str, Factory] = {
    "memory": memory,
    "aws": aws,
    "openstack": openstack_lab,
    "prometheus": real_prometheus,
}
