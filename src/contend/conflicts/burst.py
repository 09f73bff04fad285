"""Calls that start together on one document: a recursion over the number of calls.

An attempt that lasts D commits unless another attempt committed while it ran. With equal durations that means: an
attempt succeeds unless another *success started* less than D before it. A call that has not yet succeeded leaves no
trace for the others, so one call's fate among n is its fate in the world that the other n - 1 make. The expected
successes of a world of m calls therefore follow from those of m - 1, down to one call alone, which always succeeds.
The one approximation: the chance that a retry fails is taken over all worlds, not over those in which the call has
failed before; `_used_up` corrects for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

from contend.conflicts.time_grid import sample, shifted, successes

TIGHT = 8  # calls up to which the recursion starts at one call, where they start within half a duration
FINEST = 2_000  # steps of the grid within the spread of a burst
LOOSE = 6  # and where they do not; above, where rounding would swing up, it takes one step from `own_environment`


@lru_cache(maxsize=4096)
def burst_outcome(
    calls: int, spread_ms: float, duration_ms: float, widths_ms: tuple[float, ...]
) -> tuple[float, float]:
    """Expected retries per call and share of calls lost, for `calls` (≥ 1) that start uniformly within `spread_ms` and
    whose attempts last `duration_ms` (> 0). `widths_ms` are the widest waits before each retry (uniform from 0)."""
    if calls <= 1:
        return 0.0, 0.0
    march = _March(calls, max(spread_ms, duration_ms / 1000), duration_ms, widths_ms)
    lowest = 1 if calls <= (TIGHT if 2 * spread_ms <= duration_ms else LOOSE) else calls - 1
    world = march.alone() if lowest == 1 else march.own_environment(lowest)
    failed: list[float] = []
    for size in range(lowest + 1, calls + 1):
        world, failed = march.among(world, size)
    reached = _used_up(failed, calls)
    lost = reached[-1] if len(reached) == len(widths_ms) + 1 else 0.0
    if lowest > 1:
        lost = min(lost * calls / (calls - 1), 1.0)  # the environment counts the call itself among its winners
    return sum(reached[: len(widths_ms)]), lost


def _used_up(failed: Sequence[float], calls: int) -> list[float]:
    """The shares of calls that fail each attempt, less what earlier failures rule out.

    Each failure of a call met a success of another call, which can then not meet it again. Where a call has met more of
    them (`surplus`) than were to be expected of the others that are still about (`pool`), few are left to meet. Form
    and exponents are fitted to simulations of 4 to 40 calls.
    """
    chances = [now / before if before > 0 else 0.0 for before, now in pairwise([1.0, *failed])]
    reached: list[float] = []
    together = (
        chances[0] * calls / (calls - 1)
    ) ** 4  # 1 where all start within one duration, less the wider the spread
    share, surplus, pool = 1.0, 0.0, float(calls - 1)
    for attempt, chance in enumerate(chances):
        left = max(1 - together * (surplus / pool) ** 2, 0.0) if pool > 0 else 0.0
        share *= chance * left
        reached.append(share)
        if attempt > 0:
            surplus += 1 - chance
            pool *= chances[attempt - 1]
    return reached


class _March:
    """The grid of one burst and the steps on it. A *world* is the expected number of successes started by each time."""

    def __init__(self, calls: int, spread: float, duration: float, widths: Sequence[float]) -> None:
        self.duration = duration
        self.widths = widths
        few = min(calls, 40)
        fine = min(duration / 5, max(spread / (2 * few), spread / 20), 100 / max(few, 8))
        end = spread + sum(widths) + (len(widths) + 1) * duration
        times = [0.0]
        steps = min(max(round(spread / fine), 1), FINEST)
        times.extend(spread * (step + 1) / steps for step in range(steps))
        while times[-1] < end:
            times.append(times[-1] + max(fine, 0.03 * (times[-1] - spread)))
        self.times = times
        self.steps = [later - earlier for earlier, later in pairwise(times)]
        self.window = shifted(times, duration)
        self.waits = [(shifted(times, duration), shifted(times, duration + width)) for width in widths]
        self.first = [min(t / spread, 1.0) for t in times]

    def alone(self) -> list[float]:
        """The world of one call: its first attempt succeeds."""
        return self.first

    def among(self, others: Sequence[float], size: int) -> tuple[list[float], list[float]]:
        """The world of `size` calls given that of one fewer, and the share of calls that fail each attempt."""
        seen = sample(others, self.window)
        free = [min(max(1.0 - (now - before), 0.0), 1.0) for now, before in zip(others, seen, strict=True)]
        chance = [(a + b) / 2 for a, b in pairwise(free)]
        started, failed = self.first, []
        success = [0.0] * len(self.steps)
        for attempt in range(min(len(self.widths) + 1, size)):
            if attempt == size - 1:  # every other call has made this one fail already
                chance = [1.0] * len(self.steps)
            growth = [b - a for a, b in pairwise(started)]
            success = [total + g * p for total, g, p in zip(success, growth, chance, strict=True)]
            failures = list(accumulate((g * (1 - p) for g, p in zip(growth, chance, strict=True)), initial=0.0))
            failed.append(failures[-1])
            if attempt < len(self.widths):
                started = self._retried(failures, attempt)
        return list(accumulate((size * s for s in success), initial=0.0)), failed

    def _retried(self, failures: Sequence[float], attempt: int) -> list[float]:
        """Starts of the next attempt by each time: a failure, its duration, then a uniform wait."""
        areas = ((a + b) / 2 * step for (a, b), step in zip(pairwise(failures), self.steps, strict=True))
        area = list(accumulate(areas, initial=0.0))
        near, far = self.waits[attempt]
        width = self.widths[attempt]
        return [(a - b) / width for a, b in zip(sample(area, near), sample(area, far), strict=True)]

    def own_environment(self, size: int) -> list[float]:
        """The world of many calls, each seeing all of them, itself included (which hardly matters among many)."""
        count = len(self.times)
        world = [0.0] * count
        failures = [[0.0] * count for _ in self.widths]
        areas = [[0.0] * count for _ in self.widths]
        before = [0.0] * (len(self.widths) + 1)
        back_before = 0.0
        for i in range(1, count):
            cell, part = self.window[i]
            back = world[cell] + part * (world[cell + 1] - world[cell]) if cell + 1 < i else world[cell]
            started = [self.first[i]]
            for attempt, width in enumerate(self.widths):
                (near, near_part), (far, far_part) = self.waits[attempt][0][i], self.waits[attempt][1][i]
                area = areas[attempt]
                recent = area[near] + near_part * (area[near + 1] - area[near]) if near + 1 < i else area[near]
                started.append((recent - area[far] - far_part * (area[far + 1] - area[far])) / width)
            growth = [max(now - then, 0.0) for now, then in zip(started, before, strict=True)]
            before = started
            expected = size * sum(growth)
            gained = successes(expected, 1.0 - (world[i - 1] - back_before), back - back_before)
            back_before = back
            chance = gained / expected if expected > 1e-12 else 1.0
            world[i] = world[i - 1] + gained
            for attempt in range(len(self.widths)):
                failures[attempt][i] = failures[attempt][i - 1] + growth[attempt] * (1 - chance)
                middle = (failures[attempt][i] + failures[attempt][i - 1]) / 2
                areas[attempt][i] = areas[attempt][i - 1] + middle * self.steps[i - 1]
        return world
