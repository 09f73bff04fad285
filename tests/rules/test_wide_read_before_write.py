"""`wide-read-before-write`: reads that cover no more than they need, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

from tests.rules.rule_apps import findings_of

RULE = "wide-read-before-write"
APP = {
    "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
    "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  replies: defineTable({ thread: v.string(), parent: v.string(), rank: v.number(), slug: v.string(), text: v.string() })
    .index("by_thread_parent", ["thread", "parent"]),
  worlds: defineTable({ main: v.boolean(), status: v.string(), seen: v.number() }),
});
""",
    "src/Page.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Page({ args }) {
  const add = useMutation(api.rows.add);
  const edit = useMutation(api.rows.edit);
  return <input onChange={() => edit(args)} onMouseMove={() => add(args)} />;
}
""",
}


def rows(add: str, edit: str, more: str = "") -> dict[str, str]:
    return {
        **APP,
        "convex/rows.ts": f"""
import {{ mutation }} from "./_generated/server";
import {{ v }} from "convex/values";
export const add = mutation({{
  args: {{ thread: v.string(), parent: v.string(), text: v.string() }},
  handler: async (ctx, args) => {{{add}}},
}});
export const edit = mutation({{
  args: {{ id: v.string(), text: v.string() }},
  handler: async (ctx, args) => {{{edit}}},
}});
{more}
""",
    }


LARGEST = """
    const all = await ctx.db.query("replies").withIndex("by_thread_parent", (q) => RANGE).collect();
    const rank = all.reduce((most, one) => Math.max(most, one.rank), 0) + 1;
    await ctx.db.insert("replies", { ...args, rank });
"""
REWORD = 'await ctx.db.patch(args.id as Id<"replies">, { text: args.text });'


def test_a_range_of_two_keys_is_narrow_enough(tmp_path: Path) -> None:
    one = LARGEST.replace("RANGE", 'q.eq("thread", args.thread)')
    assert len(findings_of(rows(one, REWORD), tmp_path / "one", RULE)) == 1
    two = LARGEST.replace("RANGE", 'q.eq("thread", args.thread).eq("parent", args.parent)')
    assert findings_of(rows(two, REWORD), tmp_path / "two", RULE) == ()


STOP = """
    const all = await ctx.db.query("worlds").collect();
    for (const world of all) {
      if (world.status !== "running") continue;
      await ctx.db.patch(world._id, { status: "idle" });
    }
"""
SEEN = 'await ctx.db.patch(args.id as Id<"worlds">, { seen: Date.now() });'


def test_a_table_of_one_row_has_no_other_rows(tmp_path: Path) -> None:
    make = """
export const init = mutation({
  args: {},
  handler: async (ctx) => {
    const found = await ctx.db.query("worlds").filter((q) => q.eq(q.field("main"), WHAT)).first();
    if (found) return;
    await ctx.db.insert("worlds", { main: true, status: "running", seen: 0 });
  },
});
"""
    assert findings_of(rows(STOP, SEEN, make.replace("WHAT", "true")), tmp_path / "one", RULE) == ()
    several = make.replace("args: {}", "args: { main: v.boolean() }").replace("(ctx)", "(ctx, args)")
    assert len(findings_of(rows(STOP, SEEN, several.replace("WHAT", "args.main")), tmp_path / "many", RULE)) == 1


def test_who_asks_of_each_whether_it_is_there_wants_all(tmp_path: Path) -> None:
    fill = """
    const have = new Set((await ctx.db.query("replies").collect()).map((one) => one.rank));
    for (let rank = 0; rank < 64; rank++) {
      if (!have.has(rank)) await ctx.db.insert("replies", { ...args, rank });
    }
"""
    assert findings_of(rows(fill, REWORD), tmp_path, RULE) == ()


def test_a_function_that_reads_twice_through_a_helper_is_one(tmp_path: Path) -> None:
    helper = """
async function rankOf(ctx, thread) {
  return await ctx.db.query("replies").filter((q) => q.eq(q.field("thread"), thread)).first();
}
"""
    twice = """
    const one = await rankOf(ctx, args.thread);
    const other = await rankOf(ctx, args.parent);
    await ctx.db.insert("replies", { ...args, rank: (one?.rank ?? 0) + (other?.rank ?? 0) });
"""
    [finding] = findings_of(rows(twice, REWORD, helper), tmp_path, RULE)
    assert not any("mutations read through this place" in text for text in finding.static)


def test_calls_written_out_in_a_promise_all_are_no_loop(tmp_path: Path) -> None:
    """Only a loop over items makes what a lookup in vain reads grow with their square."""
    find = """
    const one = await ctx.db.query("replies").withIndex("by_thread_parent", (q) => q.eq("thread", args.thread))
      .filter((q) => q.eq(q.field("slug"), args.text)).first();
    if (!one) await ctx.db.insert("replies", { ...args, rank: 0 });
"""
    route = """
import { httpRouter } from "convex/server";
import { httpAction } from "./_generated/server";
import { api } from "./_generated/api";
const http = httpRouter();
http.route({ path: "/hook", method: "POST", handler: httpAction(async (ctx, request) => {
  const found = await request.json();
  CALLS
  return new Response();
}) });
export default http;
"""
    both = "await Promise.all([ctx.runMutation(api.rows.add, found.a), ctx.runMutation(api.rows.edit, found.b)]);"
    each = "for (const one of found) await ctx.runMutation(api.rows.add, one);"
    for name, calls, looping in (("both", both, False), ("each", each, True)):
        files = {**rows(find, REWORD), "convex/http.ts": route.replace("CALLS", calls)}
        [finding] = findings_of(files, tmp_path / name, RULE)
        assert any("a loop runs it once per item" in text for text in finding.static) is looping
