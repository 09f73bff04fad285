"""Expressions, except literals, chains, functions, classes and JSX."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING

from contend.source.ir import (
    Array,
    Assign,
    Await,
    Cast,
    Conditional,
    Expr,
    Literal_,
    Member,
    Name,
    Object,
    Property,
    Sequence,
    Spread,
    Unary,
)
from contend.source.lower.dispatch import EXPRESSIONS, TRIVIA, TYPES, solid
from contend.source.lower.functions import method
from contend.source.lower.operands import expressions, operand, property_key, type_arguments
from contend.source.lower.patterns import target
from contend.source.lower.text import DEEPEST, INSIDE, SourceText, exact

if TYPE_CHECKING:
    from tree_sitter import Node


def _name(source: SourceText, node: Node, depth: int) -> Expr:
    start = node.start_byte
    end = node.end_byte
    name = source.text[start:end]
    return Name(intern(name) if name.isascii() else exact(name), start, end)


def _object(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    depth += INSIDE
    entries: list[Property | Spread] = []
    text = source.text
    for entry in node.named_children:
        kind = entry.type
        if kind == "pair":
            start = entry.start_byte
            name = text[start : text.find(":", start)]
            value = entry.child(2)
            if value is not None and name.isidentifier() and name.isascii():
                kind = value.type
                if kind not in TRIVIA:
                    lowered = EXPRESSIONS[kind](source, value, depth)
                    entries.append(Property(intern(name), lowered, start, entry.end_byte))
                    continue
            parts = solid(entry.children)
            if len(parts) == 3:
                known, computed = property_key(source, parts[0], depth)
                lowered = EXPRESSIONS[parts[2].type](source, parts[2], depth)
                entries.append(Property(known, lowered, start, entry.end_byte, computed))
        elif kind == "shorthand_property_identifier":
            start = entry.start_byte
            end = entry.end_byte
            name = source.slice(start, end)
            entries.append(Property(name, Name(name, start, end), start, end))
        elif kind == "spread_element":
            spread = _spread(source, entry, depth)
            if isinstance(spread, Spread):
                entries.append(spread)
        elif kind == "method_definition":
            found = method(source, entry, depth)
            if found is not None:
                entries.append(found)
    return Object(tuple(entries), node.start_byte, node.end_byte)


def _array(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    return Array(expressions(source, node.named_children, depth + INSIDE), node.start_byte, node.end_byte)


def _spread(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    return Spread(operand(source, node, depth), node.start_byte, node.end_byte)


def _conditional(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    parts = expressions(source, node.named_children, depth + 1)
    if len(parts) != 3:
        return EXPRESSIONS["ERROR"](source, node, depth)
    return Conditional(parts[0], parts[1], parts[2], node.start_byte, node.end_byte)


def _unary(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    return Unary(node.children[0].type, operand(source, node, depth), node.start_byte, node.end_byte)


def _update(source: SourceText, node: Node, depth: int) -> Expr:
    inside = solid(node.named_children)
    if depth > DEEPEST or not inside:
        return source.too_deep(node)
    start = node.start_byte
    end = node.end_byte
    minus = source.text[start] == "-" if inside[0].start_byte > start else source.text[end - 1] == "-"
    one = Literal_(1.0, "number", end, end)
    return Assign("-=" if minus else "+=", target(source, inside[0], depth + 1), one, start, end)


def _assign(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    parts = node.children
    if len(parts) != 3:
        parts = [part for part in solid(parts) if part.type != "using"]
        if len(parts) != 3:
            return EXPRESSIONS["ERROR"](source, node, depth)
    left, operator, right = parts
    return Assign(
        operator.type,
        target(source, left, depth + 1),
        EXPRESSIONS[right.type](source, right, depth + 1),
        node.start_byte,
        node.end_byte,
    )


def _await(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    value = node.child(1)
    kind = "ERROR" if value is None else value.type
    if value is None or kind in TRIVIA:
        return Await(operand(source, node, depth), node.start_byte, node.end_byte)
    return Await(EXPRESSIONS[kind](source, value, depth + 1), node.start_byte, node.end_byte)


def _yield(source: SourceText, node: Node, depth: int) -> Expr:
    """`yield x` hands `x` out and waits, as `await x` does: generator-style effects are read like async code."""
    if depth > DEEPEST:
        return source.too_deep(node)
    start = node.start_byte
    end = node.end_byte
    if not solid(node.named_children):
        return Await(Literal_(None, "undefined", end, end), start, end)
    return Await(operand(source, node, depth), start, end)


def _parenthesized(source: SourceText, node: Node, depth: int) -> Expr:
    kind = "parenthesized_expression"
    while kind == "parenthesized_expression":
        child = node.child(1)
        if child is None or child.type in TRIVIA:
            inside = solid(node.named_children)
            if not inside:
                return EXPRESSIONS["ERROR"](source, node, depth)
            child = inside[0]
        node = child
        kind = node.type
    return EXPRESSIONS[kind](source, node, depth)


def _sequence(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    return Sequence(expressions(source, node.named_children, depth + INSIDE), node.start_byte, node.end_byte)


def _cast(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    parts = solid(node.children)
    if len(parts) != 3 or parts[2].type == "const":
        return EXPRESSIONS[parts[0].type](source, parts[0], depth + 1)
    return Cast(
        EXPRESSIONS[parts[0].type](source, parts[0], depth + 1),
        TYPES[parts[2].type](source, parts[2], depth + 1),
        node.start_byte,
        node.end_byte,
        parts[1].type == "satisfies",
    )


def _type_assertion(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    value = operand(source, node, depth)
    inside = solid(node.named_children)
    types = type_arguments(source, inside[0], depth + 1) if inside else ()
    if not types or source.of(inside[0]).strip("<> ") == "const":
        return value
    return Cast(value, types[0], node.start_byte, node.end_byte)


def _first(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    inside = solid(node.named_children)
    if not inside:
        return EXPRESSIONS["ERROR"](source, node, depth)
    return EXPRESSIONS[inside[0].type](source, inside[0], depth + 1)


def _meta(source: SourceText, node: Node, depth: int) -> Expr:
    start = node.start_byte
    end = node.end_byte
    head, _, tail = source.slice(start, end).partition(".")
    return Member(Name(head.strip(), start, start + len(head)), tail.strip(), start, end)


EXPRESSIONS.update(
    {
        "identifier": _name,
        "this": _name,
        "super": _name,
        "import": _name,
        "private_property_identifier": _name,
        "type_identifier": _name,
        "object": _object,
        "array": _array,
        "spread_element": _spread,
        "ternary_expression": _conditional,
        "unary_expression": _unary,
        "update_expression": _update,
        "assignment_expression": _assign,
        "augmented_assignment_expression": _assign,
        "await_expression": _await,
        "yield_expression": _yield,
        "parenthesized_expression": _parenthesized,
        "sequence_expression": _sequence,
        "as_expression": _cast,
        "satisfies_expression": _cast,
        "type_assertion": _type_assertion,
        "instantiation_expression": _first,
        "meta_property": _meta,
    }
)
