"""Rule `coarse-contention-key`."""

from __future__ import annotations

from collections.abc import Iterator

from contend.model.findings import Finding, Fix, Pair, Severity
from contend.model.functions import Access, Function
from contend.model.places import Span
from contend.model.values import Origin
from contend.rules.graph import AuditGraph
from contend.rules.limiter_keys import LIMIT_NAMES, LIMITER, CoarseKey, coarse_keys
from contend.rules.report import helper_of, priced, report
from contend.rules.rows import live_callers
from contend.rules.rule import Case, Rule

_CAP = "call:Limit"  # what holds where a limiter of a component writes: rate, period, capacity


class CoarseContentionKey(Rule):
    """One row of a rate limiter stands for everybody, although each client could have its own.

    ## What it does
    Finds writes of a rate limiter, the component's or one of the app's own, whose row is found by nothing that tells
    callers apart: no `key` at all, a literal key, a key that only names the route, or one that falls back to a literal
    (`"unknown-ip"`) where a header is missing.

    ## Why it conflicts
    Every call that passes the limiter writes its row. With one row for the whole site, requests of people who have
    nothing to do with each other conflict, and one busy client uses up everybody's share. Where the limiter is called
    inside a bigger mutation, all of that mutation is thrown away and run again with it.

    ## Example
    ```ts
    await rateLimiter.limit(ctx, "search"); // one row for the whole site
    ```

    ## Use instead
    ```ts
    await rateLimiter.limit(ctx, "search", { key: userId });
    ```

    Where the budget really is one for all (a paid service), give the limit shards:

    ```ts
    search: { kind: "token bucket", rate: 100, period: MINUTE, shards: 10 },
    ```

    ## When it stays quiet
    When the key tells users, sessions or clients apart; when the limit has shards; when nobody but administrators,
    crons or scripts get there.

    ## Fix safety
    A key per client limits each client, no longer the whole site: keep a second, sharded limit where the site as a
    whole must be limited. With shards the limit is a little less exact.

    ## References
    - Rate limiter: https://www.convex.dev/components/rate-limiter
    - Optimistic concurrency control: https://docs.convex.dev/database/advanced/occ
    """

    name = "coarse-contention-key"

    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        seen: set[tuple[Span, str]] = set()  # causes: a limiter may write its row in several places
        for function in graph.mutations:
            for access in function.writes:
                if access.operation in ("insert", "delete") or access.table is None or not LIMITER.search(access.table):
                    continue
                for coarse in coarse_keys(graph, function, access):
                    place = (coarse.calls[0].span if coarse.calls else access.span, coarse.how)
                    if place not in seen:
                        seen.add(place)
                        yield self._finding(graph, coarse)

    def _finding(self, graph: AuditGraph, coarse: CoarseKey) -> Finding:
        function, access = coarse.function, coarse.access
        pairs, predicted = priced(graph, _pairs(graph, coarse))
        first = coarse.calls[0] if coarse.calls else None
        cap = _cap(access)
        return report(
            graph,
            self.name,
            function=function,
            cause=first.span if first is not None else access.span,
            text=coarse.how + access.snippet + (first.snippet if first is not None else ""),
            message=_message(coarse),
            pairs=pairs,
            callers=coarse.calls or live_callers(graph.origins(function.id)),
            static=(
                f"the limiter's row ({access.span}) is found by {_by(coarse.found)}",
                *(
                    [f"calls: {', '.join(str(call.span) for call in coarse.calls[:12])}"]
                    if len(coarse.calls) > 1
                    else []
                ),
                *([f"over {cap} it writes nothing, which bounds the conflicts on the row"] if cap else []),
                *_with_it(function, access),
            ),
            predicted=predicted,
            confidence="low" if coarse.how == "fallback" else "high",
            at_most=Severity.MEDIUM if cap else None,
            table=access.table,
            helper=helper_of(access, function) if first is None else None,
            fixes=_fixes(coarse),
        )

    INVALID = (
        Case(
            "routes of an app ask a limiter of their own without a key",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  rateLimits: defineTable({ name: v.string(), key: v.optional(v.string()), used: v.number(), since: v.number() })
    .index("by_name", ["name", "key"]),
});
""",
                "convex/limits.ts": """
import { internalMutation } from "./_generated/server";
import { v } from "convex/values";
export const take = internalMutation({
  args: { name: v.string(), key: v.optional(v.string()) },
  handler: async (ctx, args) => {
    const row = await ctx.db
      .query("rateLimits")
      .withIndex("by_name", (q) => q.eq("name", args.name).eq("key", args.key))
      .unique();
    if (!row) {
      await ctx.db.insert("rateLimits", { name: args.name, key: args.key, used: 1, since: Date.now() });
      return true;
    }
    if (row.used >= 100) return false;
    await ctx.db.patch(row._id, { used: row.used + 1 });
    return true;
  },
});
""",
                "convex/http.ts": """
import { httpRouter } from "convex/server";
import { httpAction } from "./_generated/server";
import { internal } from "./_generated/api";
const http = httpRouter();
http.route({
  path: "/feed",
  method: "GET",
  handler: httpAction(async (ctx) => {
    if (!(await ctx.runMutation(internal.limits.take, { name: "feed" }))) return new Response(null, { status: 429 });
    return new Response("feed");
  }),
});
http.route({
  path: "/posts",
  method: "GET",
  handler: httpAction(async (ctx) => {
    if (!(await ctx.runMutation(internal.limits.take, { name: "posts" }))) return new Response(null, { status: 429 });
    return new Response("posts");
  }),
});
export default http;
""",
            },
            expects=('internal.limits.take, { name: "feed" }',),
        ),
        Case(
            "the component's limiter without a key",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "@convex-dev/rate-limiter": "0.3.2", '
                '"react": "19.0.0"}}',
                "convex/convex.config.ts": """
import { defineApp } from "convex/server";
import rateLimiter from "@convex-dev/rate-limiter/convex.config";
const app = defineApp();
app.use(rateLimiter);
export default app;
""",
                "convex/search.ts": """
import { MINUTE, RateLimiter } from "@convex-dev/rate-limiter";
import { components } from "./_generated/api";
import { mutation } from "./_generated/server";
const limiter = new RateLimiter(components.rateLimiter, {
  search: { kind: "token bucket", rate: 100, period: MINUTE },
});
export const search = mutation({
  args: {},
  handler: async (ctx) => {
    await limiter.limit(ctx, "search", { throws: true });
  },
});
""",
                "src/Search.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Search() {
  const search = useMutation(api.search.search);
  return <input onChange={() => search()} />;
}
""",
            },
            expects=('limiter.limit(ctx, "search"',),
        ),
        Case(
            "clients without an address share one row",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  rateLimits: defineTable({ key: v.string(), used: v.number() }).index("by_key", ["key"]),
});
""",
                "convex/limits.ts": """
import { internalMutation } from "./_generated/server";
import { v } from "convex/values";
export const take = internalMutation({
  args: { key: v.string() },
  handler: async (ctx, args) => {
    const row = await ctx.db.query("rateLimits").withIndex("by_key", (q) => q.eq("key", args.key)).unique();
    if (!row) await ctx.db.insert("rateLimits", { key: args.key, used: 1 });
    else await ctx.db.patch(row._id, { used: row.used + 1 });
  },
});
""",
                "convex/http.ts": """
import { httpRouter } from "convex/server";
import { httpAction } from "./_generated/server";
import { internal } from "./_generated/api";
const http = httpRouter();
http.route({
  path: "/login",
  method: "POST",
  handler: httpAction(async (ctx, request) => {
    const key = request.headers.get("x-forwarded-for") ?? "unknown-ip";
    await ctx.runMutation(internal.limits.take, { key });
    return new Response("ok");
  }),
});
export default http;
""",
            },
            expects=("ctx.runMutation(internal.limits.take, { key })",),
        ),
    )

    VALID = (
        Case(
            "a key per user",
            {
                **dict(INVALID[1].files),
                "convex/search.ts": INVALID[1]
                .files["convex/search.ts"]
                .replace(
                    '    await limiter.limit(ctx, "search", { throws: true });\n',
                    "    const identity = await ctx.auth.getUserIdentity();\n"
                    '    if (!identity) throw new Error("sign in first");\n'
                    '    await limiter.limit(ctx, "search", { key: identity.subject, throws: true });\n',
                ),
            },
        ),
        Case(
            "one budget for all, spread over shards",
            {
                **dict(INVALID[1].files),
                "convex/search.ts": INVALID[1]
                .files["convex/search.ts"]
                .replace("period: MINUTE }", "period: MINUTE, shards: 10 }"),
            },
            trap=True,
        ),
        Case(
            "a limit that only administrators meet",
            {
                "package.json": INVALID[1].files["package.json"],
                "convex/convex.config.ts": INVALID[1].files["convex/convex.config.ts"],
                "convex/search.ts": INVALID[1].files["convex/search.ts"],
                "app/admin/page.tsx": """
import { useMutation } from "convex/react";
import { api } from "../../convex/_generated/api";
export default function Admin() {
  const search = useMutation(api.search.search);
  return <button onClick={() => search()}>Search</button>;
}
""",
            },
            trap=True,
        ),
    )


def _pairs(graph: AuditGraph, coarse: CoarseKey) -> tuple[Pair, ...]:
    """The function's pairs with itself on the row: others meet it only where they ask for the same limit."""
    own = coarse.function.id
    return tuple(pair for pair in graph.pairs_on(coarse.function, coarse.access) if pair.victim == pair.writer == own)


def _message(coarse: CoarseKey) -> str:
    table = (coarse.access.table or "").rsplit("/", 1)[-1]
    if coarse.how == "fallback":
        return (
            f"callers that bring no address or name of their own share the key {coarse.key}: one `{table}` row for all "
            "of them, which each call writes"
        )
    many = len({call.span for call in coarse.calls})
    where = f"{many} calls ask" if many > 1 else "asks"
    what = "without a key" if coarse.how == "no key" else f"with the key {coarse.key}"
    each = "per limit " if any(key.field in LIMIT_NAMES for key in coarse.found.keys) else ""
    return f"{where} a rate limiter {what}: one `{table}` row {each}for the whole site, which each call writes"


def _by(found: Access) -> str:
    return ", ".join(f"`{key.field}` = {key.value.text}" for key in found.keys if key.operator == "eq")


def _cap(access: Access) -> str | None:
    """The rate above which a limiter writes nothing, in words, where the code shows one."""
    for guard in access.guards:
        if guard.condition.op == _CAP and len(guard.condition.parts) >= 2:
            rate, period = guard.condition.parts[:2]
            if rate.origin is Origin.CONSTANT:
                return f"its rate ({rate.text} per {period.text.lower()})"
            return "its rate"
    return None


def _with_it(function: Function, access: Access) -> list[str]:
    """What is thrown away together with the limiter's write."""
    others = dict.fromkeys(
        write.table for write in function.writes if write.table is not None and write.table != access.table
    )
    if not others:
        return []
    return [f"a conflict on the row throws the rest of the mutation away too (its writes of `{'`, `'.join(others)}`)"]


def _fixes(coarse: CoarseKey) -> tuple[Fix, ...]:
    name = coarse.function.path.split(":")[-1]
    key = Fix(
        "reject or challenge such callers before the limiter, or key them by something else that they bring"
        if coarse.how == "fallback"
        else "give the limiter a key that tells callers apart: the user, the API key, the client's address",
        "guided",
        f"{name} × itself between different clients",
        "bursts of one client, which still meet each other",
    )
    if coarse.how == "fallback":
        return (key,)
    shards = Fix(
        "where the budget is one for all: give the limit shards, about half as many as calls per second at the peak",
        "guided",
        f"most of {name} × itself: with n shards about one meeting in n is left",
        "that part, and a limit that is a little less exact",
    )
    return (key, shards)
