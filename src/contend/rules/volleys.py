"""Calls of one mutation that one event starts together, and the rows on which they meet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from contend.conflicts import Source, burst, guarded_burst
from contend.conflicts.meeting import closes_its_guard, duration_ms, policy_of
from contend.model.callers import Caller
from contend.model.findings import Impact, Pair, Sharing
from contend.model.functions import Access, Function
from contend.model.values import Origin, Value
from contend.rules.graph import AuditGraph
from contend.rules.report import MAX_ASSUMPTIONS
from contend.rules.rows import in_component

Likeness = Literal["same", "perhaps", "differs"]
_RANDOM = "call:Random"
_CHOICES = frozenset({"any", "?:", "??", "||"})
_DEEP = 4
APART_MS = 1_000.0
_APART = f"what actions wait for outside Convex sets them apart by up to {APART_MS:g} ms"
_TRIAL = re.compile(r"test|stress|seed|mock|bench|fixture|demo|migrat|backfill", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Differing:
    """The arguments that differ between the calls of one event: `names`, and, where what is passed is not known by name
    (`...item`), all others but those in `same`."""

    names: frozenset[str]
    same: frozenset[str] = frozenset()
    others: bool = False

    def __contains__(self, name: str) -> bool:
        if name in self.names:
            return True
        return (self.others and name not in self.same) or (name == "args" and bool(self.names))


@dataclass(frozen=True, slots=True)
class Volley:
    """Calls of `function` that one event makes at `caller`, `calls` of them within `spread_ms`, and the pairs of the
    function with itself that they all take part in. `certain` where they certainly meet on one row; else they do where
    the items they are for have one parent."""

    caller: Caller
    function: Function
    calls: int
    pairs: tuple[Pair, ...]
    certain: bool
    impact: Impact


def volley(
    graph: AuditGraph,
    caller: Caller,
    function: Function,
    per_item: Differing,
    most: int | None = None,
    apart: bool = False,
) -> Volley | None:
    """What the calls of a loop meet on; None where each has rows of its own. `per_item` are the arguments that differ
    between them, `most` how many can run at a time; `apart` where each has waited for something outside before."""
    traffic = graph.estimator.traffic
    together_in = [loop for loop in caller.loops if caller.client == "scheduler" or loop.parallel]
    rounds = traffic.rounds([loop for loop in together_in if loop.over.constant is None])
    calls = min(round(rounds), most or round(rounds))
    found = list(_meetings(graph, function, per_item))
    if calls < 2 or not found:
        return None
    certain = [pair for pair, likeness in found if likeness == "same"]
    pairs = certain or [pair for pair, _ in found]
    closed = all(closes_its_guard(pair.write, function) for pair in pairs)
    impact = at_once(graph, caller, function, calls, apart, closed)
    pairs = sorted(pairs, key=lambda pair: (pair.write.operation == "insert", pair.read.order, pair.write.order))
    return Volley(caller, function, calls, tuple(pairs), bool(certain), impact)


def at_once(
    graph: AuditGraph, caller: Caller, function: Function, calls: int, apart: bool = False, closed: bool = False
) -> Impact:
    """What `calls` that one event makes at `caller` cost in a day; `closed` where only the first of them writes."""
    source = source_of(graph, caller)
    traffic = graph.estimator.traffic
    duration = duration_ms(function, traffic)
    spread = APART_MS if apart else traffic.parallel_spread_ms
    policy = policy_of(source)
    together = guarded_burst(calls, spread, duration) if closed else burst(calls, spread, duration, policy)
    events = source.calls_per_day / max(traffic.rounds(caller.loops), 1.0) if source is not None else 0.0
    heat = graph.estimator.heats[caller.function]
    starts = (_APART,) if apart else traffic.say("parallel_spread_ms")
    told = dict.fromkeys((*heat.assumptions, *starts, *traffic.say("transaction_ms")))
    return Impact(
        retries_per_day=events * calls * together.retries_per_call,
        failures_per_day=events * calls * together.lost_share,
        assumptions=tuple(told)[:MAX_ASSUMPTIONS],
    )


def source_of(graph: AuditGraph, caller: Caller) -> Source | None:
    """The caller's part in its function's heat."""
    heat = graph.estimator.heats.get(caller.function)
    return next((one for one in heat.sources if one.caller is caller), None) if heat is not None else None


def differing(graph: AuditGraph, caller: Caller, source: Source) -> Differing:
    """The arguments that differ between the calls of one event. Not those made before the loop: a new row's id, another
    part of the object whose list is gone through."""
    given = dict(caller.arguments)
    found = {name for name in source.per_item if name not in given or not _made_before(graph, caller, given[name])}
    found |= {name for name, value in given.items() if _made_inside(graph, caller, value)}
    return Differing(frozenset(found), frozenset(given) - found, "*" in given)


def _made_inside(graph: AuditGraph, caller: Caller, value: Value) -> bool:
    """Whether a value is an element of some list, or of a row that is read in the loop."""
    start = graph.functions.get(caller.from_function or "")
    around = {loop.span for loop in caller.loops}
    rows = {
        access.row
        for access in (start.accesses if start is not None else ())
        if not around.isdisjoint(loop.span for loop in access.loops)
    }
    return any("[]" in part.text or (part.row is not None and part.row in rows) for part in value.walk())


def _made_before(graph: AuditGraph, caller: Caller, value: Value) -> bool:
    if value.origin is Origin.FRESH and value.row is not None:
        start = graph.functions.get(caller.from_function or "")
        inserts = [one for one in start.accesses if one.row == value.row] if start is not None else []
        around = {loop.span for loop in caller.loops}
        return any(around.isdisjoint(loop.span for loop in one.loops) for one in inserts)
    if value.origin is Origin.UNKNOWN:
        root, dot, _ = value.text.rpartition(".")
        overs = [loop.over.text for loop in caller.loops]
        cut = any("…" in text for text in (value.text, *overs))
        return (
            bool(dot) and not cut and value.text not in overs and any(over.rpartition(".")[0] == root for over in overs)
        )
    return False


def _meetings(graph: AuditGraph, function: Function, per_item: Differing) -> Iterator[tuple[Pair, Likeness]]:
    """The function's pairs with itself on intervals that do not differ between the calls."""
    for pair in graph.pairs.of_victim(function.id):
        if pair.writer != function.id or pair.kind != "conflict" or pair.sharing is Sharing.NOBODY:
            continue
        if len(pair.read.tables) > 1 or len(pair.write.tables) > 1:
            continue  # the table is an argument too
        if in_component(pair.read) and (not pair.read.keys or "/batchWorker/" in pair.table):
            continue  # whether a worker runs: written once by whoever wakes it
        likeness = likeness_of(graph, function, pair.read, per_item)
        if likeness != "differs":
            yield pair, likeness


def likeness_of(graph: AuditGraph, function: Function, read: Access, per_item: Differing, depth: int = 0) -> Likeness:
    """Whether calls that differ in the arguments `per_item` read the same interval."""
    found = {_of_value(graph, function, key.value, per_item, depth) for key in read.keys if key.operator == "eq"}
    if "differs" in found:
        return "differs"
    return "perhaps" if "perhaps" in found else "same"


def _of_value(graph: AuditGraph, function: Function, value: Value, per_item: Differing, depth: int) -> Likeness:
    match value.origin:
        case Origin.ARGUMENT:
            names = value.text.split(".", 2)
            name = (names[1] if len(names) > 1 else value.text).split("[")[0].rstrip("?!")
            return "differs" if name in per_item else "same"
        case Origin.FRESH | Origin.UNKNOWN:
            return "differs"
        case Origin.FIELD:
            return _of_field(graph, function, value, per_item, depth)
        case Origin.COMPUTED:
            if value.op == _RANDOM or not value.parts:
                return "differs"
            parts = {_of_value(graph, function, part, per_item, depth) for part in value.parts}
            if value.op in _CHOICES and len(parts) > 1:
                return "perhaps"
            return "differs" if "differs" in parts else "perhaps" if "perhaps" in parts else "same"
        case _:
            return "same"


def _of_field(graph: AuditGraph, function: Function, value: Value, per_item: Differing, depth: int) -> Likeness:
    """A field of a row that the function read: like the read that found it; a reference to another table from a row of
    each call's own is perhaps the same, since items that are handled together tend to have one parent."""
    if value.row is None or depth > _DEEP:
        return "differs"
    reads = [read for read in function.reads if read.row == value.row and not read.writes]
    if not reads:
        return "differs"
    inner = likeness_of(graph, function, reads[0], per_item, depth + 1)
    if inner == "differs" and value.field != "_id" and _refers(graph, value):
        return "perhaps"
    return inner


def _refers(graph: AuditGraph, value: Value) -> bool:
    table = graph.app.tables.get(value.table or "")
    declared = table.fields.get(value.field or "") if table is not None else None
    return declared is not None and declared.kind == "id"


def in_catch(caller: Caller) -> bool:
    """Whether the call is made only where something failed."""
    return any(guard.condition.text == "an error was caught" for guard in caller.guards)


def is_trial(text: str) -> bool:
    """Whether a place is one of tests and set-up, by its path."""
    return bool(_TRIAL.search(text))


def row_of(found: Volley) -> str:
    """The row, or the rows, that all calls write, in words."""
    pair = found.pairs[0]
    fields = [key.field for key in pair.read.keys if key.operator == "eq" and key.field != "_id"]
    if pair.write.operation == "insert":
        return f"read the part of `{pair.table}` that each of them inserts into"
    by = f" (by {' and '.join(f'`{name}`' for name in fields)})" if fields else ""
    return f"write one `{pair.table}` row{by}"
