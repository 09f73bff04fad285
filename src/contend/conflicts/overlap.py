"""Whether a write can enter a read's interval, on keys as the analysis knows them.

`contend.convex.coverage` knows the rules; here its key parts are `Value`s of two *different* calls, so two arguments
(or two identities) may be equal or not, whatever their names; literals compare, and a fresh value equals nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contend.convex.coverage import (
    LOGGED_KEYS,
    Comparison,
    Overlap,
    SymbolicRead,
    WriteOperation,
    may_overlap,
    touched_indexes,
)
from contend.convex.keys import BY_CREATION_TIME, BY_ID
from contend.convex.ranges import Bound, Range
from contend.model.functions import Access, Function
from contend.model.schema import Table
from contend.model.values import UNKNOWN, Origin, Value

_UNDEFINED: Final = Value(Origin.CONSTANT, "undefined")
_FRESH_ID: Final = Value(Origin.FRESH, "a new id")
_TELLING_ORIGINS: Final = frozenset({Origin.CONSTANT, Origin.FRESH, Origin.COMPUTED})
_CHOICES: Final = frozenset({"any", "?:", "??", "||"})


def index_of(read: Access) -> str:
    """The index a read goes through; a query without one scans by creation time
    (convex-backend: crates/database/src/query/mod.rs)."""
    return read.index or (BY_ID if read.extent.reach == "point" else BY_CREATION_TIME)


@dataclass(frozen=True, slots=True)
class ReadSide:
    """A read, ready to be compared: the index, the fields it is bound by (equalities first), and the bounds."""

    index: str
    fields: tuple[str, ...]
    bounds: SymbolicRead[Value]


@dataclass(frozen=True, slots=True)
class WriteSide:
    """A write, ready to be compared: what is known of the document before and after. `missing` stands for a field that
    `new` does not name; `telling` are the fields whose value can rule a meeting out."""

    operation: WriteOperation
    old: Mapping[str, Value]
    new: Mapping[str, Value]
    missing: Value
    telling: frozenset[str]


def read_side(read: Access) -> ReadSide:
    """Prepares a read. A text search covers what its equality filters match: any token may (convex-backend:
    crates/search/src/query.rs)."""
    equalities = [key for key in read.keys if key.operator == "eq"]
    bounds = [key for key in read.keys if key.operator in ("gt", "gte", "lt", "lte")]
    lower = next((Bound(key.value, key.operator == "gte") for key in bounds if key.operator in ("gt", "gte")), None)
    upper = next((Bound(key.value, key.operator == "lte") for key in bounds if key.operator in ("lt", "lte")), None)
    fields = [key.field for key in equalities] + [key.field for key in bounds[:1]]
    early = read.extent.reach in ("first", "take") or read.operation == "search"
    symbolic = SymbolicRead(Range(tuple(key.value for key in equalities), lower, upper), stops_early=early)
    return ReadSide(index_of(read), tuple(fields), symbolic)


def write_side(write: Access, writer: Function) -> WriteSide | None:
    """Prepares a write of `writer`; None for an access that is none."""
    if write.operation not in ("insert", "patch", "replace", "delete"):
        return None
    old = old_values(write, writer)
    new = new_values(write, old)
    missing = _UNDEFINED if _is_complete(write) else UNKNOWN
    telling = frozenset(
        name for values in (old, new) for name, value in values.items() if value.origin in _TELLING_ORIGINS
    )
    return WriteSide(write.operation, old, new, missing, telling)


def logged_keys(table: Table | None, index: str, operation: WriteOperation) -> tuple[bool, bool]:
    """Whether a write logs its old and its new key in an index of the table. One that the schema does not list is taken
    for one that exists."""
    for name, old, new in touched_indexes(table.indexes if table else (), operation):
        if name == index:
            return old, new
    if table is not None and table.index(index) is not None:
        return False, False  # staged, or a vector index
    return LOGGED_KEYS[operation]


def overlap(read: ReadSide, write: WriteSide, logged: tuple[bool, bool]) -> Overlap:
    """Whether `write` can lie in what `read` covers of the same table, given which keys it logs in the read's index."""
    logs_old, logs_new = logged
    if not logs_old and not logs_new:
        return Overlap.NO
    if write.missing is UNKNOWN and write.telling.isdisjoint(read.fields):
        return Overlap.POSSIBLE
    old = [_value(write.old, field, UNKNOWN) for field in read.fields] if logs_old else None
    new = [_value(write.new, field, write.missing) for field in read.fields] if logs_new else None
    return may_overlap(read.bounds, old, new, compare)


def old_values(write: Access, writer: Function) -> Mapping[str, Value]:
    """What is known of the written document before the write: its id, and the equalities it was found by."""
    known: dict[str, Value] = {}
    if write.row is not None:
        for access in writer.accesses:
            if access.row == write.row and not access.writes:
                known.update((key.field, key.value) for key in access.keys if key.operator == "eq")
    known.update((key.field, key.value) for key in write.keys if key.operator == "eq")
    return known


def new_values(write: Access, old: Mapping[str, Value]) -> Mapping[str, Value]:
    """What is known of the written document after the write."""
    written = {field.name: field.value for field in write.fields if field.name != "*"}
    if write.operation == "insert":
        return {"_id": _FRESH_ID, **written}
    if write.operation == "replace":
        return {**({"_id": old["_id"]} if "_id" in old else {}), **written}
    if any(field.name == "*" for field in write.fields):
        old = {name: value for name, value in old.items() if name == "_id"}
    return {**old, **written}


def compare(written: Value, read: Value) -> Comparison:
    """How a key part of a write compares with one of a read, in another call."""
    if Origin.FRESH in (written.origin, read.origin):
        return Comparison.DIFFERENT
    for one, other, swapped in ((written, read, False), (read, written, True)):
        if one.origin is Origin.COMPUTED and one.op in _CHOICES and one.parts:
            choices = one.parts[1:] if one.op == "?:" and len(one.parts) == 3 else one.parts
            found = {compare(other, part) if swapped else compare(part, other) for part in choices}
            if Comparison.EQUAL in found or Comparison.UNKNOWN in found:
                return Comparison.UNKNOWN
            return found.pop() if len(found) == 1 else Comparison.DIFFERENT
    if written.origin is not Origin.CONSTANT or read.origin is not Origin.CONSTANT:
        return Comparison.UNKNOWN
    return _compare_constants(written, read)


def _compare_constants(written: Value, read: Value) -> Comparison:
    left, right = written.constant, read.constant
    if left is None or right is None:
        if written.text == read.text:
            return Comparison.EQUAL
        literal = [value.constant is not None or value.text in ("null", "undefined") for value in (written, read)]
        return Comparison.DIFFERENT if all(literal) else Comparison.UNKNOWN
    if isinstance(left, bool) or isinstance(right, bool) or isinstance(left, str) != isinstance(right, str):
        return Comparison.EQUAL if type(left) is type(right) and left == right else Comparison.DIFFERENT
    if left == right:
        return Comparison.EQUAL
    if isinstance(left, str) and isinstance(right, str):
        return Comparison.LESS if left.encode() < right.encode() else Comparison.GREATER
    return Comparison.LESS if float(left) < float(right) else Comparison.GREATER


def _is_complete(write: Access) -> bool:
    """Whether a field that a write does not name is absent afterwards."""
    return write.operation in ("insert", "replace") and all(field.name != "*" for field in write.fields)


def _value(values: Mapping[str, Value], field: str, missing: Value) -> Value:
    if field in ("_creationTime", "_id"):
        missing = UNKNOWN
    found = values.get(field)
    if found is not None:
        return found
    if any(name.startswith(field + ".") or field.startswith(name + ".") for name in values):
        return UNKNOWN
    return missing
