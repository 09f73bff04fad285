"""Index range expressions (`q.eq("room", r).gt("sentAt", t)`): which are valid, and the interval they mean.

Generic in the value: `split_range` also takes symbols, so a static audit and the engine accept and reject the same
expressions; `range_interval` needs values (convex-backend: crates/common/src/query.rs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, Literal, NamedTuple, TypeVar

from contend.convex.errors import InvalidRangeError
from contend.convex.intervals import Interval, after, prefix
from contend.convex.values import AFTER_EVERY_VALUE, UNDEFINED, sort_key, to_json

V = TypeVar("V")
Comparator = Literal["eq", "gt", "gte", "lt", "lte"]

_SIGNS: Final[dict[str, str]] = {"eq": "==", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_MORE: Final = "For more information see https://docs.convex.dev/using/indexes."


class RangeExpression(NamedTuple, Generic[V]):
    """One bound: `field comparator value`."""

    comparator: Comparator
    field: str
    value: V


def eq(field: str, value: V) -> RangeExpression[V]:
    """`q.eq(field, value)`."""
    return RangeExpression("eq", field, value)


def gt(field: str, value: V) -> RangeExpression[V]:
    """`q.gt(field, value)`."""
    return RangeExpression("gt", field, value)


def gte(field: str, value: V) -> RangeExpression[V]:
    """`q.gte(field, value)`."""
    return RangeExpression("gte", field, value)


def lt(field: str, value: V) -> RangeExpression[V]:
    """`q.lt(field, value)`."""
    return RangeExpression("lt", field, value)


def lte(field: str, value: V) -> RangeExpression[V]:
    """`q.lte(field, value)`."""
    return RangeExpression("lte", field, value)


class Bound(NamedTuple, Generic[V]):
    """One side of a range of the field after the equalities."""

    value: V
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Range(Generic[V]):
    """A valid range: equalities on the first fields of the index, in index order, then bounds on at most one more."""

    equalities: tuple[V, ...] = ()
    lower: Bound[V] | None = None
    upper: Bound[V] | None = None


def split_range(
    index: str, fields: Sequence[str], expressions: Sequence[tuple[Comparator, str, V]], table: str = ""
) -> Range[V]:
    """Sorts the expressions into a `Range`, whatever order they came in. `fields` are all fields of the index,
    `_creationTime` and `_id` included. Raises `InvalidRangeError` with Convex's text and code."""
    name = f"{table}.{index}" if table else index
    equalities: dict[str, V] = {}
    bounded: str | None = None
    lower: Bound[V] | None = None
    upper: Bound[V] | None = None
    for comparator, field, value in expressions:
        if comparator == "eq":
            if field in equalities:
                raise _already_defined("equality", field, "==", equalities[field])
            equalities[field] = value
            continue
        if comparator in ("lt", "lte"):
            if upper is not None:
                raise _already_defined("upper", field, _SIGNS[comparator], value)
            upper = Bound(value, comparator == "lte")
        else:
            if lower is not None:
                raise _already_defined("lower", field, _SIGNS[comparator], value)
            lower = Bound(value, comparator == "gte")
        if bounded is not None and bounded != field:
            raise InvalidRangeError(
                "Upper and lower bounds in `range` can only be applied to a single index field. This query against "
                f'index {name} attempted to set a range bound on both "{bounded}" and "{field}". Consider using '
                "`filter` instead. See https://docs.convex.dev/using/indexes for more info.",
                "BoundsOnMultipleFields",
            )
        bounded = field
    if bounded is not None and bounded in equalities:
        raise _already_defined("inequality", bounded, "==", equalities[bounded])
    used = list(equalities)
    for field in [*used, *([bounded] if bounded is not None else [])]:
        if field not in fields:
            raise InvalidRangeError(
                f'The index range included a comparison with "{field}", but {name} with fields {_listed(fields)} '
                f"doesn't index this field. {_MORE}",
                "FieldNotInIndex",
            )
    used.sort(key=fields.index)
    in_order = [*used, *([bounded] if bounded is not None else [])]
    for position, field in enumerate(in_order):
        if fields[position] != field:
            raise InvalidRangeError(
                f"Tried to query index {name} but the query didn't use the index fields in order.\n"
                f"Index fields: {_listed(fields)}\nQuery fields: {_listed(in_order)}\n"
                f"First incorrect field: {field}\n{_MORE}",
                "InvalidIndexRange",
            )
    return Range(tuple([equalities[field] for field in used]), lower, upper)


def range_interval(range_: Range[object]) -> Interval:
    """The interval of keys in the range: equalities alone are a prefix, and a single key where they reach `_id`."""
    start = tuple([sort_key(value) for value in range_.equalities])
    if range_.lower is None and range_.upper is None:
        return prefix(start)
    low: object = start
    if range_.lower is not None:
        key = (*start, sort_key(range_.lower.value))
        low = key if range_.lower.inclusive else after(key)
    if range_.upper is None:
        return Interval(low, after(start) if start else None)
    key = (*start, sort_key(range_.upper.value))
    return Interval(low, after(key) if range_.upper.inclusive else key)


def compile_range(
    index: str, fields: Sequence[str], expressions: Sequence[tuple[Comparator, str, object]], table: str = ""
) -> Interval:
    """The interval that the expressions (`RangeExpression`s or as plain tuples) mean on the index. Raises
    `InvalidRangeError`."""
    if 0 < len(expressions) <= len(fields):  # equalities in the order of the index, by far the most frequent range
        start = []
        for position, (comparator, field, value) in enumerate(expressions):
            if comparator != "eq" or field != fields[position]:
                break
            start.append((5, value) if type(value) is str else sort_key(value))
        else:
            key = tuple(start)
            return tuple.__new__(Interval, (key, (*key, AFTER_EVERY_VALUE)))  # `prefix(key)`, spelt out for speed
    return range_interval(split_range(index, fields, expressions, table))


def _listed(fields: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{field}"' for field in fields) + "]"


def _already_defined(kind: str, field: str, sign: str, value: object) -> InvalidRangeError:
    return InvalidRangeError(
        f'Already defined {kind} bound in index range. Can\'t add "{field}" {sign} {_shown(value)}.',
        "AlreadyDefinedBound",
    )


def _shown(value: object) -> str:
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, (bool, type(None), str, int, float, bytes, list, tuple, dict)):
        return str(to_json(value)) if not isinstance(value, int) else str(value)
    return str(value)
