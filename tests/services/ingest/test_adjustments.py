"""Adjustments of meters: they are samples, add up, can be revoked, and are part of proofs."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.clock import DAY_US, SECOND_US, parse_iso
from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.kit.outbox import Event
from stratiform.kit.pagination import Page
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.model.meter_adjustments import MeterAdjustment, find_revocations
from stratiform.services.ingest.parsing.correction_payloads import parse_quantity
from stratiform.services.ingest.service import CorrectionResult, StoredCorrection
from stratiform.services.ledger.model import Correction, Resource, Statement, UsageFilter
from stratiform.services.ledger.model.samples import SampleRow
from stratiform.services.ledger.model.sums import parse_sum_query
from stratiform.services.proof.model.verification import verify_export
from support.stacks import ServiceHarness, build_harness, customer

STORE = Resource("dc-1", "object_store", "AUTH_x")
OUT, SIZE, REQUESTS = "storage.objects.outgoing.bytes", "storage.objects.size", "storage.api.request"
START, COUNTED, NOW = (
    parse_iso("2026-01-01T00:00:00"),
    parse_iso("2026-01-02T10:00:00"),
    parse_iso("2026-01-05T00:00:00"),
)
LATER = COUNTED + DAY_US


@pytest.fixture
def stack(service_harness: ServiceHarness) -> ServiceHarness:
    add_samples(service_harness)
    return service_harness


@pytest.fixture
def any_harness(database_url: str, home: Path) -> Iterator[ServiceHarness]:
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, database_url)
    add_samples(stack)
    yield stack
    stack.services.database.close()


def add_samples(stack: ServiceHarness) -> None:
    """Create an object store of project p1 with 5000 bytes of outgoing traffic, and 10 bytes stored for an hour."""
    stack.clock.at = NOW
    ingest(stack, "usage.started", START, project_id="p1")
    ingest(stack, "usage.sampled", COUNTED, samples={OUT: {"value": 5000, "kind": "delta", "unit": "B"}})
    ingest(stack, "usage.sampled", COUNTED + 1, samples={SIZE: {"value": 10, "kind": "gauge", "unit": "B"}})


def ingest(stack: ServiceHarness, event_type: str, at: int, resource: Resource = STORE, **values: Any) -> None:
    payload = {"resource_type": resource.resource_type, "resource_id": resource.resource_id, **values}
    with stack.services.database.transaction() as db:
        event = Event(f"{event_type}-{resource.resource_id}-{at}", event_type, "x", at, resource.cloud, payload)
        assert stack.services.ingest.own_events.ingest(db, [event], stack.clock.now()).ingested == 1


def adjust(
    stack: ServiceHarness, quantity: str, meter: str = OUT, at: int = LATER, resource: Resource = STORE, **options: Any
) -> CorrectionResult:
    stack.clock.advance(SECOND_US)
    adjustment = MeterAdjustment(meter, Decimal(quantity), at, project_id=options.pop("project_id", None))
    with stack.services.database.transaction() as db:
        return stack.services.ingest.corrections.adjust(
            stack.ctx(db), resource, adjustment, options.pop("reason", "counted twice"), **options
        )


def revoke(stack: ServiceHarness, message_id: str, **values: Any) -> CorrectionResult:
    stack.clock.advance(SECOND_US)
    with stack.services.database.transaction() as db:
        return stack.services.ingest.corrections.create(
            stack.ctx(db), STORE, Correction("", "no", revokes=message_id, **values)
        )


def meter_sum(
    stack: ServiceHarness, meter: str = OUT, as_of: int | None = None, project_id: str | None = None
) -> Decimal | None:
    query = parse_sum_query([], [f"meter:{meter}"], START, NOW + DAY_US, None)
    with stack.services.database.read_transaction() as db:
        result = stack.services.ledger.sums.compute(
            stack.ctx(db), UsageFilter(as_of=as_of, project_id=project_id), query
        )
    return result.sums[0].values[0] if result.sums else None


def samples(stack: ServiceHarness, meter: str = OUT) -> list[SampleRow]:
    with stack.services.database.read_transaction() as db:
        return list(stack.services.ledger.samples.list(stack.ctx(db), UsageFilter(), meter, Page()).items)


def list_corrections(stack: ServiceHarness) -> list[StoredCorrection]:
    with stack.services.database.read_transaction() as db:
        return list(stack.services.ingest.corrections.list(stack.ctx(db), UsageFilter(), Page()).items)


def position(stack: ServiceHarness) -> int:
    with stack.services.database.read_transaction() as db:
        return stack.services.ledger.positions.get_current_position(db)


def test_adjustment_changes_the_sum_but_not_earlier_positions(any_harness: ServiceHarness) -> None:
    before = position(any_harness)
    result = adjust(any_harness, "-1234.5")
    assert result.is_new
    assert result.adjusted is not None
    assert (result.adjusted.unit, result.adjusted.before, result.adjusted.after) == (
        "B",
        Decimal(5000),
        Decimal("3765.5"),
    )
    assert meter_sum(any_harness) == Decimal("3765.5")
    assert meter_sum(any_harness, project_id="p1") == Decimal("3765.5")
    assert meter_sum(any_harness, as_of=before) == 5000
    assert result.before == result.after, "adjustments do not change segments"
    sample = samples(any_harness)[-1]
    assert (sample.value, sample.kind, sample.unit, sample.at, sample.project_id) == (
        "-1234.5",
        "delta",
        "B",
        LATER,
        "p1",
    )
    assert sample.source == f"correction {result.message_id}"
    (stored,) = list_corrections(any_harness)
    correction = stored.record.statement.correction
    assert correction is not None
    assert (correction.reason, stored.record.message_id, stored.record.received_at) == (
        "counted twice",
        result.message_id,
        any_harness.clock.now(),
    )


def test_adjustments_at_the_same_time_add_up(any_harness: ServiceHarness) -> None:
    for quantity in ("-1", "-1", "-10", "100"):
        adjust(any_harness, quantity, at=COUNTED)
    assert meter_sum(any_harness) == 5088
    assert adjust(any_harness, "-5088").adjusted is not None
    assert meter_sum(any_harness) == 0


def test_revocation_of_an_adjustment_can_be_revoked(any_harness: ServiceHarness) -> None:
    wrong = adjust(any_harness, "-1000")
    back = revoke(any_harness, wrong.message_id)
    assert back.adjusted is not None
    assert (back.adjusted.before, back.adjusted.after) == (Decimal(4000), Decimal(5000))
    revoked_at = position(any_harness)
    assert [stored.revoked_by for stored in list_corrections(any_harness)] == ["", back.message_id]
    with pytest.raises(Conflict, match="has already been revoked"):
        revoke(any_harness, wrong.message_id)
    again = revoke(any_harness, back.message_id)
    assert meter_sum(any_harness) == 4000
    assert meter_sum(any_harness, as_of=revoked_at) == 5000
    assert [stored.revoked_by for stored in list_corrections(any_harness)] == ["", again.message_id, ""]
    revoke(any_harness, wrong.message_id)
    assert meter_sum(any_harness) == 5000


def test_revocation_has_no_other_changes(stack: ServiceHarness) -> None:
    wrong = adjust(stack, "-1000")
    with pytest.raises(Invalid, match=r"revokes: .* cannot be combined with other changes"):
        revoke(stack, wrong.message_id, end=LATER)
    assert meter_sum(stack) == 4000


def test_gauge_is_adjusted_in_the_unit_of_its_sums(stack: ServiceHarness) -> None:
    result = adjust(stack, "-36000", SIZE)
    assert result.adjusted is not None
    assert (result.adjusted.unit, result.adjusted.before, result.adjusted.after) == ("B·s", Decimal(36000), Decimal(0))
    assert meter_sum(stack, SIZE) == 0
    revoke(stack, result.message_id)
    assert meter_sum(stack, SIZE) == 36000


def test_meter_of_a_meter_file_without_samples_is_adjusted(stack: ServiceHarness) -> None:
    result = adjust(stack, "7", REQUESTS)
    assert result.adjusted is not None
    assert (result.adjusted.unit, result.adjusted.before, result.adjusted.after) == ("request", Decimal(0), Decimal(7))


def test_adjustment_with_the_same_id_is_a_duplicate_or_a_conflict(stack: ServiceHarness) -> None:
    first, second = (adjust(stack, "-1000", message_id="ticket-17") for _ in range(2))
    assert (first.is_new, second.is_new) == (True, False)
    assert meter_sum(stack) == 4000
    for other in ({"quantity": "-1001"}, {"quantity": "-1000", "at": LATER + 1}):
        with pytest.raises(Conflict, match="id: 'ticket-17' is already the ID of another event"):
            adjust(stack, message_id="ticket-17", **other)
    assert meter_sum(stack) == 4000


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"quantity": "-5000.1"}, "quantity: 5000.1 B cannot be subtracted: the sum of .* is 5000 B"),
        ({"quantity": "0"}, "quantity: '0' is not a number"),
        ({"quantity": "NaN"}, "quantity: 'NaN' is not a number"),
        ({"quantity": "1E+40"}, "quantity: '1E.40' is not a number"),
        ({"quantity": "1", "at": NOW + DAY_US}, "at: 2026-01-06T00:00:00.000000Z is in the future"),
        (
            {"quantity": "1", "at": START - 1},
            "project_id: required, because no project used the resource at 2025-12-31T23:59:59.999999Z",
        ),
        ({"quantity": "1", "meter": "bytes"}, "meter: resource type object_store has no meter 'bytes'"),
        ({"quantity": "1", "meter": "a\0b"}, "meter: resource type object_store has no meter"),
        ({"quantity": "1", "reason": " "}, "reason: "),
        ({"quantity": "1", "project_id": "a\0b"}, "project_id has invalid characters"),
        ({"quantity": "1", "message_id": "a\nb"}, "id: must have 1 to 128 printable characters"),
    ],
)
def test_invalid_adjustment_is_rejected(stack: ServiceHarness, values: dict[str, Any], error: str) -> None:
    with pytest.raises(Invalid, match=error):
        adjust(stack, **values)
    assert list_corrections(stack) == []
    assert meter_sum(stack) == 5000


def test_adjustment_of_an_unknown_resource_is_not_found(stack: ServiceHarness) -> None:
    with pytest.raises(NotFound, match="object_store AUTH_y in cloud dc-1 could not be found"):
        adjust(stack, "1", resource=STORE._replace(resource_id="AUTH_y"))
    assert list_corrections(stack) == []


def test_only_admins_adjust(stack: ServiceHarness) -> None:
    with stack.services.database.transaction() as db, pytest.raises(Forbidden):
        stack.services.ingest.corrections.adjust(
            stack.ctx(db, customer("p1")), STORE, MeterAdjustment(OUT, Decimal(1), LATER), "why"
        )


def test_project_of_an_adjustment_is_the_project_of_all_samples(stack: ServiceHarness) -> None:
    measured = STORE._replace(resource_id="AUTH_m")
    count = {"samples": {OUT: {"value": 10, "kind": "cumulative", "unit": "B"}}}
    ingest(stack, "usage.sampled", COUNTED, measured, project_id="p2", **count)
    adjust(stack, "5", resource=measured)
    assert [sample.project_id for sample in samples(stack)] == ["p1", "p2", "p2"]
    ingest(stack, "usage.sampled", COUNTED + 1, measured, project_id="p3", **count)
    with pytest.raises(Invalid, match="project_id: required"):
        adjust(stack, "5", resource=measured)
    adjust(stack, "5", resource=measured, project_id="p3")
    assert meter_sum(stack, project_id="p3") == 5


def test_samples_in_several_units_can_not_be_adjusted(stack: ServiceHarness) -> None:
    ingest(stack, "usage.sampled", COUNTED + 2, samples={OUT: {"value": 5, "kind": "delta", "unit": "KiB"}})
    with pytest.raises(Conflict, match="has samples in several units: B, KiB"):
        adjust(stack, "1")


def test_export_with_adjustments_is_verified(stack: ServiceHarness) -> None:
    wrong = adjust(stack, "-1000")
    revoke(stack, wrong.message_id)
    adjust(stack, "-500", at=START + 1)
    with stack.services.database.transaction() as db:
        export = stack.services.proof.exports.create(stack.ctx(db), UsageFilter())
    with stack.services.database.read_transaction() as db:
        lines = list(stack.services.proof.exports.iterate_lines(db, export))
    verdict = verify_export(lines, stack.services.proof.keys.list_verifiers())
    assert (verdict.failures, verdict.events, verdict.segments) == ([], 6, 1)
    assert verdict.is_complete_log


def test_corrections_and_adjustments_are_independent(stack: ServiceHarness) -> None:
    adjust(stack, "-1000")
    end = COUNTED + 2 * DAY_US
    with stack.services.database.transaction() as db:
        result = stack.services.ingest.corrections.create(stack.ctx(db), STORE, Correction("", "gone", end=end))
    assert [segment.end for segment in result.after] == [end]
    adjust(stack, "-1000", at=end)
    assert meter_sum(stack, project_id="p1") == 3000


def test_order_of_revocations_does_not_depend_on_times() -> None:
    """All statements have the same time, and ids without an order."""

    def adjustment(message_id: str, revokes: str | None = None) -> Statement:
        correction = Correction("staff", "why", revokes=revokes)
        return Statement(1, message_id, samples={OUT: Decimal(1)}, correction=correction)

    chain = [adjustment("m"), adjustment("z", "m"), adjustment("a", "z"), adjustment("k", "a")]
    assert find_revocations(chain[:1]) == {}
    assert find_revocations(chain[:2]) == {"m": "z"}
    assert find_revocations(chain[:3]) == {"z": "a"}
    assert find_revocations(chain) == find_revocations(chain[::-1]) == {"m": "z", "a": "k"}
    assert find_revocations([*chain[:3], adjustment("b", "m")]) == {"z": "a", "m": "b"}


@pytest.mark.parametrize("text", ["1_000", " 5", "5 ", "٣", "+5", "0x5", "--5", "1e999999999", "1e", "five", ""])
def test_quantities_have_ascii_digits_only(text: str) -> None:
    with pytest.raises(InvalidMessage, match="is not a number other than zero"):
        parse_quantity(text)


@pytest.mark.parametrize(("text", "quantity"), [("5", "5"), ("-1.50", "-1.5"), ("2.5e3", "2500"), ("-1e-3", "-0.001")])
def test_quantities_are_exact(text: str, quantity: str) -> None:
    assert parse_quantity(text) == Decimal(quantity)
