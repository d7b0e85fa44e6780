"""Sums of samples, compared with a slow and obvious implementation."""

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
def sample_lists(draw: st.DrawFn) -> list[Sample]:
    """Draw samples of one counter, some of them at the same time."""
    times = draw(st.lists(st.integers(0, 40), max_size=8))
    return [
        Sample(at, f"m{number}", draw(VALUES), hold=draw(st.integers(0, 15)), project_id=draw(st.sampled_from("pq")))
        for number, at in enumerate(times)
    ]


def sum_slowly(kind: str, samples: Sequence[Sample], start: int, end: int) -> Decimal:
    """Sum by visiting each moment."""
    by_time = {each.at: each for each in sorted(samples, key=lambda each: (each.at, each.message_id))}
    result = Decimal(0)
    if kind == "gauge":
        for moment in range(start, end):
            before = [each for each in by_time.values() if each.at <= moment]
            if before and moment < before[-1].at + before[-1].hold:
                result += before[-1].value / SECOND_US
        return result
    last: Decimal | None = None
    for at in sorted(by_time):
        value = by_time[at].value
        growth = value if kind == "delta" else Decimal(0) if last is None else value - last if value >= last else value
        if start < at <= end:
            result += growth
        last = value
    return result


@given(KIND, sample_lists(), st.integers(0, 60), st.integers(0, 60))
def test_sum_equals_the_slow_sum(kind: str, samples: list[Sample], first: int, second: int) -> None:
    start, end = sorted((first, second))
    assert sum_samples(cast("MeterKind", kind), samples, start, end) == sum_slowly(kind, samples, start, end)


@given(KIND, sample_lists(), st.randoms())
def test_order_and_duplicates_do_not_matter(kind: str, samples: list[Sample], random_: random.Random) -> None:
    shuffled = [*samples, *samples]
    random_.shuffle(shuffled)
    assert [*iterate_contributions(cast("MeterKind", kind), shuffled)] == [
        *iterate_contributions(cast("MeterKind", kind), samples)
    ]


@given(KIND, sample_lists(), st.lists(st.integers(0, 60), min_size=2, max_size=6))
def test_adjacent_periods_add_up(kind: str, samples: list[Sample], cuts: list[int]) -> None:
    bounds, meter_kind = sorted(cuts), cast("MeterKind", kind)
    sums = [sum_samples(meter_kind, samples, start, end) for start, end in itertools.pairwise(bounds)]
    assert sum(sums) == sum_samples(meter_kind, samples, bounds[0], bounds[-1])


def test_reset_counter_counts_from_zero() -> None:
    readings = [Sample(at, str(at), Decimal(value)) for at, value in ((1, 100), (2, 150), (3, 7), (4, 9))]
    assert sum_samples("cumulative", readings, 0, 9) == 50 + 7 + 2
    assert sum_samples("cumulative", readings[:1], 0, 9) == 0


def test_hold_of_a_gauge_is_limited() -> None:
    assert sum_samples("gauge", [Sample(0, "m", Decimal(1), hold=2**62)], 0, 2**61) == MAX_HOLD // SECOND_US


def test_sums_are_exact() -> None:
    tiny, large = Decimal("0.000000000000000000000000000001"), Decimal(10) ** 30
    assert sum_samples("delta", [Sample(1, "a", tiny), Sample(2, "b", large)], 0, 9) - large == tiny


def test_numbers_are_formatted_without_exponents_and_trailing_zeros() -> None:
    assert [format_decimal(Decimal(each)) for each in ("1E+3", "0.100", "-0", "12", "1E-7", "100")] == [
        "1000", "0.1", "0", "12", "0.0000001", "100",
    ]  # fmt: skip
