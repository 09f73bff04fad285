"""A few words to build small apps with: what the extraction would hand over, by hand."""

from __future__ import annotations

from collections.abc import Iterable

from contend.model.app import App
from contend.model.callers import Caller, Client, Consequence, Dependency, Subscription, Trigger, TriggerKind
from contend.model.functions import (
    Access,
    Extent,
    FieldWrite,
    Function,
    FunctionKind,
    Guard,
    Key,
    LoopContext,
    Operation,
    Reach,
)
from contend.model.places import Frame, Span
from contend.model.schema import Index, Table, Validator
from contend.model.values import UNKNOWN, Origin, Value

HERE = Span("convex/app.ts", 1, 1, 1, 1)


def const(value: str | float | bool) -> Value:
    return Value(Origin.CONSTANT, repr(value), constant=value)


def arg(name: str) -> Value:
    return Value(Origin.ARGUMENT, f"args.{name}")


def field(row: str, name: str, table: str) -> Value:
    return Value(Origin.FIELD, f"{row}.{name}", table=table, field=name, row=row)


def computed(op: str, *parts: Value) -> Value:
    return Value(Origin.COMPUTED, op, op=op, parts=parts)


ME = Value(Origin.IDENTITY, "identity.subject")
FRESH = Value(Origin.FRESH, "crypto.randomUUID()")
NOW = Value(Origin.TIME, "Date.now()")


def identifier(table: str) -> Validator:
    return Validator("id", table=table)


def table(name: str, *indexes: Index, **fields: Validator) -> Table:
    return Table(name, fields, indexes)


def index(name: str, *fields: str, staged: bool = False) -> Index:
    return Index(name, fields, staged=staged)


def eq(name: str, value: Value) -> Key:
    return Key(name, "eq", value)


def get(table: str, id: Value, row: str | None = None) -> Access:
    return Access("get", (table,), HERE, 0, "by_id", (eq("_id", id),), row=row)


def read(
    table: str,
    index: str | None,
    *keys: Key,
    reach: Reach = "range",
    row: str | None = None,
    share: float = 1.0,
    descending: bool = False,
    filtered: bool = False,
) -> Access:
    extent = Extent(reach, share=share, descending=descending, filtered=filtered)
    return Access("query", (table,), HERE, 0, index or "by_creation_time", keys, extent, row=row)


def insert(table: str, **values: Value) -> Access:
    return Access("insert", (table,), HERE, 0, fields=tuple(FieldWrite(n, v) for n, v in values.items()))


def write(
    operation: Operation,
    table: str,
    id: Value,
    row: str | None = None,
    guards: tuple[Guard, ...] = (),
    loops: tuple[LoopContext, ...] = (),
    **values: Value,
) -> Access:
    fields = tuple(FieldWrite(name, value) for name, value in values.items())
    return Access(
        operation, (table,), HERE, 0, "by_id", (eq("_id", id),), fields=fields, row=row, guards=guards, loops=loops
    )


def patch(
    table: str,
    id: Value,
    row: str | None = None,
    guards: tuple[Guard, ...] = (),
    loops: tuple[LoopContext, ...] = (),
    **values: Value,
) -> Access:
    return write("patch", table, id, row, guards, loops, **values)


def function(
    path: str, *accesses: Access, kind: FunctionKind = "mutation", internal: bool = False, **args: Validator
) -> Function:
    numbered = tuple(
        Access(
            **{slot: getattr(access, slot) for slot in Access.__slots__ if slot != "order"},
            order=order,
        )
        for order, access in enumerate(accesses)
    )
    return Function(
        app="",
        path=path,
        kind=kind,
        internal=internal,
        span=HERE,
        builder=kind,
        args=Validator("object", fields=args),
        accesses=numbered,
    )


def calls(
    path: str,
    trigger: TriggerKind,
    client: Client = "websocket",
    *,
    entry: str = "",
    detail: str = "",
    through: tuple[str, ...] = (),
    period_ms: float | None = None,
    watches: str | None = None,
    loops: tuple[LoopContext, ...] = (),
    arguments: Iterable[tuple[str, Value]] = (),
    guards: tuple[Guard, ...] = (),
    by: str | None = None,
    delay_ms: float | None = None,
) -> Caller:
    """That something calls the function `path`."""
    dependencies = (Dependency("doc", query=watches),) if watches else ()
    return Caller(
        function=path,
        span=Span(entry or "src/page.tsx", 1, 1, 1, 1),
        trigger=Trigger(trigger, detail, period_ms=period_ms, dependencies=dependencies, entry=entry),
        client=client,
        chain=tuple(Frame(entry or "src/page.tsx", 1, name) for name in through or (trigger,)),
        consequence=Consequence(awaited=True, caught=False, text=""),
        arguments=tuple(arguments),
        guards=guards,
        loops=loops,
        from_function=by,
        delay_ms=delay_ms,
    )


def loop(over: Value = UNKNOWN, parallel: bool = False, bound: int | None = None) -> LoopContext:
    return LoopContext(HERE, over, parallel, bound)


def when(condition: Value, holds: bool = True, early_exit: bool = False) -> Guard:
    return Guard(condition, holds, HERE, early_exit)


def subscribes(query: str, file: str = "src/page.tsx", component: str = "src/page.tsx") -> Subscription:
    return Subscription(query, Span(file, 1, 1, 1, 1), "useQuery", component)


def app(
    tables: Iterable[Table],
    functions: Iterable[Function],
    callers: Iterable[Caller] = (),
    subscriptions: Iterable[Subscription] = (),
) -> App:
    return App(
        root="",
        functions_dir="convex",
        component=None,
        tables={table.name: table for table in tables},
        functions=tuple(functions),
        callers=tuple(callers),
        subscriptions=tuple(subscriptions),
    )
