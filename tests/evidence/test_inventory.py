"""The inventory of small apps, read for real: its lists, mutations of several documents, and tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.evidence.inventory_apps import USERS, inventory, module, multi, page, table

from contend.evidence.inventory import build_inventory
from contend.model.app import Repository
from contend.model.inventory import Inventory


class TestLists:
    def test_functions_name_what_they_read_and_write_and_how_many_places_call_them(self, tmp_path: Path):
        found = inventory(
            tmp_path,
            {
                "convex/users.ts": USERS,
                "src/page.tsx": page("<button onClick={() => touch({ id })}/><i onClick={() => touch({ id })}/>"),
            },
        )
        touch = next(entry for entry in found.functions if entry.function == "users:touch")
        me = next(entry for entry in found.functions if entry.function == "users:me")
        assert (touch.kind, touch.internal, touch.reads, touch.writes, touch.callers) == (
            "mutation",
            False,
            (),
            ("users",),
            2,
        )
        assert (me.kind, me.reads, me.writes) == ("query", ("users",), ())

    def test_a_write_carries_its_fields_and_its_condition_in_the_words_of_the_source(self, tmp_path: Path):
        code = """
export const like = mutation({ args: { id: v.id("posts"), loud: v.boolean() }, handler: async (ctx, args) => {
  const post = await ctx.db.get(args.id);
  if (!post) return;
  if (args.loud) await ctx.db.patch(args.id, { text: post.text + "!" });
} });
"""
        (write,) = inventory(tmp_path, {"convex/posts.ts": module(code)}).writes
        assert (write.function, write.table, write.operation) == ("posts:like", "posts", "patch")
        assert write.fields == ("text",)
        assert write.guard == "post && args.loud"

    def test_code_that_runs_under_a_function_is_no_orphan_too(self, tmp_path: Path):
        code = """
function save(ctx: MutationCtx, id: Id<"posts">) { return ctx.db.patch(id, { text: "" }); }
export const clear = mutation({ args: { id: v.id("posts") }, handler: (ctx, { id }) => save(ctx, id) });
"""
        found = inventory(tmp_path, {"convex/posts.ts": module(code)})
        assert [(write.function, write.line) for write in found.writes] == [("posts:clear", found.writes[0].line)]

    def test_a_write_that_no_registered_function_reaches_has_no_function(self, tmp_path: Path):
        code = """
export async function forgotten(ctx: MutationCtx, id: Id<"posts">) { await ctx.db.patch(id, { text: "" }); }
"""
        imports = """
import type { MutationCtx } from "./_generated/server";
import type { Id } from "./_generated/dataModel";
"""
        (write,) = inventory(tmp_path, {"convex/helpers.ts": imports + code}).writes
        assert (write.function, write.table, write.operation) == (None, "posts", "patch")

    def test_an_access_whose_table_is_unknown_is_listed_with_a_reason(self, tmp_path: Path):
        code = """
export const wipe = mutation({ args: { id: v.any() }, handler: async (ctx, args) => {
  await ctx.db.delete(args.id);
} });
"""
        (entry,) = inventory(tmp_path, {"convex/any.ts": module(code)}).unresolved
        assert (entry.function, entry.operation) == ("any:wipe", "delete")
        assert entry.reason

    def test_a_cron_has_its_period(self, tmp_path: Path):
        crons = """
import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";
const crons = cronJobs();
crons.interval("tidy", { minutes: 5 }, internal.posts.tidy);
export default crons;
"""
        tidy = module("export const tidy = internalMutation({ handler: async (ctx) => {} });")
        (cron,) = inventory(tmp_path, {"convex/crons.ts": crons, "convex/posts.ts": tidy}).crons
        assert (cron.name, cron.function, cron.period_ms) == ("tidy", "posts:tidy", 300_000)


class TestMultiDocument:
    def test_atomic_is_not_free_of_conflicts_where_a_hot_function_writes_one_of_the_rows(self, tmp_path: Path):
        found = inventory(
            tmp_path,
            {
                "convex/users.ts": USERS,
                "src/page.tsx": page(
                    "<button onClick={() => changePlan({ id, plan: id })}/>",
                    "useEffect(() => { setInterval(() => touch({ id }), 1000); }, []);",
                ),
            },
        )
        entry = multi(found, "users:changePlan")
        assert entry.tables == ("plans", "users")
        assert entry.verdict != "safe"
        assert "users:touch (hot: " in entry.reason
        users = next(row for row in entry.rows if row.table == "users")
        assert [function for function, _ in users.hot_writers] == ["users:touch"]
        assert "timer every 1 s" in users.hot_writers[0][1]

    def test_without_a_hot_writer_it_is_safe_and_the_other_writers_are_still_named(self, tmp_path: Path):
        entry = multi(inventory(tmp_path, {"convex/users.ts": USERS}), "users:changePlan")
        assert entry.verdict == "safe"
        assert {row.table: set(row.other_writers) for row in entry.rows} == {
            "plans": set(),
            "users": {"users:saveStep", "users:touch", "users:rename"},
        }

    def test_nobody_calling_it_is_said(self, tmp_path: Path):
        entry = multi(inventory(tmp_path, {"convex/users.ts": USERS}), "users:changePlan")
        assert "nothing in this repository calls it" in entry.reason

    @pytest.mark.parametrize(
        "body",
        [
            "const old = await ctx.db.query('providers').withIndex('by_provider', q => q.eq('provider', a.p)).first();"
            "if (old) { await ctx.db.patch(old._id, { calls: 1 }); } else"
            " { await ctx.db.insert('providers', { provider: a.p, calls: 1 }); }",
            "const id = await ctx.db.insert('providers', { provider: a.p, calls: 1 });"
            "await ctx.db.patch(id, { calls: 2 });",
        ],
        ids=["insert or patch", "insert, then patch the same row"],
    )
    def test_one_document_in_each_run_is_not_several(self, tmp_path: Path, body: str):
        code = f"""
export const count = mutation({{ args: {{ p: v.string() }}, handler: async (ctx, a) => {{ {body} }} }});
"""
        assert inventory(tmp_path, {"convex/providers.ts": module(code)}).multi_document == ()

    def test_a_loop_writes_several_rows_of_one_table(self, tmp_path: Path):
        code = """
export const blank = mutation({ args: { ids: v.array(v.id("posts")) }, handler: async (ctx, { ids }) => {
  for (const id of ids) await ctx.db.patch(id, { text: "" });
} });
"""
        assert multi(inventory(tmp_path, {"convex/posts.ts": module(code)}), "posts:blank").tables == ("posts",)


class TestTables:
    LOG = """
export const log = mutation({ handler: async (ctx) => {
  await ctx.db.insert("deliveryLogs", { at: Date.now() });
} });
"""
    CLEAN = """
export const cleanup = internalMutation({ handler: async (ctx) => {
  const old = await ctx.db.query("deliveryLogs").withIndex("by_at", (q) => q.lt("at", Date.now() - 1000)).collect();
  for (const row of old) await ctx.db.delete(row._id);
} });
"""
    CRONS = """
import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";
const crons = cronJobs();
crons.daily("clean", { hourUTC: 1, minuteUTC: 0 }, internal.jobs.run);
export default crons;
"""
    RUN = """
export const run = internalAction({ handler: async (ctx) => {
  await ctx.runMutation(internal.logs.cleanup);
} });
"""

    def test_a_log_that_nothing_cleans_up(self, tmp_path: Path):
        entry = table(inventory(tmp_path, {"convex/logs.ts": module(self.LOG)}), "deliveryLogs")
        assert (entry.ttl, entry.proposed_period, entry.deletes) == ("none", "30 days", ())

    def test_a_clean_up_that_nothing_schedules(self, tmp_path: Path):
        entry = table(inventory(tmp_path, {"convex/logs.ts": module(self.LOG + self.CLEAN)}), "deliveryLogs")
        assert entry.ttl == "exists but never scheduled"
        assert entry.cleaners == ("logs:cleanup",)
        assert "reads the whole table" not in entry.reason
        assert entry.deletes == ("logs:cleanup",)
        assert "logs:cleanup" in entry.reason

    def test_a_clean_up_that_scans(self, tmp_path: Path):
        scan = self.CLEAN.replace('.withIndex("by_at", (q) => q.lt(', ".filter((q) => q.lt(q.field(").replace(
            '"at", Date', '"at"), Date'
        )
        entry = table(inventory(tmp_path, {"convex/logs.ts": module(self.LOG + scan)}), "deliveryLogs")
        assert "it reads the whole table to find them" in entry.reason

    def test_a_log_whose_writer_is_started_by_what_nobody_starts(self, tmp_path: Path):
        send = "export const send = internalAction({ handler: async (ctx) => ctx.runMutation(internal.logs.log) });"
        entry = table(inventory(tmp_path, {"convex/logs.ts": module(self.LOG + send)}), "deliveryLogs")
        assert entry.verdict == "safe"
        assert "nothing in this repository starts what inserts them" in entry.reason

    def test_a_clean_up_that_a_cron_reaches_through_an_action(self, tmp_path: Path):
        files = {
            "convex/logs.ts": module(self.LOG + self.CLEAN),
            "convex/jobs.ts": module(self.RUN),
            "convex/crons.ts": self.CRONS,
        }
        entry = table(inventory(tmp_path, files), "deliveryLogs")
        assert (entry.ttl, entry.proposed_period, entry.verdict) == ("scheduled", None, "safe")

    def test_emptying_a_table_is_no_clean_up(self, tmp_path: Path):
        wipe = """
export const wipe = mutation({ handler: async (ctx) => {
  for (const row of await ctx.db.query("deliveryLogs").collect()) await ctx.db.delete(row._id);
} });
"""
        entry = table(inventory(tmp_path, {"convex/logs.ts": module(self.LOG + wipe)}), "deliveryLogs")
        assert (entry.ttl, entry.deletes) == ("none", ("logs:wipe",))

    def test_what_goes_with_its_parent_is_told_but_is_no_clean_up(self, tmp_path: Path):
        forget = """
export const forget = mutation({ args: { at: v.number() }, handler: async (ctx, { at }) => {
  const rows = await ctx.db.query("deliveryLogs").withIndex("by_at", (q) => q.eq("at", at)).collect();
  for (const row of rows) await ctx.db.delete(row._id);
} });
"""
        show = """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export default function Forget({ at }) {
  const forget = useMutation(api.logs.forget);
  return <button onClick={() => forget({ at })} />;
}
"""
        for called, told in ((True, True), (False, False)):
            files = {"convex/logs.ts": module(self.LOG + forget), **({"src/forget.tsx": show} if called else {})}
            entry = table(inventory(tmp_path / str(called), files), "deliveryLogs")
            assert (entry.ttl, entry.deletes) == ("none", ("logs:forget",))
            assert ("logs:forget deletes rows, but not by age" in entry.reason) is told

    def test_one_row_per_filtered_value_is_not_made_once(self, tmp_path: Path):
        code = """
export const start = mutation({ args: { provider: v.string() }, handler: async (ctx, { provider }) => {
  const old = await ctx.db.query("providers").filter((q) => q.eq(q.field("provider"), provider)).first();
  if (old !== null) return;
  await ctx.db.insert("providers", { provider, calls: 0 });
} });
"""
        entry = table(inventory(tmp_path, {"convex/providers.ts": module(code)}), "providers")
        assert "one row per provider" in entry.reason

    def test_a_table_that_nothing_writes_does_not_grow(self, tmp_path: Path):
        entry = table(inventory(tmp_path, {"convex/users.ts": USERS}), "routingLogs")
        assert (entry.writers, entry.ttl, entry.proposed_period, entry.verdict) == ((), "not needed", None, "safe")
        assert entry.heat == "none: nothing writes it"

    def test_one_row_per_key_needs_no_expiry(self, tmp_path: Path):
        code = """
export const start = mutation({ args: { provider: v.string() }, handler: async (ctx, { provider }) => {
  const old = await ctx.db.query("providers").withIndex("by_provider", (q) => q.eq("provider", provider)).unique();
  if (old !== null) return;
  await ctx.db.insert("providers", { provider, calls: 0 });
} });
"""
        entry = table(inventory(tmp_path, {"convex/providers.ts": module(code)}), "providers")
        assert entry.ttl == "not needed"
        assert "one row per provider" in entry.reason

    def test_records_of_users_are_kept(self, tmp_path: Path):
        code = """
export const add = mutation({ args: { userId: v.id("users"), text: v.string() }, handler: async (ctx, args) => {
  await ctx.db.insert("posts", args);
} });
"""
        entry = table(inventory(tmp_path, {"convex/posts.ts": module(code)}), "posts")
        assert (entry.ttl, entry.proposed_period) == ("not needed", None)

    def test_rows_with_an_index_on_their_expiry_expire(self, tmp_path: Path):
        code = """
export const make = mutation({ args: { token: v.string() }, handler: async (ctx, { token }) => {
  await ctx.db.insert("loginTokens", { token, expiresAt: Date.now() + 60000 });
} });
"""
        entry = table(inventory(tmp_path, {"convex/tokens.ts": module(code)}), "loginTokens")
        assert (entry.ttl, entry.proposed_period) == ("none", "until they expire")

    def test_heat_comes_from_what_calls_the_writers(self, tmp_path: Path):
        found = inventory(
            tmp_path,
            {"convex/users.ts": USERS, "src/page.tsx": page("<button onClick={() => rename({ id, name: '' })}/>")},
        )
        assert table(found, "users").heat.startswith("medium: predicted about 100 writes a day, from `click` on ")


def test_the_same_app_gives_the_same_inventory_in_the_same_order(tmp_path: Path):
    files = {"convex/users.ts": USERS, "src/page.tsx": page("<button onClick={() => touch({ id })}/>")}
    assert inventory(tmp_path / "one", files) == inventory(tmp_path / "other", files)


def test_an_empty_repository_has_an_empty_inventory():
    assert build_inventory(Repository("", (), (), ())) == Inventory()
