"""What a read looks for: the fields that decide which of the rows in its range the function is after."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from contend.model.functions import Access, Function, Guard
from contend.model.places import Span
from contend.model.schema import Index, Table, Validator
from contend.model.values import Origin, Value

Purpose = Literal["one", "some", "extreme", "count"]

_COMPARED = re.compile(
    r"\.(eq|neq|gt|gte|lt|lte)\(\s*(?:(?:\w+\.field\(\s*[\"'](?P<first>[\w.]+)[\"']\s*\)\s*,\s*(?P<value>[^,()\s]+))"
    r"|(?:(?P<other>[^,()]+?)\s*,\s*\w+\.field\(\s*[\"'](?P<second>[\w.]+)[\"']))"
)
_LITERAL = re.compile(r"^([\"'`].*|true|false|null|undefined|-?\d.*)$")
_TELLING = re.compile(
    r"(ids?|slug|key|code|email|token|hash|url|path|address|ref|handle|name|number|phone|domain|title)$", re.IGNORECASE
)
_SCOPE = re.compile(r"(team|org|organization|workspace|tenant|account|user|owner|member|person|author)(Id|_id|Did)?$")
_TENANT = re.compile(r"(team|org|organization|workspace|tenant|account|company)(Id|_id)?$", re.IGNORECASE)
_UNIQUE = re.compile(r"(^|[a-z_])(hash|sha\d*|digest|checksum|etag|uuid|token|fingerprint)$", re.IGNORECASE)
_EXTREMES = frozenset({"call:Math.max", "call:Math.min"})
_ORDERED = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a function wants of the rows that a read covers.

    `purpose`: `one` row, `some` rows, the row with an `extreme` value, or their `count`. `fields` are those by which
    the rows are picked, `equal` those of them that have to be equal to something, `telling` those of these that few
    rows share. `in_query` where a `.filter()` of the query picks them, rather than the code after it.
    """

    purpose: Purpose
    fields: tuple[str, ...]
    equal: tuple[str, ...]
    telling: tuple[str, ...]
    in_query: bool


def lookup_of(function: Function, read: Access, table: Table | None) -> Lookup | None:
    """What `function` wants of the rows of a `read` that covers more than one; None where it uses all of them, or where
    nothing tells."""
    if read.extent.filtered:
        return _filtered(read, table)
    if read.extent.reach not in ("range", "whole") or is_unique(read):
        return None
    uses = tuple(_uses(function, read))
    if _takes_all(function, read):
        return None
    picked = [field for guard in uses for field in _picked(guard.condition, guard.holds, read.row)]
    if picked:
        equal = tuple(dict.fromkeys(picked))
        return Lookup("some", equal, equal, tuple(field for field in equal if is_telling(field, table, read)), False)
    looked = tuple(dict.fromkeys(field for guard in uses for field in _looked_at(guard.condition, read.row)))
    if looked and not bound_fields(read):
        return Lookup("some", looked, (), (), False)
    extreme = _extreme(function, read.row)
    if extreme is not None:
        return Lookup("extreme", (extreme,), (), (), False)
    if uses and all(counts_rows(guard.condition, read.row) for guard in uses) and not _handles(function, read.row):
        return Lookup("count", (), (), (), False)
    return None


def is_unique(read: Access) -> bool:
    """Whether a read ends in `.unique()`: it covers its range, and expects one row."""
    return read.extent.reach == "range" and read.extent.limit is None and ".unique()" in read.snippet


def is_telling(field: str, table: Table | None, read: Access, constant: bool = False) -> bool:
    """Whether few rows of a read's range have the same value of a field: ids, names, keys; not states, flags and kinds,
    and not the tenant or user of rows that are one parent's already."""
    if constant or (_SCOPE.search(field) and bound_fields(read)):
        return False
    declared = table.fields.get(field.split(".")[0]) if table is not None else None
    if declared is not None:
        if declared.kind == "id":
            return True
        if is_choice(declared) or declared.kind in ("boolean", "array", "object"):
            return False
    return bool(_TELLING.search(field)) or field == "_id"


def _is_given(field: str, table: Table | None, read: Access) -> bool:
    """Whether a field, compared with what the caller gives, tells few rows of a whole table: any text or number."""
    declared = table.fields.get(field) if table is not None else None
    return not bound_fields(read) and declared is not None and declared.kind in ("string", "number")


def is_choice(validator: Validator) -> bool:
    """Whether only a few values are possible."""
    if validator.kind in ("boolean", "literal", "null"):
        return True
    return validator.kind == "union" and bool(validator.items) and all(is_choice(item) for item in validator.items)


def serving_index(read: Access, lookup: Lookup, table: Table | None) -> Index | None:
    """An index that the schema has and that leads to the rows a lookup is after: its first fields are all compared with
    something, and one of them is telling (or adds to what the read is bound by already). It keeps what the read is
    bound by, unless the field it has instead is one that few rows share: not the id of another row."""
    bound = {key.field for key in read.keys if key.operator == "eq"}
    wanted = set(lookup.telling or lookup.equal or lookup.fields)
    best: tuple[int, Index] | None = None
    for index in table.indexes if table is not None else ():
        if index.kind != "database" or index.staged or index.name == read.index:
            continue
        prefix = 0
        for field in index.fields:
            if field not in bound and field not in lookup.equal:
                break
            prefix += 1
        serves = bool(wanted & set(index.fields[:prefix]))
        if not bound <= set(index.fields[:prefix]):  # by the looked-up field alone: many rows may refer to one row
            serves = serves and not any(_refers(field, table) for field in index.fields[:prefix])
        if not lookup.telling:
            serves = serves and bound < set(index.fields[:prefix])
        if not lookup.equal:  # an order or a bound: the field after the equalities
            serves = prefix == len(bound) < len(index.fields) and index.fields[prefix] in wanted
        if serves and (best is None or prefix > best[0]):
            best = (prefix, index)
    return best[1] if best is not None else None


def _refers(field: str, table: Table | None) -> bool:
    declared = table.fields.get(field) if table is not None else None
    return declared is not None and declared.kind == "id"


def is_narrow(read: Access, table: Table) -> bool:
    """Whether few rows are in a read's range: it is bound by a content hash or a token, or by two fields whose values
    are neither constants nor one of a few, and no tenant's."""
    apart = [
        key.field
        for key in read.keys
        if key.operator == "eq"
        and key.value.origin is not Origin.CONSTANT
        and not _TENANT.search(key.field)
        and not ((declared := table.fields.get(key.field)) is not None and is_choice(declared))
    ]
    return len(apart) >= 2 or any(_UNIQUE.search(field) for field in apart)


def bound_fields(read: Access) -> tuple[str, ...]:
    """The fields that a read's range is bound by with an equality."""
    return tuple(key.field for key in read.keys if key.operator == "eq")


def filtered_by(read: Access) -> tuple[str, ...] | None:
    """The fields that a `.filter()` of the query compares with something other than a literal; None where that does not
    show."""
    found = [
        (match["first"] or match["second"], (match["value"] or match["other"] or "").strip())
        for match in _COMPARED.finditer(read.snippet)
    ]
    return tuple(dict.fromkeys(name for name, value in found if not _LITERAL.match(value))) if found else None


def _filtered(read: Access, table: Table | None) -> Lookup | None:
    """What a `.filter()` of the query compares, from its source."""
    fields: dict[str, None] = {}
    equal: dict[str, None] = {}
    telling: dict[str, None] = {}
    for found in _COMPARED.finditer(read.snippet):
        name = found["first"] or found["second"]
        fields[name] = None
        if found[1] == "eq":
            equal[name] = None
            value = (found["value"] or found["other"] or "").strip()
            literal = bool(_LITERAL.match(value))
            if is_telling(name, table, read, literal) or (not literal and _is_given(name, table, read)):
                telling[name] = None
    if ".or(" in read.snippet:
        equal = {}  # no index serves both sides
        telling = telling if len(telling) == len(fields) else {}
    one = read.extent.reach == "first" or ".unique()" in read.snippet
    if not fields and one:
        return None
    if not one and not telling and bound_fields(read):
        return None
    return Lookup("one" if one else "some", tuple(fields), tuple(equal), tuple(telling), True)


def _uses(function: Function, read: Access) -> Iterator[Guard]:
    """The conditions that stand before accesses and exits and look at rows of a read."""
    seen: set[object] = set()
    for access in function.accesses:
        if access.order > read.order:
            yield from _conditions(access.guards, read.row, seen)
    for exit in function.exits:
        yield from _conditions(exit.guards, read.row, seen)


def _conditions(guards: Sequence[Guard], row: str | None, seen: set[object]) -> Iterator[Guard]:
    for guard in guards:
        if (guard.span, guard.holds) not in seen:
            seen.add((guard.span, guard.holds))
            if mentions_row(guard.condition, row):
                yield guard


def mentions_row(value: Value, row: str | None) -> bool:
    """Whether a value looks at the rows that a read found."""
    return row is not None and any(part.row == row for part in value.walk())


def _takes_all(function: Function, read: Access) -> bool:
    """Whether every row is worked on: something is done in a loop over them, and no condition there picks some, or what
    one does not pick the other does. Or a loop over something else asks of each whether the table has it."""
    found: dict[Span, set[bool]] = defaultdict(set)
    for access in function.accesses:
        if access.order > read.order and access.loops and any(_has(g.condition, read.row) for g in access.guards):
            return True
        if access.order <= read.order or not any(mentions_row(loop.over, read.row) for loop in access.loops):
            continue
        asked = [guard for guard in access.guards if mentions_row(guard.condition, read.row)]
        if not asked:
            return True
        for guard in asked:
            if not guard.early_exit:
                found[guard.span].add(guard.holds)
    return any(len(both) > 1 for both in found.values())


def _has(condition: Value, row: str | None) -> bool:
    """Whether a condition asks whether a set made of a read's rows has something."""
    return any(part.op == "call:has" and mentions_row(part.parts[0], row) for part in condition.walk() if part.parts)


def _picked(condition: Value, holds: bool, row: str | None) -> Iterator[str]:
    """The fields of the read's rows that certainly equal something from elsewhere where a condition holds (or not)."""
    if condition.op == "!" and condition.parts:
        yield from _picked(condition.parts[0], not holds, row)
    elif (condition.op == "&&" and holds) or (condition.op == "||" and not holds):
        for part in condition.parts:
            yield from _picked(part, holds, row)
    elif condition.op == "call:some":
        yield from _picked(condition.parts[-1], True, row)
    elif condition.op == ("==" if holds else "!=") and len(condition.parts) == 2:
        for one, other in (condition.parts, condition.parts[::-1]):
            named = one.origin is Origin.FIELD and one.row == row and one.field and one.field != "*"
            if named and one.field and not mentions_row(other, row) and other.text not in ("undefined", "null"):
                yield one.field


def _looked_at(condition: Value, row: str | None) -> Iterator[str]:
    """The fields of the read's rows that a condition looks at."""
    for part in condition.walk():
        if part.origin is Origin.FIELD and part.row == row and part.field and part.field not in ("*", "_id"):
            yield part.field.split(".")[0]


def _extreme(function: Function, row: str | None) -> str | None:
    """The field whose largest or smallest value over all rows goes into what the function writes."""
    if any(access.row == row and access.writes for access in function.accesses):
        return None  # it picks a row
    for access in function.writes:
        for write in access.fields:
            for part in write.value.walk():
                field = _over_all(part, (), row)
                if part.op == "any":
                    field = next((one for each in part.parts if (one := _over_all(each, part.parts, row))), field)
                if field:
                    return field
    return None


def _over_all(value: Value, beside: Sequence[Value], row: str | None) -> str | None:
    """The field of all rows that `Math.max` or `Math.min` goes over: its only argument, or the step of a fold, whose
    start stands beside it."""
    if value.op not in _EXTREMES:
        return None
    rest = [part for part in value.parts if not mentions_row(part, row)]
    if len(rest) == len(value.parts) or any(part not in beside for part in rest):
        return None
    fields = [part.field for part in value.walk() if part.origin is Origin.FIELD and part.row == row]
    return next((field for field in fields if field and field != "*"), None)


def counts_rows(condition: Value, row: str | None) -> bool:
    """Whether a condition compares how many rows there are with some number above 0, and looks at nothing else."""
    if condition.op not in _ORDERED or not any(side.op == "call:length" for side in condition.parts):
        return False
    return all(part.constant != 0 for part in condition.parts)


def _handles(function: Function, row: str | None) -> bool:
    """Whether rows go anywhere but into conditions."""
    return any(
        mentions_row(value, row)
        for access in function.accesses
        for value in (
            *(field.value for field in access.fields),
            *(key.value for key in access.keys),
            *(loop.over for loop in access.loops),
        )
    )
