"""Calls, member accesses and operators.

They nest to the left (`a.b().c()`, `a + b + c`) and are walked in a loop: real code has hundreds of links. Where even a
chain is longer than the deepest level, its innermost links become one `Opaque`.
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING

from contend.source.ir import Await, Binary, Call, Expr, Index, Member, Name, New, Type, Unary
from contend.source.lower.dispatch import EXPRESSIONS, TRIVIA, solid
from contend.source.lower.literals import string_value, template
from contend.source.lower.operands import expressions, type_arguments
from contend.source.lower.text import DEEPEST, INSIDE, SourceText, exact

if TYPE_CHECKING:
    from tree_sitter import Node

_PREFIXES = frozenset({"await_expression", "unary_expression"})
_CHAIN = frozenset({"member_expression", "call_expression", "subscript_expression", "non_null_expression"})


def _chain(source: SourceText, node: Node, depth: int) -> Expr:
    """Member accesses, calls, subscripts and `!`, outermost first, down to what they start from."""
    start = node.start_byte
    text = source.text
    links: list[tuple[str, Node, int]] = []
    kind = node.type
    while True:
        links.append((kind, node, node.end_byte))
        inner = node.child(0)
        if inner is None:
            kind = "ERROR"
            break
        node = inner
        kind = node.type
        if kind not in _CHAIN:
            break
    level = depth + len(links)
    prefix: Await | Unary | None = None  # the grammar binds `await f<T>(x)` as `(await f)<T>(x)`
    value: Expr
    if level > DEEPEST:
        # The outermost links are kept: they are what the callers of the value see.
        kept = max(DEEPEST - depth, 0)
        node = links[kept][1]
        value = source.too_deep(node)
        del links[kept:]
        level = depth + kept
    elif kind == "identifier":
        at = node.end_byte
        name = text[node.start_byte : at]
        value = Name(intern(name) if name.isascii() else exact(name), node.start_byte, at)
    else:
        value = EXPRESSIONS[kind](source, node, level)
        if kind in _PREFIXES and isinstance(value, Await | Unary):
            prefix = value
            value = value.value
            start = value.start
    at = node.end_byte
    for kind, node, end in reversed(links):
        level -= 1
        if kind == "member_expression":
            name = text[at:end]
            name = name[1:] if name[:1] == "." else name.lstrip()[1:]
            if name.isidentifier() and name.isascii():
                value = Member(value, intern(name), start, end)
            else:
                value = _member(source, value, node, start, end)
        elif kind == "call_expression":
            part = node.child(1)
            if part is not None and part.type == "arguments":
                value = Call(value, expressions(source, part.named_children, level + INSIDE), start, end)
            else:
                value = _call(source, value, node, start, end, level + INSIDE)
        elif kind == "subscript_expression":
            value = _subscript(source, value, solid(node.children), start, end, level)
        at = end
    if prefix is None:
        return value
    if isinstance(prefix, Await):
        return Await(value, prefix.start, at)
    return Unary(prefix.op, value, prefix.start, at)


def _call(source: SourceText, callee: Expr, node: Node, start: int, end: int, depth: int) -> Call:
    """A call with type arguments, `?.`, comments, or a template for arguments."""
    types: tuple[Type, ...] = ()
    args: tuple[Expr, ...] = ()
    for part in node.children[1:]:
        kind = part.type
        if kind == "arguments":
            args = expressions(source, part.named_children, depth)
        elif kind == "type_arguments":
            types = type_arguments(source, part, depth)
        elif kind == "template_string":
            args = (template(source, part, depth),)
    return Call(callee, args, start, end, types)


def _member(source: SourceText, value: Expr, node: Node, start: int, end: int) -> Member:
    """A member access with white space, comments, `?.` or a name that is not plain."""
    parts = solid(node.children)
    last = parts[-1]
    optional = len(parts) > 1 and parts[1].type == "optional_chain"
    return Member(value, intern(source.of(last)), start, end, optional)


def _subscript(source: SourceText, value: Expr, parts: list[Node], start: int, end: int, depth: int) -> Expr:
    optional = len(parts) > 1 and parts[1].type == "optional_chain"
    inside = [part for part in parts[1:] if part.is_named and part.type != "optional_chain"]
    if not inside:
        return value
    index = inside[0]
    if index.type == "string":
        return Member(value, intern(string_value(source, index)), start, end, optional)
    return Index(value, EXPRESSIONS[index.type](source, index, depth + 1), start, end)


def _new(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    callee: Expr | None = None
    types: tuple[Type, ...] = ()
    args: tuple[Expr, ...] = ()
    for part in node.named_children:
        kind = part.type
        if kind == "arguments":
            args = expressions(source, part.named_children, depth + INSIDE)
        elif kind == "type_arguments":
            types = type_arguments(source, part, depth + 1)
        elif kind not in TRIVIA and callee is None:
            callee = EXPRESSIONS[kind](source, part, depth + 1)
    if callee is None:
        callee = Name("", node.end_byte, node.end_byte)
    return New(callee, args, node.start_byte, node.end_byte, types)


def _binary(source: SourceText, node: Node, depth: int) -> Expr:
    start = node.start_byte
    links: list[tuple[list[Node], int]] = []
    kind = "binary_expression"
    while kind == "binary_expression":
        parts = node.children
        if len(parts) != 3:
            parts = solid(parts)
        if len(parts) != 3:
            break
        links.append((parts, node.end_byte))
        node = parts[0]
        kind = node.type
    level = depth + len(links)
    value: Expr
    if level > DEEPEST:
        kept = max(DEEPEST - depth, 0)
        value = source.too_deep(links[kept][0][0])
        del links[kept:]
        level = depth + kept
    elif kind == "binary_expression":
        value = EXPRESSIONS["ERROR"](source, node, level)
    else:
        value = EXPRESSIONS[kind](source, node, level)
    for parts, end in reversed(links):
        right = parts[2]
        value = Binary(parts[1].type, value, EXPRESSIONS[right.type](source, right, level), start, end)
        level -= 1
    return value


EXPRESSIONS.update(
    {
        "member_expression": _chain,
        "call_expression": _chain,
        "subscript_expression": _chain,
        "non_null_expression": _chain,
        "new_expression": _new,
        "binary_expression": _binary,
    }
)
