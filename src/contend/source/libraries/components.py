"""Clients of components: `new RateLimiter(components.rateLimiter, …)` and what its methods run.

A method's call becomes a call of the component's function (`contend.convex.components` says which, and with what), as
if the app had written `ctx.runMutation(components.rateLimiter.lib.rateLimit, …)` itself: what that reads and writes is
put in where functions are linked (`linking.components`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from contend.convex.components import component_of
from contend.convex.components import facts as f
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.effects import Condition, InvokeEffect, Round
from contend.source.libraries import mounts
from contend.source.libraries.operands import Surroundings, term_of

CLIENT = "component.client"  # data: package, class, the component, what it was made with
NAMED = "component.named"  # `counter.for(name)`: a client, and the argument that stands first
TRIGGER = "component.trigger"  # `aggregate.trigger()`: a client, the method, its options
FUNCTION = "component.function"  # a function that a package registers: package, name
UNKNOWN = "component.unknown"  # a client of a component that nothing is known of: the component, the class
LIBRARIES = frozenset({CLIENT, NAMED, TRIGGER, FUNCTION, UNKNOWN})
_PERIODS = {"SECOND": 1e3, "MINUTE": 60e3, "HOUR": 3_600e3, "DAY": 86_400e3, "WEEK": 604_800e3}
_USERS = frozenset({"getAuthUser", "safeGetAuthUser"})


def constant(package: str, name: str) -> t.Value | None:
    """A constant that a component's package exports: `MINUTE`."""
    known = _PERIODS.get(name) if package == "@convex-dev/rate-limiter" else None
    return t.Const(known, "number") if known is not None else None


def construct(act: Activation, callee: t.External, arguments: Sequence[t.Value]) -> t.Value | None:
    """`new X(components.y, options)`; None where its first argument is no component."""
    first = arguments[0] if arguments else t.UNDEFINED
    facts = component_of(callee.package)
    name = callee.name.rsplit(".", 1)[-1]
    if facts is not None:
        name = facts.classes[0] if name == "default" and facts.classes else name
        if name in facts.classes:
            return _client(act, facts, name, arguments)
    if _is_component(first) and not callee.package.startswith("convex"):
        mounts.learn(act.program, first, callee.package, act.module)
        return t.Bound(UNKNOWN, (first, name))
    return None


def call(act: Activation, package: str, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """A function of a package that is a component: `createThread(ctx, components.agent, {…})`."""
    facts = component_of(package)
    if facts is None:
        return None
    short = name.rsplit(".", 1)[-1]
    if short in facts.classes:
        return _client(act, facts, short, arguments)
    if short == "createApi":
        made = {call.name.rsplit(".", 1)[-1]: call.name for call in facts.calls}
        return t.Record(tuple((key, t.Bound(FUNCTION, (facts.package, path))) for key, path in made.items()))
    version = act.program.resolver.version_of(facts.package, act.module)
    method = facts.method("", short, version)
    if method is None or len(arguments) < 2:
        return None
    return _run(act, method, arguments[1], Surroundings(act, node, given=tuple(arguments)), short)


def call_method(
    act: Activation, receiver: t.Bound, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """A method of a component's client."""
    if receiver.library == UNKNOWN:
        return _call_unknown(act, receiver, name, arguments, node)
    if receiver.library == NAMED:
        client, first = receiver.data
        return call_method(act, client, name, [*arguments[:1], first, *arguments[1:]], node)
    if receiver.library != CLIENT:
        return t.Opaque(f"{name}()")
    package, of, component, options = receiver.data
    facts = component_of(package)
    if facts is None:
        return None
    if name == "for" and arguments:
        return t.Bound(NAMED, (receiver, arguments[0]))
    if any(trigger.of == of and trigger.name == name for trigger in facts.triggers):
        return t.Bound(TRIGGER, (receiver, name, arguments[0] if arguments else t.UNDEFINED))
    method = facts.method(of, name, act.program.resolver.version_of(package, act.module))
    if method is None:
        from contend.source.libraries import durable

        return durable.call_method(act, t.Bound(durable.LIBRARY, of), name, arguments, node)
    result = _run(
        act, method, component, Surroundings(act, node, given=tuple(arguments), options=options), f"{of}.{name}"
    )
    return t.Identity("user") if name in _USERS else result


def call_trigger(act: Activation, trigger: t.Bound, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """What a component's trigger does with a change: it is called with `ctx` and the change."""
    if trigger.library != TRIGGER or len(arguments) < 2:
        return None
    client, name, options = trigger.data
    package, of, component, made_with = client.data
    facts = component_of(package)
    known = next((one for one in facts.triggers if one.of == of and one.name == name), None) if facts else None
    operation = act.member(arguments[1], "operation")
    if known is None or not isinstance(operation, t.Const):
        return t.UNDEFINED
    uses = {"insert": known.insert, "update": known.update, "delete": known.delete}.get(str(operation.value), ())
    at = Surroundings(act, node, given=(options, arguments[1]), options=made_with)
    for use in uses:
        _use(act, use, component, at)
    return t.UNDEFINED


def _client(act: Activation, facts: f.Component, name: str, arguments: Sequence[t.Value]) -> t.Value:
    component = arguments[0] if arguments else t.UNKNOWN
    mounts.learn(act.program, component, facts.package, act.module)
    return t.Bound(CLIENT, (facts.package, name, component, arguments[1] if len(arguments) > 1 else t.UNDEFINED))


def _is_component(term: t.Value) -> bool:
    return any(
        isinstance(option, t.Reference) and option.root == "components" and len(option.parts) == 1
        for option in t.alternatives(term.value if isinstance(term, t.Typed) else term)
    )


def _run(act: Activation, method: f.Method, component: t.Value, at: Surroundings, label: str) -> t.Value:
    for step in method.does:
        if isinstance(step, f.Use):
            _use(act, step, component, at)
        else:
            _begin(act, step, at)
    return t.Opaque(f"{label}()")


def _use(act: Activation, use: f.Use, component: t.Value, at: Surroundings) -> None:
    conditions = conditions_of(use.when, at)
    if conditions is None:
        return
    reference = component
    for part in use.call.split("."):
        reference = act.member(reference, part)
    given = t.Record(tuple((name, term_of(operand, at)) for name, operand in use.arguments))
    saved = act.guards
    act.guards = (*act.guards, *conditions)
    act.record(InvokeEffect(act.place(at.node), "run", "", reference, given, stale=use.stale))
    act.guards = saved


def _begin(act: Activation, begin: f.Begin, at: Surroundings) -> None:
    """Have a function of the app started; nothing where none was given."""
    function = term_of(begin.function, at)
    if t.is_nullish(function) or not (t.is_symbolic(function) or _is_reference(function)):
        return
    given, delay = term_of(begin.arguments, at), term_of(begin.delay, at)
    if not begin.each:
        act.record(InvokeEffect(act.place(at.node), "schedule", "", function, given, delay))
        return
    with act.within(Round(given, act.site(at.node), True)):
        act.record(InvokeEffect(act.place(at.node), "schedule", "", function, act.element(given), delay))


def _is_reference(term: t.Value) -> bool:
    return any(isinstance(option, t.Reference | t.Registered) for option in t.alternatives(term))


def conditions_of(when: Iterable[f.Condition], at: Surroundings) -> list[Condition] | None:
    """The conditions of a step as guards at the call; None where they are known not to hold. What is not known is
    taken for the ordinary case."""
    found: list[Condition] = []
    for one in when:
        match one:
            case f.Is(operand, constant, holds):
                value = term_of(operand, at)
                equal = isinstance(value, t.Const) and value.value == constant
                known = isinstance(value, t.Const)
                if (known and equal is not holds) or (not known and holds and not isinstance(operand, f.FieldOf)):
                    return None
                if not known and isinstance(operand, f.FieldOf):
                    found.append(_guard(at, t.operation("===", value, t.Const(constant)), holds))
            case f.Present(operand, holds):
                if t.is_nullish(term_of(operand, at)) is holds:
                    return None
            case f.AtLeast(operand, least):
                value = term_of(operand, at)
                if not (isinstance(value, t.Const) and isinstance(value.value, int | float) and value.value >= least):
                    return None
            case f.Found(row, present):
                if row in at.rows:
                    found.append(_guard(at, at.rows[row], present))
    return found


def _guard(at: Surroundings, term: t.Value, holds: bool) -> Condition:
    """A condition inside the component: it stands in no file of the app."""
    from contend.source.evaluation.effects import Site

    start = getattr(at.node, "start", 0)
    return Condition(term, holds, Site("the component", start, start), False)


def _call_unknown(
    act: Activation, receiver: t.Bound, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """A method of a component's client that nothing is known of: noted, and its callbacks run."""
    from contend.source.evaluation.calls import unknown_call

    component, of = receiver.data
    if any(isinstance(argument, t.Context) for argument in arguments):
        reference = act.member(component, f"{of}.{name}()")
        act.record(InvokeEffect(act.place(node), "run", "", reference, t.Record()))
    return unknown_call(act, f"{of}.{name}", arguments, node)
