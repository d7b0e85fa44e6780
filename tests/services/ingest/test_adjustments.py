"""What a meter counted, corrected by staff: a sample of its own, added up, taken back, and provable."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.clock import DAY_US, SECOND_US, parse_iso
from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.kit.outbox import Event
from stratiform.kit.pagination import Page
from stratiform.services.ingest.model.adjustments import Adjustment, taken_back
from stratiform.services.ingest.service import CorrectionResult, StoredCorrection
from stratiform.services.ledger.model import Correction, Resource, Statement, UsageFilter
from stratiform.services.ledger.model.samples import SampleRow
from stratiform.services.ledger.model.sums import parse_query
from stratiform.services.proof.model.verification import verify
from support.stacks import Bench, bench, customer

STORE = Resource("dc-1", "object_store", "AUTH_x")
OUT, SIZE, REQUESTS = "storage.objects.outgoing.bytes", "storage.objects.size", "storage.api.request"
START, COUNTED, NOW = (
    parse_iso("2026-01-01T00:00:00"),
    parse_iso("2026-01-02T10:00:00"),
    parse_iso("2026-01-05T00:00:00"),
)
LATER = COUNTED + DAY_US


@pytest.fixture
def of(stack_bench: Bench) -> Bench:
    begin(stack_bench)
    return stack_bench


@pytest.fixture
def any_bench(database_url: str, home: Path) -> Iterator[Bench]:
    home.mkdir(parents=True, exist_ok=True)
    made = bench(home, database_url)
    begin(made)
    yield made
    made.services.database.close()


def begin(made: Bench) -> None:
    """An object store of p1, of which 5000 bytes went out, and which held 10 bytes for an hour."""
    made.clock.at = NOW
    tell(made, "usage.started", START, project_id="p1")
    tell(made, "usage.sampled", COUNTED, samples={OUT: {"value": 5000, "kind": "delta", "unit": "B"}})
    tell(made, "usage.sampled", COUNTED + 1, samples={SIZE: {"value": 10, "kind": "gauge", "unit": "B"}})


def tell(made: Bench, event_type: str, at: int, of: Resource = STORE, **payload: Any) -> None:
    told = {"resource_type": of.resource_type, "resource_id": of.resource_id, **payload}
    with made.services.database.transaction() as db:
        event = Event(f"{event_type}-{of.resource_id}-{at}", event_type, "x", at, of.cloud, told)
        assert made.services.ingest.events.ingest(db, [event], made.clock.now()).accepted == 1


def adjust(
    made: Bench, quantity: str, meter: str = OUT, at: int = LATER, of: Resource = STORE, **more: Any
) -> CorrectionResult:
    made.clock.advance(SECOND_US)
    asked = Adjustment(meter, Decimal(quantity), at, project_id=more.pop("project_id", None))
    with made.services.database.transaction() as db:
        return made.services.ingest.corrections.adjust(
            made.ctx(db), of, asked, more.pop("reason", "counted twice"), **more
        )


def revoke(made: Bench, message_id: str, **said: Any) -> CorrectionResult:
    made.clock.advance(SECOND_US)
    with made.services.database.transaction() as db:
        return made.services.ingest.corrections.create(
            made.ctx(db), STORE, Correction("", "no", revokes=message_id, **said)
        )


def summed(made: Bench, meter: str = OUT, as_of: int | None = None, project_id: str | None = None) -> Decimal | None:
    question = parse_query([], [f"meter:{meter}"], START, NOW + DAY_US, None)
    with made.services.database.snapshot() as db:
        found = made.services.ledger.sums.compute(
            made.ctx(db), UsageFilter(as_of=as_of, project_id=project_id), question
        )
    return found.sums[0].values[0] if found.sums else None


def samples(made: Bench, meter: str = OUT) -> list[SampleRow]:
    with made.services.database.snapshot() as db:
        return list(made.services.ledger.samples.list(made.ctx(db), UsageFilter(), meter, Page()).items)


def listed(made: Bench) -> list[StoredCorrection]:
    with made.services.database.snapshot() as db:
        return list(made.services.ingest.corrections.list(made.ctx(db), UsageFilter(), Page()).items)


def position(made: Bench) -> int:
    with made.services.database.snapshot() as db:
        return made.services.ledger.positions.get_current(db)


def test_a_sum_is_corrected_and_what_was_known_stays(any_bench: Bench) -> None:
    before = position(any_bench)
    done = adjust(any_bench, "-1234.5")
    assert done.is_new
    assert done.adjusted is not None
    assert (done.adjusted.unit, done.adjusted.before, done.adjusted.after) == ("B", Decimal(5000), Decimal("3765.5"))
    assert summed(any_bench) == Decimal("3765.5")
    assert summed(any_bench, project_id="p1") == Decimal("3765.5")
    assert summed(any_bench, as_of=before) == 5000
    assert done.before == done.after, "no segment is another"
    made = samples(any_bench)[-1]
    assert (made.value, made.kind, made.unit, made.at, made.project_id) == ("-1234.5", "delta", "B", LATER, "p1")
    assert made.source == f"correction {done.message_id}"
    (one,) = listed(any_bench)
    said = one.record.statement.correction
    assert said is not None
    assert (said.reason, one.record.message_id, one.record.received_at) == (
        "counted twice",
        done.message_id,
        any_bench.clock.now(),
    )


def test_corrections_of_one_instant_add_up(any_bench: Bench) -> None:
    for quantity in ("-1", "-1", "-10", "100"):
        adjust(any_bench, quantity, at=COUNTED)
    assert summed(any_bench) == 5088
    assert adjust(any_bench, "-5088").adjusted is not None
    assert summed(any_bench) == 0


def test_it_is_taken_back_and_again_and_the_list_tells(any_bench: Bench) -> None:
    wrong = adjust(any_bench, "-1000")
    back = revoke(any_bench, wrong.message_id)
    assert back.adjusted is not None
    assert (back.adjusted.before, back.adjusted.after) == (Decimal(4000), Decimal(5000))
    known = position(any_bench)
    assert [one.revoked_by for one in listed(any_bench)] == ["", back.message_id]
    with pytest.raises(Conflict, match="is revoked already"):
        revoke(any_bench, wrong.message_id)
    again = revoke(any_bench, back.message_id)
    assert summed(any_bench) == 4000
    assert summed(any_bench, as_of=known) == 5000
    assert [one.revoked_by for one in listed(any_bench)] == ["", again.message_id, ""]
    revoke(any_bench, wrong.message_id)
    assert summed(any_bench) == 5000


def test_what_takes_one_back_says_nothing_else(of: Bench) -> None:
    wrong = adjust(of, "-1000")
    with pytest.raises(Invalid, match=r"revokes: .* can't have other changes"):
        revoke(of, wrong.message_id, end=LATER)
    assert summed(of) == 4000


def test_a_gauge_is_corrected_in_what_it_sums_to(of: Bench) -> None:
    done = adjust(of, "-36000", SIZE)
    assert done.adjusted is not None
    assert (done.adjusted.unit, done.adjusted.before, done.adjusted.after) == ("B·s", Decimal(36000), Decimal(0))
    assert summed(of, SIZE) == 0
    revoke(of, done.message_id)
    assert summed(of, SIZE) == 36000


def test_a_meter_of_the_file_may_have_counted_nothing(of: Bench) -> None:
    done = adjust(of, "7", REQUESTS)
    assert done.adjusted is not None
    assert (done.adjusted.unit, done.adjusted.before, done.adjusted.after) == ("request", Decimal(0), Decimal(7))


def test_the_same_id_changes_nothing_twice_and_says_nothing_else(of: Bench) -> None:
    first, second = (adjust(of, "-1000", message_id="ticket-17") for _ in range(2))
    assert (first.is_new, second.is_new) == (True, False)
    assert summed(of) == 4000
    for other in ({"quantity": "-1001"}, {"quantity": "-1000", "at": LATER + 1}):
        with pytest.raises(Conflict, match="id: 'ticket-17' is the id of another event"):
            adjust(of, message_id="ticket-17", **other)
    assert summed(of) == 4000


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"quantity": "-5000.1"}, "quantity: .* counted 5000 B until now, so 5000.1 can't be taken out"),
        ({"quantity": "0"}, "quantity: '0' is no number"),
        ({"quantity": "NaN"}, "quantity: 'NaN' is no number"),
        ({"quantity": "1E+40"}, "quantity: '1E.40' is no number"),
        ({"quantity": "1", "at": NOW + DAY_US}, "at: 2026-01-06T00:00:00.000000Z is in the future"),
        (
            {"quantity": "1", "at": START - 1},
            "project_id: required, because no project used the resource at 2025-12-31T23:59:59.999999Z",
        ),
        ({"quantity": "1", "meter": "bytes"}, "meter: resource type object_store has no meter 'bytes'"),
        ({"quantity": "1", "meter": "a\0b"}, "meter: resource type object_store has no meter"),
        ({"quantity": "1", "reason": " "}, "reason: "),
        ({"quantity": "1", "project_id": "a\0b"}, "project_id has characters"),
        ({"quantity": "1", "message_id": "a\nb"}, "id: must have 1 to 128 printable characters"),
    ],
)
def test_what_makes_no_sense_is_refused(of: Bench, asked: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        adjust(of, **asked)
    assert listed(of) == []
    assert summed(of) == 5000


def test_what_the_ledger_does_not_know_is_not_adjusted(of: Bench) -> None:
    with pytest.raises(NotFound, match="object_store AUTH_y in cloud dc-1 could not be found"):
        adjust(of, "1", of=STORE._replace(resource_id="AUTH_y"))
    assert listed(of) == []


def test_only_operators_adjust(of: Bench) -> None:
    with of.services.database.transaction() as db, pytest.raises(Forbidden):
        of.services.ingest.corrections.adjust(
            of.ctx(db, customer("p1")), STORE, Adjustment(OUT, Decimal(1), LATER), "why"
        )


def test_of_what_is_only_measured_the_owner_is_who_the_other_values_name(of: Bench) -> None:
    measured = STORE._replace(resource_id="AUTH_m")
    count = {"samples": {OUT: {"value": 10, "kind": "cumulative", "unit": "B"}}}
    tell(of, "usage.sampled", COUNTED, measured, project_id="p2", **count)
    adjust(of, "5", of=measured)
    assert [one.project_id for one in samples(of)] == ["p1", "p2", "p2"]
    tell(of, "usage.sampled", COUNTED + 1, measured, project_id="p3", **count)
    with pytest.raises(Invalid, match="project_id: required"):
        adjust(of, "5", of=measured)
    adjust(of, "5", of=measured, project_id="p3")
    assert summed(of, project_id="p3") == 5


def test_values_in_several_units_have_no_sum_to_correct(of: Bench) -> None:
    tell(of, "usage.sampled", COUNTED + 2, samples={OUT: {"value": 5, "kind": "delta", "unit": "KiB"}})
    with pytest.raises(Conflict, match="has samples in several units: B, KiB"):
        adjust(of, "1")


def test_an_export_with_it_is_verified(of: Bench) -> None:
    wrong = adjust(of, "-1000")
    revoke(of, wrong.message_id)
    adjust(of, "-500", at=START + 1)
    with of.services.database.transaction() as db:
        asked = of.services.proof.exports.create(of.ctx(db), UsageFilter())
    with of.services.database.snapshot() as db:
        lines = list(of.services.proof.exports.iterate_lines(db, asked))
    verdict = verify(lines, of.services.proof.keys.list_verifiers())
    assert (verdict.wrong, verdict.events, verdict.segments) == ([], 6, 1)
    assert verdict.is_whole_log


def test_corrections_of_use_go_on_beside_it(of: Bench) -> None:
    adjust(of, "-1000")
    end = COUNTED + 2 * DAY_US
    with of.services.database.transaction() as db:
        done = of.services.ingest.corrections.create(of.ctx(db), STORE, Correction("", "gone", end=end))
    assert [one.end for one in done.after] == [end]
    adjust(of, "-1000", at=end)
    assert summed(of, project_id="p1") == 3000


def test_an_order_of_taking_back_needs_no_instants() -> None:
    """All are of one instant, and their ids tell nothing."""

    def said(message_id: str, revokes: str | None = None) -> Statement:
        said = Correction("staff", "why", revokes=revokes)
        return Statement(1, message_id, samples={OUT: Decimal(1)}, correction=said)

    chain = [said("m"), said("z", "m"), said("a", "z"), said("k", "a")]
    assert taken_back(chain[:1]) == {}
    assert taken_back(chain[:2]) == {"m": "z"}
    assert taken_back(chain[:3]) == {"z": "a"}
    assert taken_back(chain) == taken_back(chain[::-1]) == {"m": "z", "a": "k"}
    assert taken_back([*chain[:3], said("b", "m")]) == {"z": "a", "m": "b"}
