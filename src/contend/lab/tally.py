"""What a run counts, function by function."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple


class Loss(NamedTuple):
    """To whom a commit was lost: `writer` its write source (a function's path, or a system label), and the document's
    table and id (None for a system table's)."""

    writer: str
    table: str | None
    document: str | None


class FunctionTally:
    """Counts for one function in one run.

    `conflicts` are attempts rejected at commit, `retries` those of them (and of throughput rejections) that were
    repeated, `failures` those that were not: what a log stream shows with `will_retry` false. A WebSocket client sends
    such a call again (`resends`). `errors` are calls whose handler failed; `writes` documents written; `wasted_ms` time
    in attempts that were thrown away; `latencies` from the client's sending to its getting an answer, for calls that
    got one.
    """

    __slots__ = (
        "attempts",
        "calls",
        "conflicts",
        "conflicts_by",
        "errors",
        "errors_by",
        "failures",
        "latencies",
        "query_reruns",
        "resends",
        "retries",
        "skipped",
        "wasted_ms",
        "writes",
    )

    def __init__(self) -> None:
        self.calls = 0
        self.attempts = 0
        self.conflicts = 0
        self.retries = 0
        self.failures = 0
        self.resends = 0
        self.errors = 0
        self.skipped = 0
        self.writes = 0
        self.query_reruns = 0
        self.wasted_ms = 0.0
        self.latencies = array("d")
        self.conflicts_by: dict[Loss, int] = {}
        self.errors_by: dict[str, int] = {}

    def lost_to(self, loss: Loss) -> None:
        """Counts a conflict."""
        self.conflicts += 1
        self.conflicts_by[loss] = self.conflicts_by.get(loss, 0) + 1

    def failed(self, message: str) -> None:
        """Counts a call whose handler failed, or that was refused."""
        self.errors += 1
        self.errors_by[message] = self.errors_by.get(message, 0) + 1


class Tally:
    """All counts of one run: per function, and the values of its measures."""

    __slots__ = ("functions", "measures")

    def __init__(self) -> None:
        self.functions: dict[str, FunctionTally] = {}
        self.measures: dict[str, array[float]] = {}

    def function(self, path: str) -> FunctionTally:
        """The counts of a function."""
        found = self.functions.get(path)
        if found is None:
            found = self.functions[path] = FunctionTally()
        return found

    def measure(self, name: str, value: float) -> None:
        """Adds a value to a measure."""
        found = self.measures.get(name)
        if found is None:
            found = self.measures[name] = array("d")
        found.append(value)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the ordered values lie, the nearest one; 0 where there is none."""
    if not ordered:
        return 0.0
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
