"""Allocation of amounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratiform.kit.money import allocate_by_largest_remainder


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20))
def test_shares_sum_to_the_total(total: int, weights: list[int]) -> None:
    if sum(weights) == 0:
        with pytest.raises(ValueError, match="sum to zero"):
            allocate_by_largest_remainder(total, weights)
        return
    shares = allocate_by_largest_remainder(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - total * weight) < abs(sum(weights))


def test_remainder_goes_to_the_largest_fraction_then_to_the_first() -> None:
    assert allocate_by_largest_remainder(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate_by_largest_remainder(10, [1, 6]) == [1, 9]
