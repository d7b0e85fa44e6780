"""No address is allocated twice, for any sequence of allocations and releases, and for concurrent allocations."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stratiform.kit.clock import HOUR_US
from stratiform.kit.ids import RandomIds
from stratiform.services.network.errors import IpAddressGenerationFailure, IpAddressInUse
from stratiform.services.network.model import FixedIpRequest, ListQuery, Network, NewPort, NewSubnet, NicRequest, Port
from stratiform.services.network.service import NetworkService
from support.processes import WAIT_S
from support.retries import repeat_while_unavailable
from support.stacks import ServiceHarness, build_harness, customer

pytestmark = pytest.mark.thorough

#: 192.0.2.0/28 without the network address, the gateway and the broadcast address.
POOL = {f"192.0.2.{octet}" for octet in range(2, 15)}


def create_network(harness: ServiceHarness, cidr: str = "192.0.2.0/28", version: int = 4) -> Network:
    service = harness.services.network
    with harness.services.database.transaction() as db:
        ctx = harness.ctx(db, customer())
        network = service.networks.create(ctx, None, {})
        service.subnets.create(ctx, NewSubnet(network.id, version, cidr))
    return network


class IpAllocations(RuleBasedStateMachine):
    """Allocates and releases addresses and advances the clock; `allocated` is the expected state."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.harness = build_harness(Path(self.folder.name))
        self.network = create_network(self.harness)
        self.allocated: dict[str, str] = {}

    def teardown(self) -> None:
        self.harness.services.database.close()
        self.folder.cleanup()

    def create_port(self, new: NewPort) -> tuple[str, str]:
        with self.harness.services.database.transaction() as db:
            port = self.harness.services.network.ports.create(self.harness.ctx(db, customer()), new)
        return port.id, port.fixed_ips[0]["ip_address"]

    @rule()
    def allocate_any(self) -> None:
        free = POOL - set(self.allocated.values())
        if not free:
            with pytest.raises(IpAddressGenerationFailure):
                self.create_port(NewPort(self.network.id))
            return
        port_id, address = self.create_port(NewPort(self.network.id))
        assert address in free
        self.allocated[port_id] = address

    @rule(octet=st.integers(1, 14))
    def allocate(self, octet: int) -> None:
        requested = f"192.0.2.{octet}"
        new = NewPort(self.network.id, [FixedIpRequest(ip_address=requested)])
        if requested in self.allocated.values():
            with pytest.raises(IpAddressInUse):
                self.create_port(new)
            return
        port_id, address = self.create_port(new)
        assert address == requested
        self.allocated[port_id] = address

    @precondition(lambda self: self.allocated)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        port_id = data.draw(st.sampled_from(sorted(self.allocated)))
        with self.harness.services.database.transaction() as db:
            self.harness.services.network.ports.delete(self.harness.ctx(db, customer()), port_id)
        del self.allocated[port_id]

    @rule(hours=st.integers(0, 2))
    def advance_clock(self, hours: int) -> None:
        self.harness.clock.advance(hours * HOUR_US)

    @invariant()
    def addresses_are_unique(self) -> None:
        assert len(set(self.allocated.values())) == len(self.allocated)


IpAllocations.TestCase.settings = settings(max_examples=15, stateful_step_count=40, deadline=None)
TestIpAllocations = IpAllocations.TestCase


def test_unused_addresses_come_before_released_ones_until_the_reuse_delay(service_harness: ServiceHarness) -> None:
    network = create_network(service_harness)

    def allocate() -> tuple[str, str]:
        with service_harness.services.database.transaction() as db:
            port = service_harness.services.network.ports.create(
                service_harness.ctx(db, customer()), NewPort(network.id)
            )
        return port.id, port.fixed_ips[0]["ip_address"]

    port_id, address = allocate()
    with service_harness.services.database.transaction() as db:
        service_harness.services.network.ports.delete(service_harness.ctx(db, customer()), port_id)
    assert (address, allocate()[1]) == ("192.0.2.2", "192.0.2.3")
    service_harness.clock.advance(HOUR_US)
    assert [allocate()[1] for _ in range(2)] == ["192.0.2.2", "192.0.2.4"]


@pytest.mark.parametrize(("cidr", "version", "first"), [("10.0.0.0/8", 4, "10.0.0.2"), ("fd00::/16", 6, "fd00::2")])
def test_huge_subnet(service_harness: ServiceHarness, cidr: str, version: int, first: str) -> None:
    network = create_network(service_harness, cidr, version)
    with service_harness.services.database.transaction() as db:
        ctx = service_harness.ctx(db, customer())
        ports = [service_harness.services.network.ports.create(ctx, NewPort(network.id)) for _ in range(20)]
    addresses = [port.fixed_ips[0]["ip_address"] for port in ports]
    assert addresses[0] == first
    assert len(set(addresses)) == 20


def allocate_many(service: NetworkService, harness: ServiceHarness, network_id: str, attempts: int) -> Iterator[str]:
    """Yield the addresses allocated until the pool is exhausted; release every third one."""

    def create() -> Port:
        with harness.services.database.transaction() as db:
            ctx = harness.ctx(db, customer())
            server_id = f"server-{RandomIds().hex()}"
            return service.server_ports.create(ctx, "p1", server_id, [NicRequest(network_id)])[0]

    def release(port: Port) -> None:
        with harness.services.database.transaction() as db:
            service.server_ports.release(db, port.device_id, harness.clock.now())

    for i in range(attempts):
        try:
            port = repeat_while_unavailable(create)
        except IpAddressGenerationFailure:
            return
        if i % 3 == 2:
            repeat_while_unavailable(partial(release, port))
        else:
            yield port.fixed_ips[0]["ip_address"]


def allocate_in_process(url: str, home: Path, network_id: str, results: "multiprocessing.Queue[list[str]]") -> None:
    process_harness = build_harness(home, url)
    services = process_harness.services
    service = NetworkService.build(database=services.database, ids=RandomIds(), clouds=services.clouds)
    with ThreadPoolExecutor(3) as pool:
        addresses = pool.map(lambda _: list(allocate_many(service, process_harness, network_id, 40)), range(3))
        results.put([address for part in addresses for address in part])
    services.database.close()


def test_concurrent_allocations(database_url: str, home: Path) -> None:
    """Two processes with three threads each exhaust the pool, and no address is allocated twice."""
    test_harness = build_harness(home, database_url)
    network = create_network(test_harness, "192.0.2.0/26")
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[list[str]] = context.Queue()
    processes = [
        context.Process(target=allocate_in_process, args=(database_url, home / str(i), network.id, results))
        for i in range(2)
    ]
    for process in processes:
        process.start()
    addresses = [address for _ in processes for address in results.get(timeout=WAIT_S)]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(addresses) == len(set(addresses))
    assert set(addresses) <= {f"192.0.2.{octet}" for octet in range(2, 63)}
    with test_harness.services.database.transaction() as db:
        ctx = test_harness.ctx(db, customer("p1", "admin"))
        [availability] = test_harness.services.network.ip_availabilities.list(ctx, ListQuery()).items
    assert availability.used == len(addresses)
    test_harness.services.database.close()
