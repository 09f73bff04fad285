"""Convex's server API: `ctx`, its database, its scheduler, and query chains.

What each call reads and writes follows `contend.convex`; this module only recognises the calls, in the three forms
that Convex accepts (convex-backend: npm-packages/convex/src/server/impl/database_impl.ts).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contend.model.functions import Reach
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.effects import DatabaseEffect, InvokeEffect
from contend.source.evaluation.members import ID_IN, split, table_names
from contend.source.libraries import ents

MAX_FILTERS = 20  # of one query; more say no more about what it reads
_QUERY_ENDS = frozenset({"collect", "first", "unique", "take", "paginate", "count", "next", "firstOrThrow"})


def call_context(act: Activation, ctx: t.Context, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """`ctx.runMutation`, `ctx.runQuery`, `ctx.runAction`, `ctx.vectorSearch`."""
    if name in ("runMutation", "runQuery", "runAction"):
        kind = name[3:].lower()
        reference = arguments[0] if arguments else t.UNKNOWN
        given = arguments[1] if len(arguments) > 1 else t.Record()
        stale = False
        if len(arguments) > 2:
            flag = act.member(arguments[2], "useStaleSnapshot")
            stale = isinstance(flag, t.Const) and flag.value is True
        act.record(InvokeEffect(act.place(node), "run", kind, reference, given, stale=stale))
        return act.program.result_of(reference, given, act)
    if name == "table":
        return ents.table(act, arguments, node)
    if name == "vectorSearch":
        table = table_names(arguments[0]) if arguments else ()
        return t.Listing(
            t.Record((("_id", t.Typed(t.Opaque("vector match"), _id(table))), ("_score", t.Opaque("score"))))
            if table
            else t.Opaque("vector match")
        )
    return None


def _id(tables: tuple[str, ...]) -> Any:
    from contend.source.evaluation.members import ANY, id_type

    return id_type(tables) or ANY


def call_capability(
    act: Activation, capability: t.Capability, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """A method of `ctx.db`, `ctx.scheduler`, `ctx.auth` or `ctx.storage`."""
    given = list(arguments)
    while given and given[-1] is t.UNDEFINED:
        given.pop()  # Convex counts arguments, and `undefined` as absent
    kind = capability.name
    if kind == "db":
        return _database(act, name, given, node)
    if kind.startswith("table:"):
        return _database(act, name, [t.Const(kind[6:]), *given], node, by_table=True)
    if kind == "scheduler":
        return _schedule(act, name, given, node)
    if kind == "auth":
        return t.Identity() if name == "getUserIdentity" else t.Opaque(f"ctx.auth.{name}()")
    if kind == "db.system":
        return _system(act, name, given, node)
    return t.Opaque(f"ctx.{kind}.{name}()")


def _database(act: Activation, name: str, given: list[t.Value], node: Any, *, by_table: bool = False) -> t.Value | None:
    if name == "query" and given:
        return t.Query(given[0], act.new_row())
    if name == "table" and given:
        tables = table_names(given[0])
        return t.Capability(f"table:{tables[0]}") if tables else t.Opaque("db.table()")
    if name == "get" and given:
        explicit = len(given) > 1
        return _get(act, given[1] if explicit else given[0], given[0] if explicit else None, node)
    if name == "insert" and given:
        return _insert(act, given, node)
    if name in ("patch", "replace"):
        explicit = len(given) > 2 or by_table
        target = given[1] if explicit and len(given) > 1 else given[0] if given else t.UNKNOWN
        value = given[-1] if len(given) > (2 if explicit else 1) else t.UNKNOWN
        return _write(act, name, target, given[0] if explicit else None, value, node)
    if name == "delete" and given:
        explicit = len(given) > 1
        return _write(act, name, given[1] if explicit else given[0], given[0] if explicit else None, None, node)
    if name == "normalizeId" and len(given) > 1:
        return _typed_id(given[1], given[0])
    return t.Opaque(f"db.{name}()")


def _get(act: Activation, id: t.Value, table: t.Value, node: Any) -> t.Value:
    row = act.new_row()
    tables = table_names(table) if table is not None else act.tables_of(id)
    act.record(
        DatabaseEffect(
            act.place(node),
            "get",
            _typed_id(id, table),
            row,
            "by_id",
            (("_id", "eq", id),),
            explicit=table is not None,
        )
    )
    return t.choice([t.Document(tables, row, id, table=_waiting(table, tables)), t.NULL])


def _typed_id(id: t.Value, table: t.Value) -> t.Value:
    """`id` as one of `table`, which a caller may still have to name."""
    if table is None:
        return id
    if t.is_symbolic(table):
        return t.operation(ID_IN, table, id)
    tables = table_names(table)
    return t.Typed(id, _id(tables)) if tables else id


def _waiting(table: t.Value, tables: tuple[str, ...]) -> t.Value:
    """The table as a term, where `tables` is not the last word on it."""
    return table if table is not None and (not tables or t.is_symbolic(table)) else None


def _insert(act: Activation, given: list[t.Value], node: Any) -> t.Value:
    row = act.new_row()
    value = given[1] if len(given) > 1 else t.UNKNOWN
    act.record(DatabaseEffect(act.place(node), "insert", given[0], row, patch=value, explicit=True))
    tables = table_names(given[0])
    return t.FreshId(tables, row, _waiting(given[0], tables))


def _write(act: Activation, name: Any, target: t.Value, table: t.Value, value: t.Value, node: Any) -> t.Value:
    act.record(
        DatabaseEffect(
            act.place(node),
            name,
            _typed_id(target, table),
            act.new_row(),
            "by_id",
            (("_id", "eq", target),),
            patch=value,
            explicit=table is not None,
        )
    )
    return t.UNDEFINED


def _schedule(act: Activation, name: str, given: list[t.Value], node: Any) -> t.Value | None:
    if name in ("runAfter", "runAt") and len(given) > 1:
        delay = given[0]
        if name == "runAt":
            delay = _until(given[0])
        arguments = given[2] if len(given) > 2 else t.Record()
        act.record(InvokeEffect(act.place(node), "schedule", "", given[1], arguments, delay))
        return t.FreshId(("_scheduled_functions",), act.new_row())
    return t.Opaque(f"scheduler.{name}()")


def _until(time: t.Value) -> t.Value:
    """How long from now `time` is."""
    if isinstance(time, t.Clock):
        return t.Const(0, "number")
    if isinstance(time, t.Operation) and time.op == "+" and t.CLOCK in time.parts:
        return next((part for part in time.parts if part != t.CLOCK), t.Const(0, "number"))
    return t.operation("-", time, t.CLOCK)


def _system(act: Activation, name: str, given: list[t.Value], node: Any) -> t.Value | None:
    if name == "query" and given:
        return t.Query(given[0], act.new_row())
    if name == "get" and given:
        return _get(act, given[-1], given[0] if len(given) > 1 else None, node)
    return None


def call_query(act: Activation, query: t.Query, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """The next link of a query chain, or its end."""
    if name == "withIndex":
        index = arguments[0] if arguments else t.UNKNOWN
        keys = _range(act, arguments[1], node) if len(arguments) > 1 else ()
        return _with(query, index=_constant(index), keys=keys, ranged=True)
    if name == "withSearchIndex":
        keys = _range(act, arguments[1], node) if len(arguments) > 1 else ()
        return _with(query, index=_constant(arguments[0]), keys=keys, search=True)
    if name == "order":
        descending = bool(arguments) and isinstance(arguments[0], t.Const) and arguments[0].value == "desc"
        return _with(query, descending=descending)
    if name == "filter":
        filters = (*query.filters, *_filters(act, query, arguments, node))
        return _with(query, filtered=True, filters=filters[:MAX_FILTERS])
    if name == "fullTableScan":
        return query
    if name in _QUERY_ENDS:
        return _finish(act, query, name, arguments, node)
    if name in ("map", "filterWith", "forEach"):
        return _finish(act, query, "collect", (), node)
    return None


def _with(query: t.Query, **changes: Any) -> t.Query:
    values = {name: getattr(query, name) for name in query.__struct_fields__}
    values.update(changes)
    return t.Query(**values)


def _constant(term: t.Value) -> str | None:
    for option in split(term):
        if isinstance(option, t.Const) and isinstance(option.value, str):
            return option.value
    return None


def _range(act: Activation, function: t.Value, node: Any) -> tuple[tuple[str, str, t.Value], ...]:
    from contend.source.evaluation.calls import call_value

    result = call_value(act, function, [t.RangeBuilder()], node)
    options = [option.keys for option in split(result) if isinstance(option, t.RangeBuilder)]
    if not options:
        return ()
    shortest = min(options, key=len)  # of several ways to bound it, the widest
    return shortest


def _filters(act: Activation, query: t.Query, arguments: Sequence[t.Value], node: Any) -> tuple[t.Value, ...]:
    from contend.source.evaluation.calls import call_value

    row = t.Document(table_names(query.table), query.row, table=query.table)
    return tuple(call_value(act, function, [t.FilterBuilder(row)], node) for function in arguments[:1])


def _finish(act: Activation, query: t.Query, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value:
    tables = table_names(query.table)
    row = act.new_row()
    document = t.Document(tables, row, table=_waiting(query.table, tables))
    bounded = bool(query.keys)
    reach: Reach = "range" if bounded or query.search else "whole"
    limit: t.Value = None
    result: t.Value = t.Listing(document, None, query.filters)
    if name in ("first", "firstOrThrow", "next"):
        reach, result = "first", t.choice([document, t.NULL])
    elif name == "unique":
        result = t.choice([document, t.NULL])
    elif name == "take":
        reach, limit = "take", arguments[0] if arguments else t.UNKNOWN
    elif name == "paginate":
        reach, limit = "take", t.Opaque("page size")
        result = t.Record(
            (
                ("page", t.Listing(document)),
                ("isDone", t.Opaque("isDone")),
                ("continueCursor", t.Opaque("continueCursor")),
            )
        )
    elif name == "count":
        result = t.Opaque("count")
    act.record(
        DatabaseEffect(
            act.place(node),
            "search" if query.search else "query",
            query.table,
            row,
            query.index or "by_creation_time",
            query.keys,
            reach,
            limit,
            query.descending,
            query.filtered,
            query.filters,
        )
    )
    return result


def iterate(act: Activation, over: t.Value, node: Any) -> t.Value:
    """`for await (const row of query)`."""
    results = [
        _finish(act, option, "collect", (), node) if isinstance(option, t.Query) else option for option in split(over)
    ]
    return t.choice(results)


def call_range(
    act: Activation, builder: t.RangeBuilder, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """`q.eq(field, value)` and its like within `withIndex`."""
    if name in ("eq", "gt", "gte", "lt", "lte", "search") and len(arguments) == 2:
        field = _constant(arguments[0])
        if field is not None:
            return t.RangeBuilder((*builder.keys, (field, name, arguments[1])))
    return builder


def call_filter(
    act: Activation, builder: t.FilterBuilder, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """`q.field(name)`, `q.eq(a, b)` and its like within `filter`."""
    if name == "field" and arguments:
        field = _constant(arguments[0])
        return act.member(builder.row, field) if field is not None else t.UNKNOWN
    operators = {"eq": "===", "neq": "!==", "lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "and": "&&", "or": "||"}
    return t.operation(operators.get(name, name), *arguments)
