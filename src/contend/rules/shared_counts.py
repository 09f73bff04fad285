"""Counts on rows that several callers share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contend.conflicts.branches import exclude_each_other
from contend.model.callers import Caller
from contend.model.findings import Sharing
from contend.model.functions import Access, Function
from contend.model.values import Origin, Value
from contend.rules.counters import counted_fields, only_bookkeeping
from contend.rules.graph import AuditGraph
from contend.rules.rows import fans_out, in_component, live_callers, lookup, only_crons, shared_by_callers
from contend.rules.stamps import stamps_in

_LIMITER = re.compile(r"rate_?limit|throttl", re.IGNORECASE)
_OWN_PROGRESS = re.compile(
    r"attempt|retr(y|ies)|sequence|cursor|tier|step|position|round|turn|index|order|level|offset|At$|Until$|Date$"
)
_OUTCOME = re.compile(r"fail|error|miss|not_?found|skipp?ed", re.IGNORECASE)
_TURN = re.compile(
    r"lease|lock|token|fence|holder|owner|claim|worker|run|nonce|generation|epoch|version", re.IGNORECASE
)
_ONE_EVENT = re.compile(r"(webhook|event|message|request|delivery|job|run|idempotency)_?(id|key)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Count:
    """A write that counts on a row which several callers share."""

    function: Function
    access: Access
    fields: tuple[str, ...]
    sharing: Sharing


def shared_counts(graph: AuditGraph) -> Iterator[Count]:
    """All such writes of an app, one for each function and place."""
    for function in graph.mutations:
        for access in function.writes:
            found = shared_count(graph, function, access)
            if found is not None:
                yield found


def shared_count(graph: AuditGraph, function: Function, access: Access) -> Count | None:
    """What a write counts on a shared row; None where it does not count, where it stores news besides, or where nobody
    shares the row."""
    if (
        access.operation not in ("patch", "replace")
        or access.table is None
        or in_component(access)
        or _LIMITER.search(access.table)
    ):
        return None
    fields = counted_fields(access, graph.app.tables)
    callers = graph.callers(function.id)
    stamps = stamps_in(access, callers)
    counting = tuple(name for name in fields if name not in stamps and not _OWN_PROGRESS.search(name))
    if not counting or not only_bookkeeping(access, fields, callers):
        return None
    found = lookup(function, access)
    if found is not None and any(_ONE_EVENT.search(key.field) for key in found.keys):
        return None
    if (not callers and function.internal) or fans_out(callers):
        return None
    if _by_holder(access) or (all(_OUTCOME.search(name) for name in counting) and _of_the_item(access, callers)):
        return None
    origins = graph.origins(function.id)
    if callers and (not live_callers(origins) or only_crons(origins)):
        return None
    if access.loops:
        return None  # each round counts on a row of its own
    sharing = shared_by_callers(graph, function, access)
    return Count(function, access, counting, sharing) if sharing is not None else None


def _by_holder(access: Access) -> bool:
    """Whether only the run that the row names gets to the write: a condition compares the lease, lock or run that the
    row holds with the caller's own."""
    for guard in access.guards:
        op = guard.condition.op
        if len(guard.condition.parts) != 2 or op != ("==" if guard.holds else "!="):
            continue
        for one, other in (guard.condition.parts, guard.condition.parts[::-1]):
            held = one.origin is Origin.FIELD and one.row is not None and one.row == access.row
            if held and _TURN.search(one.field or "") and other.origin is Origin.ARGUMENT:
                return True
    return False


def _of_the_item(access: Access, callers: Sequence[Caller]) -> bool:
    """Whether a row is the item that a job works on: each caller names it by the id of a row that it found. How often
    work on one item failed is that item's own, and jobs take items one after another."""
    ids = [
        _passed(caller, key.value.field or key.value.text)
        for key in access.keys
        if key.field == "_id" and key.value.origin is Origin.ARGUMENT
        for caller in callers
    ]
    return bool(ids) and all(
        value is not None and any(part.origin is Origin.FIELD and part.field == "_id" for part in value.walk())
        for value in ids
    )


def _passed(caller: Caller, argument: str) -> Value | None:
    return dict(caller.arguments).get(argument.split(".")[-1])


def related(counts: Iterator[Count]) -> list[list[Count]]:
    """Writes of one place in the source, and of one row of bookkeeping: those of a table that write a field which
    another of them counts."""
    groups: list[tuple[set[str], set[str], list[Count]]] = []
    for count in counts:
        counted = {f"{count.access.table}.{name}" for name in count.fields}
        written = {f"{count.access.table}.{write.name}" for write in count.access.fields}
        joined: tuple[set[str], set[str], list[Count]] = (counted, written, [count])
        rest = []
        for group in groups:
            if group[0] & joined[1] or joined[0] & group[1]:
                joined = (group[0] | joined[0], group[1] | joined[1], [*group[2], *joined[2]])
            else:
                rest.append(group)
        groups = [*rest, joined]
    return [members for _, _, members in groups]


def counted_twice(graph: AuditGraph, counts: Sequence[Count]) -> tuple[Caller, Caller] | None:
    """Two calls in one place, one after the other, that add to the same field of the same row."""
    calls = [
        (caller, count, row)
        for count in counts
        for caller in graph.callers(count.function.id)
        if caller.client != "transaction" and (row := _row_of_call(count, caller)) is not None
    ]
    calls.sort(key=lambda call: call[0].order)
    for at, (one, first, row) in enumerate(calls):
        for other, second, other_row in calls[at + 1 :]:
            if one.scope != other.scope or one.span == other.span or row != other_row or one.loops != other.loops:
                continue
            apart = one.last or one.chain[:-1] != other.chain[:-1] or exclude_each_other(one.guards, other.guards)
            if not apart and set(first.fields) & set(second.fields) and one.trigger == other.trigger:
                return one, other
    return None


def _row_of_call(count: Count, caller: Caller) -> str | None:
    """What decides which row a call counts on, as its caller writes it."""
    passed = dict(caller.arguments)
    for key in count.access.keys:
        if key.value.origin is Origin.ARGUMENT:
            value = passed.get((key.value.field or key.value.text).split(".")[-1])
            return f"{count.access.table}:{value.text}" if value is not None else None
    return None
