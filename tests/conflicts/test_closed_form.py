"""The closed form against reference numbers, and against a simulation of one document."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conflicts.one_document import arrivals, bursts

from contend.conflicts.closed_form import against_writes, burst, guarded_burst, passing_share, steady
from contend.convex.retries import POLICIES


def close(found: float, reference: float, relative: float = 0.1, absolute: float = 0.001) -> bool:
    return abs(found - reference) <= max(relative * reference, absolute)


@pytest.mark.parametrize(
    ("rate", "retries", "lost"), [(0.15, 0.75, 0), (1, 5.5, 0), (2, 11.5, 0), (5, 35, 0.18), (10, 92, 3.3)]
)
def test_steady_calls_of_50_ms(rate: float, retries: float, lost: float) -> None:
    """Retries and lost calls per 100 calls."""
    found = steady(rate, 50)
    assert close(found.retries_per_call, retries / 100)
    assert close(found.lost_share, lost / 100)


@pytest.mark.parametrize(("calls", "retries"), [(1, 0), (2, 1.0), (3, 2.8), (4, 4.8), (8, 15.6)])
def test_retries_of_a_burst_within_5_ms(calls: int, retries: float) -> None:
    assert close(burst(calls, 5, 50).retries_per_call * calls, retries)


@pytest.mark.parametrize(
    ("calls", "duration", "lost"), [(8, 50, 0.65), (16, 50, 12), (40, 50, 45), (8, 100, 5), (8, 200, 15.5)]
)
def test_lost_calls_of_a_burst_within_5_ms(calls: int, duration: float, lost: float) -> None:
    assert close(burst(calls, 5, duration).lost_share, lost / 100)


@pytest.mark.parametrize(("duration", "retries"), [(10, 0.8), (5, 0.4)])
def test_a_page_load_of_four_requests_spread_over_150_ms(duration: float, retries: float) -> None:
    assert close(burst(4, 150, duration).retries_per_call * 4, retries)


@pytest.mark.parametrize("calls", [2, 4, 6, 9, 16, 40])
@pytest.mark.parametrize("spread", [0, 150, 1_000])
@pytest.mark.parametrize("duration", [9, 50, 200])
def test_bursts_agree_with_the_simulation(calls: int, spread: float, duration: float) -> None:
    retries, lost = bursts(calls, spread, duration, rounds=16_000 // calls)
    found = burst(calls, spread, duration)
    assert close(found.retries_per_call, retries, 0.1, 0.002)
    assert close(found.lost_share, lost, 0.2, 0.003)


@pytest.mark.parametrize("load", [0.02, 0.1, 0.25, 0.5])
@pytest.mark.parametrize("duration", [5, 50, 200])
def test_steady_calls_agree_with_the_simulation(load: float, duration: float) -> None:
    """`load` is calls per window."""
    rate = load / duration * 1_000
    retries, lost = arrivals(rate, duration, calls=60_000)
    found = steady(rate, duration)
    assert close(found.retries_per_call, retries, 0.1, 0.001)
    assert close(found.lost_share, lost, 0.2, 0.003)


def test_one_call_alone_never_conflicts() -> None:
    assert burst(1, 0, 50).retries_per_call == 0
    assert steady(0, 50).retries_per_call == 0


def test_where_retries_have_no_end_none_is_lost() -> None:
    assert burst(40, 5, 50, POLICIES["scheduler"]).lost_share == 0
    assert burst(40, 5, 50, POLICIES["scheduler"]).retries_per_call > burst(40, 5, 50).retries_per_call


@settings(max_examples=12)
@given(st.integers(2, 40), st.floats(0, 2_000), st.floats(1, 200))
def test_bursts_stay_within_what_is_possible(calls: int, spread: float, duration: float) -> None:
    found = burst(calls, spread, duration)
    assert 0 <= found.retries_per_call <= 4
    assert 0 <= found.lost_share <= 1


@settings(max_examples=12)
@given(st.integers(2, 9), st.floats(0, 500), st.floats(5, 100))
def test_a_longer_window_never_helps_much(calls: int, spread: float, duration: float) -> None:
    """Longer windows mean more retries (within the formula's error)."""
    assert (
        burst(calls, spread, duration * 1.3).retries_per_call >= burst(calls, spread, duration).retries_per_call * 0.95
    )


@settings(max_examples=12)
@given(st.floats(0.01, 20), st.floats(1, 24))
def test_more_steady_calls_mean_more_retries(rate: float, duration: float) -> None:
    assert steady(rate * 1.2, duration).retries_per_call >= steady(rate, duration).retries_per_call


def test_a_victim_against_another_functions_writes() -> None:
    """p = 1 - e^(-rate·D) at every attempt."""
    p = 0.0487705754993
    found = against_writes(1, 50)
    assert found.retries_per_call == pytest.approx(p + p**2 + p**3 + p**4)
    assert found.lost_share == pytest.approx(p**5)


def test_a_write_known_to_start_with_the_victim_fails_its_first_attempt() -> None:
    assert against_writes(0, 50, chance=1).retries_per_call == pytest.approx(1)


def test_a_guard_lets_a_stale_burst_through_once() -> None:
    """All four see the same old stamp and write; the three losers fail once and find it fresh."""
    assert guarded_burst(4, 5, 50).retries_per_call * 4 == pytest.approx(3)


@pytest.mark.parametrize(("duration", "spread"), [(20, 100), (100, 100), (10, 150)])
def test_a_guarded_burst_counts_those_within_the_winners_window(duration: float, spread: float) -> None:
    rng = random.Random(3)
    losers = 0
    for _ in range(20_000):
        starts = sorted(rng.random() * spread for _ in range(4))
        losers += sum(1 for start in starts[1:] if start < starts[0] + duration)
    assert guarded_burst(4, spread, duration).retries_per_call * 4 == pytest.approx(losers / 20_000, rel=0.05)


@pytest.mark.parametrize(("interval", "removed"), [(5, 0.91), (60, 0.58), (600, 0.40)])
def test_what_a_guard_of_30_seconds_removes(interval: float, removed: float) -> None:
    """Of the conflicts of a burst of four of 50 ms, at one page load every `interval` seconds."""
    left = passing_share(30, interval) * guarded_burst(4, 5, 50).retries_per_call / burst(4, 5, 50).retries_per_call
    assert 1 - left == pytest.approx(removed, abs=0.01)
