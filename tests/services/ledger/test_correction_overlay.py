"""Corrections, held to a second way of applying them: slow, and from instant to instant."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stratiform.services.ledger.model import Correction, Segment, Statement, fold, fold_all
from support.profiles import examples
from support.segments import INSTANCE

#: Moments are whole microseconds below this one, none a whole second; what holds there holds for ever.
LAST = 14

Held = dict[str, Any]


def message(at: int, **what: Any) -> Statement:
    return Statement(at=at, message_id=f"m-{at:03d}", project_id=what.pop("project_id", "p"), **what)


def says(at: int, message_id: str = "", **what: Any) -> Statement:
    return Statement(at, message_id or f"z-{at:03d}", correction=Correction("staff", "because", **what))


def used(*statements: Statement) -> list[tuple[int, int | None, str, str, int | None]]:
    return [
        (one.start, one.end, one.project_id, one.state, one.attributes.get("vcpus"))
        for one in fold(INSTANCE, statements).segments
    ]


LIFE = (
    message(1, launched_at=1, attributes={"vcpus": 1}),
    message(5, attributes={"vcpus": 2}),
    message(9, terminated_at=9),
)


def test_start_and_end_are_moved_either_way() -> None:
    assert used(*LIFE, says(12, start=3)) == [(3, 5, "p", "active", 1), (5, 9, "p", "active", 2)]
    assert used(*LIFE, says(12, end=4)) == [(1, 4, "p", "active", 1)]
    assert used(*LIFE, says(12, end=20)) == [(1, 5, "p", "active", 1), (5, 20, "p", "active", 2)]
    later = (message(3, launched_at=3), *LIFE[1:])
    assert used(message(5, launched_at=5, terminated_at=5), says(12, end=7)) == [(5, 7, "p", "active", None)]
    assert used(*LIFE, says(12, absent=True), says(13, end=7)) == []
    assert used(*later, says(12, start=1)) == [(1, 9, "p", "active", 2)]
    assert used(*LIFE, says(12, start=10)) == []
    assert used(*LIFE, says(12, start=10, end=11)) == [(10, 11, "p", "active", 2)]


def test_what_is_reopened_goes_on_until_messages_tell_a_later_end() -> None:
    wrong = says(12, reopened=True)
    assert used(*LIFE, wrong)[-1] == (5, None, "p", "active", 2)
    assert used(*LIFE, wrong, message(10, terminated_at=11))[-1][1] is None
    assert used(*LIFE, wrong, message(15, attributes={"vcpus": 4}), message(20, terminated_at=19)) == [
        (1, 5, "p", "active", 1),
        (5, 15, "p", "active", 2),
        (15, 19, "p", "active", 4),
    ]


def test_an_end_that_staff_tell_outranks_messages_to_come() -> None:
    assert used(*LIFE, says(12, end=7), message(20, terminated_at=19))[-1][1] == 7


def test_a_window_changes_what_was_used_in_it_and_nothing_else() -> None:
    changed = says(12, since=2, until=6, project_id="q", attributes={"vcpus": 8})
    assert used(*LIFE, changed) == [
        (1, 2, "p", "active", 1),
        (2, 6, "q", "active", 8),
        (6, 9, "p", "active", 2),
    ]
    assert used(*LIFE, says(12, since=2, until=6, absent=True)) == [
        (1, 2, "p", "active", 1),
        (6, 9, "p", "active", 2),
    ]
    assert used(*LIFE, says(12, attributes={"vcpus": None})) == [(1, 9, "p", "active", None)]
    assert used(*LIFE, says(12, since=20, project_id="q")) == used(*LIFE)


def test_a_resource_that_no_message_tells_of() -> None:
    opened = says(12, start=3, end=9, project_id="q", state="stopped", attributes={"vcpus": 3})
    assert used(opened) == [(3, 9, "q", "stopped", 3)]
    assert used(says(12, end=9)) == []


def test_what_is_told_counts_as_a_message_does() -> None:
    seen = replace(says(7, has_observation=True), attributes={"vcpus": 6}, project_id="q", name="n")
    assert used(*LIFE, seen)[1:] == [(5, 7, "p", "active", 2), (7, 9, "q", "active", 6)]
    assert used(*LIFE, seen, message(8, attributes={"vcpus": 7}))[-1] == (8, 9, "p", "active", 7)
    gone = replace(says(7, has_observation=True), is_deleted=True)
    assert used(message(1, launched_at=1), gone) == [(1, 7, "p", "active", None)]


def test_a_correction_is_taken_back_and_that_too() -> None:
    wrong = says(12, "a", end=3)
    back = says(13, "b", revokes="a")
    again = says(14, "c", revokes="b")
    assert used(*LIFE, wrong, back) == used(*LIFE)
    assert used(*LIFE, wrong, back, again) == used(*LIFE, wrong)
    assert used(*LIFE, replace(says(6, "t", has_observation=True), terminated_at=6), says(15, revokes="t")) == used(
        *LIFE
    )
    assert used(*LIFE, says(12, "a", revokes="b"), says(13, "b", end=4))[-1][1] == 4, "none that comes later"


def test_children_end_with_a_corrected_parent() -> None:
    progress, _ = fold_all(INSTANCE, [*LIFE, says(12, end=4)])
    assert progress.end == 4
    assert progress.is_corrected


def test_to_tell_the_state_that_nobody_told_splits_nothing() -> None:
    told = says(12, since=3, until=7, state="active")
    assert used(*LIFE, told) == used(*LIFE)
    assert used(message(1, launched_at=1), says(12, since=3, state="stopped"), says(13, since=5, state="active")) == [
        (1, 3, "p", "active", None),
        (3, 5, "p", "stopped", None),
        (5, None, "p", "active", None),
    ]


@pytest.mark.parametrize("window", [{"since": 6, "until": 6}, {"since": 6, "until": 2}])
def test_a_window_of_no_time_changes_nothing(window: dict[str, Any]) -> None:
    assert used(*LIFE, says(12, absent=True, **window)) == used(*LIFE)


moments = st.integers(1, LAST - 1)
maybe = st.none() | moments
messages = st.builds(
    Statement,
    at=moments,
    message_id=st.uuids().map(lambda one: f"m{one}"),
    project_id=st.sampled_from(["p", "q", None]),
    state=st.sampled_from(["active", "stopped", None]),
    launched_at=maybe,
    terminated_at=st.none() | st.none() | moments,
    deleted_at=st.none() | st.none() | moments,
    is_deleted=st.sampled_from([False, False, True]),
    attributes=st.dictionaries(st.sampled_from(["vcpus"]), st.sampled_from([1, 2, None])),
)
corrections = st.builds(
    Correction,
    author=st.just("staff"),
    reason=st.just("because"),
    start=st.none() | maybe,
    end=st.none() | maybe,
    reopened=st.booleans(),
    since=maybe,
    until=maybe,
    project_id=st.sampled_from([None, None, "r"]),
    state=st.sampled_from([None, None, "paused"]),
    attributes=st.dictionaries(st.sampled_from(["vcpus"]), st.sampled_from([3, None])),
    absent=st.booleans(),
)
against = st.builds(
    Statement, at=moments, message_id=st.integers(0, 99).map(lambda one: f"z{one:02d}"), correction=corrections
)


@settings(max_examples=examples(1500))
@given(
    st.lists(messages, max_size=6, unique_by=lambda one: one.message_id),
    st.lists(against, max_size=4, unique_by=lambda one: one.message_id),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=2),
)
def test_every_instant_is_as_the_slow_way_says(
    told: list[Statement], said: list[Statement], taken_back: list[tuple[int, int]]
) -> None:
    for one, other in taken_back:
        if one < len(said) and other < len(said):
            correction = said[one].correction
            assert correction is not None
            back = replace(correction, revokes=said[other].message_id)
            said[one] = replace(said[one], correction=back)
    usage = fold(INSTANCE, [*said, *told])
    assert [_at(usage.segments, moment) for moment in range(LAST + 1)] == slowly(told, said)
    for this, following in pairwise(usage.segments):
        assert this.end is not None
        assert this.end <= following.start
        if this.end == following.start:
            assert replace(this, start=0, end=0) != replace(following, start=0, end=0)
    assert all(one.end is None or one.start < one.end for one in usage.segments)
    assert fold(INSTANCE, [*told, *said, *said[:2]]) == usage


def _at(stretches: tuple[Segment, ...], moment: int) -> tuple[str, str, int | None] | None:
    for one in stretches:
        if one.start <= moment and (one.end is None or moment < one.end):
            return one.project_id, one.state, one.attributes.get("vcpus")
    return None


def slowly(told: list[Statement], said: list[Statement]) -> list[tuple[str, str, int | None] | None]:
    """What is used at each instant up to LAST."""
    told = sorted(told, key=lambda one: one.rank)
    valid = sorted(said, key=lambda one: one.rank)
    for one in reversed(list(valid)):
        if one in valid and one.correction is not None:
            valid = [other for other in valid if other.rank >= one.rank or other.message_id != one.correction.revokes]
    starts = [one.launched_at for one in told if one.launched_at is not None]
    end = _end(told, 0)
    held: list[Held | None] = [
        _told_at(told, moment) if starts and min(starts) <= moment < end else None for moment in range(LAST + 1)
    ]
    windows: list[Correction] = []
    start = min(starts) if starts else None
    for one in valid:
        assert one.correction is not None
        start = start if one.correction.start is None else one.correction.start
        end = _apply(held, (start, end), told, one.at, one.correction, windows)
        windows.append(one.correction)
    return [
        None if one is None else (one.get("project") or "", one.get("state") or "active", one.get("vcpus"))
        for one in held
    ]


def _end(told: list[Statement], after: int) -> int:
    """The end that is told after an instant; beyond LAST where there is none."""
    for kind in (
        [one.terminated_at for one in told],
        [one.deleted_at for one in told],
        [one.at if one.is_deleted else None for one in told],
    ):
        known = [moment for moment in kind if moment is not None and moment > after]
        if known:
            return min(known)
    return LAST + 1


def _words(one: Statement | Correction) -> Held:
    told: Held = {"project": one.project_id, "state": one.state}
    return {name: word for name, word in told.items() if word is not None} | dict(one.attributes)


def _told_at(told: list[Statement], moment: int) -> Held:
    held: Held = {}
    for name in ("project", "state", "vcpus"):
        before = [_words(one)[name] for one in told if one.at <= moment and name in _words(one)]
        after = [_words(one)[name] for one in told if one.at > moment and name in _words(one)]
        if before or after:
            held[name] = before[-1] if before else after[0]
    return held


def _apply(
    held: list[Held | None],
    bounds: tuple[int | None, int],
    told: list[Statement],
    at: int,
    said: Correction,
    before: list[Correction],
) -> int:
    """Change `held`; what the end is by now."""
    start, end = bounds
    ends = said.end is not None or said.reopened
    if ends:
        end = said.end if said.end is not None else _end(told, at)
    in_use = [moment for moment in range(LAST + 1) if held[moment] is not None]
    first, last = (dict(held[in_use[0]] or {}), dict(held[in_use[-1]] or {})) if in_use else ({}, {})
    for moment in range(LAST + 1):
        if not in_use:
            revived = said.start is not None or (ends and not any(one.absent for one in before))
            if revived and start is not None and start <= moment < end:
                held[moment] = _under(before, moment, _told_at(told, moment))
        elif said.start is not None and moment < in_use[0]:
            held[moment] = _under(before, moment, first)
        elif ends and moment > in_use[-1]:
            held[moment] = _under(before, moment, _later(last, told, in_use[-1], moment))
        if (said.start is not None and moment < said.start) or (ends and moment >= end):
            held[moment] = None
        words = held[moment]
        if words is not None and _inside(said, moment):
            held[moment] = None if said.absent else words | _words(said)
    return end


def _later(held: Held, told: list[Statement], last: int, moment: int) -> Held:
    words = dict(held)
    for one in told:
        if last < one.at <= moment:
            words |= _words(one)
    return words


def _inside(said: Correction, moment: int) -> bool:
    return (said.since is None or said.since <= moment) and (said.until is None or moment < said.until)


def _under(before: list[Correction], moment: int, held: Held) -> Held:
    """With all that was corrected before."""
    for one in before:
        if _inside(one, moment) and not one.absent:
            held = held | _words(one)
    return held
