"""The session app: a row per session, stamped by every request."""

from __future__ import annotations

from contend.lab.handlers import ActionCtx, Args, MutationCtx, QueryCtx, action, mutation, query


async def setup(ctx: MutationCtx) -> None:
    """One session for each user."""
    for user in range(ctx.params["users"]):
        await ctx.db.insert("sessions", {"token": f"session-{user}", "lastSeenAt": ctx.now})


@mutation
async def touch(ctx: MutationCtx, args: Args) -> None:
    """Stamps the session if its stamp is old enough: of any age, older than this request, or past a threshold."""
    row = await ctx.db.query("sessions").with_index("by_token", lambda q: q.eq("token", args["token"])).first()
    if row is None:
        return
    age_ms = args["now"] - row["lastSeenAt"]
    if age_ms > ctx.params["write_if_older_than_s"] * 1000:
        await ctx.db.patch(row["_id"], {"lastSeenAt": args["now"]})


@action
async def touch_in_action(ctx: ActionCtx, args: Args) -> None:
    """The same from an action: a transaction of its own, which conflicts like any other."""
    await ctx.run_mutation(touch, args)


@query
async def mine(ctx: QueryCtx, args: Args) -> str | None:
    """A live query of every tab. It reads the session's row to learn who asks, so each stamp runs it again."""
    row = await ctx.db.query("sessions").with_index("by_token", lambda q: q.eq("token", args["token"])).first()
    return None if row is None else str(row["token"])
