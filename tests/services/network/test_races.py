"""Concurrent requests for floating IPs and security groups, on every database."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import pytest

from stratiform.kit.errors import Fault
from stratiform.kit.ids import RandomIds
from stratiform.services.network.errors import IpAddressGenerationFailure, QuotaExceeded
from stratiform.services.network.model import (
    ListQuery,
    Network,
    NewPort,
    NewSubnet,
    Port,
    get_default_security_group_id,
)
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.service import NetworkService
from support.processes import WAIT_S
from support.retries import repeat_while_unavailable
from support.stacks import ServiceHarness, build_harness, customer

pytestmark = pytest.mark.thorough

ADDRESS_THREADS = 64
SECURITY_GROUP_THREADS = 16
T = TypeVar("T")

PROJECTS = ("p1", "p2", "p3", "p4")

#: 192.0.2.0/28 without the network address, the gateway and the broadcast address.
POOL = {f"192.0.2.{octet}" for octet in range(2, 15)}


@pytest.fixture
def any_harness(database_url: str, home: Path) -> Iterator[ServiceHarness]:
    harness = build_harness(home, database_url)
    yield harness
    harness.services.database.close()


@pytest.fixture
def service(any_harness: ServiceHarness) -> NetworkService:
    """The service with identifiers that threads may generate at the same time."""
    services = any_harness.services
    return NetworkService.build(database=services.database, ids=RandomIds(), clouds=services.clouds)


def create_network(harness: ServiceHarness, service: NetworkService, **attributes: bool) -> Network:
    """Create a network with a /28."""
    with harness.services.database.transaction() as db:
        ctx = harness.ctx(db, customer("operator", "admin"))
        network = service.networks.create(ctx, None, dict(attributes))
        service.subnets.create(ctx, NewSubnet(network.id, 4, "192.0.2.0/28"))
    return network


def run_together(number: int, operation: Callable[[int], T]) -> tuple[list[T], list[Fault]]:
    """Call `operation` in `number` threads at the same time. Return the results and the errors."""
    barrier = Barrier(number, timeout=WAIT_S)

    def run(index: int) -> T | Fault:
        barrier.wait()
        try:
            return repeat_while_unavailable(lambda: operation(index))
        except Fault as error:
            return error

    with ThreadPoolExecutor(number) as pool:
        results = list(pool.map(run, range(number)))
    return (
        [result for result in results if not isinstance(result, Fault)],
        [result for result in results if isinstance(result, Fault)],
    )


def test_concurrent_floating_ips_have_distinct_addresses(any_harness: ServiceHarness, service: NetworkService) -> None:
    """64 threads of four projects exhaust a /28: 13 get an address, and 51 the error for an exhausted network."""
    network = create_network(any_harness, service, external=True)

    def create(index: int) -> Resource:
        with any_harness.services.database.transaction() as db:
            ctx = any_harness.ctx(db, customer(PROJECTS[index % len(PROJECTS)]))
            return service.floating_ips.collection.create(ctx, {"floating_network_id": network.id})

    created, errors = run_together(ADDRESS_THREADS, create)
    assert {type(error) for error in errors} == {IpAddressGenerationFailure}
    assert {str(error) for error in errors} == {f"No more IP addresses available on network {network.id}."}
    assert sorted(floating_ip["floating_ip_address"] for floating_ip in created) == sorted(POOL)
    with any_harness.services.database.read_transaction() as db:
        ctx = any_harness.ctx(db, customer("operator", "admin"))
        stored = service.floating_ips.collection.list(ctx, ListQuery()).items
        [availability] = service.ip_availabilities.list(ctx, ListQuery()).items
    assert {floating_ip["floating_ip_address"] for floating_ip in stored} == POOL
    assert (len(stored), availability.used) == (len(POOL), len(POOL))


def test_concurrent_ports_have_distinct_addresses(any_harness: ServiceHarness, service: NetworkService) -> None:
    """64 threads of four projects exhaust a shared /28."""
    network = create_network(any_harness, service, shared=True)

    def create(index: int) -> Port:
        with any_harness.services.database.transaction() as db:
            ctx = any_harness.ctx(db, customer(PROJECTS[index % len(PROJECTS)]))
            return service.ports.create(ctx, NewPort(network.id))

    created, errors = run_together(ADDRESS_THREADS, create)
    assert {type(error) for error in errors} == {IpAddressGenerationFailure}
    assert sorted(port.fixed_ips[0]["ip_address"] for port in created) == sorted(POOL)


@pytest.mark.parametrize("limit", [1, 4])
def test_concurrent_security_groups_stay_within_the_quota(
    any_harness: ServiceHarness, service: NetworkService, limit: int
) -> None:
    """16 threads share the quota with the group `default`, which the first of them creates."""
    database = any_harness.services.database
    with database.transaction() as db:
        ctx = any_harness.ctx(db, customer("operator", "admin"))
        service.quotas.update(ctx, "p1", {"security_group": limit})

    def create(index: int) -> Resource:
        with database.transaction() as db:
            return service.security_groups.collection.create(any_harness.ctx(db, customer()), {"name": f"g{index}"})

    created, errors = run_together(SECURITY_GROUP_THREADS, create)
    assert {type(error) for error in errors} == {QuotaExceeded}
    with database.read_transaction() as db:
        stored = service.security_groups.collection.list(any_harness.ctx(db, customer()), ListQuery()).items
    own = [group.id for group in stored if group.id != get_default_security_group_id("p1")]
    assert sorted(own) == sorted(group.id for group in created)
    assert len(created) == limit - 1
    assert len(stored) <= limit
