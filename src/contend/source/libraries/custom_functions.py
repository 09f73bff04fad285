"""convex-helpers: custom builders, wrapped databases, and the query helpers that read like Convex's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contend.model.schema import Validator
from contend.source import ir
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.libraries import triggers
from contend.source.libraries.validators import type_in

_CUSTOM = frozenset(
    {
        "customMutation",
        "customQuery",
        "customAction",
        "zCustomMutation",
        "zCustomQuery",
        "zCustomAction",
        "zCustomMutationBuilder",
    }
)


def call(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """A function of convex-helpers."""
    short = name.rsplit(".", 1)[-1]
    first = arguments[0] if arguments else t.UNDEFINED
    if short in _CUSTOM:
        return t.choice([_custom(act, option, arguments, short) for option in t.alternatives(first)])
    if short in ("customCtx", "customCtxAndArgs"):
        return t.Bound("convex.custom-ctx", first)
    if short == "corsRouter":
        return first
    if short == "writerWithTriggers" and len(arguments) > 2 and isinstance(arguments[2], t.Bound):
        return triggers.wrapped(arguments[2])
    if short in ("wrapDatabaseReader", "wrapDatabaseWriter"):
        return arguments[1] if len(arguments) > 1 else t.Capability("db")
    if short == "zid":
        from contend.source.libraries import validators

        return validators.call(act, "v.id", arguments, node)
    if short in ("asyncMap",) and len(arguments) > 1:
        from contend.source.libraries import javascript

        return javascript.call_method(act, first, "map", arguments[1:], node)
    if short in ("nullThrows", "nullThrow", "ensure"):
        return first
    if short in ("pick", "omit", "partial", "literals", "deprecated", "brandedString", "nullable"):
        return first if isinstance(first, t.Record) else t.ValidatorTerm(type_in(first) or Validator("any"))
    if short in ("typedV", "vv"):
        return t.External("convex/values", "v")
    if short == "Table":
        return _table(act, arguments, node)
    if short in ("makeUseQueryWithStatus", "makeUseQuery"):
        return t.External("convex/react", "useQuery")
    if short.startswith("use"):
        from contend.source.libraries import clients

        return clients.call(act, name, arguments, node)
    return _relationship(act, short, arguments, node)


def construct(act: Activation, callee: t.External, arguments: Sequence[t.Value], node: ir.New) -> t.Value | None:
    """`new Triggers()`."""
    if callee.package.startswith("convex-helpers") and callee.name == "Triggers":
        return t.Bound(triggers.LIBRARY, (act.module, node.start))
    return None


def _table(act: Activation, arguments: Sequence[t.Value], node: Any) -> t.Value:
    fields = arguments[1] if len(arguments) > 1 else t.Record()
    table = t.TableTerm(type_in(fields) or Validator("object"), (), act.module, node.start, node.end)
    return t.Record((("table", table), ("withoutSystemFields", fields), ("withSystemFields", fields)))


def _custom(act: Activation, base: t.Value, arguments: Sequence[t.Value], name: str) -> t.Value:
    inner = base
    if not isinstance(inner, t.Builder):
        kind = next(kind for kind in ("mutation", "query", "action") if kind in name.lower())
        inner = t.Builder(kind, False, name)
    spec = arguments[1] if len(arguments) > 1 else t.Record()
    return t.Builder(inner.kind, inner.internal, inner.name, act.module, (*inner.inputs, spec))


def _relationship(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """`getOneFrom`, `getManyFrom`, `getAll` of `convex-helpers/server/relationships`, in Convex's own calls."""
    from contend.source.evaluation.calls import call_method

    if len(arguments) < 2:
        return None
    db = arguments[0]
    if name in ("getAll", "getAllOrThrow"):
        ids = arguments[-1]
        return t.Listing(call_method(act, db, "get", [act.element(ids)], node))
    if name in ("getOneFrom", "getOneFromOrThrow", "getManyFrom") and len(arguments) >= 4:
        query = call_method(act, db, "query", [arguments[1]], node)
        if not isinstance(query, t.Query):
            return None
        index, field = arguments[2], arguments[4] if len(arguments) > 4 else arguments[2]
        column = field.value if isinstance(field, t.Const) and isinstance(field.value, str) else "?"
        bounded = t.Query(
            query.table,
            query.row,
            index.value if isinstance(index, t.Const) and isinstance(index.value, str) else None,
            ((column, "eq", arguments[3]),),
        )
        return call_method(act, bounded, "collect" if name == "getManyFrom" else "unique", [], node)
    return None


def extended_args(own: Validator | None, spec: t.Value, act: Activation) -> Validator | None:
    """The argument type of a function with a custom builder: its own and the builder's."""
    more = type_in(act.member(spec, "args")) if isinstance(spec, t.Record) else None
    if own is None or more is None:
        return own or more
    return replace(own, fields={**more.fields, **own.fields})
