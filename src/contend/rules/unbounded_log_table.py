"""Rule `unbounded-log-table`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contend.model.findings import Finding, Fix, Impact, Pair, Severity
from contend.model.functions import Access, Function
from contend.rules.graph import AuditGraph, distinct
from contend.rules.growth import MANY, Growth, growing_tables
from contend.rules.report import helper_of, report
from contend.rules.rule import Case, Rule

FEWEST = 50.0  # rows a day that no user asks for, from which on a table is worth a word


class UnboundedLogTable(Rule):
    """A table takes in log rows on every request or event, and nothing removes them by age.

    ## What it does
    Finds tables of logs, events and rows that expire, which webhooks, timers, requests or other machinery insert into,
    and which nothing removes in time: there is no clean-up by age, or there is one that nothing schedules. Functions
    that delete rows along with their owner are named: they leave those of owners who stay.

    ## Why it conflicts
    It does not by itself. But everything that scans such a table gets slower by the day, so its transactions last
    longer and meet more writes; and the clean-up that comes one day has to delete thousands of rows at once, in
    conflict with all that still reads and writes there.

    ## Example
    ```ts
    export const log = internalMutation({
      args: { route: v.string() },
      handler: async (ctx, { route }) => {
        await ctx.db.insert("requestLogs", { route, at: Date.now() });
      },
    });
    ```

    ## Use instead
    Let a cron delete what is old, in bounded batches, through an index:

    ```ts
    export const prune = internalMutation({
      args: {},
      handler: async (ctx) => {
        const before = Date.now() - 30 * 24 * 60 * 60 * 1000;
        const old = await ctx.db
          .query("requestLogs")
          .withIndex("by_creation_time", (q) => q.lt("_creationTime", before))
          .take(500);
        for (const row of old) await ctx.db.delete(row._id);
        if (old.length === 500) await ctx.scheduler.runAfter(0, internal.logs.prune, {});
      },
    });
    ```

    ## When it stays quiet
    When a scheduled function deletes by age; when the rows are used up (claimed, consumed, deleted) about as fast as
    they come; when there is one row per something; when the rows are records that users work with; when few come in.

    ## Fix safety
    Deleted rows are gone: find out who reads old ones (reports, audits, law) before choosing the period. Archive first
    where somebody does.

    ## References
    - Cron jobs: https://docs.convex.dev/scheduling/cron-jobs
    - How much one transaction may read and write: https://docs.convex.dev/production/state/limits
    """

    name = "unbounded-log-table"

    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        for growth in growing_tables(graph, FEWEST):
            yield self._finding(graph, growth)

    def _finding(self, graph: AuditGraph, growth: Growth) -> Finding:
        (function, insert), table = growth.inserts[0], growth.table.name
        functions = list(dict.fromkeys(one for one, _ in growth.inserts))
        pairs = _met(graph, growth)
        heats = [graph.estimator.heats[one.id] for one in functions]
        cleaners = ", ".join(f"`{cleaner.path}`" for cleaner in growth.cleaners)
        wide = [pair for pair in pairs if pair.read.extent.reach == "whole"]
        return report(
            graph,
            self.name,
            function=function,
            cause=insert.span,
            text=insert.snippet,
            message=(
                f"adds {growth.nature.words} to `{table}`, which nothing removes"
                + (f" by age: {cleaners} would, but nothing starts it" if cleaners else _but_removers(growth))
            ),
            pairs=pairs,
            callers=tuple({c.span: c for one in functions[:5] for c in graph.origins(one.id)}.values()),
            static=(
                f"predicted {growth.rows_per_day:,.0f} new rows a day, inserted by {_listed(functions)}",
                f"no cron and no scheduled function reaches {cleaners}"
                if cleaners
                else "no function deletes rows by their age",
                *([_removed_by(growth)] if growth.removers else []),
                *([f"read as a whole at {_places(wide)}, which takes longer with every row"] if wide else []),
            ),
            predicted=Impact(  # rows that stay count as writes that need not have been
                writes_per_day=growth.rows_per_day,
                assumptions=tuple(dict.fromkeys(text for heat in heats for text in heat.assumptions))[:6],
            ),
            confidence="high" if growth.cleaners else "medium",
            table=table,
            functions=[one.id for one in functions],
            helper=helper_of(insert, function) if len(functions) > 1 else None,
            at_most=Severity.MEDIUM if growth.rows_per_day >= MANY else Severity.LOW,
            fixes=(_fix(growth),),
        )

    INVALID = (
        Case(
            "a row per webhook, and no clean-up",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ webhookEvents: defineTable({ kind: v.string(), body: v.string() }) });
""",
                "convex/events.ts": """
import { internalMutation, query } from "./_generated/server";
import { v } from "convex/values";
export const record = internalMutation({
  args: { kind: v.string(), body: v.string() },
  handler: async (ctx, args) => {
    await ctx.db.insert("webhookEvents", args);
  },
});
export const count = query({
  args: {},
  handler: async (ctx) => (await ctx.db.query("webhookEvents").collect()).length,
});
""",
                "convex/http.ts": """
import { httpRouter } from "convex/server";
import { httpAction } from "./_generated/server";
import { internal } from "./_generated/api";
const http = httpRouter();
http.route({
  path: "/hook",
  method: "POST",
  handler: httpAction(async (ctx, request) => {
    await ctx.runMutation(internal.events.record, { kind: "hook", body: await request.text() });
    return new Response();
  }),
});
export default http;
""",
            },
            expects=('ctx.db.insert("webhookEvents"',),
        ),
        Case(
            "a clean-up that nothing schedules",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ pageViews: defineTable({ page: v.string(), at: v.number() }).index("by_at", ["at"]) });
""",
                "convex/views.ts": """
import { internalMutation, mutation, query } from "./_generated/server";
import { v } from "convex/values";
export const add = mutation({
  args: { page: v.string() },
  handler: async (ctx, { page }) => {
    await ctx.db.insert("pageViews", { page, at: Date.now() });
  },
});
export const latest = query({
  args: {},
  handler: (ctx) => ctx.db.query("pageViews").order("desc").take(10),
});
export const cleanUpOldViews = internalMutation({
  args: {},
  handler: async (ctx) => {
    const before = Date.now() - 90 * 24 * 60 * 60 * 1000;
    const old = await ctx.db.query("pageViews").withIndex("by_at", (q) => q.lt("at", before)).take(200);
    for (const row of old) await ctx.db.delete(row._id);
  },
});
""",
                "src/Page.tsx": """
import { useEffect } from "react";
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Page({ page }: { page: string }) {
  const add = useMutation(api.views.add);
  useEffect(() => {
    void add({ page });
  }, [add, page]);
  return <p>{page}</p>;
}
""",
            },
            expects=('ctx.db.insert("pageViews"',),
        ),
    )

    VALID = (
        Case(
            "a cron cleans up",
            {
                **dict(INVALID[1].files),
                "convex/crons.ts": """
import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";
const crons = cronJobs();
crons.daily("old views", { hourUTC: 3, minuteUTC: 0 }, internal.views.cleanUpOldViews);
export default crons;
""",
            },
        ),
        Case(
            "business records stay",
            {
                path: text.replace("webhookEvents", "orders").replace("events.", "orders.").replace("kind", "number")
                for path, text in {
                    **{path: text for path, text in INVALID[0].files.items() if path != "convex/events.ts"},
                    "convex/orders.ts": INVALID[0].files["convex/events.ts"],
                }.items()
            },
            trap=True,
        ),
        Case(
            "the rows are used up",
            {
                **dict(INVALID[0].files),
                "convex/http.ts": INVALID[0]
                .files["convex/http.ts"]
                .replace(
                    "    return new Response();",
                    "    await ctx.runMutation(internal.events.use, {});\n    return new Response();",
                ),
                "convex/events.ts": INVALID[0].files["convex/events.ts"]
                + """export const use = internalMutation({
  args: {},
  handler: async (ctx) => {
    const event = await ctx.db.query("webhookEvents").first();
    if (event) await ctx.db.delete(event._id);
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "rows go with their owner, who is gone after a while, and by age",
            {
                **dict(INVALID[1].files),
                "convex/crons.ts": """
import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";
const crons = cronJobs();
crons.daily("old views", { hourUTC: 3, minuteUTC: 0 }, internal.views.cleanUpOldViews);
export default crons;
""",
                "convex/pages.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const remove = mutation({
  args: { page: v.string() },
  handler: async (ctx, { page }) => {
    const views = await ctx.db.query("pageViews").filter((q) => q.eq(q.field("page"), page)).collect();
    for (const view of views) await ctx.db.delete(view._id);
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "a click now and then",
            {
                **dict(INVALID[1].files),
                "convex/views.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const add = mutation({
  args: { page: v.string() },
  handler: async (ctx, { page }) => {
    await ctx.db.insert("pageViews", { page, at: Date.now() });
  },
});
""",
                "src/Page.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Page({ page }: { page: string }) {
  const add = useMutation(api.views.add);
  return <button onClick={() => add({ page })}>{page}</button>;
}
""",
            },
            trap=True,
        ),
    )


def _met(graph: AuditGraph, growth: Growth) -> tuple[Pair, ...]:
    """The pairs in which a new row enters what others read."""
    orders = {(function.id, insert.order) for function, insert in growth.inserts}
    found = (
        pair
        for id in dict.fromkeys(function.id for function, _ in growth.inserts)
        for pair in graph.pairs.of_writer(id)
        if (pair.writer, pair.write.order) in orders
    )
    return distinct(found)


def _but_removers(growth: Growth) -> str:
    """How far the message's "nothing removes" goes."""
    if not growth.removers:
        return " again"
    along = " with what they belong to" if growth.removed_with_a_parent else ""
    return f" by age: only {_listed(growth.removers)} delete{_s(growth.removers)} rows{along}"


def _removed_by(growth: Growth) -> str:
    names = _listed(growth.removers)
    if growth.removed_with_a_parent:
        return f"{names} delete{_s(growth.removers)} them along with what they belong to; those of what stays are kept"
    return f"{names} delete{_s(growth.removers)} some of them, not by age"


def _s(functions: Sequence[Function]) -> str:
    return "s" if len(functions) == 1 else ""


def _listed(functions: Sequence[Function]) -> str:
    shown = ", ".join(f"`{function.path}`" for function in functions[:3])
    return f"{shown} and {len(functions) - 3} more" if len(functions) > 3 else shown


def _places(pairs: Sequence[Pair]) -> str:
    return ", ".join(list(dict.fromkeys(str(pair.read.span) for pair in pairs))[:3])


def _fix(growth: Growth) -> Fix:
    table = growth.table.name
    removes = "the growth: scans of this table, and the transactions around them, stay as short as they are"
    if growth.cleaners:
        scans = any(_scans(cleaner, table) for cleaner in growth.cleaners)
        first = "; let it read through an index on the time, a bounded batch at a time, first" if scans else ""
        return Fix(
            f"schedule `{growth.cleaners[0].path}` in `crons.ts`{first}",
            "guided" if scans else "mechanical",
            removes,
            "the clean-up itself, which conflicts with what writes the rows that it deletes",
        )
    kept = growth.nature.period or "90 days"
    old = "rows that have expired" if kept == "until they expire" else f"rows older than {kept}"
    return Fix(
        f"let a cron delete {old}, a few hundred at a time, through an index on the time (`by_creation_time` will do)",
        "guided",
        removes,
        "the clean-up itself, which conflicts with what reads the oldest rows",
    )


def _scans(cleaner: Function, table: str) -> bool:
    def whole(read: Access) -> bool:
        return read.operation == "query" and table in read.tables and read.extent.reach == "whole"

    return any(whole(read) for read in cleaner.reads)
