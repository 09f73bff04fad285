"""Calls: who is called, with what, and what that does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contend.source import ir
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation, side_by_side
from contend.source.evaluation.annotations import annotated, annotated_with
from contend.source.evaluation.catching import catching_of_closure
from contend.source.evaluation.effects import EscapeEffect, Setting, Site, Step, moved
from contend.source.evaluation.frames import Frame
from contend.source.evaluation.members import SUPER, scope_of, split, typed
from contend.source.evaluation.modules import ModuleScope
from contend.source.libraries import registry

MAX_INLINE = 10
_PROMISE_METHODS = frozenset({"then", "catch", "finally"})


def call(act: Activation, node: ir.Call) -> t.Value:
    """The value of `callee(args)`; what it does is recorded."""
    callee = node.callee
    if isinstance(callee, ir.Member):
        if callee.property in _PROMISE_METHODS:
            return _promise(act, node, callee)
        saved, act.mode = act.mode, "value"
        receiver = _evaluate(act, callee.object)
        act.mode = saved
        special = registry.special_method(callee.property)
        if special is not None:
            handled = special(act, receiver, node)
            if handled is not None:
                return handled
        saved_loops = act.loops
        if callee.property in ("push", "add") and node.args and isinstance(node.args[0], ir.Call):
            act.loops = side_by_side(act.loops)  # `jobs.push(start())`: a promise kept for later
        arguments = evaluate_arguments(act, node)
        act.loops = saved_loops
        result = call_method(act, receiver, callee.property, arguments, node)
    else:
        saved, act.mode = act.mode, "value"
        function = _evaluate(act, callee)
        act.mode = saved
        if isinstance(function, t.Global) and function.name in ("require", "import"):
            return _required(act, node)
        arguments = evaluate_arguments(act, node)
        result = call_value(act, function, arguments, node)
        if node.types and isinstance(function, t.Closure):
            result = typed(result, annotated_with(act.program, act.module, function.function.result, node.types))
    return result


def _evaluate(act: Activation, node: ir.Expr) -> t.Value:
    from contend.source.evaluation.expressions import evaluate

    return evaluate(act, node)


def evaluate_arguments(act: Activation, node: ir.Call | ir.New) -> list[t.Value]:
    """The arguments in order; a spread of a known list is laid out, another stands for itself once."""
    arguments: list[t.Value] = []
    mode = act.mode
    act.mode = "value"
    for item in node.args:
        if isinstance(item, ir.Spread):
            value = _evaluate(act, item.value)
            if isinstance(value, t.Listing) and value.items is not None:
                arguments.extend(value.items)
            else:
                arguments.append(act.element(value))
        else:
            arguments.append(_evaluate(act, item))
    act.mode = mode
    return arguments


def _required(act: Activation, node: ir.Call) -> t.Value:
    if node.args and isinstance(node.args[0], ir.Literal_) and isinstance(node.args[0].value, str):
        return act.program.namespace(act.module, node.args[0].value)
    return t.Opaque("import()")


def _promise(act: Activation, node: ir.Call, callee: ir.Member) -> t.Value:
    """`promise.then(f, g)`, `.catch(f)`, `.finally(f)`."""
    mode = act.mode
    handlers = evaluate_arguments(act, node)
    handler = None
    if callee.property == "catch" and handlers:
        handler = handlers[0]
    elif callee.property == "then" and len(handlers) > 1:
        handler = handlers[1]
    inner = "value" if mode == "value" else mode
    if handler is not None:
        with act.caught(catching_of_closure(act, handler, node)), act.as_mode(inner):
            value = _evaluate(act, callee.object)
    else:
        with act.as_mode(inner):
            value = _evaluate(act, callee.object)
    results = [value] if callee.property != "then" else []
    for at, function in enumerate(handlers):
        argument = value if callee.property == "then" and at == 0 else t.Opaque("error")
        outcome = call_value(act, function, [] if callee.property == "finally" else [argument], node)
        if callee.property != "finally":
            results.append(outcome)
    return t.choice(results) if results else value


def call_value(act: Activation, callee: t.Value, arguments: Sequence[t.Value], node: Any) -> t.Value:
    """Call a value."""
    options = split(callee)
    if len(options) > 1:
        return t.choice([call_value(act, option, arguments, node) for option in options])
    one = options[0]
    if isinstance(one, t.Closure):
        return invoke(act, one, arguments, node)
    if isinstance(one, t.Method):
        return call_method(act, one.object, one.name, arguments, node)
    if isinstance(one, t.External):
        return registry.call_external(act, one, arguments, node)
    if isinstance(one, t.Global):
        return registry.call_global(act, one.name, arguments, node)
    if isinstance(one, t.Bound) and one.library == SUPER:
        above, instance = one.data
        initialise(act, above, instance, arguments, node)
        return t.UNDEFINED
    if isinstance(one, t.Starter | t.Builder | t.Bound):
        return registry.call_term(act, one, arguments, node)
    if isinstance(one, t.Typed) and not t.is_symbolic(one):
        return call_value(act, one.value, arguments, node)
    if isinstance(one, t.Field) and isinstance(one.object, t.Document | t.Context):
        return call_method(act, one.object, one.name, arguments, node)
    if t.is_symbolic(one):
        return act.defer(one, arguments, node, _text(one))
    return unknown_call(act, _text(one), arguments, node)


def call_method(act: Activation, receiver: t.Value, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value:
    """Call `receiver.name(arguments)`."""
    options = split(receiver)
    if len(options) > 1:
        return t.choice([call_method(act, option, name, arguments, node) for option in options])
    one = options[0]
    handled = registry.call_method(act, one, name, arguments, node)
    if handled is not None:
        return handled
    value = act.member(one, name)
    if name in ("call", "apply", "bind"):
        return _bound(act, one, name, arguments, node)
    if isinstance(value, t.Closure | t.External | t.Global | t.Starter | t.Builder | t.Bound | t.Choice):
        return call_value(act, value, arguments, node)
    if isinstance(value, t.Typed) and isinstance(value.value, t.Closure):
        return call_value(act, value.value, arguments, node)
    if isinstance(value, t.Method) and isinstance(one, t.Record | t.Instance):
        return call_value(act, value, arguments, node)  # a bound method that an object holds
    if t.is_symbolic(one):
        return act.defer(t.Method(one, name), arguments, node, f"{_text(one)}.{name}()")
    return unknown_call(act, f"{_text(one)}.{name}", arguments, node)


def _bound(act: Activation, function: t.Value, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value:
    if name == "bind":
        return function
    if name == "call":
        return call_value(act, function, arguments[1:], node)
    rest = arguments[1] if len(arguments) > 1 else t.Listing(t.UNKNOWN, ())
    items = rest.items if isinstance(rest, t.Listing) and rest.items is not None else (act.element(rest),)
    return call_value(act, function, items, node)


def _text(term: t.Value) -> str:
    """A short name for what is called."""
    names: list[str] = []
    while True:
        if isinstance(term, t.Field | t.Method):
            names.append(term.name)
            term = term.object
        elif isinstance(term, t.Typed):
            term = term.value
        else:
            break
    if isinstance(term, t.Opaque):
        names.append(term.reason)
    elif isinstance(term, t.Param | t.Global | t.External | t.Identity):
        names.append(term.name)
    elif isinstance(term, t.Pending):
        names.append(term.text)
    return ".".join(reversed(names[-4:])) or "call"


def invoke(act: Activation, closure: t.Closure, arguments: Sequence[t.Value], node: Any) -> t.Value:
    """Call a function of the app's source: a module's function by its summary, an inner one in place."""
    act.ran.add(closure.key)
    if isinstance(closure.scope, ModuleScope) and closure.receiver is None:
        if _takes_functions(arguments) and closure.key not in act.active and act.inlined < MAX_INLINE:
            return _in_place(act, closure, arguments, node)
        summary = act.program.summary(closure)
        if summary is None:
            return t.Opaque(f"recursion into {closure.function.name or 'a function'}")
        result = act.instantiate(summary, _padded(closure, arguments), node)
    else:
        if closure.key in act.active or act.inlined >= MAX_INLINE:
            return t.Opaque("recursion")
        result = _in_place(act, closure, arguments, node)
    return result


def _takes_functions(arguments: Sequence[t.Value]) -> bool:
    """A builder-like call (`withAuth({handler: …})`, `table({name: v.string()})`) is clearer evaluated in place than
    deferred."""
    kinds = (t.Closure, t.ValidatorTerm, t.TableTerm, t.Builder)
    return any(
        isinstance(argument, kinds)
        or (isinstance(argument, t.Record) and any(isinstance(value, kinds) for _, value in argument.fields))
        for argument in arguments
    )


def _padded(closure: t.Closure, arguments: Sequence[t.Value]) -> list[t.Value]:
    """Arguments by position, with what the rest parameter takes as a list."""
    params = closure.function.params
    padded = list(arguments)
    for at, parameter in enumerate(params):
        if parameter.rest:
            rest = padded[at:]
            padded[at:] = [t.Listing(t.choice(rest) if rest else t.UNDEFINED, tuple(rest))]
            break
        if at >= len(padded):
            padded.append(t.UNDEFINED)
    return padded


def _in_place(act: Activation, closure: t.Closure, arguments: Sequence[t.Value], node: Any) -> t.Value:
    from contend.source.evaluation.statements import run_body

    if not _may_spend(act):
        return t.Opaque("analysis budget used up")
    function = closure.function
    saved = (act.frame, act.module, act.body, act.guards, act.steps, act.schema)
    mode = act.mode
    act.active.add(closure.key)
    act.ran.add(closure.key)
    act.program.ran.add(closure.key)
    act.inlined += 1
    label = function.name or _called_as(act, closure, node)
    if label or isinstance(closure.scope, ModuleScope) or closure.module != act.module:
        act.steps = (*act.steps, Step(Site(act.module, node.start, node.end), label or "callback", mode != "dropped"))
    tries, before = act.tries, len(act.effects)
    dropped = mode == "dropped" and function.is_async
    if dropped:
        act.tries = tuple(
            [one for one in act.tries if one.attached]
        )  # nobody waits for its promise, so no `try` around the call sees it fail
    act.module = closure.module
    act.body = Site(closure.module, function.start, function.end)
    act.frame = Frame(closure.scope)
    if closure.receiver is not None:
        act.frame.names["this"] = closure.receiver
    try:
        bind_parameters(act, function, _padded(closure, arguments))
        return annotated_result(act, function, run_body(act, function, mode))
    finally:
        act.inlined -= 1
        act.active.discard(closure.key)
        act.frame, act.module, act.body, act.guards, act.steps, act.schema = saved
        act.mode, act.tries = mode, tries
        if dropped:
            _drop(act, before)


def _may_spend(act: Activation) -> bool:
    """Whether there is budget left for the code of one more function or class."""
    if act.program.spend():
        return True
    act.program.abandon(act.body, "calls too much to be followed to its end")
    return False


def _called_as(act: Activation, closure: t.Closure, node: Any) -> str:
    """The variable a nameless function is called by: `save` in `save()`, not `map` in `rows.map(() => …)`."""
    if isinstance(node, ir.Call) and isinstance(node.callee, ir.Name):
        value = act.frame.lookup(node.callee.name)
        if value is not None and any(isinstance(one, t.Closure) and one.key == closure.key for one in split(value)):
            return node.callee.name
    return ""


def _drop(act: Activation, start: int) -> None:
    """Nobody awaits what was recorded since `start`, except where something else runs it."""
    for at in range(start, len(act.effects)):
        effect = act.effects[at]
        if effect.place.mode != "dropped" and len(effect.place.settings) == len(act.settings):
            act.effects[at] = moved(effect, replace(effect.place, mode="dropped"))


def bind_parameters(act: Activation, function: ir.Function, arguments: Sequence[t.Value]) -> None:
    """Bind a function's parameters, with the defaults and types it declares."""
    from contend.source.evaluation.expressions import bind

    for at, parameter in enumerate(function.params):
        value = arguments[at] if at < len(arguments) else t.UNDEFINED
        if parameter.default is not None:
            fallback = _evaluate(act, parameter.default)
            value = fallback if value is t.UNDEFINED else t.choice([value, fallback])
        if parameter.type is not None and not isinstance(value, t.Context | t.Capability):
            value = typed(value, annotated(act.program, act.module, parameter.type))
        bind(act, parameter.pattern, value)


def annotated_result(act: Activation, function: ir.Function, result: t.Value) -> t.Value:
    """A result that nothing is known of takes the declared type."""
    if function.result is None or not isinstance(result, t.Opaque | t.Field | t.Choice):
        return result
    type = annotated(act.program, act.module, function.result)
    if type is None:
        return result
    return t.choice([typed(option, type) if not t.is_nullish(option) else option for option in split(result)])


def unknown_call(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value:
    """Something outside the app is called: functions handed to it may run, a `ctx` handed to it is noted."""
    started = registry.call_unknown(act, name, arguments, node)
    if started is not None:
        return started
    for argument in arguments:
        if isinstance(argument, t.Context) or (isinstance(argument, t.Capability) and argument.name == "db"):
            act.record(EscapeEffect(act.place(node), name))
    if act.mode == "awaited":
        act.epoch += 1
    run_callbacks(act, Setting("callback", name, Site(act.module, node.start, node.end)), arguments, node)
    return t.Opaque(f"{name}()")


def run_callbacks(act: Activation, setting: Setting, arguments: Sequence[t.Value], node: Any) -> list[t.Value]:
    """Run every function among `arguments`, once, as `setting`."""
    results: list[t.Value] = []
    with act.run_by(setting):
        for argument in arguments:
            for candidate in _callbacks_in(argument):
                for option in split(candidate):
                    if isinstance(option, t.Closure) and option.key not in act.active:
                        results.append(invoke(act, option, _stand_ins(act, option), node))
                    elif isinstance(option, t.Starter):
                        results.append(call_value(act, option, [t.Opaque("argument")], node))
    return results


def _callbacks_in(argument: t.Value, depth: int = 0) -> list[t.Value]:
    if not isinstance(argument, t.Record) or depth > 2:
        return [argument]
    return [inner for _, value in argument.fields for inner in _callbacks_in(value, depth + 1)]


def _stand_ins(act: Activation, closure: t.Closure) -> list[t.Value]:
    """What a library passes to a callback: values nothing is known of, but for Convex's own `ctx`."""
    convex = act.program.directory_of(closure.module) is not None
    names = [
        parameter.pattern.name if isinstance(parameter.pattern, ir.PName) else "argument"
        for parameter in closure.function.params
    ]
    return [t.Context("") if convex and name in ("ctx", "_ctx") else t.Opaque(name) for name in names]


def construct(act: Activation, node: ir.New) -> t.Value:
    """`new callee(args)`."""
    callee = _evaluate(act, node.callee)
    arguments = evaluate_arguments(act, node)
    if isinstance(callee, t.ClassTerm):
        return _instance(act, callee, arguments, node)
    return registry.construct(act, callee, arguments, node)


def _instance(act: Activation, cls: t.ClassTerm, arguments: Sequence[t.Value], node: ir.New) -> t.Value:
    instance = t.Instance(cls, {})
    initialise(act, cls, instance, arguments, node)
    return instance


def initialise(
    act: Activation, cls: t.ClassTerm, instance: t.Instance, arguments: Sequence[t.Value], node: Any
) -> None:
    """Set the fields of `instance` that `cls` declares, and run its constructor (or that of the class above)."""
    making = (cls.module, cls.node.start)
    if making in act.active or not _may_spend(act):
        return  # `next = new Item()` in the class `Item`
    act.active.add(making)
    try:
        _set_fields(act, cls, instance, arguments, node)
    finally:
        act.active.discard(making)


def _set_fields(
    act: Activation, cls: t.ClassTerm, instance: t.Instance, arguments: Sequence[t.Value], node: Any
) -> None:
    constructor = None
    for prop in cls.node.members:
        if prop.key == "constructor" and isinstance(prop.value, ir.Function):
            constructor = prop.value
        elif prop.key is not None and not isinstance(prop.value, ir.Function):
            instance.fields[prop.key] = _evaluate(act, prop.value)
    if constructor is None:
        if cls.base is not None:
            initialise(act, cls.base, instance, arguments, node)
        return
    key = (cls.module, constructor.start)
    if key not in act.active and act.inlined < MAX_INLINE:
        _in_place(act, t.Closure(constructor, cls.module, scope_of(cls, instance), instance), arguments, node)
