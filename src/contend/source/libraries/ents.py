"""convex-ents: `ctx.table("t")` instead of `ctx.db`, rows that write themselves, schemas of `defineEnt`
(get-convex/convex-ents: src/functions.ts, src/schema.ts)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contend.model.schema import Validator
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.members import table_names
from contend.source.libraries.validators import type_in

LIBRARY = "ents.query"
_ENDS = {"firstX": "first", "uniqueX": "unique", "docs": "collect"}
_WRITES = frozenset({"patch", "replace", "delete"})


def call(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """A function of convex-ents."""
    first = arguments[0] if arguments else t.UNDEFINED
    short = name.rsplit(".", 1)[-1]
    if short == "defineEntSchema":
        return t.SchemaTerm(first)
    if short in ("defineEnt", "defineEntFromTable", "defineEntsFromTables"):
        if isinstance(first, t.TableTerm):
            return first
        return t.TableTerm(type_in(first) or Validator("object"), (), act.module, node.start, node.end)
    if short in ("getEntDefinitions", "addEntRules", "entsTableFactory"):
        return t.Opaque(short)
    return None


def call_definition(act: Activation, table: t.TableTerm, name: str, arguments: Sequence[t.Value]) -> t.Value | None:
    """`.field("name", v.string(), {unique: true})`, `.edge("user")` on an ent under definition."""
    label = arguments[0].value if arguments and isinstance(arguments[0], t.Const) else None
    if name not in ("field", "edge") or not isinstance(label, str):
        return None
    options = arguments[-1] if len(arguments) > 1 and isinstance(arguments[-1], t.Record) else t.Record()
    if name == "field":
        column, type = label, type_in(arguments[1]) if len(arguments) > 1 else None
        indexed = any(_is_true(act.member(options, flag)) for flag in ("unique", "index"))
    else:
        if act.member(options, "ref") is not t.UNDEFINED:
            return table  # the other side holds the field
        to = table_names(act.member(options, "to"))
        column = next(iter(table_names(act.member(options, "field"))), f"{label}Id")
        type, indexed = Validator("id", table=to[0] if to else f"{label}s"), True
    fields = {**table.type.fields, column: type or Validator("any")}
    indexes = (*table.indexes, (column, (column,), "database", False)) if indexed else table.indexes
    return t.TableTerm(replace(table.type, fields=fields), indexes, table.module, table.start, table.end)


def _is_true(term: t.Value) -> bool:
    return isinstance(term, t.Const) and term.value is True


def table(act: Activation, arguments: Sequence[t.Value], node: Any) -> t.Value:
    """`ctx.table("t")`, `ctx.table("t", "by_x", (q) => …)`."""
    from contend.source.evaluation.calls import call_method

    query: t.Value = t.Query(arguments[0] if arguments else t.UNKNOWN, act.new_row())
    if len(arguments) > 1:
        query = call_method(act, query, "withIndex", arguments[1:], node)
    return t.Bound(LIBRARY, query)


def call_query(
    act: Activation, receiver: t.Bound, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """A link of a chain that `ctx.table` starts, or its end."""
    from contend.source.evaluation.calls import call_method

    query = receiver.data
    database = t.Capability("db", "mutation")
    if not isinstance(query, t.Query):
        return None
    if name in ("get", "getX") and len(arguments) == 1:
        return call_method(act, database, "get", [query.table, arguments[0]], node)
    if name in ("get", "getX"):
        return _bounded(act, query, arguments, node)
    if name in ("getMany", "getManyX") and arguments:
        ids = act.element(arguments[-1])
        return t.Listing(call_method(act, database, "get", [query.table, ids], node))
    if name in ("insert", "insertMany"):
        return call_method(act, database, "insert", [query.table, *arguments], node)
    if name == "normalizeId":
        return call_method(act, database, "normalizeId", [query.table, *arguments], node)
    if name in ("map", "forEach"):
        return call_method(act, settled(act, receiver, node), name, arguments, node)
    if name == "search":
        return t.Bound(LIBRARY, call_method(act, query, "withSearchIndex", arguments, node))
    result = call_method(act, query, _ENDS.get(name, name), arguments, node)
    return t.Bound(LIBRARY, result) if isinstance(result, t.Query) else result


def _bounded(act: Activation, query: t.Query, arguments: Sequence[t.Value], node: Any) -> t.Value:
    """`getX("email", value)`: the only row of a unique field."""
    from contend.source.evaluation.calls import call_method

    index = next(iter(table_names(arguments[0])), "")
    keys = ((index, "eq", arguments[1]),)
    return call_method(act, t.Query(query.table, query.row, index, keys), "unique", [], node)


def settled(act: Activation, receiver: t.Value, node: Any) -> t.Value:
    """What `await` makes of a chain: the rows it reads."""
    from contend.source.evaluation.calls import call_method

    if isinstance(receiver, t.Bound) and receiver.library == LIBRARY and isinstance(receiver.data, t.Query):
        return call_method(act, receiver.data, "collect", [], node)
    return receiver


def call_document(
    act: Activation, document: t.Document, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """`ent.patch({…})`, `ent.edge("posts")`."""
    from contend.source.evaluation.calls import call_method

    if name in _WRITES:
        call_method(act, t.Capability("db", "mutation"), name, [act.member(document, "_id"), *arguments], node)
        return document
    if name in ("edge", "edgeX") and arguments:
        return _edge(act, document, next(iter(table_names(arguments[0])), ""), node)
    return document if name == "doc" else None


def _edge(act: Activation, document: t.Document, name: str, node: Any) -> t.Value:
    from contend.source.evaluation.calls import call_method

    id = act.member(document, f"{name}Id")
    if act.tables_of(id):
        return call_method(act, t.Capability("db", "mutation"), "get", [id], node)
    own = document.tables[0].removesuffix("s") if document.tables else ""
    if not own or name not in act.schema.tables:
        return t.Opaque(f"edge {name}")
    keys = ((f"{own}Id", "eq", act.member(document, "_id")),)
    return t.Bound(LIBRARY, t.Query(t.Const(name), act.new_row(), f"{own}Id", keys))
