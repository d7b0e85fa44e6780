"""An OpenStack cloud behind a proxy that loses and changes responses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import uuid4

import pytest

from stratiform.connectors.openstack.connector import OpenstackCloud
from stratiform.contract.adoption import AdoptionDriver
from stratiform.contract.compute import (
    ComputeDriver,
    NativeServer,
    NativeServerState,
    NetworkInterface,
    ServerSize,
    ServerSpec,
)
from stratiform.contract.image import ImageDriver
from stratiform.contract.network import NetworkDriver, SubnetSpec
from stratiform.contract.routing import RoutingDriver
from stratiform.contract.snapshot import SnapshotDriver
from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeDriver, VolumeSpec
from support.faulty_proxy import FaultyProxy, faulty_proxy, origin_of
from support.openstack_cloud import OpenstackCloudUnderTest
from support.processes import wait_until

SMALL = ServerSize(1, 512, 1)
ADDRESS = "10.70.0.20"

T = TypeVar("T")


@dataclass
class FaultyCloud:
    """A new installation's connection to the cloud, by way of the proxy."""

    peer: OpenstackCloudUnderTest
    proxy: FaultyProxy
    overrides: dict[str, str] = field(default_factory=dict)
    installation_id: str = field(default_factory=lambda: uuid4().hex)

    def __post_init__(self) -> None:
        auth_url = self.peer.settings["auth_url"].replace(self.proxy.upstream, self.proxy.url)
        self.connection: OpenstackCloud = self.peer.connect(self.installation_id, auth_url=auth_url, **self.overrides)

    @property
    def compute(self) -> ComputeDriver:
        return _require(self.connection.compute)

    @property
    def volume(self) -> VolumeDriver:
        return _require(self.connection.volume)

    @property
    def snapshot(self) -> SnapshotDriver:
        return _require(self.connection.snapshot)

    @property
    def adoption(self) -> AdoptionDriver:
        return _require(self.connection.adoption)

    @property
    def network(self) -> NetworkDriver:
        return _require(self.connection.network)

    @property
    def routing(self) -> RoutingDriver:
        return _require(self.connection.routing)

    @property
    def image(self) -> ImageDriver:
        return _require(self.connection.image)

    def build_spec(self, *, has_network: bool = False, **values: object) -> ServerSpec:
        """Return a server, with an interface in a new subnet if `has_network`."""
        interfaces: tuple[NetworkInterface, ...] = ()
        if has_network:
            subnet = self.network.ensure_subnet(build_subnet())
            interfaces = (NetworkInterface(subnet.id, ADDRESS, "fa:16:3e:00:00:01"),)
        options = {"size": SMALL, "image_id": self.peer.images[0], "interfaces": interfaces, **values}
        return ServerSpec(token=str(uuid4()), name="web-1", **options)  # type: ignore[arg-type]

    def create_server(self, **values: object) -> NativeServer:
        """Create a server, and wait until it runs."""
        return self.wait_for_server(self.compute.create(self.build_spec(**values)).id)  # type: ignore[arg-type]

    def wait_for_server(self, server_id: str, state: NativeServerState = NativeServerState.RUNNING) -> NativeServer:
        wait_until(lambda: self.compute.get(server_id).state is state, f"the server is not {state.value}", 20)
        return self.compute.get(server_id)

    def create_volume(self) -> NativeVolume:
        volume = self.volume.create(VolumeSpec(str(uuid4()), "data", 1))
        available = NativeVolumeState.AVAILABLE
        wait_until(lambda: self.volume.get(volume.id).state is available, "the volume is not available", 20)
        return volume

    def list_ports(self) -> list[str]:
        """Return the tokens of the ports of this installation's servers."""
        prefix = f"stratiform {self.installation_id} "
        ports = [port.description or "" for port in self.peer.admin.network.ports()]
        return [text.removeprefix(prefix) for text in ports if text.startswith(prefix)]


def build_subnet(cidr: str = "10.70.0.0/24") -> SubnetSpec:
    return SubnetSpec(str(uuid4()), str(uuid4()), "private", cidr, cidr.replace(".0/24", ".1"))


def _require(capability: T | None) -> T:
    assert capability is not None
    return capability


@pytest.fixture
def cloud(openstack_peer: OpenstackCloudUnderTest) -> Iterator[FaultyCloud]:
    with faulty_proxy(origin_of(openstack_peer.settings["auth_url"])) as proxy:
        yield FaultyCloud(openstack_peer, proxy)


@pytest.fixture
def connect(openstack_peer: OpenstackCloudUnderTest) -> Iterator[Callable[..., FaultyCloud]]:
    """Connect with other settings."""
    with faulty_proxy(origin_of(openstack_peer.settings["auth_url"])) as proxy:
        yield lambda **overrides: FaultyCloud(openstack_peer, proxy, overrides)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between requests, which return at once."""
    recorded: list[float] = []
    monkeypatch.setattr("stratiform.connectors.openstack.client.time.sleep", recorded.append)
    return recorded
