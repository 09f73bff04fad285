"""Reads that cover more rows than their functions are after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from contend.conflicts import sharing_of
from contend.conflicts.sharing import BREADTH
from contend.model.findings import Pair, Sharing
from contend.model.functions import Access, Function, Key
from contend.model.places import Span
from contend.model.schema import Index, Table
from contend.model.values import UNKNOWN, Origin
from contend.rules.graph import AuditGraph
from contend.rules.guards import missing_rows
from contend.rules.lookups import Lookup, bound_fields, lookup_of, serving_index
from contend.rules.retention import SET_UP, bounded_by


@dataclass(frozen=True, slots=True)
class WideRead:
    """A read that covers more than its functions are after: what they are after, an index that leads there where the
    schema has one, and the functions with their accesses at that place, mutations first."""

    table: Table
    read: Access
    lookup: Lookup
    index: Index | None
    users: tuple[tuple[Function, Access], ...]


def wide_reads(graph: AuditGraph) -> Iterator[WideRead]:
    """Reads, by their place in the source, that cover more than a mutation is after."""
    places: dict[Span, list[tuple[Function, Access]]] = defaultdict(list)
    made_once = set(_made_once(graph))
    for function in sorted(graph.app.functions, key=lambda function: function.kind != "mutation"):
        if function.kind in ("mutation", "query"):
            for access in function.reads:
                if access.operation == "query" and _is_open(access):
                    places[access.span].append((function, access))
    for users in places.values():
        function, read = users[0]
        table = graph.app.tables.get(read.table or "")
        if function.kind != "mutation" or table is None:
            continue
        lookup = next((found for user, access in users if (found := lookup_of(user, access, table)) is not None), None)
        if lookup is None:
            continue
        index = serving_index(read, lookup, table)
        if _is_worth(read, lookup, index) and read.table not in made_once:
            yield WideRead(table, read, lookup, index, tuple(users))


def _made_once(graph: AuditGraph) -> Iterator[str]:
    """The tables of one row: what inserts it looks first whether there is any."""
    inserts: dict[str, list[tuple[Function, Access]]] = defaultdict(list)
    for function in graph.mutations:
        for write in function.writes:
            if write.operation == "insert":
                for table in write.tables:
                    inserts[table].append((function, write))
    for table, found in inserts.items():
        if bounded_by(found) == SET_UP and not any(write.loops for _, write in found):
            yield table


def _is_open(access: Access) -> bool:
    return access.table is not None and (access.extent.filtered or access.extent.reach in ("range", "whole"))


def _is_worth(read: Access, lookup: Lookup, index: Index | None) -> bool:
    """Whether a narrower read is possible: one that leaves most of the range out."""
    if lookup.purpose == "count" and any(isinstance(key.value.constant, str) for key in read.keys):
        return False  # how many are in one state: `queue-head-claim` speaks of that
    if not bound_fields(read):
        return bool(lookup.fields) or lookup.purpose == "count"
    return index is not None or bool(lookup.telling) or lookup.purpose in ("extreme", "count")


def pairs_of(graph: AuditGraph, wide: WideRead) -> Iterator[Pair]:
    """The pairs in which a function at this place loses, or runs again. A read that happens only where an earlier one
    found nothing is left out where that one mostly finds something."""
    for function, access in wide.users:
        if _is_seldom(function, access):
            continue
        for pair in graph.pairs.of_victim(function.id):
            if pair.read.order == access.order and not pair.same_socket and pair.sharing is not Sharing.NOBODY:
                yield pair


def is_needless(graph: AuditGraph, wide: WideRead, pair: Pair) -> bool:
    """Whether a narrower read would not be met by the pair's write, or by few of them."""
    lookup, write = wide.lookup, pair.write
    if any(key.value.origin is Origin.FRESH for key in write.keys):
        return False  # the row was inserted just before: that is the write to speak of
    if write.operation == "insert" and _inserts_once(graph.functions[pair.writer], write):
        return False
    if lookup.telling:
        if pair.victim != pair.writer or write.operation == "insert" or write.row != pair.read.row:
            return True
        narrower = BREADTH[_narrowed(graph, wide, graph.functions[pair.victim], pair.read)] < BREADTH[pair.sharing]
        return narrower and lookup.purpose == "one"
    if lookup.purpose == "count":
        return write.operation in ("patch", "replace") and not _sets(write, bound_fields(wide.read))
    if lookup.purpose == "extreme":
        moves = _sets(write, (*bound_fields(wide.read), *lookup.fields))
        return write.operation in ("patch", "replace") and not moves
    return not _sets(write, lookup.fields) and write.operation not in ("insert", "delete")


def _inserts_once(writer: Function, insert: Access) -> bool:
    """Whether a writer inserts only where it found no row to patch: once per key, and from then on it patches."""
    missed = {row for guard in insert.guards for row in missing_rows(guard)}
    return any(write.row in missed and write.operation in ("patch", "replace") for write in writer.writes)


def _narrowed(graph: AuditGraph, wide: WideRead, function: Function, read: Access) -> Sharing:
    """Who would meet on the read if it were bound by what it looks for."""
    keys = tuple(Key(field, "eq", UNKNOWN) for field in wide.lookup.telling)
    return sharing_of(replace(read, keys=(*read.keys, *keys)), function, graph.app.tables)


def _is_seldom(function: Function, read: Access) -> bool:
    """Whether the function, or the helper that reads, mostly returns before this read: with the row that an earlier
    lookup found."""
    missed = {guard.span for guard in read.guards if guard.early_exit and any(missing_rows(guard))}
    thrown = {guard.span for exit in function.exits if exit.kind == "throw" for guard in exit.guards[-1:]}
    return bool(missed - thrown)


def in_a_special_case(read: Access) -> bool:
    """Whether a read stands in a branch that depends on what some row holds."""
    return any(
        not guard.early_exit
        and any(part.origin is Origin.FIELD and part.field not in (None, "*", "_id") for part in guard.condition.walk())
        for guard in read.guards
    )


def _sets(write: Access, fields: Sequence[str]) -> bool:
    return any(field.name in fields or field.name == "*" for field in write.fields)
