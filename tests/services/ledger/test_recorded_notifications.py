"""The recorded notifications have the expected ledger in any order, in any batches, on every database."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stratiform.kit.database import Database
from stratiform.kit.errors import Conflict
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ledger.model import UsageFilter
from support.ledger import expected, listing, recorded
from support.profiles import examples
from support.reference_fold import usage
from support.stacks import ServiceHarness, build_harness

pytestmark = pytest.mark.thorough


@pytest.fixture
def any_harness(database_url: str, home: Path) -> Iterator[ServiceHarness]:
    """A stack on each database."""
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, database_url)
    yield stack
    stack.services.database.close()


def ingest(stack: ServiceHarness, lines: list[bytes], batch: int = 1000) -> IngestResult:
    result = IngestResult()
    for start in range(0, len(lines), batch):
        with stack.services.database.transaction() as db:
            result += stack.services.ingest.messages.ingest(
                db, "openstack", lines[start : start + batch], stack.clock.now()
            )
    return result


def list_ledger(stack: ServiceHarness) -> str:
    with stack.services.database.read_transaction() as db:
        return listing(stack.services.ledger, db)


def test_reference_fold_has_the_expected_segments() -> None:
    keys = ("resource_type", "resource_id", "name", "project_id", "cloud", "start", "end", "state", "attributes")
    slow = [{key: segment[key] for key in keys} for segment in usage(list(recorded()))]
    assert slow == json.loads(expected())


def test_import_has_the_expected_ledger(any_harness: ServiceHarness) -> None:
    assert ingest(any_harness, list(recorded())) == IngestResult(ingested=576, ignored=540)
    assert list_ledger(any_harness) == expected()


def test_second_and_shuffled_imports_change_nothing(any_harness: ServiceHarness) -> None:
    lines = list(recorded()) * 2
    random.Random(3).shuffle(lines)
    result = ingest(any_harness, lines, 137)
    assert (result.ingested, result.duplicates) == (576, 576)
    assert list_ledger(any_harness) == expected()
    with any_harness.services.database.read_transaction() as db:
        before = any_harness.services.ledger.positions.get_current_position(db)
    assert ingest(any_harness, lines).ingested == 0
    assert list_ledger(any_harness) == expected()
    with any_harness.services.database.read_transaction() as db:
        assert any_harness.services.ledger.positions.get_current_position(db) == before


def test_single_messages_in_reverse_order(service_harness: ServiceHarness) -> None:
    ingest(service_harness, list(reversed(recorded())), 1)
    assert list_ledger(service_harness) == expected()


def test_versioned_or_unversioned_notifications_are_sufficient(service_harness: ServiceHarness, tmp_path: Path) -> None:
    """The times of both kinds differ, but not the states and attributes."""
    unversioned = [line for line in recorded() if b'\\"event_type\\": \\"instance.' not in line]
    versioned = [line for line in recorded() if b'\\"event_type\\": \\"compute.instance.' not in line]
    assert len(unversioned) + len(versioned) > len(recorded())
    for number, lines in enumerate((unversioned, versioned)):
        home = tmp_path / str(number)
        home.mkdir()
        other = build_harness(home)
        ingest(other, lines)
        segments = [each for each in json.loads(list_ledger(other)) if each["resource_type"] in ("instance", "volume")]
        expected_segments = [each for each in json.loads(expected()) if each["resource_type"] in ("instance", "volume")]
        assert [(each["state"], each["attributes"]) for each in segments] == [
            (each["state"], each["attributes"]) for each in expected_segments
        ]
        other.services.database.close()


def test_segments_as_of_an_earlier_position(service_harness: ServiceHarness) -> None:
    lines = list(recorded())
    ingest(service_harness, lines[:300])
    before = list_ledger(service_harness)
    services, database = service_harness.services, service_harness.services.database
    with database.read_transaction() as db:
        position = services.ledger.positions.get_current_position(db)
    ingest(service_harness, lines[300:])
    assert list_ledger(service_harness) != before
    with database.read_transaction() as db:
        earlier = list(services.ledger.segments.iterate(db, UsageFilter(as_of=position)))
        now = list(
            services.ledger.segments.iterate(db, UsageFilter(as_of=services.ledger.positions.get_current_position(db)))
        )
        assert now == list(services.ledger.segments.iterate(db))
    assert len(earlier) == len(json.loads(before))
    assert [segment.end for segment in earlier].count(None) == before.count('"end": null')


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_sample_in_any_order_equals_the_reference_fold(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    relevant = [line for line in recorded() if b'"event_type\\": \\"identity.' not in line]
    sample = data.draw(st.lists(st.sampled_from(relevant), max_size=60))
    batch = data.draw(st.integers(1, 30))
    home = tmp_path_factory.mktemp("home")
    stack = build_harness(home)
    ingest(stack, sample, batch)
    segments = json.loads(list_ledger(stack))
    stack.services.database.close()
    assert [{key: each[key] for key in sorted(each)} for each in segments] == [
        {key: each[key] for key in sorted(each)} for each in usage(sample)
    ]


def test_databases_reject_two_open_segments_of_a_resource(any_harness: ServiceHarness) -> None:
    ingest(any_harness, list(recorded())[:300])
    copy = (
        "INSERT INTO metering_segment (id, resource, cloud, resource_type, resource_id, project_id, start_at, end_at, "
        "state, attributes, recorded, is_open) SELECT id + 1000000, resource, cloud, resource_type, resource_id, "
        "project_id, start_at + 1, {end}, state, attributes, recorded, is_open FROM metering_segment WHERE is_open = 1"
    )
    database: Database = any_harness.services.database
    for end in ("end_at", "start_at - 5"):
        with pytest.raises(Conflict), database.transaction() as db:
            db.exec_driver_sql(copy.format(end=end))
