"""The ledger as it is stored, held to a slow one: whatever is said, in any order, how often, and in whatever batches.

What is drawn is in `support.hearsay`, and how the slow one finds its answers in `support.slow_ledger`.
STRATIFORM_TEST_EXAMPLES is how many sets of messages are tried.
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

from stratiform.kit import merkle
from stratiform.kit.clock import HOUR_US, SECOND_US, iso, parse_iso
from stratiform.kit.db import Connection
from stratiform.kit.pagination import Page
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import Segment, UsageFilter
from stratiform.services.ledger.model.changes import RECORDED, last_key
from stratiform.services.ledger.model.sums import SumResult, parse_query
from stratiform.services.ledger.repository.segments import decode_row
from stratiform.services.proof.model.verification import verify
from support import reference_fold, slow_ledger
from support.databases import empty_database
from support.hearsay import HOURS, T0, Said, hearsay, write_meters
from support.ledger import listing, recorded
from support.slow_ledger import Measured, SegmentRow
from support.stacks import Bench, bench

EXAMPLES = int(os.environ.get("STRATIFORM_TEST_EXAMPLES", "25"))
UNCHECKED = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)

#: Buckets, and a period that is cut anywhere.
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
class Answers:
    """What a reader is told at one position of the ledger."""

    segments: list[SegmentRow]
    touching: list[SegmentRow]
    samples: set[Measured]
    durations: dict[Any, Decimal | None]
    quantities: dict[Any, Decimal | None]


@st.composite
def coming(draw: st.DrawFn, said: Sequence[Said]) -> list[list[Said]]:
    """The batches in which it comes: in any order, some of it once more."""
    again = draw(st.lists(st.sampled_from(said), max_size=4))
    left = draw(st.permutations([*said, *again]))
    batches = []
    while left:
        size = draw(st.integers(1, len(left)))
        batches.append(left[:size])
        left = left[size:]
    return batches


class Books:
    """A ledger that can be emptied, which is faster than making another."""

    def __init__(self, home: Path, url: str = "") -> None:
        write_meters(home / "meters")
        self.home = home
        self.made: Bench = bench(home, url)
        self.made.clock.at = T0 + 100 * HOUR_US

    def empty(self) -> "Books":
        with self.made.services.database.transaction() as db:
            for name in _TABLES:
                db.exec_driver_sql(f"DELETE FROM metering_{name}")
        (self.home / "keys" / "ledger" / "last").unlink(missing_ok=True)
        return self

    def take(self, said: Sequence[Said]) -> IngestResult:
        with self.made.services.database.transaction() as db:
            return self.made.services.ingest.events.ingest(db, [one.event for one in said], self.made.clock.now())

    def position(self) -> int:
        with self.made.services.database.snapshot() as db:
            return self.made.services.ledger.positions.get_current(db)

    def answers(self, as_of: int | None = None) -> Answers:
        with self.made.services.database.snapshot() as db:
            wanted = UsageFilter(as_of=as_of)
            return Answers(
                self._segments(db, wanted),
                self._touching(db, wanted),
                self._samples(db, wanted),
                self._durations(db, wanted),
                self._quantities(db, wanted),
            )

    def root(self) -> tuple[int, bytes]:
        with self.made.services.database.snapshot() as db:
            size = repository.batches.count_events(db)
            return size, merkle.compute_root(repository.tiles.make_reader(db), size)

    def export(self, as_of: int | None = None) -> list[bytes]:
        with self.made.services.database.transaction() as db:
            asked = self.made.services.proof.exports.create(self.made.ctx(db), UsageFilter(as_of=as_of))
        with self.made.services.database.snapshot() as db:
            return list(self.made.services.proof.exports.iterate_lines(db, asked))

    def changes(self) -> Iterator[tuple[int, int, int, SegmentRow]]:
        """Position, kind, number and segment of every change."""
        reached = last_key(0)
        while True:
            with self.made.services.database.snapshot() as db:
                some, reached = self.made.services.ledger.changes.list(self.made.ctx(db), UsageFilter(), reached, 3)
            for one in some:
                yield one.position, one.kind, one.segment_id, _row(decode_row(one.row))
            if len(some) < 3:
                return

    def _segments(self, db: Connection, wanted: UsageFilter) -> list[SegmentRow]:
        return [_row(one) for one in self.made.services.ledger.segments.iterate(db, wanted)]

    def _touching(self, db: Connection, wanted: UsageFilter) -> list[SegmentRow]:
        """What is in use at some time of a period, a few at once."""
        found, after = list[SegmentRow](), None
        period = replace(wanted, since=MIDDLE[0], until=MIDDLE[1])
        while True:
            rows, after = self.made.services.ledger.segments.list_pinned(db, period, 2, after)
            found += [_row(decode_row(row)) for row in rows]
            if after is None:
                return sorted(found, key=_place)

    def _samples(self, db: Connection, wanted: UsageFilter) -> set[Measured]:
        ctx = self.made.ctx(db)
        rows = self.made.services.ledger.samples.list(ctx, wanted, None, Page(limit=1000)).items
        return {
            Measured(
                *((one.cloud, one.resource_type, one.resource_id), one.project_id, one.meter, one.kind, one.source),
                *(one.at, Decimal(one.value), 0, one.message_id),
            )
            for one in rows
        }

    def _durations(self, db: Connection, wanted: UsageFilter) -> dict[Any, Decimal | None]:
        found: dict[Any, Decimal | None] = {}
        by = ("project_id", "state", "attributes.size")
        for bounds, bucket in ((BOUNDS, "hour"), (MIDDLE, None)):
            sums = self._sums(db, wanted, by, "duration", bounds, bucket)
            found |= {(bounds, *one.group, one.start): one.values[0] for one in sums.sums}
        return found

    def _quantities(self, db: Connection, wanted: UsageFilter) -> dict[Any, Decimal | None]:
        found: dict[Any, Decimal | None] = {}
        for meter in ("moved", "level"):
            for project, bounds, bucket in ((None, BOUNDS, "hour"), ("q", MIDDLE, None)):
                mine, by = replace(wanted, project_id=project), ("project_id", "resource_id")
                sums = self._sums(db, mine, by, f"meter:{meter}", bounds, bucket)
                found |= {(meter, project, bounds, *one.group, one.start): one.values[0] for one in sums.sums}
        return found

    def _sums(
        self,
        db: Connection,
        wanted: UsageFilter,
        by: Sequence[str],
        measure: str,
        bounds: Sequence[int],
        bucket: str | None,
    ) -> SumResult:
        question = parse_query(by, [measure], bounds[0], bounds[-1], bucket)
        return self.made.services.ledger.sums.compute(self.made.ctx(db), wanted, question)


def _row(one: Segment) -> SegmentRow:
    resource = (one.cloud, one.resource_type, one.resource_id)
    attributes = json.dumps(one.attributes, sort_keys=True)
    return SegmentRow(resource, one.start, one.end, one.project_id, one.state, attributes, one.name)


def _place(row: SegmentRow) -> tuple[str, str, str, int]:
    """Where it stands in a list."""
    cloud, kind, resource_id = row.resource
    return kind, resource_id, cloud, row.start


def slowly(said: Sequence[Said]) -> Answers:
    """What must be answered where this is known, and nothing else."""
    used = slow_ledger.segments(said)
    told = slow_ledger.samples(said, used)
    durations: dict[Any, Decimal | None] = {
        (bounds, *key): Decimal(us) / SECOND_US
        for bounds in (BOUNDS, MIDDLE)
        for key, us in slow_ledger.durations(used, bounds).items()
    }
    quantities: dict[Any, Decimal | None] = {
        (meter, project, bounds, *key): value
        for meter in ("moved", "level")
        for project, bounds in ((None, BOUNDS), ("q", MIDDLE))
        for key, value in slow_ledger.quantities(told, meter, bounds).items()
        if project in (None, key[0])
    }
    touching = [row for row in used if row.start < MIDDLE[1] and (row.end is None or row.end > MIDDLE[0])]
    return Answers(used, touching, {one._replace(hold=0) for one in told}, durations, quantities)


@pytest.fixture
def ledgers(home: Path) -> Iterator[tuple[Books, Books]]:
    """Two, which are empty."""
    made = Books(home / "one"), Books(home / "other")
    yield made
    for one in made:
        one.made.services.database.close()


def check_log(books: Books, said: Sequence[Said]) -> None:
    """Every event is in the log once, numbered without holes, and the log's root is that of all records."""
    size, root = books.root()
    with books.made.services.database.snapshot() as db:
        records = list(repository.events.iterate_records(db, 0, size))
    assert [number for number, _ in records] == list(range(size))
    assert sorted((one.cloud, one.message_id.partition("#")[0]) for _, one in records) == sorted(
        one.key for one in said
    )
    assert root == slow_root([one.encode() for _, one in records])
    for resource in {one.resource for _, one in records}:
        nths = [one.nth for _, one in records if one.resource == resource]
        assert nths == list(range(1, len(nths) + 1))


def slow_root(records: list[bytes]) -> bytes:
    if len(records) < 2:
        return merkle.leaf_hash(records[0])
    half = 1
    while half * 2 < len(records):
        half *= 2
    return merkle.node_hash(slow_root(records[:half]), slow_root(records[half:]))


def check_changes(books: Books, then: dict[int, Answers]) -> None:
    """Who follows the changes has at every position what the ledger answered there."""
    held: dict[int, SegmentRow] = {}
    changes = list(books.changes())
    for position, answers in then.items():
        while changes and changes[0][0] <= position:
            _, kind, number, row = changes.pop(0)
            if kind == RECORDED:
                assert number not in held
                held[number] = row._replace(name="")
            else:
                assert held.pop(number) == row._replace(name="")
        assert sorted(held.values(), key=_place) == [row._replace(name="") for row in answers.segments]
    assert not changes


def check_export(books: Books, as_of: int | None = None) -> None:
    """Whoever has an export finds the same segments in it, without the database."""
    found = verify(books.export(as_of), books.made.services.proof.keys.list_verifiers())
    assert found.failures == []
    assert found.withheld == 0


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=UNCHECKED)
@given(hearsay(), st.data())
def test_the_ledger_follows_from_what_is_known(ledgers: tuple[Books, Books], said: list[Said], data: Any) -> None:
    books, other = (one.empty() for one in ledgers)
    known: dict[tuple[str, str], Said] = {}
    then: dict[int, Answers] = {}
    roots: list[tuple[int, bytes]] = []
    for batch in data.draw(coming(said)):
        new = {one.key for one in batch} - known.keys()
        done = books.take(batch)
        assert done == IngestResult(accepted=len(new), repeated=len(batch) - len(new))
        known |= {one.key: one for one in batch}
        answers = books.answers()
        assert answers == slowly(list(known.values()))
        assert books.position() == len(then) + bool(new)
        then[books.position()] = answers
        roots.append(books.root())
    other.take(sorted(said, key=lambda one: one.place))
    assert other.answers() == answers
    for position, answers in then.items():
        assert books.answers(position) == answers
    check_changes(books, then)
    check_log(books, said)
    check_log(other, said)
    with books.made.services.database.snapshot() as db:
        read = repository.tiles.make_reader(db)
        for size, root in roots:
            assert merkle.compute_root(read, size) == root
            proof = merkle.prove_consistency(read, size, len(said))
            assert merkle.verify_consistency(size, len(said), root, roots[-1][1], proof)
    check_export(books)
    check_export(books, data.draw(st.sampled_from(sorted(then))))


def read(books: Books, done: threading.Event) -> dict[int, Answers]:
    """What is answered at each position that is met, until it is `done`."""
    then = {}
    while not done.is_set():
        position = books.position()
        then[position] = books.answers(position)
    return then


@pytest.fixture
def shared(home: Path, tmp_path: Path) -> Iterator[Books]:
    """One on PostgreSQL, empty."""
    with empty_database("postgresql", tmp_path) as url:
        made = Books(home, url)
        yield made
        made.made.services.database.close()


@settings(max_examples=max(EXAMPLES // 10, 3), deadline=None, suppress_health_check=UNCHECKED)
@given(hearsay(most=40), st.data())
def test_several_at_once_give_what_one_gives(shared: Books, said: list[Said], data: Any) -> None:
    books = shared.empty()
    first, second = ([one for one in said if data.draw(st.booleans())] for _ in range(2))
    third = [*(one for one in said if one not in first and one not in second), *first[::2]]
    plans = [data.draw(coming(hand)) for hand in (first, second, third) if hand]
    done = threading.Event()
    with ThreadPoolExecutor(len(plans) + 1) as pool:
        reader = pool.submit(read, books, done)
        writers = [pool.submit(lambda plan: [books.take(batch) for batch in plan], plan) for plan in plans]
        wait(writers)
        done.set()
    assert sum((one for writer in writers for one in writer.result()), IngestResult()).accepted == len(said)
    then = reader.result()
    assert books.answers() == slowly(said)
    check_log(books, said)
    check_export(books)
    for position, answers in then.items():
        assert books.answers(position) == answers


def told_again(random: Random, line: bytes) -> bytes:
    """A recorded line by another host's clock, which may be cut to seconds: so that some speak of one instant."""
    told = json.loads(line)
    message = json.loads(told["body"]["oslo.message"])
    at = parse_iso(message["timestamp"]) + random.choice((0, 0, 0, -90, 1, 40)) * SECOND_US
    message["timestamp"] = iso(at - at % SECOND_US if random.random() < 0.3 else at)
    told["body"]["oslo.message"] = json.dumps(message)
    return json.dumps(told).encode()


@pytest.mark.parametrize("seed", range(max(EXAMPLES // 10, 2)))
def test_of_recorded_messages_any_may_be_lost_late_or_by_another_clock(stack_bench: Bench, seed: int) -> None:
    random = Random(seed)
    heard = {cloud: [told_again(random, one) for one in recorded() if random.random() < 0.5] for cloud in ("a", "b")}
    waiting = [
        (cloud, line) for cloud, lines in heard.items() for line in lines for _ in range(random.choice((1, 1, 2)))
    ]
    random.shuffle(waiting)
    while waiting:
        size = random.choice((1, 10, 300))
        with stack_bench.services.database.transaction() as db:
            for cloud in heard:
                lines = [line for one, line in waiting[:size] if one == cloud]
                stack_bench.services.ingest.messages.ingest(db, cloud, lines, stack_bench.clock.now())
        waiting = waiting[size:]
    with stack_bench.services.database.snapshot() as db:
        found = json.loads(listing(stack_bench.services.ledger, db))
    wanted = [row for cloud, lines in heard.items() for row in reference_fold.usage(lines, cloud)]
    wanted.sort(key=lambda row: (row["resource_type"], row["resource_id"], row["cloud"], row["start"]))
    assert found == wanted
