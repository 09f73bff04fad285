"""JSX elements, their attributes and children."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING

from contend.source.ir import Expr, Jsx, JsxAttribute, Literal_, Spread
from contend.source.lower.dispatch import EXPRESSIONS, TRIVIA, solid
from contend.source.lower.literals import attribute_text
from contend.source.lower.text import DEEPEST, INSIDE, SourceText, exact

if TYPE_CHECKING:
    from tree_sitter import Node

_TAGS = frozenset({"identifier", "member_expression", "nested_identifier", "jsx_namespace_name"})


def _element(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    depth += INSIDE
    tag = ""
    attributes: tuple[JsxAttribute, ...] = ()
    children: list[Expr] = []
    for child in node.named_children:
        kind = child.type
        if kind == "jsx_expression":
            value = _inside(source, child, depth)
            if value is not None:
                children.append(value)
        elif kind == "jsx_element" or kind == "jsx_self_closing_element":
            children.append(_element(source, child, depth) if kind == "jsx_element" else _closed(source, child, depth))
        elif kind == "jsx_opening_element":
            tag, attributes = _head(source, child, depth)
    return Jsx(tag, attributes, tuple(children), node.start_byte, node.end_byte)


def _closed(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    tag, attributes = _head(source, node, depth + INSIDE)
    return Jsx(tag, attributes, (), node.start_byte, node.end_byte)


def _head(source: SourceText, node: Node, depth: int) -> tuple[str, tuple[JsxAttribute, ...]]:
    tag = ""
    attributes: list[JsxAttribute] = []
    for part in node.named_children:
        kind = part.type
        if kind == "jsx_attribute":
            attributes.append(_attribute(source, part, depth))
        elif kind == "jsx_expression":
            value = _inside(source, part, depth)
            if isinstance(value, Spread):
                attributes.append(JsxAttribute(None, value.value, part.start_byte, part.end_byte))
        elif kind in _TAGS and not tag:
            tag = source.text[part.start_byte : part.end_byte]
            tag = intern(tag) if tag.isidentifier() and tag.isascii() else "".join(source.of(part).split())
    return tag, tuple(attributes)


def _attribute(source: SourceText, node: Node, depth: int) -> JsxAttribute:
    start = node.start_byte
    end = node.end_byte
    name, equals, written = source.text[start:end].partition("=")
    if not equals:
        return JsxAttribute(name if name.isascii() else exact(name), Literal_(True, "boolean", start, end), start, end)
    quote = written[:1]
    if (quote == '"' or quote == "'") and written[-1] == quote and len(written) > 1 and name.isascii():
        first = start + len(name) + 1
        text = written[1:-1]
        if "&" in text or not text.isascii():
            text = attribute_text(source, first + 1, end - 1)
        return JsxAttribute(name.rstrip(), Literal_(text, "string", first, end), start, end)
    if quote == "{" and name.isascii():
        braces = node.child(2)
        value = None if braces is None or braces.type != "jsx_expression" else braces.child(1)
        if value is not None and value.is_named:
            kind = value.type
            if kind not in TRIVIA:
                return JsxAttribute(name.rstrip(), EXPRESSIONS[kind](source, value, depth), start, end)
    return _rare_attribute(source, node, depth)


def _rare_attribute(source: SourceText, node: Node, depth: int) -> JsxAttribute:
    """An attribute with comments or white space in it, or with an element or nothing for a value."""
    start = node.start_byte
    end = node.end_byte
    parts = solid(node.named_children)
    name = source.of(parts[0]) if parts else ""
    value: Expr = Literal_(True, "boolean", start, end)
    for part in parts[1:]:
        kind = part.type
        if kind == "jsx_expression":
            inside = _inside(source, part, depth)
            value = inside or Literal_(None, "undefined", part.start_byte, part.end_byte)
        elif kind == "string":
            first = part.start_byte
            last = part.end_byte
            value = Literal_(attribute_text(source, first + 1, last - 1), "string", first, last)
        else:
            value = EXPRESSIONS[kind](source, part, depth)
    return JsxAttribute(name, value, start, end)


def _inside(source: SourceText, node: Node, depth: int) -> Expr | None:
    """What stands between the braces; None where only a comment does."""
    child = node.child(1)
    if child is not None and child.is_named and child.type not in TRIVIA:
        return EXPRESSIONS[child.type](source, child, depth)
    inside = solid(node.named_children)
    return EXPRESSIONS[inside[0].type](source, inside[0], depth) if inside else None


EXPRESSIONS.update({"jsx_element": _element, "jsx_fragment": _element, "jsx_self_closing_element": _closed})
