"""Web servers: routes and server functions that are registered by calls rather than by where a file stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.effects import Setting, Site

_VERBS = frozenset({"get", "post", "put", "patch", "delete", "del", "head", "options", "all", "route", "on"})
_ROUTER = re.compile(
    r"(?i)(?:^|[ .])(?:express|hono|openapihono|fastify|koa|elysia|itty|polka|restify|\w*router|\w*server|\w*app)\b"
)
_PATH = re.compile(r"^(?:/|\*|https?:)")
_HANDLERS = frozenset({"defineEventHandler", "eventHandler", "defineCachedEventHandler", "fromNodeMiddleware"})
_SERVES = frozenset({"Bun.serve", "Deno.serve", "serve"})
_REMOTE = frozenset({"query", "query.batch", "command", "form", "prerender"})


def call(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """A call of a package or a global that makes a server run its callbacks; None for any other."""
    short = name.rsplit(".", 1)[-1]
    if short in _HANDLERS:
        return _run(act, "every request", arguments, node)
    if name in _SERVES or short == "serve":
        return _run(act, "fetch handler, every request", arguments, node)
    return None


def call_remote(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """`command(async () => …)` of SvelteKit's `$app/server`."""
    return _run(act, "remote function", arguments, node) if name in _REMOTE else None


def call_method(
    act: Activation, receiver: t.Value, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """`app.post("/x", handler)`, `app.use(handler)`, `createServerFn().handler(f)` on something a package made."""
    if not isinstance(receiver, t.Opaque) or not any(_is_function(argument) for argument in arguments):
        return None
    first = arguments[0]
    path = first.value if isinstance(first, t.Const) and isinstance(first.value, str) else None
    if name in _VERBS and path is not None and _PATH.match(path):
        verb = "any" if name in ("all", "route", "on") else name
        return _run(act, f"{verb.upper()} {path}", arguments[1:], node, receiver)
    if name == "use" and _ROUTER.search(receiver.reason):
        return _run(act, "middleware, every request", arguments, node, receiver)
    if name == "handler" and receiver.reason.startswith("createServerFn"):
        return _run(act, "server function", arguments, node)
    return None


def _is_function(term: t.Value) -> bool:
    return isinstance(term, t.Closure) or (
        isinstance(term, t.Record) and any(isinstance(value, t.Closure) for _, value in term.fields)
    )


def _run(
    act: Activation, label: str, arguments: Sequence[t.Value], node: Any, result: t.Value | None = None
) -> t.Value:
    from contend.source.evaluation.calls import run_callbacks

    run_callbacks(act, Setting("server-request", label, Site(act.module, node.start, node.end)), arguments, node)
    return result if result is not None else t.Opaque(label)
