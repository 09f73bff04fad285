"""The one-document model in SimPy and in the lab, in one run.

    python benchmarks/lab_against_simpy.py [--calls N] [--rate PER_S] [--runs N]      (needs simpy)

The model: calls come at random (Poisson); each takes a snapshot of one document, runs for 50 ms, and commits if nobody
has written the document since; otherwise it sleeps U[0, 1) times Convex's back-off and tries again, four times at most.

| row | what runs |
|---|---|
| SimPy | the model as SimPy processes; the document is a number, a commit compares two versions |
| lab's kernel | the same lines on the lab's clock, as coroutines |
| lab, whole | a scenario file: a Python handler, transactions with read sets, write log, retry policies, all counts |

Times are processor time; each row is the fastest of its runs, which take turns. Retries per call must agree.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import simpy

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from tests.lab.one_document import poisson

from contend.convex.retries import POLICIES
from contend.lab.kernel import Kernel
from contend.lab.simulation import Simulation
from contend.lab.tasks import Resume, Suspend, Task

RUN_MS = 50.0
POLICY = POLICIES["http"]


@dataclass(slots=True)
class Counts:
    """What a run counted, and the document: its version and value."""

    calls: int = 0
    attempts: int = 0
    lost: int = 0
    version: int = 0
    value: int = 0
    latencies: array[float] = field(default_factory=lambda: array("d"))


def in_simpy(rate_per_s: float, calls: int, seed: int) -> Counts:
    """The model as SimPy processes."""
    env, random, counts = simpy.Environment(), Random(seed), Counts()

    def call() -> Generator[simpy.Event, Any, None]:
        sent, failures = env.now, 0
        counts.calls += 1
        while True:
            counts.attempts += 1
            version, value = counts.version, counts.value
            yield env.timeout(RUN_MS)
            if counts.version == version:
                counts.version += 1
                counts.value = value + 1
                break
            failures += 1
            if not POLICY.retries_after(failures):
                counts.lost += 1
                break
            yield env.timeout(POLICY.sleep_limit_ms(failures) * random.random())
        counts.latencies.append(env.now - sent)

    def arrivals() -> Generator[simpy.Event, Any, None]:
        for _ in range(calls):
            yield env.timeout(random.expovariate(rate_per_s / 1_000))
            env.process(call())

    env.process(arrivals())
    env.run()
    return counts


def on_the_kernel(rate_per_s: float, calls: int, seed: int) -> Counts:
    """The same lines on the lab's clock."""
    kernel, random, counts = Kernel(), Random(seed), Counts()

    def sleep(ms: float) -> Suspend:
        def start(resume: Resume) -> None:
            kernel.after(ms, resume, None, None)

        return Suspend(start)

    async def call() -> None:
        sent, failures = kernel.now, 0
        counts.calls += 1
        while True:
            counts.attempts += 1
            version, value = counts.version, counts.value
            await sleep(RUN_MS)
            if counts.version == version:
                counts.version += 1
                counts.value = value + 1
                break
            failures += 1
            if not POLICY.retries_after(failures):
                counts.lost += 1
                break
            await sleep(POLICY.sleep_limit_ms(failures) * random.random())
        counts.latencies.append(kernel.now - sent)

    async def arrivals() -> None:
        for _ in range(calls):
            await sleep(random.expovariate(rate_per_s / 1_000))
            Task(call(), _ended)

    main: Coroutine[Any, Any, None] = arrivals()
    Task(main, _ended)
    while not kernel.idle:
        kernel.run(kernel.now + 1e9)
    return counts


def _ended(value: object, error: BaseException | None) -> None:
    if error is not None:
        raise error


def measured(run: Callable[[], tuple[int, int, int]]) -> tuple[float, tuple[int, int, int]]:
    """Seconds of processor time, and calls, attempts and lost calls."""
    started = time.process_time()
    found = run()
    return time.process_time() - started, found


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=5.0, help="calls a second")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scenario = poisson(Path(folder), options.rate, options.calls).variant("baseline")

        def bare(model: Callable[[float, int, int], Counts], seed: int) -> tuple[int, int, int]:
            counts = model(options.rate, options.calls, seed)
            return counts.calls, counts.attempts, counts.lost

        def whole(seed: int) -> tuple[int, int, int]:
            found = simulations[seed].run().functions["counters:add"]
            return found.calls, found.attempts, found.failures

        simulations = [Simulation(scenario, seed) for seed in range(options.runs)]
        rows: dict[str, Callable[[int], tuple[int, int, int]]] = {
            "SimPy": lambda seed: bare(in_simpy, seed),
            "lab's kernel": lambda seed: bare(on_the_kernel, seed),
            "lab, whole": whole,
        }
        best: dict[str, tuple[float, tuple[int, int, int]]] = {}
        for seed in range(options.runs):
            for name, run in rows.items():
                seconds, found = measured(partial(run, seed))
                if name not in best or found[1] / seconds > best[name][1][1] / best[name][0]:
                    best[name] = (seconds, found)
    simpys = best["SimPy"][1][1] / best["SimPy"][0]
    for name, (seconds, (calls, attempts, lost)) in best.items():
        speed = attempts / seconds
        print(
            f"{name:<14} {calls:>8,} calls {attempts:>9,} attempts  {speed:>9,.0f} attempts/s  "
            f"{speed / simpys:5.2f} x SimPy  {100 * (attempts - calls) / calls:6.2f} retries and "
            f"{100 * lost / calls:.2f} lost calls per 100"
        )


if __name__ == "__main__":
    main()
