"""fluent-convex: builders as a chain, `convex.mutation().use(middleware).input({…}).handler(f).public()`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation

ARGS = "fluent.args"
MIDDLEWARE = "fluent.middleware"
NEXT = "fluent.next"
_KINDS = {"query": "query", "mutation": "mutation", "action": "action", "httpAction": "httpAction"}
_INTERNAL = {"internalQuery": "query", "internalMutation": "mutation", "internalAction": "action"}


def call(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """A function of fluent-convex."""
    if name.rsplit(".", 1)[-1] == "createBuilder":
        return t.Builder("", False, "convex", act.module)
    return None


def call_builder(
    act: Activation, builder: t.Builder, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """The next link of a chain."""
    first = arguments[0] if arguments else t.UNDEFINED
    if name in _KINDS or name in _INTERNAL:
        kind = _KINDS.get(name) or _INTERNAL[name]
        return t.Builder(kind, name in _INTERNAL, name, builder.custom or act.module, builder.inputs)
    if name in ("input", "args"):
        return _with(builder, t.Bound(ARGS, first))
    if name == "use":
        return _with(builder, t.Bound(MIDDLEWARE, first))
    if name in ("createMiddleware", "middleware"):
        return first
    if name == "handler":
        given = [spec.data for spec in builder.inputs if isinstance(spec, t.Bound) and spec.library == ARGS]
        return t.Registered(builder, given[-1] if given else None, first, act.module, node.start, node.end)
    return builder


def call_registered(registered: t.Registered, name: str) -> t.Value:
    """`.public()` and `.internal()` end a chain."""
    one = registered.builder
    if name not in ("public", "internal"):
        return registered
    builder = t.Builder(one.kind, name == "internal", one.name, one.custom, one.inputs)
    return t.Registered(
        builder, registered.args, registered.handler, registered.module, registered.start, registered.end
    )


def _with(builder: t.Builder, spec: t.Bound) -> t.Builder:
    return t.Builder(builder.kind, builder.internal, builder.name, builder.custom, (*builder.inputs, spec))
