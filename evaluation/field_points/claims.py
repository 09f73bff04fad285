"""A queue from whose head workers claim."""

from __future__ import annotations

from contend.lab.handlers import Args, MutationCtx, mutation


async def setup(ctx: MutationCtx) -> None:
    """600 waiting jobs, the first of each slot among them."""
    for number in range(600):
        await ctx.db.insert("jobs", {"status": "queued", "slot": number % 8})


@mutation
async def claim(ctx: MutationCtx, args: Args) -> str:
    """The oldest waiting job."""
    job = await ctx.db.query("jobs").with_index("by_status", lambda q: q.eq("status", "queued")).first()
    assert job is not None
    await ctx.db.patch(job["_id"], {"status": "running"})
    return str(job["_id"])


@mutation
async def claim_of_slot(ctx: MutationCtx, args: Args) -> str:
    """The oldest waiting job of the worker's own slot."""
    slot = int(args["index"])
    index = "by_slot_and_status"
    job = await ctx.db.query("jobs").with_index(index, lambda q: q.eq("slot", slot).eq("status", "queued")).first()
    assert job is not None
    await ctx.db.patch(job["_id"], {"status": "running"})
    return str(job["_id"])
