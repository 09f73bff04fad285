"""Marks for handlers in Python files: what a scenario's functions are.

    from contend.lab.handlers import MutationCtx, mutation, query

    @mutation
    async def touch(ctx: MutationCtx, args):
        row = await ctx.db.query("sessions").with_index("by_token", lambda q: q.eq("token", args["token"])).first()
        if row is not None:
            await ctx.db.patch(row["_id"], {"lastSeenAt": ctx.now})

A file's public `async def name(ctx, args)` without a mark is a mutation too.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Literal, TypeVar

from contend.convex.values import COMMIT_TS, UNDEFINED
from contend.lab.actions import ActionCtx
from contend.lab.contexts import MutationCtx, QueryCtx
from contend.lab.tasks import gather

__all__ = ["COMMIT_TS", "UNDEFINED", "ActionCtx", "MutationCtx", "QueryCtx", "action", "gather", "mutation", "query"]

Kind = Literal["query", "mutation", "action"]
KIND = "__convex_kind__"
"""The attribute that a mark sets."""

Handler = Callable[[Any, Any], Coroutine[Any, Any, Any]]
H = TypeVar("H", bound=Callable[..., Coroutine[Any, Any, Any]])
Args = Mapping[str, Any]


def query(handler: H) -> H:
    """Marks a query: `async def f(ctx: QueryCtx, args)`."""
    setattr(handler, KIND, "query")
    return handler


def mutation(handler: H) -> H:
    """Marks a mutation: `async def f(ctx: MutationCtx, args)`."""
    setattr(handler, KIND, "mutation")
    return handler


def action(handler: H) -> H:
    """Marks an action: `async def f(ctx: ActionCtx, args)`."""
    setattr(handler, KIND, "action")
    return handler
