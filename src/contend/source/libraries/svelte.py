"""Svelte and Vue: reactive values, effects and life-cycle hooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.effects import Setting, Site

_MOUNTS = frozenset(
    {
        "onMount",
        "onMounted",
        "beforeUpdate",
        "onBeforeMount",
        "onActivated",
        "onDestroy",
        "onUnmounted",
        "onBeforeUnmount",
    }
)
_EFFECTS = frozenset(
    {"$effect", "$effect.pre", "$effect.root", "watchEffect", "watchPostEffect", "afterUpdate", "onUpdated"}
)
_VALUES = frozenset(
    {"$state", "$state.raw", "$bindable", "ref", "shallowRef", "reactive", "toRef", "unref", "readonly"}
)


def call(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """A rune, a life-cycle hook, a watcher."""
    from contend.source.evaluation.calls import call_value

    first = arguments[0] if arguments else t.UNDEFINED
    site = Site(act.module, node.start, node.end)
    short = name if name.startswith("$") else name.rsplit(".", 1)[-1]
    if short in _EFFECTS:
        with act.run_by(Setting("effect", short, site, None, None)):
            call_value(act, first, [], node)
        return t.UNDEFINED
    if short in _MOUNTS:
        with act.run_by(Setting("render", short, site)):
            call_value(act, first, [], node)
        return t.UNDEFINED
    if short == "watch" and len(arguments) > 1:
        watched = _watched(act, first, node)
        with act.run_by(Setting("effect", "watch", site, None, (("watched", watched),))):
            call_value(act, arguments[1], [watched], node)
        return t.UNDEFINED
    if short in _VALUES:
        return first
    if short == "$derived":
        return first
    if short in ("$derived.by", "computed"):
        return call_value(act, first, [], node) if isinstance(first, t.Closure) else t.Opaque(short)
    if short in ("$props", "defineProps"):
        return t.Opaque("props")
    return None


def _watched(act: Activation, source: t.Value, node: Any) -> t.Value:
    """What a watcher looks at: a ref, a getter, or a list of them."""
    from contend.source.evaluation.calls import call_value

    if isinstance(source, t.Closure):
        return call_value(act, source, [], node)
    if isinstance(source, t.Listing) and source.items is not None:
        return t.choice([_watched(act, item, node) for item in source.items])
    return source
