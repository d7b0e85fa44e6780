"""Plans are stored on every database, and what is published stays as it is."""

import subprocess
import sys
from pathlib import Path

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.errors import Forbidden, Invalid
from stratiform.kit.pagination import Page
from stratiform.services.ledger.model import Segment
from stratiform.services.rating import service
from stratiform.services.rating.errors import Fixed, NoPlan
from support.money import PLAN
from support.stacks import Bench, bench, customer

LATER = PLAN.replace("2026-01-01", "2026-12-01").replace('"0.01"', '"0.02"')


def versions(of: Bench) -> list[int]:
    with of.services.database.snapshot() as db:
        return [version.valid_from for version in of.services.rating.plan(db, "standard").versions]


def publish(of: Bench, source: str, closed_until: int | None = None) -> None:
    with of.services.database.transaction() as db:
        of.services.rating.set_plan(of.ctx(db), source, closed_until)


def test_a_plan_comes_back_as_it_was_published(database_url: str, home: Path) -> None:
    home.mkdir()
    of = bench(home, database_url)
    try:
        with of.services.database.transaction() as db:
            published = of.services.rating.set_plan(of.ctx(db), PLAN)
        publish(of, LATER)
        with of.services.database.snapshot() as db:
            stored = of.services.rating.plan(db, "standard")
            page = of.services.rating.plans(of.ctx(db, customer()), Page())
        assert stored.versions[0] == published.versions[0]
        assert [version.valid_from for version in stored.versions] == [parse_iso("2026-01-01"), parse_iso("2026-12-01")]
        assert page.items == [stored]
    finally:
        of.services.database.close()


def test_publishing_again_changes_nothing(stack_bench: Bench) -> None:
    publish(stack_bench, PLAN)
    publish(stack_bench, PLAN)
    assert versions(stack_bench) == [parse_iso("2026-01-01")]


def test_a_published_version_is_never_edited(stack_bench: Bench) -> None:
    publish(stack_bench, PLAN)
    with pytest.raises(Fixed, match="is published and differs"):
        publish(stack_bench, PLAN.replace('"0.01"', '"0.02"') + LATER[LATER.index("[[version]]") :])
    assert versions(stack_bench) == [parse_iso("2026-01-01")]


def test_a_plan_keeps_its_currency(stack_bench: Bench) -> None:
    publish(stack_bench, PLAN)
    with pytest.raises(Fixed, match="is in EUR, not USD"):
        publish(stack_bench, LATER.replace("EUR", "USD"))


def test_a_version_in_a_closed_period_is_refused(stack_bench: Bench) -> None:
    publish(stack_bench, PLAN)
    with pytest.raises(Invalid, match="begins in a closed period"):
        publish(stack_bench, LATER, parse_iso("2027-01-01"))
    publish(stack_bench, LATER, parse_iso("2026-12-01"))
    assert len(versions(stack_bench)) == 2


def test_versions_published_apart_may_not_overlap(stack_bench: Bench) -> None:
    publish(stack_bench, PLAN.replace("2026-01-01", "2026-01-01\nvalid_until = 2027-01-01"))
    with pytest.raises(Invalid, match="overlaps"):
        publish(stack_bench, LATER)
    assert len(versions(stack_bench)) == 1


def test_only_the_operator_publishes_and_everyone_sees(stack_bench: Bench) -> None:
    rating = stack_bench.services.rating
    publish(stack_bench, PLAN)
    with stack_bench.services.database.transaction() as db:
        with pytest.raises(Forbidden):
            rating.set_plan(stack_bench.ctx(db, customer("p1", "member")), LATER)
        assert rating.show(stack_bench.ctx(db, customer("p1", "reader")), "standard").currency == "EUR"
        with pytest.raises(NoPlan, match="no price plan 'gold'"):
            rating.show(stack_bench.ctx(db), "gold")


def test_the_fast_engine_is_loaded_only_when_it_is_needed() -> None:
    program = "import sys, stratiform.app.api; print({'duckdb', 'pyarrow', 'typst'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_few_and_many_segments_cost_the_same(stack_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(stack_bench, PLAN)
    start, end = parse_iso("2026-11-01"), parse_iso("2026-12-01")
    segments = [
        Segment("a", "volume", f"v{i}", "p1", start + i, None, "in-use", {"size_gib": i, "volume_type": "fast"})
        for i in range(1, 40)
    ]
    rating = stack_bench.services.rating
    with stack_bench.services.database.snapshot() as db:
        plan = rating.plan(db, "standard")
    few = rating.rate(plan, iter(segments), start, end)
    monkeypatch.setattr(service, "FEW", 10)
    assert rating.rate(plan, iter(segments), start, end) == few
    assert len(few.lines) == 39
