"""The audit's closed form against the engine, on one grid.

    python evaluation/closed_form_grid.py [--seeds N] [--calls N] [--jobs N] [--all]

Poisson: calls per window × window. Bursts: size × spread × window. At each point `calls` calls per seed go to one
document through the lab, so through the engine; the closed form must be within 10 % or 0.1 percentage points of the
mean, whichever is larger, for retries (per 100 calls) and for lost calls (percent). A point is outside only where it is
off by more than the bar and half of the 95 % interval together; the last column says by how much it is off. `--all`
lists the points inside too.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from tests.lab.one_document import bursts, poisson

from contend.conflicts import closed_form
from contend.lab.simulation import run_once
from contend.lab.statistics import Estimate, estimate

LOADS = (0.0075, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
STEADY_WINDOWS = (5.0, 50.0, 200.0)
SIZES = (2, 4, 8, 16, 40)
SPREADS = (5.0, 150.0, 1_000.0)
BURST_WINDOWS = (9.0, 50.0, 200.0)


class Point(NamedTuple):
    """`load` is calls per window of a steady stream, or the size of a burst."""

    kind: str
    load: float
    spread: float
    window: float

    @property
    def name(self) -> str:
        """For the table."""
        if self.kind == "poisson":
            return f"poisson, {self.load:g} calls per window of {self.window:g} ms"
        return f"burst of {self.load:g} within {self.spread:g} ms, {self.window:g} ms"

    def predicted(self) -> tuple[float, float]:
        """Retries per 100 calls and lost calls in percent, by the closed form."""
        if self.kind == "poisson":
            found = closed_form.steady(self.load / self.window * 1_000, self.window)
        else:
            found = closed_form.burst(int(self.load), self.spread, self.window)
        return 100 * found.retries_per_call, 100 * found.lost_share


def measure(job: tuple[Point, int, int]) -> tuple[float, float]:
    """The same, counted in one run."""
    point, seed, calls = job
    with TemporaryDirectory() as folder:
        if point.kind == "poisson":
            file = poisson(Path(folder), point.load / point.window * 1_000, calls, point.window)
        else:
            rounds = max(calls // int(point.load), 1)
            file = bursts(Path(folder), int(point.load), rounds, point.spread, point.window)
        found = run_once(file.variant(file.baseline), seed).functions["counters:add"]
    return 100 * found.retries / found.calls, 100 * found.failures / found.calls


def off_by(predicted: float, counted: Estimate) -> float:
    """How far the prediction is beyond the bar and half of the interval; 0 where it is not."""
    slack = max(0.1 * counted.mean, 0.1) + (counted.half_width or 0.0)
    return max(abs(predicted - counted.mean) - slack, 0.0)


def main() -> int:
    """Runs the grid, and tells which points lie outside."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--calls", type=int, default=400, help="per seed and point")
    parser.add_argument("--jobs", type=int, default=None)
    parser.add_argument("--all", action="store_true", help="list the points inside the bar too")
    options = parser.parse_args()
    points = [Point("poisson", load, 0, window) for load, window in product(LOADS, STEADY_WINDOWS)]
    points += [Point("burst", *parts) for parts in product(SIZES, SPREADS, BURST_WINDOWS)]
    outside = {"retries": 0, "lost": 0}
    print(f"{'point':<44} {'retries/100':>15} {'form':>7} {'lost %':>13} {'form':>6}  outside by")
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for point in points:
            jobs = [(point, seed, options.calls) for seed in range(1, options.seeds + 1)]
            runs = list(pool.map(measure, jobs, chunksize=5))
            told = []
            cells = []
            for number, (name, predicted) in enumerate(zip(outside, point.predicted(), strict=True)):
                counted = estimate([run[number] for run in runs])
                off = off_by(predicted, counted)
                if off:
                    outside[name] += 1
                    told.append(f"{name} {off:.2f}")
                cells += [f"{counted.mean:.2f} ± {counted.half_width or 0:.2f}", f"{predicted:.2f}"]
            if told or options.all:
                print(
                    f"{point.name:<44} {cells[0]:>15} {cells[1]:>7} {cells[2]:>13} {cells[3]:>6}  {', '.join(told)}",
                    flush=True,
                )
    print(f"{len(points)} points; outside the bar: retries {outside['retries']}, lost calls {outside['lost']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
