"""CommonJS: `require` as imports, `module.exports` and `exports.x` as exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contend.source.ir import (
    Assign,
    Call,
    Declare,
    Evaluate,
    Export,
    Expr,
    Import,
    Literal_,
    Member,
    Name,
    Object,
    Pattern,
    PExpr,
    PName,
    PObject,
    Property,
    Spread,
    Stmt,
)
from contend.source.lower.dispatch import STATEMENTS
from contend.source.lower.text import SourceText

if TYPE_CHECKING:
    from tree_sitter import Node

_DEFAULT = "*default*"


def read(source: SourceText, node: Node, imports: list[Import], exports: list[Export], body: list[Stmt]) -> bool:
    """Read one top-level statement if it is CommonJS; False where it is not, and nothing has been read."""
    kind = node.type
    start = node.start_byte
    text = source.text
    if kind == "lexical_declaration" or kind == "variable_declaration":
        if text.find("require", start, node.end_byte) < 0:
            return False
        declared: list[Stmt] = []
        STATEMENTS[kind](source, node, 0, declared)
        for statement in declared:
            found = _required(statement) if isinstance(statement, Declare) else None
            if found is None:
                body.append(statement)
            else:
                imports.extend(found)
        return True
    if kind == "expression_statement" and text.startswith(("module.exports", "exports."), start):
        stated: list[Stmt] = []
        STATEMENTS[kind](source, node, 0, stated)
        for statement in stated:
            if not (isinstance(statement, Evaluate) and _exported(statement.value, exports, body)):
                body.append(statement)
        return True
    return False


def _required(statement: Declare) -> list[Import] | None:
    """The imports that `const pattern = require("source")` makes; None where it is something else."""
    value = statement.value
    imported = "*"
    if isinstance(value, Member):
        imported = value.property
        value = value.object
    if not (isinstance(value, Call) and isinstance(value.callee, Name) and value.callee.name == "require"):
        return None
    if len(value.args) != 1:
        return None
    origin = value.args[0]
    if not (isinstance(origin, Literal_) and isinstance(origin.value, str)):
        return None
    return _bound(statement.pattern, origin.value, imported, statement.start)


def _bound(pattern: Pattern, origin: str, imported: str, start: int) -> list[Import] | None:
    if isinstance(pattern, PName):
        return [Import(pattern.name, origin, imported, False, start)]
    if not isinstance(pattern, PObject) or pattern.rest is not None or imported != "*":
        return None
    out: list[Import] = []
    for entry in pattern.properties:
        if entry.key is None or not isinstance(entry.target, PName):
            return None
        out.append(Import(entry.target.name, origin, entry.key, False, entry.target.start))
    return out


def _is_module_exports(value: Expr) -> bool:
    if isinstance(value, Name):
        return value.name == "exports"
    return (
        isinstance(value, Member)
        and value.property == "exports"
        and isinstance(value.object, Name)
        and value.object.name == "module"
    )


def _exported(value: Expr, exports: list[Export], body: list[Stmt]) -> bool:
    """Declare and export what `module.exports = …` or `exports.x = …` assigns."""
    if not (isinstance(value, Assign) and value.op == "=" and isinstance(value.target, PExpr)):
        return False
    place = value.target.target
    if isinstance(place, Member) and _is_module_exports(place.object) and not _is_module_exports(place):
        _export_as(place.property, value.value, value.start, exports, body)
        return True
    if not _is_module_exports(place):
        return False
    whole = value.value
    if isinstance(whole, Object):
        # Each entry is declared once; the object that `default` names refers to those declarations.
        entries: list[Property | Spread] = []
        for entry in whole.entries:
            if isinstance(entry, Property) and entry.key is not None:
                local = _export_as(entry.key, entry.value, entry.start, exports, body)
                value_ = entry.value if isinstance(entry.value, Name) else Name(local, entry.start, entry.start)
                entries.append(Property(entry.key, value_, entry.start, entry.end))
            else:
                entries.append(entry)
        whole = Object(tuple(entries), whole.start, whole.end)
    if isinstance(whole, Name):
        exports.append(Export("default", whole.name, None, False, value.start))
    else:
        body.append(Declare("const", PName(_DEFAULT, value.start, value.start), whole, value.start, value.end))
        exports.append(Export("default", _DEFAULT, None, False, value.start))
    return True


def _export_as(name: str, value: Expr, start: int, exports: list[Export], body: list[Stmt]) -> str:
    """Export `value` under `name`; the local name that holds it."""
    if isinstance(value, Name):
        local = value.name
    else:
        local = f"exports.{name}"
        body.append(Declare("const", PName(local, start, start), value, value.start, value.end))
    exports.append(Export(name, local, None, False, start))
    return local
