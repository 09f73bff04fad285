"""The reference numbers of one contended document: the lab, and the audit's closed form, on one grid.

    python benchmarks/lab_reference.py [--seeds N] [--calls N] [--jobs N]

For each point: retries per 100 calls and calls lost in percent, as the lab counts them (mean over the seeds, half of
the 95 % interval), what the reference says, and what the closed form gives. A point is missed where the lab is more
than 10 % or 0.1 percentage points off, whichever is larger. Exit code 1 if one is.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from tests.lab.one_document import bursts, poisson

from contend.conflicts import closed_form
from contend.lab.simulation import run_once
from contend.lab.statistics import Estimate, estimate


@dataclass(frozen=True)
class Point:
    """A load, and what the reference says (None: nothing). `retries` in all of a burst, or per 100 steady calls; `lost`
    in percent."""

    kind: str
    load: float
    spread: float
    duration: float
    retries: float | None = None
    lost: float | None = None

    @property
    def name(self) -> str:
        """For the table."""
        if self.kind == "steady":
            return f"steady {self.load:g}/s, {self.duration:g} ms"
        return f"burst of {self.load:g} within {self.spread:g} ms, {self.duration:g} ms"


POINTS = (
    Point("steady", 0.15, 0, 50, 0.75, 0),
    Point("steady", 1, 0, 50, 5.5),
    Point("steady", 2, 0, 50, 11.5),
    Point("steady", 5, 0, 50, 35, 0.18),
    Point("steady", 10, 0, 50, 92, 3.3),
    Point("burst", 4, 5, 50, 4.8),
    Point("burst", 8, 5, 50, 15.6, 0.7),
    Point("burst", 16, 5, 50, None, 12),
    Point("burst", 40, 5, 50, None, 45),
    Point("burst", 8, 5, 100, None, 5),
    Point("burst", 8, 5, 200, None, 15),
    Point("burst", 4, 150, 10, 0.8),
    Point("burst", 4, 150, 5, 0.4),
)


def measure(job: tuple[Point, int, int]) -> tuple[float, float]:
    """Retries per call and share of calls lost, of one run."""
    point, seed, calls = job
    with TemporaryDirectory() as folder:
        if point.kind == "steady":
            file = poisson(Path(folder), point.load, calls, point.duration)
        else:
            rounds = max(calls // int(point.load), 1)
            file = bursts(Path(folder), int(point.load), rounds, point.spread, point.duration)
        found = run_once(file.variant(file.baseline), seed).functions["counters:add"]
    return found.retries / found.calls, found.failures / found.calls


def main() -> int:
    """Runs the grid."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--calls", type=int, default=2_000, help="per seed and point")
    parser.add_argument("--jobs", type=int, default=None)
    options = parser.parse_args()
    missed = 0
    print(f"{'point':<38} {'retries/100':>16} {'ref':>6} {'form':>6} {'lost %':>14} {'ref':>6} {'form':>6}")
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for point in POINTS:
            jobs = [(point, seed, options.calls) for seed in range(1, options.seeds + 1)]
            runs = list(pool.map(measure, jobs))
            retries, lost = (estimate([100 * run[part] for run in runs]) for part in (0, 1))
            if point.kind == "steady":
                form = closed_form.steady(point.load, point.duration)
            else:
                form = closed_form.burst(int(point.load), point.spread, point.duration)
            per_100 = point.retries
            if point.kind == "burst" and per_100 is not None:
                per_100 *= 100 / point.load
            wrong = [not _close(retries, per_100), not _close(lost, point.lost)]
            missed += any(wrong)
            print(
                f"{point.name:<38} {_shown(retries):>16} {_reference(per_100):>6} {100 * form.retries_per_call:6.2f}"
                f" {_shown(lost):>14} {_reference(point.lost):>6} {100 * form.lost_share:6.2f}"
                f"{'  missed' if any(wrong) else ''}",
                flush=True,
            )
    return 1 if missed else 0


def _close(found: Estimate, reference: float | None) -> bool:
    return reference is None or abs(found.mean - reference) <= max(0.1 * reference, 0.1)


def _shown(found: Estimate) -> str:
    return f"{found.mean:.2f} ± {found.half_width or 0:.2f}"


def _reference(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


if __name__ == "__main__":
    sys.exit(main())
