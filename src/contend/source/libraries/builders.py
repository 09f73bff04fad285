"""What registers things: function builders, schemas, crons and HTTP routers of `convex/server`, and the names that
Convex generates (`_generated/api`, `_generated/server`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contend.model.schema import Validator
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.effects import RegisterEffect
from contend.source.libraries import components, durable, ents, fluent, mounts, triggers
from contend.source.libraries.validators import type_in

_KINDS = {
    "query": ("query", False),
    "internalQuery": ("query", True),
    "mutation": ("mutation", False),
    "internalMutation": ("mutation", True),
    "action": ("action", False),
    "internalAction": ("action", True),
    "httpAction": ("httpAction", False),
}
_PERIODS = {"seconds": 1_000.0, "minutes": 60_000.0, "hours": 3_600_000.0}
_NAMED_PERIODS = {
    "hourly": 3_600_000.0,
    "daily": 86_400_000.0,
    "weekly": 604_800_000.0,
    "monthly": 2_629_800_000.0,
}


def generated_value(part: str, name: str, directory: str | None) -> t.Value:
    """A name imported from a generated file, whether that file exists or not."""
    if part == "server":
        return builder(name) or t.External("convex/server", name)
    if part == "api":
        if name in ("api", "internal", "components", "*", "default"):
            return t.Reference(name, (), directory)
        return t.Opaque(name)
    return t.External("convex/server", name)


def builder(name: str) -> t.Builder | None:
    """Convex's own builder of this name."""
    plain = name.removesuffix("Generic")
    known = _KINDS.get(plain)
    return t.Builder(known[0], known[1], name) if known is not None else None


def call(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """A function of `convex/server`."""
    short = name.rsplit(".", 1)[-1]
    made = builder(short)
    if made is not None:
        return register(act, made, arguments, node)
    first = arguments[0] if arguments else t.UNDEFINED
    if short == "defineSchema":
        return t.SchemaTerm(first)
    if short == "defineTable":
        return t.TableTerm(type_in(first) or Validator("object"), (), act.module, node.start, node.end)
    if short == "cronJobs":
        return t.Bound("convex.crons")
    if short == "httpRouter":
        return t.Bound("convex.router")
    if short in ("makeFunctionReference", "createFunctionHandle", "getFunctionName"):
        return first
    if short in ("anyApi", "filterApi", "createApi"):
        return t.Reference("api", ())
    if short in ("defineApp", "defineComponent"):
        return mounts.define(act, short, arguments)
    if short in ("paginationOptsValidator",):
        return t.ValidatorTerm(Validator("object"))
    return None


def register(act: Activation, made: t.Builder, arguments: Sequence[t.Value], node: Any) -> t.Value:
    """`mutation({args, handler})`, `mutation(async (ctx, args) => …)`."""
    first = arguments[0] if arguments else t.UNKNOWN
    validator: t.Value = None
    handler: t.Value = first
    for option in t.alternatives(first):
        if isinstance(option, t.Record):
            handler = act.member(option, "handler")
            validator = act.member(option, "args")
            break
    return t.Registered(made, validator, handler, act.module, node.start, node.end)


def call_method(
    act: Activation, receiver: t.Value, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """`.index("by_x", ["x"])` and its like on a table under definition."""
    if isinstance(receiver, t.TableTerm):
        return ents.call_definition(act, receiver, name, arguments) or _index(act, receiver, name, arguments)
    if isinstance(receiver, t.Builder):
        return fluent.call_builder(act, receiver, name, arguments, node)
    if isinstance(receiver, t.Registered):
        if name == "handler" and arguments:  # `workflow.define({ args }).handler(f)`
            one = receiver
            return t.Registered(one.builder, one.args, arguments[0], one.module, one.start, one.end)
        return fluent.call_registered(receiver, name)
    return receiver


def _index(act: Activation, table: t.TableTerm, name: str, arguments: Sequence[t.Value]) -> t.Value:
    label = arguments[0].value if arguments and isinstance(arguments[0], t.Const) else None
    given = arguments[1] if len(arguments) > 1 else t.UNKNOWN
    if not isinstance(label, str):
        return table
    kinds = {"index": "database", "searchIndex": "search", "vectorIndex": "vector"}
    kind = kinds.get(name)
    if kind is None:
        return table
    staged = False
    fields: list[str] = []
    if isinstance(given, t.Record):
        flag = act.member(given, "staged")
        staged = isinstance(flag, t.Const) and flag.value is True
        for key in ("searchField", "vectorField"):
            fields += _strings(act.member(given, key))
        fields += _strings(act.member(given, "fields")) + _strings(act.member(given, "filterFields"))
    else:
        fields = _strings(given)
    entry = (label, tuple(fields), kind, staged)
    return t.TableTerm(table.type, (*table.indexes, entry), table.module, table.start, table.end)


def _strings(term: t.Value) -> list[str]:
    if isinstance(term, t.Const):
        return [term.value] if isinstance(term.value, str) else []
    if isinstance(term, t.Listing) and term.items is not None:
        return [item.value for item in term.items if isinstance(item, t.Const) and isinstance(item.value, str)]
    return []


def call_bound(
    act: Activation, receiver: t.Bound, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """`crons.interval(…)`, `http.route({…})`, and methods of other library values."""
    if receiver.library == triggers.LIBRARY:
        return triggers.call_method(act, receiver, name, arguments, node)
    if receiver.library == ents.LIBRARY:
        return ents.call_query(act, receiver, name, arguments, node)
    if receiver.library == "convex.crons":
        return _cron(act, receiver, name, arguments, node)
    if receiver.library == "convex.router":
        return _route(act, receiver, name, arguments, node)
    if receiver.library == durable.LIBRARY:
        return durable.call_method(act, receiver, name, arguments, node)
    if receiver.library in (mounts.APP, mounts.DEFINITION):
        return mounts.use(act, receiver, name, arguments)
    if receiver.library in components.LIBRARIES:
        return components.call_method(act, receiver, name, arguments, node)
    if receiver.library == "convex.auth":
        from contend.source.libraries.authentication import auth_method

        return auth_method(name)
    if receiver.library.startswith("react."):
        from contend.source.libraries import react

        return react.call_bound_method(act, receiver, name, arguments, node)
    return None


def _cron(act: Activation, receiver: t.Bound, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value:
    if len(arguments) < 2:
        return receiver
    label = arguments[0].value if isinstance(arguments[0], t.Const) else "cron"
    schedule = arguments[1]
    period: float | None = _NAMED_PERIODS.get(name)
    detail = name
    if name == "interval" and isinstance(schedule, t.Record):
        total = 0.0
        for unit, size in _PERIODS.items():
            amount = act.member(schedule, unit)
            if isinstance(amount, t.Const) and isinstance(amount.value, int | float):
                total += size * float(amount.value)
                detail = f"every {amount.value:g} {unit}"
        period = total or None
    elif name == "cron" and isinstance(schedule, t.Const):
        detail = str(schedule.value)
        period = cron_period(detail)
    reference = arguments[2] if len(arguments) > 2 and not isinstance(schedule, t.Reference) else schedule
    act.record(RegisterEffect(act.place(node), "cron", str(label), reference, detail, period))
    return receiver


def cron_period(expression: str) -> float | None:
    """The usual distance between two starts of a cron expression, in milliseconds; None where it cannot be read."""
    fields = expression.split()
    if len(fields) != 5:
        return None
    minute, hour, day, month, weekday = fields
    if minute.startswith("*/") and minute[2:].isdigit() and int(minute[2:]) and hour == "*":
        return int(minute[2:]) * 60_000.0
    if minute == "*":
        return 60_000.0
    starts = max(1, len(minute.split(",")))
    if hour == "*":
        return 3_600_000.0 / starts
    if hour.startswith("*/") and hour[2:].isdigit() and int(hour[2:]):
        return int(hour[2:]) * 3_600_000.0 / starts
    starts *= max(1, len(hour.split(",")))
    if month != "*":
        return 365.25 * 86_400_000.0 / starts
    if day != "*":
        return _NAMED_PERIODS["monthly"] / (starts * max(1, len(day.split(","))))
    if weekday != "*":
        days = 5 if weekday in ("1-5", "MON-FRI") else max(1, len(weekday.split(",")))
        return _NAMED_PERIODS["weekly"] / (starts * days)
    return _NAMED_PERIODS["daily"] / starts


def _route(act: Activation, receiver: t.Bound, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value:
    if name == "route" and arguments:
        spec = arguments[0]
        handler = act.member(spec, "handler")
        path = act.member(spec, "path")
        prefix = act.member(spec, "pathPrefix")
        method = act.member(spec, "method")
        text = " ".join(
            str(part.value) for part in (method, path, prefix) if isinstance(part, t.Const) and part.value is not None
        )
        act.record(RegisterEffect(act.place(node), "route", text, handler, text))
    return receiver
