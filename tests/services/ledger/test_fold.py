"""The fold's rules, one by one, and what holds of it whatever is said."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stratiform.kit.clock import SECOND_US
from stratiform.services.ledger.model import Resource, Segment, Statement, Usage, fold
from support.segments import INSTANCE, segment

S = SECOND_US


def said(at: int, number: int = 0, **what: Any) -> Statement:
    return Statement(at=at, message_id=f"{at:012d}-{number}", project_id=what.pop("project_id", "p"), **what)


def stretches(*statements: Statement, resource: Resource = INSTANCE) -> list[Segment]:
    return list(fold(resource, statements).segments)


def test_never_launched_is_never_used() -> None:
    assert fold(INSTANCE, [said(5, name="a"), said(6, is_deleted=True, name="b")]) == Usage("b", (), end=6)


def test_a_launch_cut_to_seconds_is_replaced_by_the_precise_one() -> None:
    found = stretches(
        said(9 * S, launched_at=7 * S), said(10 * S, launched_at=7 * S + 5), said(11 * S, launched_at=8 * S + 1)
    )
    assert found == [segment(7 * S + 5, None, "p", "active", {})]


def test_an_end_cut_to_seconds_is_replaced_by_the_precise_one() -> None:
    found = stretches(
        said(9 * S, launched_at=S), said(20 * S, terminated_at=12 * S), said(21 * S, terminated_at=12 * S + 7)
    )
    assert found[-1].end == 12 * S + 7


def test_a_later_launch_interrupts_nothing() -> None:
    found = stretches(said(2 * S, launched_at=S, state="active"), said(9 * S, launched_at=8 * S, state="active"))
    assert found == [segment(S, None, "p", "active", {})]


def test_a_lost_start_is_opened_from_any_later_statement() -> None:
    found = stretches(said(50 * S, launched_at=S, state="stopped", attributes={"vcpus": 2}))
    assert found == [segment(S, None, "p", "stopped", {"vcpus": 2})]


def test_a_lost_end_is_closed_by_any_statement_that_it_is_gone() -> None:
    found = stretches(
        said(S, launched_at=S, state="active"), said(9 * S, is_deleted=True), said(30 * S, is_deleted=True)
    )
    assert found == [segment(S, 9 * S, "p", "active", {})]


def test_the_best_word_on_the_end_counts() -> None:
    opened = said(S, launched_at=S)
    assert stretches(opened, said(9 * S, is_deleted=True, deleted_at=8 * S))[0].end == 8 * S
    assert stretches(opened, said(9 * S, is_deleted=True, deleted_at=5 * S, terminated_at=8 * S))[0].end == 8 * S


def test_a_late_create_after_the_delete_opens_nothing_anew() -> None:
    found = stretches(
        said(S, launched_at=S, state="active"),
        said(5 * S, terminated_at=5 * S, is_deleted=True),
        said(6 * S, launched_at=S),
    )
    assert found == [segment(S, 5 * S, "p", "active", {})]


def test_what_is_said_after_the_end_counts_only_where_nothing_was_said_before() -> None:
    found = stretches(
        said(9 * S, launched_at=S, terminated_at=5 * S, attributes={"vcpus": 1}, project_id="late"),
        said(10 * S, launched_at=S, attributes={"vcpus": 9, "ram_mib": 3}, project_id="later"),
    )
    assert found == [segment(S, 5 * S, "late", "active", {"ram_mib": 3, "vcpus": 1})]


def test_changes_split_and_equal_neighbours_merge() -> None:
    found = stretches(
        said(S, launched_at=S, state="active", attributes={"vcpus": 1}),
        said(2 * S, launched_at=S, state="active", attributes={"vcpus": 1}),
        said(3 * S, launched_at=S, state="stopped"),
        said(4 * S, launched_at=S, attributes={"vcpus": 2}),
        said(5 * S, launched_at=S, state="stopped", attributes={"vcpus": 2}),
        said(6 * S, launched_at=S, project_id="other"),
    )
    assert [(one.start, one.end, one.project_id, one.state, one.attributes["vcpus"]) for one in found] == [
        (S, 3 * S, "p", "active", 1),
        (3 * S, 4 * S, "p", "stopped", 1),
        (4 * S, 6 * S, "p", "stopped", 2),
        (6 * S, None, "other", "stopped", 2),
    ]


def test_a_name_splits_nothing_and_the_last_one_is_kept() -> None:
    usage = fold(
        INSTANCE, [said(S, launched_at=S, name="a"), said(2 * S, name="b"), said(9 * S, is_deleted=True, name="c")]
    )
    assert usage.name == "c"
    assert len(usage.segments) == 1


def test_at_equal_instants_the_higher_message_id_has_the_last_word() -> None:
    first, second = said(2 * S, 1, state="stopped"), said(2 * S, 2, state="paused")
    opened = said(S, launched_at=S, state="active")
    assert stretches(opened, first, second) == stretches(second, first, opened)
    assert [one.state for one in stretches(first, second, opened)] == ["active", "paused"]


def test_null_is_an_answer_where_it_is_given() -> None:
    found = stretches(
        said(S, launched_at=S, attributes={"os_type": "windows"}),
        said(5 * S, launched_at=S, attributes={"os_type": None}),
    )
    assert [one.attributes for one in found] == [{"os_type": "windows"}, {}]


def test_an_end_before_the_start_is_no_use() -> None:
    assert stretches(said(S, launched_at=9 * S), said(10 * S, terminated_at=9 * S)) == []
    assert stretches(said(S, launched_at=9 * S), said(10 * S, terminated_at=3 * S)) == []


moments = st.integers(0, 40).map(lambda half: half * S // 2 + half % 3)
statements = st.builds(
    Statement,
    at=moments,
    message_id=st.uuids().map(str),
    project_id=st.sampled_from(["p", "q", None]),
    name=st.sampled_from(["a", "b", None]),
    state=st.sampled_from(["active", "stopped", None]),
    launched_at=st.none() | moments,
    terminated_at=st.none() | st.none() | moments,
    deleted_at=st.none() | st.none() | moments,
    is_deleted=st.sampled_from([False, False, True]),
    attributes=st.dictionaries(st.sampled_from(["vcpus", "ram_mib"]), st.sampled_from([1, 2, None]), max_size=2),
)


@given(st.lists(statements, max_size=12, unique_by=lambda one: one.message_id), st.randoms())
def test_order_and_repetition_do_not_matter(some: list[Statement], chance: Any) -> None:
    more = some + [chance.choice(some) for _ in range(5) if some]
    chance.shuffle(more)
    assert fold(INSTANCE, more) == fold(INSTANCE, some)


@given(st.lists(statements, max_size=12, unique_by=lambda one: one.message_id))
def test_segments_follow_each_other_without_gap_or_overlap(some: list[Statement]) -> None:
    found = fold(INSTANCE, some).segments
    for this, following in pairwise(found):
        assert this.end == following.start
        assert (this.project_id, this.state, this.attributes) != (
            following.project_id,
            following.state,
            following.attributes,
        )
    for one in found:
        assert one.end is None or one.start < one.end
        assert None not in one.attributes.values()
    assert sum(one.end is None for one in found) <= 1
    endless = not any(one.is_deleted or (one.terminated_at, one.deleted_at) != (None, None) for one in some)
    if endless and any(one.launched_at is not None for one in some):
        assert found[-1].end is None
