"""The reference numbers of one contended document. `benchmarks/lab_reference.py` holds all of them against 50 seeds
and more; here are those that few calls decide."""

from __future__ import annotations

import pytest
from tests.lab.one_document import bursts, poisson

from contend.lab.simulation import run_once


def close(found: float, reference: float) -> bool:
    """Within 10 %, or 0.1 percentage points."""
    return abs(found - reference) <= max(0.1 * reference, 0.001)


def add(file):
    return run_once(file.variant("baseline"), 1).functions["counters:add"]


@pytest.mark.parametrize(
    ("rate", "retries", "lost", "calls"), [(2, 11.5, 0, 6_000), (5, 35, 0.18, 5_000), (10, 92, None, 4_000)]
)
def test_steady_calls_of_50_ms(tmp_path, rate, retries, lost, calls):
    """Retries and lost calls per 100 calls."""
    found = add(poisson(tmp_path, rate, calls))
    assert close(found.retries / found.calls, retries / 100)
    assert lost is None or close(found.failures / found.calls, lost / 100)


@pytest.mark.parametrize(("size", "retries"), [(4, 4.8), (8, 15.6)])
def test_retries_of_a_burst_within_5_ms(tmp_path, size, retries):
    found = add(bursts(tmp_path, size, 200))
    assert close(found.retries / 200, retries)


@pytest.mark.parametrize(("size", "duration", "lost"), [(16, 50, 12), (40, 50, 45), (8, 200, 15.5)])
def test_lost_calls_of_a_burst_within_5_ms(tmp_path, size, duration, lost):
    found = add(bursts(tmp_path, size, 1_600 // size, duration_ms=duration))
    assert close(found.failures / found.calls, lost / 100)


@pytest.mark.parametrize(("duration", "retries"), [(10, 0.8), (5, 0.4)])
def test_a_page_load_of_four_requests_spread_over_150_ms(tmp_path, duration, retries):
    found = add(bursts(tmp_path, 4, 2_500, spread_ms=150, duration_ms=duration))
    assert close(found.retries / 2_500, retries)
