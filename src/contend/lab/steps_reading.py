"""Callers in a scenario file: their steps, views and effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from contend.convex.clients import CLIENTS, ClientKind
from contend.lab.arguments import check_reference
from contend.lab.functions import Functions
from contend.lab.reading import Node, read
from contend.lab.steps import (
    SCOPES,
    Call,
    Caller,
    Debounce,
    Effect,
    Fire,
    Guard,
    LeaderTab,
    OncePer,
    Repeat,
    Retry,
    Run,
    Scope,
    Several,
    SingleFlight,
    Step,
    View,
    Wait,
    When,
    inner_steps,
)

Views = Mapping[str, View]
MOST_STEPS = 10_000_000
_CLIENT_SCOPES: Mapping[str, Scope] = {"websocket": "tab", "http-client": "instance"}
_TESTS = ("is", "is_not", "missing", "exists", "older_than_ms")


def read_callers(table: Node | None, functions: Functions) -> dict[str, Caller]:
    """The `[callers.*]` of a scenario. Raises `ScenarioError`, for callers that run each other in a circle too."""
    if table is None:
        return {}
    callers = {}
    for name, node in table.entries():
        callers[name] = _caller(name, node, functions)
    for name, node in table.entries():
        for caller in _runs(callers[name].steps):
            if caller not in callers:
                node.fail(f"it runs {caller!r}, and there is no such caller; known are {', '.join(callers)}")
        circle = _circle(name, callers)
        if circle is not None:
            node.fail("a circle: " + " → ".join(circle))
    done: dict[str, int] = {}
    for name, node in table.entries():
        count = _count(callers[name].steps, callers, done)
        if count > MOST_STEPS:
            node.fail(f"it does {count:.2g} steps each time, with what it repeats; {MOST_STEPS:,} are possible")
    return callers


def read_args(node: Node | None, views: Views) -> Mapping[str, Any]:
    """Arguments of a call, their `$…` texts checked."""
    if node is None:
        return {}
    for _, value in node.entries():
        _check_value(value, views)
    return dict(node.value)


def function_path(node: Node, functions: Functions, kinds: tuple[str, ...] = ()) -> str:
    """The path of a function that is there, and of one of these kinds."""
    path = node.one_of(tuple(functions))
    function = functions.resolve(path)
    if kinds and function.kind not in kinds:
        node.fail(f"{path} is a {function.kind}; a {' or '.join(kinds)} is expected here")
    return path


def _caller(name: str, node: Node, functions: Functions) -> Caller:
    client = cast(ClientKind, read(node, "client", lambda n: n.one_of(_clients()), "fetch-mutation"))
    per = read(node, "client_per", _scope, _CLIENT_SCOPES.get(client, "request"))
    views: dict[str, View] = {}
    view_table = node.get("views")
    if view_table is not None:
        for view_name, view in view_table.entries():
            query = function_path(view.need("query"), functions, ("query",))
            views[view_name] = View(query, read_args(view.get("args"), {}))
            view.close()
    steps = read(node, "steps", lambda n: _steps(n, functions, views), ())
    effects = read(node, "effects", lambda n: tuple([_effect(e, functions, views) for e in n.items()]), ())
    node.close()
    if not steps and not effects and not views:
        node.fail("a caller needs steps, or views with effects")
    return Caller(name, client, per, steps, views, effects)


def _clients() -> tuple[str, ...]:
    return tuple([kind for kind in CLIENTS if kind not in ("mutation", "scheduler", "cron")])


def _effect(node: Node, functions: Functions, views: Views) -> Effect:
    view = node.need("view").one_of(tuple(views))
    fields = read(node, "depends_on", lambda n: tuple([item.text() for item in n.items()]), ())
    when = read(node, "when", lambda n: _guard(n, views), None)
    steps = _steps(node.need("do"), functions, views)
    node.close()
    return Effect(view, fields, steps, when)


def _guard(node: Node, views: Views) -> Guard:
    view = node.need("view").one_of(tuple(views))
    field = read(node, "field", Node.text, "")
    found = [test for test in _TESTS if node.get(test) is not None]
    node.close()
    if len(found) != 1:
        node.fail(f"a guard has exactly one of {', '.join(_TESTS)}")
    test = found[0]
    value = node.child(test)
    if test in ("missing", "exists"):
        if not value.flag():
            value.fail(f"write {'exists' if test == 'missing' else 'missing'} = true instead")
        return Guard(view, field, "missing" if test == "missing" else "exists")
    if test == "older_than_ms":
        return Guard(view, field, "older_than_ms", value.number())
    return Guard(view, field, "is" if test == "is" else "is_not", value.value)


def _steps(node: Node, functions: Functions, views: Views) -> tuple[Step, ...]:
    nodes = [node] if isinstance(node.value, dict) else node.items()
    return tuple([_step(item, functions, views) for item in nodes])


def _step(node: Node, functions: Functions, views: Views) -> Step:
    for verb, reader in _VERBS.items():
        if isinstance(node.value, dict) and verb in node.value:
            found = reader(node, functions, views)
            node.close()
            return found
    node.fail(f"a step is a table with one of {', '.join(_VERBS)}")


def _do(node: Node, functions: Functions, views: Views) -> tuple[Step, ...]:
    return _steps(node.need("do"), functions, views)


def _call(node: Node, functions: Functions, views: Views) -> Step:
    return Call(function_path(node.need("call"), functions), read_args(node.get("args"), views))


def _scope(node: Node) -> Scope:
    return cast(Scope, node.one_of(SCOPES))


def _debounce(node: Node, functions: Functions, views: Views) -> Step:
    return Debounce(
        node.need("debounce_ms").number(),
        read(node, "per", _scope, "instance"),
        _do(node, functions, views),
        read(node, "survives", lambda n: n.number(0, 1), 1.0),
    )


def _retry(node: Node, functions: Functions, views: Views) -> Step:
    times = node.need("retry").whole(1, 1_000)
    return Retry(times, read(node, "backoff_ms", Node.number, 100.0), _do(node, functions, views))


_VERBS: Mapping[str, Callable[[Node, Functions, Views], Step]] = {
    "call": _call,
    "parallel": lambda n, f, v: Several(_steps(n.need("parallel"), f, v), at_once=True),
    "sequence": lambda n, f, v: Several(_steps(n.need("sequence"), f, v)),
    "wait_ms": lambda n, f, v: Wait(n.need("wait_ms").distribution()),
    "run": lambda n, f, v: Run(n.need("run").text()),
    "repeat": lambda n, f, v: Repeat(n.need("repeat").whole(1, 1_000_000), _do(n, f, v)),
    "fire": lambda n, f, v: Fire(_steps(n.need("fire"), f, v)),
    "when": lambda n, f, v: When(_guard(n.need("when"), v), _do(n, f, v)),
    "debounce_ms": _debounce,
    "single_flight": lambda n, f, v: SingleFlight(_scope(n.need("single_flight")), _do(n, f, v)),
    "once_per": lambda n, f, v: OncePer(_scope(n.need("once_per")), _do(n, f, v)),
    "leader_tab": lambda n, f, v: LeaderTab(_steps(n.need("leader_tab"), f, v)),
    "retry": _retry,
}


def _check_value(node: Node, views: Views) -> None:
    value = node.value
    if isinstance(value, str):
        if value.startswith("$"):
            wrong = check_reference(value, views)
            if wrong is not None:
                node.fail(wrong)
    elif isinstance(value, dict):
        for _, item in node.entries():
            _check_value(item, views)
    elif isinstance(value, list):
        for item in node.items():
            _check_value(item, views)
    elif not isinstance(value, (bool, int, float)):
        node.fail("not a Convex value; write a time as a number of milliseconds")


def _count(steps: tuple[Step, ...], callers: Mapping[str, Caller], done: dict[str, int]) -> int:
    """How many steps these are, one by one. `done`: of callers that have been counted."""
    total = 0
    for step in steps:
        if isinstance(step, Run):
            if step.caller not in done:
                done[step.caller] = _count(callers[step.caller].steps, callers, done)
            total += 1 + done[step.caller]
        else:
            times = step.times if isinstance(step, Repeat) else 1
            total += times * (1 + _count(inner_steps(step), callers, done))
    return total


def _runs(steps: tuple[Step, ...]) -> list[str]:
    found = []
    for step in steps:
        if isinstance(step, Run):
            found.append(step.caller)
        found += _runs(inner_steps(step))
    return found


def _circle(name: str, callers: Mapping[str, Caller]) -> list[str] | None:
    """The way from a caller back to itself."""
    ways = [[name]]
    seen = set()
    while ways:
        way = ways.pop()
        for caller in _runs(callers[way[-1]].steps) if way[-1] in callers else ():
            if caller == name:
                return [*way, name]
            if caller not in seen:
                seen.add(caller)
                ways.append([*way, caller])
    return None
