"""The clouds that are tested for conformance. To add one, write a function that returns it, and add it to CLOUDS.

Tests of a capability that a cloud lacks are skipped.
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
from stratiform.contract.compute import ComputeDriver, NativeServer, NativeServerState, ServerSize, ServerSpec
from stratiform.contract.connector import CloudAccount, CloudConnection, Installation
from stratiform.contract.image import ImageDriver
from stratiform.contract.network import NetworkDriver
from stratiform.contract.routing import RoutingDriver
from stratiform.contract.usage import UsageDriver
from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeDriver, VolumeSpec
from stratiform.kit.clock import HOUR_US, MINUTE_US, SECOND_US, ManualClock, Micros, SystemClock, to_datetime

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

    from support.cloudstack.api_server import ApiServer

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUvLI9mXdKLRyHozbgasiH63sk85vKv+J1+g6K3IT2f conformance"

#: The size of a cloud without servers.
NO_SIZE = ServerSize(0, 0, 0)

_POLL_INTERVAL_S = 0.05

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CloudUnderTest:
    """A cloud, and what the tests need to know about it."""

    #: The kind of cloud.
    kind: str
    #: Connects to the cloud's account as the installation with this id.
    connect: Callable[[str], CloudConnection]
    #: Lets some time pass, so that operations in progress advance.
    tick: Callable[[], None]
    #: Two native images from which servers can be created.
    image: str = ""
    other_image: str = ""
    #: Two sizes; `large` has more memory.
    small: ServerSize = NO_SIZE
    large: ServerSize = NO_SIZE
    #: The disk format of an image whose data is zeros (Glance checks the format).
    disk_format: str = "qcow2"
    #: A native volume type that is not the default.
    volume_type: str = ""
    #: A poll table, and a function that returns an interval of at most two hours in which it has samples: of the
    #: server with a native id, for which it creates some if necessary.
    poll: Mapping[str, Any] = field(default_factory=dict)
    create_samples: Callable[[str], tuple[Micros, Micros]] = lambda _server_id: (0, 0)
    #: A connection with wrong credentials; None if the test server accepts all.
    rejected: CloudConnection | None = None
    #: A native id that no image has.
    unknown_image: str = "no-such-image"
    #: True if a deleted server cannot be started (moto starts it).
    rejects_deleted_servers: bool = True
    #: True if invalid and used IP addresses are rejected (moto accepts them).
    checks_addresses: bool = True
    #: True if concurrent creates with one token create one resource (moto ignores ClientToken).
    supports_concurrent_creates: bool = True
    #: True if an image has the snapshot that it was registered with (moto invents another one).
    keeps_snapshots_of_images: bool = True
    #: True if a volume that no server has used yet cannot be copied.
    copies_only_used_volumes: bool = False
    #: True if volumes and images of servers have data (those of a test installation may not).
    stores_data: bool = True
    #: True if the cloud has multiattach volumes (a test installation may not).
    supports_multiattach: bool = True
    #: True if the cloud chooses the addresses of floating IPs.
    assigns_floating_addresses: bool = False
    #: The id of the installation, unique to each test.
    installation_id: str = field(default_factory=lambda: uuid4().hex)

    @property
    def connection(self) -> CloudConnection:
        return self.connect(self.installation_id)

    @property
    def compute(self) -> ComputeDriver:
        return _require(self.connection.compute, "compute")

    @property
    def volume(self) -> VolumeDriver:
        return _require(self.connection.volume, "volume")

    @property
    def network(self) -> NetworkDriver:
        return _require(self.connection.network, "network")

    @property
    def routing(self) -> RoutingDriver:
        return _require(self.connection.routing, "routing")

    @property
    def images(self) -> ImageDriver:
        return _require(self.connection.image, "image")

    @property
    def usage(self) -> UsageDriver:
        return _require(self.connection.usage, "usage")

    def wait_for(self, read: Callable[[], T], condition: Callable[[T], bool], *, attempts: int = 400) -> T:
        """Call `read` until its result fulfils `condition`, and return it."""
        for _ in range(attempts):
            result = read()
            if condition(result):
                return result
            self.tick()
        raise AssertionError(f"condition not fulfilled after {attempts} attempts: {result}")

    def wait_for_server(self, server_id: str, state: NativeServerState = NativeServerState.RUNNING) -> NativeServer:
        compute = self.compute
        return self.wait_for(lambda: compute.get(server_id), lambda server: server.state is state)

    def wait_for_volume(self, volume_id: str, state: NativeVolumeState = NativeVolumeState.AVAILABLE) -> NativeVolume:
        volume = self.volume
        return self.wait_for(lambda: volume.get(volume_id), lambda native: native.state is state)

    def create_server(self, spec: ServerSpec | None = None) -> NativeServer:
        """Create a server and wait until it runs."""
        server = self.compute.create(spec or ServerSpec(str(uuid4()), "web-1", self.small, self.image))
        return self.wait_for_server(server.id)

    def create_volume(self, spec: VolumeSpec | None = None) -> NativeVolume:
        """Create a volume and wait until it is available."""
        volume = self.volume.create(spec or VolumeSpec(str(uuid4()), "data", 2))
        return self.wait_for_volume(volume.id)

    def create_used_volume(self) -> NativeVolume:
        """Create a volume of which a snapshot can be created."""
        volume = self.create_volume()
        if self.copies_only_used_volumes:
            server = self.create_server()
            self.compute.attach_volume(server.id, volume.id, "/dev/vdb")
            self.compute.detach_volume(server.id, volume.id)
        return self.wait_for_volume(volume.id)

    def wait_until_deleted(self, server: NativeServer) -> None:
        compute = self.compute
        self.wait_for(lambda: compute.find(server.token), lambda item: item is None)


def _require(capability: T | None, name: str) -> T:
    if capability is None:
        pytest.skip(f"this cloud has no {name} capability")
    return capability


def memory(_request: pytest.FixtureRequest, home: Path) -> CloudUnderTest:
    """The simulated cloud with a manual clock."""
    clock = ManualClock()

    def connect(installation_id: str, password: str = "right") -> CloudConnection:
        account = CloudAccount(id="cloud-1", name="memory", settings={"password": password})
        return memory_connector.connect(account, Installation(installation_id, home, clock))

    connect("first").check_credentials()
    return CloudUnderTest(
        kind="memory",
        connect=connect,
        tick=lambda: _advance(clock),
        image="memory-debian-12",
        other_image="memory-ubuntu-24.04",
        small=ServerSize(1, 512, 1),
        large=ServerSize(2, 2048, 20),
        volume_type="fast",
        poll={"metric": "network.outgoing.bytes", "period_s": 60},
        create_samples=lambda _server_id: (clock.now(), clock.advance(HOUR_US)),
        rejected=connect("first", password="wrong"),
    )


def aws(request: pytest.FixtureRequest, home: Path) -> CloudUnderTest:
    """EC2 and EBS of a moto server."""
    from support import moto

    url, strict_url = request.getfixturevalue("moto_url"), request.getfixturevalue("strict_moto_url")
    return CloudUnderTest(
        kind="aws",
        connect=cache(lambda installation_id: moto.connect_aws(url, home, installation_id)),
        tick=wait_briefly,
        image=moto.IMAGE,
        other_image=moto.OTHER_IMAGE,
        small=ServerSize(1, 512, 1),
        large=ServerSize(2, 2048, 20),
        volume_type="gp2",
        poll={"namespace": "AWS/EC2", "metric": "NetworkOut", "dimension": "InstanceId", "period_s": 300},
        create_samples=lambda server_id: _put_metric_data(url, server_id),
        rejected=moto.connect_aws(strict_url, home),
        unknown_image="ami-00000000000000000",
        rejects_deleted_servers=False,
        checks_addresses=False,
        supports_concurrent_creates=False,
        keeps_snapshots_of_images=False,
        assigns_floating_addresses=True,
    )


def cloudstack(request: pytest.FixtureRequest, home: Path) -> CloudUnderTest:
    """A management server of CloudStack with an advanced zone."""
    from support import cloudstack
    from support.cloudstack.catalog import OTHER_TEMPLATE, TEMPLATE

    server: ApiServer = request.getfixturevalue("cloudstack_server")
    return CloudUnderTest(
        kind="cloudstack",
        connect=cache(lambda installation_id: cloudstack.connect_cloudstack(server.url, home, installation_id)),
        tick=wait_briefly,
        image=server.get_id("templates", TEMPLATE),
        other_image=server.get_id("templates", OTHER_TEMPLATE),
        small=ServerSize(1, 512, 1),
        large=ServerSize(2, 2048, 20),
        volume_type="SSD",
        poll={"usage_type": 1, "period_s": 3600},
        create_samples=lambda server_id: _add_usage_records(server, server_id),
        rejected=cloudstack.connect_cloudstack(server.url, home, secret_key="wrong"),
        copies_only_used_volumes=True,
        assigns_floating_addresses=True,
    )


def yandex(request: pytest.FixtureRequest, home: Path) -> CloudUnderTest:
    """Compute Cloud, VPC and Monitoring of a test server."""
    from support import yandex

    server: yandex.YandexServer = request.getfixturevalue("yandex_server")
    return CloudUnderTest(
        kind="yandex",
        connect=cache(lambda installation_id: server.connect(home, installation_id)),
        tick=lambda: time.sleep(server.state.duration_s / 2),
        image=yandex.IMAGE,
        other_image=yandex.OTHER_IMAGE,
        small=ServerSize(1, 512, 1),
        large=ServerSize(2, 8192, 20),
        volume_type="network-hdd",
        poll={"metric": "network_sent_bytes", "period_s": 300},
        create_samples=lambda server_id: yandex.add_points(server.state, server_id),
        rejected=server.connect(home, service_account_key=yandex.build_other_key()),
        assigns_floating_addresses=True,
    )


def openstack(request: pytest.FixtureRequest, _home: Path) -> CloudUnderTest:
    """Stratiform's own OpenStack API, as an ordinary user of it."""
    from support import openstack_cloud

    peer: openstack_cloud.OpenstackCloudUnderTest = request.getfixturevalue("openstack_peer")
    return CloudUnderTest(
        kind="openstack",
        connect=cache(peer.connect),
        tick=wait_briefly,
        image=peer.images[0],
        other_image=peer.images[1],
        small=ServerSize(1, 512, 1),
        large=ServerSize(1, 2048, 20),
        disk_format="raw",
        volume_type=openstack_cloud.FAST_TYPE,
        poll=openstack_cloud.POLL,
        create_samples=peer.gnocchi.create_samples,
        rejected=peer.connect("first", password="wrong"),
        stores_data=peer.live is not None,
        supports_multiattach=peer.live is not None,
        assigns_floating_addresses=True,
    )


def openstack_recording(request: pytest.FixtureRequest, _home: Path) -> CloudUnderTest:
    """The recorded responses of a real installation, for its usage."""
    from support import openstack

    url = request.getfixturevalue("openstack_url")
    return CloudUnderTest(
        kind="openstack",
        connect=cache(lambda _installation_id: openstack.connect_usage(url)),
        tick=wait_briefly,
        poll=openstack.POLL,
        create_samples=lambda _server_id: (openstack.SINCE, openstack.UNTIL),
        rejected=openstack.connect_usage(url, password="wrong"),
    )


def prometheus(request: pytest.FixtureRequest, _home: Path) -> CloudUnderTest:
    """A Prometheus server with generated data."""
    from support import prometheus

    url = request.getfixturevalue("prometheus_url")
    return CloudUnderTest(
        kind="prometheus",
        connect=cache(lambda _installation_id: prometheus.connect_prometheus(url)),
        tick=wait_briefly,
        poll={"query": "bytes_sent_total", "resource_label": "bucket", "project_label": "project", "period_s": 60},
        create_samples=lambda _server_id: (prometheus.BEGIN, prometheus.BEGIN + 2 * HOUR_US),
    )


def _put_metric_data(url: str, server_id: str) -> tuple[Micros, Micros]:
    """Store values of NetworkOut for the last full hour in moto's CloudWatch, one per five minutes."""
    import boto3

    from support import moto

    settings = moto.aws_settings(url)
    session = boto3.session.Session(settings["access_key"], settings["secret_key"], region_name=moto.REGION)
    until = SystemClock().now() // HOUR_US * HOUR_US
    data: list[MetricDatumTypeDef] = [
        {
            "MetricName": "NetworkOut",
            "Dimensions": [{"Name": "InstanceId", "Value": server_id}],
            "Timestamp": to_datetime(at + 7 * SECOND_US),
            "Value": 1_000_003.5,
            "Unit": "Bytes",
        }
        for at in range(until - HOUR_US, until, 5 * MINUTE_US)
    ]
    with closing(session.client("cloudwatch", endpoint_url=url)) as cloudwatch:
        cloudwatch.put_metric_data(Namespace="AWS/EC2", MetricData=data)
    return until - HOUR_US, until


def _add_usage_records(server: "ApiServer", server_id: str) -> tuple[Micros, Micros]:
    """Store the hours that a server ran in the last two full hours, once."""
    until = SystemClock().now() // HOUR_US * HOUR_US
    for number, hours in enumerate(("1", "0.7305")):
        server.add_usage_record(server_id, 1, until - (2 - number) * HOUR_US, hours)
    return until - 2 * HOUR_US, until


def _advance(clock: ManualClock) -> None:
    clock.advance(20_000)


def wait_briefly() -> None:
    """The `tick` of a cloud that uses the system's clock."""
    time.sleep(_POLL_INTERVAL_S)


Factory = Callable[[pytest.FixtureRequest, Path], CloudUnderTest]

#: Functions that return a cloud, by kind, or by kind and variant. They start servers with `request.getfixturevalue`.
CLOUDS: dict[str, Factory] = {
    "memory": memory,
    "aws": aws,
    "cloudstack": cloudstack,
    "openstack": openstack,
    "openstack-recording": openstack_recording,
    "prometheus": prometheus,
    "yandex": yandex,
}
