"""What an audit finds of one resource, and that what it proposes makes the ledger agree."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stratiform.kit.clock import HOUR_US, SECOND_US
from stratiform.services.audit.model.comparison import (
    Absence,
    Finding,
    Kind,
    Known,
    Look,
    Proposal,
    Sighting,
    audit,
    doubled,
    is_round,
    unmentioned,
)
from stratiform.services.ingest.events import corrections
from stratiform.services.ingest.events.corrections import Seen
from stratiform.services.ingest.service import correction_event
from stratiform.services.ledger.model import Correction, Resource, Statement, fold, select_in_force
from stratiform.services.ledger.model.fold import select_messages
from support.profiles import examples
from support.segments import INSTANCE, segment

S = SECOND_US
WINDOW = (10 * S, 100 * S)
NOW = 120 * S
MACHINE = Resource("lab", "instance", "1")


def said(at: int, **what: Any) -> Statement:
    return Statement(at=at, message_id=f"m-{at:012d}", project_id=what.pop("project_id", "p"), **what)


LAUNCH = said(20 * S + 1, launched_at=20 * S + 1, state="active", attributes={"vcpus": 1})
GONE = said(60 * S + 1, terminated_at=60 * S + 1, is_deleted=True)
LOOK = Look("p", "web", "active", {"vcpus": 1})


def known(*statements: Statement) -> Known:
    valid = select_in_force(statements)
    heard_at = max((one.at for one in select_messages(valid)), default=None)
    staff = [one.correction for one in valid if one.correction is not None]
    return Known("instance", fold(INSTANCE, statements).segments, heard_at, staff)


def listed(since: int | None = None, look: Look = LOOK) -> Sighting:
    return Sighting("inventory", NOW, since, look=look)


def found(
    ledger: Known, *words: Sighting | Absence, window: tuple[int, int] = WINDOW
) -> list[tuple[str, int, int, bool]]:
    findings, _ = held_against(ledger, words, window)
    return [(one.kind.value, one.start, one.end, one.exact) for one in findings]


def held_against(
    ledger: Known, words: tuple[Sighting | Absence, ...], window: tuple[int, int] = WINDOW
) -> tuple[list[Finding], list[Proposal]]:
    sightings = [one for one in words if isinstance(one, Sighting)]
    return audit(ledger, sightings, [one for one in words if isinstance(one, Absence)], window)


def told(proposal: Proposal, number: int = 0) -> Statement:
    """What the ledger reads of a proposal that is made."""
    look = proposal.look
    correction = Correction("staff", proposal.reason, reopened=proposal.reopened, has_observation=True)
    seen = Seen(
        proposal.launched,
        proposal.gone,
        look.name or None,
        look.project_id or None,
        look.state or None,
        look.attributes,
    )
    event = correction_event(MACHINE, f"z-{number}-{proposal.at:012d}", proposal.at, correction, seen)
    fact = corrections.read(event)
    assert fact is not None
    return fact.statement


GONE_NOW = Absence("inventory", NOW, True)


def test_where_all_agree_there_is_nothing() -> None:
    assert held_against(known(LAUNCH), (listed(20 * S + 1),)) == ([], [])
    assert held_against(known(LAUNCH, GONE), (GONE_NOW,)) == ([], [])
    exists = Sighting("message", 50 * S, 20 * S)
    assert held_against(known(LAUNCH, GONE), (exists, GONE_NOW)) == ([], []), "a second cut off tells nothing"
    ended = Sighting("message", 99 * S, 20 * S, until=60 * S + 1)
    assert held_against(known(LAUNCH, GONE), (ended,)) == ([], [])


def test_a_lost_life_is_opened_as_it_was_seen() -> None:
    findings, proposals = held_against(known(), (listed(30 * S),))
    assert findings == [Finding(Kind.MISSING, 30 * S, 100 * S, True, ("inventory",))]
    made = fold(INSTANCE, [told(one) for one in proposals])
    assert made.segments == (segment(30 * S, None, "p", "active", {"vcpus": 1}),)
    assert made.name == "web"
    assert held_against(known(), (listed(None),))[1] == [], "since when is not known"
    assert held_against(known(), (listed(30 * S, Look()),))[1] == [], "whose it is is not known"


def test_a_lost_end_is_surplus_since_it_was_last_heard_of() -> None:
    stopped = said(40 * S, state="stopped")
    findings, proposals = held_against(known(LAUNCH, stopped), (GONE_NOW,))
    assert findings == [Finding(Kind.SURPLUS, 40 * S, 100 * S, False, ("inventory",))]
    assert fold(INSTANCE, [LAUNCH, stopped, told(proposals[0])]).end == NOW
    seen = Sighting("message", 70 * S, 20 * S)
    assert found(known(LAUNCH, stopped), seen, GONE_NOW) == [("surplus", 70 * S, 100 * S, False)]
    assert found(known(LAUNCH, said(110 * S)), GONE_NOW) == [], "nothing of it is in the window"
    late = Absence("inventory", NOW, True, settled=30 * S)
    assert found(known(LAUNCH, said(95 * S)), late) == [], "its end may be on the way"


def test_a_lost_change_differs_since_some_time() -> None:
    bigger = replace(LOOK, attributes={"vcpus": 4, "flavor": "unheard of"}, project_id="q", state="stopped")
    findings, proposals = held_against(known(LAUNCH), (listed(20 * S, bigger),))
    changes = {"vcpus": (1, 4), "state": ("active", "stopped"), "project_id": ("p", "q")}
    assert findings == [Finding(Kind.DIFFERS, 20 * S + 1, 100 * S, False, ("inventory",), changes)]
    made = fold(INSTANCE, [LAUNCH, told(proposals[0])]).segments
    assert made[1] == segment(NOW, None, "q", "stopped", {"vcpus": 4})
    again = said(130 * S, state="active", attributes={"vcpus": 2})
    assert fold(INSTANCE, [LAUNCH, told(proposals[0]), again]).segments[-1].attributes == {"vcpus": 2}


def test_a_wrong_end_is_refuted_and_a_later_one_counts() -> None:
    wrong = said(40 * S + 1, terminated_at=40 * S + 1)
    exists = Sighting("message", 70 * S, 20 * S)
    findings, proposals = held_against(known(LAUNCH, wrong), (exists,))
    assert findings == [Finding(Kind.MISSING, 40 * S + 1, 70 * S, True, ("message",))]
    opened = [LAUNCH, wrong, told(proposals[0])]
    assert fold(INSTANCE, opened).end is None
    assert fold(INSTANCE, [*opened, said(90 * S + 1, terminated_at=90 * S + 1)]).end == 90 * S + 1
    assert found(known(LAUNCH, wrong), listed()) == [("missing", 40 * S + 1, 100 * S, True)]


def test_both_what_was_there_longer_and_what_is_gone_now() -> None:
    wrong = said(40 * S + 1, terminated_at=40 * S + 1)
    findings, proposals = held_against(known(LAUNCH, wrong), (Sighting("message", 70 * S, 20 * S), GONE_NOW))
    assert [(one.kind, one.start, one.end) for one in findings] == [(Kind.MISSING, 40 * S + 1, 70 * S)]
    made = [told(one, number) for number, one in enumerate(proposals)]
    assert fold(INSTANCE, [LAUNCH, wrong, *made]).end == NOW
    assert held_against(known(LAUNCH, wrong, *made), (Sighting("message", 70 * S, 20 * S), GONE_NOW)) == ([], [])


def test_rounds_that_do_not_mention_it_leave_it_to_staff() -> None:
    hour = [(number * HOUR_US, (number + 1) * HOUR_US) for number in range(1, 5)]
    begun = said(HOUR_US + S, launched_at=HOUR_US + 1, state="active")
    assert unmentioned(known(begun), hour) == hour[1]
    assert unmentioned(known(begun, said(4 * HOUR_US + 1)), hour) is None
    assert unmentioned(known(begun, said(HOUR_US + 2 * S, state="shelved_offloaded")), hour) is None
    assert unmentioned(known(begun, said(HOUR_US + 2 * S, terminated_at=HOUR_US + 3)), hour) is None
    assert unmentioned(known(), hour) is None
    overlooked = Absence("messages", hour[1][0], False)
    window = (0, 9 * HOUR_US)
    findings, proposals = held_against(known(begun), (overlooked,), window)
    assert [(one.kind, one.start, one.end) for one in findings] == [(Kind.SURPLUS, HOUR_US + S, 9 * HOUR_US)]
    assert proposals == []
    both = (overlooked, Absence("inventory", 8 * HOUR_US, True))
    (proposal,) = held_against(known(begun), both, window)[1]
    assert proposal.at == 2 * HOUR_US, "both agree that it was gone by then"
    assert is_round(HOUR_US, 2 * HOUR_US)
    assert not is_round(HOUR_US, HOUR_US + 7)


def test_what_staff_decided_is_not_found_again() -> None:
    ended = Statement(110 * S, "z-1", correction=Correction("a", "goodwill", end=30 * S))
    assert held_against(known(LAUNCH, ended), (listed(20 * S),)) == ([], [])
    unused = Statement(110 * S, "z-1", correction=Correction("a", "outage", since=30 * S, until=40 * S, absent=True))
    assert held_against(known(LAUNCH, unused), (listed(20 * S), Sighting("message", 90 * S, 20 * S))) == ([], [])
    pinned = Statement(110 * S, "z-1", correction=Correction("a", "agreed", attributes={"vcpus": 7}))
    assert held_against(known(LAUNCH, pinned), (listed(20 * S),)) == ([], [])
    back = Statement(111 * S, "z-2", correction=Correction("a", "no", revokes="z-1"))
    assert found(known(LAUNCH, ended, back), GONE_NOW) == [("surplus", 20 * S + 1, 100 * S, False)]


def test_the_same_thing_in_two_clouds_is_doubled_where_both_have_it() -> None:
    this = [segment(0, 20 * S, "p", "active", {}), segment(20 * S, 40 * S, "q", "active", {})]
    other = [segment(15 * S, None, "p", "active", {})]
    assert doubled(this, other, WINDOW) == [(15 * S, 40 * S)]
    assert doubled(this, [segment(40 * S, None, "p", "active", {})], WINDOW) == []


moments = st.integers(1, 119).map(lambda second: second * S + 1)
messages = st.builds(
    Statement,
    at=moments,
    message_id=st.uuids().map(str),
    project_id=st.sampled_from(["p", "q", None]),
    state=st.sampled_from(["active", "stopped", None]),
    launched_at=st.none() | moments,
    terminated_at=st.none() | st.none() | moments,
    deleted_at=st.none() | st.none() | moments,
    is_deleted=st.sampled_from([False, False, True]),
    attributes=st.dictionaries(st.sampled_from(["vcpus"]), st.sampled_from([1, 2])),
)
looks = st.builds(
    Look,
    project_id=st.sampled_from(["p", "q"]),
    state=st.sampled_from(["active", "stopped", ""]),
    attributes=st.dictionaries(st.sampled_from(["vcpus"]), st.sampled_from([1, 2])),
)
exists = st.builds(Sighting, st.just("message"), moments, st.none() | moments, st.none() | st.none() | moments)
inventory = st.builds(listed, st.none() | moments, looks) | st.just(GONE_NOW) | st.none()


@settings(max_examples=examples(800))
@given(st.lists(messages, max_size=5, unique_by=lambda one: one.message_id), st.lists(exists, max_size=2), inventory)
def test_what_is_proposed_makes_the_ledger_agree(
    statements: list[Statement], seen: list[Sighting], now: Sighting | Absence | None
) -> None:
    """Messages on what exists are in the ledger, as all are."""
    seen = [one for one in seen if max(one.until or 0, one.since or 0) <= one.at]
    exists = [
        Statement(one.at, f"e-{number}", launched_at=one.since, terminated_at=one.until)
        for number, one in enumerate(seen)
    ]
    statements = [*statements, *exists]
    words = (*seen, *([now] if now is not None else []))
    ledger = known(*statements)
    findings, proposals = held_against(ledger, words)
    for one in findings:
        assert WINDOW[0] <= one.start < one.end <= WINDOW[1]
        in_use = [_in_use(ledger.segments, moment) for moment in (one.start, one.end - 1)]
        assert in_use == [one.kind is not Kind.MISSING] * 2
    if not findings:
        assert proposals == []
        return
    made = [told(one, number) for number, one in enumerate(proposals)]
    again = known(*statements, *made)
    left, more = held_against(again, words)
    assert more == []
    if proposals:
        decided = {one.evidence for one in left}
        assert ("inventory",) not in decided
        assert all(one.kind is Kind.MISSING for one in left), "only what another message says ended, and when"
    if now is GONE_NOW and any(one.kind is Kind.SURPLUS for one in findings):
        assert not _in_use(again.segments, NOW)
    if isinstance(now, Sighting) and proposals:
        (held,) = [one for one in again.segments if one.start <= NOW and (one.end is None or one.end > NOW)]
        assert now.look is not None
        assert held.project_id == now.look.project_id
        assert held.state in (now.look.state, held.state if now.look.state == "" else now.look.state)
        assert all(held.attributes.get(name, value) == value for name, value in now.look.attributes.items())


@settings(max_examples=examples(400))
@given(st.lists(messages, max_size=5, unique_by=lambda one: one.message_id))
def test_sources_that_say_what_the_ledger_has_find_nothing(statements: list[Statement]) -> None:
    ledger = known(*statements)
    words: list[Sighting | Absence] = [
        Sighting("message", one.end or NOW, ledger.segments[0].start, until=one.end) for one in ledger.segments
    ]
    last = ledger.segments[-1] if ledger.segments else None
    if last is not None and last.end is None:
        words.append(listed(ledger.segments[0].start, Look(last.project_id, "", last.state, last.attributes)))
    else:
        words.append(GONE_NOW)
    assert held_against(ledger, tuple(words)) == ([], [])


def _in_use(stretches: Any, moment: int) -> bool:
    return any(one.start <= moment and (one.end is None or moment < one.end) for one in stretches)
