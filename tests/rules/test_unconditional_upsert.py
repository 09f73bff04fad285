"""`unconditional-upsert`: which functions bring nothing new."""

from __future__ import annotations

from pathlib import Path

from tests.rules.rule_apps import findings_of

from contend.rules.unconditional_upsert import UnconditionalUpsert

RULE = "unconditional-upsert"
STORE = dict(UnconditionalUpsert.INVALID[1].files)
CLOSE = STORE["convex/plans.ts"].replace(
    "    const row = await ctx.db\n",
    """    const order = await ctx.db.query("orders").first();
    if (!order || order.state !== "open") return;
    await ctx.db.patch(order._id, { state: "closed" });
    const row = await ctx.db
""",
    1,
)
ECHOED = """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Page({ args }) {
  const save = useMutation(api.plans.save);
  return <button onClick={() => save(args)}>Save</button>;
}
"""


def test_what_follows_a_change_of_state_is_new(tmp_path: Path) -> None:
    assert findings_of({**STORE, "convex/plans.ts": CLOSE}, tmp_path, RULE) == ()


def test_a_webhook_that_brings_back_what_users_wrote_is_reported(tmp_path: Path) -> None:
    """`plan.updated` is no news where the app has just written the plan itself."""
    [announced] = [case for case in UnconditionalUpsert.VALID if "very row" in case.title]
    plans = announced.files["convex/plans.ts"]
    body = plans[plans.index("  handler: async (ctx, args) => {") : plans.index("  },\n});")]
    shared = body.replace("  handler: async (ctx, args) => {", "async function store(ctx, args) {") + "}\n"
    both = plans.replace(body + "  },", "  handler: (ctx, args) => store(ctx, args),").replace(
        "{ internalMutation }", "{ internalMutation, mutation }"
    )
    saved = both[both.index("export const sync") :].replace("sync", "save").replace("internalMutation", "mutation")
    files = {**announced.files, "convex/plans.ts": both + saved + shared}
    assert findings_of(files, tmp_path / "alone", RULE) == ()
    assert (
        len(
            findings_of(
                {
                    **files,
                    "src/Page.tsx": ECHOED,
                    "package.json": files["package.json"].replace("}}", ', "react": "19.0.0"}}'),
                },
                tmp_path / "echoed",
                RULE,
            )
        )
        == 1
    )


JOB = """
import { internalAction, internalQuery } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
export const known = internalQuery({
  args: { external: v.string() },
  handler: (ctx, args) =>
    ctx.db.query("plans").withIndex("by_external", (q) => q.eq("external", args.external)).unique(),
});
export const run = internalAction({
  args: {},
  handler: async (ctx) => {
    for (const { external, status } of await (await fetch("https://example.invalid")).json()) {
      ASK
      await ctx.runMutation(internal.plans.sync, { external, status });
    }
  },
});
"""
CRONS = """
import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";
const crons = cronJobs();
crons.hourly("plans", { minuteUTC: 0 }, internal.job.run);
export default crons;
"""


def test_a_job_that_asks_first_which_rows_there_are_repeats_none(tmp_path: Path) -> None:
    files = {path: text for path, text in STORE.items() if path != "convex/http.ts"} | {"convex/crons.ts": CRONS}
    ask = "if (await ctx.runQuery(internal.job.known, { external })) continue;"
    assert len(findings_of({**files, "convex/job.ts": JOB.replace("ASK", "")}, tmp_path / "blind", RULE)) == 1
    assert findings_of({**files, "convex/job.ts": JOB.replace("ASK", ask)}, tmp_path / "asks", RULE) == ()
