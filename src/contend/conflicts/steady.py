"""Calls that arrive independently on one document at a steady rate: a fixed point over retries.

A first attempt arriving at random fails with the share of time that is taken: (rate of successes) × D, exactly. A
retry does not arrive at random: it follows a success by one or two durations, together with the other losers of that
success. So the recursion marches the expected successes forward from one success, losers included, reads from it how
likely each retry fails, and repeats with the retry rates that follow.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from math import prod

from contend.conflicts.time_grid import Place, place, shifted, successes

SPARSE = 0.01  # calls per duration below which losers hardly ever meet each other
ROUNDS = 3


@lru_cache(maxsize=4096)
def steady_outcome(calls_per_ms: float, duration_ms: float, widths_ms: tuple[float, ...]) -> tuple[float, float]:
    """Expected retries per call and share of calls lost. `widths_ms` as in `burst_outcome`."""
    load = calls_per_ms * duration_ms
    sparse = [load] * (len(widths_ms) + 1)
    chances = sparse if load <= SPARSE else _chances(calls_per_ms, duration_ms, widths_ms)
    reached = list(accumulate(chances, lambda a, b: a * b))
    return sum(reached[: len(widths_ms)]), reached[-1]


def _chances(rate: float, duration: float, widths: tuple[float, ...]) -> list[float]:
    """The chance that each attempt of a call fails."""
    after = _AfterSuccess(duration, widths)
    chances = [min(rate * duration, 1.0)] * (len(widths) + 1)
    for _ in range(ROUNDS):
        succeeding = rate * (1 - prod(chances))
        chances[0] = min(succeeding * duration, 1.0)
        failing = [rate * reached for reached in accumulate(chances[:-1], lambda a, b: a * b)]
        after.march(rate, failing)
        chances[1:] = [after.meeting(width, succeeding) for width in widths]
    return chances


class _AfterSuccess:
    """Expected successes since one that starts at time 0 (itself included)."""

    def __init__(self, duration: float, widths: tuple[float, ...]) -> None:
        self.duration = duration
        self.widths = widths
        end = 2 * duration + 3 * widths[0]
        times = [0.0]
        while times[-1] < end:
            times.append(times[-1] + min(max(duration / 5, 0.03 * (times[-1] - 2 * duration)), duration / 2))
        self.times = times
        self.window = shifted(times, duration)
        self.waits = [(shifted(times, duration), shifted(times, duration + width)) for width in widths]
        self.world = [1.0] * len(times)

    def march(self, rate: float, failing: list[float]) -> None:
        """March with first attempts at `rate` and, before time 0, attempts failing at the rates `failing`."""
        times, duration, count = self.times, self.duration, len(self.times)
        world = [1.0] + [0.0] * (count - 1)
        failures = [[0.0] * count for _ in self.widths]
        earlier = self._starts(0, rate, failing, failures)
        back_before = 0.0
        for i in range(1, count):
            now = self._starts(i, rate, failing, failures)
            step = times[i] - times[i - 1]
            expected = (sum(now) + sum(earlier)) / 2 * step
            back = _read(world, self.window[i]) if times[i] > duration + 1e-9 else 0.0
            gained = 0.0
            if times[i - 1] >= duration - 1e-9:
                gained = successes(expected, 1.0 - (world[i - 1] - back_before), back - back_before)
            world[i] = world[i - 1] + gained
            chance = gained / expected if expected > 1e-15 else 0.0
            for attempt, sums in enumerate(failures):
                sums[i] = sums[i - 1] + (now[attempt] + earlier[attempt]) / 2 * step * (1 - chance)
            earlier, back_before = now, back
        self.world = world

    def _starts(self, i: int, rate: float, failing: list[float], failures: list[list[float]]) -> list[float]:
        """Attempts starting per millisecond at grid time `i`: first attempts, then each retry."""
        starts = [rate]
        t = self.times[i] - self.duration
        for attempt, width in enumerate(self.widths):
            near, far = self.waits[attempt]
            recent = _read(failures[attempt], near[i]) if t >= 0 else failing[attempt] * t
            old = _read(failures[attempt], far[i]) if t >= width else failing[attempt] * (t - width)
            starts.append((recent - old) / width)
        return starts

    def meeting(self, width: float, succeeding: float) -> float:
        """The chance that a retry fails whose call lost against the success at time 0 and then waited up to `width`."""
        points, phases = 40, (1 / 6, 1 / 2, 5 / 6)
        total = 0.0
        for point in range(points):
            for phase in phases:
                start = (phase + 1) * self.duration + (point + 0.5) / points * width
                total += self._successes(start, succeeding) - self._successes(start - self.duration, succeeding)
        return min(total / points / len(phases), 1.0)

    def _successes(self, t: float, succeeding: float) -> float:
        if t <= 0:
            return 0.0
        if t >= self.times[-1]:
            return self.world[-1] + succeeding * (t - self.times[-1])
        return _read(self.world, place(self.times, t))


def _read(values: list[float], at: Place) -> float:
    cell, part = at
    return values[cell] + part * (values[cell + 1] - values[cell])
