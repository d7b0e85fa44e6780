"""Native subnets: created for the first server that needs them, deleted after their subnet."""

from dataclasses import dataclass
from typing import cast

import pytest

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.errors import CloudUnreachable
from stratiform.kit.clock import MINUTE_US
from stratiform.kit.policy import SYSTEM
from stratiform.kit.work_queue import Worker
from stratiform.services.network.model import NewSubnet, Port, ReservedAddresses
from stratiform.services.network.model.ip_addresses import compute_default_pools, parse_cidr
from stratiform.services.network.service import NetworkService
from stratiform.services.network.tasks import build_handlers
from support.stacks import ServiceHarness, customer


@dataclass(frozen=True, slots=True)
class BoundProject:
    """A project bound to a simulated cloud, with the port of a server."""

    harness: ServiceHarness
    cloud_id: str
    port: Port

    @property
    def network(self) -> NetworkService:
        return self.harness.services.network

    @property
    def cloud(self) -> MemoryCloud:
        return cast("MemoryCloud", self.harness.services.clouds.connections.get(self.cloud_id))

    @property
    def subnet_id(self) -> str:
        return self.port.fixed_ips[0]["subnet_id"]

    def native_tokens(self) -> list[str]:
        assert self.cloud.network is not None
        return [native.token for native in self.cloud.network.list_subnets()]

    def run_worker(self) -> None:
        worker = Worker(
            self.harness.services.database, build_handlers(self.network), name="w", clock=self.harness.clock
        )
        worker.run_until_idle()


@pytest.fixture
def project(service_harness: ServiceHarness) -> BoundProject:
    services = service_harness.services
    with services.database.transaction() as db:
        admin = service_harness.ctx(db, SYSTEM)
        cloud = services.clouds.accounts.create(admin, "memory", "sim", {"seed": "1"})
        services.clouds.bindings.create(admin, "p1", cloud.id, "zone-a", "zone-1")
        ctx = service_harness.ctx(db, customer())
        services.network.default_networks.ensure_network(ctx, "p1")
        [port] = services.network.server_ports.create(ctx, "p1", "server-1", [])
    return BoundProject(service_harness, cloud.id, port)


def test_native_subnet_is_created_once(project: BoundProject) -> None:
    native_subnets = project.network.native_subnets
    [nic] = native_subnets.prepare_interfaces(project.cloud_id, [project.port])
    assert (nic.ip_address, nic.mac_address) == (project.port.fixed_ips[0]["ip_address"], project.port.mac_address)
    assert project.native_tokens() == [project.subnet_id]
    project.cloud.client.set_faults(fail_next=1)
    assert native_subnets.prepare_interfaces(project.cloud_id, [project.port]) == (nic,)
    project.cloud.client.clear_faults()


def test_lost_response_creates_no_second_native_subnet(project: BoundProject) -> None:
    native_subnets = project.network.native_subnets
    project.cloud.client.set_faults(lose_next=1)
    with pytest.raises(CloudUnreachable):
        native_subnets.prepare_interfaces(project.cloud_id, [project.port])
    [nic] = native_subnets.prepare_interfaces(project.cloud_id, [project.port])
    assert nic.subnet_id
    assert project.native_tokens() == [project.subnet_id]


@pytest.mark.parametrize("response_lost", [False, True])
def test_native_subnet_is_deleted_after_its_subnet(project: BoundProject, response_lost: bool) -> None:
    network = project.network
    if response_lost:
        project.cloud.client.set_faults(lose_next=1)
        with pytest.raises(CloudUnreachable):
            network.native_subnets.prepare_interfaces(project.cloud_id, [project.port])
    else:
        network.native_subnets.prepare_interfaces(project.cloud_id, [project.port])
    with project.harness.services.database.transaction() as db:
        ctx = project.harness.ctx(db, customer())
        network.server_ports.release(db, "server-1", ctx.now)
        network.networks.delete(ctx, project.port.network_id)
    assert project.native_tokens() == [project.subnet_id]
    project.cloud.client.set_faults(fail_next=2)  # the first request for the security group, and for the subnet
    project.run_worker()
    assert project.native_tokens() == [project.subnet_id]
    project.harness.clock.advance(MINUTE_US)
    project.run_worker()
    assert project.native_tokens() == []


def test_default_pools_exclude_reserved_addresses(project: BoundProject) -> None:
    subnets = project.network.subnets
    assert subnets.get_reserved_addresses("p1") == ReservedAddresses(1, 1)
    assert subnets.get_reserved_addresses("unbound") == ReservedAddresses()
    assert compute_default_pools(parse_cidr("10.0.0.0/28", 4), "10.0.0.1", ReservedAddresses(4, 1)) == [
        {"start": "10.0.0.4", "end": "10.0.0.14"}
    ]
    assert compute_default_pools(parse_cidr("10.0.0.0/30", 4), "10.0.0.1", ReservedAddresses(4, 1)) == []
    assert compute_default_pools(parse_cidr("2001:db8::/64", 6), "2001:db8::1", ReservedAddresses(4, 1)) == [
        {"start": "2001:db8::2", "end": "2001:db8::ffff:ffff:ffff:ffff"}
    ]
    with project.harness.services.database.transaction() as db:
        ctx = project.harness.ctx(db, customer())
        network = project.network.networks.create(ctx, None, {})
        subnet = subnets.create(ctx, NewSubnet(network.id, 4, "10.0.0.0/28"), reserved=ReservedAddresses(4, 2))
    assert subnet.allocation_pools == [{"start": "10.0.0.4", "end": "10.0.0.13"}]
