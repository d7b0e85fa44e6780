"""Prices of things whose names are known from other messages only: Cinder's volumes have the id of their type."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.errors import Conflict
from stratiform.kit.outbox import Event
from stratiform.services.ledger.model import Resource
from stratiform.services.rating.model import AMOUNT_DIGITS, format_scaled
from support.billing import BillingHarness
from support.money import machine

FAST, GOLD = "1150aef3-f058-4657-9102-c1e99869f90f", "8e92e9ee-879e-4c28-b238-a3467aa0b039"
EXAMPLE = (Path(__file__).parents[3] / "examples" / "prices.toml").read_text().replace('"standard"', '"example"')

#: The price of a type by name, and another one for all others.
PLAN = """
name = "named"
currency = "EUR"

[[version]]
valid_from = 2026-01-01

[[version.price]]
meter = "volume"
volume_type = "fast"
price = "0.0002"
per = "hour"

[[version.price]]
meter = "volume"
price = "0.0001"
per = "hour"
"""


def volume(at: str, type_id: str, action: str = "update.end", **changes: Any) -> Event:
    """Return a notification of Cinder about a volume of 100 GiB that exists since 2026-11-10."""
    payload = {
        "tenant_id": "p1",
        "volume_id": "v1",
        "display_name": "data",
        "volume_type": type_id,
        "size": 100,
        "status": "available",
        "launched_at": "2026-11-10T00:00:00",
        "metadata": [],
        "volume_attachment": [],
        **changes,
    }
    return Event(f"v1-{at}", f"volume.{action}", "volume.lab", parse_iso(at), "dc-1", payload)


def volume_type(at: str, type_id: str, name: str, action: str = "create") -> Event:
    payload = {"volume_types": {"id": type_id, "name": name, "is_public": True, "extra_specs": {}}}
    return Event(f"{type_id}-{at}", f"volume_type.{action}", "volumeType.lab", parse_iso(at), "dc-1", payload)


CREATED, DELETED = volume("2026-11-10", FAST, "create.end"), volume("2026-11-20", FAST, "delete.end", status="deleted")
NAMED = volume_type("2026-10-01", FAST, "fast")


def charge(
    billing: BillingHarness, events: Sequence[Event], plan: str = PLAN, name: str = "named"
) -> list[tuple[str, str]]:
    """Return description and amount of the lines of November's invoice."""
    assign(billing, plan, name)
    for event in events:
        billing.ingest(event)
    return lines(billing, billing.at("2026-12-02").close("named", "2026-11").number)


def assign(billing: BillingHarness, plan: str = PLAN, name: str = "named") -> None:
    billing.publish(plan)
    billing.create_account("named", plan=name)
    billing.assign("named", "p1", "2026-11-02")


def lines(billing: BillingHarness, number: str) -> list[tuple[str, str]]:
    return [(line["description"], line["amount"]) for line in billing.load_json(number)["lines"]]


def test_volume_of_a_named_type_under_the_example_plan_costs_its_price(billing: BillingHarness) -> None:
    assert charge(billing, [NAMED, CREATED, DELETED], EXAMPLE, "example") == [("Volume, fast", "5.28")]


@pytest.mark.parametrize("seed", range(6))
def test_order_of_messages_does_not_matter(billing: BillingHarness, seed: int) -> None:
    renamed = volume_type("2026-11-15", FAST, "retired", "update")
    events = [CREATED, NAMED, renamed, volume("2026-11-18", GOLD, "retype"), volume_type("2026-11-30", GOLD, "gold")]
    events.append(volume("2026-11-20", GOLD, "delete.end", status="deleted"))
    random.Random(seed).shuffle(events)
    assert charge(billing, [*events, events[0]]) == [("volume (fast)", "2.4"), ("volume", "1.2")]


def test_renamed_type_keeps_its_former_price_until_then(any_billing: BillingHarness) -> None:
    renamed = volume_type("2026-11-15", FAST, "slow", "update")
    assert charge(any_billing, [NAMED, CREATED, renamed, DELETED]) == [("volume (fast)", "2.4"), ("volume", "1.2")]


def test_name_that_arrives_late_applies_to_earlier_use(billing: BillingHarness) -> None:
    late = volume_type("2026-12-01", FAST, "fast")
    assert charge(billing, [CREATED, DELETED, late]) == [("volume (fast)", "4.8")]


def test_retyped_volume_has_the_price_of_its_new_type(billing: BillingHarness) -> None:
    retyped = volume("2026-11-15", GOLD, "retype")
    events = [
        NAMED,
        volume_type("2026-10-01", GOLD, "gold"),
        CREATED,
        retyped,
        volume("2026-11-20", GOLD, "delete.end", status="deleted"),
    ]
    assert charge(billing, events) == [("volume (fast)", "2.4"), ("volume", "1.2")]


def test_name_in_a_message_is_not_that_of_a_later_type(billing: BillingHarness) -> None:
    named = volume("2026-11-10", FAST, "create.end", volume_type_name="fast")
    events = [named, volume("2026-11-12", FAST), volume("2026-11-15", GOLD, "retype")]
    with pytest.raises(Conflict, match=f"the name of volume type {GOLD} is unknown") as refused:
        charge(billing, [*events, volume("2026-11-20", GOLD, "delete.end", status="deleted")])
    assert "from 2026-11-15T00:00:00.000000Z to 2026-11-20" in refused.value.message


@pytest.mark.parametrize("unpriced", ["refuse", "free"])
def test_type_that_has_no_name_keeps_a_period_from_being_closed(billing: BillingHarness, unpriced: str) -> None:
    plan = PLAN.replace('currency = "EUR"', f'currency = "EUR"\nunpriced = "{unpriced}"')
    with pytest.raises(Conflict) as refused:
        charge(billing, [CREATED, DELETED], plan)
    assert f"the name of volume type {FAST} is unknown, but a price is for volume type 'fast'" in refused.value.message
    cost = billing.project_cost("p1", "2026-11")
    assert cost is not None
    assert (cost.amount, [gap.resource_id for gap in cost.gaps]) == ("0", ["v1"])
    billing.ingest(NAMED)
    assert lines(billing, billing.close("named", "2026-11").number) == [("volume (fast)", "4.8")]


def test_price_that_compares_the_id_needs_no_name(billing: BillingHarness) -> None:
    by_id = PLAN.replace('"fast"', f'"{FAST}"')
    assert charge(billing, [CREATED, volume("2026-11-15", GOLD, "retype")], by_id)[0][1] == "2.4"


def test_closed_period_is_computed_again_with_the_names_that_were_known(any_billing: BillingHarness) -> None:
    assert charge(any_billing, [NAMED, CREATED, DELETED]) == [("volume (fast)", "4.8")]
    any_billing.ingest(volume_type("2026-11-11", FAST, "slow", "update"))
    services = any_billing.stack.services
    with services.database.read_transaction() as db:
        reader = services.ledger.name_timelines.open_reader(db, as_of=3)
        segments = list(reader.add_names(services.ledger.segments.iterate(db)))
        now = list(services.ledger.name_timelines.open_reader(db).add_names(services.ledger.segments.iterate(db)))
    assert [segment.attributes["volume_type_name"] for segment in segments] == ["fast"]
    assert [segment.attributes["volume_type_name"] for segment in now] == ["fast", "slow"]


def late(billing: BillingHarness) -> list[tuple[str, int, int]]:
    return [
        (format_scaled(each.amount, AMOUNT_DIGITS), each.resources, each.unpriced_resources)
        for each in billing.late_usage("named")
    ]


def test_rename_that_arrives_late_is_late_usage(any_billing: BillingHarness) -> None:
    charge(any_billing, [NAMED, CREATED, DELETED])
    position = any_billing.position
    any_billing.ingest(volume_type("2026-11-15", FAST, "slow", "update"))
    assert late(any_billing) == [("-1.2", 1, 0)]  # 100 GiB x 120 h x 0.0001 less
    assert [each.account_name for each in any_billing.late_usage_since(position)] == ["named"]
    assert any_billing.late_usage_since(any_billing.position) == []


def test_name_that_was_set_late_is_late_usage(billing: BillingHarness) -> None:
    charge(billing, [CREATED, DELETED, volume_type("2026-11-01", FAST, "slow")])
    position = billing.position
    services = billing.stack.services
    with services.database.transaction() as db:
        resource = Resource("dc-1", "volume_type", FAST)
        services.ingest.resource_names.set_name(billing.stack.ctx(db), resource, "fast", parse_iso("2026-11-19"))
    assert late(billing) == [("0.24", 1, 0)]  # one day
    assert len(billing.late_usage_since(position)) == 1


@pytest.mark.parametrize(
    "event",
    [
        volume_type("2026-12-01", FAST, "slow", "update"),  # after the end of the period
        volume_type("2026-11-21", FAST, "slow", "update"),  # after the end of the usage
        volume_type("2026-11-15", FAST, "fast", "update"),  # the same name
        volume_type("2026-11-15", GOLD, "gold"),  # nothing of this type was used
    ],
)
def test_name_that_changes_no_charge_is_not_late_usage(billing: BillingHarness, event: Event) -> None:
    charge(billing, [NAMED, CREATED, DELETED])
    position = billing.position
    billing.ingest(event)
    assert late(billing) == []
    assert billing.late_usage_since(position) == []


def test_late_name_is_reported_once(billing: BillingHarness) -> None:
    charge(billing, [NAMED, CREATED, DELETED])
    billing.ingest(volume_type("2026-11-15", FAST, "slow", "update"))
    position = billing.position
    billing.ingest(volume_type("2026-12-01", GOLD, "gold"))
    assert billing.late_usage_since(position) == []
    assert late(billing) == [("-1.2", 1, 0)]


def test_late_name_of_an_image_is_late_usage(billing: BillingHarness) -> None:
    server = machine("m1", "p1", "2026-11-10T00:00:00", image_meta={"base_image_ref": "img-1"})
    assign(billing, IMAGE_PLAN, "images")
    billing.ingest(image("2026-10-01", "linux"), server)
    assert billing.at("2026-12-02").close_period("named", "2026-11").invoice is None
    billing.ingest(image("2026-11-30T20:00:00", "windows"))
    assert late(billing) == [("0.4", 1, 0)]


IMAGE_PLAN = """
name = "images"
currency = "EUR"

[[version]]
valid_from = 2026-01-01

[[version.price]]
resource = "instance"
measure = "duration"
where = { image = "windows" }
price = "0.1"
per = "hour"

[[version.price]]
resource = "instance"
measure = "duration"
price = 0
per = "hour"
"""


def image(at: str, name: str, image_id: str = "img-1") -> Event:
    payload = {"id": image_id, "owner": "p9", "name": name, "status": "active", "size": 1, "deleted_at": None}
    return Event(f"{image_id}-{at}", "image.update", "image.lab", parse_iso(at), "dc-1", payload)


def test_price_for_an_image_by_name(billing: BillingHarness) -> None:
    server = machine("m1", "p1", "2026-11-10T00:00:00", image_meta={"base_image_ref": "img-1"})
    events = [image("2026-10-01", "windows"), server, image("2026-11-10T10:00:00", "windows-old")]
    assert charge(billing, events, IMAGE_PLAN, "images") == [("instance (windows)", "1")]


def test_image_that_has_no_name_keeps_a_period_from_being_closed(billing: BillingHarness) -> None:
    server = machine("m1", "p1", "2026-11-10T00:00:00", image_meta={"base_image_ref": "img-1"})
    with pytest.raises(Conflict, match="the name of image img-1 is unknown, but a price is for image 'windows'"):
        charge(billing, [server], IMAGE_PLAN, "images")
