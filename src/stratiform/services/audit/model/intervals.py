"""Half-open intervals of time."""

from collections.abc import Iterable
from typing import NamedTuple

from stratiform.kit.clock import Micros

#: An interval `[start, end)` with an end.
Window = tuple[Micros, Micros]


class Interval(NamedTuple):
    """An interval `[start, end)` in microseconds UTC. `end` is None if it is unbounded."""

    start: Micros
    end: Micros | None


def contains(intervals: Iterable[Interval], moment: Micros) -> bool:
    """Return True if one of the intervals contains `moment`."""
    return any(start <= moment and (end is None or moment < end) for start, end in intervals)


def intersect(first: Interval, second: Interval) -> Interval | None:
    """Return the common part of two intervals."""
    start = max(first.start, second.start)
    end = min((end for end in (first.end, second.end) if end is not None), default=None)
    return None if end is not None and end <= start else Interval(start, end)


def subtract(intervals: Iterable[Interval], excluded: Iterable[Interval]) -> list[Interval]:
    """Return the parts of `intervals` outside of `excluded`."""
    remaining = list(intervals)
    for start, end in excluded:
        outside = [Interval(0, start)] if end is None else [Interval(0, start), Interval(end, None)]
        outer = [intersect(interval, other) for interval in remaining for other in outside]
        remaining = [each for each in outer if each is not None]
    return remaining


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the union of intervals in order; those that touch or overlap are merged."""
    merged: list[Interval] = []
    for interval in sorted(intervals, key=lambda each: each.start):
        last = merged[-1] if merged else None
        if last is None or (last.end is not None and last.end < interval.start):
            merged.append(interval)
        else:
            end = None if last.end is None or interval.end is None else max(last.end, interval.end)
            merged[-1] = Interval(last.start, end)
    return merged


def clip(intervals: Iterable[Interval], window: Window) -> list[Window]:
    """Return the parts of intervals within `window`."""
    start, end = window
    clipped = [(max(each.start, start), end if each.end is None else min(each.end, end)) for each in intervals]
    return [part for part in clipped if part[0] < part[1]]
