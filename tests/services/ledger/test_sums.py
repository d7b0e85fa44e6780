"""Sums over segments and samples, on every database, held to sums that are made one segment after the other."""

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

from stratiform.kit.clock import DAY_US, HOUR_US, SECOND_US, Micros, iso, parse_iso
from stratiform.kit.errors import Forbidden, Invalid, NotFound
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import METER_KINDS, MeterKind, UsageFilter
from stratiform.services.ledger.model.samples import Sample, sum_samples
from stratiform.services.ledger.model.sums import SumResult, parse_query, split_period
from support.stacks import Bench, bench, customer

T0 = parse_iso("2026-01-30T22:17:05.000001Z")


@pytest.fixture
def made(database_url: str, home: Path) -> Iterator[Bench]:
    """A stack on each kind of database, at a late time."""
    home.mkdir(parents=True, exist_ok=True)
    one = bench(home, database_url)
    one.clock.at = T0 + 300 * DAY_US
    yield one
    one.services.database.close()


def insert(made: Bench, *events: tuple[str, Micros, dict[str, Any]], source: str = "test") -> None:
    """CloudEvents: type, time, data; all must be taken."""
    documents = [
        msgspec.json.encode(
            {"specversion": "1.0", "id": f"{number}", "source": source, "type": kind, "time": iso(at), "data": data}
        )
        for number, (kind, at, data) in enumerate(events)
    ]
    with made.services.database.transaction() as db:
        done = made.services.ingest.cloud_events.create(made.ctx(db), "a", documents)
    assert {one.outcome for one in done} == {"accepted"}, [one.reason for one in done]


def sums(made: Bench, *asked: Any, wanted: UsageFilter | None = None, who: tuple[str, ...] = ()) -> SumResult:
    with made.services.database.snapshot() as db:
        ctx = made.ctx(db, customer(*who)) if who else made.ctx(db)
        return made.services.ledger.sums.compute(ctx, wanted or UsageFilter(), parse_query(*asked))


def lives(chance: random.Random) -> list[tuple[str, Micros, dict[str, Any]]]:
    """Machines that change their size and owner and mostly end."""
    told: list[tuple[str, Micros, dict[str, Any]]] = []
    for number in range(40):
        at = T0 + chance.randrange(60 * DAY_US)
        name = {"resource_type": "machine", "resource_id": f"m{number}"}
        first = {"project_id": chance.choice("pq"), "tags": {"env": chance.choice(["prod", "test"])}}
        told.append(("usage.started", at, {**name, **first, "attributes": {"vcpus": 1, "kind": "small"}}))
        for _ in range(chance.randrange(4)):
            at += chance.randrange(1, 20 * DAY_US)
            size = {"vcpus": chance.randrange(1, 9), "kind": chance.choice(["small", "large"])}
            told.append(("usage.changed", at, {**name, "project_id": chance.choice("pq"), "attributes": size}))
        if chance.random() < 0.7:
            told.append(("usage.ended", at + chance.randrange(1, 30 * DAY_US), name))
    return told


def slowly(made: Bench, by: str, bounds: tuple[Micros, ...]) -> dict[tuple[str | None, Micros], tuple[int, int]]:
    """Micros, and micros × vcpus, by the value of `by` and the beginning of the bucket."""
    found: dict[tuple[str | None, Micros], list[int]] = defaultdict(lambda: [0, 0])
    with made.services.database.snapshot() as db:
        for one in made.services.ledger.segments.iterate(db):
            group = one.project_id if by == "project_id" else one.attributes.get("kind")
            for start, end in itertools.pairwise(bounds):
                used = min(one.end or bounds[-1], end) - max(one.start, start)
                if used > 0:
                    cell = found[group, start]
                    cell[0] += used
                    cell[1] += used * one.attributes["vcpus"]
    return {key: (cell[0], cell[1]) for key, cell in found.items()}


@pytest.mark.parametrize("bucket", [None, "hour", "day", "month"])
def test_sums_are_what_the_slow_way_says(made: Bench, bucket: str | None) -> None:
    insert(made, *lives(random.Random(7)))
    days = 4 if bucket == "hour" else 150
    start, end = T0 + 20 * DAY_US + 7, T0 + (20 + days) * DAY_US + HOUR_US
    for by, group in (("project_id", "project_id"), ("kind", "attributes.kind")):
        bounds = split_period(start, end, cast("Any", bucket))
        found = sums(made, [group], ["duration", "attributes.vcpus"], start, end, bucket).sums
        told = {
            (one.group[0], one.start): tuple(int(Fraction(value or 0) * SECOND_US) for value in one.values)
            for one in found
        }
        assert told == slowly(made, by, bounds)
        assert all(one.end == bounds[bounds.index(one.start) + 1] for one in found)


def test_buckets_begin_with_hours_days_and_months() -> None:
    cuts = split_period(parse_iso("2026-01-31T23:30:00"), parse_iso("2026-03-01T00:00:00"), "month")
    assert [iso(one)[:10] for one in cuts] == ["2026-01-31", "2026-02-01", "2026-03-01"]
    assert len(split_period(parse_iso("2026-02-01"), parse_iso("2026-03-01"), "day")) == 29
    assert split_period(5, 9, "hour") == (5, 9)
    for start, end, bucket in ((5, 5, None), (9, 5, "day"), (0, 10_002 * HOUR_US, "hour"), (0, 2**55, "month")):
        with pytest.raises(Invalid):
            split_period(start, end, cast("Any", bucket))


def test_a_closed_position_keeps_its_names_and_labels(made: Bench) -> None:
    box: dict[str, Any] = {"resource_type": "box", "resource_id": "b"}
    half, measures = T0 + HOUR_US, ["duration", "meter:requests"]
    period, counted = (T0, T0 + 2 * HOUR_US, None), {"requests": {"value": 7, "kind": "delta"}}
    insert(made, ("usage.started", T0, {**box, "project_id": "p", "name": "old", "tags": {"env": "test"}}))
    insert(made, ("usage.sampled", half, {**box, "samples": counted}), source="counter")
    with made.services.database.snapshot() as db:
        closed = made.services.ledger.positions.get_current(db)
    before = sums(made, ["tag:env"], measures, *period, wanted=UsageFilter(as_of=closed))
    insert(made, ("usage.changed", half, {**box, "name": "new", "tags": {"env": "prod"}}), source="later")
    insert(made, ("usage.changed", half + 1, {**box, "name": "newest"}), source="last")
    assert sums(made, ["tag:env"], measures, *period, wanted=UsageFilter(as_of=closed)) == before
    assert [one.group for one in before.sums] == [("test",)]
    assert [one.group for one in sums(made, ["tag:env"], measures, *period).sums] == [("prod",)]
    for as_of, env, name in ((closed, "test", "old"), (closed + 1, "prod", "new"), (None, "prod", "newest")):
        for wanted in (
            UsageFilter(as_of=as_of),
            UsageFilter(as_of=as_of, tag=("env", env)),
            UsageFilter(as_of=as_of, project_id="p"),
        ):
            with made.services.database.snapshot() as db:
                assert [one.name for one in made.services.ledger.segments.iterate(db, wanted)] == [name]
        other = UsageFilter(as_of=as_of, tag=("env", "prod" if env == "test" else "test"))
        assert sums(made, [], measures, *period, wanted=other).sums == []


def test_tags_owners_and_positions(made: Bench) -> None:
    insert(made, *lives(random.Random(3)))
    period = (T0, T0 + 200 * DAY_US, None)
    every = sums(made, [], ["duration"], *period).sums[0].values[0]
    by_tag = {one.group[0]: one.values[0] or 0 for one in sums(made, ["tag:env"], ["duration"], *period).sums}
    assert sum(by_tag.values()) == every
    prod = sums(made, [], ["duration"], *period, wanted=UsageFilter(tag=("env", "prod"))).sums[0].values[0]
    assert prod == by_tag["prod"]
    mine = sums(made, ["project_id"], ["duration"], *period, who=("p",)).sums
    assert [one.group for one in mine] == [("p",)]
    with pytest.raises(NotFound):
        sums(made, [], ["duration"], *period, wanted=UsageFilter(project_id="q"), who=("p",))
    with pytest.raises(Forbidden):
        sums(made, [], ["duration"], *period, who=("p", "nothing"))
    assert sums(made, [], ["duration"], *period, wanted=UsageFilter(as_of=0)).sums == []
    insert(made, ("usage.started", T0, {"resource_type": "x", "resource_id": "y", "project_id": "p"}), source="late")
    assert sums(made, [], ["duration"], *period, wanted=UsageFilter(as_of=1)).sums[0].values[0] == every


def test_what_has_no_number_is_told(made: Bench) -> None:
    thing = {"resource_type": "x", "resource_id": "y", "project_id": "p"}
    insert(
        made,
        ("usage.started", T0, {**thing, "attributes": {"size": "many"}}),
        ("usage.changed", T0 + HOUR_US, {**thing, "attributes": {"size": 1.5}}),
        ("usage.ended", T0 + 3 * HOUR_US, thing),
    )
    told = sums(made, ["attributes.size"], ["attributes.size", "duration"], T0, T0 + DAY_US, None)
    assert [(one.group[0], one.values) for one in told.sums] == [
        ("1.5", (Decimal(10800), Decimal(7200))),
        ("many", (None, Decimal(3600))),
    ]
    assert told.unmeasured == {"attributes.size": Decimal(3600)}


def readings(chance: random.Random) -> list[tuple[str, Micros, dict[str, Any]]]:
    """Values of three meters of some boxes, in no order, some of them twice at one instant."""
    told = []
    for kind in METER_KINDS:
        for box in range(3):
            for _ in range(60):
                at = T0 + chance.randrange(40) * 12 * HOUR_US
                value = {
                    "value": chance.randrange(1000),
                    "kind": kind,
                    "unit": "B",
                    "hold": chance.choice([60, 90_000]),
                }
                data = {"resource_type": "box", "resource_id": f"b{box}", "samples": {kind: value}}
                owner = {"project_id": "p"} if kind == "delta" else {}
                told.append(("usage.sampled", at, {**data, **owner, "source": chance.choice(["eth0", "eth1"])}))
    chance.shuffle(told)
    return told


@pytest.mark.parametrize("kind", METER_KINDS)
def test_meters_sum_to_what_their_samples_do(made: Bench, kind: str) -> None:
    told = readings(random.Random(11))
    insert(made, *told)
    start, end = T0 + 5 * DAY_US, T0 + 15 * DAY_US + 3
    found = sums(made, ["resource_id"], [f"meter:{kind}"], start, end, "day")
    counters: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for number, (_, at, data) in enumerate(told):
        for meter, one in data["samples"].items():
            if meter == kind:
                hold = one["hold"] * SECOND_US
                sample = Sample(at, f"test#{number}", Decimal(one["value"]), hold)
                counters[data["resource_id"], data["source"]].append(sample)
    for one in found.sums:
        mine = [samples for (box, _), samples in counters.items() if box == one.group[0]]
        assert one.values[0] == sum(
            sum_samples(cast("MeterKind", kind), samples, one.start, one.end) for samples in mine
        )
    whole = sums(made, [], [f"meter:{kind}"], start, end, None).sums[0].values[0]
    assert whole == sum(one.values[0] or 0 for one in found.sums)
    assert found.units == {f"meter:{kind}": "B·s" if kind == "gauge" else "B"}


def test_a_sample_without_an_owner_is_that_of_who_used_the_resource(made: Bench) -> None:
    box = {"resource_type": "box", "resource_id": "b"}
    value = {"samples": {"m": {"value": 5, "kind": "delta"}}}
    insert(
        made,
        ("usage.started", T0, {**box, "project_id": "p"}),
        ("usage.changed", T0 + HOUR_US, {**box, "project_id": "q"}),
        ("usage.ended", T0 + 2 * HOUR_US, box),
        *(("usage.sampled", T0 + half * HOUR_US // 2, {**box, **value}) for half in range(1, 6)),
    )
    period = (T0, T0 + DAY_US, None)
    told = {one.group[0]: one.values[0] for one in sums(made, ["project_id"], ["meter:m"], *period).sums}
    assert told == {"p": 5, "q": 15, None: 5}
    assert sums(made, [], ["meter:m"], *period, who=("q",)).sums[0].values == (Decimal(15),)
    assert sums(made, [], ["meter:m"], *period, wanted=UsageFilter(as_of=0)).sums == []


def test_readings_of_a_counter_may_be_far_apart(made: Bench) -> None:
    box = {"resource_type": "box", "resource_id": "b", "project_id": "p"}

    def reading(day: int, value: int) -> tuple[str, Micros, dict[str, Any]]:
        return "usage.sampled", T0 + day * DAY_US, {**box, "samples": {"m": {"value": value, "kind": "cumulative"}}}

    insert(made, reading(0, 100), reading(90, 130), reading(91, 131))
    assert sums(made, [], ["meter:m"], T0 + 60 * DAY_US, T0 + 100 * DAY_US, None).sums[0].values == (Decimal(31),)
    assert sums(made, [], ["meter:m"], T0 + 90 * DAY_US, T0 + 100 * DAY_US, None).sums[0].values == (Decimal(1),)


def test_one_meter_in_two_units_is_refused(made: Bench) -> None:
    box = {"resource_type": "box", "resource_id": "b", "project_id": "p"}
    insert(
        made,
        ("usage.sampled", T0, {**box, "samples": {"m": {"value": 1, "kind": "delta", "unit": "B"}}}),
        ("usage.sampled", T0, {**box, "samples": {"m": {"value": 1, "kind": "delta", "unit": "GB"}}}),
    )
    with pytest.raises(Invalid, match="has samples in"):
        sums(made, [], ["meter:m"], T0 - 1, T0 + 1, None)


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
def test_what_cant_be_asked_is_told(group_by: list[str], measures: list[str], bucket: str | None) -> None:
    with pytest.raises(Invalid):
        parse_query(group_by, measures, 0, DAY_US, bucket)


def test_a_service_may_tell_and_a_customer_may_not(made: Bench) -> None:
    data = {"resource_type": "x", "resource_id": "y", "project_id": "p"}
    told = {"specversion": "1.0", "id": "1", "source": "s", "type": "usage.started", "time": iso(T0), "data": data}
    with made.services.database.transaction() as db:
        inserting, message = made.services.ingest.cloud_events.create, msgspec.json.encode(told)
        assert inserting(made.ctx(db, customer("z", "service")), "a", [message])[0].outcome == "accepted"
        assert inserting(made.ctx(db, customer("z", "admin")), "a", [message])[0].outcome == "repeated"
        for role in ("member", "reader"):
            with pytest.raises(Forbidden):
                inserting(made.ctx(db, customer("p", role)), "a", [message])
        with pytest.raises(Invalid):
            inserting(made.ctx(db), "x" * 65, [message])


def test_what_comes_while_it_is_summed_is_all_in_the_sum_or_not_at_all(
    made: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = {"resource_type": "box", "resource_id": "x", "project_id": "p"}
    insert(made, ("usage.started", T0, box))
    asked = ((), ("duration",), T0, T0 + 2 * HOUR_US, "hour")
    before, edges = sums(made, *asked), repository.sums.sum_edges

    def meanwhile(*given: Any, **more: Any) -> Any:
        found = list(edges(*given, **more))
        if not more["ends"]:
            insert(made, ("usage.ended", T0 + HOUR_US, box), source="meanwhile")
        return found

    monkeypatch.setattr(repository.sums, "sum_edges", meanwhile)
    assert sums(made, *asked) == before
