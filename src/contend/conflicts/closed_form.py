"""How often calls on one interval are retried and lost, without simulating them.

The model: an attempt's window lasts from begin to commit, all windows equal; an attempt fails if another one committed
within its window; a failed attempt is repeated after its own end plus a random wait, uniform up to
`min(initial·2^k, max)` (convex-backend: crates/convex/sync_types/src/backoff.rs); the caller waits for it.

Where it holds: bursts of up to 40 calls and steady traffic of up to 0.5 calls per window, windows of up to 200 ms.
There `tests/conflicts/test_closed_form.py` holds it against a simulation: retries within 10 % or 0.1 percentage points
(0.2 for bursts), whichever is larger; lost calls within 20 % or 0.3 points. Beyond, results stay finite and ordered,
but nothing is promised. Deterministic; a first answer takes a few milliseconds, a repeated one microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import expm1

from contend.conflicts.burst import burst_outcome
from contend.conflicts.steady import steady_outcome
from contend.convex.retries import POLICIES, RetryPolicy

CLIENT_RETRIES = POLICIES["http"]
UNBOUNDED_DEPTH = 12  # retries that are followed where a policy has no end; later ones hardly ever happen


@dataclass(frozen=True, slots=True)
class Contention:
    """What one call has to expect: retries (failed attempts that are repeated), and the chance (0 to 1) that it is lost
    after its last one. A policy without end loses none."""

    retries_per_call: float
    lost_share: float


NONE = Contention(0.0, 0.0)


def burst(calls: int, spread_ms: float, duration_ms: float, policy: RetryPolicy = CLIENT_RETRIES) -> Contention:
    """`calls` that start at random within `spread_ms` and all write what all read."""
    if calls < 2 or duration_ms <= 0:
        return NONE
    return _contention(burst_outcome(calls, float(spread_ms), float(duration_ms), _widths_ms(policy)), policy)


def steady(rate_per_s: float, duration_ms: float, policy: RetryPolicy = CLIENT_RETRIES) -> Contention:
    """Independent calls, `rate_per_s` on average, that all write what all read."""
    if rate_per_s <= 0 or duration_ms <= 0:
        return NONE
    return _contention(steady_outcome(rate_per_s / 1_000, float(duration_ms), _widths_ms(policy)), policy)


def against_writes(
    rate_per_s: float, duration_ms: float, policy: RetryPolicy = CLIENT_RETRIES, chance: float = 0.0
) -> Contention:
    """A victim whose window lasts `duration_ms` against another function's independent writes: an attempt fails with
    p = 1 - e^(-rate·D). `chance` (0 to 1) adds another reason for the first attempt to fail: a write known to start
    with it."""
    p = min(-expm1(-max(rate_per_s, 0.0) * max(duration_ms, 0.0) / 1_000), 1.0)
    reached = 1 - (1 - p) * (1 - min(max(chance, 0.0), 1.0))
    retries = 0.0
    for _ in _widths_ms(policy):
        retries += reached
        reached *= p
    return _contention((retries, reached), policy)


def guarded_burst(calls: int, spread_ms: float, duration_ms: float) -> Contention:
    """A burst whose calls return early once one of them has written ("is the stamp fresh?"), none having done so
    before: all that start within the winner's window still write, fail once, and then find the work done."""
    if calls < 2 or duration_ms <= 0:
        return NONE
    window = 1.0 if spread_ms <= duration_ms else duration_ms / spread_ms
    return Contention((calls * window - window**calls) / calls, 0.0)


def passing_share(window_s: float, interval_s: float) -> float:
    """The share of random arrivals, `interval_s` apart on average, that a guard of the kind "skip if younger than
    `window_s`" lets through: one, then none for the window, then the next."""
    if interval_s <= 0:
        return 0.0 if window_s > 0 else 1.0
    return 1 / (1 + max(window_s, 0.0) / interval_s)


def _contention(outcome: tuple[float, float], policy: RetryPolicy) -> Contention:
    retries, lost = outcome
    return Contention(retries, 0.0 if policy.max_retries is None else lost)


@lru_cache
def _widths_ms(policy: RetryPolicy) -> tuple[float, ...]:
    """The widest wait before each retry."""
    count = UNBOUNDED_DEPTH if policy.max_retries is None else policy.max_retries
    return tuple(policy.sleep_limit_ms(failures) for failures in range(1, count + 1))
