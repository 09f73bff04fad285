"""Fast fields in rows that others use for other fields."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from contend.model.findings import Pair, Sharing
from contend.model.functions import Access, Function
from contend.model.places import Span
from contend.model.values import Origin, Value
from contend.rules.counters import counted_fields
from contend.rules.graph import AuditGraph, distinct
from contend.rules.guards import is_effective
from contend.rules.precedence import has_a_better_name
from contend.rules.rows import fans_out, in_component, live_callers
from contend.rules.stamps import stamps_in

_UNASKED = frozenset({"server-request", "webhook", "timer", "cron"})
_DECIDED = frozenset({"event", "script"})
_FAST = re.compile(
    r"seen|activity|presence|online|typing|heart(beat)?|ping|beat|progress|milestones?|usage|counts?|stats|statistics|"
    r"metrics|health|runtime|telemetry|cursor|clicks|impressions|views|viewed|visits|sync(ed)?|latency|stream(ing)?|"
    r"ctr|rank|latest|last",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
OTHERS = 2  # mutations that use other fields of the row, at least


@dataclass(frozen=True, slots=True)
class Churn:
    """A write of fast fields, by all functions that reach it, and the pairs with functions that use other fields of
    the row. `child` is the insert that it goes with, where it stamps the parent of a new row; `also` are other such
    writes of the table."""

    users: tuple[tuple[Function, Access], ...]
    fields: tuple[str, ...]
    pairs: tuple[Pair, ...]
    child: Access | None
    also: tuple[Access, ...] = ()

    @property
    def access(self) -> Access:
        return self.users[0][1]


class FieldUses:
    """Which fields of a table functions use, as far as their conditions, keys, writes and results tell."""

    def __init__(self, graph: AuditGraph) -> None:
        self._functions = graph.functions
        self._plain: dict[tuple[str, str], frozenset[str]] = {}
        self._looked: dict[str, Mapping[str, set[str]]] = {}

    def apart(self, id: str, table: str, fields: set[str]) -> bool:
        """Whether a function certainly uses none of `fields`: none that its result shows, none that it writes or finds
        rows by, none that its conditions and values look at."""
        key = (id, table)
        if key not in self._plain:
            self._plain[key] = frozenset(_plain_uses(self._functions[id], table))
        if "*" in self._plain[key] or self._plain[key] & fields:
            return False
        if id not in self._looked:
            self._looked[id] = _looked_at(self._functions[id])
        return not self._looked[id].get(table, set()) & fields


def _plain_uses(function: Function, table: str) -> Iterator[str]:
    """Fields of a table that a function writes, finds rows by or returns; `*` for whole rows and fields not known by
    name."""
    for access in function.accesses:
        if table in access.tables and access.operation != "insert":
            yield from (_root(write.name) for write in access.fields)
            if not access.writes:
                yield from (_root(key.field) for key in access.keys)
    for projection in function.projections:
        if projection.table == table:
            yield from (_root(name) for name in projection.fields)


def _looked_at(function: Function) -> Mapping[str, set[str]]:
    """Fields, by table, that a function's conditions, keys and written values look at."""
    found: dict[str, set[str]] = defaultdict(set)
    values: dict[int, Value] = {
        id(guard.condition): guard.condition for exit in function.exits for guard in exit.guards
    }
    for access in function.accesses:
        values.update((id(guard.condition), guard.condition) for guard in access.guards)
        values.update((id(write.value), write.value) for write in access.fields)
        values.update((id(key.value), key.value) for key in access.keys)
    for value in values.values():
        for part in value.walk():
            if part.origin is Origin.FIELD and part.table and part.field and part.field != "*":
                found[part.table].add(_root(part.field))
    return found


@dataclass(frozen=True, slots=True)
class FastWrite:
    """A write of a row that was there before, with the functions that reach it without anybody's decision, their calls
    in a day, and the insert that it goes with."""

    users: tuple[tuple[Function, Access], ...]
    rate: float
    child: Access | None


def fast_writes(graph: AuditGraph) -> Iterator[list[FastWrite]]:
    """For each table the fast writes, the fastest first: those that are made at least half as often as any other, and
    those of the parents of new rows."""
    tables: dict[str, dict[Span, list[tuple[Function, Access]]]] = defaultdict(dict)
    for function in graph.mutations:
        for access in function.writes:
            if access.operation in ("patch", "replace") and access.table is not None and not in_component(access):
                tables[access.table].setdefault(access.span, []).append((function, access))
    rate_of = graph.estimator.calls_per_day
    for places in tables.values():
        rates = {span: sum(rate_of(function.id) for function, _ in users) for span, users in places.items()}
        fastest = max(rates.values())
        fast_ones = (_fast(graph, users) for users in places.values())
        found = [fast for fast in fast_ones if fast and (fast.child is not None or 2 * fast.rate >= fastest)]
        yield sorted(found, key=lambda fast: -fast.rate)


def _fast(graph: AuditGraph, users: Sequence[tuple[Function, Access]]) -> FastWrite | None:
    first = users[0][1]
    names = {_root(write.name) for write in first.fields}
    if not names or "*" in names or first.operation != "patch":
        return None
    counted: tuple[str, ...] = ()
    if not all(_is_fast(name) for name in names):
        counted = counted_fields(first, graph.app.tables)
    hot, child = [], None
    for function, access in users:
        callers = graph.callers(function.id)
        if access.loops or not live_callers(callers) or fans_out(callers):
            continue
        if any(is_effective(guard, access, callers) for guard in access.guards) or _clears(access):
            continue  # it is not made at every call
        found = _child(function, access)
        noted = {*stamps_in(access, callers), *(write.name for write in access.fields if _of_last(write.name))}
        newer = not all(name.startswith("updated") for name in names)  # an edit mark is what every edit leaves
        if found is not None and newer and noted >= {write.name for write in access.fields}:
            child = found
            hot.append((function, access))
        elif (
            newer
            and all(name in counted or _is_fast(name) for name in names)
            and _runs_unasked(graph, function, bool(counted or counted_fields(access, graph.app.tables)))
        ):
            hot.append((function, access))
    if child is not None and not _is_usual(graph, hot, child.table, first.table):
        return None
    if not hot:
        return None
    return FastWrite(tuple(hot), sum(graph.estimator.calls_per_day(function.id) for function, _ in hot), child)


def churn_of(graph: AuditGraph, uses: FieldUses, fast: FastWrite, also: Sequence[Access]) -> Churn | None:
    """The pairs that a fast write makes with functions that use other fields of the row; None where there are hardly
    any, or where another rule has a better name for the write. `also` are the table's other fast writes."""
    if all(has_a_better_name(graph, function, access) for function, access in fast.users):
        return None
    access = fast.users[0][1]
    fields = tuple(dict.fromkeys(_root(write.name) for write in access.fields))
    telling = {name for name in fields if not name.startswith("updated")} or set(fields)
    pairs = _pairs(graph, uses, fast.users, access.table or "", telling)
    ids = {function.id for function, _ in fast.users}
    others = {other_side(pair, ids) for pair in pairs if pair.kind == "conflict"}
    if len(others) < (OTHERS if fast.child is None else 1):
        return None
    if fast.child is not None:
        own = (pair for function, write in fast.users for pair in graph.pairs_on(function, write))
        pairs = distinct([*pairs, *(pair for pair in own if pair.victim in ids and pair.writer in ids)])
    return Churn(fast.users, fields, pairs, fast.child, tuple(also))


def _pairs(
    graph: AuditGraph, uses: FieldUses, hot: Sequence[tuple[Function, Access]], table: str, fields: set[str]
) -> tuple[Pair, ...]:
    """The pairs of the fast writes with functions that use other fields of the row alone."""
    ids = {function.id for function, _ in hot}
    apart: dict[str, bool] = {}
    found: list[Pair] = []
    for function, access in hot:
        for pair in graph.pairs_on(function, access):
            other = other_side(pair, ids)
            if other in ids or pair.table != table or pair.sharing is Sharing.NOBODY or pair.same_socket:
                continue
            if other not in apart:
                live = pair.kind == "invalidation" or _takes_part(graph, other, table)
                apart[other] = live and uses.apart(other, table, fields)
            if not apart[other]:
                continue
            if pair.kind == "invalidation" and _has_index(graph, pair):
                index = graph.app.tables[table].index(pair.index)
                if index is not None and fields.intersection(index.fields):
                    continue  # it is ordered by them
            if pair.read.extent.reach in ("range", "whole") and ".unique()" not in pair.read.snippet:
                continue  # it reads many rows: how wide it reads is another question
            found.append(pair)
    return distinct(found)


def _takes_part(graph: AuditGraph, id: str, table: str) -> bool:
    """Whether a mutation is in use, and does something else with rows of the table than to delete them."""
    deletes = any(write.operation == "delete" and table in write.tables for write in graph.functions[id].writes)
    return not deletes and bool(live_callers(graph.callers(id)))


def _has_index(graph: AuditGraph, pair: Pair) -> bool:
    table = graph.app.tables.get(pair.table)
    return table is not None and table.index(pair.index) is not None


def other_side(pair: Pair, ids: set[str]) -> str:
    """The function of a pair that is none of `ids`."""
    return pair.writer if pair.victim in ids else pair.victim


def _child(function: Function, access: Access) -> Access | None:
    """The insert of a row that refers to the written one."""
    keys = {key.value.text for key in access.keys}
    return next(
        (
            other
            for other in function.writes
            if other.operation == "insert"
            and other.table != access.table
            and any(write.value.text in keys for write in other.fields)
        ),
        None,
    )


def _is_fast(name: str) -> bool:
    """Whether a field is, by its name, one that keeps moving: a count, a health, who was last seen."""
    return _of_last(name) or any(_FAST.fullmatch(word) for word in _WORDS.findall(name))


def _of_last(name: str) -> bool:
    """Whether a field tells of the newest of something."""
    return bool(re.match(r"last(?!_?name)|latest|newest|updated", name, re.IGNORECASE))


def _runs_unasked(graph: AuditGraph, function: Function, counts: bool) -> bool:
    """Whether timers, requests, jobs or a scheduled function start it, rather than a user who decides to. What is
    scheduled once when a user decides to is as rare as that, unless it `counts` these."""
    origins = graph.origins(function.id)
    scheduled = [caller for caller in graph.callers(function.id) if caller.client == "scheduler"]
    if scheduled and (
        counts
        or any(caller.loops or caller.from_function == function.id for caller in scheduled)
        or any(origin.trigger.kind not in _DECIDED for origin in origins)
    ):
        return True
    return any(caller.trigger.kind in _UNASKED for caller in origins)


def _is_usual(graph: AuditGraph, hot: Sequence[tuple[Function, Access]], child: str | None, parent: str | None) -> bool:
    """Whether most new rows of the child's table come with a write of their parent."""
    rate_of = graph.estimator.calls_per_day
    ids = {function.id for function, _ in hot}
    others = (
        function.id
        for function in graph.mutations
        if function.id not in ids
        and any(access.operation == "insert" and child in access.tables for access in function.writes)
        and not any(
            write.operation == "patch" and parent in write.tables and not _clears(write) for write in function.writes
        )
    )
    return sum(rate_of(id) for id in ids) >= sum(rate_of(id) for id in others)


def _clears(access: Access) -> bool:
    """Whether a write only takes back what it asked for: a field that is set now, and unset after it."""
    asked = {
        part.field
        for guard in access.guards
        for part in guard.condition.walk()
        if part.origin is Origin.FIELD and part.table == access.table
    }
    return all(write.name in asked and write.value.text in ("undefined", "null", "false") for write in access.fields)


def _root(name: str) -> str:
    return name.split(".", 1)[0].split("[", 1)[0]
