"""The language's own library: promises, timers, collections, the clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contend.source import ir
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.effects import Round, Setting, Site
from contend.source.evaluation.members import key_of, split, typed

_PASS_THROUGH = frozenset(
    {"structuredClone", "Object.freeze", "Object.seal", "Promise.resolve", "String", "BigInt", "Number", "Math.floor",
     "Math.round", "Math.ceil", "Math.abs", "parseInt", "parseFloat", "decodeURIComponent", "encodeURIComponent"}
)  # fmt: skip
_ARITHMETIC = frozenset(
    {"Math.floor", "Math.round", "Math.ceil", "Math.abs", "Math.min", "Math.max", "Number", "String"}
)
_RANDOM = frozenset({"Math.random", "crypto.randomUUID", "crypto.getRandomValues"})


def call(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """A global function."""
    name = name.removeprefix("window.").removeprefix("globalThis.")
    first = arguments[0] if arguments else t.UNDEFINED
    site = Site(act.module, node.start, node.end)
    if name in ("Date.now", "performance.now"):
        return t.CLOCK
    if name in _RANDOM:
        return t.Random(name)
    if name in ("setTimeout", "setInterval", "requestAnimationFrame", "requestIdleCallback", "queueMicrotask"):
        period = arguments[1] if len(arguments) > 1 else t.Const(0, "number")
        kind = "timer" if name in ("setInterval", "requestAnimationFrame") else "timer-once"
        return _later(act, Setting(kind, name, site, period), first, node)
    if name.endswith("addEventListener") and len(arguments) > 1:
        from contend.source.evaluation.rendering_tree import KEYSTROKES

        event = first.value if isinstance(first, t.Const) and isinstance(first.value, str) else "event"
        kind = "keystroke" if event in KEYSTROKES else "event"
        return _later(act, Setting(kind, event, site), arguments[1], node)
    if name.endswith("removeEventListener"):
        return t.UNDEFINED
    if name in ("Object.values", "Array.from", "Array.of", "Object.entries", "Object.keys", "Object.fromEntries"):
        return _listed(act, name, first, arguments, node)
    if name == "Object.assign":
        return _assigned(act, arguments, node)
    if name in ("Promise.resolve", "structuredClone", "Object.freeze", "Object.seal"):
        return first
    if name in _ARITHMETIC:
        return t.operation(f"call:{name}", *arguments)
    if name in _PASS_THROUGH:
        return first
    if name in ("Array.isArray", "Boolean", "isNaN", "JSON.stringify", "JSON.parse", "Number.isFinite", "Number.isNaN"):
        return t.operation(f"call:{name}", *arguments)
    if name == "Array":
        return t.Listing(t.UNDEFINED)
    if name.startswith("console."):
        return t.UNDEFINED
    return None


def _later(act: Activation, setting: Setting, function: t.Value, node: Any) -> t.Value:
    from contend.source.evaluation.calls import call_value

    with act.run_by(setting):
        for option in split(function):
            if isinstance(option, t.Closure | t.Starter) or t.is_symbolic(option):
                call_value(act, option, [], node)
    return t.Opaque(setting.detail)


def _listed(act: Activation, name: str, first: t.Value, arguments: Sequence[t.Value], node: Any) -> t.Value:
    from contend.source.evaluation.calls import call_value

    if name == "Object.keys":
        return t.Listing(key_of(first))
    if name == "Object.entries":
        return t.Listing(t.Listing(act.element(first), (key_of(first), act.element(first))))
    if name == "Object.fromEntries":
        pair = act.element(first)
        return t.Dictionary(_entry(act, pair, 1), _entry(act, pair, 0))
    item = act.element(first)
    if name == "Array.from" and isinstance(first, t.Record) and act.member(first, "length") is not t.UNDEFINED:
        item = t.Opaque("index")
    if isinstance(first, t.Dictionary) and name == "Array.from":
        item = t.Listing(first.value, (first.key or t.Opaque("key"), first.value))
    if len(arguments) > 1:
        with act.within(Round(first, Site(act.module, node.start, node.end), True)):
            item = call_value(act, arguments[1], [item, t.Opaque("index")], node)
    return t.Listing(item)


def _entry(act: Activation, pair: t.Value, at: int) -> t.Value:
    for option in split(pair):
        if isinstance(option, t.Listing) and option.items is not None and len(option.items) > at:
            return option.items[at]
    return act.element(pair)


def _assigned(act: Activation, arguments: Sequence[t.Value], node: Any) -> t.Value:
    from contend.source.evaluation.expressions import with_member

    result: t.Value = arguments[0] if arguments else t.Record()
    if not isinstance(result, t.Record):
        result = t.Record((), (result,))
    for extra in arguments[1:]:
        if isinstance(extra, t.Record):
            for name, value in extra.fields:
                result = with_member(result, name, value)
            result = t.Record(result.fields, (*result.spreads, *extra.spreads), (*result.computed, *extra.computed))
        else:
            result = t.Record(result.fields, (*result.spreads, extra), result.computed)
    if isinstance(node, ir.Call) and node.args and isinstance(node.args[0], ir.Name):
        from contend.source.evaluation.expressions import merge

        act.frame.assign(node.args[0].name, result, merge)
    return result


def promise_all(act: Activation, receiver: t.Value, node: ir.Call) -> t.Value | None:
    """`Promise.all([…])`: its calls run side by side, awaited as the whole is."""
    if not isinstance(receiver, t.Global) or receiver.name != "Promise" or not node.args:
        return None
    from contend.source.evaluation.expressions import evaluate

    listed = node.args[0]
    mode = act.mode
    if isinstance(listed, ir.Array):
        width = len(listed.items)
        items = []
        with act.within(Round(t.Const(width, "number"), act.site(node), True, width)):
            for item in listed.items:
                with act.as_mode(mode if mode != "value" else "awaited"):
                    value = evaluate(act, item.value if isinstance(item, ir.Spread) else item)
                items.append(act.element(value) if isinstance(item, ir.Spread) else value)
        return t.Listing(t.choice(items), tuple(items))
    with act.as_mode(mode):
        return evaluate(act, listed)


_ITERATING = frozenset(
    {"map", "forEach", "filter", "find", "findLast", "some", "every", "flatMap", "findIndex", "sort", "toSorted"}
)


def call_method(
    act: Activation, receiver: t.Value, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """A method of an array, map, set, string or promise; None where `receiver` may be something else."""
    first = arguments[0] if arguments else t.UNDEFINED
    if name in ("addEventListener", "removeEventListener"):
        return call(act, name, arguments, node)
    if name in ("off", "removeListener") and isinstance(first, t.Const):
        return t.UNDEFINED
    if name in _ITERATING and arguments and isinstance(first, t.Closure | t.Global | t.Method | t.External):
        return _iterate(act, receiver, name, first, node)
    if name == "reduce" and isinstance(first, t.Closure):
        return _reduce(act, receiver, first, arguments, node)
    if isinstance(receiver, t.Listing | t.Dictionary) or _is_collection(receiver):
        return _collection(act, receiver, name, arguments, node)
    if isinstance(receiver, t.Clock | t.Const | t.Random | t.Environment):
        return t.operation(f"call:{name}", receiver, *arguments) if name != "getTime" else receiver
    if name in ("getTime", "valueOf"):
        return receiver
    if name in ("slice", "reverse", "toReversed", "concat", "flat") and not t.is_symbolic(receiver):
        return receiver
    if name in ("includes", "startsWith", "endsWith", "indexOf", "trim", "toLowerCase", "toString", "join", "split",
                "toUpperCase", "replace", "substring", "localeCompare", "toFixed", "hasOwnProperty"):  # fmt: skip
        return t.operation(f"call:{name}", receiver, *arguments)
    return None


def _is_collection(term: t.Value) -> bool:
    if isinstance(term, t.Typed):
        return term.type.kind in ("array", "record") or _is_collection(term.value)
    return isinstance(term, t.Live) or (isinstance(term, t.Field) and isinstance(term.object, t.Document))


def _iterate(act: Activation, receiver: t.Value, name: str, function: t.Value, node: Any) -> t.Value:
    from contend.source.evaluation.calls import call_value

    if isinstance(receiver, t.Query):
        receiver = t.Listing(t.UNKNOWN)
    item = act.element(receiver)
    is_async = isinstance(function, t.Closure) and function.function.is_async
    bound = _length(receiver)
    parallel = is_async or name in ("map", "forEach", "flatMap")
    mode = act.mode
    with act.within(Round(receiver, Site(act.module, node.start, node.end), parallel, bound)):
        act.mode = mode if name in ("map", "flatMap") else "dropped" if name == "forEach" else "value"
        result = call_value(act, function, [item, t.Opaque("index"), receiver], node)
        act.mode = mode
    filters = receiver.filters if isinstance(receiver, t.Listing) else ()
    if name == "map":
        return t.Listing(result, None, filters)
    if name == "flatMap":
        return t.Listing(t.choice([act.element(option) for option in split(result)]))
    if name == "filter":
        return t.Listing(item, None, (*filters, result) if isinstance(function, t.Closure) else filters)
    if name in ("find", "findLast"):
        return t.choice([item, t.UNDEFINED])
    if name in ("sort", "toSorted"):
        return receiver
    if name == "forEach":
        return t.UNDEFINED
    return t.operation(f"call:{name}", receiver, result)


def _length(receiver: t.Value) -> int | None:
    return len(receiver.items) if isinstance(receiver, t.Listing) and receiver.items is not None else None


def _reduce(
    act: Activation, receiver: t.Value, function: t.Closure, arguments: Sequence[t.Value], node: Any
) -> t.Value:
    from contend.source.evaluation.calls import call_value

    initial = arguments[1] if len(arguments) > 1 else act.element(receiver)
    with act.within(Round(receiver, Site(act.module, node.start, node.end), False)):
        result = call_value(act, function, [initial, act.element(receiver), t.Opaque("index")], node)
    return t.choice([initial, result])


def _collection(
    act: Activation, receiver: t.Value, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    first = arguments[0] if arguments else t.UNDEFINED
    if name in ("get", "at", "pop", "shift"):
        return t.choice([act.element(receiver), t.UNDEFINED])
    if name in ("values", "slice", "reverse", "toReversed", "toSorted", "sort", "splice", "keys", "filter", "fill"):
        if name == "keys":
            return t.Listing(key_of(receiver))
        return t.Listing(act.element(receiver), None, receiver.filters if isinstance(receiver, t.Listing) else ())
    if name == "entries":
        return t.Listing(t.Listing(act.element(receiver), (key_of(receiver), act.element(receiver))))
    if name == "flat":
        return t.Listing(act.element(act.element(receiver)))
    if name == "concat":
        return t.Listing(t.choice([act.element(receiver), *[act.element(other) for other in arguments]]))
    if name in ("push", "unshift", "add", "set"):
        value = arguments[1] if name == "set" and len(arguments) > 1 else first
        grown = _grow(act, receiver, value, first, node)
        return grown if name in ("add", "set") else t.Opaque("length")
    if name in ("has", "includes", "indexOf", "delete", "join", "length"):
        return t.operation(f"call:{name}", receiver, *arguments)
    if name in ("next", "Symbol.iterator"):
        return t.Record((("value", act.element(receiver)), ("done", t.Opaque("done"))))
    return None


def _grow(act: Activation, receiver: t.Value, value: t.Value, key: t.Value, node: Any) -> t.Value:
    """The collection with one more element; the variable that holds it gets it too."""
    from contend.source.evaluation.expressions import merge

    if isinstance(receiver, t.Dictionary):
        grown: t.Value = t.Dictionary(
            t.choice([receiver.value, value]), t.choice([receiver.key, key]) if receiver.key else key
        )
    else:
        old = act.element(receiver)
        empty = isinstance(receiver, t.Listing) and receiver.items == ()
        if empty and isinstance(old, t.Typed):
            value = typed(value, old.type)
        grown = t.Listing(value if empty else t.choice([old, value]))
    if isinstance(node, ir.Call) and isinstance(node.callee, ir.Member) and isinstance(node.callee.object, ir.Name):
        act.frame.assign(node.callee.object.name, grown, merge)
    return grown


def construct(act: Activation, callee: t.Value, arguments: Sequence[t.Value], node: ir.New) -> t.Value:
    """`new Map()`, `new Set(list)`, `new Date()`, `new Error(…)`, `new Promise(…)`."""
    name = callee.name if isinstance(callee, t.Global) else ""
    first = arguments[0] if arguments else t.UNDEFINED
    if name == "Map":
        if not arguments:
            from contend.source.evaluation.annotations import annotated

            types = [annotated(act.program, act.module, type) for type in node.types[:2]]
            key, value = types if len(types) == 2 else (None, None)
            return t.Dictionary(
                t.Typed(t.Opaque("value"), value) if value is not None else t.Opaque("value of an empty map"),
                t.Typed(t.Opaque("key"), key) if key is not None else None,
            )
        pair = act.element(first)
        return t.Dictionary(_entry(act, pair, 1), _entry(act, pair, 0))
    if name == "Set":
        return t.Listing(act.element(first)) if arguments else t.Listing(t.Opaque("empty set"), ())
    if name == "Date":
        return t.CLOCK if not arguments else first
    if name == "Array":
        return t.Listing(t.UNDEFINED)
    if name == "Promise" and isinstance(first, t.Closure):
        from contend.source.evaluation.calls import call_value

        call_value(act, first, [t.Opaque("resolve"), t.Opaque("reject")], node)
        return t.Opaque("promise")
    from contend.source.evaluation.calls import unknown_call

    label = callee.name if isinstance(callee, t.External | t.Global) else "constructor"
    return unknown_call(act, f"new {label}", arguments, node)
