"""Rule `shared-counter`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from contend.model.callers import Caller
from contend.model.findings import Finding, Fix, Pair, Sharing
from contend.rules.counted_work import beside_work, mistaken_failures
from contend.rules.graph import AuditGraph, distinct
from contend.rules.report import helper_of, priced, report
from contend.rules.rows import row_in_words
from contend.rules.rule import Case, Rule
from contend.rules.shared_counts import Count, counted_twice, related, shared_counts
from contend.rules.stamps import mentions_field, stamps_in


class SharedCounter(Rule):
    """Unrelated calls count on one row that they all share.

    ## What it does
    Finds writes that add to, subtract from or average into a field of a row (`n: doc.n + 1`) where the row is shared:
    by the whole app, a tenant, an API key, a provider. Circuit breakers, usage counts, quotas, votes and totals are of
    this kind. Also reports a request that counts the same thing twice.

    ## Why it conflicts
    The new value depends on the old one, so every call reads and writes the same row. Of calls that overlap, one
    commits; all others are thrown away with whatever else they did, and run again. The more the app is used, the more
    of its work is done twice. A call that uses up its attempts fails, and with it the transaction that it was only
    meant to count.

    ## Example
    ```ts
    const health = await ctx.db
      .query("providerHealth")
      .withIndex("by_provider", (q) => q.eq("provider", args.provider))
      .unique();
    await ctx.db.patch(health._id, { successes: health.successes + 1 });
    ```

    ## Use instead
    Add a row per event, which meets nobody, and fold the rows into the total now and then:

    ```ts
    await ctx.db.insert("providerEvents", { provider: args.provider, ok: true });
    // a cron takes 500 events, adds them up, patches the total once and deletes them
    ```

    Where the total must be right at every moment, spread it over shards (`@convex-dev/sharded-counter`).

    ## When it stays quiet
    When one user or session alone writes the row; when the write also stores news from its caller (then the count is
    not what makes it write); when it is the version of an edited document, the attempts of a job or the row of a rate
    limiter; when only the run gets there whose lease the row holds; when it tells how often a job failed at that row;
    when nobody but crons, scripts or administrators get there; and when a loop starts all the calls.

    ## Fix safety
    A folded total lags behind by up to the period of the fold. A quota that must be exact needs shards with a limit
    each, or stays as it is.

    ## References
    - Optimistic concurrency control: https://docs.convex.dev/database/advanced/occ
    - Sharded counter: https://www.convex.dev/components/sharded-counter
    - `patch` reads its row: convex-backend, crates/database/src/transaction.rs
    """

    name = "shared-counter"

    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        for counts in related(shared_counts(graph)):
            twice = counted_twice(graph, counts)
            finding = self._finding(graph, counts, twice)
            if finding is not None:
                yield finding

    def _finding(
        self, graph: AuditGraph, counts: Sequence[Count], twice: tuple[Caller, Caller] | None
    ) -> Finding | None:
        pairs, predicted = priced(
            graph, distinct(pair for count in counts for pair in graph.pairs_on(count.function, count.access))
        )
        worst = max(counts, key=lambda count: _retries(graph, pairs, count.function.id))
        function, access = worst.function, worst.access
        callers = [caller for count in counts for caller in graph.callers(count.function.id)]
        callers.sort(key=lambda caller: -_calls_per_day(graph, caller))
        spent = beside_work(callers)
        callers = [*spent, *(caller for caller in callers if caller not in spent)]
        fields = ", ".join(f"`{name}`" for name in worst.fields)
        others = [count for count in counts if count.access.span != access.span]
        message = f"counts {fields} on {row_in_words(function, access, worst.sharing)}, which every call writes anew"
        cause, text, fixes = access.span, access.snippet, _fixes(worst, fields, others, spent)
        static = [
            f"the new {fields} {'are' if '`, `' in fields else 'is'} made from what is stored, so calls that overlap "
            "cannot both commit",
            *([f"other counts on the same row: {_places(others)}"] if others else []),
            *mistaken_failures(spent),
        ]
        helper = helper_of(access, function)
        if twice is not None:
            first, second = twice
            where = second.trigger.detail or second.scope
            function, helper = graph.functions[second.function], None
            cause, text = second.span, second.snippet
            needless = _calls_per_day(graph, second)
            predicted = replace(predicted, writes_per_day=predicted.writes_per_day + needless)
            message = (
                f"`{where}` counts {fields} on the same `{access.table}` row twice (first at line {first.span.line}): "
                "the count runs at double speed, and each call writes the row twice"
            )
            static.insert(0, f"calls: {first.span}, {second.span}{_awaited(second)}; both add to {fields}")
            fixes = (_drop(second), *fixes)
            callers = [first, second, *(caller for caller in callers if caller not in (first, second))]
        return report(
            graph,
            self.name,
            function=function,
            cause=cause,
            text=text,
            message=message,
            pairs=pairs,
            callers=callers or graph.origins(function.id),
            static=static,
            predicted=predicted,
            confidence="medium" if worst.sharing is Sharing.UNKNOWN else "high",
            table=access.table,
            functions=[count.function.id for count in counts],
            helper=helper,
            fixes=fixes,
        )

    INVALID = (
        Case(
            "a circuit breaker's row per provider, written within the try of the paid call",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  providerHealth: defineTable({ provider: v.string(), successes: v.number(), failures: v.number(), at: v.number() })
    .index("by_provider", ["provider"]),
});
""",
                "convex/health.ts": """
import { internalMutation } from "./_generated/server";
import { v } from "convex/values";
export const succeeded = internalMutation({
  args: { provider: v.string() },
  handler: async (ctx, args) => {
    const health = await ctx.db
      .query("providerHealth")
      .withIndex("by_provider", (q) => q.eq("provider", args.provider))
      .first();
    if (!health) return;
    await ctx.db.patch(health._id, { successes: health.successes + 1, at: Date.now() });
  },
});
""",
                "convex/answers.ts": """
import { action } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
export const ask = action({
  args: { text: v.string() },
  handler: async (ctx, { text }) => {
    for (const provider of ["one", "two"]) {
      try {
        const answer = await fetch("https://" + provider + ".invalid", { method: "POST", body: text });
        await ctx.runMutation(internal.health.succeeded, { provider });
        return await answer.text();
      } catch (error) {
        console.warn(provider, error);
      }
    }
    return null;
  },
});
""",
                "src/Ask.tsx": """
import { useAction } from "convex/react";
import { api } from "../convex/_generated/api";
export function Ask({ text }: { text: string }) {
  const ask = useAction(api.answers.ask);
  return <button onClick={() => ask({ text })}>Ask</button>;
}
""",
            },
            expects=("ctx.db.patch(health._id",),
        ),
        Case(
            "a view counter for the whole app",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  totals: defineTable({ name: v.string(), value: v.number() }).index("by_name", ["name"]),
});
""",
                "convex/views.ts": """
import { mutation } from "./_generated/server";
export const view = mutation({
  args: {},
  handler: async (ctx) => {
    const total = await ctx.db.query("totals").withIndex("by_name", (q) => q.eq("name", "views")).unique();
    if (total) {
      await ctx.db.patch(total._id, { value: total.value + 1 });
    } else {
      await ctx.db.insert("totals", { name: "views", value: 1 });
    }
  },
});
""",
                "src/Page.tsx": """
import { useEffect } from "react";
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Page() {
  const view = useMutation(api.views.view);
  useEffect(() => {
    void view();
  }, [view]);
  return <p>page</p>;
}
""",
            },
            expects=("ctx.db.patch(total._id",),
        ),
        Case(
            "a route counts the use of an API key twice",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "next": "15.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ apiKeys: defineTable({ hash: v.string(), uses: v.number() }) });
""",
                "convex/keys.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const check = mutation({
  args: { key: v.id("apiKeys") },
  handler: async (ctx, args) => {
    const key = await ctx.db.get(args.key);
    if (!key || key.uses >= 100) return false;
    await ctx.db.patch(args.key, { uses: key.uses + 1 });
    return true;
  },
});
export const record = mutation({
  args: { key: v.id("apiKeys") },
  handler: async (ctx, args) => {
    const key = await ctx.db.get(args.key);
    if (key) await ctx.db.patch(args.key, { uses: key.uses + 1 });
  },
});
""",
                "app/api/items/route.ts": """
import { fetchMutation } from "convex/nextjs";
import { api } from "../../../convex/_generated/api";
export async function POST(request: Request) {
  const { key } = await request.json();
  if (!(await fetchMutation(api.keys.check, { key }))) return new Response("slow down", { status: 429 });
  fetchMutation(api.keys.record, { key }).catch(() => {});
  return new Response("ok");
}
""",
            },
            expects=("fetchMutation(api.keys.record",),
        ),
    )

    VALID = (
        Case(
            "a counter that one user alone writes",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  streaks: defineTable({ userId: v.string(), days: v.number() }).index("by_user", ["userId"]),
});
""",
                "convex/streaks.ts": """
import { mutation } from "./_generated/server";
export const add = mutation({
  args: {},
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    if (!identity) throw new Error("sign in first");
    const streak = await ctx.db
      .query("streaks")
      .withIndex("by_user", (q) => q.eq("userId", identity.subject))
      .unique();
    if (streak) await ctx.db.patch(streak._id, { days: streak.days + 1 });
  },
});
""",
                "src/Day.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Day() {
  const add = useMutation(api.streaks.add);
  return <button onClick={() => add()}>Done for today</button>;
}
""",
            },
            trap=True,
        ),
        Case(
            "a migration that renumbers, run by hand",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ totals: defineTable({ value: v.number() }) });
""",
                "convex/migrations.ts": """
import { internalMutation } from "./_generated/server";
export const double = internalMutation({
  args: {},
  handler: async (ctx) => {
    const total = await ctx.db.query("totals").first();
    if (total) await ctx.db.patch(total._id, { value: total.value * 2 });
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "a row per event, folded by a cron",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  totals: defineTable({ value: v.number() }),
  events: defineTable({ amount: v.number() }),
});
""",
                "convex/views.ts": """
import { internalMutation, mutation } from "./_generated/server";
export const view = mutation({
  args: {},
  handler: async (ctx) => {
    await ctx.db.insert("events", { amount: 1 });
  },
});
export const fold = internalMutation({
  args: {},
  handler: async (ctx) => {
    const total = await ctx.db.query("totals").first();
    const events = await ctx.db.query("events").take(500);
    if (!total) return;
    for (const event of events) await ctx.db.delete(event._id);
    await ctx.db.patch(total._id, { value: total.value + events.length });
  },
});
""",
                "convex/crons.ts": """
import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";
const crons = cronJobs();
crons.interval("fold", { minutes: 1 }, internal.views.fold);
export default crons;
""",
                "src/Page.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Page() {
  const view = useMutation(api.views.view);
  return <button onClick={() => view()}>View</button>;
}
""",
            },
            trap=True,
        ),
    )


def _retries(graph: AuditGraph, pairs: Sequence[Pair], function: str) -> float:
    return (
        sum(
            found.retries_per_day + found.failures_per_day
            for found in (graph.estimator.of_pair(pair) for pair in pairs if pair.writer == function)
        )
        + graph.estimator.calls_per_day(function) / 1e6
    )


def _calls_per_day(graph: AuditGraph, caller: Caller) -> float:
    heat = graph.estimator.heats[caller.function]
    return sum(source.calls_per_day for source in heat.sources if source.caller == caller)


def _awaited(caller: Caller) -> str:
    return "" if caller.consequence.awaited else " (not awaited)"


def _places(counts: Sequence[Count]) -> str:
    found = dict.fromkeys(f"{count.access.span} ({', '.join(count.fields)})" for count in counts)
    return ", ".join(list(found)[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")


def _drop(second: Caller) -> Fix:
    return Fix(
        f"drop the call at {second.span}: the one before it has counted already",
        "guided",
        "one of the two writes of each call, and the double count",
        "calls that overlap, which still meet on the row (see the other remedies)",
    )


def _fixes(count: Count, fields: str, others: Sequence[Count], beside: Sequence[Caller]) -> tuple[Fix, ...]:
    name = count.function.path.split(":")[-1]
    siblings = " and of the other counts on the row" if others else ""
    limited = any(
        mentions_field(guard.condition, count.access.table or "", count.fields) for guard in count.access.guards
    )
    fold = Fix(
        "insert one row per event and let a cron add them up: take a batch, patch the total once, delete the batch",
        "guided",
        f"all pairs of {name}{siblings} with each other: inserts read no range",
        f"a lag of {fields} by up to the period of the cron"
        + (" (and of the limit that is checked against it)" if limited else "")
        + ", and re-runs of the cron when an event arrives while it reads up to the end of the events",
    )
    shards = Fix(
        "spread the count over shards (the sharded-counter component), one of them picked at random per call",
        "guided",
        f"most of {name} × itself: with n shards one meeting in n is left",
        "that part, and mutations that read the total: they read every shard, and meet all of them",
    )
    apart = Fix(
        f"take the count at {beside[0].span} out of the `try`, or give it one of its own" if beside else "",
        "guided",
        "the mistake of a failed count for failed work",
        "all pairs: the count itself still conflicts",
    )
    sums = len(count.fields) == len(count.access.fields) - len(stamps_in(count.access))
    return (fold, *([shards] if sums and not others else []), *([apart] if beside else []))
