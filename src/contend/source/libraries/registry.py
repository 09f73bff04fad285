"""Which library module answers a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from contend.convex.components import component_of
from contend.source import ir
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.libraries import (
    authentication,
    builders,
    clients,
    components,
    convex_server,
    custom_functions,
    durable,
    ents,
    fluent,
    javascript,
    react,
    servers,
    svelte,
    validators,
)

ExternalCall = Callable[[Activation, str, Sequence[t.Value], Any], "t.Value | None"]
MethodCall = Callable[[Activation, Any, str, Sequence[t.Value], Any], "t.Value | None"]

_PACKAGES: tuple[tuple[str, ExternalCall], ...] = (
    ("convex/values", validators.call),
    ("convex/server", builders.call),
    ("convex/react", clients.call),
    ("convex/browser", clients.call),
    ("convex/nextjs", clients.call),
    ("convex-svelte", clients.call),
    ("@convex-dev/react-query", clients.call),
    ("@tanstack/react-query", clients.call),
    ("@tanstack/svelte-query", clients.call),
    ("convex-vue", clients.call),
    ("convex-nuxt", clients.call),
    ("#imports", clients.call),
    ("convex-helpers", custom_functions.call),
    ("fluent-convex", fluent.call),
    ("convex-ents", ents.call),
    ("zod", validators.call),
    ("@convex-dev/auth", authentication.call),
    ("react", react.call),
    ("preact", react.call),
    ("vue", svelte.call),
    ("svelte", svelte.call),
    ("$app/server", servers.call_remote),
)


def library_value(package: str, name: str) -> t.Value:
    """What a package exports as `name`."""
    if name == "authTables" and package.startswith("@convex-dev/auth"):
        return authentication.AUTH_TABLES
    if name == "anyApi" and package == "convex/server":
        return t.Reference("api", ())
    return components.constant(package, name) or t.External(package, name)


def call_external(act: Activation, callee: t.External, arguments: Sequence[t.Value], node: Any) -> t.Value:
    """Call a function of a package."""
    started = components.call(act, callee.package, callee.name, arguments, node)
    if started is not None:
        return started
    for prefix, answer in _PACKAGES:
        if callee.package == prefix or callee.package.startswith(f"{prefix}/"):
            result = answer(act, callee.name, arguments, node)
            if result is not None:
                return result
            break
    else:
        result = react.convention(act, callee.name, arguments, node)
        if result is not None:
            return result
    from contend.source.evaluation.calls import unknown_call

    return unknown_call(act, callee.name if callee.name != "default" else callee.package, arguments, node)


def call_global(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value:
    """Call a function of the runtime."""
    result = javascript.call(act, name, arguments, node)
    if result is not None:
        return result
    from contend.source.evaluation.calls import unknown_call

    return unknown_call(act, name, arguments, node)


def call_unknown(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """A function of unknown make whose name says what it does: `fetchAuthMutation(api.a.b, args)`,
    `defineEventHandler(f)`, which Nuxt imports by itself."""
    started = clients.by_name(act, name, arguments, node)
    return started if started is not None else servers.call(act, name, arguments, node)


def call_term(act: Activation, callee: t.Value, arguments: Sequence[t.Value], node: Any) -> t.Value:
    """Call a value that a library made."""
    if isinstance(callee, t.Starter):
        return clients.start(act, callee, arguments, node)
    if isinstance(callee, t.Bound) and callee.library == fluent.NEXT:
        return arguments[0] if arguments else t.UNDEFINED
    if isinstance(callee, t.Builder):
        return builders.register(act, callee, arguments, node)
    if isinstance(callee, t.Bound) and callee.library in components.LIBRARIES:
        return components.call_trigger(act, callee, arguments, node) or t.UNDEFINED
    result = react.call_bound(act, callee, arguments, node) if isinstance(callee, t.Bound) else None
    if result is not None:
        return result
    from contend.source.evaluation.calls import unknown_call

    return unknown_call(act, "call", arguments, node)


_METHODS: dict[type, MethodCall] = {
    t.Capability: convex_server.call_capability,
    t.Context: convex_server.call_context,
    t.Query: convex_server.call_query,
    t.RangeBuilder: convex_server.call_range,
    t.FilterBuilder: convex_server.call_filter,
    t.Client: clients.call_client,
    t.Starter: clients.call_starter,
    t.TableTerm: builders.call_method,
    t.SchemaTerm: builders.call_method,
    t.Builder: builders.call_method,
    t.Registered: builders.call_method,
    t.ValidatorTerm: validators.call_method,
    t.Bound: builders.call_bound,
    t.External: authentication.call_external_method,
    t.Document: ents.call_document,
}


def call_method(
    act: Activation, receiver: t.Value, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """Call a method of a library value or of a collection; None where no library knows it."""
    answer = _METHODS.get(type(receiver))
    if answer is not None:
        return answer(act, receiver, name, arguments, node)
    if isinstance(receiver, t.Global):
        return javascript.call(act, f"{receiver.name}.{name}", arguments, node)
    if isinstance(receiver, t.Opaque) and arguments:
        routed = servers.call_method(act, receiver, name, arguments, node)
        if routed is not None:
            return routed
    return javascript.call_method(act, receiver, name, arguments, node)


def special_method(name: str) -> Callable[[Activation, t.Value, ir.Call], t.Value | None] | None:
    """Methods that decide for themselves how their arguments are evaluated."""
    if name in ("all", "allSettled", "race", "any"):
        return javascript.promise_all
    return None


def construct(act: Activation, callee: t.Value, arguments: Sequence[t.Value], node: ir.New) -> t.Value:
    """`new callee(arguments)` of a library or runtime class."""
    if isinstance(callee, t.External):
        made = clients.construct(act, callee, arguments, node)
        if made is None:
            made = (
                custom_functions.construct(act, callee, arguments, node)
                or (durable.construct(callee) if not component_of(callee.package) else None)
                or components.construct(act, callee, arguments)
            )
        if made is not None:
            return made
    return javascript.construct(act, callee, arguments, node)
