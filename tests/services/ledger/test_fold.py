"""The rules of the fold, and its invariants for random statements."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stratiform.kit.clock import SECOND_US
from stratiform.services.ledger.model import FoldedUsage, Resource, Segment, Statement, fold_statements
from support.segments import INSTANCE, segment

S = SECOND_US


def statement(at: int, number: int = 0, **fields: Any) -> Statement:
    return Statement(at=at, message_id=f"{at:012d}-{number}", project_id=fields.pop("project_id", "p"), **fields)


def fold_segments(*statements: Statement, resource: Resource = INSTANCE) -> list[Segment]:
    return list(fold_statements(resource, statements).segments)


def test_no_launch_no_usage() -> None:
    assert fold_statements(INSTANCE, [statement(5, name="a"), statement(6, is_deleted=True, name="b")]) == FoldedUsage(
        "b", (), end=6
    )


def test_precise_launch_replaces_a_truncated_one() -> None:
    segments = fold_segments(
        statement(9 * S, launched_at=7 * S),
        statement(10 * S, launched_at=7 * S + 5),
        statement(11 * S, launched_at=8 * S + 1),
    )
    assert segments == [segment(7 * S + 5, None, "p", "active", {})]


def test_precise_end_replaces_a_truncated_one() -> None:
    segments = fold_segments(
        statement(9 * S, launched_at=S),
        statement(20 * S, terminated_at=12 * S),
        statement(21 * S, terminated_at=12 * S + 7),
    )
    assert segments[-1].end == 12 * S + 7


def test_later_launch_does_not_interrupt_use() -> None:
    segments = fold_segments(
        statement(2 * S, launched_at=S, state="active"), statement(9 * S, launched_at=8 * S, state="active")
    )
    assert segments == [segment(S, None, "p", "active", {})]


def test_missing_start_is_inferred_from_a_later_statement() -> None:
    segments = fold_segments(statement(50 * S, launched_at=S, state="stopped", attributes={"vcpus": 2}))
    assert segments == [segment(S, None, "p", "stopped", {"vcpus": 2})]


def test_missing_end_is_inferred_from_a_deleted_resource() -> None:
    segments = fold_segments(
        statement(S, launched_at=S, state="active"),
        statement(9 * S, is_deleted=True),
        statement(30 * S, is_deleted=True),
    )
    assert segments == [segment(S, 9 * S, "p", "active", {})]


def test_most_reliable_end_counts() -> None:
    launch = statement(S, launched_at=S)
    assert fold_segments(launch, statement(9 * S, is_deleted=True, deleted_at=8 * S))[0].end == 8 * S
    assert (
        fold_segments(launch, statement(9 * S, is_deleted=True, deleted_at=5 * S, terminated_at=8 * S))[0].end == 8 * S
    )


def test_late_create_event_does_not_reopen_use() -> None:
    segments = fold_segments(
        statement(S, launched_at=S, state="active"),
        statement(5 * S, terminated_at=5 * S, is_deleted=True),
        statement(6 * S, launched_at=S),
    )
    assert segments == [segment(S, 5 * S, "p", "active", {})]


def test_statements_after_the_end_count_only_without_earlier_ones() -> None:
    segments = fold_segments(
        statement(9 * S, launched_at=S, terminated_at=5 * S, attributes={"vcpus": 1}, project_id="late"),
        statement(10 * S, launched_at=S, attributes={"vcpus": 9, "ram_mib": 3}, project_id="later"),
    )
    assert segments == [segment(S, 5 * S, "late", "active", {"ram_mib": 3, "vcpus": 1})]


def test_changes_start_segments_and_equal_neighbours_merge() -> None:
    segments = fold_segments(
        statement(S, launched_at=S, state="active", attributes={"vcpus": 1}),
        statement(2 * S, launched_at=S, state="active", attributes={"vcpus": 1}),
        statement(3 * S, launched_at=S, state="stopped"),
        statement(4 * S, launched_at=S, attributes={"vcpus": 2}),
        statement(5 * S, launched_at=S, state="stopped", attributes={"vcpus": 2}),
        statement(6 * S, launched_at=S, project_id="other"),
    )
    assert [(each.start, each.end, each.project_id, each.state, each.attributes["vcpus"]) for each in segments] == [
        (S, 3 * S, "p", "active", 1),
        (3 * S, 4 * S, "p", "stopped", 1),
        (4 * S, 6 * S, "p", "stopped", 2),
        (6 * S, None, "other", "stopped", 2),
    ]


def test_name_starts_no_segment_and_the_last_one_counts() -> None:
    usage = fold_statements(
        INSTANCE,
        [
            statement(S, launched_at=S, name="a"),
            statement(2 * S, name="b"),
            statement(9 * S, is_deleted=True, name="c"),
        ],
    )
    assert usage.name == "c"
    assert len(usage.segments) == 1


def test_at_the_same_time_the_higher_message_id_counts() -> None:
    first, second = statement(2 * S, 1, state="stopped"), statement(2 * S, 2, state="paused")
    launch = statement(S, launched_at=S, state="active")
    assert fold_segments(launch, first, second) == fold_segments(second, first, launch)
    assert [each.state for each in fold_segments(first, second, launch)] == ["active", "paused"]


def test_null_removes_an_attribute() -> None:
    segments = fold_segments(
        statement(S, launched_at=S, attributes={"os_type": "windows"}),
        statement(5 * S, launched_at=S, attributes={"os_type": None}),
    )
    assert [each.attributes for each in segments] == [{"os_type": "windows"}, {}]


def test_end_before_start_is_no_usage() -> None:
    assert fold_segments(statement(S, launched_at=9 * S), statement(10 * S, terminated_at=9 * S)) == []
    assert fold_segments(statement(S, launched_at=9 * S), statement(10 * S, terminated_at=3 * S)) == []


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


@given(st.lists(statements, max_size=12, unique_by=lambda each: each.message_id), st.randoms())
def test_order_and_duplicates_do_not_matter(sample: list[Statement], random: Any) -> None:
    shuffled = sample + [random.choice(sample) for _ in range(5) if sample]
    random.shuffle(shuffled)
    assert fold_statements(INSTANCE, shuffled) == fold_statements(INSTANCE, sample)


@given(st.lists(statements, max_size=12, unique_by=lambda each: each.message_id))
def test_segments_have_no_gaps_or_overlaps(sample: list[Statement]) -> None:
    segments = fold_statements(INSTANCE, sample).segments
    for earlier, following in pairwise(segments):
        assert earlier.end == following.start
        assert (earlier.project_id, earlier.state, earlier.attributes) != (
            following.project_id,
            following.state,
            following.attributes,
        )
    for each in segments:
        assert each.end is None or each.start < each.end
        assert None not in each.attributes.values()
    assert sum(each.end is None for each in segments) <= 1
    has_no_end = not any(each.is_deleted or (each.terminated_at, each.deleted_at) != (None, None) for each in sample)
    if has_no_end and any(each.launched_at is not None for each in sample):
        assert segments[-1].end is None
