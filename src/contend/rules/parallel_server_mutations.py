"""Rule `parallel-server-mutations`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from contend.model.callers import Caller
from contend.model.findings import Finding, Fix, Severity
from contend.model.functions import Access, Function
from contend.model.places import Span
from contend.rules.graph import AuditGraph, distinct
from contend.rules.report import report
from contend.rules.rule import Case, Rule
from contend.rules.unbatched_sequence import common_row
from contend.rules.volleys import Volley, at_once, differing, in_catch, is_trial, row_of, source_of, volley

_SERVER = frozenset({"http", "action", "node-action"})


_JOBS = {
    "package.json": '{"dependencies": {"convex": "1.31.0"}}',
    "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  jobs: defineTable({ done: v.number() }),
  results: defineTable({ jobId: v.id("jobs"), url: v.string() }),
});
""",
}


class ParallelServerMutations(Rule):
    """One action or server handler starts many mutations at once that meet on the same row.

    ## What it does
    Finds calls of a mutation that an action, an HTTP action or a server handler makes side by side (`Promise.all` over
    a list, calls in a loop that nobody awaits) where the row that the mutation writes, or the range that it reads, does
    not depend on the item; and different calls of one `Promise.all([…])` that write the same row.

    ## Why it conflicts
    Each call is a transaction of its own. From an action, and over HTTP with a client per call, they run at the same
    time: all read the row, one commits, the others are thrown away and tried again, up to four times. Ten that start
    within 5 ms and last 50 ms each cost 21 retries, and one in forty of them is lost for good: the action fails
    halfway.

    ## Example
    ```ts
    await Promise.all(items.map((item) => ctx.runMutation(internal.jobs.finish, { jobId, item })));
    // finish inserts the item and raises job.done
    ```

    ## Use instead
    ```ts
    await ctx.runMutation(internal.jobs.finishAll, { jobId, items });
    ```

    ## When it stays quiet
    When each call writes rows of its own, found by what differs between the calls; over one WebSocket, whose mutations
    the server runs in order; over one HTTP client, which queues them; when the loop awaits each call; and for queries.

    ## Fix safety
    One mutation is all or nothing, and may write 16,000 documents in a second. Above that, batches of some hundreds,
    one after another. An item that fails then fails its batch: check it before the call.

    ## References
    - Mutations are transactions: https://docs.convex.dev/functions/mutation-functions#transactions
    - Calls from actions, each a transaction: https://docs.convex.dev/functions/actions
    - Retries: convex-backend, crates/application/src/application_function_runner/mod.rs
    """

    name = "parallel-server-mutations"
    preview = True  # most of what independent readers judged was wrong, or stood in one app: docs/accuracy.md

    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        found: dict[Span, list[Volley]] = defaultdict(list)
        for caller in graph.app.callers:
            if not _starts_side_by_side(caller):
                continue
            function = graph.functions.get(caller.function)
            source = source_of(graph, caller) if function is not None and function.kind == "mutation" else None
            if function is None or source is None or _one_each(caller):
                continue
            one = volley(graph, caller, function, differing(graph, caller, source))
            if one is not None and (one.certain or caller.trigger.kind != "event"):
                found[caller.span].append(one)
        for volleys in found.values():
            yield self._finding(graph, volleys)
        yield from self._side_by_side(graph)

    def _side_by_side(self, graph: AuditGraph) -> Iterator[Finding]:
        """Different calls of one `Promise.all([…])`."""
        groups: dict[tuple[Span, str], list[Caller]] = defaultdict(list)
        for caller in graph.app.callers:
            if _starts_side_by_side(caller) and _one_each(caller):
                groups[_loop(caller), caller.from_function or caller.trigger.entry].append(caller)
        told: set[Span] = set()
        for callers in groups.values():
            callers = list({caller.span: caller for caller in callers}.values())
            meeting = [(a, b, row) for a, b in combinations(callers, 2) if (row := common_row(graph, a, b)) is not None]
            if meeting and meeting[0][1].span not in told:
                told.add(meeting[0][1].span)
                yield self._two(graph, *meeting[0])

    def _two(self, graph: AuditGraph, first: Caller, second: Caller, row: tuple[Access, Access]) -> Finding:
        one, other = graph.functions[first.function], graph.functions[second.function]
        table = row[1].table
        pairs = [
            pair
            for victim, writer in ((one, other), (other, one))
            for pair in graph.pairs.of_victim(victim.id)
            if pair.writer == writer.id and pair.kind == "conflict" and pair.table == table
        ]
        predicted = at_once(graph, second, other, 2)
        names = " and ".join(dict.fromkeys((one.path, other.path)))
        return report(
            graph,
            self.name,
            function=other,
            cause=second.span,
            text=first.snippet + second.snippet,
            message=f"{names} start at once and both write the same `{table}` row",
            pairs=distinct(pairs),
            callers=(first, second),
            static=(
                f"the calls at {first.span} and {second.span} do not wait for each other",
                f"both write one `{table}` row",
                _travel(second),
            ),
            predicted=predicted,
            table=table,
            functions=[one.id, other.id],
            at_most=Severity.LOW if is_trial(second.span.file) else None,
            fixes=(
                Fix(
                    "one mutation that does both",
                    "guided",
                    f"{one.path} × {other.path} within one event",
                    "other events on the same row",
                ),
                Fix(
                    "await the first before the second",
                    "mechanical",
                    f"{one.path} × {other.path} within one event",
                    "two writes of the row instead of one",
                ),
            ),
        )

    def _finding(self, graph: AuditGraph, volleys: Sequence[Volley]) -> Finding:
        worst = max(volleys, key=lambda one: (one.certain, one.impact.retries_per_day))
        caller, function = worst.caller, worst.function
        certain = any(one.certain for one in volleys)
        what = row_of(worst)
        known = any(loop.bound is not None for loop in caller.loops)
        many = f"{worst.calls}" if known else f"about {worst.calls}"
        perhaps = "" if certain else ", where the items have one parent"
        return report(
            graph,
            self.name,
            function=function,
            cause=caller.span,
            text=caller.snippet,
            message=f"{many} calls of {function.path} start at once and all {what}{perhaps}",
            pairs=worst.pairs,
            callers=tuple(one.caller for one in volleys),
            static=(
                f"the calls at {caller.span} do not wait for each other (loop at {_loop(caller)})",
                f"they all {what}{perhaps}: {_reason(worst)}",
                _travel(caller),
            ),
            predicted=worst.impact,
            confidence="high" if certain else "medium",
            table=worst.pairs[0].table,
            functions=[one.function.id for one in volleys],
            at_most=Severity.LOW if is_trial(caller.span.file) else None if certain else Severity.HIGH,
            fixes=_fixes(function),
        )

    INVALID = (
        Case(
            "an action reports every item to one job at once",
            {
                **_JOBS,
                "convex/jobs.ts": """
import { action, internalMutation } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
export const finish = internalMutation({
  args: { jobId: v.id("jobs"), url: v.string() },
  handler: async (ctx, { jobId, url }) => {
    await ctx.db.insert("results", { jobId, url });
    const job = await ctx.db.get(jobId);
    if (job) await ctx.db.patch(jobId, { done: job.done + 1 });
  },
});
export const crawl = action({
  args: { jobId: v.id("jobs"), urls: v.array(v.string()) },
  handler: async (ctx, { jobId, urls }) => {
    await Promise.all(
      urls.map(async (url) => {
        await fetch(url);
        await ctx.runMutation(internal.jobs.finish, { jobId, url });
      }),
    );
  },
});
""",
            },
            expects=("internal.jobs.finish",),
        ),
        Case(
            "a server function saves items of one order with a client per call",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "next": "15.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  lines: defineTable({ order: v.string(), sku: v.string(), at: v.number() }).index("by_order", ["order"]),
});
""",
                "convex/orders.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const addLine = mutation({
  args: { order: v.string(), sku: v.string() },
  handler: async (ctx, args) => {
    const lines = await ctx.db.query("lines").withIndex("by_order", (q) => q.eq("order", args.order)).collect();
    await ctx.db.insert("lines", { order: args.order, sku: args.sku, at: lines.length });
  },
});
""",
                "app/api/orders/route.ts": """
import { fetchMutation } from "convex/nextjs";
import { api } from "../../../convex/_generated/api";
export async function POST(request: Request) {
  const { order, skus } = await request.json();
  await Promise.all(skus.map((sku: string) => fetchMutation(api.orders.addLine, { order, sku })));
  return Response.json({ ok: true });
}
""",
            },
            expects=("fetchMutation(api.orders.addLine",),
        ),
        Case(
            "two mutations of one row in a Promise.all",
            {
                **_JOBS,
                "convex/jobs.ts": """
import { action, internalMutation } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
export const setDone = internalMutation({
  args: { jobId: v.id("jobs"), done: v.number() },
  handler: (ctx, args) => ctx.db.patch(args.jobId, { done: args.done }),
});
export const reset = internalMutation({
  args: { jobId: v.id("jobs") },
  handler: (ctx, args) => ctx.db.replace(args.jobId, { done: 0 }),
});
export const run = action({
  args: { jobId: v.id("jobs") },
  handler: async (ctx, { jobId }) => {
    await Promise.all([
      ctx.runMutation(internal.jobs.reset, { jobId }),
      ctx.runMutation(internal.jobs.setDone, { jobId, done: 1 }),
    ]);
  },
});
""",
            },
            expects=("internal.jobs.setDone",),
        ),
    )

    VALID = (
        Case(
            "each call has a row of its own",
            {
                **dict(INVALID[0].files),
                "convex/jobs.ts": """
import { action, internalMutation } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
export const finish = internalMutation({
  args: { jobId: v.id("jobs") },
  handler: async (ctx, { jobId }) => {
    const job = await ctx.db.get(jobId);
    if (job) await ctx.db.patch(job._id, { done: job.done + 1 });
  },
});
export const finishAll = action({
  args: { jobs: v.array(v.id("jobs")) },
  handler: async (ctx, { jobs }) => {
    await Promise.all(jobs.map((jobId) => ctx.runMutation(internal.jobs.finish, { jobId })));
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "one after another",
            {
                **dict(INVALID[0].files),
                "convex/jobs.ts": INVALID[0]
                .files["convex/jobs.ts"]
                .replace("await Promise.all(\n      urls.map(async (url) => {", "for (const url of urls) {")
                .replace("      }),\n    );", "      }"),
            },
            trap=True,
        ),
        Case(
            "one HTTP client queues what it is given",
            {
                **dict(INVALID[1].files),
                "app/api/orders/route.ts": """
import { ConvexHttpClient } from "convex/browser";
import { api } from "../../../convex/_generated/api";
const client = new ConvexHttpClient(process.env.CONVEX_URL!);
export async function POST(request: Request) {
  const { order, skus } = await request.json();
  await Promise.all(skus.map((sku: string) => client.mutation(api.orders.addLine, { order, sku })));
  return Response.json({ ok: true });
}
""",
            },
            trap=True,
        ),
    )


def _starts_side_by_side(caller: Caller) -> bool:
    if caller.client not in _SERVER or caller.queued or caller.trigger.kind == "script" or in_catch(caller):
        return False
    return any(loop.parallel for loop in caller.loops)


def _one_each(caller: Caller) -> bool:
    """Whether the parallel loop is an array of different calls, each made once: `Promise.all([a(), b()])`."""
    return all(loop.over.constant is not None for loop in caller.loops if loop.parallel)


def _loop(caller: Caller) -> Span:
    return next(loop.span for loop in reversed(caller.loops) if loop.parallel)


def _reason(found: Volley) -> str:
    pair = found.pairs[0]
    keys = [f"`{key.field}` = {key.value.text}" for key in pair.read.keys if key.operator == "eq"]
    if not keys:
        return "they read it whole"
    return f"found by {' and '.join(keys)}, which {'does' if found.certain else 'may'} not differ between the calls"


def _travel(caller: Caller) -> str:
    if caller.client == "http":
        return "over HTTP with a client per call: nothing keeps them in order, and each has five attempts"
    return "called by an action: each is a transaction of its own with five attempts"


def _fixes(function: Function) -> tuple[Fix, ...]:
    name = f"{function.path} × itself"
    return (
        Fix(
            "one mutation that takes the whole list and writes the shared row once",
            "guided",
            f"{name} within one event",
            "other events on the same row; above some thousand items, batches one after another",
        ),
        Fix(
            "await the calls one after another",
            "mechanical",
            f"{name} within one event",
            "as many writes of the row as there are items, each of which re-runs the live queries on it",
        ),
    )
