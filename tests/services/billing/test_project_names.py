"""Names of projects on invoices: from the context of messages, and from this installation's own projects."""

import json
import random
from typing import Any

import pytest

from stratiform.kit.clock import format_iso_naive, parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.identity.model import NewProject
from stratiform.services.ledger.model import Resource
from support.billing import BillingHarness
from support.money import machine

PROJECT = "8782449b8ab1452ba506264c4923f734"


def message(event: Event, project: str | None, project_id: str = PROJECT, **changes: Any) -> bytes:
    """Return a notification with the context of a request, as Nova sends it."""
    fields = {
        "message_id": event.message_id,
        "publisher_id": event.publisher_id,
        "event_type": event.event_type,
        "timestamp": format_iso_naive(event.at),
        "payload": event.payload,
        "_context_project_id": project_id,
        "_context_project_name": project,
        **changes,
    }
    return json.dumps(fields).encode()


def server(at: str, project: str | None, **changes: Any) -> bytes:
    return message(machine("m1", PROJECT, "2026-11-10T00:00:00", at=at), project, **changes)


def receive(billing: BillingHarness, *messages: bytes) -> None:
    services = billing.stack.services
    with services.database.transaction() as db:
        services.ingest.messages.ingest(db, "dc-1", messages, billing.stack.clock.now())


def find_name(billing: BillingHarness, at: str, project_id: str = PROJECT, as_of: int | None = None) -> str | None:
    services = billing.stack.services
    with services.database.read_transaction() as db:
        reader = services.ledger.name_timelines.open_reader(db, as_of)
        return reader.find_name(Resource("dc-1", "project", project_id), parse_iso(at))


def list_project_names(billing: BillingHarness, number: str) -> set[str]:
    return {line["project_name"] for line in billing.load_json(number)["lines"]}


def test_invoice_has_the_name_at_the_end_of_its_period(any_billing: BillingHarness) -> None:
    any_billing.create_account("hosted")
    any_billing.assign("hosted", PROJECT, "2026-11-01")
    receive(any_billing, server("2026-11-10", "acme"), server("2026-11-20", "acme-eu"), server("2026-12-01", "gone"))
    summary = any_billing.at("2026-12-02").close("hosted", "2026-11")
    assert list_project_names(any_billing, summary.number) == {"acme-eu"}
    assert [find_name(any_billing, at) for at in ("2026-11-01", "2026-11-19", "2026-11-20", "2026-12-01")] == [
        "acme",
        "acme",
        "acme-eu",
        "gone",
    ]


@pytest.mark.parametrize("seed", range(12))
def test_names_do_not_depend_on_order_duplicates_and_batches(billing: BillingHarness, seed: int) -> None:
    random_ = random.Random(seed)
    messages = [server(f"2026-11-{day:02d}", "acme" if day < 15 else "acme-eu") for day in range(10, 20)]
    messages += messages[:3]
    random_.shuffle(messages)
    while messages:
        size = random_.randint(1, 4)
        receive(billing, *messages[:size])
        messages = messages[size:]
    names = [find_name(billing, at) for at in ("2026-11-09", "2026-11-14", "2026-11-15", "2026-11-30")]
    assert names == ["acme", "acme", "acme-eu", "acme-eu"]


def test_earlier_position_has_the_names_that_were_known_there(any_billing: BillingHarness) -> None:
    receive(any_billing, server("2026-11-10", None))
    receive(any_billing, server("2026-11-11", "acme"))
    receive(any_billing, server("2026-11-12", "acme"), server("2026-11-13", "acme-eu"))
    positions = range(4)
    assert [find_name(any_billing, "2026-11-20", as_of=each) for each in positions] == [None, None, "acme", "acme-eu"]


def test_repeated_import_names_projects_of_known_messages(billing: BillingHarness) -> None:
    receive(billing, server("2026-11-10", None))
    receive(billing, server("2026-11-10", "acme"))
    assert find_name(billing, "2026-11-10") == "acme"


@pytest.mark.parametrize(
    "context",
    [
        {"_context_project_name": None},
        {"_context_project_name": ""},
        {"_context_project_name": 7},
        {"_context_project_name": "x" * 256},
        {"_context_project_name": "a\x00b"},
        {"_context_project_id": None},
        {"_context_project_id": ["p"]},
    ],
)
def test_unusable_context_is_ignored(billing: BillingHarness, context: dict[str, Any]) -> None:
    receive(billing, server("2026-11-10", "acme", **context))
    assert find_name(billing, "2026-11-10") is None
    with billing.stack.services.database.read_transaction() as db:
        assert len(list(billing.stack.services.ledger.segments.iterate(db))) == 1


def test_renamed_project_of_this_installation_keeps_its_name_on_closed_invoices(any_billing: BillingHarness) -> None:
    services = any_billing.stack.services
    with services.database.transaction() as db:
        ctx = any_billing.stack.ctx(db)
        services.identity.bootstrap(db, ctx.now, admin_password="a password")
        project = services.identity.projects.create(ctx, NewProject("before", domain_id="default"))
    any_billing.create_account("own")
    any_billing.assign("own", project.id, "2026-11-01")
    any_billing.ingest(machine("m2", project.id, "2026-11-10T00:00:00"))
    november = any_billing.at("2026-12-02").close("own", "2026-11")
    with services.database.transaction() as db:
        services.identity.projects.update(any_billing.stack.ctx(db), project.id, {"name": "after"}, {})
    december = any_billing.at("2027-01-02").close("own", "2026-12")
    assert list_project_names(any_billing, november.number) == {"before"}
    assert list_project_names(any_billing, december.number) == {"after"}
    assert find_name(any_billing, "2026-12-01", project.id) == "before"
    assert find_name(any_billing, "2026-12-31", project.id, november.as_of) == "before"
