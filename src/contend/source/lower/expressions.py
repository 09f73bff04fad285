"""Expressions, except literals, functions, classes and JSX.

Chains that nest to the left (`a.b().c()`, `a + b + c`) are walked in a loop: real code has hundreds of links. Where
even a chain is longer than the deepest level, its innermost links become one `Opaque`.
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING

from contend.source.ir import (
    Array,
    Assign,
    Await,
    Binary,
    Call,
    Cast,
    Conditional,
    Expr,
    Index,
    Literal_,
    Member,
    Name,
    New,
    Object,
    Property,
    Sequence,
    Spread,
    Type,
    Unary,
)
from contend.source.lower.dispatch import EXPRESSIONS, TRIVIA, TYPES, solid
from contend.source.lower.functions import method
from contend.source.lower.literals import string_value, template
from contend.source.lower.patterns import target
from contend.source.lower.text import DEEPEST, INSIDE, SourceText, exact

if TYPE_CHECKING:
    from tree_sitter import Node

_CHAIN = frozenset({"member_expression", "call_expression", "subscript_expression", "non_null_expression"})


def _name(source: SourceText, node: Node, depth: int) -> Expr:
    start = node.start_byte
    end = node.end_byte
    name = source.text[start:end]
    return Name(intern(name) if name.isascii() else exact(name), start, end)


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


def type_arguments(source: SourceText, node: Node, depth: int) -> tuple[Type, ...]:
    """The types between `<` and `>`."""
    return tuple([TYPES[child.type](source, child, depth) for child in solid(node.named_children)])


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
    return value


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
    return Spread(_last(source, node, depth), node.start_byte, node.end_byte)


def _last(source: SourceText, node: Node, depth: int) -> Expr:
    """The operand that ends a node; an empty name where a broken source has none."""
    inside = solid(node.named_children)
    if not inside:
        return Name("", node.end_byte, node.end_byte)
    return EXPRESSIONS[inside[-1].type](source, inside[-1], depth + 1)


def _conditional(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    parts = expressions(source, node.named_children, depth + 1)
    if len(parts) != 3:
        return EXPRESSIONS["ERROR"](source, node, depth)
    return Conditional(parts[0], parts[1], parts[2], node.start_byte, node.end_byte)


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


def _unary(source: SourceText, node: Node, depth: int) -> Expr:
    if depth > DEEPEST:
        return source.too_deep(node)
    return Unary(node.children[0].type, _last(source, node, depth), node.start_byte, node.end_byte)


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
        return Await(_last(source, node, depth), node.start_byte, node.end_byte)
    return Await(EXPRESSIONS[kind](source, value, depth + 1), node.start_byte, node.end_byte)


def _yield(source: SourceText, node: Node, depth: int) -> Expr:
    """`yield x` hands `x` out and waits, as `await x` does: generator-style effects are read like async code."""
    if depth > DEEPEST:
        return source.too_deep(node)
    start = node.start_byte
    end = node.end_byte
    if not solid(node.named_children):
        return Await(Literal_(None, "undefined", end, end), start, end)
    return Await(_last(source, node, depth), start, end)


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
    value = _last(source, node, depth)
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
        "member_expression": _chain,
        "call_expression": _chain,
        "subscript_expression": _chain,
        "non_null_expression": _chain,
        "new_expression": _new,
        "object": _object,
        "array": _array,
        "spread_element": _spread,
        "ternary_expression": _conditional,
        "binary_expression": _binary,
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
