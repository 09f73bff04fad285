"""What expressions are made of: lists of them, single operands, keys, type arguments."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING

from contend.source.ir import Expr, Name, Type
from contend.source.lower.dispatch import EXPRESSIONS, TRIVIA, TYPES, solid
from contend.source.lower.literals import string_value
from contend.source.lower.text import SourceText, exact

if TYPE_CHECKING:
    from tree_sitter import Node


def expressions(source: SourceText, nodes: list[Node], depth: int) -> tuple[Expr, ...]:
    """The nodes lowered in order, comments and error nodes left out."""
    out: list[Expr] = []
    for node in nodes:
        kind = node.type
        if kind == "identifier":
            start = node.start_byte
            end = node.end_byte
            name = source.text[start:end]
            out.append(Name(intern(name) if name.isascii() else exact(name), start, end))
        elif kind not in TRIVIA:
            out.append(EXPRESSIONS[kind](source, node, depth))
    return tuple(out)


def operand(source: SourceText, node: Node, depth: int) -> Expr:
    """The operand that ends a node; an empty name where a broken source has none."""
    inside = solid(node.named_children)
    if not inside:
        return Name("", node.end_byte, node.end_byte)
    return EXPRESSIONS[inside[-1].type](source, inside[-1], depth + 1)


def type_arguments(source: SourceText, node: Node, depth: int) -> tuple[Type, ...]:
    """The types between `<` and `>`."""
    return tuple([TYPES[child.type](source, child, depth) for child in solid(node.named_children)])


def property_key(source: SourceText, node: Node, depth: int) -> tuple[str | None, Expr | None]:
    """The key of an entry or member: its name, or (None, expression) where it is computed."""
    kind = node.type
    if kind == "property_identifier":
        name = source.text[node.start_byte : node.end_byte]
        return (intern(name) if name.isascii() else exact(name)), None
    if kind == "string":
        return intern(string_value(source, node)), None
    if kind == "computed_property_name":
        inside = solid(node.named_children)
        if not inside:
            return None, None
        if inside[0].type == "string":
            return intern(string_value(source, inside[0])), None
        return None, EXPRESSIONS[inside[0].type](source, inside[0], depth + 1)
    return source.of(node), None
