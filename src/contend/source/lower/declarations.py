"""Declarations: variables, functions, classes, enums, namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from contend.source.ir import (
    Class,
    Declare,
    Evaluate,
    Expr,
    Function,
    Literal_,
    Member,
    Name,
    Object,
    Opaque,
    Pattern,
    PName,
    Property,
    Stmt,
    Type,
)
from contend.source.lower.dispatch import EXPRESSIONS, STATEMENTS, TRIVIA, solid
from contend.source.lower.functions import annotation, class_, function
from contend.source.lower.literals import string_value
from contend.source.lower.patterns import names, target
from contend.source.lower.text import DEEPEST, INSIDE, SourceText

if TYPE_CHECKING:
    from tree_sitter import Node


def give_up(source: SourceText, node: Node, out: list[Stmt]) -> None:
    """Stands for a statement below the deepest level."""
    out.append(Evaluate(source.too_deep(node), node.start_byte, node.end_byte))


def variables(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    """The declarators of `const`, `let` or `var`."""
    first = source.text[node.start_byte]
    kind: Literal["const", "let", "var"] = "const" if first == "c" else "let" if first == "l" else "var"
    depth += 1
    if depth > DEEPEST:
        give_up(source, node, out)
        return
    for declarator in node.named_children:
        if declarator.type != "variable_declarator":
            continue
        pattern: Pattern | None = None
        value: Expr | None = None
        typed: Type | None = None
        for part in declarator.named_children:
            part_kind = part.type
            if pattern is None:
                if part_kind not in TRIVIA:
                    pattern = target(source, part, depth)
            elif part_kind == "type_annotation":
                typed = annotation(source, part, depth)
            elif part_kind not in TRIVIA:
                value = EXPRESSIONS[part_kind](source, part, depth)
        if pattern is not None:
            out.append(Declare(kind, pattern, value, declarator.start_byte, declarator.end_byte, typed))


def _function(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    value = function(source, node, depth + 1)
    if isinstance(value, Function) and value.name:
        out.append(Declare("function", _named(node, value.name), value, value.start, value.end))
    else:
        out.append(Evaluate(value, node.start_byte, node.end_byte))


def _class(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    value = class_(source, node, depth + 1)
    if isinstance(value, Class) and value.name:
        out.append(Declare("class", _named(node, value.name), value, value.start, value.end))
    else:
        out.append(Evaluate(value, node.start_byte, node.end_byte))


def _named(node: Node, name: str) -> PName:
    at = node.child_by_field_name("name") or node
    return PName(name, at.start_byte, at.end_byte)


def _enum(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    """An enum as the object it is at run time; members without a value count on from the one before."""
    name = node.child_by_field_name("name")
    body = node.child_by_field_name("body")
    if name is None or body is None:
        return
    entries: list[Property] = []
    following: float | None = 0.0
    for member in body.named_children:
        start = member.start_byte
        end = member.end_byte
        value: Expr
        if member.type == "enum_assignment":
            parts = solid(member.named_children)
            if len(parts) != 2:
                continue
            value = EXPRESSIONS[parts[1].type](source, parts[1], depth + 1)
            number = value.value if isinstance(value, Literal_) and value.kind == "number" else None
            following = number + 1 if isinstance(number, float) else None
            key = parts[0]
        elif member.type in ("property_identifier", "string"):
            key = member
            if following is None:
                value = Opaque("enum_member", start, end)
            else:
                value = Literal_(following, "number", start, end)
                following += 1
        else:
            continue
        text = string_value(source, key) if key.type == "string" else source.of(key)
        entries.append(Property(text, value, start, end))
    pattern = PName(source.of(name), name.start_byte, name.end_byte)
    value = Object(tuple(entries), body.start_byte, body.end_byte)
    out.append(Declare("const", pattern, value, node.start_byte, node.end_byte))


def _namespace(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    """A namespace as an object of what it exports; what it keeps to itself is lost."""
    name = node.child_by_field_name("name")
    body = node.child_by_field_name("body")
    if name is None or body is None or name.type == "string" or depth > DEEPEST:
        return
    inside: list[Stmt] = []
    for child in body.named_children:
        declaration = child.child_by_field_name("declaration") if child.type == "export_statement" else None
        if declaration is not None:
            STATEMENTS[declaration.type](source, declaration, depth + INSIDE, inside)
    entries: list[Property] = []
    for statement in inside:
        if isinstance(statement, Declare) and statement.value is not None:
            start = statement.start
            end = statement.end
            if isinstance(statement.pattern, PName):
                entries.append(Property(statement.pattern.name, statement.value, start, end))
            else:
                bound = names(statement.pattern)
                entries.extend([Property(each.name, Opaque("pattern", start, end), start, end) for each in bound])
    if entries:
        pattern = PName(source.of(name), name.start_byte, name.end_byte)
        value = Object(tuple(entries), body.start_byte, body.end_byte)
        out.append(Declare("const", pattern, value, node.start_byte, node.end_byte))


def _import_alias(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    """`import a = b.c`."""
    parts = solid(node.named_children)
    if len(parts) != 2:
        return
    start = parts[1].start_byte
    end = parts[1].end_byte
    first, *rest = "".join(source.of(parts[1]).split()).split(".")
    value: Expr = Name(first, start, min(start + len(first), end))
    for part in rest:
        value = Member(value, part, start, end)
    pattern = PName(source.of(parts[0]), parts[0].start_byte, parts[0].end_byte)
    out.append(Declare("const", pattern, value, node.start_byte, node.end_byte))


STATEMENTS.update(
    {
        "lexical_declaration": variables,
        "variable_declaration": variables,
        "function_declaration": _function,
        "generator_function_declaration": _function,
        "class_declaration": _class,
        "abstract_class_declaration": _class,
        "enum_declaration": _enum,
        "internal_module": _namespace,
        "module": _namespace,
        "import_alias": _import_alias,
    }
)
