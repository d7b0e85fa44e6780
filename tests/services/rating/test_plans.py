"""Plans are stored on every database, and published versions are immutable."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection, Database, metadata
from stratiform.kit.errors import Forbidden, Invalid
from stratiform.kit.ids import SequentialIds
from stratiform.kit.pagination import Page
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.services.rating.errors import PlanConflict, PlanNotFound
from stratiform.services.rating.model import PricePlan
from stratiform.services.rating.service.plans import PricePlans
from stratiform.services.rating.tables import free_types_table, plans_table, versions_table
from support.money import PLAN
from support.rating import CATALOG

LATER = PLAN.replace("2026-01-01", "2026-12-01").replace('"0.01"', '"0.02"')
TRAFFIC = """
[[version.price]]
resource = "instance"
measure = "samples"
meter = "network.outgoing.bytes"
where = { flavor = "s" }
price = "0.5"
per = "GB"
"""

MEMBER = Caller("u1", "p1", roles=frozenset({"member", "reader"}))


def context(db: Connection, caller: Caller = SYSTEM) -> RequestContext:
    return RequestContext(db, caller, parse_iso("2026-11-01"), "req-test")


@dataclass(frozen=True, slots=True)
class Store:
    """Plans in a database that has only their tables."""

    database: Database
    plans: PricePlans

    def publish(self, source: str, closed_until: str | None = None, caller: Caller = SYSTEM) -> PricePlan:
        until = None if closed_until is None else parse_iso(closed_until)
        with self.database.transaction() as db:
            return self.plans.publish(context(db, caller), self.plans.parse(source), until)

    def load(self, name: str = "standard") -> PricePlan:
        with self.database.read_transaction() as db:
            return self.plans.load(db, name)


def open_store(url: str) -> Store:
    database = Database(url)
    metadata.create_all(database.engine, tables=[plans_table, versions_table, free_types_table])
    return Store(database, PricePlans(SequentialIds(), CATALOG))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'plans.db'}")
    yield store
    store.database.close()


@pytest.fixture
def any_store(database_url: str) -> Iterator[Store]:
    store = open_store(database_url)
    yield store
    store.database.close()


def test_a_plan_is_restored_as_it_was_published(any_store: Store) -> None:
    plans = any_store.plans
    any_store.publish(PLAN)
    any_store.publish('free = ["router", "network"]\n' + LATER + TRAFFIC)
    stored = any_store.load()
    assert stored.versions == (*plans.parse(PLAN).versions, *plans.parse(LATER + TRAFFIC).versions)
    assert [version.valid_from for version in stored.versions] == [parse_iso("2026-01-01"), parse_iso("2026-12-01")]
    assert stored.free == ("network", "router")
    with any_store.database.read_transaction() as db:
        assert plans.list(context(db), Page()).items == [stored]


def test_publishing_again_changes_nothing(store: Store) -> None:
    assert store.publish(PLAN) == store.publish(PLAN) == store.load()
    assert len(store.load().versions) == 1


def test_free_types_of_published_versions_can_be_changed(any_store: Store) -> None:
    any_store.publish(PLAN)
    any_store.publish('free = ["router"]\n' + PLAN)
    assert any_store.load().free == ("router",)
    any_store.publish(PLAN)
    assert any_store.load().free == ()


def test_a_published_version_is_immutable(store: Store) -> None:
    store.publish(PLAN)
    with pytest.raises(PlanConflict, match=r"already has a version from .* with other prices"):
        store.publish(PLAN.replace('"0.01"', '"0.02"') + LATER[LATER.index("[[version]]") :])
    assert len(store.load().versions) == 1


def test_the_currency_of_a_plan_is_immutable(store: Store) -> None:
    store.publish(PLAN)
    with pytest.raises(PlanConflict, match="is EUR, not USD"):
        store.publish(LATER.replace("EUR", "USD"))


def test_a_version_that_starts_in_a_closed_period_is_refused(store: Store) -> None:
    store.publish(PLAN)
    with pytest.raises(Invalid, match="starts in a closed period"):
        store.publish(LATER, "2027-01-01")
    store.publish(LATER, "2026-12-01")
    assert len(store.load().versions) == 2


def test_versions_that_are_published_one_after_the_other_may_not_overlap(store: Store) -> None:
    store.publish(PLAN.replace("2026-01-01", "2026-01-01\nvalid_until = 2027-01-01"))
    with pytest.raises(Invalid, match="overlaps"):
        store.publish(LATER)
    assert len(store.load().versions) == 1


def test_only_administrators_publish_and_read_all_plans(store: Store) -> None:
    store.publish(PLAN)
    with pytest.raises(Forbidden):
        store.publish(LATER, caller=MEMBER)
    with store.database.read_transaction() as db:
        assert store.plans.get(context(db), "standard").currency == "EUR"
        for read in (lambda ctx: store.plans.get(ctx, "standard"), lambda ctx: store.plans.list(ctx, Page())):
            with pytest.raises(Forbidden):
                read(context(db, MEMBER))
        with pytest.raises(PlanNotFound, match="Price plan 'gold' not found"):
            store.plans.get(context(db), "gold")
