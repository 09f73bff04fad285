"""The top level of a file: directives, imports, exports, types and statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contend.source.ir import (
    Class,
    Declare,
    Export,
    Function,
    Import,
    PName,
    Stmt,
    TypeAliasDecl,
)
from contend.source.lower import commonjs
from contend.source.lower.dispatch import EXPRESSIONS, STATEMENTS, TRIVIA, solid
from contend.source.lower.literals import string_value
from contend.source.lower.patterns import names
from contend.source.lower.text import SourceText
from contend.source.lower.types import type_declaration

if TYPE_CHECKING:
    from tree_sitter import Node

DEFAULT = "*default*"
"""The name under which the value of `export default <expression>` is declared."""

_DIRECTIVES = frozenset({"use node", "use client", "use server"})
_TYPES = frozenset({"type_alias_declaration", "interface_declaration"})


class Program:
    """What the top level of a file has said so far."""

    __slots__ = ("body", "directives", "exports", "imports", "types")

    def __init__(self) -> None:
        self.directives: list[str] = []
        self.imports: list[Import] = []
        self.exports: list[Export] = []
        self.types: list[TypeAliasDecl] = []
        self.body: list[Stmt] = []


def read_program(source: SourceText, root: Node) -> Program:
    """Everything that the children of a tree's root say."""
    program = Program()
    prologue = True
    for node in root.named_children:
        kind = node.type
        if prologue and kind not in TRIVIA and kind != "hash_bang_line":
            directive = _directive(source, node)
            if directive is not None:
                if directive in _DIRECTIVES:
                    program.directives.append(directive)
                continue
            prologue = False
        if kind == "ERROR":
            # The statements next to a syntax error often end up inside its node.
            for child in node.named_children:
                _top_level(source, child, program)
        else:
            _top_level(source, node, program)
    return program


def _top_level(source: SourceText, node: Node, program: Program) -> None:
    kind = node.type
    if kind == "import_statement":
        _import(source, node, program.imports)
    elif kind == "export_statement":
        _export(source, node, program)
    elif kind in _TYPES:
        declared = type_declaration(source, node, 0)
        if declared is not None:
            program.types.append(declared)
    elif not commonjs.read(source, node, program.imports, program.exports, program.body):
        STATEMENTS[kind](source, node, 0, program.body)


def _directive(source: SourceText, node: Node) -> str | None:
    if node.type != "expression_statement":
        return None
    inside = solid(node.named_children)
    return string_value(source, inside[0]) if len(inside) == 1 and inside[0].type == "string" else None


def _name(source: SourceText, node: Node) -> str:
    return string_value(source, node) if node.type == "string" else source.of(node)


def _import(source: SourceText, node: Node, out: list[Import]) -> None:
    parts = node.children
    type_only = any(part.type == "type" for part in parts[:3])
    origin = node.child_by_field_name("source")
    for part in parts:
        kind = part.type
        if kind == "import_require_clause":
            required = part.child_by_field_name("source")
            inside = solid(part.named_children)
            if required is not None and inside:
                from_file = string_value(source, required)
                out.append(Import(source.of(inside[0]), from_file, "*", type_only, node.start_byte))
        elif kind == "import_clause" and origin is not None:
            from_file = string_value(source, origin)
            for clause in part.named_children:
                _clause(source, clause, from_file, type_only, out)


def _clause(source: SourceText, clause: Node, from_file: str, type_only: bool, out: list[Import]) -> None:
    kind = clause.type
    if kind == "identifier":
        out.append(Import(source.of(clause), from_file, "default", type_only, clause.start_byte))
    elif kind == "namespace_import":
        inside = solid(clause.named_children)
        if inside:
            out.append(Import(source.of(inside[-1]), from_file, "*", type_only, inside[-1].start_byte))
    elif kind == "named_imports":
        for item in clause.named_children:
            if item.type != "import_specifier":
                continue
            start = item.start_byte
            name = source.text[start : item.end_byte]
            if name.isidentifier() and name.isascii():
                out.append(Import(name, from_file, name, type_only, start))
                continue
            inside = solid(item.named_children)
            if inside:
                own = type_only or any(part.type == "type" for part in item.children)
                imported = _name(source, inside[0])
                out.append(Import(_name(source, inside[-1]), from_file, imported, own, item.start_byte))


def _export(source: SourceText, node: Node, program: Program) -> None:
    parts = node.children
    words = {part.type for part in parts if not part.is_named}
    start = node.start_byte
    declaration = node.child_by_field_name("declaration")
    if declaration is not None:
        _exported_declaration(source, declaration, "default" in words, start, program)
        return
    origin = node.child_by_field_name("source")
    from_file = None if origin is None else string_value(source, origin)
    type_only = "type" in words
    value = node.child_by_field_name("value")
    if value is None and "=" in words:
        inside = solid(node.named_children)
        value = inside[-1] if inside else None
    if value is not None:
        _default(source, value, program, start)
        return
    for part in parts:
        kind = part.type
        if kind == "*" and from_file is not None:
            program.exports.append(Export("*", "*", from_file, type_only, start))
        elif kind == "namespace_export":
            inside = solid(part.named_children)
            if inside:
                program.exports.append(Export(_name(source, inside[-1]), "*", from_file, type_only, start))
        elif kind == "export_clause":
            for item in part.named_children:
                inside = solid(item.named_children) if item.type == "export_specifier" else []
                if inside:
                    own = type_only or any(word.type == "type" for word in item.children)
                    exported = _name(source, inside[-1])
                    local = _name(source, inside[0])
                    program.exports.append(Export(exported, local, from_file, own, item.start_byte))


def _default(source: SourceText, value: Node, program: Program, start: int) -> None:
    lowered = EXPRESSIONS[value.type](source, value, 1)
    first = value.start_byte
    last = value.end_byte
    pattern = PName(DEFAULT, first, first)
    if isinstance(lowered, Function) and value.type != "arrow_function":
        program.body.append(Declare("function", pattern, lowered, first, last))
    elif isinstance(lowered, Class):
        program.body.append(Declare("class", pattern, lowered, first, last))
    else:
        program.body.append(Declare("const", pattern, lowered, first, last))
    program.exports.append(Export("default", DEFAULT, None, False, start))


def _exported_declaration(source: SourceText, node: Node, default: bool, start: int, program: Program) -> None:
    if node.type in _TYPES:
        declared = type_declaration(source, node, 0)
        if declared is not None:
            program.types.append(declared)
            exported = "default" if default else declared.name
            program.exports.append(Export(exported, declared.name, None, True, start))
        return
    before, required = len(program.body), len(program.imports)
    if not commonjs.read(source, node, program.imports, program.exports, program.body):
        STATEMENTS[node.type](source, node, 0, program.body)
    for statement in program.body[before:]:
        if isinstance(statement, Declare):
            for name in names(statement.pattern):
                exported = "default" if default else name.name
                program.exports.append(Export(exported, name.name, None, False, start))
    for entry in program.imports[required:]:  # `export const api = require("…").api`
        program.exports.append(Export(entry.local, entry.local, None, False, start))
