"""Types as annotations, aliases and interfaces write them."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING

from contend.source.ir import (
    TArray,
    TField,
    TFunction,
    TIndexed,
    TIntersection,
    TLiteral,
    TName,
    TObject,
    TOther,
    TTuple,
    TTypeof,
    TUnion,
    Type,
    TypeAliasDecl,
)
from contend.source.lower.dispatch import TYPES, other_type, solid
from contend.source.lower.functions import annotation
from contend.source.lower.literals import number_value, string_value
from contend.source.lower.text import DEEPEST, INSIDE, SourceText

if TYPE_CHECKING:
    from tree_sitter import Node

_TUPLE_PARTS = frozenset({"required_parameter", "optional_parameter"})


def _deep(source: SourceText, node: Node) -> Type:
    source.too_deep(node)
    return TOther(source.of(node)[:80])


def _each(source: SourceText, node: Node, depth: int) -> tuple[Type, ...]:
    return tuple([TYPES[child.type](source, child, depth) for child in solid(node.named_children)])


def _name(source: SourceText, node: Node, depth: int) -> Type:
    return TName(intern(source.of(node)))


def _imported(source: SourceText, node: Node, depth: int) -> Type:
    """`import("./x").Id` by its name alone, as where type arguments follow (see `mending`)."""
    return TName("".join(source.of(node).rpartition(")")[2].split()).lstrip("."))


def _dotted(source: SourceText, node: Node, depth: int) -> Type:
    return TName("".join(source.of(node).split()))


def _generic(source: SourceText, node: Node, depth: int) -> Type:
    if depth > DEEPEST:
        return _deep(source, node)
    parts = solid(node.named_children)
    name = intern("".join(source.of(parts[0]).split()))
    if len(parts) < 2:
        return TName(name)
    return TName(name, _each(source, parts[-1], depth + INSIDE))


def _members(source: SourceText, node: Node, depth: int) -> tuple[Type, ...]:
    """The members of a union or intersection, which the grammar nests to the left."""
    kind = node.type
    members: list[Node] = []
    while node.type == kind:
        parts = solid(node.named_children)
        members.extend(reversed(parts[1:]))
        if not parts:
            break
        node = parts[0]
    else:
        members.append(node)
    return tuple([TYPES[member.type](source, member, depth + INSIDE) for member in reversed(members)])


def _union(source: SourceText, node: Node, depth: int) -> Type:
    if depth > DEEPEST:
        return _deep(source, node)
    members = _members(source, node, depth)
    return members[0] if len(members) == 1 else TUnion(members)


def _intersection(source: SourceText, node: Node, depth: int) -> Type:
    if depth > DEEPEST:
        return _deep(source, node)
    members = _members(source, node, depth)
    return members[0] if len(members) == 1 else TIntersection(members)


def _array(source: SourceText, node: Node, depth: int) -> Type:
    if depth > DEEPEST:
        return _deep(source, node)
    return TArray(_inner(source, node, depth))


def _inner(source: SourceText, node: Node, depth: int) -> Type:
    """The one type that a node wraps."""
    if depth > DEEPEST:
        return _deep(source, node)
    inside = solid(node.named_children)
    if not inside:
        return other_type(source, node, depth)
    return TYPES[inside[-1].type](source, inside[-1], depth + INSIDE)


def _tuple(source: SourceText, node: Node, depth: int) -> Type:
    if depth > DEEPEST:
        return _deep(source, node)
    items: list[Type] = []
    for part in solid(node.named_children):
        if part.type in _TUPLE_PARTS:
            items.append(_parameter(source, part, depth + INSIDE))
        else:
            items.append(TYPES[part.type](source, part, depth + INSIDE))
    return TTuple(tuple(items))


def _parameter(source: SourceText, node: Node, depth: int) -> Type:
    typed = node.child_by_field_name("type")
    return (annotation(source, typed, depth) if typed is not None else None) or TName("any")


def _literal(source: SourceText, node: Node, depth: int) -> Type:
    inside = solid(node.named_children)
    if not inside:
        return other_type(source, node, depth)
    value = inside[0]
    kind = value.type
    if kind == "string":
        return TLiteral(string_value(source, value))
    if kind == "number":
        return TLiteral(number_value(source.of(value)))
    if kind == "true" or kind == "false":
        return TLiteral(kind == "true")
    if kind == "null":
        return TLiteral(None)
    if kind == "unary_expression":
        text = "".join(source.of(value).split())
        return TLiteral(-number_value(text[1:]) if text[0] == "-" else number_value(text[1:]))
    return TName(source.of(value))


def _function(source: SourceText, node: Node, depth: int) -> Type:
    if depth > DEEPEST:
        return _deep(source, node)
    listed = node.child_by_field_name("parameters")
    params: list[Type] = []
    if listed is not None:
        for part in listed.named_children:
            if part.type in _TUPLE_PARTS:
                params.append(_parameter(source, part, depth + INSIDE))
    result = node.child_by_field_name("return_type")
    if result is None:
        return TFunction(tuple(params), TName("any"))
    if result.type in ("type_annotation", "asserts_annotation", "type_predicate_annotation"):
        return TFunction(tuple(params), annotation(source, result, depth + INSIDE) or TName("any"))
    return TFunction(tuple(params), TYPES[result.type](source, result, depth + INSIDE))


def _object(source: SourceText, node: Node, depth: int) -> Type:
    if depth > DEEPEST:
        return _deep(source, node)
    fields: list[TField] = []
    index: Type | None = None
    for part in node.named_children:
        kind = part.type
        if kind == "property_signature" or kind == "method_signature":
            fields.append(_field(source, part, depth + INSIDE))
        elif kind == "index_signature":
            if any(child.type == "mapped_type_clause" for child in part.named_children):
                return other_type(source, node, depth)
            typed = part.child_by_field_name("type")
            index = annotation(source, typed, depth + INSIDE) if typed is not None else None
    return TObject(tuple(fields), index)


def _field(source: SourceText, node: Node, depth: int) -> TField:
    name = ""
    optional = False
    typed: Type = TName("any")
    for part in node.children:
        kind = part.type
        if kind == "property_identifier" and not name:
            name = intern(source.of(part))
        elif kind == "string" and not name:
            name = string_value(source, part)
        elif kind == "?":
            optional = True
        elif kind == "type_annotation":
            typed = annotation(source, part, depth) or typed
        elif not name and part.is_named and kind in ("number", "computed_property_name"):
            name = source.of(part)
    if node.type == "method_signature":
        typed = _function(source, node, depth)
    return TField(name, typed, optional)


def _typeof(source: SourceText, node: Node, depth: int) -> Type:
    text = source.of(node)[len("typeof") :].partition("<")[0]
    return TTypeof("".join(text.split()))


def _indexed(source: SourceText, node: Node, depth: int) -> Type:
    if depth > DEEPEST:
        return _deep(source, node)
    parts = _each(source, node, depth + INSIDE)
    return TIndexed(parts[0], parts[1]) if len(parts) == 2 else other_type(source, node, depth)


TYPES.update(
    {
        "type_identifier": _name,
        "identifier": _name,
        "predefined_type": _name,
        "this_type": _name,
        "undefined": _name,
        "nested_type_identifier": _dotted,
        "member_expression": _imported,
        "nested_identifier": _dotted,
        "generic_type": _generic,
        "union_type": _union,
        "intersection_type": _intersection,
        "array_type": _array,
        "readonly_type": _inner,
        "parenthesized_type": _inner,
        "optional_type": _inner,
        "rest_type": _inner,
        "tuple_type": _tuple,
        "literal_type": _literal,
        "function_type": _function,
        "object_type": _object,
        "interface_body": _object,
        "type_query": _typeof,
        "lookup_type": _indexed,
    }
)


def _type_parameters(source: SourceText, node: Node) -> tuple[str, ...]:
    listed = node.child_by_field_name("type_parameters")
    if listed is None:
        return ()
    names = [part.child_by_field_name("name") for part in listed.named_children if part.type == "type_parameter"]
    return tuple([source.of(name) for name in names if name is not None])


def type_declaration(source: SourceText, node: Node, depth: int) -> TypeAliasDecl | None:
    """`type X = …` or `interface X …`; None where broken source has no name."""
    name = node.child_by_field_name("name")
    if name is None:
        return None
    params = _type_parameters(source, node)
    if node.type == "type_alias_declaration":
        value = node.child_by_field_name("value")
        if value is None:
            return None
        return TypeAliasDecl(source.of(name), params, TYPES[value.type](source, value, depth + 1))
    bases: list[Type] = []
    body: Type = TObject(())
    for part in node.named_children:
        if part.type == "extends_type_clause":
            bases.extend(_each(source, part, depth + 1))
        elif part.type in ("interface_body", "object_type"):
            body = _object(source, part, depth + 1)
    return TypeAliasDecl(source.of(name), params, TIntersection((*bases, body)) if bases else body)
