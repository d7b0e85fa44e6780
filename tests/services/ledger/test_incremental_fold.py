"""Going on with a fold gives what folding everything gives, however the statements are cut into batches."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stratiform.kit.clock import SECOND_US
from stratiform.services.ledger.model import Segment, Statement, fold_all, fold_next
from support.profiles import examples
from support.segments import INSTANCE

S = SECOND_US

moments = st.integers(0, 40).map(lambda half: half * S // 2 + half % 3)
rarely = st.integers(0, 9).flatmap(lambda chance: moments if chance == 0 else st.none())
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
    attributes=st.dictionaries(st.sampled_from(["vcpus", "ram_mib"]), st.sampled_from([1, 2, None]), max_size=2),
    tags=st.sampled_from([None, {"env": "a"}, {}]),
    parent=st.sampled_from([None, None, ("volume", "1")]),
    samples=st.sampled_from([{}, {}, {}, {"bytes_out": Decimal(1)}]),
)


@settings(max_examples=examples(300))
@given(st.lists(statements, min_size=1, max_size=9, unique_by=lambda one: one.rank), st.booleans(), st.data())
def test_in_batches_is_as_at_once(said: list[Statement], in_order: bool, data: Any) -> None:
    if in_order:
        said = sorted(said, key=lambda one: one.rank)
    taken = data.draw(st.integers(1, len(said)))
    progress, usage = fold_all(INSTANCE, said[:taken])
    held: list[Segment] = list(usage.segments)
    while taken < len(said):
        more = data.draw(st.integers(1, len(said) - taken))
        found = fold_next(INSTANCE, progress, said[taken : taken + more])
        taken += more
        whole, usage = fold_all(INSTANCE, said[:taken])
        if found is None:
            progress, held = whole, list(usage.segments)
            continue
        progress, instead = found
        if instead:
            held[-1:] = instead
        assert held == list(usage.segments)
        assert progress == whole


def test_a_long_life_in_order_is_never_read_again() -> None:
    progress, _ = fold_all(INSTANCE, [Statement(S, "0", "p", "a", "active", launched_at=S, attributes={"vcpus": 1})])
    for hour in range(1, 2000):
        exists = Statement(
            S + hour, str(hour), "p", "a", "active", launched_at=S, attributes={"vcpus": 1 + hour // 1000}
        )
        found = fold_next(INSTANCE, progress, [exists])
        assert found is not None
        progress, instead = found
        assert len(instead) == (2 if hour == 1000 else 0)
    assert progress.count == 2000
