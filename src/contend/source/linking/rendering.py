"""Symbolic values as the model's values, and as text that reads like source."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from contend.model.values import Origin, Value
from contend.source.evaluation import terms as t
from contend.source.evaluation.members import ID_IN

MAX_TEXT = 72
MAX_PARTS = 10
MAX_DEPTH = 7
_BINARY = frozenset(
    [
        "+",
        "-",
        "*",
        "/",
        "%",
        "**",
        "==",
        "===",
        "!=",
        "!==",
        "<",
        "<=",
        ">",
        ">=",
        "&&",
        "||",
        "??",
        "in",
        "instanceof",
    ]
)


def text_of(term: t.Value, depth: int = 0) -> str:
    """A short text for a value."""
    try:
        return _remembered_text(term, depth)
    except TypeError:
        return _cut(term, depth)


@lru_cache(maxsize=65_536)
def _remembered_text(term: t.Value, depth: int) -> str:
    return _cut(term, depth)


def _cut(term: t.Value, depth: int) -> str:
    text = _text(term, depth)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _text(term: t.Value, depth: int) -> str:
    if depth > MAX_DEPTH:
        return "…"
    handler = _TEXTS.get(type(term))
    return handler(term, depth + 1) if handler is not None else type(term).__name__.lower()


def _typed_text(term: t.Typed, below: int) -> str:
    return text_of(term.value, below - 1)


def _const_text(term: t.Const, below: int) -> str:
    if isinstance(term.value, bool):
        return "true" if term.value else "false"
    if term.value is None:
        return term.kind
    return f'"{term.value}"' if isinstance(term.value, str) else f"{term.value:g}"


def _named_text(term: t.Param | t.Identity | t.Environment | t.Random | t.Global, below: int) -> str:
    return term.name


def _field_text(term: t.Field, below: int) -> str:
    inner = text_of(term.object, below)
    return f"{inner}{term.name}" if term.name.startswith("[") else f"{inner}.{term.name}"


def _document_text(term: t.Document, below: int) -> str:
    return _singular(term.tables[0]) if term.tables else "document"


def _fresh_text(term: t.FreshId, below: int) -> str:
    return f"new {_singular(term.tables[0])} id" if term.tables else "new id"


def _choice_text(term: t.Choice, below: int) -> str:
    return " | ".join(dict.fromkeys(text_of(item, below) for item in t.alternatives(term)[:3]))


def _record_text(term: t.Record, below: int) -> str:
    names = [name for name, _ in term.fields[:4]] + [f"...{text_of(spread, below)}" for spread in term.spreads[:2]]
    return "{" + ", ".join(names) + "}"


def _reference_text(term: t.Reference, below: int) -> str:
    return ":".join(["/".join(term.parts[:-1]), term.parts[-1]]) if len(term.parts) > 1 else ".".join(term.parts)


_BINDING = {"??": 1, "||": 1, "&&": 2, "==": 3, "===": 3, "!=": 3, "!==": 3, "<": 4, "<=": 4, ">": 4, ">=": 4}


def _binds(op: str) -> int:
    """How tightly an operator binds; arithmetic and everything else tightest."""
    return _BINDING.get(op, 5)


def _singular(table: str) -> str:
    if table.endswith("ies"):
        return table[:-3] + "y"
    return table[:-1] if table.endswith("s") and not table.endswith("ss") else table


def _operation(term: t.Operation, depth: int) -> str:
    parts = [text_of(part, depth) for part in term.parts]
    if term.op == "itself":
        return f"{parts[0]} against itself"
    if term.op in _BINARY and len(parts) == 2:
        left, right = (
            f"({text})" if isinstance(part, t.Operation) and _binds(part.op) < _binds(term.op) else text
            for part, text in zip(term.parts, parts, strict=True)
        )
        return f"{left} {term.op} {right}"
    if term.op == "template":
        return "`" + "".join(part.strip('"') if part.startswith('"') else "${" + part + "}" for part in parts) + "`"
    if term.op.startswith("call:"):
        name = term.op[5:]
        if name == "length" and len(parts) == 1:
            return f"{parts[0]}.length"
        if name[0].islower() and parts and "." not in name:
            return f"{parts[0]}.{name}({', '.join(parts[1:])})"
        return f"{name}({', '.join(parts)})"
    return f"{term.op}{parts[0]}" if len(parts) == 1 else f" {term.op} ".join(parts)


def row_name(term: t.Value) -> str | None:
    """Which row an id or document means within its function: equal names are the same row."""
    if isinstance(term, t.Typed):
        return row_name(term.value)
    if isinstance(term, t.Choice):
        options = t.alternatives(term)
        return row_name(options[0]) if len(options) == 1 else "|".join(sorted(filter(None, map(row_name, options))))
    if isinstance(term, t.Document):
        return row_name(term.id) if term.id is not None else _row(term.row)
    if isinstance(term, t.FreshId):
        return _row(term.row)
    if isinstance(term, t.Field) and term.name == "_id":
        return row_name(term.object)
    if isinstance(term, t.Operation) and term.op == ID_IN:
        return row_name(term.parts[1])
    return f"id:{text_of(term)}"


def _row(row: t.RowId) -> str:
    return "row:" + ".".join(str(part) for part in row)


def value_of(term: t.Value, depth: int = 0) -> Value:
    """A symbolic value as the model's `Value`."""
    try:
        return _remembered(term, depth)
    except TypeError:  # a library's own data cannot be hashed
        return _value(term, depth)


@lru_cache(maxsize=65_536)
def _remembered(term: t.Value, depth: int) -> Value:
    return _value(term, depth)


def forget() -> None:
    """Let go of the values of a program that has been linked."""
    _remembered.cache_clear()
    _remembered_text.cache_clear()


def _value(term: t.Value, depth: int) -> Value:
    if term is None:
        return Value(Origin.UNKNOWN, "?")
    if depth > MAX_DEPTH:
        return Value(Origin.UNKNOWN, "…")
    handler = _VALUES.get(type(term))
    return handler(term, depth) if handler is not None else Value(Origin.UNKNOWN, text_of(term))


def _const(term: t.Const, depth: int) -> Value:
    return Value(Origin.CONSTANT, text_of(term), constant=term.value)


def _environment(term: t.Environment, depth: int) -> Value:
    return Value(Origin.CONSTANT, f"process.env.{term.name}")


def _typed(term: t.Typed, depth: int) -> Value:
    return value_of(term.value, depth)


def _argument(term: t.Param | t.Pending, depth: int) -> Value:
    return Value(Origin.ARGUMENT if isinstance(term, t.Param) else Origin.UNKNOWN, text_of(term))


def _field(term: t.Field, depth: int) -> Value:
    names: list[str] = []
    base: t.Value = term
    while isinstance(base, t.Field | t.Typed):
        if isinstance(base, t.Typed):
            base = base.value
        else:
            names.append(base.name)
            base = base.object
    dotted = ".".join(reversed(names)).replace(".[]", "[]")
    if isinstance(base, t.Document):
        table = base.tables[0] if base.tables else None
        return Value(Origin.FIELD, text_of(term), table=table, field=dotted, row=row_name(base))
    inner = value_of(base, depth + 1)
    if inner.origin in (Origin.COMPUTED, Origin.FIELD):
        return Value(Origin.COMPUTED, text_of(term), op="member", parts=(inner,), field=dotted)
    return Value(inner.origin, text_of(term), field=dotted)


def _document(term: t.Document, depth: int) -> Value:
    return Value(
        Origin.FIELD, text_of(term), table=term.tables[0] if term.tables else None, field="*", row=row_name(term)
    )


def _identity(term: t.Identity, depth: int) -> Value:
    return Value(Origin.IDENTITY, term.name)


def _live(term: t.Live, depth: int) -> Value:
    return Value(Origin.FIELD, text_of(term), field=term.path, row=f"live:{text_of(term.reference)}")


def _fresh(term: t.Value, depth: int) -> Value:
    return Value(Origin.FRESH, text_of(term), row=_row(term.row) if isinstance(term, t.FreshId) else None)


def _clock(term: t.Clock, depth: int) -> Value:
    return Value(Origin.TIME, "now")


def _parts(items: tuple[t.Value, ...] | list[t.Value], depth: int) -> tuple[Value, ...]:
    return tuple(value_of(item, depth + 1) for item in items[:MAX_PARTS])


def _computed(term: t.Operation, depth: int) -> Value:
    op = {"===": "==", "!==": "!="}.get(term.op, term.op)
    return Value(Origin.COMPUTED, text_of(term), op=op, parts=_parts(term.parts, depth))


def _choice(term: t.Choice, depth: int) -> Value:
    options = t.alternatives(term)
    if len(options) == 1:
        return value_of(options[0], depth)
    return Value(Origin.COMPUTED, text_of(term), op="any", parts=_parts(options, depth))


def _record(term: t.Record, depth: int) -> Value:
    names = [name for name, _ in term.fields[:MAX_PARTS]]
    parts = list(_parts([value for _, value in term.fields], depth))
    for extra in (*term.spreads[:3], *term.computed[:3]):
        names.append("*")
        parts.append(value_of(extra, depth + 1))
    return Value(Origin.COMPUTED, text_of(term), op="object", parts=tuple(parts), names=tuple(names))


def _listing(term: t.Listing, depth: int) -> Value:
    return Value(Origin.COMPUTED, text_of(term), op="array", parts=_parts([term.item], depth))


_TEXTS: dict[type, Any] = {
    t.Typed: _typed_text,
    t.Const: _const_text,
    t.Param: _named_text,
    t.Identity: _named_text,
    t.Environment: _named_text,
    t.Random: _named_text,
    t.Global: _named_text,
    t.Clock: lambda term, below: "now",
    t.Field: _field_text,
    t.Document: _document_text,
    t.FreshId: _fresh_text,
    t.Operation: lambda term, below: _operation(term, below),
    t.Choice: _choice_text,
    t.Record: _record_text,
    t.Listing: lambda term, below: f"[{text_of(term.item, below)}]",
    t.Live: lambda term, below: f"{text_of(term.reference, below)}{'.' if term.path else ''}{term.path}",
    t.Reference: _reference_text,
    t.Method: lambda term, below: f"{text_of(term.object, below)}.{term.name}",
    t.External: lambda term, below: term.name if term.name != "default" else term.package,
    t.Opaque: lambda term, below: term.reason,
    t.Pending: lambda term, below: term.text,
    t.Bound: lambda term, below: term.library.rsplit(".", 1)[-1],
    t.Context: lambda term, below: "ctx",
    t.Capability: lambda term, below: f"ctx.{term.name}",
    t.Closure: lambda term, below: term.function.name or "function",
}
_VALUES: dict[type, Any] = {
    t.Const: _const,
    t.Environment: _environment,
    t.Typed: _typed,
    t.Param: _argument,
    t.Pending: _argument,
    t.Field: _field,
    t.Document: _document,
    t.Identity: _identity,
    t.Live: _live,
    t.FreshId: _fresh,
    t.Random: _fresh,
    t.Clock: _clock,
    t.Operation: _computed,
    t.Choice: _choice,
    t.Record: _record,
    t.Listing: _listing,
}
