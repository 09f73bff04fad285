"""What was seen in the field, held against the lab.

    python evaluation/field_points.py [--seeds N] [--scan] [--jobs N]

Points of one kind share one pair of parameters: the window (how long an attempt lasts) and the spread (within which the
calls begin). The pair was chosen on the kind's first point alone, with the spread of the reference numbers (5 ms); the
others test it. A point is hit where the field's count lies within the middle 95 % of the seeds' counts. `--scan` shows
how the windows were chosen, and what would have come out had they been chosen on another point.

Sources: the limiter, lupinum-dev/better-convex#137 (40 simultaneous first requests: 38 answered, 2 failed; 40 answered
once the decision was one mutation with a bounded retry around); the claims, openclaw/clawhub#3698 (eight callers, 32
paced claims: 22 done, 10 lost) and #3776 (slots). The usage row is a report without a public thread.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from contend.lab.scenario_file import read_scenario
from contend.lab.simulation import run_once
from contend.lab.statistics import estimate

FOLDER = Path(__file__).resolve().parent / "field_points"


class Parameters(NamedTuple):
    """Of a kind, in milliseconds."""

    window: float
    spread: float


KINDS = {"burst": Parameters(175, 5), "claims": Parameters(550, 5)}
SCANNED = {"burst": (10, 15, 50, 100, 150, 175, 200), "claims": (200, 300, 400, 500, 550, 600, 700)}


@dataclass(frozen=True)
class Point:
    """`ok` of `calls` in the field. `function` is what a caller waits for."""

    name: str
    kind: str
    file: str
    variant: str
    function: str
    calls: int
    ok: int
    chosen: bool = False


POINTS = (
    Point("8 calls on one usage row", "burst", "usage", "baseline", "usage:count", 8, 7, chosen=True),
    Point("40 first requests, limiter row", "burst", "limiter", "look, then write", "limits:request", 40, 38),
    Point(
        "  one mutation, retried around", "burst", "limiter", "one mutation, retried around", "limits:decide", 40, 40
    ),
    Point("8 callers, 32 claims", "claims", "claims", "head of the queue", "jobs:claim", 32, 22, chosen=True),
    Point("  a slot for each", "claims", "claims", "a slot for each worker", "jobs:claim_of_slot", 32, 32),
)


def answered(job: tuple[Point, Parameters, int]) -> int:
    """How many of the point's calls were answered in the end, in one run."""
    point, parameters, seed = job
    source = read_scenario(FOLDER / f"{point.file}.toml")
    changes = [(("timing", "run_ms"), parameters.window), (("workload", 0, "spread_ms"), parameters.spread)]
    functions = run_once(source.variant(point.variant, changes), seed).functions
    found = functions[point.function]
    if found.kind == "action":
        return found.calls - found.errors
    return found.writes


def measure(point: Point, parameters: Parameters, seeds: int, pool: ProcessPoolExecutor) -> list[int]:
    """The counts of all seeds, in order."""
    return sorted(pool.map(answered, [(point, parameters, seed) for seed in range(1, seeds + 1)], chunksize=8))


def middle(counts: list[int]) -> tuple[int, int]:
    """The ends of the middle 95 % of sorted counts."""
    aside = int(0.025 * len(counts))
    return counts[aside], counts[-1 - aside]


def main() -> int:
    """Prints the table. Exit code 1 if a point is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--scan", action="store_true", help="every scanned window, not the chosen one alone")
    parser.add_argument("--jobs", type=int, default=None)
    options = parser.parse_args()
    missed = 0
    print(f"{'point':<32} {'window':>7} {'spread':>7} {'field':>8} {'lab':>13} {'middle 95 %':>12}")
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for point in POINTS:
            chosen = KINDS[point.kind]
            windows: Iterable[float] = SCANNED[point.kind] if options.scan else (chosen.window,)
            for window in windows:
                counts = measure(point, Parameters(window, chosen.spread), options.seeds, pool)
                mean = estimate([float(count) for count in counts])
                low, high = middle(counts)
                hit = low <= point.ok <= high
                missed += not hit and window == chosen.window
                print(
                    f"{point.name:<32} {window:>4g} ms {chosen.spread:>4g} ms {f'{point.ok} of {point.calls}':>8}"
                    f" {f'{mean.mean:.2f} ± {mean.half_width or 0:.2f}':>13} {f'{low}-{high}':>12}"
                    f"  {'chosen on it' if point.chosen and window == chosen.window else 'hit' if hit else 'MISSED'}",
                    flush=True,
                )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
