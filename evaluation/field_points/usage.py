"""One usage row that every call counts up."""

from __future__ import annotations

from contend.lab.handlers import Args, MutationCtx, mutation


async def setup(ctx: MutationCtx) -> dict[str, str]:
    """The row is there."""
    return {"row": await ctx.db.insert("usage", {"used": 0})}


@mutation
async def count(ctx: MutationCtx, args: Args) -> None:
    """Reads and writes it."""
    row = await ctx.db.get(args["row"])
    assert row is not None
    await ctx.db.patch(args["row"], {"used": row["used"] + 1})
