"""A ledger whose states are compared with those of the reference."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from stratiform.kit import merkle_tree
from stratiform.kit.clock import HOUR_US, SECOND_US
from stratiform.kit.database import Connection
from stratiform.kit.pagination import Page
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import Segment, UsageFilter
from stratiform.services.ledger.model.segment_changes import get_key_after_position
from stratiform.services.ledger.model.sums import SumResult, parse_sum_query
from stratiform.services.ledger.repository.segment_queries import decode_row
from support import reference_ledger
from support.random_events import HOURS, T0, StatedEvent, write_meters
from support.reference_ledger import ExpectedSample, ExpectedSegment
from support.stacks import ServiceHarness, build_harness

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
