"""What declarations, parameters and assignments bind."""

from __future__ import annotations

from collections.abc import Iterator
from sys import intern
from typing import TYPE_CHECKING

from contend.source.ir import Expr, Name, PArray, Pattern, PExpr, PName, PObject, PProperty
from contend.source.lower.dispatch import EXPRESSIONS, PATTERNS, TRIVIA, solid
from contend.source.lower.literals import string_value
from contend.source.lower.text import DEEPEST, INSIDE, SourceText, exact

if TYPE_CHECKING:
    from tree_sitter import Node


def target(source: SourceText, node: Node, depth: int) -> Pattern:
    """What `node` binds or assigns to; defaults around it are dropped."""
    found = PATTERNS.get(node.type)
    if found is not None:
        return found(source, node, depth)
    value = EXPRESSIONS[node.type](source, node, depth)
    return PName(value.name, value.start, value.end) if isinstance(value, Name) else PExpr(value)


def names(pattern: Pattern) -> Iterator[PName]:
    """The names that a pattern binds, in order; rest names carry the offsets 0."""
    waiting: list[Pattern | None] = [pattern]
    while waiting:
        current = waiting.pop()
        if isinstance(current, PName):
            yield current
        elif isinstance(current, PObject):
            waiting.append(PName(current.rest, 0, 0) if current.rest else None)
            waiting.extend([entry.target for entry in reversed(current.properties)])
        elif isinstance(current, PArray):
            waiting.append(PName(current.rest, 0, 0) if current.rest else None)
            waiting.extend(reversed(current.items))


def with_default(source: SourceText, node: Node, depth: int) -> tuple[Pattern, Expr | None]:
    """`target = default` as a pair; the default is None where there is none."""
    if node.type != "assignment_pattern":
        return target(source, node, depth), None
    parts = solid(node.named_children)
    if len(parts) != 2:
        return PExpr(EXPRESSIONS["ERROR"](source, node, depth)), None
    return target(source, parts[0], depth), EXPRESSIONS[parts[1].type](source, parts[1], depth + 1)


def _name(source: SourceText, node: Node, depth: int) -> Pattern:
    start = node.start_byte
    end = node.end_byte
    name = source.text[start:end]
    return PName(intern(name) if name.isascii() else exact(name), start, end)


def _assignment(source: SourceText, node: Node, depth: int) -> Pattern:
    return with_default(source, node, depth)[0]


def _object(source: SourceText, node: Node, depth: int) -> Pattern:
    if depth > DEEPEST:
        return PExpr(source.too_deep(node))
    depth += INSIDE
    properties: list[PProperty] = []
    rest: str | None = None
    for entry in node.named_children:
        kind = entry.type
        if kind == "shorthand_property_identifier_pattern":
            start = entry.start_byte
            end = entry.end_byte
            name = intern(source.slice(start, end))
            properties.append(PProperty(name, PName(name, start, end)))
        elif kind == "pair_pattern":
            parts = solid(entry.named_children)
            if len(parts) == 2:
                pattern, default = with_default(source, parts[1], depth)
                properties.append(PProperty(_key(source, parts[0]), pattern, default))
        elif kind == "object_assignment_pattern":
            parts = solid(entry.named_children)
            if len(parts) == 2:
                pattern = target(source, parts[0], depth)
                key = pattern.name if isinstance(pattern, PName) else None
                default = EXPRESSIONS[parts[1].type](source, parts[1], depth)
                properties.append(PProperty(key, pattern, default))
        elif kind == "rest_pattern":
            rest = _rest(source, entry)
    return PObject(tuple(properties), rest)


def _key(source: SourceText, node: Node) -> str | None:
    kind = node.type
    if kind == "computed_property_name":
        inside = solid(node.named_children)
        if len(inside) != 1 or inside[0].type != "string":
            return None
        node = inside[0]
        kind = "string"
    return intern(string_value(source, node) if kind == "string" else source.of(node))


def _rest(source: SourceText, node: Node) -> str | None:
    inside = solid(node.named_children)
    return source.of(inside[0]) if inside and inside[0].type == "identifier" else None


def _array(source: SourceText, node: Node, depth: int) -> Pattern:
    if depth > DEEPEST:
        return PExpr(source.too_deep(node))
    items: list[Pattern | None] = []
    rest: str | None = None
    filled = False
    for part in node.children:
        kind = part.type
        if kind == ",":
            if not filled:
                items.append(None)
            filled = False
        elif kind == "rest_pattern":
            rest = _rest(source, part)
            filled = True
        elif part.is_named and kind not in TRIVIA:
            items.append(target(source, part, depth + INSIDE))
            filled = True
    return PArray(tuple(items), rest)


PATTERNS.update(
    {
        "identifier": _name,
        "undefined": _name,
        "shorthand_property_identifier_pattern": _name,
        "object_pattern": _object,
        "array_pattern": _array,
        "assignment_pattern": _assignment,
    }
)
