"""How fast the lab is: attempts a second of processor time with Python handlers, beside a plain loop.

    python benchmarks/lab_speed.py [--calls N] [--documents N] [--runs N]

`touch` finds a session by index and patches it; `one document` is a read and a write of one row by everyone, with
retries. Each run is a whole simulation, file to counts. The plain loop (ten million additions) tells how fast the
machine is just now: `additions per attempt` is what compares from machine to machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from tests.lab.build import scenario
from tests.lab.one_document import poisson

from contend.lab.scenario_file import ScenarioFile
from contend.lab.simulation import Simulation

TOUCH = """
    async def setup(ctx):
        for n in range({documents}):
            await ctx.db.insert("counters", {{"name": f"session-{{n}}", "value": 0.0}})

    async def touch(ctx, args):
        row = await ctx.db.query("counters").with_index("by_name", lambda q: q.eq("name", args["name"])).first()
        await ctx.db.patch(row["_id"], {{"value": args["at"]}})
"""
HEAD = """
    duration = "{seconds}s"
    [handlers]
    counters = "counters.py"
    [tables.counters]
    by_name = ["name"]
    [population]
    users = {documents}
    [callers.page]
    steps = [{{ call = "counters:touch", args = {{ name = "$session", at = "$now" }} }}]
    [[workload]]
    kind = "poisson"
    caller = "page"
    rate_per_s = 100
"""


def additions_per_second() -> float:
    """The speed of a plain loop."""
    started = time.process_time()
    total = 0
    for number in range(10_000_000):
        total += number
    return 10_000_000 / (time.process_time() - started)


def attempts_per_second(file: ScenarioFile) -> tuple[float, int]:
    """Of one run, set-up left out; and how many attempts it made."""
    simulation = Simulation(file.variant(file.baseline), 1)
    started = time.process_time()
    result = simulation.run()
    seconds = time.process_time() - started
    attempts = sum(found.attempts for found in result.functions.values())
    return attempts / seconds, attempts


def main() -> None:
    """Prints the medians."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--documents", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        head = HEAD.format(seconds=options.calls / 100, documents=options.documents)
        cases = {
            "touch": scenario(Path(first), "", TOUCH.format(documents=options.documents), head),
            "one document": poisson(Path(second), 5, options.calls),
        }
        for name, file in cases.items():
            speeds, ratios = [], []
            for _ in range(options.runs):
                plain = additions_per_second()
                speed, attempts = attempts_per_second(file)
                speeds.append(speed)
                ratios.append(plain / speed)
            print(
                f"{name:<14} {attempts:>9,} attempts  {statistics.median(speeds):>9,.0f} attempts/s  "
                f"{statistics.median(ratios):>7,.0f} additions per attempt"
            )
    try:
        import resource
    except ImportError:
        return
    print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
