"""The onboarding app: a user's row holds the steps that are done, and when."""

from __future__ import annotations

from typing import Any

from contend.lab.handlers import Args, MutationCtx, QueryCtx, mutation, query


async def setup(ctx: MutationCtx) -> dict[str, Any]:
    """One user for each caller."""
    rows = [{"name": f"user {n}", "status": "new", "steps": {}} for n in range(ctx.params["users"])]
    return {"users": [await ctx.db.insert("users", row) for row in rows]}


@mutation
async def update_step(ctx: MutationCtx, args: Args) -> None:
    """Marks a step as done, now; again, if it is done already."""
    user = await ctx.db.get(args["user"])
    if user is None:
        return
    steps = {**user["steps"], args["step"]: True, f"{args['step']}At": ctx.now}
    await ctx.db.patch(args["user"], {"steps": steps, "status": "in_progress", "updatedAt": ctx.now})


@mutation
async def update_steps(ctx: MutationCtx, args: Args) -> None:
    """Marks several steps as done, in one write."""
    user = await ctx.db.get(args["user"])
    if user is None:
        return
    steps = dict(user["steps"])
    for step in args["steps"]:
        steps |= {step: True, f"{step}At": ctx.now}
    await ctx.db.patch(args["user"], {"steps": steps, "status": "in_progress", "updatedAt": ctx.now})


@query
async def me(ctx: QueryCtx, args: Args) -> dict[str, Any] | None:
    """What the page knows of its user: the steps with their times too, so each stamp makes a new result."""
    user = await ctx.db.get(args["user"])
    if user is None:
        return None
    return {"name": user["name"], "status": user["status"], "steps": user["steps"]}
