"""The recorded notifications give exactly the expected ledger, in any order, by any batches, on every database."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from stratiform.kit.db import Database
from stratiform.kit.errors import Unavailable
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ledger.model import UsageFilter
from support.ledger import expected, listing, recorded
from support.profiles import examples
from support.reference_fold import usage
from support.stacks import Bench, bench


@pytest.fixture
def any_bench(database_url: str, home: Path) -> Iterator[Bench]:
    """A stack on each kind of database."""
    home.mkdir(parents=True, exist_ok=True)
    made = bench(home, database_url)
    yield made
    made.services.database.close()


def take(made: Bench, lines: list[bytes], batch: int = 1000) -> IngestResult:
    done = IngestResult()
    for start in range(0, len(lines), batch):
        with made.services.database.transaction() as db:
            done += made.services.ingest.messages.ingest(
                db, "openstack", lines[start : start + batch], made.clock.now()
            )
    return done


def printed(made: Bench) -> str:
    with made.services.database.snapshot() as db:
        return listing(made.services.ledger, db)


def test_the_slow_fold_gives_the_expected_segments() -> None:
    keys = ("resource_type", "resource_id", "name", "project_id", "cloud", "start", "end", "state", "attributes")
    slow = [{key: segment[key] for key in keys} for segment in usage(list(recorded()))]
    assert slow == json.loads(expected())


def test_import_gives_the_expected_ledger_on_every_database(any_bench: Bench) -> None:
    assert take(any_bench, list(recorded())) == IngestResult(accepted=576, ignored=540)
    assert printed(any_bench) == expected()


def test_a_second_and_a_shuffled_import_change_no_byte(any_bench: Bench) -> None:
    lines = list(recorded()) * 2
    random.Random(3).shuffle(lines)
    done = take(any_bench, lines, 137)
    assert (done.accepted, done.repeated) == (576, 576)
    assert printed(any_bench) == expected()
    with any_bench.services.database.snapshot() as db:
        before = any_bench.services.ledger.positions.get_current(db)
    assert take(any_bench, lines).accepted == 0
    assert printed(any_bench) == expected()
    with any_bench.services.database.snapshot() as db:
        assert any_bench.services.ledger.positions.get_current(db) == before


def test_one_by_one_backwards(stack_bench: Bench) -> None:
    take(stack_bench, list(reversed(recorded())), 1)
    assert printed(stack_bench) == expected()


def test_only_one_of_novas_two_voices_is_enough(stack_bench: Bench, tmp_path: Path) -> None:
    """What one voice alone says differs by when it says it, never in how much was used."""
    unversioned = [line for line in recorded() if b'\\"event_type\\": \\"instance.' not in line]
    versioned = [line for line in recorded() if b'\\"event_type\\": \\"compute.instance.' not in line]
    assert len(unversioned) + len(versioned) > len(recorded())
    for number, lines in enumerate((unversioned, versioned)):
        home = tmp_path / str(number)
        home.mkdir()
        other = bench(home)
        take(other, lines)
        found = [one for one in json.loads(printed(other)) if one["resource_type"] in ("instance", "volume")]
        kept = [one for one in json.loads(expected()) if one["resource_type"] in ("instance", "volume")]
        assert [(one["state"], one["attributes"]) for one in found] == [
            (one["state"], one["attributes"]) for one in kept
        ]
        other.services.database.close()


def test_what_was_known_earlier_is_still_known(stack_bench: Bench) -> None:
    lines = list(recorded())
    take(stack_bench, lines[:300])
    then = printed(stack_bench)
    services, database = stack_bench.services, stack_bench.services.database
    with database.snapshot() as db:
        position = services.ledger.positions.get_current(db)
    take(stack_bench, lines[300:])
    assert printed(stack_bench) != then
    with database.snapshot() as db:
        earlier = list(services.ledger.segments.iterate(db, UsageFilter(as_of=position)))
        now = list(services.ledger.segments.iterate(db, UsageFilter(as_of=services.ledger.positions.get_current(db))))
        assert now == list(services.ledger.segments.iterate(db))
    assert len(earlier) == len(json.loads(then))
    assert [segment.end for segment in earlier].count(None) == then.count('"end": null')


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_part_in_any_order_is_what_the_slow_fold_says(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    about = [line for line in recorded() if b'"event_type\\": \\"identity.' not in line]
    some = data.draw(st.lists(st.sampled_from(about), max_size=60))
    batch = data.draw(st.integers(1, 30))
    home = tmp_path_factory.mktemp("home")
    made = bench(home)
    take(made, some, batch)
    found = json.loads(printed(made))
    made.services.database.close()
    assert [{key: one[key] for key in sorted(one)} for one in found] == [
        {key: one[key] for key in sorted(one)} for one in usage(some)
    ]


def test_no_database_holds_two_open_segments_of_one_resource(any_bench: Bench) -> None:
    take(any_bench, list(recorded())[:300])
    copy = (
        "INSERT INTO metering_segment (cloud, resource_type, resource_id, project_id, start_at, end_at, state, "
        "attributes, recorded, is_open) SELECT cloud, resource_type, resource_id, project_id, start_at + 1, "
        "{end}, state, attributes, recorded, is_open FROM metering_segment WHERE is_open = 1"
    )
    database: Database = any_bench.services.database
    for end in ("end_at", "start_at - 5"):
        with pytest.raises((IntegrityError, Unavailable)), database.transaction() as db:
            db.exec_driver_sql(copy.format(end=end))
