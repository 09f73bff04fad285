"""Interpolation on an uneven grid of times: what the recursions of `burst` and `steady` march on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import expm1

Place = tuple[int, float]  # a cell's index, and how far into the cell (0 to 1)


def place(times: Sequence[float], x: float) -> Place:
    """Where `x` lies in `times` (ascending, at least two); outside the grid, its nearest end."""
    if x <= times[0]:
        return 0, 0.0
    cell = bisect_right(times, x) - 1
    if cell >= len(times) - 1:
        return len(times) - 2, 1.0
    return cell, (x - times[cell]) / (times[cell + 1] - times[cell])


def shifted(times: Sequence[float], shift: float) -> list[Place]:
    """The place of every `t - shift`."""
    return [place(times, t - shift) for t in times]


def sample(values: Sequence[float], places: Sequence[Place]) -> list[float]:
    """`values` (one per grid time) read at `places`, linearly between grid times."""
    return [values[cell] + part * (values[cell + 1] - values[cell]) for cell, part in places]


def successes(expected: float, free: float, freed: float) -> float:
    """Expected successes within one step: `expected` starts arrive evenly, each succeeds if the interval is free and
    takes it; it is free with chance `free` at the step's start, and `freed` is given back evenly meanwhile (durations
    that end). Exact for even arrivals, so steps may be long."""
    free = max(free, 0.0)
    if expected < 1e-12:
        return 0.0
    ended = -expm1(-expected)  # 1 - e^-expected
    left = free * (1 - ended) + freed * ended / expected
    return max(freed + free - left, 0.0)
