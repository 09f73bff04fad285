"""What of which documents reaches a query's result."""

from __future__ import annotations

from contend.model.functions import Projection
from contend.source.evaluation import terms as t

MAX_ENTRIES = 200


def projections_of(result: t.Value) -> tuple[tuple[Projection, ...], tuple[tuple[str, str], ...]]:
    """The document fields in a result, by table; and which part of the result (dotted, `[]` for elements) carries which
    `table.field` (`table.*` for whole documents)."""
    entries: dict[tuple[str, str], None] = {}
    _walk(result, "", entries, 0)
    tables: dict[str, set[str]] = {}
    for _, target in entries:
        table, field = target.split(".", 1)
        tables.setdefault(table, set()).add(field)
    projections = tuple(Projection(table, frozenset(fields)) for table, fields in sorted(tables.items()))
    return projections, tuple(sorted(entries))


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _walk(term: t.Value, path: str, entries: dict[tuple[str, str], None], depth: int) -> None:
    if depth > 12 or len(entries) > MAX_ENTRIES:
        return
    if isinstance(term, t.Document):
        for table in term.tables:
            entries[(path, f"{table}.*")] = None
    elif isinstance(term, t.Field):
        names: list[str] = []
        base: t.Value = term
        while isinstance(base, t.Field | t.Typed):
            if isinstance(base, t.Field):
                names.append(base.name)
                base = base.object
            else:
                base = base.value
        if isinstance(base, t.Document):
            for table in base.tables:
                entries[(path, f"{table}.{names[-1] if names[-1] != '[]' else '*'}")] = None
    elif isinstance(term, t.Typed):
        _walk(term.value, path, entries, depth)
    elif isinstance(term, t.Record):
        for spread in term.spreads:
            _walk(spread, path, entries, depth + 1)
        for name, value in term.fields:
            _walk(value, _below(path, name), entries, depth + 1)
        for value in term.computed:
            _walk(value, _below(path, "*"), entries, depth + 1)
    elif isinstance(term, t.Choice):
        for item in term.items:
            _walk(item, path, entries, depth + 1)
    elif isinstance(term, t.Listing):
        items = term.items if term.items else (term.item,)
        for item in items:
            _walk(item, _below(path, "[]"), entries, depth + 1)
        _decided_by(term.filters, path, entries)
    elif isinstance(term, t.Dictionary):
        _walk(term.value, _below(path, "*"), entries, depth + 1)
    elif isinstance(term, t.Operation) and term.op == "call:length":
        for part in term.parts:
            _decided_by(part.filters if isinstance(part, t.Listing) else (), path, entries)
    elif isinstance(term, t.Operation):
        for part in term.parts[-1:] if term.op == "&&" else term.parts:
            _walk(part, path, entries, depth + 1)


def _decided_by(filters: tuple[t.Value, ...], path: str, entries: dict[tuple[str, str], None]) -> None:
    """The fields that decide which documents a list holds, and how many."""
    stack = list(filters)
    seen = 0
    while stack and seen < MAX_ENTRIES:
        seen += 1
        term = stack.pop()
        if isinstance(term, t.Operation):
            stack.extend(term.parts)
        elif isinstance(term, t.Choice):
            stack.extend(term.items)
        elif isinstance(term, t.Field | t.Typed):
            _walk(term, path, entries, 0)
