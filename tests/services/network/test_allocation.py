"""No address is ever given twice: any sequence of takes and releases, and many takers at once."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stratiform.kit.clock import HOUR_US
from stratiform.kit.ids import RandomIds
from stratiform.services.network.errors import IpAddressGenerationFailure, IpAddressInUse
from stratiform.services.network.model import FixedIp, Listing, Network, NicRequest, PortWish, SubnetWish
from stratiform.services.network.service import NetworkService
from support.profiles import examples
from support.stacks import Bench, bench, customer

#: 192.0.2.0/28 without its own address, the gateway and the broadcast address.
POOL = {f"192.0.2.{last}" for last in range(2, 15)}


def small_network(of: Bench, cidr: str = "192.0.2.0/28", version: int = 4) -> Network:
    service = of.services.network
    with of.services.database.transaction() as db:
        ctx = of.ctx(db, customer())
        network = service.create_network(ctx, None, {})
        service.create_subnet(ctx, SubnetWish(network.id, version, cidr))
    return network


class Addresses(RuleBasedStateMachine):
    """Takes any, takes one, gives back, lets time pass; `held` is what must be true."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.bench = bench(Path(self.folder.name))
        self.network = small_network(self.bench)
        self.held: dict[str, str] = {}

    def teardown(self) -> None:
        self.bench.services.database.close()
        self.folder.cleanup()

    def create(self, wish: PortWish) -> tuple[str, str]:
        with self.bench.services.database.transaction() as db:
            port = self.bench.services.network.create_port(self.bench.ctx(db, customer()), wish)
        return port.id, port.fixed_ips[0]["ip_address"]

    @rule()
    def take_any(self) -> None:
        free = POOL - set(self.held.values())
        if not free:
            with pytest.raises(IpAddressGenerationFailure):
                self.create(PortWish(self.network.id))
            return
        port_id, address = self.create(PortWish(self.network.id))
        assert address in free
        self.held[port_id] = address

    @rule(last=st.integers(1, 14))
    def take_one(self, last: int) -> None:
        wanted = f"192.0.2.{last}"
        wish = PortWish(self.network.id, [FixedIp(ip_address=wanted)])
        if wanted in self.held.values():
            with pytest.raises(IpAddressInUse):
                self.create(wish)
            return
        port_id, address = self.create(wish)
        assert address == wanted
        self.held[port_id] = address

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        port_id = data.draw(st.sampled_from(sorted(self.held)))
        with self.bench.services.database.transaction() as db:
            self.bench.services.network.delete_port(self.bench.ctx(db, customer()), port_id)
        del self.held[port_id]

    @rule(hours=st.integers(0, 2))
    def time_passes(self, hours: int) -> None:
        self.bench.clock.advance(hours * HOUR_US)

    @invariant()
    def everyone_has_their_own(self) -> None:
        assert len(set(self.held.values())) == len(self.held)


Addresses.TestCase.settings = settings(max_examples=examples(15), stateful_step_count=40)
TestAddresses = Addresses.TestCase


def test_fresh_addresses_come_before_released_ones_until_those_have_rested(stack_bench: Bench) -> None:
    network = small_network(stack_bench)

    def take() -> tuple[str, str]:
        with stack_bench.services.database.transaction() as db:
            port = stack_bench.services.network.create_port(stack_bench.ctx(db, customer()), PortWish(network.id))
        return port.id, port.fixed_ips[0]["ip_address"]

    first, address = take()
    with stack_bench.services.database.transaction() as db:
        stack_bench.services.network.delete_port(stack_bench.ctx(db, customer()), first)
    assert (address, take()[1]) == ("192.0.2.2", "192.0.2.3")
    stack_bench.clock.advance(HOUR_US)
    assert [take()[1] for _ in range(2)] == ["192.0.2.2", "192.0.2.4"]


@pytest.mark.parametrize(("cidr", "version", "first"), [("10.0.0.0/8", 4, "10.0.0.2"), ("fd00::/16", 6, "fd00::2")])
def test_a_huge_subnet_costs_nothing(stack_bench: Bench, cidr: str, version: int, first: str) -> None:
    network = small_network(stack_bench, cidr, version)
    with stack_bench.services.database.transaction() as db:
        ctx = stack_bench.ctx(db, customer())
        ports = [stack_bench.services.network.create_port(ctx, PortWish(network.id)) for _ in range(20)]
    held = [port.fixed_ips[0]["ip_address"] for port in ports]
    assert held[0] == first
    assert len(set(held)) == 20


def grab(service: NetworkService, of: Bench, network_id: str, tries: int) -> Iterator[str]:
    """Take as much as there is; every third one is given back and taken anew."""
    for i in range(tries):
        try:
            with of.services.database.transaction() as db:
                ctx = of.ctx(db, customer())
                [port] = service.ports_for_server(ctx, "p1", f"s-{RandomIds().hex()}", [NicRequest(network_id)])
        except IpAddressGenerationFailure:
            return
        if i % 3 == 2:
            with of.services.database.transaction() as db:
                service.release(db, port.device_id, of.clock.now())
        else:
            yield port.fixed_ips[0]["ip_address"]


def grab_in_process(url: str, home: Path, network_id: str, found: "multiprocessing.Queue[list[str]]") -> None:
    of = bench(home, url)
    service = NetworkService(database=of.services.database, ids=RandomIds(), clouds=of.services.clouds)
    with ThreadPoolExecutor(3) as pool:
        held = pool.map(lambda _: list(grab(service, of, network_id, 40)), range(3))
        found.put([address for part in held for address in part])
    of.services.database.close()


def test_many_takers_at_once(database_url: str, home: Path) -> None:
    """Two processes of three threads each want more than there is: all of it is given, nothing twice."""
    of = bench(home, database_url)
    network = small_network(of, "192.0.2.0/26")
    context = multiprocessing.get_context("spawn")
    found: multiprocessing.Queue[list[str]] = context.Queue()
    takers = [
        context.Process(target=grab_in_process, args=(database_url, home / str(i), network.id, found)) for i in range(2)
    ]
    for taker in takers:
        taker.start()
    held = [address for _ in takers for address in found.get(timeout=90)]
    for taker in takers:
        taker.join()
    assert [taker.exitcode for taker in takers] == [0, 0]
    assert len(held) == len(set(held))
    assert set(held) <= {f"192.0.2.{last}" for last in range(2, 63)}
    with of.services.database.transaction() as db:
        ctx = of.ctx(db, customer("p1", "admin"))
        [availability] = of.services.network.availability(ctx, Listing())
    assert availability.used == len(held)
    of.services.database.close()
