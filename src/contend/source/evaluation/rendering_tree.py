"""Component trees: what an element's attributes run, and when."""

from __future__ import annotations

from typing import Any

from contend.source import ir
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.calls import call_value, run_callbacks
from contend.source.evaluation.effects import DeferredEffect, MountEffect, Setting
from contend.source.evaluation.escapes import closures_in, lives_in
from contend.source.evaluation.members import split
from contend.source.evaluation.modules import ModuleScope
from contend.source.evaluation.substitution import Substitution

KEYSTROKES = frozenset(
    [
        "input",
        "change",
        "keydown",
        "keyup",
        "keypress",
        "scroll",
        "mousemove",
        "pointermove",
        "touchmove",
        "drag",
        "dragover",
        "resize",
        "wheel",
        "changetext",
        "selectionchange",
        "timeupdate",
    ]
)


NOT_READ = "which was not read"
SVELTE_COMPONENT = "svelte.component"  # its data is the component's file


def event_name(attribute: str) -> str | None:
    """`onClick`, `on:click`, `onclick`, `@click` → `click`; None for what is not a handler."""
    for prefix in ("on:", "@", "v-on:"):
        if attribute.startswith(prefix):
            return attribute[len(prefix) :].split(".")[0].split("|")[0].lower()
    if attribute.startswith("on") and len(attribute) > 2:
        return attribute[2:].lower()
    return None


def evaluate_jsx(act: Activation, node: ir.Jsx) -> t.Value:
    """An element: handlers run on their events, a component of the app gets its props."""
    from contend.source.evaluation.expressions import evaluate

    is_component = bool(node.tag) and (node.tag[0].isupper() or "." in node.tag)
    fields: dict[str, t.Value] = {}
    spreads: list[t.Value] = []
    with act.as_mode("value"):
        component = _component(act, node.tag) if is_component else None
        mounted = isinstance(component, t.Closure)
        for attribute in node.attributes:
            kind = type(attribute.value)
            if kind is ir.Literal_ and not mounted:
                continue
            if not is_component and kind in _STILL and not _runs(attribute.name):
                continue  # `className={styles.row}` of a plain element starts nothing
            value = evaluate(act, attribute.value)
            if attribute.name is None:
                spreads.append(value)
                continue
            fields[attribute.name] = value
        if isinstance(component, t.Bound) and component.library == "react.context":
            value = act.program.provided[component.data] = fields.get("value", t.UNDEFINED)
            act.ran |= closures_in(value)  # whoever takes the context runs them
        props = t.Record(tuple(fields.items()), tuple(spreads))
        passed = _mount(act, node, component, props) if isinstance(component, t.Closure) else set()
        for attribute in node.attributes:
            if attribute.name is None or attribute.name in passed or attribute.name not in fields:
                continue
            event = event_name(attribute.name)
            if event is not None or attribute.name in ("action", "formAction", "use"):
                name = event or attribute.name
                _attach(act, _kind(name), name, fields[attribute.name], attribute)
            elif is_component:
                _attach(act, "event", attribute.name, fields[attribute.name], attribute)
                if not isinstance(component, t.Closure):
                    _attach_used(act, component, fields[attribute.name], attribute)
        for child in node.children:
            value = evaluate(act, child)
            if isinstance(value, t.Closure):
                with act.run_by(Setting("render", node.tag, act.site(child))):
                    call_value(act, value, [t.Opaque("argument")], child)
    return t.Opaque("element")


_STILL = frozenset({ir.Literal_, ir.Name, ir.Member, ir.Template, ir.Object, ir.Opaque})


def _runs(attribute: str | None) -> bool:
    return attribute is None or attribute in ("action", "formAction", "use") or event_name(attribute) is not None


def _kind(event: str) -> str:
    return "keystroke" if event in KEYSTROKES else "event"


_INERT = frozenset({t.Const, t.Opaque, t.Bound, t.Listing, t.Global, t.External, t.Live})  # nothing to run


def _attach(act: Activation, kind: str, name: str, value: t.Value, node: Any) -> None:
    if type(value) in _INERT:
        return
    setting = Setting(kind, name, act.site(node))
    options = [option for option in split(value) if isinstance(option, t.Closure | t.Starter)]
    actions = [option for option in options if isinstance(option, t.Closure) and _on_server(option.function)]
    for action in actions:
        label = f"server action {action.function.name or ''}".strip()
        run_callbacks(act, Setting("server-request", label, setting.site), [action], node)
    options = [option for option in options if option not in actions]
    for option in split(value):
        if t.is_symbolic(option):
            with act.run_by(setting):
                act.defer(option, [t.Opaque("event")], node, "handler")
    if options:
        run_callbacks(act, setting, options, node)


def _attach_used(act: Activation, component: t.Value, value: t.Value, node: Any) -> None:
    """An object of functions handed to a component: those that a Svelte component's file names run on its events, and
    all where the component is the app's own and was not read."""
    names: frozenset[str] | None = None
    if isinstance(component, t.Bound) and component.library == SVELTE_COMPONENT:
        names = act.program.members_named(component.data)
    elif not (isinstance(component, t.Opaque) and component.reason.endswith(NOT_READ)):
        return
    for option in split(value):
        if isinstance(option, t.Record):
            for name, function in option.fields:
                if (names is None or name in names) and isinstance(function, t.Closure | t.Starter):
                    _attach(act, "event", name, function, node)


def _on_server(function: ir.Function) -> bool:
    """Whether a function says of itself that it is a server action."""
    first = function.body[0] if function.body else None
    return isinstance(first, ir.Evaluate) and isinstance(first.value, ir.Literal_) and first.value.value == "use server"


def _component(act: Activation, tag: str) -> t.Value:
    first, *rest = tag.split(".")
    value = act.frame.lookup(first)
    if value is None:
        return t.Opaque(tag)
    if rest and rest[-1] in ("Provider", "Consumer") and isinstance(value, t.Bound):
        return value
    for name in rest:
        value = act.member(value, name)
    if isinstance(value, t.Bound) and value.library == "react.wrapped":
        return value.data
    return value


def _mount(act: Activation, node: ir.Jsx, component: t.Closure, props: t.Record) -> set[str]:
    """Render a component of the app: what it does with its props happens here. The props it takes over."""
    name = node.tag
    act.record(MountEffect(act.place(node), component.key, name))
    if not isinstance(component.scope, ModuleScope) or component.key in act.active:
        return set()
    live = tuple([(key, value) for key, value in props.fields if lives_in(value)])
    if live:
        act.program.mounted.setdefault(component.key, {}).update(live)
    callable_props = {key for key, value in props.fields if any(_callable(option) for option in split(value))}
    if not callable_props:
        return set()
    summary = act.program.summary(component)
    if summary is None:
        return set()
    outer = act.place(node)
    substitution = Substitution(summary.owner, {0: props}, (node.start,), act.schema)
    used: set[str] = set()
    for effect in summary.effects:
        if isinstance(effect, DeferredEffect):
            used |= _props_in(effect.callee)
            for argument in effect.arguments:
                used |= _props_in(argument)
            act.record_below(effect, outer, name, substitution)
    return used & callable_props


def _callable(value: t.Value) -> bool:
    """Whether a prop is a function, or an object with functions in it."""
    if isinstance(value, t.Record):
        return any(isinstance(inner, t.Closure | t.Starter) for _, inner in value.fields)
    return isinstance(value, t.Closure | t.Starter | t.Method) or t.is_symbolic(value)


def _props_in(term: t.Value) -> set[str]:
    names: set[str] = set()
    while isinstance(term, t.Field | t.Typed | t.Method):
        if isinstance(term, t.Field | t.Method) and isinstance(term.object, t.Param | t.Typed):
            names.add(term.name)
        term = term.value if isinstance(term, t.Typed) else term.object
    return names
