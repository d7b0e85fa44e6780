"""Usage capability of the simulated cloud: a counter of bytes that grows while a server runs."""

from decimal import Decimal

import pytest

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.compute import ServerSize, ServerSpec
from stratiform.contract.usage import UsageSample
from stratiform.kit.clock import HOUR_US, MINUTE_US, SECOND_US, ManualClock, Micros

from .conftest import Connect

#: Bytes per second of the first server of a cloud.
RATE = Decimal(10_001)


@pytest.fixture
def cloud(connect: Connect) -> MemoryCloud:
    return connect(latency_ms="1000")


def create_running_server(cloud: MemoryCloud, clock: ManualClock, token: str = "token-1") -> str:
    assert cloud.compute is not None
    server_id = cloud.compute.create(ServerSpec(token, "web-1", ServerSize(1, 512, 1), "memory-debian-12")).id
    clock.advance(SECOND_US)
    return server_id


def list_samples(cloud: MemoryCloud, since: Micros, until: Micros, period_s: int = 60) -> list[UsageSample]:
    assert cloud.usage is not None
    return list(cloud.usage.list_samples({"period_s": period_s}, since, until))


def test_counter_grows_only_while_the_server_runs(cloud: MemoryCloud, clock: ManualClock) -> None:
    assert cloud.compute is not None
    start = clock.now() - clock.now() % HOUR_US + HOUR_US
    clock.advance(start - clock.now() - SECOND_US)
    server_id = create_running_server(cloud, clock)
    clock.advance(90 * SECOND_US - SECOND_US)
    cloud.compute.stop(server_id)
    clock.advance(10 * MINUTE_US)
    cloud.compute.start(server_id)
    clock.advance(20 * MINUTE_US)
    samples = list_samples(cloud, start, start + 20 * MINUTE_US)
    by_minute = {(sample.at - start) // MINUTE_US: sample.value for sample in samples}
    assert by_minute[0] == RATE * 60
    assert by_minute[1] == RATE * 30
    assert sorted(by_minute) == [0, 1, *range(11, 20)]
    assert by_minute[11] == RATE * 30
    assert by_minute[12] == RATE * 60


def test_samples_of_the_past_never_change(cloud: MemoryCloud, clock: ManualClock) -> None:
    assert cloud.compute is not None
    start, server_id = clock.now(), create_running_server(cloud, clock)
    clock.advance(HOUR_US)
    before = list_samples(cloud, start, start + HOUR_US)
    assert len(before) == 60
    cloud.compute.stop(server_id)
    clock.advance(HOUR_US)
    cloud.compute.start(server_id)
    clock.advance(HOUR_US)
    assert list_samples(cloud, start, start + HOUR_US) == before
    cloud.compute.delete(server_id)
    clock.advance(HOUR_US)
    assert list_samples(cloud, start, start + HOUR_US) == before
    assert list_samples(cloud, clock.now() - 10 * MINUTE_US, clock.now()) == []


def test_sum_does_not_depend_on_the_period(cloud: MemoryCloud, clock: ManualClock) -> None:
    start = clock.now()
    assert start % HOUR_US == 0
    create_running_server(cloud, clock)
    clock.advance(HOUR_US - SECOND_US)
    for period_s in (1, 60, 1800):
        samples = list_samples(cloud, start, clock.now(), period_s)
        assert sum(sample.value for sample in samples) == RATE * (3600 - 1)


def test_samples_and_inventory_have_all_pages(
    cloud: MemoryCloud, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratiform.connectors.memory.usage._PAGE_SIZE", 3)
    start = clock.now()
    tokens = {f"token-{number}" for number in range(7)}
    for token in sorted(tokens):
        create_running_server(cloud, clock, token)
    clock.advance(5 * MINUTE_US)
    assert {sample.resource_id for sample in list_samples(cloud, start, clock.now())} == tokens
    assert cloud.usage is not None
    assert len(list(cloud.usage.list_inventory())) == 7
