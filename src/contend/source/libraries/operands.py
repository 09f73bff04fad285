"""Operands of component facts as terms: where a key's value comes from, at one call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contend.convex.components import facts as f
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.members import split

_ENDING_AT = re.compile(r"(?:At|Time|Timestamp|Date|On|Ts)$|^(?:time|timestamp|date|ts|when)$|_at$|^_creationTime$")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What operands can refer to: the arguments of the component's function, the rows that its reads returned, the
    arguments of the client's method, and what the client was made with."""

    act: Activation
    node: object
    arguments: t.Value = None
    rows: Mapping[str, t.Value] = field(default_factory=dict)
    given: Sequence[t.Value] = ()
    options: t.Value = t.UNDEFINED


def term_of(operand: f.Operand, at: Surroundings) -> t.Value:
    """The value of an operand."""
    match operand:
        case f.Literal(value):
            return _constant(value)
        case f.Argument(path):
            return _within(at, at.arguments, path)
        case f.Given(position, path):
            return _within(at, at.given[position], path) if position < len(at.given) else t.UNDEFINED
        case f.Option(path):
            return _within(at, at.options, path)
        case f.FieldOf(row, name):
            return _within(at, at.rows[row], name) if row in at.rows else t.Opaque(name)
        case f.NodeFor(row, key):
            return _node(at, row, term_of(key, at))
        case f.Random(count):
            return _random(term_of(count, at))
        case f.Now():
            return t.CLOCK
        case f.Fresh():
            return t.Random("a value of its own")
        case f.Caller(name):
            return t.Identity(name)
        case f.Otherwise(first, second):
            one = term_of(first, at)
            return term_of(second, at) if t.is_nullish(one) else one
        case f.Entry(of, key):
            return _entry(at, term_of(of, at), term_of(key, at))
        case f.Applied(function, argument):
            return _applied(at, term_of(function, at), term_of(argument, at))
        case f.Fields(entries):
            return t.Record(tuple((name, term_of(value, at)) for name, value in entries))
        case f.Equalities(of):
            return term_of(of, at)


def _constant(value: str | float | bool | None) -> t.Value:
    if value is None:
        return t.UNDEFINED
    kind = "boolean" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"
    return t.Const(value, kind)


def _within(at: Surroundings, value: t.Value, path: str) -> t.Value:
    for name in path.split(".") if path else ():
        if t.is_nullish(value) or value is None:
            return t.UNDEFINED
        plain = name.removesuffix("[]")
        if plain:
            value = at.act.member(value, plain)
        if name.endswith("[]"):
            value = at.act.element(value)
    return t.UNDEFINED if value is None else value


def _entry(at: Surroundings, of: t.Value, key: t.Value) -> t.Value:
    if t.is_nullish(of) or of is None:
        return t.UNDEFINED
    if isinstance(key, t.Const) and isinstance(key.value, str):
        return at.act.member(of, key.value)
    return at.act.element(of) if isinstance(of, t.Record) else t.Opaque("its configuration")


def _applied(at: Surroundings, function: t.Value, argument: t.Value) -> t.Value:
    from contend.source.evaluation.calls import call_value

    if not any(isinstance(option, t.Closure) for option in split(function)):
        return t.UNDEFINED if t.is_nullish(function) else t.Opaque("a key of the row")
    return call_value(at.act, function, [argument], at.node)


def _random(count: t.Value) -> t.Value:
    """One of `count`: `Random(n)`, an operation, since two calls draw the same one in a share of cases."""
    if isinstance(count, t.Const) and (count.value is None or not isinstance(count.value, int | float)):
        return t.Const(0, "number")
    if isinstance(count, t.Const) and isinstance(count.value, int | float) and count.value <= 1:
        return t.Const(0, "number")
    return t.operation(RANDOM, count)


RANDOM = "call:Random"
"""A number drawn at random: its operand says of how many."""


def _node(at: Surroundings, row: str, key: t.Value) -> t.Value:
    """The node below `row` that holds `key`: the last one where keys only grow."""
    nodes = at.act.member(at.rows[row], "subtrees") if row in at.rows else t.Opaque("nodes")
    if grows(key):
        return t.operation("call:LastOf", nodes)
    return t.operation("call:NodeOf", nodes, key) if not t.is_nullish(key) else t.operation("call:NodeOf", nodes)


def grows(key: t.Value) -> bool:
    """Whether a sort key only grows from call to call: the time, or a list that starts with it."""
    for option in split(key):
        if isinstance(option, t.Typed):
            option = option.value
        if isinstance(option, t.Listing) and option.items:
            option = option.items[0]
        if isinstance(option, t.Operation) and option.op == "-" and len(option.parts) == 1:
            option = option.parts[0]  # newest first: the other edge
        if isinstance(option, t.Typed):
            option = option.value
        if isinstance(option, t.Clock):
            return True
        if isinstance(option, t.Field) and _ENDING_AT.search(option.name):
            return True
    return False
