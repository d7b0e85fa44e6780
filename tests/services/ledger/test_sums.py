"""Sums of segments and samples on every database, compared with slow sums."""

import itertools
import random
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from stratiform.kit.clock import DAY_US, HOUR_US, SECOND_US, Micros, format_iso, parse_iso
from stratiform.kit.errors import Forbidden, Invalid, NotFound
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import METER_KINDS, MeterKind, UsageFilter
from stratiform.services.ledger.model.samples import Sample, sum_samples
from stratiform.services.ledger.model.sums import SumResult, compute_bucket_bounds, parse_sum_query
from support.stacks import ServiceHarness, build_harness, customer

T0 = parse_iso("2026-01-30T22:17:05.000001Z")


@pytest.fixture
def stack(database_url: str, home: Path) -> Iterator[ServiceHarness]:
    """A stack on each database, after all events."""
    home.mkdir(parents=True, exist_ok=True)
    each = build_harness(home, database_url)
    each.clock.at = T0 + 300 * DAY_US
    yield each
    each.services.database.close()


def insert(stack: ServiceHarness, *events: tuple[str, Micros, dict[str, Any]], source: str = "test") -> None:
    """Ingest CloudEvents (type, time, data); all must be ingested."""
    documents = [
        msgspec.json.encode(
            {
                "specversion": "1.0",
                "id": f"{number}",
                "source": source,
                "type": kind,
                "time": format_iso(at),
                "data": data,
            }
        )
        for number, (kind, at, data) in enumerate(events)
    ]
    with stack.services.database.transaction() as db:
        results = stack.services.ingest.cloudevents.ingest(stack.ctx(db), "a", documents)
    assert {each.outcome for each in results} == {"ingested"}, [each.reason for each in results]


def sums(
    stack: ServiceHarness, *query: Any, usage_filter: UsageFilter | None = None, roles: tuple[str, ...] = ()
) -> SumResult:
    with stack.services.database.read_transaction() as db:
        ctx = stack.ctx(db, customer(*roles)) if roles else stack.ctx(db)
        return stack.services.ledger.sums.compute(ctx, usage_filter or UsageFilter(), parse_sum_query(*query))


def random_events(random_: random.Random) -> list[tuple[str, Micros, dict[str, Any]]]:
    """Return events of machines that change size and owner, most of which end."""
    events_: list[tuple[str, Micros, dict[str, Any]]] = []
    for number in range(40):
        at = T0 + random_.randrange(60 * DAY_US)
        name = {"resource_type": "machine", "resource_id": f"m{number}"}
        first = {"project_id": random_.choice("pq"), "tags": {"env": random_.choice(["prod", "test"])}}
        events_.append(("usage.started", at, {**name, **first, "attributes": {"vcpus": 1, "kind": "small"}}))
        for _ in range(random_.randrange(4)):
            at += random_.randrange(1, 20 * DAY_US)
            size = {"vcpus": random_.randrange(1, 9), "kind": random_.choice(["small", "large"])}
            events_.append(("usage.changed", at, {**name, "project_id": random_.choice("pq"), "attributes": size}))
        if random_.random() < 0.7:
            events_.append(("usage.ended", at + random_.randrange(1, 30 * DAY_US), name))
    return events_


def sum_slowly(
    stack: ServiceHarness, by: str, bounds: tuple[Micros, ...]
) -> dict[tuple[str | None, Micros], tuple[int, int]]:
    """Return the duration, and duration × vcpus, by the value of `by` and the start of the bucket."""
    result: dict[tuple[str | None, Micros], list[int]] = defaultdict(lambda: [0, 0])
    with stack.services.database.read_transaction() as db:
        for each in stack.services.ledger.segments.iterate(db):
            group = each.project_id if by == "project_id" else each.attributes.get("kind")
            for start, end in itertools.pairwise(bounds):
                duration = min(each.end or bounds[-1], end) - max(each.start, start)
                if duration > 0:
                    cell = result[group, start]
                    cell[0] += duration
                    cell[1] += duration * each.attributes["vcpus"]
    return {key: (cell[0], cell[1]) for key, cell in result.items()}


@pytest.mark.parametrize("bucket", [None, "hour", "day", "month"])
def test_sums_equal_the_slow_sums(stack: ServiceHarness, bucket: str | None) -> None:
    insert(stack, *random_events(random.Random(7)))
    days = 4 if bucket == "hour" else 150
    start, end = T0 + 20 * DAY_US + 7, T0 + (20 + days) * DAY_US + HOUR_US
    for by, group in (("project_id", "project_id"), ("kind", "attributes.kind")):
        bounds = compute_bucket_bounds(start, end, cast("Any", bucket))
        result = sums(stack, [group], ["duration", "attributes.vcpus"], start, end, bucket).sums
        events_ = {
            (each.group[0], each.start): tuple(int(Fraction(value or 0) * SECOND_US) for value in each.values)
            for each in result
        }
        assert events_ == sum_slowly(stack, by, bounds)
        assert all(each.end == bounds[bounds.index(each.start) + 1] for each in result)


def test_buckets_start_with_hours_days_and_months() -> None:
    cuts = compute_bucket_bounds(parse_iso("2026-01-31T23:30:00"), parse_iso("2026-03-01T00:00:00"), "month")
    assert [format_iso(each)[:10] for each in cuts] == ["2026-01-31", "2026-02-01", "2026-03-01"]
    assert len(compute_bucket_bounds(parse_iso("2026-02-01"), parse_iso("2026-03-01"), "day")) == 29
    assert compute_bucket_bounds(5, 9, "hour") == (5, 9)
    for start, end, bucket in ((5, 5, None), (9, 5, "day"), (0, 10_002 * HOUR_US, "hour"), (0, 2**55, "month")):
        with pytest.raises(Invalid):
            compute_bucket_bounds(start, end, cast("Any", bucket))


def test_position_keeps_names_and_tags(stack: ServiceHarness) -> None:
    box: dict[str, Any] = {"resource_type": "box", "resource_id": "b"}
    middle, measures = T0 + HOUR_US, ["duration", "meter:requests"]
    period, counted = (T0, T0 + 2 * HOUR_US, None), {"requests": {"value": 7, "kind": "delta"}}
    insert(stack, ("usage.started", T0, {**box, "project_id": "p", "name": "old", "tags": {"env": "test"}}))
    insert(stack, ("usage.sampled", middle, {**box, "samples": counted}), source="counter")
    with stack.services.database.read_transaction() as db:
        closed = stack.services.ledger.positions.get_current_position(db)
    before = sums(stack, ["tag:env"], measures, *period, usage_filter=UsageFilter(as_of=closed))
    insert(stack, ("usage.changed", middle, {**box, "name": "new", "tags": {"env": "prod"}}), source="later")
    insert(stack, ("usage.changed", middle + 1, {**box, "name": "newest"}), source="last")
    assert sums(stack, ["tag:env"], measures, *period, usage_filter=UsageFilter(as_of=closed)) == before
    assert [each.group for each in before.sums] == [("test",)]
    assert [each.group for each in sums(stack, ["tag:env"], measures, *period).sums] == [("prod",)]
    for as_of, env, name in ((closed, "test", "old"), (closed + 1, "prod", "new"), (None, "prod", "newest")):
        for usage_filter in (
            UsageFilter(as_of=as_of),
            UsageFilter(as_of=as_of, tag=("env", env)),
            UsageFilter(as_of=as_of, project_id="p"),
        ):
            with stack.services.database.read_transaction() as db:
                assert [each.name for each in stack.services.ledger.segments.iterate(db, usage_filter)] == [name]
        other = UsageFilter(as_of=as_of, tag=("env", "prod" if env == "test" else "test"))
        assert sums(stack, [], measures, *period, usage_filter=other).sums == []


def test_tags_owners_and_positions(stack: ServiceHarness) -> None:
    insert(stack, *random_events(random.Random(3)))
    period = (T0, T0 + 200 * DAY_US, None)
    total = sums(stack, [], ["duration"], *period).sums[0].values[0]
    by_tag = {each.group[0]: each.values[0] or 0 for each in sums(stack, ["tag:env"], ["duration"], *period).sums}
    assert sum(by_tag.values()) == total
    prod = sums(stack, [], ["duration"], *period, usage_filter=UsageFilter(tag=("env", "prod"))).sums[0].values[0]
    assert prod == by_tag["prod"]
    own = sums(stack, ["project_id"], ["duration"], *period, roles=("p",)).sums
    assert [each.group for each in own] == [("p",)]
    with pytest.raises(NotFound):
        sums(stack, [], ["duration"], *period, usage_filter=UsageFilter(project_id="q"), roles=("p",))
    with pytest.raises(Forbidden):
        sums(stack, [], ["duration"], *period, roles=("p", "nothing"))
    assert sums(stack, [], ["duration"], *period, usage_filter=UsageFilter(as_of=0)).sums == []
    insert(stack, ("usage.started", T0, {"resource_type": "x", "resource_id": "y", "project_id": "p"}), source="late")
    assert sums(stack, [], ["duration"], *period, usage_filter=UsageFilter(as_of=1)).sums[0].values[0] == total


def test_attribute_that_is_not_a_number_is_reported(stack: ServiceHarness) -> None:
    resource = {"resource_type": "x", "resource_id": "y", "project_id": "p"}
    insert(
        stack,
        ("usage.started", T0, {**resource, "attributes": {"size": "many"}}),
        ("usage.changed", T0 + HOUR_US, {**resource, "attributes": {"size": 1.5}}),
        ("usage.ended", T0 + 3 * HOUR_US, resource),
    )
    events_ = sums(stack, ["attributes.size"], ["attributes.size", "duration"], T0, T0 + DAY_US, None)
    assert [(each.group[0], each.values) for each in events_.sums] == [
        ("1.5", (Decimal(10800), Decimal(7200))),
        ("many", (None, Decimal(3600))),
    ]
    assert events_.unmeasured == {"attributes.size": Decimal(3600)}


def readings(random_: random.Random) -> list[tuple[str, Micros, dict[str, Any]]]:
    """Return samples of three meters in random order, some of them at the same time."""
    events_ = []
    for kind in METER_KINDS:
        for box in range(3):
            for _ in range(60):
                at = T0 + random_.randrange(40) * 12 * HOUR_US
                value = {
                    "value": random_.randrange(1000),
                    "kind": kind,
                    "unit": "B",
                    "hold": random_.choice([60, 90_000]),
                }
                data = {"resource_type": "box", "resource_id": f"b{box}", "samples": {kind: value}}
                owner = {"project_id": "p"} if kind == "delta" else {}
                events_.append(("usage.sampled", at, {**data, **owner, "source": random_.choice(["eth0", "eth1"])}))
    random_.shuffle(events_)
    return events_


@pytest.mark.parametrize("kind", METER_KINDS)
def test_sum_of_a_meter_equals_the_sum_of_its_samples(stack: ServiceHarness, kind: str) -> None:
    events_ = readings(random.Random(11))
    insert(stack, *events_)
    start, end = T0 + 5 * DAY_US, T0 + 15 * DAY_US + 3
    result = sums(stack, ["resource_id"], [f"meter:{kind}"], start, end, "day")
    counters: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for number, (_, at, data) in enumerate(events_):
        for meter, each in data["samples"].items():
            if meter == kind:
                hold = each["hold"] * SECOND_US
                sample = Sample(at, f"test#{number}", Decimal(each["value"]), hold)
                counters[data["resource_id"], data["source"]].append(sample)
    for each in result.sums:
        own = [samples for (box, _), samples in counters.items() if box == each.group[0]]
        assert each.values[0] == sum(
            sum_samples(cast("MeterKind", kind), samples, each.start, each.end) for samples in own
        )
    total = sums(stack, [], [f"meter:{kind}"], start, end, None).sums[0].values[0]
    assert total == sum(each.values[0] or 0 for each in result.sums)
    assert result.units == {f"meter:{kind}": "B·s" if kind == "gauge" else "B"}


def test_sample_without_project_belongs_to_the_user_of_the_resource(stack: ServiceHarness) -> None:
    box = {"resource_type": "box", "resource_id": "b"}
    value = {"samples": {"m": {"value": 5, "kind": "delta"}}}
    insert(
        stack,
        ("usage.started", T0, {**box, "project_id": "p"}),
        ("usage.changed", T0 + HOUR_US, {**box, "project_id": "q"}),
        ("usage.ended", T0 + 2 * HOUR_US, box),
        *(("usage.sampled", T0 + middle * HOUR_US // 2, {**box, **value}) for middle in range(1, 6)),
    )
    period = (T0, T0 + DAY_US, None)
    events_ = {each.group[0]: each.values[0] for each in sums(stack, ["project_id"], ["meter:m"], *period).sums}
    assert events_ == {"p": 5, "q": 15, None: 5}
    assert sums(stack, [], ["meter:m"], *period, roles=("q",)).sums[0].values == (Decimal(15),)
    assert sums(stack, [], ["meter:m"], *period, usage_filter=UsageFilter(as_of=0)).sums == []


def test_readings_of_a_counter_can_be_far_apart(stack: ServiceHarness) -> None:
    box = {"resource_type": "box", "resource_id": "b", "project_id": "p"}

    def reading(day: int, value: int) -> tuple[str, Micros, dict[str, Any]]:
        return "usage.sampled", T0 + day * DAY_US, {**box, "samples": {"m": {"value": value, "kind": "cumulative"}}}

    insert(stack, reading(0, 100), reading(90, 130), reading(91, 131))
    assert sums(stack, [], ["meter:m"], T0 + 60 * DAY_US, T0 + 100 * DAY_US, None).sums[0].values == (Decimal(31),)
    assert sums(stack, [], ["meter:m"], T0 + 90 * DAY_US, T0 + 100 * DAY_US, None).sums[0].values == (Decimal(1),)


def test_meter_in_two_units_is_refused(stack: ServiceHarness) -> None:
    box = {"resource_type": "box", "resource_id": "b", "project_id": "p"}
    insert(
        stack,
        ("usage.sampled", T0, {**box, "samples": {"m": {"value": 1, "kind": "delta", "unit": "B"}}}),
        ("usage.sampled", T0, {**box, "samples": {"m": {"value": 1, "kind": "delta", "unit": "GB"}}}),
    )
    with pytest.raises(Invalid, match="has samples in"):
        sums(stack, [], ["meter:m"], T0 - 1, T0 + 1, None)


@pytest.mark.parametrize(
    ("group_by", "measures", "bucket"),
    [
        (["name"], ["duration"], None),
        (["attributes."], ["duration"], None),
        ([], ["vcpus"], None),
        ([], [], None),
        (["state", "state"], ["duration"], None),
        (["state"], ["meter:m"], None),
        ([], ["duration"], "week"),
    ],
)
def test_invalid_query_is_refused(group_by: list[str], measures: list[str], bucket: str | None) -> None:
    with pytest.raises(Invalid):
        parse_sum_query(group_by, measures, 0, DAY_US, bucket)


def test_services_may_create_events_but_customers_may_not(stack: ServiceHarness) -> None:
    data = {"resource_type": "x", "resource_id": "y", "project_id": "p"}
    events_ = {
        "specversion": "1.0",
        "id": "1",
        "source": "s",
        "type": "usage.started",
        "time": format_iso(T0),
        "data": data,
    }
    with stack.services.database.transaction() as db:
        create, message = stack.services.ingest.cloudevents.ingest, msgspec.json.encode(events_)
        assert create(stack.ctx(db, customer("z", "service")), "a", [message])[0].outcome == "ingested"
        assert create(stack.ctx(db, customer("z", "admin")), "a", [message])[0].outcome == "duplicate"
        for role in ("member", "reader"):
            with pytest.raises(Forbidden):
                create(stack.ctx(db, customer("p", role)), "a", [message])
        with pytest.raises(Invalid):
            create(stack.ctx(db), "x" * 65, [message])


def test_sum_sees_one_position(stack: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    box = {"resource_type": "box", "resource_id": "x", "project_id": "p"}
    insert(stack, ("usage.started", T0, box))
    query = ((), ("duration",), T0, T0 + 2 * HOUR_US, "hour")
    before, edges = sums(stack, *query), repository.sums.count_edges_by_bucket

    def insert_meanwhile(*args: Any, **kwargs: Any) -> Any:
        result = list(edges(*args, **kwargs))
        if not kwargs["ends"]:
            insert(stack, ("usage.ended", T0 + HOUR_US, box), source="meanwhile")
        return result

    monkeypatch.setattr(repository.sums, "count_edges_by_bucket", insert_meanwhile)
    assert sums(stack, *query) == before
