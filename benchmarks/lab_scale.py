"""How the lab's cost grows: calls from 10³ to 10⁶, documents from 10² to 10⁵.

    python benchmarks/lab_scale.py [--most 1000000]

Each line is a process of its own, so that its peak memory is its own. Calls find one of the documents by index and
patch it; a hundred come each second. `set-up` fills the table; `attempts/s` and `µs per attempt` are of the run alone,
in processor time. Where the cost is linear, the last column stays the same.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from benchmarks.lab_speed import HEAD, TOUCH
from tests.lab.build import scenario

from contend.lab.simulation import Simulation

MOST_DOCUMENTS = 100_000


def measure(calls: int, documents: int) -> str:
    """One line: a run of `calls` calls on `documents` documents."""
    with tempfile.TemporaryDirectory() as folder:
        head = HEAD.format(seconds=calls / 100, documents=documents)
        file = scenario(Path(folder), "", TOUCH.format(documents=documents), head)
        started = time.process_time()
        simulation = Simulation(file.variant(file.baseline), 1)
        ready = time.process_time()
        found = simulation.run().functions["counters:touch"]
        seconds = time.process_time() - ready
    return (
        f"{found.calls:>10,} {documents:>10,} {ready - started:>9.2f} {seconds:>9.2f} "
        f"{found.attempts / seconds:>11,.0f} {_memory():>9} {1e6 * seconds / found.attempts:>15.1f}"
    )


def _memory() -> str:
    try:
        import resource
    except ImportError:  # Windows
        return "?"
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit:,.0f}"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--most", type=int, default=1_000_000, help="calls in the last line")
    parser.add_argument("--one", nargs=2, type=int, metavar=("CALLS", "DOCUMENTS"), help="that line alone")
    options = parser.parse_args()
    if options.one:
        print(measure(*options.one))
        return
    print(
        f"{'calls':>10} {'documents':>10} {'set-up s':>9} {'run s':>9} {'attempts/s':>11} {'peak MB':>9} "
        f"{'µs per attempt':>15}"
    )
    calls = 1_000
    while calls <= options.most:
        documents = min(calls // 10, MOST_DOCUMENTS)
        line = [sys.executable, __file__, "--one", str(calls), str(documents)]
        print(subprocess.run(line, check=True, capture_output=True, text=True).stdout.rstrip("\n"), flush=True)
        calls *= 10


if __name__ == "__main__":
    main()
