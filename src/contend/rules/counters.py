"""Counters and other bookkeeping: fields that are written with what they held before, changed a little."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from contend.model.callers import Caller
from contend.model.functions import Access, FieldWrite
from contend.model.schema import Table
from contend.model.values import Origin, Value
from contend.rules.stamps import carries_over, stamps_in

_ARITHMETIC = frozenset({"+", "-", "*", "/"})
_VERSION = re.compile(r"version|revision|generation|^rev$|^epoch$", re.IGNORECASE)
_TEXT = frozenset({"string", "array", "object", "record"})


def counted_fields(access: Access, tables: Mapping[str, Table]) -> tuple[str, ...]:
    """The fields that a write adds to, subtracts from or averages into, by name. Growing texts are none, and neither is
    the version number of an edited document."""
    table = tables.get(access.table or "")
    return tuple(
        write.name
        for write in access.fields
        if write.name != "*" and not _VERSION.search(write.name) and _counts(write, access, table)
    )


def only_bookkeeping(access: Access, counted: Sequence[str], callers: Sequence[Caller] = ()) -> bool:
    """Whether a write holds nothing but counters, what follows from the row itself, constants, the time and notes about
    the last event (`lastError`): no news that a caller came to store."""
    known = {*counted, *stamps_in(access, callers)}
    return all(
        write.name in known
        or write.name.lower().startswith("last")
        or carries_over(write.value, write.name, access.row)
        or _derived(write.value, access)
        for write in access.fields
    )


def _counts(write: FieldWrite, access: Access, table: Table | None) -> bool:
    if write.value.origin is not Origin.COMPUTED:
        return False
    root = _root(write.name)
    declared = table.fields.get(root) if table is not None else None
    if declared is not None and declared.kind in _TEXT and declared.kind not in ("object", "record"):
        return False
    return any(
        part.origin is Origin.COMPUTED
        and part.op in _ARITHMETIC
        and not any(isinstance(operand.constant, str) for operand in part.parts)
        and any(_own(inner, access, root) for inner in part.walk())
        and not all(_own(inner, access, root) for inner in part.parts)
        for part in write.value.walk()
    )


def _own(value: Value, access: Access, root: str) -> bool:
    """Whether a value is the field `root` of the written row."""
    if value.origin is not Origin.FIELD or value.field is None or _root(value.field) != root:
        return False
    return value.row == access.row if access.row is not None else value.table == access.table


def _derived(value: Value, access: Access) -> bool:
    """Whether a value follows from the written row and constants alone."""
    leaves = [part for part in value.walk() if part.origin is not Origin.COMPUTED]
    return all(
        leaf.origin in (Origin.CONSTANT, Origin.TIME) or (leaf.origin is Origin.FIELD and leaf.row == access.row)
        for leaf in leaves
    )


def _root(name: str) -> str:
    return name.split(".", 1)[0].split("[", 1)[0]
