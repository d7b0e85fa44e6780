"""The simulated cloud's counter: it grows while a machine runs, and never changes its mind."""

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from stratiform.connectors.memory import schema
from stratiform.connectors.memory.connector import MemoryCloud, connector
from stratiform.contract.compute import ServerSize, ServerSpec
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.contract.usage import UsageSample
from stratiform.kit.clock import HOUR_US, MINUTE_US, SECOND_US, ManualClock, Micros

ASKED = {"period_s": 60}


def connect(home: Path, clock: ManualClock) -> MemoryCloud:
    account = CloudAccount("cloud-1", "memory", {"latency_ms": "1000"})
    return connector.connect(account, Installation("here", home, clock))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def cloud(home: Path, clock: ManualClock) -> MemoryCloud:
    return connect(home, clock)


def machine(cloud: MemoryCloud, clock: ManualClock, token: str = "token-1") -> str:
    """A machine that runs, as of now."""
    assert cloud.compute is not None
    made = cloud.compute.create(ServerSpec(token, "web-1", ServerSize(1, 512, 1), "memory-debian-12")).id
    clock.advance(SECOND_US)
    return made


def read(cloud: MemoryCloud, since: Micros, until: Micros) -> list[UsageSample]:
    assert cloud.usage is not None
    return list(cloud.usage.readings(ASKED, since, until))


def test_bytes_grow_with_running_time_alone(cloud: MemoryCloud, clock: ManualClock) -> None:
    assert cloud.compute is not None
    begin = clock.now() - clock.now() % HOUR_US + HOUR_US
    clock.advance(begin - clock.now() - SECOND_US)
    native = machine(cloud, clock)
    clock.advance(90 * SECOND_US - SECOND_US)
    cloud.compute.stop(native)
    clock.advance(10 * MINUTE_US)
    cloud.compute.start(native)
    clock.advance(20 * MINUTE_US)
    per_minute = {(one.at - begin) // MINUTE_US: one.value for one in read(cloud, begin, begin + 20 * MINUTE_US)}
    rate = Decimal(10_001)
    assert per_minute[0] == rate * 60
    assert per_minute[1] == rate * 30
    assert sorted(per_minute) == [0, 1, *range(11, 20)]
    assert per_minute[11] == rate * 30
    assert per_minute[12] == rate * 60


def test_the_past_stays_what_it_was(cloud: MemoryCloud, clock: ManualClock) -> None:
    assert cloud.compute is not None
    begin, native = clock.now(), machine(cloud, clock)
    clock.advance(HOUR_US)
    before = read(cloud, begin, begin + HOUR_US)
    assert len(before) == 60
    cloud.compute.stop(native)
    clock.advance(HOUR_US)
    cloud.compute.start(native)
    clock.advance(HOUR_US)
    assert read(cloud, begin, begin + HOUR_US) == before
    cloud.compute.delete(native)
    clock.advance(HOUR_US)
    assert read(cloud, begin, begin + HOUR_US) == before
    assert read(cloud, clock.now() - 10 * MINUTE_US, clock.now()) == []


def test_parts_of_a_time_add_up(cloud: MemoryCloud, clock: ManualClock) -> None:
    begin = clock.now()
    machine(cloud, clock)
    clock.advance(HOUR_US)
    assert cloud.usage is not None
    sums = {
        period: sum(
            one.value for one in cloud.usage.readings({"period_s": period}, begin - begin % HOUR_US, clock.now())
        )
        for period in (1, 7, 60)
    }
    ran_s = (clock.now() - begin) // SECOND_US - 1
    assert sums[1] == 10_001 * ran_s


def test_many_machines_are_read_a_page_at_a_time(
    cloud: MemoryCloud, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratiform.connectors.memory.usage._PAGE", 3)
    begin = clock.now()
    for number in range(7):
        machine(cloud, clock, f"token-{number}")
    clock.advance(5 * MINUTE_US)
    assert {one.resource_id for one in read(cloud, begin, clock.now())} == {f"token-{number}" for number in range(7)}
    assert cloud.usage is not None
    assert len(list(cloud.usage.inventory())) == 7


def test_a_file_of_the_first_version_is_brought_up(
    home: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratiform.connectors.memory.client.VERSIONS", schema.VERSIONS[:1])
    monkeypatch.setattr("stratiform.connectors.memory.client._VERSION", 1)
    old = connect(home, clock)
    begin, native = clock.now(), machine(old, clock)
    clock.advance(HOUR_US)
    old.client.close()
    monkeypatch.undo()
    new = connect(home, clock)
    assert {one.source for one in read(new, begin, clock.now())} == {native}
    new.client.close()
    (version,) = sqlite3.connect(home / "clouds" / "memory.db").execute("PRAGMA user_version").fetchone()
    assert version == len(schema.VERSIONS)
