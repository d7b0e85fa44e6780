"""Ingest of messages and events: the outbox, rejected and ignored messages, authorization, and concurrency."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit import outbox
from stratiform.kit.clock import SECOND_US, format_iso_naive, parse_iso
from stratiform.kit.errors import Forbidden, Invalid, NotFound
from stratiform.kit.outbox import Event
from stratiform.kit.pagination import Page
from stratiform.kit.work_queue import Worker, enqueue
from stratiform.services.ingest import repository as ingest_repository
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ingest.parsing.meter_file_parser import parse_meter_file
from stratiform.services.ingest.service import IngestService
from stratiform.services.ingest.tasks import build_handlers
from stratiform.services.ledger.model import Segment, UsageFilter, encode_segment_cursor
from support.payloads import sample
from support.stacks import ServiceHarness, build_harness, customer

T0 = parse_iso("2026-03-01T00:00:00Z")


@pytest.fixture
def any_harness(database_url: str, home: Path) -> Iterator[ServiceHarness]:
    """A stack on each database."""
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, database_url)
    yield stack
    stack.services.database.close()


def volume(
    number: int, seconds: int, event_type: str = "volume.create.end", *, cloud: str = "a", **changes: Any
) -> Event:
    payload = {
        "tenant_id": "p1",
        "volume_id": f"v{number:03d}",
        "status": "available",
        "size": 1,
        "volume_type": "t",
        "display_name": "n",
        "launched_at": format_iso_naive(T0),
    } | changes
    return Event(f"{cloud}-{number}-{seconds}-{event_type}", event_type, "x", T0 + seconds * SECOND_US, cloud, payload)


def ingest(stack: ServiceHarness, *events: Event) -> IngestResult:
    with stack.services.database.transaction() as db:
        return stack.services.ingest.own_events.ingest(db, events, stack.clock.now())


def segments(stack: ServiceHarness, **filters: Any) -> list[Segment]:
    with stack.services.database.read_transaction() as db:
        return list(stack.services.ledger.segments.iterate(db, UsageFilter(**filters)))


def test_outbox_is_moved_to_the_ledger(any_harness: ServiceHarness) -> None:
    services = any_harness.services
    with services.database.transaction() as db:
        for number in range(1203):
            outbox.append_event(db, volume(number, 1))
        enqueue(db, "ingest.outbox", "all", any_harness.clock.now())
    Worker(
        services.database, build_handlers(services.ingest, services.clouds), name="w", clock=any_harness.clock
    ).run_until_idle()
    assert len(segments(any_harness)) == 1203
    with services.database.read_transaction() as db:
        assert outbox.list_pending_events(db, 1) == []


def test_same_id_in_two_clouds_is_two_resources(any_harness: ServiceHarness) -> None:
    result = ingest(any_harness, volume(1, 1), volume(1, 1, cloud="b"), volume(1, 9, "volume.delete.end", cloud="b"))
    assert result.ingested == 3
    assert [(segment.cloud, segment.end is None) for segment in segments(any_harness)] == [("a", True), ("b", False)]
    with any_harness.services.database.read_transaction() as db:
        iterate = any_harness.services.ledger.segments.iterate
        assert len(list(iterate(db, UsageFilter(resource_id="v001")))) == 2
        assert [segment.cloud for segment in iterate(db, UsageFilter(resource_id="v001", cloud="b"))] == ["b"]


def test_first_of_two_events_with_the_same_id_counts(any_harness: ServiceHarness) -> None:
    first = volume(1, 1)
    second = replace(first, payload=first.payload | {"size": 9})
    assert ingest(any_harness, first, second) == IngestResult(ingested=1, duplicates=1)
    assert ingest(any_harness, second) == IngestResult(duplicates=1)
    assert [segment.attributes["size_gib"] for segment in segments(any_harness)] == [1]


def test_all_segments_have_the_last_name(any_harness: ServiceHarness) -> None:
    ingest(any_harness, volume(1, 1), volume(1, 3, "volume.resize.end", size=2, display_name="later"))
    ingest(any_harness, volume(1, 2, "volume.update.end", display_name="between"))
    assert [segment.name for segment in segments(any_harness)] == ["later", "later"]


def test_segments_of_a_period(any_harness: ServiceHarness) -> None:
    ingest(
        any_harness, volume(1, 1), volume(1, 10, "volume.delete.end", deleted_at=format_iso_naive(T0 + 10 * SECOND_US))
    )
    ingest(any_harness, volume(2, 1), volume(3, 1, tenant_id="p2"))
    services = any_harness.services

    def list_ids(start: int, end: int, project_id: str | None = None) -> list[str]:
        with any_harness.services.database.read_transaction() as db:
            period = services.ledger.segments.iterate_overlapping(
                db, T0 + start * SECOND_US, T0 + end * SECOND_US, project_id
            )
            return [segment.resource_id for segment in period]

    assert list_ids(0, 1) == ["v001", "v002", "v003"]
    assert list_ids(9, 11) == ["v001", "v002", "v003"]
    assert list_ids(10, 11) == ["v002", "v003"]
    assert list_ids(-5, 0) == []
    assert list_ids(0, 5, "p2") == ["v003"]


def test_pages_are_complete_while_events_are_ingested(any_harness: ServiceHarness) -> None:
    ingest(any_harness, *(volume(number, 1) for number in range(25)))
    services, seen, marker = any_harness.services, [], None
    while True:
        with any_harness.services.database.read_transaction() as db:
            page = services.ledger.segments.list(any_harness.ctx(db), UsageFilter(), Page(limit=10, marker=marker))
        seen += [segment.resource_id for segment in page.items]
        if not page.more:
            break
        marker = encode_segment_cursor(page.items[-1])
        ingest(any_harness, volume(0, 50 + len(seen), "volume.update.end", size=len(seen)))
    assert seen == [f"v{number:03d}" for number in range(25)]


def test_invalid_marker_is_rejected(service_harness: ServiceHarness) -> None:
    for marker in ("x", "Zm9v", "", "ÿ", "eyJhIjoxfQ=="):
        with service_harness.services.database.read_transaction() as db, pytest.raises(Invalid):
            service_harness.services.ledger.segments.list(service_harness.ctx(db), UsageFilter(), Page(marker=marker))


def test_authorization(service_harness: ServiceHarness) -> None:
    ingest(service_harness, volume(1, 1), volume(2, 1, tenant_id="p2"))
    services = service_harness.services
    with service_harness.services.database.read_transaction() as db:

        def list_ids(usage_filter: UsageFilter, *caller: str) -> list[str]:
            ctx = service_harness.ctx(db, customer(*caller)) if caller else service_harness.ctx(db)
            page = services.ledger.segments.list(ctx, usage_filter, Page())
            return [segment.resource_id for segment in page.items]

        assert list_ids(UsageFilter()) == ["v001", "v002"]
        assert list_ids(UsageFilter(), "p9", "admin") == ["v001", "v002"]
        assert list_ids(UsageFilter(project_id="p2")) == ["v002"]
        assert list_ids(UsageFilter(), "p1", "reader") == ["v001"]
        assert list_ids(UsageFilter(resource_id="v002"), "p1", "member") == []
        with pytest.raises(NotFound):
            list_ids(UsageFilter(project_id="p2"), "p1", "member")
        with pytest.raises(Forbidden):
            list_ids(UsageFilter(), "p1", "nothing")
        for operation in (
            lambda ctx: services.ingest.rejected_messages.list(ctx, Page()),
            services.ingest.rejected_messages.replay,
            lambda ctx: services.ingest.messages.ingest_upload(ctx, "c", []),
        ):
            with pytest.raises(Forbidden):
                operation(service_harness.ctx(db, customer("p1", "member")))


def test_rejected_messages_are_replayed(any_harness: ServiceHarness) -> None:
    services, database = any_harness.services, any_harness.services.database
    good: dict[str, Any] = {
        "message_id": "m",
        "event_type": "volume.create.end",
        "timestamp": format_iso_naive(T0),
        "payload": volume(1, 1).payload,
    }
    bad = json.dumps(good | {"payload": good["payload"] | {"volume_id": None}}).encode()
    for _ in range(2):
        with database.transaction() as db:
            result = services.ingest.messages.ingest(
                db, "a", [b"{", bad, json.dumps(good | {"message_id": "n"}).encode()], 5
            )
            assert result.rejected == 2
    with database.transaction() as db:
        ctx = any_harness.ctx(db)
        rejected = services.ingest.rejected_messages.list(ctx, Page()).items
        assert sorted(message.reason[:12] for message in rejected) == ["not JSON: In", "volume_id is"]
        assert {message.received_at for message in rejected} == {5}
        assert services.ingest.rejected_messages.replay(ctx) == IngestResult(rejected=2)
        assert db.exec_driver_sql("SELECT count(*) FROM metering_rejected").scalar_one() == 2
    with database.transaction() as db:
        # Replace the bodies, as if a newer version accepted the messages.
        body = json.dumps(good).encode()
        from stratiform.services.ingest.tables import rejected_message_table

        db.execute(rejected_message_table.update().values(body=body))
        assert services.ingest.rejected_messages.replay(any_harness.ctx(db)) == IngestResult(ingested=1, duplicates=1)
        assert services.ingest.rejected_messages.list(any_harness.ctx(db), Page()).items == []
    assert len(segments(any_harness)) == 1


def test_ignored_message_that_arrives_again_is_metered_by_a_new_meter_file(any_harness: ServiceHarness) -> None:
    services, database = any_harness.services, any_harness.services.database
    meter_file = parse_meter_file(
        'name = "thing"\ntitle = "Things"\nunit = "thing"\nsource = "x"\n[identity]\nid = "id"\nproject = "p"\n'
        '[[events]]\ntype = "thing.created"\nrule = "start"\n',
        "thing.toml",
    )
    body = json.dumps(
        {
            "message_id": "m",
            "event_type": "thing.created",
            "timestamp": format_iso_naive(T0),
            "payload": {"id": "t", "p": "p1"},
        }
    ).encode()
    new = IngestService.build(MessageParser([meter_file]), services.ledger)
    with database.transaction() as db:
        assert services.ingest.messages.ingest(db, "a", [body, body], 5) == IngestResult(ignored=2)
        assert [each.count for each in ingest_repository.ignored_messages.count_by_type(db)] == [1]
    with database.transaction() as db:
        assert new.messages.ingest(db, "a", [body, body], 6) == IngestResult(ingested=1, duplicates=1)
        assert ingest_repository.ignored_messages.count_by_type(db) == []
        assert [segment.resource_id for segment in services.ledger.segments.iterate(db)] == ["t"]


def test_invalid_sample_does_not_affect_the_others(any_harness: ServiceHarness) -> None:
    services, database = any_harness.services, any_harness.services.database
    samples = [sample("cpu", 1, "i1"), sample("cpu", "plenty", "i2"), 7, sample("cpu", 2, "i3")]
    polled = {"message_id": "m", "event_type": "telemetry.polling", "timestamp": format_iso_naive(T0)}
    body = json.dumps(polled | {"payload": {"samples": samples}}).encode()
    with database.transaction() as db:
        assert services.ingest.messages.ingest(db, "a", [body], 5) == IngestResult(ingested=2, rejected=1)
        assert services.ingest.messages.ingest(db, "a", [body], 6) == IngestResult(duplicates=2, rejected=1)
        (rejected,) = services.ingest.rejected_messages.list(any_harness.ctx(db), Page()).items
        assert rejected.reason == "samples[1]: cpu is not a non-negative number: 'plenty'; samples[2] is not an object"
        assert rejected.body == body
        assert services.ingest.rejected_messages.replay(any_harness.ctx(db)) == IngestResult(duplicates=2, rejected=1)
        invalid = json.dumps(polled | {"message_id": "n", "payload": {"samples": [7]}}).encode()
        assert services.ingest.messages.ingest(db, "a", [invalid], 7) == IngestResult(rejected=1)


def test_invalid_event_does_not_affect_the_others(service_harness: ServiceHarness) -> None:
    result = ingest(service_harness, volume(1, 1, volume_id=""), volume(2, 1), volume(3, 1, size="large"))
    assert result == IngestResult(ingested=1, rejected=2)


def test_concurrent_writers_lose_no_events(any_harness: ServiceHarness) -> None:
    """Several threads ingest events of the same resources, and each folds the events of the others, too."""
    updates = [
        volume(number, second, "volume.update.end", size=second) for second in range(1, 13) for number in (1, 2, 3)
    ]
    errors: list[BaseException] = []

    def write(part: list[Event]) -> None:
        try:
            for start in range(0, len(part), 3):
                ingest(any_harness, *part[start : start + 3])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(updates[offset::4],)) for offset in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [segment.attributes["size_gib"] for segment in segments(any_harness, resource_id="v002")] == list(
        range(1, 13)
    )


@pytest.mark.parametrize("cloud", ["", "x" * 65, "a\nb"])
def test_invalid_name_of_a_cloud_is_rejected(service_harness: ServiceHarness, cloud: str) -> None:
    with service_harness.services.database.transaction() as db, pytest.raises(Invalid):
        service_harness.services.ingest.messages.ingest_upload(service_harness.ctx(db), cloud, [])


def test_batches_are_received_in_the_order_of_their_positions(any_harness: ServiceHarness) -> None:
    """A writer that waited for the lock has an earlier time. Times of positions must not decrease."""
    services, database = any_harness.services, any_harness.services.database
    for number, now in enumerate((10, 7, 12), 1):
        with database.transaction() as db:
            services.ingest.own_events.ingest(db, [volume(number, number)], now)
    with database.read_transaction() as db:
        assert [services.ledger.positions.get_position_at(db, moment) for moment in (9, 10, 11, 12)] == [0, 2, 2, 3]
        assert [services.ledger.positions.find_time(db, position) for position in (1, 2, 3)] == [10, 10, 12]
