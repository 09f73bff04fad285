"""Checks that do not protect what they are there for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contend.conflicts.overlap import compare
from contend.convex.coverage import Comparison
from contend.model.callers import Caller
from contend.model.findings import Pair
from contend.model.functions import Access, Function, Guard, Key
from contend.model.values import Origin, Value
from contend.rules.graph import AuditGraph
from contend.rules.guards import missing_rows

_BUSY = re.compile(
    r"running|process|in_?progress|started|executing|working|syncing|building|claimed|locked", re.IGNORECASE
)
_WAITING = re.compile(r"pending|queued?|scheduled|waiting|requested|created|new|init|start", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hole:
    """A check that looks elsewhere than where its own function writes: it reads rows whose `key` has one value, and the
    insert that it guards gives that field another."""

    function: Function
    check: Access
    insert: Access
    key: Key
    written: Value


@dataclass(frozen=True, slots=True)
class SplitCheck:
    """A check in one transaction and the insert that it is meant for in a later one: `action` asks `query`, and only if
    that found no row lets `call` run a mutation whose `insert` looks for none again."""

    action: Function
    query: Function
    check: Access
    guard: Guard
    call: Caller
    mutation: Function
    insert: Access


def split_checks(graph: AuditGraph) -> Iterator[SplitCheck]:
    """The checks of actions that the mutation behind them does not repeat: none of its reads is of that table."""
    for call in graph.app.callers:
        action, mutation = graph.functions.get(call.from_function or ""), graph.functions.get(call.function)
        if action is None or mutation is None or action.kind != "action" or mutation.kind != "mutation":
            continue
        if call.client not in ("action", "node-action") or not call.guards:
            continue
        for guard in call.guards:
            rows = set(missing_rows(guard))
            tables = {part.table for part in guard.condition.walk() if part.row in rows and part.table}
            found = _repeated_nowhere(graph, action, mutation, tables) if tables else None
            if found is not None:
                yield SplitCheck(action, found[0], found[1], guard, call, mutation, found[2])
                break


def _repeated_nowhere(
    graph: AuditGraph, action: Function, mutation: Function, tables: set[str]
) -> tuple[Function, Access, Access] | None:
    """The query that an action asks for a row of one of these tables by what the mutation then inserts, its read, and
    the insert; None where the mutation looks for itself."""
    looked = {
        table for read in mutation.reads if read.operation != "insert" and not read.writes for table in read.tables
    }
    inserts = [write for write in mutation.writes if write.operation == "insert" and write.table in tables - looked]
    for insert in inserts:
        fields = {field.name for field in insert.fields}
        for call in graph.started_by(action.id):
            query = graph.functions.get(call.function)
            for read in query.reads if query is not None and query.kind == "query" else ():
                bound = {key.field for key in read.keys if key.operator == "eq"}
                if query is not None and read.table == insert.table and bound and bound <= fields:
                    return query, read, insert
    return None


def holes_of(graph: AuditGraph, function: Function) -> Iterator[Hole]:
    """The checks of a mutation that its own inserts do not enter."""
    inserts = [write for write in function.writes if write.operation == "insert" and write.table is not None]
    if not inserts:
        return
    for check in function.reads:
        if check.operation != "query" or check.table is None or check.extent.filtered or not check.keys:
            continue
        guarded = [insert for insert in inserts if insert.table == check.table and _is_guarded(insert, check)]
        if not guarded or any(pair.writer == function.id for pair in _pairs(graph, function, check)):
            continue
        for insert in guarded:
            deciding = _deciding(check, insert)
            if deciding is None or any(_covers(other, insert) for other in function.reads if other is not check):
                continue
            hole = Hole(function, check, insert, *deciding)
            if any(movers_of(graph, hole)) and (_is_a_job(hole) or _starts_a_mover(graph, hole)):
                yield hole
                break


def _pairs(graph: AuditGraph, function: Function, check: Access) -> Iterator[Pair]:
    return (pair for pair in graph.pairs.of_victim(function.id) if pair.read.order == check.order)


def _is_guarded(insert: Access, check: Access) -> bool:
    """Whether the insert happens only where the check found nothing."""
    return any(
        any(row == check.row for row in missing_rows(guard)) or _counts_none(guard.condition, guard.holds, check.row)
        for guard in insert.guards
    )


def _counts_none(condition: Value, holds: bool, row: str | None) -> bool:
    """`rows.length > 0` that does not hold, `rows.length === 0` that does."""
    if condition.op == "!" and condition.parts:
        return _counts_none(condition.parts[0], not holds, row)
    if condition.op not in (">", "!=", ">=", "==", "<") or len(condition.parts) != 2:
        return False
    left, right = condition.parts
    none = {">": 0, "!=": 0, ">=": 1} if not holds else {"==": 0, "<": 1}
    counted = left.op == "call:length" and any(part.row == row and part.row is not None for part in left.walk())
    return counted and condition.op in none and right.constant == none[condition.op]


def _deciding(check: Access, insert: Access) -> tuple[Key, Value] | None:
    """The one bound of a check that the inserted row certainly misses, with what the row has there. None where another
    bound may miss too: the check is then about other rows."""
    if any(field.name == "*" for field in insert.fields):
        return None
    written: Mapping[str, Value] = {field.name: field.value for field in insert.fields}
    missed: list[tuple[Key, Value]] = []
    for key in check.keys:
        value = written.get(key.field)
        if key.operator != "eq" or value is None:
            return None
        if value.origin is Origin.CONSTANT and key.value.origin is Origin.CONSTANT:
            if compare(value, key.value) is not Comparison.EQUAL:
                missed.append((key, value))
        elif value.text != key.value.text:
            return None
    if len(missed) != 1 or not all(isinstance(value.constant, str) for value in (missed[0][0].value, missed[0][1])):
        return None
    return missed[0]


def _covers(other: Access, insert: Access) -> bool:
    """Whether another read of the function finds the row that it inserts: by fewer bounds, or by the new state."""
    if other.table != insert.table or other.operation != "query":
        return False
    written = {field.name: field.value.text for field in insert.fields}
    return all(key.operator == "eq" and written.get(key.field) == key.value.text for key in other.keys)


def movers_of(graph: AuditGraph, hole: Hole) -> Iterator[Pair]:
    """The pairs in which something moves a row into what the check reads; those that certainly do first."""
    found: dict[Comparison, list[Pair]] = defaultdict(list)
    for pair in _pairs(graph, hole.function, hole.check):
        for field in pair.write.fields if pair.write.operation != "insert" else ():
            if field.name == hole.key.field:
                found[compare(field.value, hole.key.value)].append(pair)
    yield from found[Comparison.EQUAL]
    yield from found[Comparison.UNKNOWN]


def _is_a_job(hole: Hole) -> bool:
    looked, written = str(hole.key.value.constant), str(hole.written.constant)
    return bool(_BUSY.search(looked) and _WAITING.search(written))


def _starts_a_mover(graph: AuditGraph, hole: Hole) -> bool:
    """Whether the mutation itself starts what moves its row, at once or through an action."""
    movers = {pair.writer for pair in movers_of(graph, hole)}
    seen = {hole.function.id}
    waiting = [hole.function.id]
    for id in waiting:  # grows while it is walked
        for caller in graph.started_by(id):
            if caller.function in movers:
                return True
            if caller.function not in seen:
                seen.add(caller.function)
                waiting.append(caller.function)
    return False
