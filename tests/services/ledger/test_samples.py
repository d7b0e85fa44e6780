"""What samples sum to, held to slow and obvious ways of saying the same."""

import itertools
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from stratiform.kit.clock import SECOND_US
from stratiform.services.ledger.model import METER_KINDS, MeterKind
from stratiform.services.ledger.model.samples import (
    MAX_HOLD,
    Sample,
    format_decimal,
    iterate_contributions,
    sum_samples,
)

VALUES = st.decimals(min_value=0, max_value=1000, places=3)
KIND = st.sampled_from(METER_KINDS)


@st.composite
def told(draw: st.DrawFn) -> list[Sample]:
    """Samples of one counter; some at one instant."""
    instants = draw(st.lists(st.integers(0, 40), max_size=8))
    return [
        Sample(at, f"m{number}", draw(VALUES), hold=draw(st.integers(0, 15)), project_id=draw(st.sampled_from("pq")))
        for number, at in enumerate(instants)
    ]


def slowly(kind: str, samples: Sequence[Sample], start: int, end: int) -> Decimal:
    """One instant after the other."""
    known = {one.at: one for one in sorted(samples, key=lambda one: (one.at, one.message_id))}
    found = Decimal(0)
    if kind == "gauge":
        for instant in range(start, end):
            before = [one for one in known.values() if one.at <= instant]
            if before and instant < before[-1].at + before[-1].hold:
                found += before[-1].value / SECOND_US
        return found
    last: Decimal | None = None
    for at in sorted(known):
        value = known[at].value
        grown = value if kind == "delta" else Decimal(0) if last is None else value - last if value >= last else value
        if start < at <= end:
            found += grown
        last = value
    return found


@given(KIND, told(), st.integers(0, 60), st.integers(0, 60))
def test_a_quantity_is_what_the_slow_way_says(kind: str, samples: list[Sample], one: int, other: int) -> None:
    start, end = sorted((one, other))
    assert sum_samples(cast("MeterKind", kind), samples, start, end) == slowly(kind, samples, start, end)


@given(KIND, told(), st.randoms())
def test_order_and_repetition_change_nothing(kind: str, samples: list[Sample], chance: random.Random) -> None:
    again = [*samples, *samples]
    chance.shuffle(again)
    assert [*iterate_contributions(cast("MeterKind", kind), again)] == [
        *iterate_contributions(cast("MeterKind", kind), samples)
    ]


@given(KIND, told(), st.lists(st.integers(0, 60), min_size=2, max_size=6))
def test_neighbouring_periods_sum_to_the_whole(kind: str, samples: list[Sample], cuts: list[int]) -> None:
    bounds, of = sorted(cuts), cast("MeterKind", kind)
    parts = [sum_samples(of, samples, start, end) for start, end in itertools.pairwise(bounds)]
    assert sum(parts) == sum_samples(of, samples, bounds[0], bounds[-1])


def test_a_counter_that_begins_anew_counts_from_zero() -> None:
    readings = [Sample(at, str(at), Decimal(value)) for at, value in ((1, 100), (2, 150), (3, 7), (4, 9))]
    assert sum_samples("cumulative", readings, 0, 9) == 50 + 7 + 2
    assert sum_samples("cumulative", readings[:1], 0, 9) == 0


def test_no_value_holds_for_ever() -> None:
    assert sum_samples("gauge", [Sample(0, "m", Decimal(1), hold=2**62)], 0, 2**61) == MAX_HOLD // SECOND_US


def test_nothing_is_rounded() -> None:
    tiny, large = Decimal("0.000000000000000000000000000001"), Decimal(10) ** 30
    assert sum_samples("delta", [Sample(1, "a", tiny), Sample(2, "b", large)], 0, 9) - large == tiny


def test_numbers_are_told_without_exponents_and_empty_zeros() -> None:
    assert [format_decimal(Decimal(one)) for one in ("1E+3", "0.100", "-0", "12", "1E-7", "100")] == [
        "1000", "0.1", "0", "12", "0.0000001", "100",
    ]  # fmt: skip
