"""Schemas: tables, fields and indexes, however the files that declare them are cut."""

from __future__ import annotations

from collections.abc import Iterator

from contend.model.schema import Index, Table, Validator
from contend.source.evaluation import terms as t
from contend.source.evaluation.effects import Site
from contend.source.evaluation.program import Program
from contend.source.linking.positions import Positions


def read_schema(program: Program, schema_file: str | None, directory: str, positions: Positions) -> dict[str, Table]:
    """The tables that `schema_file` declares; ids of this app resolve through them from now on."""
    tables: dict[str, Table] = {}
    if schema_file is None or schema_file not in program.modules:
        return tables
    schema = program.export(schema_file, "default")
    for option in t.alternatives(schema):
        if isinstance(option, t.SchemaTerm):
            for name, definition in _entries(option.tables):
                table = _table(name, definition, positions, program)
                if table is not None:
                    tables[name] = table
    known = program.schema_in(directory)
    for name, table in tables.items():
        known.tables[name] = Validator("object", fields=dict(table.fields))
    return tables


def _entries(term: t.Value) -> Iterator[tuple[str, t.Value]]:
    for option in t.alternatives(term):
        if isinstance(option, t.Record):
            for spread in option.spreads:
                yield from _entries(spread)
            yield from option.fields


def _table(name: str, definition: t.Value, positions: Positions, program: Program) -> Table | None:
    for option in t.alternatives(definition):
        if isinstance(option, t.Record):  # convex-helpers `Table(...)` used as `x.table`
            inner = dict(option.fields).get("table")
            if inner is not None:
                return _table(name, inner, positions, program)
        if isinstance(option, t.TableTerm):
            fields = dict(option.type.fields)
            if option.type.kind == "union":
                for variant in option.type.items:
                    for key, validator in variant.fields.items():
                        fields.setdefault(key, validator)
            indexes = tuple(Index(label, columns, kind, staged) for label, columns, kind, staged in option.indexes)  # type: ignore[arg-type]
            local = option.module in program.modules
            span = positions.span(Site(option.module, option.start, option.end)) if local else None
            return Table(name, fields, indexes, span, library=None if local else option.module)
    return Table(name, {}, (), None)
