"""Expressions to symbolic values, recording effects on the way."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

from contend.model.schema import Validator
from contend.source import ir
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.annotations import annotated
from contend.source.evaluation.calls import call, construct
from contend.source.evaluation.effects import Condition, FlagEffect
from contend.source.evaluation.joining import one_of, with_field
from contend.source.evaluation.members import table_names, typed
from contend.source.evaluation.rendering_tree import evaluate_jsx
from contend.source.libraries.ents import settled

_GLOBALS = frozenset([
    "Array", "BigInt", "Boolean", "Date", "Error", "Infinity", "Intl", "JSON", "Map", "Math", "NaN", "Number",
    "Object", "Promise", "Reflect", "RegExp", "Request", "Response", "Set", "String", "Symbol", "URL",
    "URLSearchParams", "WeakMap", "WeakSet", "addEventListener", "alert", "clearInterval", "clearTimeout",
    "console", "crypto", "decodeURIComponent", "document", "encodeURIComponent", "fetch", "globalThis", "isNaN",
    "localStorage", "location", "navigator", "parseFloat", "parseInt", "performance", "process", "queueMicrotask",
    "requestAnimationFrame", "requestIdleCallback", "sessionStorage", "setInterval", "setTimeout",
    "structuredClone", "window", "atob", "btoa", "TextEncoder", "Uint8Array", "FormData", "Headers",
    "AbortController", "import", "require",
])  # fmt: skip


def evaluate(act: Activation, node: ir.Expr) -> t.Value:
    """The value of an expression."""
    return _EVALUATE[type(node)](act, node)


def _literal(act: Activation, node: ir.Literal_) -> t.Value:
    if node.value is None:
        return t.UNDEFINED if node.kind == "undefined" else t.NULL
    if isinstance(node.value, float) and not isfinite(node.value):
        return t.Opaque("Infinity")  # `1e999`
    return t.Const(node.value, node.kind)


def _name(act: Activation, node: ir.Name) -> t.Value:
    name = node.name
    value = act.frame.lookup(name)
    if value is not None:
        return value
    if name == "undefined":
        return t.UNDEFINED
    if name in _GLOBALS:
        return t.Global(name)
    if name in _COMPILER_NAMES:
        return t.External("svelte", name)
    return t.Opaque(name)


_COMPILER_NAMES = frozenset({"$state", "$derived", "$effect", "$props", "defineProps", "defineEmits"})


def _member(act: Activation, node: ir.Member) -> t.Value:
    saved, act.mode = act.mode, "value"
    object = evaluate(act, node.object)
    act.mode = saved
    if isinstance(object, t.Global) and object.name == "process.env":
        return t.Environment(node.property)
    return act.member(object, node.property)


def _index(act: Activation, node: ir.Index) -> t.Value:
    object = evaluate(act, node.object)
    index = evaluate(act, node.index)
    if isinstance(index, t.Const) and index.kind == "string" and isinstance(index.value, str):
        return act.member(object, index.value)
    if isinstance(object, t.Listing) and isinstance(index, t.Const) and isinstance(index.value, float | int):
        at = int(index.value)
        if object.items is not None and 0 <= at < len(object.items):
            return object.items[at]
    if isinstance(object, t.Namespace | t.Reference):
        return t.Opaque("computed member")
    found = act.element(object)
    if isinstance(found, t.Field) and found.name == "[]" and not t.is_symbolic(object):
        place = _place(index)
        return found if place is None else t.field(found.object, f"[{place}]")
    return found


def _place(index: t.Value) -> int | None:
    """The place in a list that a constant names."""
    known = isinstance(index, t.Const) and isinstance(index.value, float | int) and not isinstance(index.value, bool)
    return int(index.value) if known and index.value >= 0 and index.value == int(index.value) else None


def _function(act: Activation, node: ir.Function) -> t.Value:
    closure = t.Closure(node, act.module, act.frame)
    act.closures[closure.key] = closure
    return closure


def _object(act: Activation, node: ir.Object) -> t.Value:
    fields: dict[str, t.Value] = {}
    spreads: list[t.Value] = []
    computed: list[t.Value] = []
    for entry in node.entries:
        if isinstance(entry, ir.Spread):
            for option in (evaluate(act, entry.value),):
                _spread_into(act, option, fields, spreads, computed)
        elif entry.key is not None:
            fields[entry.key] = evaluate(act, entry.value)
        else:
            key = evaluate(act, entry.computed) if entry.computed is not None else None
            value = evaluate(act, entry.value)
            if isinstance(key, t.Const) and isinstance(key.value, str):
                fields[key.value] = value
            else:
                computed.append(value)
    return t.Record(tuple(fields.items()), tuple(spreads), tuple(computed))


def _spread_into(
    act: Activation, value: t.Value, fields: dict[str, t.Value], spreads: list[t.Value], computed: list[t.Value]
) -> None:
    if isinstance(value, t.Namespace):
        value = act.program.namespace_record(value)
    if isinstance(value, t.Operation) and value.op == "&&":
        value = value.parts[-1]  # `...(cond && {…})`
        conditional = True
    elif isinstance(value, t.Choice) and all(isinstance(o, t.Record) or t.is_nullish(o) for o in value.items):
        for option in value.items:
            if isinstance(option, t.Record):
                _spread_into(act, option, fields, spreads, computed)
        return
    else:
        conditional = False
    if isinstance(value, t.Record):
        for name, inner in value.fields:
            fields[name] = t.choice([fields[name], inner]) if conditional and name in fields else inner
        spreads.extend(value.spreads)
        computed.extend(value.computed)
    elif not t.is_nullish(value):
        spreads.append(value)
        for name, earlier in fields.items():  # `{a: 1, ...rest}`: `rest` may bring its own `a`
            later = act.member(value, name)
            if isinstance(later, t.Typed | t.Document | t.Const):
                fields[name] = t.choice([earlier, later])


def _array(act: Activation, node: ir.Array) -> t.Value:
    items: list[t.Value] = []
    exact = True
    for item in node.items:
        if isinstance(item, ir.Spread):
            exact = False
            items.append(act.element(evaluate(act, item.value)))
        else:
            items.append(evaluate(act, item))
    if not items:
        return t.Listing(t.Opaque("empty array"), ())
    return t.Listing(t.choice(items), tuple(items) if exact else None)


def _spread(act: Activation, node: ir.Spread) -> t.Value:
    return act.element(evaluate(act, node.value))


def _conditional(act: Activation, node: ir.Conditional) -> t.Value:
    test = _plain(act, node.test)
    site = act.site(node.test)
    with act.under(Condition(test, True, site)):
        then = evaluate(act, node.then)
    with act.under(Condition(test, False, site)):
        other = evaluate(act, node.other)
    return t.choice([then, other])


def _plain(act: Activation, node: ir.Expr) -> t.Value:
    saved, act.mode = act.mode, "value"
    value = evaluate(act, node)
    act.mode = saved
    return value


def _binary(act: Activation, node: ir.Binary) -> t.Value:
    op = node.op
    if op in ("&&", "||", "??"):
        left = _plain(act, node.left)
        with act.under(Condition(left, op == "&&", act.site(node.left))):
            right = evaluate(act, node.right)
        return t.operation(op, left, right)
    left = _plain(act, node.left)
    right = _plain(act, node.right)
    if op in _COMPARISONS and _same_text(act, node.left, node.right):
        return t.operation("itself", left, right)
    if isinstance(left, t.Const) and isinstance(right, t.Const):
        folded = _fold(op, left, right)
        if folded is not None:
            return folded
    return t.operation(op, left, right)


_COMPARISONS = frozenset({"==", "===", "!=", "!==", "<", "<=", ">", ">="})


def _same_text(act: Activation, left: ir.Expr, right: ir.Expr) -> bool:
    """Whether both sides of a comparison are written alike: `a.at <= a.at`."""
    if left.end - left.start != right.end - right.start or isinstance(left, ir.Literal_):
        return False
    text = act.program.texts.get(act.module)
    return text is not None and text[left.start : left.end] == text[right.start : right.end]


def _fold(op: str, left: t.Const, right: t.Const) -> t.Value | None:
    a, b = left.value, right.value
    if isinstance(a, bool) or isinstance(b, bool):
        return None
    if isinstance(a, int | float) and isinstance(b, int | float):
        try:
            number = _computed(op, a, b)
            return t.Const(number, "number") if number is not None and isfinite(number) else None
        except (OverflowError, ZeroDivisionError):
            return None
    if op == "+" and isinstance(a, str) and isinstance(b, str) and len(a) + len(b) < 400:
        return t.Const(a + b, "string")
    return None


def _computed(op: str, a: float, b: float) -> float | None:
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/" if b:
            return a / b
        case "**" if abs(b) < 64 and abs(a) < 1e6:
            power: float = float(a) ** float(b)
            return power
    return None


def _unary(act: Activation, node: ir.Unary) -> t.Value:
    if node.op == "void":
        with act.as_mode("dropped"):
            evaluate(act, node.value)
        return t.UNDEFINED
    value = _plain(act, node.value)
    if isinstance(value, t.Const) and isinstance(value.value, int | float) and not isinstance(value.value, bool):
        if node.op == "-":
            return t.Const(-value.value, value.kind)
        if node.op == "+":
            return value
    return t.operation(node.op, value)


def _assign(act: Activation, node: ir.Assign) -> t.Value:
    value = _function(act, node.value) if isinstance(node.value, ir.Function) else _plain(act, node.value)
    if node.op != "=":
        old = _target_value(act, node.target)
        value = t.choice([old, value]) if node.op in ("??=", "||=", "&&=") else t.operation(node.op[:-1], old, value)
    store(act, node.target, value)
    return value


def _target_value(act: Activation, target: ir.Pattern) -> t.Value:
    if isinstance(target, ir.PName):
        value = act.frame.lookup(target.name)
        return t.Opaque(target.name) if value is None else value
    if isinstance(target, ir.PExpr):
        return _plain(act, target.target)
    return t.UNKNOWN


def merge(old: t.Value, new: t.Value) -> t.Value:
    """What a variable may hold after an assignment that may or may not have happened."""
    if isinstance(old, t.Listing) and isinstance(new, t.Listing) and () in (old.items, new.items):
        return t.Listing(new.item if old.items == () else old.item)  # a list that was still empty, and what it got
    return one_of(t.choice([old, new]))


def store(act: Activation, target: ir.Pattern, value: t.Value) -> None:
    """Assign to an existing variable, or to a member of one."""
    if isinstance(target, ir.PName):
        if not act.frame.assign(target.name, value, merge):
            act.frame.names[target.name] = value
    elif isinstance(target, ir.PExpr):
        _store_member(act, target.target, value)
    else:
        bind(act, target, value, assign=True)


def _store_member(act: Activation, target: ir.Expr, value: t.Value) -> None:
    name: str | None
    if isinstance(target, ir.Member):
        owner, name = target.object, target.property
    elif isinstance(target, ir.Index):
        key = _plain(act, target.index)
        owner, name = target.object, key.value if isinstance(key, t.Const) and isinstance(key.value, str) else None
        names = table_names(key) if isinstance(key, t.Typed) else ()
        if isinstance(owner, ir.Name) and names:  # one of several known keys
            for one in names:
                record = _plain(act, owner)
                earlier = act.member(record, one)
                either = value if earlier is t.UNDEFINED else t.choice([earlier, value])
                act.frame.assign(owner.name, with_member(record, one, either), merge)
            return
    else:
        return
    current = _plain(act, owner)
    if isinstance(current, t.Instance) and isinstance(name, str):
        current.fields[name] = value
        return
    if isinstance(current, t.Bound) and current.library == "react.ref":
        act.record(FlagEffect(act.place(target), current.data))
        return
    if isinstance(owner, ir.Name):
        act.frame.assign(owner.name, with_member(current, name, value), merge)
    elif isinstance(owner, ir.Member) and isinstance(owner.object, ir.Name):
        outer = _plain(act, owner.object)
        if isinstance(outer, t.Record):
            inner = with_member(current, name, value)
            act.frame.assign(owner.object.name, with_member(outer, owner.property, inner), merge)


def with_member(record: t.Value, name: str | None, value: t.Value) -> t.Value:
    """`record` after `record[name] = value` (an unknown key where `name` is None)."""
    if isinstance(record, t.Typed):
        inner = with_member(record.value, name, value)
        return inner if isinstance(inner, t.Record) and isinstance(record.value, t.Record) else record
    if isinstance(record, t.Choice):
        return t.choice([with_member(item, name, value) for item in record.items])
    if isinstance(record, t.Dictionary):
        return t.Dictionary(t.choice([record.value, value]), record.key)
    if isinstance(record, t.Listing):
        return t.Listing(t.choice([record.item, value]))
    if not isinstance(record, t.Record):
        return record
    return with_field(record, name, value)


def bind(act: Activation, pattern: ir.Pattern, value: t.Value, *, assign: bool = False) -> None:
    """Bind (or assign to) the names of a pattern."""
    if isinstance(pattern, ir.PName):
        if assign:
            store(act, pattern, value)
        else:
            act.frame.names[pattern.name] = value
    elif isinstance(pattern, ir.PObject):
        for entry in pattern.properties:
            part = act.member(value, entry.key) if entry.key is not None else act.element(value)
            if entry.default is not None:
                fallback = _plain(act, entry.default)
                part = fallback if part is t.UNDEFINED else t.choice([part, fallback])
            bind(act, entry.target, part, assign=assign)
        if pattern.rest:
            rest = _without(value, {entry.key for entry in pattern.properties})
            bind(act, ir.PName(pattern.rest, 0, 0), rest, assign=assign)
    elif isinstance(pattern, ir.PArray):
        for at, item in enumerate(pattern.items):
            if item is None:
                continue
            bind(act, item, item_at(act, value, at), assign=assign)
        if pattern.rest:
            bind(act, ir.PName(pattern.rest, 0, 0), t.Listing(act.element(value)), assign=assign)
    elif assign:
        store(act, pattern, value)


def item_at(act: Activation, value: t.Value, at: int) -> t.Value:
    """The element at a known place."""
    if isinstance(value, t.Choice):
        return t.choice([item_at(act, option, at) for option in t.alternatives(value)])
    if isinstance(value, t.Listing) and value.items is not None:
        return value.items[at] if at < len(value.items) else t.UNDEFINED
    if isinstance(value, t.Dictionary):
        return value.key if at == 0 and value.key is not None else value.value
    return act.element(value)


def _without(value: t.Value, names: set[str | None]) -> t.Value:
    if isinstance(value, t.Record):
        return t.Record(
            tuple((name, inner) for name, inner in value.fields if name not in names), value.spreads, value.computed
        )
    if isinstance(value, t.Typed) and value.type.kind == "object":
        fields = {name: inner for name, inner in value.type.fields.items() if name not in names}
        return t.Typed(value.value, Validator("object", fields=fields))
    return value


def _await(act: Activation, node: ir.Await) -> t.Value:
    with act.as_mode("awaited"):
        value = evaluate(act, node.value)
        return settled(act, value, node) if isinstance(value, t.Bound) else value


def _template(act: Activation, node: ir.Template) -> t.Value:
    parts = [t.Const(part) if isinstance(part, str) else _plain(act, part) for part in node.parts]
    return t.operation("template", *parts)


def _cast(act: Activation, node: ir.Cast) -> t.Value:
    value = evaluate(act, node.value)
    if node.satisfies:
        return value
    return typed(value, annotated(act.program, act.module, node.type))


def _class(act: Activation, node: ir.Class) -> t.Value:
    base = _plain(act, node.base) if node.base is not None else None
    return t.ClassTerm(node, act.module, act.frame, base if isinstance(base, t.ClassTerm) else None)


def _sequence(act: Activation, node: ir.Sequence) -> t.Value:
    value: t.Value = t.UNDEFINED
    for item in node.items:
        value = evaluate(act, item)
    return value


def _opaque(act: Activation, node: ir.Opaque) -> t.Value:
    return t.Opaque(node.kind)


_EVALUATE: dict[type, Callable[[Activation, Any], t.Value]] = {
    ir.Literal_: _literal,
    ir.Name: _name,
    ir.Member: _member,
    ir.Index: _index,
    ir.Call: call,
    ir.New: construct,
    ir.Function: _function,
    ir.Object: _object,
    ir.Array: _array,
    ir.Spread: _spread,
    ir.Conditional: _conditional,
    ir.Binary: _binary,
    ir.Unary: _unary,
    ir.Assign: _assign,
    ir.Await: _await,
    ir.Template: _template,
    ir.Cast: _cast,
    ir.Jsx: evaluate_jsx,
    ir.Class: _class,
    ir.Sequence: _sequence,
    ir.Opaque: _opaque,
}
