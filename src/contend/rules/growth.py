"""Tables that only grow: what comes in, by whom, and what would take it out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contend.model.callers import TriggerKind
from contend.model.functions import Access, Function
from contend.model.schema import Table
from contend.model.values import Origin
from contend.rules.graph import AuditGraph
from contend.rules.retention import (
    EVENTS,
    EXPIRING,
    TECHNICAL,
    Nature,
    bounded_by,
    cleanups,
    deleters,
    is_expiry,
    looks_first,
    nature_of,
)

BY_MACHINE: frozenset[TriggerKind] = frozenset(
    {"cron", "webhook", "effect", "timer", "timer-once", "render", "server-request", "keystroke", "unknown", "action"}
)
"""Triggers that no user decides on."""
MANY = 5_000.0  # rows a day that are too many to keep whoever looks at them
TAKEN_OUT = 0.2  # share of the rows coming in that others delete, from which on the table does not only grow


@dataclass(frozen=True, slots=True)
class Growth:
    """A table whose rows are never removed in time: what inserts into it (the most first), the predicted number of rows
    a day, the clean-ups that exist and that nothing starts, and the functions in use that delete rows for another
    reason than age: along with what they belong to, or one at a time."""

    table: Table
    inserts: tuple[tuple[Function, Access], ...]
    rows_per_day: float
    nature: Nature
    cleaners: tuple[Function, ...]
    removers: tuple[Function, ...] = ()

    @property
    def removed_with_a_parent(self) -> bool:
        """Whether the removers delete rows only along with what these belong to."""
        return all(
            deletes_with_a_parent(function, access)
            for function in self.removers
            for access in function.writes
            if access.operation == "delete" and self.table.name in access.tables
        )


def growing_tables(graph: AuditGraph, at_least: float) -> Iterator[Growth]:
    """The tables of logs and events that grow by `at_least` rows a day which no user asks for."""
    writers = _writers(graph)
    for name, table in graph.app.tables.items():
        functions = writers.get(name, ())
        inserts = [
            (function, access)
            for function in functions
            for access in function.writes
            if access.operation == "insert" and access.table == name
        ]
        rates = {id(access): _rows(graph, function, access) for function, access in inserts}
        rate = sum(rates.values())
        if rate < at_least or table.library is not None:
            continue
        machine = sum(rates[id(access)] for function, access in inserts if _by_machine(graph, function))
        nature = nature_of(table, rate, machine, looks_first(inserts))
        cleaners = cleanups(functions, name, nature.logs)
        if not cleaners and (machine < at_least or not _is_log(graph, table, nature, inserts, rate)):
            continue
        if any(_is_started(graph, function) for function in cleaners) or _taken_out(graph, functions, name, rate):
            continue
        if any(_deletes(function, name) for function, _ in inserts):
            continue  # what inserts also removes
        inserts.sort(key=lambda one: -rates[id(one[1])])
        removers = tuple(
            function
            for function in deleters(functions, name)
            if function not in cleaners and graph.estimator.heats[function.id].called
        )
        yield Growth(table, tuple(inserts), rate, nature, cleaners, removers)


def _is_log(
    graph: AuditGraph, table: Table, nature: Nature, inserts: Sequence[tuple[Function, Access]], rate: float
) -> bool:
    """Whether rows are written once and lose their worth: logs and events that are not one per something, and rows that
    say when they expire. Runs and jobs that users look at in a page are theirs, unless there are very many."""
    if bounded_by(inserts) is not None or _folds(inserts):
        return False
    if nature.words == EXPIRING and not any(is_expiry(field) for field in table.fields):
        return False
    if nature.words not in (EXPIRING, TECHNICAL, EVENTS):
        return False
    return (
        rate >= MANY
        or nature.words == EVENTS
        or not any(
            graph.estimator.open_queries(function.id) and any(table.name in read.tables for read in function.reads)
            for function in graph.app.functions
            if function.kind == "query"
        )
    )


def _folds(inserts: Sequence[tuple[Function, Access]]) -> bool:
    """Whether a row stands for many events: what inserts it changes the one that it finds."""
    return looks_first(inserts) and any(
        write.operation in ("patch", "replace") and write.table == insert.table
        for function, insert in inserts
        for write in function.writes
    )


def _writers(graph: AuditGraph) -> dict[str, tuple[Function, ...]]:
    """The mutations that write each table; of those registered from the same code, the most called."""
    found: dict[str, dict[object, Function]] = defaultdict(dict)
    for function in sorted(graph.mutations, key=lambda one: -graph.estimator.calls_per_day(one.id)):
        for access in function.writes:
            for table in access.tables:
                found[table].setdefault(function.span, function)
    return {table: tuple(functions.values()) for table, functions in found.items()}


def _rows(graph: AuditGraph, function: Function, access: Access) -> float:
    """Predicted rows a day of one insert; none where nothing, or only a script, calls the function."""
    heat = graph.estimator.heats[function.id]
    if not heat.called or heat.scripts_only:
        return 0.0
    return heat.calls_per_day * graph.estimator.traffic.rounds(access.loops)


def _by_machine(graph: AuditGraph, function: Function) -> bool:
    origins = graph.origins(function.id)
    return bool(origins) and all(origin.trigger.kind in BY_MACHINE for origin in origins)


def _is_started(graph: AuditGraph, cleaner: Function) -> bool:
    """Whether a cron or the scheduler starts a clean-up, or something else that no user decides on."""
    return any(
        caller.client in ("cron", "scheduler") or caller.trigger.kind in BY_MACHINE
        for caller in graph.origins(cleaner.id)
        if caller.from_function is None or caller.client in ("cron", "scheduler")
    )


def _taken_out(graph: AuditGraph, functions: Sequence[Function], table: str, rate: float) -> bool:
    """Whether functions that are called delete about as many rows as come in: rows that are used up."""
    gone = 0.0
    for function in deleters(functions, table):
        deletes = [
            access
            for access in function.writes
            if access.operation == "delete" and table in access.tables and not deletes_with_a_parent(function, access)
        ]
        gone += max((_rows(graph, function, access) for access in deletes), default=0.0)
    return gone >= TAKEN_OUT * rate


def _deletes(function: Function, table: str) -> bool:
    return any(access.operation == "delete" and table in access.tables for access in function.writes)


def deletes_with_a_parent(function: Function, delete: Access) -> bool:
    """Whether rows are deleted in a loop over all that belong to something else."""
    if not delete.loops:
        return False
    return any(
        read.row == delete.row and any(key.value.origin is not Origin.CONSTANT for key in read.keys)
        for read in function.reads
        if read.operation == "query"
    )
