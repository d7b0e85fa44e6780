"""Half-open intervals: intersection, difference, union."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stratiform.services.audit.model.intervals import Interval, clip, contains, intersect, merge, subtract

MOMENTS = range(12)

intervals = st.builds(
    lambda start, length: Interval(start, None if length is None else start + length),
    st.integers(0, 8),
    st.none() | st.integers(1, 4),
)
lists = st.lists(intervals, max_size=4)


@given(intervals, intervals)
def test_the_intersection_is_in_both(first: Interval, second: Interval) -> None:
    common = intersect(first, second)
    items = [] if common is None else [common]
    for moment in MOMENTS:
        assert contains(items, moment) == (contains([first], moment) and contains([second], moment))


@given(lists, lists)
def test_the_difference_is_in_the_first_only(first: list[Interval], second: list[Interval]) -> None:
    remaining = subtract(first, second)
    for moment in MOMENTS:
        assert contains(remaining, moment) == (contains(first, moment) and not contains(second, moment))


@given(lists)
def test_the_union_has_gaps_between_its_parts(items: list[Interval]) -> None:
    merged = merge(items)
    for moment in MOMENTS:
        assert contains(merged, moment) == contains(items, moment)
    for left, right in pairwise(merged):
        assert left.end is not None
        assert left.end < right.start


@given(lists)
def test_clipped_intervals_are_within_the_window(items: list[Interval]) -> None:
    clipped = clip(items, (2, 6))
    assert all(2 <= start < end <= 6 for start, end in clipped)
    for moment in MOMENTS:
        assert contains([Interval(*each) for each in clipped], moment) == (2 <= moment < 6 and contains(items, moment))
