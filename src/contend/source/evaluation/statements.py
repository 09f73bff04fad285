"""Statements: control flow, the conditions it puts on what follows, and ways out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Any

from contend.source import ir
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.annotations import annotated
from contend.source.evaluation.catching import catching_of
from contend.source.evaluation.certainty import truth
from contend.source.evaluation.effects import Condition, ExitPoint, InvokeEffect, Mode, Round, Setting
from contend.source.evaluation.expressions import bind, evaluate, merge
from contend.source.evaluation.members import key_of, split, typed
from contend.source.libraries.convex_server import iterate

MAX_GUARDS = 100  # conditions on one stretch of code
CAUGHT = t.Opaque("an error was caught")  # what holds inside a `catch`


class Flow(IntEnum):
    """How a list of statements ends."""

    ON = 0
    JUMP = 1  # break or continue
    OUT = 2  # return or throw


def execute(act: Activation, statements: Sequence[ir.Stmt]) -> Flow:
    """Run statements in order."""
    for statement in statements:  # function declarations are visible before they stand
        if (
            isinstance(statement, ir.Declare)
            and isinstance(statement.value, ir.Function)
            and statement.kind == "function"
        ):
            _declare(act, statement)
    for statement in statements:
        flow: Flow = _EXECUTE[type(statement)](act, statement)
        if flow is not Flow.ON:
            return flow
    return Flow.ON


def _declare(act: Activation, node: ir.Declare) -> Flow:
    if node.value is None:
        value: t.Value = t.UNDEFINED
        if node.type is not None:
            type = annotated(act.program, act.module, node.type)
            if type is not None and isinstance(node.pattern, ir.PName):
                value = typed(t.Opaque(node.pattern.name), type)
        if isinstance(node.pattern, ir.PName):
            act.frame.names[node.pattern.name] = value
        return Flow.ON
    with act.as_mode("value"):
        value = evaluate(act, node.value)
    if isinstance(value, t.Closure) and node.value is value.function and isinstance(node.pattern, ir.PName):
        named = t.Closure(value.function, value.module, value.scope)
        act.closures[named.key] = named
        value = named
    if node.type is not None:
        value = typed(value, annotated(act.program, act.module, node.type))
    bind(act, node.pattern, value)
    return Flow.ON


def _evaluate(act: Activation, node: ir.Evaluate) -> Flow:
    with act.as_mode("dropped"):
        value = evaluate(act, node.value)
    if isinstance(node.value, ir.Await):
        act.yields.append(value)
    return Flow.ON


def _return(act: Activation, node: ir.Return) -> Flow:
    value: t.Value = t.UNDEFINED
    if node.value is not None:
        with act.as_mode(act.return_mode):
            value = evaluate(act, node.value)
    act.returns.append(value)
    _mark_last(act)
    if not act.inlined:
        act.exits.append(ExitPoint("return", act.site(node), act.guards, len(act.effects)))
    return Flow.OUT


def _mark_last(act: Activation) -> None:
    """Note on the last start before a `return` that nothing follows it, where the two stand on one path."""
    for at in range(len(act.effects) - 1, -1, -1):
        effect = act.effects[at]
        if isinstance(effect, InvokeEffect):
            place = effect.place
            if place.body == act.body and set(act.guards) <= set(place.guards):
                act.effects[at] = replace(effect, last=True)
            return


def _throw(act: Activation, node: ir.Throw) -> Flow:
    with act.as_mode("value"):
        evaluate(act, node.value)
    if not act.inlined:
        act.exits.append(ExitPoint("throw", act.site(node), act.guards, len(act.effects)))
    return Flow.OUT


def _if(act: Activation, node: ir.If) -> Flow:
    with act.as_mode("value"):
        test = evaluate(act, node.test)
    known = truth(test)
    if known is not None:  # `if (kind === "a")` in an inner function called with "b"
        return execute(act, node.then if known else node.other)
    site = act.site(node.test)
    frame, outer = act.frame, act.guards
    before = frame.names
    act.guards = (*outer, Condition(test, True, site))
    frame.names = dict(before)
    then = execute(act, node.then)
    after_then = frame.names
    act.guards = (*outer, Condition(test, False, site))
    frame.names = dict(before)
    other = execute(act, node.other)
    after_other = frame.names
    if then is Flow.ON and other is Flow.ON:
        frame.names = _merged(after_then, after_other)
        act.guards = outer
        return Flow.ON
    if then is Flow.ON:
        frame.names = after_then
        act.guards = _passed(outer, Condition(test, True, site, early=True))
        return Flow.ON
    if other is Flow.ON:
        frame.names = after_other
        act.guards = _passed(outer, Condition(test, False, site, early=True))
        return Flow.ON
    frame.names = _merged(after_then, after_other)
    act.guards = outer
    return min(then, other)


def _passed(guards: tuple[Condition, ...], condition: Condition) -> tuple[Condition, ...]:
    """The conditions on what follows an early way out. Of very many such the first are forgotten."""
    if len(guards) >= MAX_GUARDS:
        oldest = next((at for at, one in enumerate(guards) if one.early), None)
        if oldest is not None:
            guards = guards[:oldest] + guards[oldest + 1 :]
    return (*guards, condition)


def _merged(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    if left == right:
        return left
    result = dict(left)
    for name, value in right.items():
        known = result.get(name)
        if known is None:
            result[name] = value
        elif known is not value:
            result[name] = merge(known, value)
    return result


def _loop(act: Activation, node: ir.Loop) -> Flow:
    over: t.Value = t.UNKNOWN
    with act.as_mode("value"):
        if node.iterable is not None:
            over = evaluate(act, node.iterable)
            if node.is_await:
                over = iterate(act, over, node)
        elif node.test is not None and node.kind in ("while", "for"):
            over = evaluate(act, node.test)
    frame = act.frame
    before = frame.names
    frame.names = dict(before)
    saved, jumps = act.guards, act.jumps
    act.jumps = []
    bound = len(over.items) if isinstance(over, t.Listing) and over.items is not None else None
    if any(map(_leaves, node.body)):
        bound = 1  # another attempt, or another provider, only where the first one fails
    with act.within(Round(over, act.site(node), False, bound)):
        if node.kind == "while" and not isinstance(over, t.Const) and node.test is not None:
            act.guards = (*saved, Condition(over, True, act.site(node.test)))
        if node.pattern is not None:
            bind(act, node.pattern, key_of(over) if node.kind == "in" else _iteration(act, over))
        execute(act, node.body)
    act.guards = saved
    after = frame.names
    for names in act.jumps:
        after = _merged(after, names)
    act.jumps = jumps
    frame.names = _merged(before, after)
    return Flow.ON


def _leaves(statement: ir.Stmt) -> bool:
    """Whether a statement of a loop's body ends the loop, unless something in it throws."""
    if isinstance(statement, ir.Return | ir.Throw):
        return True
    if isinstance(statement, ir.Jump):
        return statement.kind == "break"
    if isinstance(statement, ir.Block | ir.Try):
        return any(map(_leaves, statement.body))
    if isinstance(statement, ir.If):
        return any(map(_leaves, statement.then)) and any(map(_leaves, statement.other))
    return False


def _iteration(act: Activation, over: t.Value) -> t.Value:
    pairs = [_pair(option) if isinstance(option, t.Dictionary) else act.element(option) for option in split(over)]
    return t.choice(pairs)


def _pair(table: t.Dictionary) -> t.Value:
    return t.Listing(table.value, (table.key or t.Opaque("key"), table.value))


def _try(act: Activation, node: ir.Try) -> Flow:
    saved = act.guards
    frame = act.frame
    before = dict(frame.names)
    if node.handler is None:
        flow = execute(act, node.body)
        after = frame.names
        caught = Flow.OUT
    else:
        with act.caught(catching_of(act, node)):
            flow = execute(act, node.body)
        after = frame.names
        after_guards = act.guards
        act.guards = saved
        frame.names = _merged(before, dict(after))
        if node.parameter is not None:
            bind(act, node.parameter, t.Opaque("error"))
        with act.under(Condition(CAUGHT, True, act.site(node))):
            caught = execute(act, node.handler)
        if flow is Flow.ON and caught is Flow.ON:
            frame.names = _merged(after, frame.names)
            act.guards = saved
        elif flow is Flow.ON:
            frame.names = after
            act.guards = after_guards
        else:
            act.guards = saved
    execute(act, node.final)
    return min(flow, caught)


def _switch(act: Activation, node: ir.Switch) -> Flow:
    with act.as_mode("value"):
        subject = evaluate(act, node.value)
    frame = act.frame
    before = frame.names
    merged: dict[str, Any] | None = None
    outer = act.guards
    flows: list[Flow] = []
    for case in node.cases:
        frame.names = dict(before)
        if case.test is not None:
            with act.as_mode("value"):
                test = t.operation("===", subject, evaluate(act, case.test))
            act.guards = (*outer, Condition(test, True, act.site(case.test)))
        else:
            act.guards = outer
        flow = execute(act, case.body)
        flows.append(flow)
        if flow is not Flow.OUT:
            merged = frame.names if merged is None else _merged(merged, frame.names)
    act.guards = outer
    exhaustive = any(case.test is None for case in node.cases)
    if exhaustive and flows and all(flow is Flow.OUT for flow in flows):
        return Flow.OUT
    frame.names = before if merged is None else _merged(before, merged)
    return Flow.ON


def _jump(act: Activation, node: ir.Jump) -> Flow:
    act.jumps.append(act.frame.names)
    return Flow.JUMP


def _block(act: Activation, node: ir.Block) -> Flow:
    return execute(act, node.body)


def _reactive(act: Activation, node: ir.Reactive) -> Flow:
    with act.run_by(Setting("effect", "$:", act.site(node), None, None)):
        execute(act, node.body)
    return Flow.ON


_EXECUTE: dict[type, Any] = {
    ir.Declare: _declare,
    ir.Evaluate: _evaluate,
    ir.Return: _return,
    ir.Throw: _throw,
    ir.If: _if,
    ir.Loop: _loop,
    ir.Try: _try,
    ir.Switch: _switch,
    ir.Jump: _jump,
    ir.Block: _block,
    ir.Reactive: _reactive,
}


def run_body(act: Activation, function: ir.Function, mode: Mode) -> t.Value:
    """Run a function's body in the current frame; its value is any of the values it returns."""
    saved_returns, saved_yields, saved_mode = act.returns, act.yields, act.return_mode
    act.returns, act.yields, act.return_mode = [], [], mode
    try:
        flow = execute(act, function.body)
        if flow is Flow.ON:
            if not act.inlined:
                end = ir.Opaque("end", max(function.start, function.end - 1), function.end)
                act.exits.append(ExitPoint("end", act.site(end), act.guards, len(act.effects)))
            act.returns.append(t.UNDEFINED)
        result = t.choice(act.returns)
        if function.generator and act.yields and result is t.UNDEFINED:  # `yield x` is lowered as a waiting for x
            result = t.Listing(t.choice(act.yields))
    finally:
        act.returns, act.yields, act.return_mode = saved_returns, saved_yields, saved_mode
    return result
