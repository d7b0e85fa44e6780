"""Corrections, compared with a slow implementation that visits each moment."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stratiform.services.ledger.model import Correction, Segment, Statement, fold_all_statements, fold_statements
from stratiform.services.ledger.model.statements import get_rank
from support.profiles import examples
from support.segments import INSTANCE

#: All moments are below this one, and none is a full second; the state at this moment is permanent.
LAST = 14

Properties = dict[str, Any]


def message(at: int, **fields: Any) -> Statement:
    return Statement(at=at, message_id=f"m-{at:03d}", project_id=fields.pop("project_id", "p"), **fields)


def correct(at: int, message_id: str = "", **fields: Any) -> Statement:
    return Statement(at, message_id or f"z-{at:03d}", correction=Correction("staff", "because", **fields))


def fold_usage(*statements: Statement) -> list[tuple[int, int | None, str, str, int | None]]:
    return [
        (each.start, each.end, each.project_id, each.state, each.attributes.get("vcpus"))
        for each in fold_statements(INSTANCE, statements).segments
    ]


LIFE = (
    message(1, launched_at=1, attributes={"vcpus": 1}),
    message(5, attributes={"vcpus": 2}),
    message(9, terminated_at=9),
)


def test_start_and_end_are_moved_in_both_directions() -> None:
    assert fold_usage(*LIFE, correct(12, start=3)) == [(3, 5, "p", "active", 1), (5, 9, "p", "active", 2)]
    assert fold_usage(*LIFE, correct(12, end=4)) == [(1, 4, "p", "active", 1)]
    assert fold_usage(*LIFE, correct(12, end=20)) == [(1, 5, "p", "active", 1), (5, 20, "p", "active", 2)]
    later = (message(3, launched_at=3), *LIFE[1:])
    assert fold_usage(message(5, launched_at=5, terminated_at=5), correct(12, end=7)) == [(5, 7, "p", "active", None)]
    assert fold_usage(*LIFE, correct(12, absent=True), correct(13, end=7)) == []
    assert fold_usage(*later, correct(12, start=1)) == [(1, 9, "p", "active", 2)]
    assert fold_usage(*LIFE, correct(12, start=10)) == []
    assert fold_usage(*LIFE, correct(12, start=10, end=11)) == [(10, 11, "p", "active", 2)]


def test_reopened_use_ends_with_a_later_message() -> None:
    first = correct(12, reopened=True)
    assert fold_usage(*LIFE, first)[-1] == (5, None, "p", "active", 2)
    assert fold_usage(*LIFE, first, message(10, terminated_at=11))[-1][1] is None
    assert fold_usage(*LIFE, first, message(15, attributes={"vcpus": 4}), message(20, terminated_at=19)) == [
        (1, 5, "p", "active", 1),
        (5, 15, "p", "active", 2),
        (15, 19, "p", "active", 4),
    ]


def test_corrected_end_outranks_later_messages() -> None:
    assert fold_usage(*LIFE, correct(12, end=7), message(20, terminated_at=19))[-1][1] == 7


def test_window_changes_only_the_use_within_it() -> None:
    changed = correct(12, since=2, until=6, project_id="q", attributes={"vcpus": 8})
    assert fold_usage(*LIFE, changed) == [
        (1, 2, "p", "active", 1),
        (2, 6, "q", "active", 8),
        (6, 9, "p", "active", 2),
    ]
    assert fold_usage(*LIFE, correct(12, since=2, until=6, absent=True)) == [
        (1, 2, "p", "active", 1),
        (6, 9, "p", "active", 2),
    ]
    assert fold_usage(*LIFE, correct(12, attributes={"vcpus": None})) == [(1, 9, "p", "active", None)]
    assert fold_usage(*LIFE, correct(12, since=20, project_id="q")) == fold_usage(*LIFE)


def test_resource_without_messages() -> None:
    created = correct(12, start=3, end=9, project_id="q", state="stopped", attributes={"vcpus": 3})
    assert fold_usage(created) == [(3, 9, "q", "stopped", 3)]
    assert fold_usage(correct(12, end=9)) == []


def test_observation_counts_as_a_message() -> None:
    observation = replace(correct(7, has_observation=True), attributes={"vcpus": 6}, project_id="q", name="n")
    assert fold_usage(*LIFE, observation)[1:] == [(5, 7, "p", "active", 2), (7, 9, "q", "active", 6)]
    assert fold_usage(*LIFE, observation, message(8, attributes={"vcpus": 7}))[-1] == (8, 9, "p", "active", 7)
    deletion = replace(correct(7, has_observation=True), is_deleted=True)
    assert fold_usage(message(1, launched_at=1), deletion) == [(1, 7, "p", "active", None)]


def test_corrections_and_revocations_are_revoked() -> None:
    first = correct(12, "a", end=3)
    revocation = correct(13, "b", revokes="a")
    second_revocation = correct(14, "c", revokes="b")
    assert fold_usage(*LIFE, first, revocation) == fold_usage(*LIFE)
    assert fold_usage(*LIFE, first, revocation, second_revocation) == fold_usage(*LIFE, first)
    assert fold_usage(
        *LIFE, replace(correct(6, "t", has_observation=True), terminated_at=6), correct(15, revokes="t")
    ) == fold_usage(*LIFE)
    assert fold_usage(*LIFE, correct(12, "a", revokes="b"), correct(13, "b", end=4))[-1][1] == 4, (
        "a correction can't revoke a later one"
    )


def test_children_end_with_a_corrected_parent() -> None:
    progress, _ = fold_all_statements(INSTANCE, [*LIFE, correct(12, end=4)])
    assert progress.end == 4
    assert progress.is_corrected


def test_default_state_starts_no_segment() -> None:
    messages_ = correct(12, since=3, until=7, state="active")
    assert fold_usage(*LIFE, messages_) == fold_usage(*LIFE)
    assert fold_usage(
        message(1, launched_at=1), correct(12, since=3, state="stopped"), correct(13, since=5, state="active")
    ) == [
        (1, 3, "p", "active", None),
        (3, 5, "p", "stopped", None),
        (5, None, "p", "active", None),
    ]


@pytest.mark.parametrize("window", [{"since": 6, "until": 6}, {"since": 6, "until": 2}])
def test_empty_window_changes_nothing(window: dict[str, Any]) -> None:
    assert fold_usage(*LIFE, correct(12, absent=True, **window)) == fold_usage(*LIFE)


moments = st.integers(1, LAST - 1)
maybe = st.none() | moments
messages = st.builds(
    Statement,
    at=moments,
    message_id=st.uuids().map(lambda each: f"m{each}"),
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
correction_statements = st.builds(
    Statement, at=moments, message_id=st.integers(0, 99).map(lambda each: f"z{each:02d}"), correction=corrections
)


@settings(max_examples=examples(1500))
@given(
    st.lists(messages, max_size=6, unique_by=lambda each: each.message_id),
    st.lists(correction_statements, max_size=4, unique_by=lambda each: each.message_id),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=2),
)
def test_result_equals_the_slow_implementation(
    messages_: list[Statement], corrected: list[Statement], revocations: list[tuple[int, int]]
) -> None:
    for each, other in revocations:
        if each < len(corrected) and other < len(corrected):
            correction = corrected[each].correction
            assert correction is not None
            revocation = replace(correction, revokes=corrected[other].message_id)
            corrected[each] = replace(corrected[each], correction=revocation)
    usage = fold_statements(INSTANCE, [*corrected, *messages_])
    assert [_at(usage.segments, moment) for moment in range(LAST + 1)] == apply_slowly(messages_, corrected)
    for earlier, following in pairwise(usage.segments):
        assert earlier.end is not None
        assert earlier.end <= following.start
        if earlier.end == following.start:
            assert replace(earlier, start=0, end=0) != replace(following, start=0, end=0)
    assert all(each.end is None or each.start < each.end for each in usage.segments)
    assert fold_statements(INSTANCE, [*messages_, *corrected, *corrected[:2]]) == usage


def _at(segments: tuple[Segment, ...], moment: int) -> tuple[str, str, int | None] | None:
    for each in segments:
        if each.start <= moment and (each.end is None or moment < each.end):
            return each.project_id, each.state, each.attributes.get("vcpus")
    return None


def apply_slowly(messages_: list[Statement], corrected: list[Statement]) -> list[tuple[str, str, int | None] | None]:
    """Return the usage at each moment up to LAST."""
    messages_ = sorted(messages_, key=get_rank)
    valid = sorted(corrected, key=get_rank)
    for each in reversed(list(valid)):
        if each in valid and each.correction is not None:
            valid = [
                other
                for other in valid
                if get_rank(other) >= get_rank(each) or other.message_id != each.correction.revokes
            ]
    starts = [each.launched_at for each in messages_ if each.launched_at is not None]
    end = _end(messages_, 0)
    usage_: list[Properties | None] = [
        _properties_at(messages_, moment) if starts and min(starts) <= moment < end else None
        for moment in range(LAST + 1)
    ]
    windows: list[Correction] = []
    start = min(starts) if starts else None
    for each in valid:
        assert each.correction is not None
        start = start if each.correction.start is None else each.correction.start
        end = _apply(usage_, (start, end), messages_, each.at, each.correction, windows)
        windows.append(each.correction)
    return [
        None if each is None else (each.get("project") or "", each.get("state") or "active", each.get("vcpus"))
        for each in usage_
    ]


def _end(messages_: list[Statement], after: int) -> int:
    """Return the stated end after a moment; LAST + 1 if there is none."""
    for kind in (
        [each.terminated_at for each in messages_],
        [each.deleted_at for each in messages_],
        [each.at if each.is_deleted else None for each in messages_],
    ):
        ends = [moment for moment in kind if moment is not None and moment > after]
        if ends:
            return min(ends)
    return LAST + 1


def _properties(each: Statement | Correction) -> Properties:
    messages_: Properties = {"project": each.project_id, "state": each.state}
    return {name: value for name, value in messages_.items() if value is not None} | dict(each.attributes)


def _properties_at(messages_: list[Statement], moment: int) -> Properties:
    usage_: Properties = {}
    for name in ("project", "state", "vcpus"):
        earlier_corrections = [
            _properties(each)[name] for each in messages_ if each.at <= moment and name in _properties(each)
        ]
        after = [_properties(each)[name] for each in messages_ if each.at > moment and name in _properties(each)]
        if earlier_corrections or after:
            usage_[name] = earlier_corrections[-1] if earlier_corrections else after[0]
    return usage_


def _apply(
    usage_: list[Properties | None],
    bounds: tuple[int | None, int],
    messages_: list[Statement],
    at: int,
    corrected: Correction,
    earlier_corrections: list[Correction],
) -> int:
    """Change `usage_`, and return the end."""
    start, end = bounds
    ends = corrected.end is not None or corrected.reopened
    if ends:
        end = corrected.end if corrected.end is not None else _end(messages_, at)
    used_moments = [moment for moment in range(LAST + 1) if usage_[moment] is not None]
    first, last = (
        (dict(usage_[used_moments[0]] or {}), dict(usage_[used_moments[-1]] or {})) if used_moments else ({}, {})
    )
    for moment in range(LAST + 1):
        if not used_moments:
            is_restored = corrected.start is not None or (ends and not any(each.absent for each in earlier_corrections))
            if is_restored and start is not None and start <= moment < end:
                usage_[moment] = _apply_earlier(earlier_corrections, moment, _properties_at(messages_, moment))
        elif corrected.start is not None and moment < used_moments[0]:
            usage_[moment] = _apply_earlier(earlier_corrections, moment, first)
        elif ends and moment > used_moments[-1]:
            usage_[moment] = _apply_earlier(
                earlier_corrections, moment, _apply_later_messages(last, messages_, used_moments[-1], moment)
            )
        if (corrected.start is not None and moment < corrected.start) or (ends and moment >= end):
            usage_[moment] = None
        properties = usage_[moment]
        if properties is not None and _inside(corrected, moment):
            usage_[moment] = None if corrected.absent else properties | _properties(corrected)
    return end


def _apply_later_messages(usage_: Properties, messages_: list[Statement], last: int, moment: int) -> Properties:
    properties = dict(usage_)
    for each in messages_:
        if last < each.at <= moment:
            properties |= _properties(each)
    return properties


def _inside(corrected: Correction, moment: int) -> bool:
    return (corrected.since is None or corrected.since <= moment) and (
        corrected.until is None or moment < corrected.until
    )


def _apply_earlier(earlier_corrections: list[Correction], moment: int, usage_: Properties) -> Properties:
    """Apply earlier corrections."""
    for each in earlier_corrections:
        if _inside(each, moment) and not each.absent:
            usage_ = usage_ | _properties(each)
    return usage_
