"""Convex's clients: hooks, live clients, HTTP clients, and what each call of them starts.

How calls travel decides who can race: convex-backend: npm-packages/convex/src/browser/sync/client.ts (one connection,
served in order), npm-packages/convex/src/browser/http_client.ts (one queue per instance), npm-packages/convex/src/
nextjs/index.ts (a client per call).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contend.source import ir
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.effects import InvokeEffect, Setting, Site, SubscribeEffect

_KINDS = {"mutation": "mutation", "query": "query", "action": "action"}
_SOCKET_CLIENTS = frozenset(
    {"ConvexReactClient", "ConvexClient", "BaseConvexClient", "ConvexReactSessionClient", "ConvexQueryClient"}
)
_SUBSCRIPTIONS = frozenset(
    {
        "useQuery",
        "usePaginatedQuery",
        "usePreloadedQuery",
        "useStableQuery",
        "useQueryWithStatus",
        "useConvexQuery",
        "useSuspenseQuery",
        "useSessionQuery",
        "useStablePaginatedQuery",
        "createQuery",
        "convexQuery",
    }
)
_STARTERS = {
    "useMutation": "mutation",
    "useConvexMutation": "mutation",
    "convexMutation": "mutation",
    "useSessionMutation": "mutation",
    "useAction": "action",
    "useConvexAction": "action",
    "convexAction": "action",
    "useSessionAction": "action",
    "createMutation": "mutation",
}
_CLIENT_HOOKS = frozenset({"useConvex", "useConvexClient", "getConvexClient", "setupConvex", "useConvexHttpClient"})
_FETCHES = {"fetchMutation": "mutation", "fetchAction": "action", "fetchQuery": "query", "preloadQuery": "query"}


def call(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """A function of one of Convex's client packages."""
    short = name.rsplit(".", 1)[-1]
    first = arguments[0] if arguments else t.UNDEFINED
    if short in _SUBSCRIPTIONS:
        return _subscribe(act, short, first, arguments, node)
    if short in _STARTERS:
        return _starter(act, short, first, arguments, node)
    if short in _CLIENT_HOOKS:
        return t.Client("websocket")
    if short in _FETCHES:
        given = arguments[1] if len(arguments) > 1 else t.Record()
        act.record(InvokeEffect(act.place(node), "http", _FETCHES[short], first, given))
        return act.program.result_of(first, given, act)
    if short == "useQueries":
        return t.Opaque("useQueries()")
    if short == "useConvexAuth":
        return t.Opaque("useConvexAuth()")
    return None


def by_name(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """A call that nothing is known of but its name and the function reference it is given."""
    first = arguments[0] if arguments else t.UNDEFINED
    if not isinstance(first, t.Reference) or first.root == "components" or not first.parts:
        return None
    short = name.rsplit(".", 1)[-1].removesuffix("()")
    if short.startswith("use") and short.endswith(("Mutation", "Action")):
        return t.Starter(first, "mutation" if short.endswith("Mutation") else "action", "websocket")
    if short.startswith("use") and short.endswith("Query"):
        return _subscribe(act, short, first, arguments, node)
    for ending, kind in (("Mutation", "mutation"), ("Action", "action"), ("Query", "query")):
        if short.startswith(("fetch", "run", "call", "execute", "preload")) and short.endswith(ending):
            given = arguments[1] if len(arguments) > 1 else t.Record()
            act.record(InvokeEffect(act.place(node), "http", kind, first, given))
            return act.program.result_of(first, given, act)
    return None


def _subscribe(act: Activation, hook: str, reference: t.Value, arguments: Sequence[t.Value], node: Any) -> t.Value:
    if isinstance(reference, t.Record):  # TanStack Query: useQuery(convexQuery(f, args)), spread or not
        inner = act.member(reference, "queryKey")
        reference = inner if isinstance(inner, t.Live) else reference
        for spread in reference.spreads if isinstance(reference, t.Record) else ():
            reference = spread
    if isinstance(reference, t.Live):
        return _wrapped(hook, reference)
    if isinstance(reference, t.Record | t.Opaque):
        return t.Opaque(f"{hook}()")
    given = arguments[1] if len(arguments) > 1 else t.Record()
    act.record(SubscribeEffect(act.place(node), reference, hook, given))
    live = t.Live(reference, "", act.new_row())
    if hook == "convexQuery":
        return live
    if hook in ("usePaginatedQuery", "useStablePaginatedQuery"):
        rows = t.Live(reference, "page", live.site)
        return t.Record((("results", rows), ("status", t.Opaque("status")), ("loadMore", t.Opaque("loadMore"))))
    if act.program.is_svelte(act.module) or hook == "useQueryWithStatus" or hook == "useConvexQuery":
        return _wrapped("data", live)
    return live


def _wrapped(hook: str, live: t.Live) -> t.Value:
    return t.Record(
        (
            ("data", live),
            ("isLoading", t.Opaque("isLoading")),
            ("isPending", t.Opaque("isPending")),
            ("error", t.Opaque("error")),
            ("status", t.Opaque("status")),
        )
    )


def _starter(act: Activation, hook: str, first: t.Value, arguments: Sequence[t.Value], node: Any) -> t.Value:
    if isinstance(first, t.Record):  # TanStack: useMutation({ mutationFn: useConvexMutation(f) })
        function = act.member(first, "mutationFn")
        from contend.source.evaluation.calls import run_callbacks

        run_callbacks(
            act,
            Setting("callback", "onSuccess", Site(act.module, node.start, node.end)),
            [value for name, value in first.fields if name != "mutationFn"],
            node,
        )
        mutate = function if isinstance(function, t.Starter | t.Closure) else t.Opaque("mutate")
        return t.Record(
            (("mutate", mutate), ("mutateAsync", mutate), ("isPending", t.Opaque("isPending")), ("error", t.UNKNOWN))
        )
    made = t.Starter(first, _STARTERS[hook], "websocket")
    if hook in ("useConvexMutation", "useConvexAction") and act.program.is_vue(act.module):
        return t.Record((("mutate", made), ("execute", made), ("isLoading", t.Opaque("isLoading"))))
    return made


def construct(act: Activation, callee: t.External, arguments: Sequence[t.Value], node: ir.New) -> t.Value | None:
    """`new ConvexHttpClient(url)` and the live clients."""
    name = callee.name.rsplit(".", 1)[-1]
    if name == "ConvexHttpClient":
        if act.body.end == 0:  # at module level
            return t.Client("http-queue")
        return t.Client("http", (act.body.module, act.body.start, act.body.end), len(act.loops))
    if name in _SOCKET_CLIENTS:
        return t.Client("websocket")
    return None


def call_client(
    act: Activation, client: t.Client, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """`client.mutation(f, args)`, `client.onUpdate(f, args, callback)`; `client.mutation.bind(client)` is a method."""
    first = arguments[0] if arguments else t.UNDEFINED
    if name in _KINDS:
        given = arguments[1] if len(arguments) > 1 else t.Record()
        via = "http-queue" if _shared_by_rounds(act, client) else client.kind
        if via == "http-queue" and len(arguments) > 2:
            flag = act.member(arguments[2], "skipQueue")
            if isinstance(flag, t.Const) and flag.value is True:
                via = "http"
        act.record(InvokeEffect(act.place(node), via, _KINDS[name], first, given))
        return act.program.result_of(first, given, act)
    if name in ("onUpdate", "watchQuery"):
        act.record(SubscribeEffect(act.place(node), first, name, arguments[1] if len(arguments) > 1 else None))
        live = t.Live(first, "", act.new_row())
        callbacks = [argument for argument in arguments[2:] if isinstance(argument, t.Closure)]
        if callbacks:
            from contend.source.evaluation.calls import call_value

            site = Site(act.module, node.start, node.end)
            with act.run_by(Setting("effect", name, site, None, (("result", live),))):
                for callback in callbacks:
                    call_value(act, callback, [live], node)
        return t.Opaque(f"{name}()")
    if name in ("setAuth", "clearAuth", "close", "connectionState"):
        return t.UNDEFINED
    return None


def _shared_by_rounds(act: Activation, client: t.Client) -> bool:
    """Whether one client serves all rounds of the loop that a call stands in: it was made around that loop."""
    if client.body is None or len(act.loops) <= client.loops:
        return False
    module, start, end = client.body
    return act.body.module == module and start <= act.body.start and act.body.end <= end


def call_starter(
    act: Activation, starter: t.Starter, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """`.withOptimisticUpdate(f)`, `.mutate(args)`."""
    if name == "withOptimisticUpdate":
        return starter
    if name in ("mutate", "mutateAsync", "call", "execute"):
        return start(act, starter, arguments[1:] if name == "call" else arguments, node)
    if name in ("bind",):
        return starter
    return t.Opaque(f"mutation.{name}")


def start(act: Activation, starter: t.Starter, arguments: Sequence[t.Value], node: Any) -> t.Value:
    """Call what `useMutation` or `useAction` returned."""
    given = arguments[0] if arguments else t.Record()
    act.record(InvokeEffect(act.place(node), starter.client, starter.kind, starter.reference, given))
    return act.program.result_of(starter.reference, given, act)
