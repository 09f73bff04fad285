"""React's hooks, and the conventions of the packages around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contend.source import ir
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.effects import FlagEffect, Setting, Site
from contend.source.evaluation.frames import Frame
from contend.source.evaluation.modules import ModuleScope

_EFFECTS = frozenset({"useEffect", "useLayoutEffect", "useInsertionEffect", "useFocusEffect", "useAsyncEffect"})
_KEEPS = frozenset(
    {"useCallback", "useEvent", "useEffectEvent", "useCallbackRef", "useMemoizedFn", "useStableCallback"}
)
_WRAPS = frozenset({"memo", "forwardRef", "observer", "lazy"})
_DELAYS = frozenset(
    {"debounce", "throttle", "useDebouncedCallback", "useThrottledCallback", "useDebounce", "useThrottle"}
)


def call(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """A function of `react`."""
    short = name.rsplit(".", 1)[-1]
    first = arguments[0] if arguments else t.UNDEFINED
    if short in _EFFECTS:
        return _effect(act, short, first, arguments, node)
    if short in _KEEPS:
        return first
    if short in ("useMemo", "useSyncExternalStore"):
        from contend.source.evaluation.calls import call_value

        return call_value(act, first, [], node) if isinstance(first, t.Closure) else t.Opaque(short)
    if short in ("useState", "useOptimistic"):
        initial = first
        if isinstance(first, t.Closure):
            from contend.source.evaluation.calls import call_value

            initial = call_value(act, first, [], node)
        flag = (act.module, node.start)
        state = initial if isinstance(initial, t.Live | t.Typed) else t.Bound("react.state", flag)
        return t.Listing(t.Opaque("state"), (state, t.Bound("react.setter", flag)))
    if short == "useReducer":
        return t.Listing(t.Opaque("state"), (t.Opaque("state"), t.Opaque("dispatch")))
    if short == "useRef":
        if isinstance(first, t.Starter | t.Closure):
            return t.Record((("current", first),))
        return t.Bound("react.ref", (act.module, node.start))
    if short == "createContext":
        return t.Bound("react.context", (act.module, node.start))
    if short in ("useContext", "use") and isinstance(first, t.Bound) and first.library == "react.context":
        return act.program.context_value(first.data)
    if short in _WRAPS:
        return t.Bound("react.wrapped", _at_top(first))
    if short in ("startTransition",):
        from contend.source.evaluation.calls import call_value

        return call_value(act, first, [], node)
    if short in ("useTransition",):
        return t.Listing(t.UNKNOWN, (t.Opaque("isPending"), t.External("react", "startTransition")))
    if short == "cache":
        return first
    return None


def _at_top(component: t.Value) -> t.Value:
    """A component that closes over nothing but its module is the module's own."""
    scope = component.scope if isinstance(component, t.Closure) else None
    if isinstance(scope, Frame) and not scope.names and isinstance(scope.parent, ModuleScope):
        return t.Closure(component.function, component.module, scope.parent)
    return component


def _effect(act: Activation, name: str, function: t.Value, arguments: Sequence[t.Value], node: Any) -> t.Value:
    from contend.source.evaluation.calls import call_value

    dependencies: tuple[tuple[str, t.Value], ...] | None = None
    if len(arguments) > 1 and isinstance(node, ir.Call) and len(node.args) > 1:
        listed = arguments[1]
        texts = _texts(node.args[1])
        if isinstance(listed, t.Listing) and listed.items is not None:
            dependencies = tuple(zip(texts, listed.items, strict=False))
        else:
            dependencies = (("[…]", listed),)
    setting = Setting("effect", name, Site(act.module, node.start, node.end), None, dependencies)
    with act.run_by(setting):
        if isinstance(function, t.Closure):
            cleanup = call_value(act, function, [], node)
            for option in t.alternatives(cleanup):
                if isinstance(option, t.Closure):
                    call_value(act, option, [], node)
    return t.UNDEFINED


def _texts(node: ir.Expr) -> list[str]:
    if not isinstance(node, ir.Array):
        return []
    return [expression_text(item) for item in node.items]


def expression_text(node: ir.Expr) -> str:
    """A short source-like text of a name or member chain."""
    if isinstance(node, ir.Name):
        return node.name
    if isinstance(node, ir.Member):
        return f"{expression_text(node.object)}{'?.' if node.optional else '.'}{node.property}"
    if isinstance(node, ir.Unary):
        return f"{node.op}{expression_text(node.value)}"
    if isinstance(node, ir.Call):
        return f"{expression_text(node.callee)}(…)"
    return "…"


def convention(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """Packages that follow a convention by name: debounced callbacks, effects, wrapped components, re-exported "
    "hooks."""
    short = name.rsplit(".", 1)[-1]
    if short in _DELAYS and arguments:
        return arguments[0] if isinstance(arguments[0], t.Closure | t.Starter) else None
    if short in _EFFECTS:
        return call(act, name, arguments, node)
    if short in _WRAPS and arguments and isinstance(arguments[0], t.Closure):
        return t.Bound("react.wrapped", _at_top(arguments[0]))
    if short in ("useMutation", "useQuery") and arguments:
        from contend.source.libraries import clients

        if isinstance(arguments[0], t.Reference | t.Live | t.Record):
            return clients.call(act, name, arguments, node)
    return None


def call_bound(act: Activation, callee: t.Bound, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """Call a value of React's: a state setter, a wrapped component."""
    if callee.library == "react.setter":
        act.record(FlagEffect(act.place(node), callee.data))
        from contend.source.evaluation.calls import call_value

        for argument in arguments:
            if isinstance(argument, t.Closure):
                call_value(act, argument, [t.Opaque("state")], node)
        return t.UNDEFINED
    return None


def call_bound_method(
    act: Activation, receiver: t.Bound, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """Methods of React's values say nothing."""
    return None
