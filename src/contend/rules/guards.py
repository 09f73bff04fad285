"""What a guard really keeps out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contend.model.callers import Caller
from contend.model.functions import Access, Function, Guard
from contend.model.values import Origin, Value
from contend.rules.graph import same_row
from contend.rules.stamps import is_time, mentions_field

_ORDER = frozenset({"<", "<=", ">", ">="})
_EQUALITY = frozenset({"==", "!="})


@dataclass(frozen=True, slots=True)
class AgeTest:
    """A guard that compares the age of a stored stamp with a threshold. `writes_when_old` tells the usual direction."""

    guard: Guard
    field: str
    threshold_ms: float | None
    writes_when_old: bool


def comparisons(value: Value) -> list[Value]:
    """The comparisons within a condition."""
    return [part for part in value.walk() if part.op in _ORDER or part.op in _EQUALITY]


def fields_of_row(value: Value, row: str | None, table: str | None) -> list[str]:
    """The fields of one row (or, where the row is not known, of its table) that a value looks at."""
    found: list[str] = []
    for part in value.walk():
        if part.origin is Origin.FIELD and part.field and part.field != "*":
            same = part.row == row if row is not None else part.table == table
            if same:
                found.append(part.field.split(".")[0])
    return found


def age_test(guard: Guard, access: Access, callers: Sequence[Caller]) -> AgeTest | None:
    """The age test in a guard of a write: `now - row.f > T`, `row.f < now - T`, `row.f + T < now`."""
    for comparison in comparisons(guard.condition):
        if comparison.op not in _ORDER or len(comparison.parts) != 2:
            continue
        fields = fields_of_row(comparison, access.row, access.table)
        if not fields:
            continue
        times = [part for part in comparison.walk() if part is not comparison and is_time(part, callers)]
        arithmetic = any(part.op in ("+", "-") for part in comparison.walk())
        if not times or not arithmetic:
            continue
        numbers = [
            abs(float(part.constant))
            for part in comparison.walk()
            if part.origin is Origin.CONSTANT and isinstance(part.constant, int | float) and part.constant
        ]
        return AgeTest(guard, fields[0], max(numbers) if numbers else None, writes_when_old=True)
    return None


def newer_than_stored(guard: Guard, access: Access, callers: Sequence[Caller]) -> Value | None:
    """The comparison in a guard that only asks whether a new time is later than the stored one: nearly always true."""
    written = {write.name: write.value for write in access.fields}
    for comparison in comparisons(guard.condition):
        if len(comparison.parts) != 2:
            continue
        for new, stored in (comparison.parts, comparison.parts[::-1]):
            fields = fields_of_row(stored, access.row, access.table)
            if not fields or any(part.op in ("+", "-") for part in (*new.walk(), *stored.walk())):
                continue
            if fields_of_row(new, access.row, access.table):
                continue
            ordered = comparison.op in _ORDER or (comparison.op in _EQUALITY and new.origin is Origin.TIME)
            if ordered and is_time(new, callers) and any(_same(written.get(name), new) for name in fields):
                return comparison
    return None


def _same(written: Value | None, value: Value) -> bool:
    return written is not None and written.text == value.text


def compared_with_itself(guard: Guard) -> Value | None:
    """A comparison in a guard whose two sides are written alike."""
    return next((part for part in guard.condition.walk() if part.op == "itself"), None)


def is_effective(guard: Guard, access: Access, callers: Sequence[Caller]) -> bool:
    """Whether a guard of a write keeps repeated calls out: it looks at what the row holds, and not only to ask whether
    the row exists or whether the new time is later."""
    table = access.table
    if table is None or not fields_of_row(guard.condition, access.row, table):
        return False
    if newer_than_stored(guard, access, callers) is not None or compared_with_itself(guard) is not None:
        return False
    return mentions_field(guard.condition, table, [write.name for write in access.fields]) or bool(
        age_test(guard, access, callers)
    )


def missing_rows(guard: Guard) -> Iterator[str]:
    """The rows of which a guard says that there is none (`!existing`, `existing === null` …)."""
    yield from _missing(guard.condition, guard.holds)


def _missing(value: Value, holds: bool) -> Iterator[str]:
    if value.op == "!" and value.parts:
        yield from _missing(value.parts[0], not holds)
    elif value.op in ("==", "!=") and len(value.parts) == 2:
        nothing = [part for part in value.parts if part.text in ("null", "undefined", "0")]
        if nothing and holds is (value.op == "=="):
            for part in value.parts:
                if part is not nothing[0]:
                    yield from _missing(part, False)
    elif (value.op == "||" and not holds) or (value.op == "&&" and holds):
        for part in value.parts:
            yield from _missing(part, holds)
    elif not holds:
        for part in value.walk() if value.op in (None, "any", "member") else ():
            if part.origin is Origin.FIELD and part.row is not None:
                yield part.row


def earlier_write(function: Function, access: Access, guard: Guard) -> Access | None:
    """A write on the same row, or on another one of the same caller, before this one that the guard does not cover."""
    own = _found_by(function, access)
    for earlier in function.writes:
        if earlier.order >= access.order or earlier.operation == "insert":
            continue
        if any(other.span == guard.span for other in earlier.guards):
            continue
        if same_row(earlier, access) or own & _found_by(function, earlier):
            return earlier
    return None


def _found_by(function: Function, access: Access) -> set[str]:
    """Which callers' values lead to the row of an access: the arguments and identities in the keys that found it."""
    return {
        key.value.text
        for read in (access, *(read for read in function.reads if same_row(read, access)))
        for key in read.keys
        if key.value.origin in (Origin.ARGUMENT, Origin.IDENTITY)
    }


def looks_for_rows(condition: Value, query: Function) -> bool:
    """Whether a condition asks more of a live list than whether it has arrived: how many, or for one of them."""
    live = f"live:{query.path}"
    return any(
        (part.row == live and bool(part.field))
        or part.text.startswith(f"{query.path}.length")
        or (part.op not in (None, "&&", "||", "??", "!") and any(inner.row == live for inner in part.walk()))
        for part in condition.walk()
    )
