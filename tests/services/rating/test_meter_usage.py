"""The samples that rating reads from the ledger sum to what the ledger reports."""

import random
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stratiform.kit.clock import DAY_US, HOUR_US, SECOND_US, Micros, format_iso
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.model.sums import parse_sum_query
from stratiform.services.rating.model import PricePlan, SampledUsage
from support.rating import START, plan
from support.stacks import ServiceHarness, build_harness

#: Samples of these meters are sent: the name, how its values count, and its unit.
METERS = (("network.outgoing.bytes", "cumulative", "B"), ("bytes_out", "delta", "B"), ("memory.usage", "gauge", "MB"))


def price(meter: str, per: str) -> str:
    return f'resource = "instance"\nmeasure = "samples"\nmeter = "{meter}"\nprice = 1\nper = "{per}"'


PLAN = plan(
    price("network.outgoing.bytes", "B"), price("bytes_out", "B"), price("memory.usage", "hour"), head='free = ["port"]'
)


@pytest.fixture
def any_stack(database_url: str, home: Path) -> Iterator[ServiceHarness]:
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, database_url)
    stack.clock.at = START + 90 * DAY_US
    yield stack
    stack.services.database.close()


@pytest.fixture
def stack(service_harness: ServiceHarness) -> ServiceHarness:
    service_harness.clock.at = START + 90 * DAY_US
    return service_harness


def send(stack: ServiceHarness, events: list[tuple[str, Micros, dict[str, Any]]], source: str = "test") -> None:
    """Ingest CloudEvents: type, time and data of each."""
    documents = [
        msgspec.json.encode(
            {
                "specversion": "1.0",
                "id": f"{number}",
                "source": source,
                "type": type_,
                "time": format_iso(at),
                "data": data,
            }
        )
        for number, (type_, at, data) in enumerate(events)
    ]
    with stack.services.database.transaction() as db:
        outcomes = stack.services.ingest.cloudevents.ingest(stack.ctx(db), "dc", documents)
    assert {each.outcome for each in outcomes} == {"ingested"}, [each.reason for each in outcomes]


def sampled(resource_type: str, resource_id: str, at: Micros, **samples: Any) -> tuple[str, Micros, dict[str, Any]]:
    return "usage.sampled", at, {"resource_type": resource_type, "resource_id": resource_id, "samples": samples}


def instances(generator: random.Random) -> list[tuple[str, Micros, dict[str, Any]]]:
    """Instances that change their project, with random samples of every meter."""
    events: list[tuple[str, Micros, dict[str, Any]]] = []
    for index in range(4):
        name = {"resource_type": "instance", "resource_id": f"i{index}"}
        events.append(("usage.started", START - DAY_US, {**name, "project_id": "p1"}))
        transfer = START + generator.randrange(DAY_US)
        events.append(("usage.changed", transfer, {**name, "project_id": "p2"}))
        for _ in range(30):
            at = START + generator.randrange(-12 * HOUR_US, 36 * HOUR_US)
            meter, kind, unit = generator.choice(METERS)
            value: dict[str, Any] = {
                "value": str(Decimal(generator.randrange(10**6)).scaleb(-2)),
                "kind": kind,
                "unit": unit,
            }
            if kind == "gauge":
                value["hold"] = 3600
            events.append(sampled("instance", f"i{index}", at, **{meter: value}))
    return events


def read(
    stack: ServiceHarness, prices: PricePlan, start: Micros, end: Micros, usage_filter: UsageFilter | None = None
) -> list[SampledUsage]:
    with stack.services.database.read_transaction() as db:
        usages = stack.services.rating.meter_usages.iterate(db, prices, start, end, usage_filter or UsageFilter())
        return list(usages)


def amounts(usages: list[SampledUsage]) -> dict[tuple[str, str, str], Decimal]:
    """Return the sums by resource, project and meter."""
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for usage in usages:
        seconds = Decimal(usage.end - usage.start) / SECOND_US if usage.start < usage.end else Decimal(1)
        sums[usage.resource_id, usage.project_id, usage.meter] += usage.value * seconds
    return {key: value for key, value in sums.items() if value}


def ledger_sums(stack: ServiceHarness, start: Micros, end: Micros) -> dict[tuple[str, str, str], Decimal]:
    sums = {}
    for meter, _, _ in METERS:
        query = parse_sum_query(("resource_id", "project_id"), (f"meter:{meter}",), start, end, None)
        with stack.services.database.read_transaction() as db:
            result = stack.services.ledger.sums.compute(stack.ctx(db), UsageFilter(), query)
        for each in result.sums:
            resource_id, project_id = each.group
            if each.values[0]:
                sums[str(resource_id), str(project_id), meter] = each.values[0]
    return sums


def test_usage_equals_the_sums_of_the_ledger(any_stack: ServiceHarness) -> None:
    send(any_stack, instances(random.Random(1)))
    start, end = START + 1, START + DAY_US
    usages = read(any_stack, PLAN, start, end)
    assert amounts(usages) == ledger_sums(any_stack, start, end)
    assert {usage.unit for usage in usages} == {"B", "MB·s"}
    assert all(start <= usage.start <= usage.end <= end for usage in usages)
    of_projects = [read(any_stack, PLAN, start, end, UsageFilter(project_id=project)) for project in ("p1", "p2")]
    assert amounts([usage for project_usages in of_projects for usage in project_usages]) == amounts(usages)


def test_adjacent_periods_sum_to_the_total(stack: ServiceHarness) -> None:
    send(stack, instances(random.Random(2)))
    cuts = [START, START + 5 * HOUR_US + 17, START + DAY_US]
    usages = [usage for start, end in pairwise(cuts) for usage in read(stack, PLAN, start, end)]
    assert amounts(usages) == amounts(read(stack, PLAN, cuts[0], cuts[-1]))


def test_a_position_of_the_ledger_keeps_its_usage(stack: ServiceHarness) -> None:
    events = instances(random.Random(3))
    send(stack, events[:60])
    with stack.services.database.read_transaction() as db:
        position = stack.services.ledger.positions.get_current_position(db)
    before = read(stack, PLAN, START, START + DAY_US, UsageFilter(as_of=position))
    send(stack, events[60:], source="late")
    assert read(stack, PLAN, START, START + DAY_US, UsageFilter(as_of=position)) == before
    assert amounts(read(stack, PLAN, START, START + DAY_US)) != amounts(before)


def test_only_meters_that_the_plan_needs_are_read(stack: ServiceHarness) -> None:
    count = {"value": 1, "kind": "delta", "unit": "request"}
    send(
        stack,
        [
            ("usage.started", START, {"resource_type": "instance", "resource_id": "i1", "project_id": "p1"}),
            sampled("instance", "i1", START + 1, cpu={"value": 1, "kind": "cumulative", "unit": "ns"}),
            ("usage.started", START, {"resource_type": "port", "resource_id": "n1", "project_id": "p1"}),
            sampled("port", "n1", START + 1, packets=count),
            ("usage.started", START, {"resource_type": "router", "resource_id": "r1", "project_id": "p1"}),
            sampled("router", "r1", START + 1, packets=count),
        ],
    )
    usages = read(stack, PLAN, START, START + DAY_US)
    assert [(usage.resource_type, usage.meter) for usage in usages] == [("router", "packets")]
