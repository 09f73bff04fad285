"""One document, simulated event by event: what the closed form is held against.

Attempts start in order; each lasts `duration`. One whose start lies within another success's window has read what that
success is about to change, so it fails at its end, waits, and starts again.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence

RETRIES, INITIAL_MS, MAX_MS = 4, 100.0, 2_000.0


def run(starts: Sequence[float], duration: float, rng: random.Random) -> tuple[int, int]:
    """Retries and lost calls, for calls that start at these times (ms)."""
    queue = [(start, call, 0) for call, start in enumerate(starts)]
    heapq.heapify(queue)
    last_success = float("-inf")
    retries = lost = 0
    while queue:
        start, call, failures = heapq.heappop(queue)
        if start >= last_success + duration:
            last_success = start
        elif failures == RETRIES:
            lost += 1
        else:
            retries += 1
            wait = rng.random() * min(INITIAL_MS * 2**failures, MAX_MS)
            heapq.heappush(queue, (start + duration + wait, call, failures + 1))
    return retries, lost


def bursts(calls: int, spread: float, duration: float, rounds: int, seed: int = 1) -> tuple[float, float]:
    """Retries per call and share of calls lost, over `rounds` bursts."""
    rng = random.Random(seed)
    retries = lost = 0
    for _ in range(rounds):
        found = run([rng.random() * spread for _ in range(calls)], duration, rng)
        retries, lost = retries + found[0], lost + found[1]
    return retries / rounds / calls, lost / rounds / calls


def arrivals(rate_per_s: float, duration: float, calls: int, seed: int = 1) -> tuple[float, float]:
    """Retries per call and share of calls lost, for independent arrivals."""
    rng = random.Random(seed)
    now, starts = 0.0, []
    for _ in range(calls):
        now += rng.expovariate(rate_per_s / 1_000)
        starts.append(now)
    retries, lost = run(starts, duration, rng)
    return retries / calls, lost / calls
