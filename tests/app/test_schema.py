"""Migrations lead to the declared tables and back, on every database."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, Table, inspect, text

from stratiform.app import database_schema
from stratiform.kit import merkle_tree
from stratiform.kit.clock import format_iso, parse_iso
from stratiform.kit.database import Database
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.pagination import Page
from stratiform.kit.work_queue import enqueue
from stratiform.migrations import HEAD
from stratiform.services.billing.model import ProjectAssignment, StoredDocument
from stratiform.services.billing.repository.project_assignments import list_assignments
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import Correction, Resource, UsageFilter
from support.billing import BillingHarness, billing_harness
from support.ledger import listing, recorded
from support.money import PLAN, machine
from support.stacks import ServiceHarness, build_harness

#: An invoice that was issued before documents had a table.
FIRST_INVOICE = Path(__file__).parents[1] / "services" / "billing" / "data" / "invoice-of-first-release.json"


#: The oldest revision that a release had.
FIRST = "0001"


def test_migrations_lead_to_the_declared_tables_and_back(empty_database_url: str) -> None:
    database_schema.import_tables()
    database = Database(empty_database_url)
    assert database_schema.current_revision(database) == ""
    database_schema.upgrade(database, FIRST)
    database_schema.upgrade(database)
    database_schema.upgrade(database)
    with database.read_transaction() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True})
        assert compare_metadata(context, database_schema.metadata) == []
    steps = database_schema.list_revisions(database)
    assert steps[-1].revision == HEAD == database_schema.current_revision(database)
    assert all(step.applied for step in steps)
    assert database_schema.list_deleted_data(database, "base") == []
    database_schema.downgrade(database, "base")
    with database.read_transaction() as db:
        assert inspect(db).get_table_names() == ["alembic_version"]
    database.close()


def test_new_database_has_the_tables_of_an_upgraded_one(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database_schema.upgrade(database, FIRST)
    database_schema.upgrade(database)
    upgraded = _describe(database)
    database_schema.downgrade(database, "base")
    database_schema.upgrade(database)
    assert database_schema.current_revision(database) == HEAD
    assert _describe(database) == upgraded
    database.close()


def _describe(database: Database) -> dict[str, list[str]]:
    """Return the columns, constraints and indexes of each table, without their order, and the triggers."""
    tables = {}
    with database.read_transaction() as db:
        inspector = inspect(db)
        for name in inspector.get_table_names():
            columns_and_constraints = [
                *inspector.get_columns(name),
                *inspector.get_check_constraints(name),
                *inspector.get_foreign_keys(name),
                *inspector.get_indexes(name),
                *inspector.get_unique_constraints(name),
                inspector.get_pk_constraint(name),
            ]
            tables[name] = sorted(json.dumps(part, default=str, sort_keys=True) for part in columns_and_constraints)
        if database.engine.dialect.name == "sqlite":
            triggers = db.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
            tables["triggers"] = sorted(str(tuple(trigger)) for trigger in triggers)
    return tables


def test_ledger_survives_downgrade_and_upgrade(home: Path, empty_database_url: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    database_schema.import_tables()
    stack = build_harness(home, empty_database_url, tables=False)
    database = stack.services.database
    database_schema.upgrade(database)
    first, second = recorded()[:700], recorded()[500:]
    _ingest(stack, first)
    with database.read_transaction() as db:
        before = listing(stack.services.ledger, db)
    database_schema.downgrade(database, "0001")
    database_schema.upgrade(database)
    with database.read_transaction() as db:
        assert listing(stack.services.ledger, db) == before
        size = repository.batches.count_events(db)
        leaves = [
            merkle_tree.compute_leaf_hash(record.encode())
            for _, record in repository.events.iterate_records(db, 0, size)
        ]
        assert merkle_tree.compute_root(repository.log_tiles.build_tile_reader(db), size) == _root(leaves)
    _ingest(stack, second)
    reference = build_harness(home / "reference")
    _ingest(reference, recorded())
    with database.read_transaction() as db, reference.services.database.read_transaction() as other:
        assert listing(stack.services.ledger, db) == listing(reference.services.ledger, other)
    for each in (stack, reference):
        each.services.database.close()


def test_corrections_survive_downgrade_and_upgrade(home: Path, empty_database_url: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, empty_database_url, tables=False)
    database, services = stack.services.database, stack.services
    database_schema.upgrade(database)
    _ingest(stack, recorded()[:300])
    with database.transaction() as db:
        segment = next(iter(services.ledger.segments.iterate(db)))
        stack.clock.at = segment.start + 1
        correction = Correction("", "test", since=segment.start, until=segment.start + 1, absent=True)
        services.ingest.corrections.create(stack.ctx(db), segment.resource, correction, message_id="c-1")
        before = listing(services.ledger, db)
    database_schema.downgrade(database, "0001")
    database_schema.upgrade(database)
    with database.transaction() as db:
        corrections = services.ingest.corrections.list(stack.ctx(db), UsageFilter(), Page()).items
        assert [correction.record.message_id for correction in corrections] == ["c-1"]
        assert listing(services.ledger, db) == before
        services.ingest.corrections.create(stack.ctx(db), segment.resource, Correction("", "back", revokes="c-1"))
        assert next(iter(services.ledger.segments.iterate(db))).start == segment.start
    database.close()


def _ingest(stack: ServiceHarness, messages: tuple[bytes, ...]) -> None:
    with stack.services.database.transaction() as db:
        stack.services.ingest.messages.ingest(db, "openstack", messages, stack.clock.now())


def _root(leaves: list[bytes]) -> bytes:
    tiles = merkle_tree.append_leaves(lambda *_: b"", 0, leaves)
    return merkle_tree.compute_root(lambda level, number: tiles.get((level, number), b""), len(leaves))


def test_plans_get_free_resource_types_by_an_upgrade(home: Path, empty_database_url: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, empty_database_url, tables=False)
    database, plans = stack.services.database, stack.services.rating.plans
    database_schema.upgrade(database)
    with database.transaction() as db:
        published = plans.publish(stack.ctx(db), plans.parse(PLAN))
    database_schema.downgrade(database, "0003")
    database_schema.upgrade(database)
    with database.read_transaction() as db:
        upgraded = plans.load(db, "standard")
    assert upgraded.versions == published.versions
    assert {"floating_ip", "image", "network", "router"} <= set(upgraded.free)
    assert not {"instance", "volume"} & set(upgraded.free)
    database.close()


def test_work_continues_under_its_new_kinds(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database_schema.upgrade(database)
    with database.transaction() as db:
        enqueue(db, "ingest.poll", "poll-1", 5)
        enqueue(db, "compute.server", "server-1", 5)
    database_schema.downgrade(database, "0006")
    assert _list_work_kinds(database) == ["compute.server", "metering.poll"]
    database_schema.upgrade(database)
    assert _list_work_kinds(database) == ["compute.server", "ingest.poll"]
    database.close()


def test_present_names_are_facts_after_an_upgrade(home: Path, empty_database_url: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, empty_database_url, tables=False)
    services, now = stack.services, stack.clock.now()
    database_schema.upgrade(services.database)
    with services.database.transaction() as db:
        services.identity.bootstrap(db, now, admin_password="a password")
        project = services.identity.ensure_demo_project(stack.ctx(db), "a password")
        services.volume.volume_types.ensure_initial_types(stack.ctx(db))
    database_schema.downgrade(services.database, "0007")
    database_schema.upgrade(services.database)
    with services.database.read_transaction() as db:
        names = services.ledger.name_timelines.list(stack.ctx(db))
        reader = services.ledger.name_timelines.open_reader(db, as_of=0)
        assert reader.find_name(Resource("dc-1", "project", project.id), 0) == "demo"
    assert {timeline.names for _, timeline in names} == {((0, name),) for name in ("admin", "demo", "standard", "fast")}
    services.database.close()


def test_invoices_move_between_their_forms(home: Path, empty_database_url: str) -> None:
    """Numbers, bytes and digests stay, and the series and the periods go on."""
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, empty_database_url, tables=False)
    database = stack.services.database
    database_schema.upgrade(database)
    billing = billing_harness(stack)
    billing.create_account("zeta", tax_rate="0")
    billing.assign("zeta", "p2")
    billing.ingest(machine("m1", "p1", "2026-11-10"), machine("m2", "p2", "2026-11-10"))
    billing.at("2027-01-02").close("acme", "2026-11")
    billing.close("zeta", "2026-11")
    billing.close("acme", "2026-12")
    before = _documents(billing)
    periods = billing.run(lambda billing, ctx: billing.periods.list(ctx, "acme"))
    database_schema.downgrade(database, "0004")
    with database.read_transaction() as db:
        rows = db.execute(text("SELECT number, total, sha256, document FROM billing_invoice ORDER BY number")).all()
    assert [(number, total, sha256, bytes(content)) for number, total, sha256, content in rows] == [
        (document.summary.number, document.summary.total, document.summary.sha256, document.content)
        for document in before
    ]
    database_schema.upgrade(database)
    assert _documents(billing) == before
    assert billing.run(lambda billing, ctx: billing.periods.list(ctx, "acme")) == periods
    assert billing.close("zeta", "2026-12").number == "2027-000004"
    with database.read_transaction() as db:
        taxes = db.execute(text("SELECT number, code, rate, taxable_minor, tax_minor FROM billing_document_tax")).all()
    assert {tuple(tax) for tax in taxes} >= {
        (each.summary.number, "S", "20", each.summary.net_minor, each.summary.tax_minor)
        for each in before
        if each.summary.account_name == "acme"
    }
    database.close()


def test_an_invoice_of_the_first_release_keeps_its_bytes(home: Path, empty_database_url: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, empty_database_url, tables=False)
    database = stack.services.database
    database_schema.upgrade(database)
    billing = billing_harness(stack)
    account_id = billing.run(lambda billing, ctx: billing.customer_accounts.get(ctx, "acme")).id
    database_schema.downgrade(database, "0004")
    content = FIRST_INVOICE.read_bytes()
    row = {
        "number": "2026-000001",
        "account_id": account_id,
        "account": "acme",
        "start": parse_iso("2026-11-01"),
        "end": parse_iso("2026-12-01"),
        "issued_at": parse_iso("2026-12-02"),
        "currency": "EUR",
        "total": "13.33",
        "sha256": hashlib.sha256(content).hexdigest(),
        "document": content,
    }
    with database.transaction() as db:
        invoices = Table("billing_invoice", MetaData(), autoload_with=db)
        db.execute(invoices.insert().values(row))
    database_schema.upgrade(database)
    stored = billing.get("2026-000001")
    assert stored.content == content
    assert (stored.summary.net_minor, stored.summary.tax_minor, stored.summary.total) == (1111, 222, "13.33")
    assert (stored.summary.series, stored.summary.sequence, stored.summary.as_of) == ("2026", 1, 1)
    database.close()


def test_assignments_and_periods_survive_downgrade_and_upgrade(home: Path, empty_database_url: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, empty_database_url, tables=False)
    database = stack.services.database
    database_schema.upgrade(database)
    billing = billing_harness(stack)
    billing.create_account("zeta")
    billing.assign("zeta", "p1", "2026-11-10")
    billing.assign("acme", "p1", "2026-11-20")
    billing.ingest(machine("m1", "p1", "2026-11-01"))
    billing.at("2026-12-01").close("acme", "2026-11")
    losses = database_schema.list_deleted_data(database, "base")
    assert {"documents (1)", "customer accounts (2)", "price plans (1)"} <= set(losses)
    assert database_schema.list_deleted_data(database, "0005") == []
    with pytest.raises(Invalid, match="9999"):
        database_schema.list_deleted_data(database, "9999")
    before = _assignments(billing), billing.run(lambda billing, ctx: billing.periods.list(ctx, "acme"))
    database_schema.downgrade(database, "0005")
    database_schema.upgrade(database)
    assert (_assignments(billing), billing.run(lambda billing, ctx: billing.periods.list(ctx, "acme"))) == before
    billing.assign("zeta", "p1", "2026-12-05")
    assert [each.sequence for each in _assignments(billing)] == [1, 2, 3, 4]
    database.close()


@pytest.mark.parametrize("until", [None, parse_iso("2026-11-12")])
def test_a_database_with_two_payers_of_a_project_is_not_upgraded(
    home: Path, empty_database_url: str, until: int | None
) -> None:
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, empty_database_url, tables=False)
    database = stack.services.database
    database_schema.upgrade(database)
    billing = billing_harness(stack)
    zeta = billing.create_account("zeta")
    database_schema.downgrade(database, "0005")
    start = parse_iso("2026-11-05")
    with database.transaction() as db:
        table = Table("billing_assignment", MetaData(), autoload_with=db)
        row = {"id": "as-2", "account_id": zeta.id, "project_id": "p1", "start": start, "until": until}
        db.execute(table.insert().values(row))
    with pytest.raises(Conflict) as error:
        database_schema.upgrade(database)
    expected = f"Project p1 has two payers from 2026-11-05T00:00:00.000000Z{_until(until)}: customer accounts 'acme' ("
    assert error.value.message.startswith(expected)
    assert "and 'zeta' (assignment as-2)" in error.value.message
    assert database_schema.current_revision(database) == "0005"
    with database.transaction() as db:
        assert db.execute(text("SELECT count(*) FROM billing_assignment")).scalar() == 2
        db.execute(text("DELETE FROM billing_assignment WHERE id = 'as-2'"))
    database_schema.upgrade(database)
    assert [(each.sequence, each.until) for each in _assignments(billing)] == [(1, None)]
    database.close()


def _until(until: int | None) -> str:
    return "" if until is None else f" until {format_iso(until)}"


def _assignments(billing: BillingHarness) -> Sequence[ProjectAssignment]:
    return billing.run(lambda _, ctx: list_assignments(ctx.db, project_id="p1"))


def _list_work_kinds(database: Database) -> list[str]:
    with database.read_transaction() as db:
        return list(db.execute(text("SELECT kind FROM work ORDER BY kind")).scalars())


def _documents(billing: BillingHarness) -> list[StoredDocument]:
    summaries = billing.run(lambda billing, ctx: billing.documents.list(ctx, Page())).items
    return sorted((billing.get(summary.number) for summary in summaries), key=lambda each: each.summary.number)
