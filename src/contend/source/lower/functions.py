"""Functions, parameters, methods and classes."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING

from msgspec import structs

from contend.source.ir import (
    Assign,
    Class,
    Evaluate,
    Expr,
    Function,
    Member,
    Name,
    Parameter,
    PExpr,
    PName,
    Property,
    Return,
    Stmt,
    Type,
)
from contend.source.lower.dispatch import EXPRESSIONS, PATTERNS, STATEMENTS, TRIVIA, TYPES, solid
from contend.source.lower.literals import string_value
from contend.source.lower.operands import property_key
from contend.source.lower.patterns import target
from contend.source.lower.text import DEEPEST, INSIDE, SourceText, exact

if TYPE_CHECKING:
    from tree_sitter import Node

_ANNOTATIONS = frozenset({"type_annotation", "type_predicate_annotation", "asserts_annotation"})
_PROPERTY_WORDS = frozenset({"accessibility_modifier", "readonly", "override_modifier"})
_NAMES = frozenset({"identifier", "type_identifier", "property_identifier"})


def annotation(source: SourceText, node: Node, depth: int) -> Type | None:
    """The type after the colon."""
    inside = node.named_children
    if len(inside) != 1:
        inside = solid(inside)
        if not inside:
            return None
    return TYPES[inside[-1].type](source, inside[-1], depth)


def parameters(source: SourceText, node: Node, depth: int) -> tuple[Parameter, ...]:
    """The parameters between the parentheses; TypeScript's `this` parameter is left out."""
    out: list[Parameter] = []
    for child in node.named_children:
        kind = child.type
        if kind == "required_parameter" or kind == "optional_parameter":
            start = child.start_byte
            end = child.end_byte
            text = source.text[start:end]
            if text.isidentifier() and text.isascii():
                if text != "this":
                    out.append(Parameter(PName(intern(text), start, end)))
                continue
            found = _parameter(source, child, depth)
            if found is not None:
                out.append(found)
    return tuple(out)


def _parameter(source: SourceText, node: Node, depth: int) -> Parameter | None:
    pattern = None
    typed: Type | None = None
    default: Expr | None = None
    rest = False
    for part in node.named_children:
        kind = part.type
        if kind == "type_annotation":
            typed = annotation(source, part, depth)
        elif kind == "rest_pattern":
            inside = solid(part.named_children)
            if inside:
                rest = True
                pattern = target(source, inside[0], depth)
        elif pattern is None:
            if kind == "this":
                return None
            if kind in PATTERNS:
                pattern = PATTERNS[kind](source, part, depth)
        elif kind not in TRIVIA:
            default = EXPRESSIONS[kind](source, part, depth)
    if pattern is None:
        return None
    return Parameter(pattern, typed, default, rest)


def statements(source: SourceText, nodes: list[Node], depth: int) -> tuple[Stmt, ...]:
    """Statements in order; one declaration can make several."""
    out: list[Stmt] = []
    for node in nodes:
        STATEMENTS[node.type](source, node, depth, out)
    return tuple(out)


def function(source: SourceText, node: Node, depth: int) -> Expr:
    """An arrow, function expression, declaration or method."""
    if depth > DEEPEST:
        return source.too_deep(node)
    depth += INSIDE
    name: str | None = None
    params: tuple[Parameter, ...] = ()
    body: tuple[Stmt, ...] = ()
    result: Type | None = None
    is_async = generator = False
    arrow = False
    for part in node.children:
        kind = part.type
        if kind == "statement_block":
            body = statements(source, part.named_children, depth)
        elif kind == "formal_parameters":
            params = parameters(source, part, depth)
        elif kind == "=>":
            arrow = True
        elif arrow and kind not in TRIVIA:
            body = (Return(EXPRESSIONS[kind](source, part, depth), part.start_byte, part.end_byte, True),)
        elif kind == "async":
            is_async = True
        elif kind in _NAMES:
            start = part.start_byte
            end = part.end_byte
            text = source.text[start:end]
            text = intern(text) if text.isascii() else exact(text)
            if node.type == "arrow_function":
                params = (Parameter(PName(text, start, end)),)
            else:
                name = text
        elif kind in _ANNOTATIONS:
            result = annotation(source, part, depth)
        elif kind == "*":
            generator = True
        elif kind == "string":
            name = string_value(source, part)
    return Function(name, params, body, node.start_byte, node.end_byte, result, is_async, generator)


def method(source: SourceText, node: Node, depth: int) -> Property | None:
    """A method or getter as a property; a setter is None, since it would hide its getter."""
    if node.type != "method_definition" or any(part.type == "set" for part in node.children):
        return None
    key, computed = _member_key(source, node, depth)
    value = function(source, node, depth)
    if key == "constructor" and isinstance(value, Function):
        value = structs.replace(value, body=(*_parameter_properties(source, node), *value.body))
    return Property(key, value, node.start_byte, node.end_byte, computed)


def _parameter_properties(source: SourceText, node: Node) -> list[Stmt]:
    """`constructor(private ctx: MutationCtx)` is also `this.ctx = ctx`."""
    out: list[Stmt] = []
    listed = node.child_by_field_name("parameters")
    for child in listed.named_children if listed is not None else ():
        name = child.child_by_field_name("pattern")
        words = {part.type for part in child.children}
        if name is None or name.type != "identifier" or not words & _PROPERTY_WORDS:
            continue
        start, end, text = name.start_byte, name.end_byte, source.of(name)
        field = Member(Name("this", start, end), text, start, end)
        out.append(Evaluate(Assign("=", PExpr(field), Name(text, start, end), start, end), start, end))
    return out


def _member_key(source: SourceText, node: Node, depth: int) -> tuple[str | None, Expr | None]:
    name = node.child_by_field_name("name")
    return (None, None) if name is None else property_key(source, name, depth)


def _field(source: SourceText, node: Node, depth: int) -> Property | None:
    value = node.child_by_field_name("value")
    if value is None:
        return None
    key, computed = _member_key(source, node, depth)
    lowered = EXPRESSIONS[value.type](source, value, depth + 1)
    return Property(key, lowered, node.start_byte, node.end_byte, computed)


def class_(source: SourceText, node: Node, depth: int) -> Expr:
    """A class; decorators, static blocks, signatures and fields without a value are left out."""
    if depth > DEEPEST:
        return source.too_deep(node)
    depth += INSIDE
    name: str | None = None
    base: Expr | None = None
    members: list[Property] = []
    static: list[Property] = []
    for part in node.named_children:
        kind = part.type
        if kind == "type_identifier":
            name = source.of(part)
        elif kind == "class_heritage":
            base = _base(source, part, depth)
        elif kind == "class_body":
            for child in part.named_children:
                if child.type == "method_definition":
                    member = method(source, child, depth)
                elif child.type == "public_field_definition":
                    member = _field(source, child, depth)
                else:
                    continue
                if member is not None:
                    is_static = any(word.type == "static" for word in child.children)
                    (static if is_static else members).append(member)
    return Class(name, base, tuple(members), tuple(static), node.start_byte, node.end_byte)


def _base(source: SourceText, node: Node, depth: int) -> Expr | None:
    for clause in node.named_children:
        if clause.type == "extends_clause":
            value = clause.child_by_field_name("value")
            return None if value is None else EXPRESSIONS[value.type](source, value, depth)
    return None


EXPRESSIONS.update(
    {
        "arrow_function": function,
        "function_expression": function,
        "generator_function": function,
        "function_declaration": function,
        "generator_function_declaration": function,
        "class": class_,
        "class_declaration": class_,
        "abstract_class_declaration": class_,
    }
)
