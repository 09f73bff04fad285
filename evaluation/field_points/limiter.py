"""A rate limiter with a row per client, which the first request creates."""

from __future__ import annotations

from typing import Any

from contend.lab.handlers import ActionCtx, Args, MutationCtx, QueryCtx, action, mutation, query

_KEY = "one client"
_MOST = 1_000


async def _row(ctx: QueryCtx) -> dict[str, Any] | None:
    return await ctx.db.query("limits").with_index("by_key", lambda q: q.eq("key", _KEY)).unique()


@query
async def find(ctx: QueryCtx, args: Args) -> str | None:
    """The row's id."""
    row = await _row(ctx)
    return None if row is None else str(row["_id"])


@mutation
async def create(ctx: MutationCtx, args: Args) -> None:
    """A new row; its key must be new too."""
    if await _row(ctx) is not None:
        raise ValueError("there is such a key already")
    await ctx.db.insert("limits", {"key": _KEY, "count": 1})


@mutation
async def count(ctx: MutationCtx, args: Args) -> None:
    """One more request."""
    row = await ctx.db.get(args["row"])
    assert row is not None
    await ctx.db.patch(args["row"], {"count": row["count"] + 1})


@action
async def request(ctx: ActionCtx, args: Args) -> None:
    """A request as it was: looks in one transaction, writes in the next."""
    row = await ctx.run_query(find)
    if row is None:
        try:
            await ctx.run_mutation(create)
            return
        except Exception as error:
            if "already" not in str(error):
                raise
        row = await ctx.run_query(find)
    await ctx.run_mutation(count, {"row": row})


@mutation
async def decide(ctx: MutationCtx, args: Args) -> bool:
    """The whole decision in one transaction."""
    row = await _row(ctx)
    if row is None:
        await ctx.db.insert("limits", {"key": _KEY, "count": 1})
        return True
    if row["count"] >= _MOST:
        return False
    await ctx.db.patch(row["_id"], {"count": row["count"] + 1})
    return True
