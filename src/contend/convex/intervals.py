"""Intervals of index keys and sets of them.

A key is any value that Python orders; index keys are tuples of key parts (`contend.convex.keys`). An interval includes
its start and excludes its end, or has no end (convex-backend: crates/common/src/interval/mod.rs).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from contend.convex.values import AFTER_EVERY_VALUE, Key


class Interval(NamedTuple):
    """`[start, end)`; `end` None means that there is none."""

    start: Any
    end: Any

    def holds(self, key: Any) -> bool:
        """Whether `key` lies in this interval."""
        return bool(self.start <= key and (self.end is None or key < self.end))

    @property
    def empty(self) -> bool:
        """Whether nothing can lie in it: its end is not after its start."""
        return self.end is not None and bool(self.end <= self.start)


EVERYTHING = Interval((), None)


def after(key: Key) -> Key:
    """The least bound above `key` and every longer key that starts with it."""
    return (*key, AFTER_EVERY_VALUE)


def prefix(key: Key) -> Interval:
    """All keys that start with the parts of `key`, itself included."""
    return Interval(key, after(key)) if key else EVERYTHING


class IntervalSet:
    """Disjoint intervals in order. Overlapping and adjacent ones merge as they are added (convex-backend:
    crates/common/src/interval/interval_set.rs)."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        self._starts: list[Any] = []
        self._ends: list[Any] = []  # the last may be None
        for interval in intervals:
            self.add(interval)

    def add(self, interval: Interval) -> None:
        """Adds an interval; an empty or inverted one changes nothing."""
        start, end = interval
        if end is not None and end <= start:
            return
        starts, ends = self._starts, self._ends
        if not starts:
            starts.append(start)
            ends.append(end)
            return
        first = bisect_left(starts, start)
        if first and (ends[first - 1] is None or ends[first - 1] >= start):
            first -= 1  # it reaches into the new one, or touches it
            start = starts[first]
        last = len(starts) if end is None else bisect_right(starts, end)
        if last > first:
            reach = ends[last - 1]
            if reach is None or (end is not None and reach > end):
                end = reach
        starts[first:last] = [start]
        ends[first:last] = [end]

    def holds(self, key: Any) -> bool:
        """Whether `key` lies in one of the intervals."""
        position = bisect_right(self._starts, key) - 1
        if position < 0:
            return False
        end = self._ends[position]
        return end is None or bool(key < end)

    def copy(self) -> IntervalSet:
        """An independent set of the same intervals."""
        other = IntervalSet()
        other._starts = self._starts.copy()
        other._ends = self._ends.copy()
        return other

    def __iter__(self) -> Iterator[Interval]:
        return map(Interval, self._starts, self._ends)

    def __len__(self) -> int:
        return len(self._starts)

    def __repr__(self) -> str:
        return f"IntervalSet({list(self)!r})"
