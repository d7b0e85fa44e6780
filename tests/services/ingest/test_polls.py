"""Polls of clouds: each sample is stored once, and none is lost if the cloud fails or changes its values."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stratiform.contract.compute import ComputeDriver
from stratiform.contract.connector import AccountInfo
from stratiform.contract.errors import CloudUnreachable
from stratiform.contract.image import ImageDriver
from stratiform.contract.network import NetworkDriver
from stratiform.contract.snapshot import SnapshotDriver
from stratiform.contract.usage import InventoryItem, UsageDriver, UsageSample, align_periods
from stratiform.contract.volume import VolumeDriver
from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Micros
from stratiform.kit.errors import Forbidden, Invalid, NotFound
from stratiform.kit.outbox import Event
from stratiform.kit.pagination import Page
from stratiform.kit.work_queue import Worker, enqueue
from stratiform.services.ingest.model.polls import Poll, PollSchedule
from stratiform.services.ingest.tasks import build_handlers
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.model.samples import SampleRow
from stratiform.services.ledger.model.sums import SumQuery
from support.stacks import ServiceHarness, build_harness, customer

METER = """
name = "bucket"
title = "Buckets"
unit = "bucket"
source = "a test"

[identity]
id = "id"
project = "project"
name = "name"

[[events]]
type = "bucket.create"
rule = "start"

[samples.sent]
kind = "delta"
unit = "B"

[samples.sent.poll.memory]
period_s = 60
every_s = 300
delay_s = 60
overlap_s = 600
"""
GAUGE = METER.replace("delta", "gauge")


@dataclass
class Cloud:
    """A cloud with a value per minute, which can fail.

    `values`: by source and start of the minute. `fails`: returns True for the index of a value that fails. `names`:
    source to resource id.
    """

    values: dict[tuple[str, Micros], Decimal] = field(default_factory=dict)
    fails: Callable[[int], bool] = lambda _number: False
    names: dict[str, str] = field(default_factory=dict)
    owner: str = "p1"
    requests: list[tuple[Micros, Micros]] = field(default_factory=list)

    compute: ComputeDriver | None = None
    volume: VolumeDriver | None = None
    snapshot: SnapshotDriver | None = None
    network: NetworkDriver | None = None
    image: ImageDriver | None = None

    @property
    def usage(self) -> UsageDriver:
        return self

    def check_credentials(self) -> AccountInfo:
        return AccountInfo("test", ())

    def list_inventory(self) -> Iterator[InventoryItem]:
        return iter(())

    def list_samples(self, poll: Mapping[str, Any], since: Micros, until: Micros) -> Iterator[UsageSample]:
        if "metric" in poll:  # a meter of instances
            return
        assert poll == {"period_s": 60}
        self.requests.append((since, until))
        first, end = align_periods(since, until, 60)
        values = [(key, value) for key, value in self.values.items() if first <= key[1] < end]
        for index, ((source, at), value) in enumerate(values):
            if self.fails(index):
                raise CloudUnreachable("no response")
            resource = self.names.get(source, source)
            yield UsageSample(resource, self.owner, at, value, source, MINUTE_US, f"name of {resource}")
        if self.fails(len(values)):
            raise CloudUnreachable("no response")


@dataclass
class Lab:
    """A stack with one cloud and one polled meter, and a worker."""

    harness: ServiceHarness
    cloud: Cloud
    worker: Worker
    begin: Micros

    def poll(self) -> Poll:
        with self.harness.services.database.read_transaction() as db:
            polls = self.harness.services.ingest.polls.list(self.harness.ctx(db))
        (poll,) = [poll for poll in polls if poll.meter == "sent"]
        return poll

    def run(self, minutes: int = 0) -> Poll:
        """Advance the clock, and run the worker."""
        self.harness.clock.advance(minutes * MINUTE_US)
        self.worker.run_until_idle()
        return self.poll()

    def set_value(self, minute: int, value: int | str, source: str = "b1") -> None:
        """Set the value of a minute since the cloud was added."""
        self.cloud.values[source, self.begin + minute * MINUTE_US] = Decimal(value)

    def samples(self, resource: str | None = None) -> list[SampleRow]:
        with self.harness.services.database.read_transaction() as db:
            ctx = self.harness.ctx(db)
            usage_filter = UsageFilter(resource_type="bucket", resource_id=resource)
            return list(self.harness.services.ledger.samples.list(ctx, usage_filter, None, Page(1000, None)).items)

    def total(self) -> Decimal | None:
        """Return the sum since the cloud was added."""
        now = self.harness.clock.now()
        query = SumQuery((), ("meter:sent",), (self.begin, now))
        with self.harness.services.database.read_transaction() as db:
            usage_filter = UsageFilter(resource_type="bucket", since=self.begin, until=now)
            (row,) = self.harness.services.ledger.sums.compute(self.harness.ctx(db), usage_filter, query).sums
        return row.values[0]

    def minutes(self) -> list[tuple[int, str]]:
        """Return the end of each minute with a value, and the value that counts."""
        last: dict[tuple[str, Micros], SampleRow] = {}
        for row in sorted(self.samples(), key=lambda row: row.message_id):
            last[row.source, row.at] = row
        return sorted(((row.at - self.begin) // MINUTE_US, row.value) for row in last.values())


def build_lab(home: Path, monkeypatch: pytest.MonkeyPatch, meter: str = METER, database_url: str = "") -> Lab:
    (home / "meters").mkdir(parents=True, exist_ok=True)
    (home / "meters" / "bucket.toml").write_text(meter)
    stack = build_harness(home, database_url)
    services, clock, cloud = stack.services, stack.clock, Cloud()
    clock.at = clock.at // HOUR_US * HOUR_US
    monkeypatch.setattr(type(services.clouds.connections), "get", lambda _self, _cloud_id: cloud)
    with services.database.transaction() as db:
        services.clouds.accounts.create(stack.ctx(db), "memory", "lab", {})
        enqueue(db, "ingest.poll_sync", "all", clock.now())
    worker = Worker(services.database, build_handlers(services.ingest, services.clouds), name="w", clock=clock)
    return Lab(stack, cloud, worker, clock.now())


@pytest.fixture
def lab(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    lab = build_lab(home, monkeypatch)
    yield lab
    lab.harness.services.database.close()


def test_samples_are_stored_on_every_database(home: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = build_lab(home, monkeypatch, database_url=database_url)
    assert (lab.run().until_at, lab.samples()) == (lab.begin, [])
    for minute in range(-5, 10):
        lab.set_value(minute, 100 + minute)
        lab.set_value(minute, "0.5", "b2")
    poll = lab.run(minutes=6)
    assert (poll.until_at, poll.polled_at) == (lab.begin + 5 * MINUTE_US, lab.harness.clock.now())
    rows = lab.samples("b1")
    assert [((row.at - lab.begin) // MINUTE_US, row.value) for row in rows] == [
        (minute + 1, str(100 + minute)) for minute in range(5)
    ]
    assert {(row.cloud, row.project_id, row.kind, row.unit, row.source) for row in rows} == {
        ("lab", "p1", "delta", "B", "b1")
    }
    assert {row.value for row in lab.samples("b2")} == {"0.5"}
    lab.harness.services.database.close()


def test_overlapping_windows_store_each_sample_once(lab: Lab) -> None:
    for minute in range(30):
        lab.set_value(minute, minute)
    lab.run()
    for _ in range(6):
        lab.run(minutes=5)
    assert sum(until - since for since, until in lab.cloud.requests) > 60 * MINUTE_US
    assert len(lab.samples()) == len(lab.minutes()) == 29
    assert lab.total() == sum(range(29))


def test_late_sample_is_added(lab: Lab) -> None:
    for minute in (0, 1, 3, 4):
        lab.set_value(minute, 10)
    lab.run()
    lab.run(minutes=6)
    assert [minute for minute, _ in lab.minutes()] == [1, 2, 4, 5]
    lab.set_value(2, 7)
    lab.run(minutes=5)
    assert dict(lab.minutes())[3] == "7"
    assert len(lab.samples()) == 5


def test_last_value_of_a_sample_counts(lab: Lab) -> None:
    lab.run()
    for value, minutes in ((5, 6), (9, 5), (7, 5)):
        lab.set_value(0, value)
        lab.run(minutes)
    assert lab.minutes() == [(1, "7")]
    by_id = [row.value for row in sorted(lab.samples(), key=lambda row: row.message_id)]
    assert by_id == ["5", "9", "7"]
    assert lab.total() == 7


def test_failure_is_logged_once_and_no_sample_is_lost(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    for minute in range(60):
        lab.set_value(minute, 1)
    lab.run()
    lab.cloud.fails = lambda _number: True
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            poll = lab.run(minutes=1)
    assert (poll.fault, poll.until_at, lab.samples()) == ("no response", lab.begin, [])
    assert poll.failures > 2
    assert [record.getMessage() for record in caplog.records] == [
        "poll failed cloud=lab meter=sent error='no response'"
    ]
    waits = [replace(poll, failures=number).retry_delay_us // SECOND_US for number in range(1, 12)]
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900, 900, 900, 900]
    lab.cloud.fails = lambda _number: False
    poll = lab.run(minutes=16)
    assert (poll.fault, poll.failures) == ("", 0)
    assert [minute for minute, _ in lab.minutes()] == list(range(1, 36))


def test_samples_before_a_failure_are_stored_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratiform.services.ingest.tasks._SAMPLES_AT_ONCE", 3)
    for minute in range(10):
        lab.set_value(minute, 1)
    lab.run()
    lab.cloud.fails = lambda number: number == 7
    assert lab.run(minutes=12).until_at == lab.begin
    assert len(lab.samples()) == 6
    lab.cloud.fails = lambda _number: False
    lab.run(minutes=1)
    assert len(lab.samples()) == 10


def test_long_period_is_read_in_windows(lab: Lab) -> None:
    lab.run()
    for minute in range(0, 4 * 24 * 60, 60):
        lab.set_value(minute, 1)
    lab.cloud.fails = lambda number: number == 0 and len(lab.cloud.requests) == 3
    poll = lab.run(minutes=4 * 24 * 60)
    assert poll.fault
    assert poll.until_at == lab.begin + 2 * DAY_US
    poll = lab.run(minutes=1)
    assert poll.until_at == lab.harness.clock.now() - MINUTE_US
    assert len(lab.samples()) == 4 * 24


def test_project_of_the_ledger_outranks_the_project_of_the_cloud(lab: Lab) -> None:
    payload = {"id": "b1", "project": "owner", "name": "mine"}
    created = Event("m1", "bucket.create", "x", lab.begin, "lab", payload)
    services = lab.harness.services
    with lab.harness.services.database.transaction() as db:
        services.ingest.own_events.ingest(db, [created], lab.begin)
    lab.set_value(0, 1)
    lab.set_value(0, 1, "b2")
    lab.run()
    lab.run(minutes=6)
    assert {row.resource_id: row.project_id for row in lab.samples()} == {"b1": "owner", "b2": "p1"}
    with lab.harness.services.database.read_transaction() as db:
        segments = list(services.ledger.segments.iterate(db, UsageFilter(resource_type="bucket")))
    assert [(segment.resource_id, segment.name, segment.project_id, segment.end) for segment in segments] == [
        ("b1", "mine", "owner", None)
    ]


def test_samples_of_a_deleted_resource_keep_its_id(lab: Lab) -> None:
    lab.cloud.names["native-1"] = "token-1"
    lab.set_value(0, 5, "native-1")
    lab.run()
    lab.run(minutes=6)
    lab.cloud.names.clear()
    lab.set_value(0, 6, "native-1")
    lab.run(minutes=5)
    assert [(row.resource_id, row.value) for row in lab.samples()] == [("token-1", "5"), ("token-1", "6")]


def test_invalid_sample_is_rejected_and_the_others_stored(lab: Lab) -> None:
    lab.set_value(0, 5)
    lab.set_value(1, -5)
    lab.set_value(2, 5)
    lab.run()
    for _ in range(2):
        lab.run(minutes=6)
    assert [minute for minute, _ in lab.minutes()] == [1, 3]
    with lab.harness.services.database.read_transaction() as db:
        rejected = lab.harness.services.ingest.rejected_messages.list(lab.harness.ctx(db), Page(10, None)).items
    assert ["-5" in message.reason for message in rejected] == [True]


def test_gauge_has_the_start_of_its_period(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = build_lab(home, monkeypatch, GAUGE)
    lab.set_value(3, 5)
    lab.run()
    lab.run(minutes=6)
    assert [(row.at - lab.begin) // MINUTE_US for row in lab.samples()] == [3]
    lab.harness.services.database.close()


def test_invalid_poll_table_is_a_fault(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = build_lab(home, monkeypatch, METER.replace("every_s = 300", 'every_s = "often"'))
    assert "every_s" in lab.run().fault
    lab.harness.services.database.close()


def test_polls_of_a_deleted_cloud_are_deleted(lab: Lab) -> None:
    lab.run()
    services = lab.harness.services
    with services.database.transaction() as db:
        ctx = lab.harness.ctx(db)
        services.clouds.accounts.delete(ctx, services.clouds.accounts.get(ctx, "lab").id)
    lab.harness.clock.advance(6 * MINUTE_US)
    lab.worker.run_until_idle()
    with services.database.read_transaction() as db:
        assert services.ingest.polls.list(lab.harness.ctx(db)) == []
    requests = len(lab.cloud.requests)
    lab.harness.clock.advance(HOUR_US)
    lab.worker.run_until_idle()
    assert len(lab.cloud.requests) == requests


def test_rewound_poll_reads_earlier_samples(lab: Lab) -> None:
    for minute in range(-60, 10):
        lab.set_value(minute, 1)
    lab.run()
    poll = lab.run(minutes=6)
    assert len(lab.samples()) == 5
    services = lab.harness.services
    with services.database.transaction() as db:
        ctx = lab.harness.ctx(db)
        services.ingest.polls.rewind(ctx, poll.id, lab.begin - 30 * MINUTE_US)
        with pytest.raises(NotFound):
            services.ingest.polls.rewind(ctx, "no-such", lab.begin)
        with pytest.raises(Invalid):
            services.ingest.polls.rewind(ctx, poll.id, lab.harness.clock.now() + 1)
        with pytest.raises(Forbidden):
            services.ingest.polls.rewind(lab.harness.ctx(db, customer()), poll.id, lab.begin)
    assert lab.run().until_at == poll.until_at
    assert len(lab.samples()) == 35


def test_windows_of_a_schedule() -> None:
    schedule, begin = PollSchedule(period_s=300, delay_s=120, overlap_s=600), 1000 * HOUR_US
    poll = Poll("i", "c", "c", "t", "m", begin, begin, 0)
    assert schedule.list_windows(poll, begin + 419 * SECOND_US) == []
    assert schedule.list_windows(poll, begin + 420 * SECOND_US) == [(begin, begin + 300 * SECOND_US)]
    later = replace(poll, until_at=begin + HOUR_US)
    assert schedule.list_windows(later, begin + HOUR_US + 420 * SECOND_US) == [
        (begin + HOUR_US - 600 * SECOND_US, begin + HOUR_US + 300 * SECOND_US)
    ]
    days = schedule.list_windows(poll, begin + 2 * DAY_US + 420 * SECOND_US)
    assert [end - start for start, end in days] == [DAY_US, DAY_US, 300 * SECOND_US]
    assert days[0][0] == begin


def test_kind_of_the_poll_table_outranks_the_meter(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = build_lab(home, monkeypatch, METER.replace("period_s = 60", 'period_s = 60\nkind = "cumulative"'))
    for minute, counter in enumerate((100, 130, 5, 25)):
        lab.set_value(minute, counter)
    lab.run()
    lab.run(minutes=6)
    assert {row.kind for row in lab.samples()} == {"cumulative"}
    assert lab.total() == 30 + 5 + 20
    lab.harness.services.database.close()
