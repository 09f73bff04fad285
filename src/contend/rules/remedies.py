"""Remedies and explanations that several rules share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from contend.model.callers import Trigger
from contend.model.findings import Fix, Pair
from contend.model.functions import Access
from contend.rules.graph import AuditGraph


def fewer_starts(trigger: Trigger, name: str) -> tuple[Fix, ...]:
    """How to start a touch less often, by what starts it; nothing where that is not known."""
    if trigger.kind == "server-request":
        return (
            Fix(
                "start it once per page load, not on every request (skip data, preload and asset requests), or share "
                "one run per request",
                "guided",
                f"the burst: {name} × itself within one page load",
                "two tabs or devices that load a page at the same moment",
            ),
        )
    if trigger.kind == "timer":
        return (
            Fix(
                "let one tab of a user beat for all (Web Locks or BroadcastChannel); keep the period well below the "
                "time-out of what reads the stamp",
                "guided",
                f"{name} × itself from several tabs",
                "several devices of one user",
            ),
        )
    return ()


def rerun_source(graph: AuditGraph, pairs: Sequence[Pair]) -> tuple[str, tuple[Fix, ...]] | None:
    """Where the live queries that a write runs again read what it writes: the read that most of them share, in a
    sentence, and what to do about it. None where no open query is concerned."""
    groups: dict[object, list[Pair]] = defaultdict(list)
    for pair in pairs:
        if pair.kind == "invalidation" and graph.estimator.open_queries(pair.victim):
            groups[pair.read.span].append(pair)
    if not groups:
        return None
    shared = max(groups.values(), key=lambda found: sum(graph.estimator.of_pair(p).query_reruns_per_day for p in found))
    read = shared[0].read
    many = (
        f"{len(shared)} live queries read" if len(shared) > 1 else f"the live query `{_name(shared[0].victim)}` reads"
    )
    words = f"re-runs: {many} `{shared[0].table}` {_reach(read)} at {read.span}, so every write of it runs them again"
    if read.index == "by_creation_time" and read.operation == "query" and read.extent.reach != "point":
        fix = Fix(
            f"read `{shared[0].table}` at {read.span} through an index instead of scanning it",
            "guided",
            f"re-runs of {len(shared)} {'query' if len(shared) == 1 else 'queries'} (and conflicts of mutations that "
            "read there) by other rows' writes",
            "readers of the same row",
        )
        return words, (fix,)
    return words, ()


def _reach(read: Access) -> str:
    if read.extent.reach == "point":
        return "by id"
    if read.index == "by_creation_time":
        until = "up to the first match" if read.extent.reach == "first" else "as a whole"
        return f"without an index, {until}"
    return f"through `{read.index}`"


def _name(id: str) -> str:
    return id.rsplit("#", 1)[-1]
