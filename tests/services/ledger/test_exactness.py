"""The stored ledger equals a reference for random events in any order, with duplicates and in any batches.

The events are drawn in `support.random_events`; the reference is computed in `support.reference_ledger`.
STRATIFORM_TEST_EXAMPLES is the number of sets of events.
"""

import json
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stratiform.kit import merkle_tree
from stratiform.kit.clock import HOUR_US, SECOND_US, format_iso, parse_iso
from stratiform.kit.database import Connection
from stratiform.kit.pagination import Page
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import Segment, UsageFilter
from stratiform.services.ledger.model.segment_changes import RECORDED, get_key_after_position
from stratiform.services.ledger.model.sums import SumResult, parse_sum_query
from stratiform.services.ledger.repository.segments import decode_row
from stratiform.services.proof.model.verification import verify_export
from support import reference_fold, reference_ledger
from support.databases import empty_database
from support.ledger import listing, recorded
from support.random_events import HOURS, T0, StatedEvent, random_events, write_meters
from support.reference_ledger import ExpectedSample, ExpectedSegment
from support.stacks import ServiceHarness, build_harness

EXAMPLES = int(os.environ.get("STRATIFORM_TEST_EXAMPLES", "25"))
SUPPRESSED = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)

#: Bounds of buckets, and a period that is not aligned.
BOUNDS = tuple(T0 + hour * HOUR_US for hour in range(HOURS + 2))
MIDDLE = (T0 + HOUR_US + SECOND_US, T0 + 3 * HOUR_US + 500_000)

_TABLES = [
    "batch",
    "called",
    "checkpoint",
    "correction",
    "event",
    "position",
    "rejected",
    "resource",
    "sample",
    "segment",
    "tile",
]


@dataclass(frozen=True)
class LedgerState:
    """Everything that can be read at one position of the ledger."""

    segments: list[ExpectedSegment]
    in_period: list[ExpectedSegment]
    samples: set[ExpectedSample]
    durations: dict[Any, Decimal | None]
    sample_sums: dict[Any, Decimal | None]


@st.composite
def batches_of(draw: st.DrawFn, events_: Sequence[StatedEvent]) -> list[list[StatedEvent]]:
    """Draw batches of the events in any order, with duplicates."""
    duplicates = draw(st.lists(st.sampled_from(events_), max_size=4))
    remaining = draw(st.permutations([*events_, *duplicates]))
    batches = []
    while remaining:
        size = draw(st.integers(1, len(remaining)))
        batches.append(remaining[:size])
        remaining = remaining[size:]
    return batches


class LedgerUnderTest:
    """A ledger that can be cleared, which is faster than creating another."""

    def __init__(self, home: Path, url: str = "") -> None:
        write_meters(home / "meters")
        self.home = home
        self.stack: ServiceHarness = build_harness(home, url)
        self.stack.clock.at = T0 + 100 * HOUR_US

    def clear(self) -> "LedgerUnderTest":
        with self.stack.services.database.transaction() as db:
            for name in _TABLES:
                db.exec_driver_sql(f"DELETE FROM metering_{name}")
        (self.home / "keys" / "ledger" / "last").unlink(missing_ok=True)
        return self

    def ingest(self, events_: Sequence[StatedEvent]) -> IngestResult:
        events = [each.event for each in events_]
        with self.stack.services.database.transaction() as db:
            return self.stack.services.ingest.own_events.ingest(db, events, self.stack.clock.now())

    def position(self) -> int:
        with self.stack.services.database.read_transaction() as db:
            return self.stack.services.ledger.positions.get_current_position(db)

    def state(self, as_of: int | None = None) -> LedgerState:
        with self.stack.services.database.read_transaction() as db:
            usage_filter = UsageFilter(as_of=as_of)
            return LedgerState(
                self._segments(db, usage_filter),
                self._in_period(db, usage_filter),
                self._samples(db, usage_filter),
                self._durations(db, usage_filter),
                self._sample_sums(db, usage_filter),
            )

    def root(self) -> tuple[int, bytes]:
        with self.stack.services.database.read_transaction() as db:
            size = repository.batches.count_events(db)
            return size, merkle_tree.compute_root(repository.log_tiles.build_tile_reader(db), size)

    def export(self, as_of: int | None = None) -> list[bytes]:
        with self.stack.services.database.transaction() as db:
            export_ = self.stack.services.proof.exports.create(self.stack.ctx(db), UsageFilter(as_of=as_of))
        with self.stack.services.database.read_transaction() as db:
            return list(self.stack.services.proof.exports.iterate_lines(db, export_))

    def changes(self) -> Iterator[tuple[int, int, int, ExpectedSegment]]:
        """Yield position, kind, id and segment of every change."""
        after = get_key_after_position(0)
        while True:
            with self.stack.services.database.read_transaction() as db:
                page, after = self.stack.services.ledger.segment_changes.list(
                    self.stack.ctx(db), UsageFilter(), after, 3
                )
            for each in page:
                yield each.position, each.kind, each.segment_id, _row(decode_row(each.row))
            if len(page) < 3:
                return

    def _segments(self, db: Connection, usage_filter: UsageFilter) -> list[ExpectedSegment]:
        return [_row(each) for each in self.stack.services.ledger.segments.iterate(db, usage_filter)]

    def _in_period(self, db: Connection, usage_filter: UsageFilter) -> list[ExpectedSegment]:
        """Return the segments that overlap a period, read in small pages."""
        result, after = list[ExpectedSegment](), None
        period = replace(usage_filter, since=MIDDLE[0], until=MIDDLE[1])
        while True:
            rows, after = self.stack.services.ledger.segments.list_after(db, period, 2, after)
            result += [_row(decode_row(row)) for row in rows]
            if after is None:
                return sorted(result, key=_sort_key)

    def _samples(self, db: Connection, usage_filter: UsageFilter) -> set[ExpectedSample]:
        ctx = self.stack.ctx(db)
        rows = self.stack.services.ledger.samples.list(ctx, usage_filter, None, Page(limit=1000)).items
        return {
            ExpectedSample(
                *(
                    (each.cloud, each.resource_type, each.resource_id),
                    each.project_id,
                    each.meter,
                    each.kind,
                    each.source,
                ),
                *(each.at, Decimal(each.value), 0, each.message_id),
            )
            for each in rows
        }

    def _durations(self, db: Connection, usage_filter: UsageFilter) -> dict[Any, Decimal | None]:
        result: dict[Any, Decimal | None] = {}
        by = ("project_id", "state", "attributes.size")
        for bounds, bucket in ((BOUNDS, "hour"), (MIDDLE, None)):
            sums = self._sums(db, usage_filter, by, "duration", bounds, bucket)
            result |= {(bounds, *each.group, each.start): each.values[0] for each in sums.sums}
        return result

    def _sample_sums(self, db: Connection, usage_filter: UsageFilter) -> dict[Any, Decimal | None]:
        result: dict[Any, Decimal | None] = {}
        for meter in ("moved", "level"):
            for project, bounds, bucket in ((None, BOUNDS, "hour"), ("q", MIDDLE, None)):
                of_project, by = replace(usage_filter, project_id=project), ("project_id", "resource_id")
                sums = self._sums(db, of_project, by, f"meter:{meter}", bounds, bucket)
                result |= {(meter, project, bounds, *each.group, each.start): each.values[0] for each in sums.sums}
        return result

    def _sums(
        self,
        db: Connection,
        usage_filter: UsageFilter,
        by: Sequence[str],
        measure: str,
        bounds: Sequence[int],
        bucket: str | None,
    ) -> SumResult:
        query = parse_sum_query(by, [measure], bounds[0], bounds[-1], bucket)
        return self.stack.services.ledger.sums.compute(self.stack.ctx(db), usage_filter, query)


def _row(each: Segment) -> ExpectedSegment:
    resource = (each.cloud, each.resource_type, each.resource_id)
    attributes = json.dumps(each.attributes, sort_keys=True)
    return ExpectedSegment(resource, each.start, each.end, each.project_id, each.state, attributes, each.name)


def _sort_key(row: ExpectedSegment) -> tuple[str, str, str, int]:
    """Return the sort key of lists."""
    cloud, kind, resource_id = row.resource
    return kind, resource_id, cloud, row.start


def compute_state(events_: Sequence[StatedEvent]) -> LedgerState:
    """Return the expected state after these events."""
    expected_segments = reference_ledger.list_segments(events_)
    expected_samples = reference_ledger.list_samples(events_, expected_segments)
    durations: dict[Any, Decimal | None] = {
        (bounds, *key): Decimal(us) / SECOND_US
        for bounds in (BOUNDS, MIDDLE)
        for key, us in reference_ledger.sum_durations(expected_segments, bounds).items()
    }
    sample_sums: dict[Any, Decimal | None] = {
        (meter, project, bounds, *key): value
        for meter in ("moved", "level")
        for project, bounds in ((None, BOUNDS), ("q", MIDDLE))
        for key, value in reference_ledger.sum_samples(expected_samples, meter, bounds).items()
        if project in (None, key[0])
    }
    in_period = [row for row in expected_segments if row.start < MIDDLE[1] and (row.end is None or row.end > MIDDLE[0])]
    return LedgerState(
        expected_segments, in_period, {each._replace(hold=0) for each in expected_samples}, durations, sample_sums
    )


@pytest.fixture
def ledgers(home: Path) -> Iterator[tuple[LedgerUnderTest, LedgerUnderTest]]:
    """Two empty ledgers."""
    stack = LedgerUnderTest(home / "one"), LedgerUnderTest(home / "other")
    yield stack
    for each in stack:
        each.stack.services.database.close()


def check_log(ledger_: LedgerUnderTest, events_: Sequence[StatedEvent]) -> None:
    """Check that every event is in the log once, that numbers have no gaps, and the root of the log."""
    size, root = ledger_.root()
    with ledger_.stack.services.database.read_transaction() as db:
        records = list(repository.events.iterate_records(db, 0, size))
    assert [number for number, _ in records] == list(range(size))
    assert sorted((each.cloud, each.message_id.partition("#")[0]) for _, each in records) == sorted(
        each.key for each in events_
    )
    assert root == compute_root([each.encode() for _, each in records])
    for resource in {each.resource for _, each in records}:
        nths = [each.nth for _, each in records if each.resource == resource]
        assert nths == list(range(1, len(nths) + 1))


def compute_root(records: list[bytes]) -> bytes:
    if len(records) < 2:
        return merkle_tree.compute_leaf_hash(records[0])
    half = 1
    while half * 2 < len(records):
        half *= 2
    return merkle_tree.compute_node_hash(compute_root(records[:half]), compute_root(records[half:]))


def check_changes(ledger_: LedgerUnderTest, states: dict[int, LedgerState]) -> None:
    """Check that the changes lead to the segments at every position."""
    current: dict[int, ExpectedSegment] = {}
    changes = list(ledger_.changes())
    for position, state in states.items():
        while changes and changes[0][0] <= position:
            _, kind, number, row = changes.pop(0)
            if kind == RECORDED:
                assert number not in current
                current[number] = row._replace(name="")
            else:
                assert current.pop(number) == row._replace(name="")
        assert sorted(current.values(), key=_sort_key) == [row._replace(name="") for row in state.segments]
    assert not changes


def check_export(ledger_: LedgerUnderTest, as_of: int | None = None) -> None:
    """Check that an export can be verified without the database."""
    result = verify_export(ledger_.export(as_of), ledger_.stack.services.proof.keys.list_verifiers())
    assert result.failures == []
    assert result.withheld == 0


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SUPPRESSED)
@given(random_events(), st.data())
def test_ledger_equals_the_reference(
    ledgers: tuple[LedgerUnderTest, LedgerUnderTest], events_: list[StatedEvent], data: Any
) -> None:
    ledger_, other = (each.clear() for each in ledgers)
    by_key: dict[tuple[str, str], StatedEvent] = {}
    states: dict[int, LedgerState] = {}
    roots: list[tuple[int, bytes]] = []
    for batch in data.draw(batches_of(events_)):
        new = {each.key for each in batch} - by_key.keys()
        result = ledger_.ingest(batch)
        assert result == IngestResult(ingested=len(new), duplicates=len(batch) - len(new))
        by_key |= {each.key: each for each in batch}
        state = ledger_.state()
        assert state == compute_state(list(by_key.values()))
        assert ledger_.position() == len(states) + bool(new)
        states[ledger_.position()] = state
        roots.append(ledger_.root())
    other.ingest(sorted(events_, key=lambda each: each.rank))
    assert other.state() == state
    for position, state in states.items():
        assert ledger_.state(position) == state
    check_changes(ledger_, states)
    check_log(ledger_, events_)
    check_log(other, events_)
    with ledger_.stack.services.database.read_transaction() as db:
        tile_reader = repository.log_tiles.build_tile_reader(db)
        for size, root in roots:
            assert merkle_tree.compute_root(tile_reader, size) == root
            proof = merkle_tree.prove_consistency(tile_reader, size, len(events_))
            assert merkle_tree.verify_consistency(size, len(events_), root, roots[-1][1], proof)
    check_export(ledger_)
    check_export(ledger_, data.draw(st.sampled_from(sorted(states))))


def read_states(ledger_: LedgerUnderTest, done: threading.Event) -> dict[int, LedgerState]:
    """Return the states at the positions that are observed until `done`."""
    states = {}
    while not done.is_set():
        position = ledger_.position()
        states[position] = ledger_.state(position)
    return states


@pytest.fixture
def postgresql_ledger(home: Path, tmp_path: Path) -> Iterator[LedgerUnderTest]:
    """An empty ledger on PostgreSQL."""
    with empty_database("postgresql", tmp_path) as url:
        stack = LedgerUnderTest(home, url)
        yield stack
        stack.stack.services.database.close()


@settings(max_examples=max(EXAMPLES // 10, 3), deadline=None, suppress_health_check=SUPPRESSED)
@given(random_events(max_size=40), st.data())
def test_concurrent_writers_give_the_same_ledger(
    postgresql_ledger: LedgerUnderTest, events_: list[StatedEvent], data: Any
) -> None:
    ledger_ = postgresql_ledger.clear()
    first, second = ([each for each in events_ if data.draw(st.booleans())] for _ in range(2))
    third = [*(each for each in events_ if each not in first and each not in second), *first[::2]]
    plans = [data.draw(batches_of(chosen)) for chosen in (first, second, third) if chosen]
    done = threading.Event()
    with ThreadPoolExecutor(len(plans) + 1) as pool:
        reader = pool.submit(read_states, ledger_, done)
        writers = [pool.submit(lambda plan: [ledger_.ingest(batch) for batch in plan], plan) for plan in plans]
        wait(writers)
        done.set()
    assert sum((each for writer in writers for each in writer.result()), IngestResult()).ingested == len(events_)
    states = reader.result()
    assert ledger_.state() == compute_state(events_)
    check_log(ledger_, events_)
    check_export(ledger_)
    for position, state in states.items():
        assert ledger_.state(position) == state


def change_clock(random: Random, line: bytes) -> bytes:
    """Change the time of a recorded message, and truncate some to seconds, so that some times are equal."""
    envelope = json.loads(line)
    message = json.loads(envelope["body"]["oslo.message"])
    at = parse_iso(message["timestamp"]) + random.choice((0, 0, 0, -90, 1, 40)) * SECOND_US
    message["timestamp"] = format_iso(at - at % SECOND_US if random.random() < 0.3 else at)
    envelope["body"]["oslo.message"] = json.dumps(message)
    return json.dumps(envelope).encode()


@pytest.mark.parametrize("seed", range(max(EXAMPLES // 10, 2)))
def test_recorded_messages_may_be_lost_late_or_have_other_clocks(service_harness: ServiceHarness, seed: int) -> None:
    random = Random(seed)
    lines_by_cloud = {
        cloud: [change_clock(random, each) for each in recorded() if random.random() < 0.5] for cloud in ("a", "b")
    }
    pending = [
        (cloud, line)
        for cloud, lines in lines_by_cloud.items()
        for line in lines
        for _ in range(random.choice((1, 1, 2)))
    ]
    random.shuffle(pending)
    while pending:
        size = random.choice((1, 10, 300))
        with service_harness.services.database.transaction() as db:
            for cloud in lines_by_cloud:
                lines = [line for each, line in pending[:size] if each == cloud]
                service_harness.services.ingest.messages.ingest(db, cloud, lines, service_harness.clock.now())
        pending = pending[size:]
    with service_harness.services.database.read_transaction() as db:
        result = json.loads(listing(service_harness.services.ledger, db))
    expected = [row for cloud, lines in lines_by_cloud.items() for row in reference_fold.usage(lines, cloud)]
    expected.sort(key=lambda row: (row["resource_type"], row["resource_id"], row["cloud"], row["start"]))
    assert result == expected
