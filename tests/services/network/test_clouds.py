"""Our subnets in clouds: made when a machine needs them, gone when ours is."""

from dataclasses import dataclass
from typing import cast

import pytest

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.errors import CloudUnreachable
from stratiform.kit.clock import MINUTE_US
from stratiform.kit.policy import SYSTEM
from stratiform.kit.work import Worker
from stratiform.services.network.model import Port, Reserve, SubnetWish
from stratiform.services.network.model.addressing import default_pools, parse_cidr
from stratiform.services.network.tasks import handlers
from support.stacks import Bench, customer


@dataclass(frozen=True, slots=True)
class Clouded:
    """A project bound to a simulated cloud, and a server's port there."""

    of: Bench
    cloud_id: str
    port: Port

    @property
    def cloud(self) -> MemoryCloud:
        return cast("MemoryCloud", self.of.services.clouds.connections.get(self.cloud_id))

    @property
    def subnet_id(self) -> str:
        return self.port.fixed_ips[0]["subnet_id"]

    def natives(self) -> list[str]:
        assert self.cloud.network is not None
        return [native.token for native in self.cloud.network.list_subnets()]

    def work(self) -> None:
        worker = Worker(self.of.services.database, handlers(self.of.services.network), name="w", clock=self.of.clock)
        worker.run_until_idle()


@pytest.fixture
def clouded(stack_bench: Bench) -> Clouded:
    services = stack_bench.services
    with services.database.transaction() as db:
        operator = stack_bench.ctx(db, SYSTEM)
        cloud = services.clouds.accounts.create(operator, "memory", "sim", {"seed": "1"})
        services.clouds.bindings.create(operator, "p1", cloud.id, "zone-a", "zone-1")
        ctx = stack_bench.ctx(db, customer())
        services.network.ensure_default(ctx, "p1")
        [port] = services.network.ports_for_server(ctx, "p1", "server-1", [])
    return Clouded(stack_bench, cloud.id, port)


def test_a_subnet_is_made_in_the_cloud_once(clouded: Clouded) -> None:
    service = clouded.of.services.network
    [nic] = service.native_interfaces(clouded.cloud_id, [clouded.port])
    assert (nic.ip_address, nic.mac_address) == (clouded.port.fixed_ips[0]["ip_address"], clouded.port.mac_address)
    assert clouded.natives() == [clouded.subnet_id]
    clouded.cloud.client.set_faults(fail_next=1)
    assert service.native_interfaces(clouded.cloud_id, [clouded.port]) == (nic,)
    clouded.cloud.client.clear_faults()


def test_an_answer_that_was_lost_makes_no_second_subnet(clouded: Clouded) -> None:
    service = clouded.of.services.network
    clouded.cloud.client.set_faults(lose_next=1)
    with pytest.raises(CloudUnreachable):
        service.native_interfaces(clouded.cloud_id, [clouded.port])
    [nic] = service.native_interfaces(clouded.cloud_id, [clouded.port])
    assert nic.subnet_id
    assert clouded.natives() == [clouded.subnet_id]


@pytest.mark.parametrize("lost", [False, True])
def test_a_deleted_subnet_goes_from_the_cloud(clouded: Clouded, lost: bool) -> None:
    service, database = clouded.of.services.network, clouded.of.services.database
    if lost:
        clouded.cloud.client.set_faults(lose_next=1)
        with pytest.raises(CloudUnreachable):
            service.native_interfaces(clouded.cloud_id, [clouded.port])
    else:
        service.native_interfaces(clouded.cloud_id, [clouded.port])
    with database.transaction() as db:
        ctx = clouded.of.ctx(db, customer())
        service.release(db, "server-1", ctx.now)
        service.delete_network(ctx, clouded.port.network_id)
    assert clouded.natives() == [clouded.subnet_id]
    clouded.cloud.client.set_faults(fail_next=1)
    clouded.work()
    assert clouded.natives() == [clouded.subnet_id]
    clouded.of.clock.advance(MINUTE_US)
    clouded.work()
    assert clouded.natives() == []


def test_default_pools_leave_out_what_the_cloud_keeps(clouded: Clouded) -> None:
    service = clouded.of.services.network
    assert service.reserve("p1") == Reserve(1, 1)
    assert service.reserve("unbound") == Reserve()
    assert default_pools(parse_cidr("10.0.0.0/28", 4), "10.0.0.1", Reserve(4, 1)) == [
        {"start": "10.0.0.4", "end": "10.0.0.14"}
    ]
    assert default_pools(parse_cidr("10.0.0.0/30", 4), "10.0.0.1", Reserve(4, 1)) == []
    with clouded.of.services.database.transaction() as db:
        ctx = clouded.of.ctx(db, customer())
        network = service.create_network(ctx, None, {})
        subnet = service.create_subnet(ctx, SubnetWish(network.id, 4, "10.0.0.0/28"), reserve=Reserve(4, 2))
    assert subnet.allocation_pools == [{"start": "10.0.0.4", "end": "10.0.0.13"}]
