"""The incremental fold has the result of a full fold for any batches."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from stratiform.kit.clock import SECOND_US
from stratiform.services.ledger.model import Segment, Statement, fold_all_statements, fold_next_statements
from stratiform.services.ledger.model.statements import get_rank
from support.profiles import examples
from support.segments import INSTANCE

S = SECOND_US

moments = st.integers(0, 40).map(lambda half: half * S // 2 + half % 3)
rarely = st.integers(0, 9).flatmap(lambda n: moments if n == 0 else st.none())
statements = st.builds(
    Statement,
    at=moments,
    message_id=st.uuids().map(str),
    project_id=st.sampled_from(["p", "p", "q", None]),
    name=st.sampled_from(["a", "b", None]),
    state=st.sampled_from(["active", "stopped", None]),
    launched_at=st.sampled_from([None, S, S, S + 7]) | moments,
    terminated_at=rarely,
    deleted_at=rarely,
    is_deleted=st.sampled_from([False] * 9 + [True]),
    attributes=st.dictionaries(
        st.sampled_from(["vcpus", "ram_mib", "image_id", "image_name"]), st.sampled_from([1, 2, None]), max_size=2
    ),
    tags=st.sampled_from([None, {"env": "a"}, {}]),
    parent=st.sampled_from([None, None, ("volume", "1")]),
    samples=st.sampled_from([{}, {}, {}, {"bytes_out": Decimal(1)}]),
)


@settings(max_examples=examples(300))
@given(st.lists(statements, min_size=1, max_size=9, unique_by=get_rank), st.booleans(), st.data())
def test_batches_give_the_same_result_as_one_fold(statements_: list[Statement], in_order: bool, data: Any) -> None:
    if in_order:
        statements_ = sorted(statements_, key=get_rank)
    count = data.draw(st.integers(1, len(statements_)))
    progress, usage = fold_all_statements(INSTANCE, statements_[:count])
    segments: list[Segment] = list(usage.segments)
    while count < len(statements_):
        size = data.draw(st.integers(1, len(statements_) - count))
        result = fold_next_statements(INSTANCE, progress, statements_[count : count + size])
        count += size
        expected, usage = fold_all_statements(INSTANCE, statements_[:count])
        if result is None:
            progress, segments = expected, list(usage.segments)
            continue
        progress, replacements = result
        if replacements:
            segments[-1:] = replacements
        assert segments == list(usage.segments)
        assert progress == expected


def test_ordered_statements_never_need_a_full_fold() -> None:
    progress, _ = fold_all_statements(
        INSTANCE, [Statement(S, "0", "p", "a", "active", launched_at=S, attributes={"vcpus": 1})]
    )
    for hour in range(1, 2000):
        exists = Statement(
            S + hour, str(hour), "p", "a", "active", launched_at=S, attributes={"vcpus": 1 + hour // 1000}
        )
        result = fold_next_statements(INSTANCE, progress, [exists])
        assert result is not None
        progress, replacements = result
        assert len(replacements) == (2 if hour == 1000 else 0)
    assert progress.count == 2000


@settings(max_examples=examples(300))
@given(
    st.lists(st.sampled_from(["active", "stopped"]), min_size=1, max_size=5),
    st.sampled_from([0, S // 2, S, S + 1]),
    st.sampled_from(["terminated_at", "deleted_at", "is_deleted"]),
    st.integers(0, 2),
)
def test_end_in_order_needs_no_full_fold(states: list[str], delay: int, field: str, repeats: int) -> None:
    """The last statement has an end that is up to `delay` before it, but after all others; it is repeated."""
    statements_ = [
        Statement(2 * S * (1 + n), str(n), "p", "a", state, launched_at=S, attributes={"vcpus": 1})
        for n, state in enumerate(states)
    ]
    end = statements_[-1].at + S + 1
    last = Statement(end + delay, "", "p", "b", "stopped", launched_at=S, attributes={"vcpus": 1})
    last = structs.replace(last, **{field: True if field == "is_deleted" else end})
    statements_ += [structs.replace(last, message_id=f"end-{n}") for n in range(1 + repeats)]
    progress, usage = fold_all_statements(INSTANCE, statements_[:1])
    segments: list[Segment] = list(usage.segments)
    for count in range(2, len(statements_) + 1):
        result = fold_next_statements(INSTANCE, progress, [statements_[count - 1]])
        assert result is not None
        progress, replacements = result
        segments[-1:] = replacements or segments[-1:]
        expected, usage = fold_all_statements(INSTANCE, statements_[:count])
        assert (progress, segments) == (expected, list(usage.segments))
    assert segments[-1].end is not None
