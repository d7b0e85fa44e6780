"""The stored ledger equals a reference for random events in any order, with duplicates and in any batches.

The events are drawn in `support.random_events`; the reference is computed in `support.reference_ledger`.
STRATIFORM_TEST_EXAMPLES is the number of sets of events.
"""

import json
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stratiform.kit import merkle_tree
from stratiform.kit.clock import SECOND_US, format_iso, parse_iso
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ledger import repository
from stratiform.services.ledger.model.segment_changes import RECORDED
from stratiform.services.proof.model.verification import verify_export
from support import reference_fold
from support.databases import empty_database
from support.ledger import listing, recorded
from support.ledger_under_test import LedgerState, LedgerUnderTest, _sort_key, compute_state
from support.random_events import StatedEvent, random_events
from support.reference_ledger import ExpectedSegment
from support.stacks import ServiceHarness

pytestmark = pytest.mark.thorough

EXAMPLES = int(os.environ.get("STRATIFORM_TEST_EXAMPLES", "25"))
SUPPRESSED = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)


@st.composite
def batches_of(draw: st.DrawFn, events_: Sequence[StatedEvent]) -> list[list[StatedEvent]]:
    """Draw batches of the events in any order, with duplicates."""
    duplicates = draw(st.lists(st.sampled_from(events_), max_size=4))
    remaining = draw(st.permutations([*events_, *duplicates]))
    batches = []
    while remaining:
        size = draw(st.integers(1, len(remaining)))
        batches.append(remaining[:size])
        remaining = remaining[size:]
    return batches


@pytest.fixture
def ledgers(home: Path) -> Iterator[tuple[LedgerUnderTest, LedgerUnderTest]]:
    """Two empty ledgers."""
    stack = LedgerUnderTest(home / "one"), LedgerUnderTest(home / "other")
    yield stack
    for each in stack:
        each.stack.services.database.close()


def check_log(ledger_: LedgerUnderTest, events_: Sequence[StatedEvent]) -> None:
    """Check that every event is in the log once, that numbers have no gaps, and the root of the log."""
    size, root = ledger_.root()
    with ledger_.stack.services.database.read_transaction() as db:
        records = list(repository.events.iterate_records(db, 0, size))
    assert [number for number, _ in records] == list(range(size))
    assert sorted((each.cloud, each.message_id.partition("#")[0]) for _, each in records) == sorted(
        each.key for each in events_
    )
    assert root == compute_root([each.encode() for _, each in records])
    for resource in {each.resource for _, each in records}:
        nths = [each.nth for _, each in records if each.resource == resource]
        assert nths == list(range(1, len(nths) + 1))


def compute_root(records: list[bytes]) -> bytes:
    if len(records) < 2:
        return merkle_tree.compute_leaf_hash(records[0])
    half = 1
    while half * 2 < len(records):
        half *= 2
    return merkle_tree.compute_node_hash(compute_root(records[:half]), compute_root(records[half:]))


def check_changes(ledger_: LedgerUnderTest, states: dict[int, LedgerState]) -> None:
    """Check that the changes lead to the segments at every position."""
    current: dict[int, ExpectedSegment] = {}
    changes = list(ledger_.changes())
    for position, state in states.items():
        while changes and changes[0][0] <= position:
            _, kind, number, row = changes.pop(0)
            if kind == RECORDED:
                assert number not in current
                current[number] = row._replace(name="")
            else:
                assert current.pop(number) == row._replace(name="")
        assert sorted(current.values(), key=_sort_key) == [row._replace(name="") for row in state.segments]
    assert not changes


def check_export(ledger_: LedgerUnderTest, as_of: int | None = None) -> None:
    """Check that an export can be verified without the database."""
    result = verify_export(ledger_.export(as_of), ledger_.stack.services.proof.keys.list_verifiers())
    assert result.failures == []
    assert result.withheld == 0


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SUPPRESSED)
@given(random_events(), st.data())
def test_ledger_equals_the_reference(
    ledgers: tuple[LedgerUnderTest, LedgerUnderTest], events_: list[StatedEvent], data: Any
) -> None:
    ledger_, other = (each.clear() for each in ledgers)
    by_key: dict[tuple[str, str], StatedEvent] = {}
    states: dict[int, LedgerState] = {}
    roots: list[tuple[int, bytes]] = []
    for batch in data.draw(batches_of(events_)):
        new = {each.key for each in batch} - by_key.keys()
        result = ledger_.ingest(batch)
        assert result == IngestResult(ingested=len(new), duplicates=len(batch) - len(new))
        by_key |= {each.key: each for each in batch}
        state = ledger_.state()
        assert state == compute_state(list(by_key.values()))
        assert ledger_.position() == len(states) + bool(new)
        states[ledger_.position()] = state
        roots.append(ledger_.root())
    other.ingest(sorted(events_, key=lambda each: each.rank))
    assert other.state() == state
    for position, state in states.items():
        assert ledger_.state(position) == state
    check_changes(ledger_, states)
    check_log(ledger_, events_)
    check_log(other, events_)
    with ledger_.stack.services.database.read_transaction() as db:
        tile_reader = repository.log_tiles.build_tile_reader(db)
        for size, root in roots:
            assert merkle_tree.compute_root(tile_reader, size) == root
            proof = merkle_tree.prove_consistency(tile_reader, size, len(events_))
            assert merkle_tree.verify_consistency(size, len(events_), root, roots[-1][1], proof)
    check_export(ledger_)
    check_export(ledger_, data.draw(st.sampled_from(sorted(states))))


def read_states(ledger_: LedgerUnderTest, done: threading.Event) -> dict[int, LedgerState]:
    """Return the states at the positions that are observed until `done`."""
    states = {}
    while not done.is_set():
        position = ledger_.position()
        states[position] = ledger_.state(position)
    return states


@pytest.fixture
def postgresql_ledger(home: Path, tmp_path: Path) -> Iterator[LedgerUnderTest]:
    """An empty ledger on PostgreSQL."""
    with empty_database("postgresql", tmp_path) as url:
        stack = LedgerUnderTest(home, url)
        yield stack
        stack.stack.services.database.close()


@settings(max_examples=max(EXAMPLES // 10, 3), deadline=None, suppress_health_check=SUPPRESSED)
@given(random_events(max_size=40), st.data())
def test_concurrent_writers_give_the_same_ledger(
    postgresql_ledger: LedgerUnderTest, events_: list[StatedEvent], data: Any
) -> None:
    ledger_ = postgresql_ledger.clear()
    first, second = ([each for each in events_ if data.draw(st.booleans())] for _ in range(2))
    third = [*(each for each in events_ if each not in first and each not in second), *first[::2]]
    plans = [data.draw(batches_of(chosen)) for chosen in (first, second, third) if chosen]
    done = threading.Event()
    with ThreadPoolExecutor(len(plans) + 1) as pool:
        reader = pool.submit(read_states, ledger_, done)
        writers = [pool.submit(lambda plan: [ledger_.ingest(batch) for batch in plan], plan) for plan in plans]
        wait(writers)
        done.set()
    assert sum((each for writer in writers for each in writer.result()), IngestResult()).ingested == len(events_)
    states = reader.result()
    assert ledger_.state() == compute_state(events_)
    check_log(ledger_, events_)
    check_export(ledger_)
    for position, state in states.items():
        assert ledger_.state(position) == state


def change_clock(random: Random, line: bytes) -> bytes:
    """Change the time of a recorded message, and truncate some to seconds, so that some times are equal."""
    envelope = json.loads(line)
    message = json.loads(envelope["body"]["oslo.message"])
    at = parse_iso(message["timestamp"]) + random.choice((0, 0, 0, -90, 1, 40)) * SECOND_US
    message["timestamp"] = format_iso(at - at % SECOND_US if random.random() < 0.3 else at)
    envelope["body"]["oslo.message"] = json.dumps(message)
    return json.dumps(envelope).encode()


@pytest.mark.parametrize("seed", range(max(EXAMPLES // 10, 2)))
def test_recorded_messages_may_be_lost_late_or_have_other_clocks(service_harness: ServiceHarness, seed: int) -> None:
    random = Random(seed)
    lines_by_cloud = {
        cloud: [change_clock(random, each) for each in recorded() if random.random() < 0.5] for cloud in ("a", "b")
    }
    pending = [
        (cloud, line)
        for cloud, lines in lines_by_cloud.items()
        for line in lines
        for _ in range(random.choice((1, 1, 2)))
    ]
    random.shuffle(pending)
    while pending:
        size = random.choice((1, 10, 300))
        with service_harness.services.database.transaction() as db:
            for cloud in lines_by_cloud:
                lines = [line for each, line in pending[:size] if each == cloud]
                service_harness.services.ingest.messages.ingest(db, cloud, lines, service_harness.clock.now())
        pending = pending[size:]
    with service_harness.services.database.read_transaction() as db:
        result = json.loads(listing(service_harness.services.ledger, db))
    expected = [row for cloud, lines in lines_by_cloud.items() for row in reference_fold.usage(lines, cloud)]
    expected.sort(key=lambda row: (row["resource_type"], row["resource_id"], row["cloud"], row["start"]))
    assert result == expected
