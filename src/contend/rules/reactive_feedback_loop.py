"""Rule `reactive-feedback-loop`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contend.conflicts import burst
from contend.model.callers import Caller, Dependency
from contend.model.findings import Finding, Fix, Impact, Pair
from contend.model.functions import Access, Function
from contend.model.values import Origin, Value
from contend.rules.graph import AuditGraph, own_pairs_first
from contend.rules.guards import is_effective, looks_for_rows
from contend.rules.report import report
from contend.rules.rule import Case, Rule
from contend.rules.stamps import differs_every_time

ROUND_TRIP_MS = 150.0  # write, re-run of the query, new result in the browser, effect
SECONDS_ON_PAGE = 60.0  # that a page with the loop stays open at each view


@dataclass(frozen=True, slots=True)
class _Link:
    """How a write wakes an effect: `table.field` reaches `result` of the query, which `dependency` uses."""

    query: Function
    dependency: Dependency
    field: str
    result: str
    access: Access


class ReactiveFeedbackLoop(Rule):
    """An effect depends on a live query and calls a mutation that changes what the query returns.

    ## What it does
    Follows three links: a mutation writes a field with a value that differs every time (a time, a counter, a new row);
    that field reaches a live query's result; and that result, directly or through a custom hook, is a dependency of the
    effect (or watcher) that calls the mutation. Each write wakes the effect again.

    ## Why it conflicts
    The loop runs as fast as a round trip allows: hundreds of calls a minute from one tab. One tab never conflicts with
    itself (its mutations run one at a time), so the first damage is calls, writes and query re-runs. A second tab, or
    another device of the same user, is woken by the same change at the same moment: the two conflict at every round.

    ## Example
    ```tsx
    const user = useQuery(api.users.me);
    useEffect(() => {
      if (user) markVisited();       // patches user.visitedAt: Date.now()
    }, [user, markVisited]);         // a new user object after every patch
    ```

    ## Use instead
    Ask for what the effect wants to reach, and make the mutation do nothing the second time:

    ```tsx
    useEffect(() => {
      if (user && user.visitedAt === undefined) markVisited();
    }, [user, markVisited]);
    ```
    ```ts
    if (user.visitedAt !== undefined) return;
    await ctx.db.patch(user._id, { visitedAt: Date.now() });
    ```

    ## When it stays quiet
    When the write is the same each time (Convex drops a patch that changes nothing); when the effect's own condition or
    the mutation looks at a field that the write sets; when a state or ref that the same code sets makes it happen once;
    when the query does not return the field, or the dependency uses another part of the result.

    ## Fix safety
    The guard changes nothing else where the field is only ever set. Where it is reset, put the guard on the value that
    means "done".

    ## References
    - Live queries re-run when what they read changes: https://docs.convex.dev/client/react#fetching-data
    - Unchanged patches are dropped: convex-backend, crates/database/src/transaction.rs
    - Effects and dependencies: https://react.dev/reference/react/useEffect#parameters
    """

    name = "reactive-feedback-loop"

    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        for caller in graph.app.callers:
            if caller.trigger.kind != "effect" or caller.flagged or not caller.trigger.dependencies:
                continue
            function = graph.functions.get(caller.function)
            if function is None or function.kind != "mutation":
                continue
            links = list(_links(graph, caller, function))
            if links:
                yield self._finding(graph, caller, function, links)

    def _finding(self, graph: AuditGraph, caller: Caller, function: Function, links: Sequence[_Link]) -> Finding:
        link = links[0]
        reads = {one.access.order for one in links}
        pairs: list[Pair] = []
        for access in function.writes:
            if access.order in reads:
                pairs.extend(graph.pairs_on(function, access))
        ordered = own_pairs_first(dict.fromkeys(pairs), function.id)
        predicted = _impact(graph, function, ordered)
        tabs = _share_with_two_tabs(graph, function)
        shown = ", ".join(dict.fromkeys(f"`{one.field}`" for one in links))
        where = f"`{link.result}` of `{link.query.path}`" if link.result else f"the result of `{link.query.path}`"
        return report(
            graph,
            self.name,
            function=function,
            cause=caller.span,
            text=caller.snippet,
            message=(
                f"an effect that depends on `{link.dependency.text}` ({link.query.path}) calls a mutation that changes "
                "it: each write wakes the effect again"
            ),
            pairs=ordered,
            callers=(caller, *(other for other in graph.callers(function.id) if other is not caller)),
            static=(
                f"`{function.path}` writes {shown} on `{link.access.table}` with a value that differs every time "
                f"({link.access.span})",
                f"it reaches {where} ({link.query.span})",
                f"`{link.dependency.text}` is in the effect's dependency list ({caller.trigger.entry})"
                + _through(graph, caller, link),
                f"predicted: one tab up to {60_000 / ROUND_TRIP_MS:.0f} calls a minute, no conflict with itself; two "
                f"tabs: up to about {tabs:.0%} of attempts conflict, as long as they run in step",
            ),
            predicted=predicted,
            table=link.access.table,
            fixes=(
                Fix(
                    _stop(link, shown, function.path),
                    "guided",
                    "the loop: one call per user instead of one per round trip",
                    "one more call where a page is reloaded before the first answer",
                ),
                Fix(
                    f"depend on the part of `{link.dependency.text}` that the effect uses, not on the whole result",
                    "guided",
                    "wake-ups by fields that the effect does not look at",
                    "the loop itself, where that part holds what is written",
                ),
            ),
        )

    INVALID = (
        Case(
            "the user document, through a custom hook",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "next": "15.0.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  users: defineTable({ token: v.string(), name: v.string(), visitedAt: v.optional(v.number()) })
    .index("by_token", ["token"]),
});
""",
                "convex/users.ts": """
import { mutation, query } from "./_generated/server";
export const me = query({
  args: {},
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    if (!identity) return null;
    return await ctx.db
      .query("users")
      .withIndex("by_token", (q) => q.eq("token", identity.tokenIdentifier))
      .unique();
  },
});
export const visited = mutation({
  args: {},
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    if (!identity) throw new Error("sign in first");
    const user = await ctx.db
      .query("users")
      .withIndex("by_token", (q) => q.eq("token", identity.tokenIdentifier))
      .unique();
    if (!user) throw new Error("no user");
    await ctx.db.patch(user._id, { visitedAt: Date.now() });
  },
});
""",
                "lib/useUser.ts": """
import { useQuery } from "convex/react";
import { api } from "../convex/_generated/api";
export function useUser() {
  const user = useQuery(api.users.me);
  return { user, loading: user === undefined };
}
""",
                "app/welcome/page.tsx": """
"use client";
import { useEffect } from "react";
import { useMutation } from "convex/react";
import { api } from "../../convex/_generated/api";
import { useUser } from "../../lib/useUser";
export default function Welcome() {
  const { user } = useUser();
  const visited = useMutation(api.users.visited);
  useEffect(() => {
    if (user) {
      visited();
    }
  }, [user, visited]);
  return <p>Welcome</p>;
}
""",
            },
            expects=("visited();",),
        ),
        Case(
            "a list that grows by every call",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ views: defineTable({ page: v.string() }).index("by_page", ["page"]) });
""",
                "convex/views.ts": """
import { mutation, query } from "./_generated/server";
import { v } from "convex/values";
export const list = query({
  args: { page: v.string() },
  handler: (ctx, { page }) => ctx.db.query("views").withIndex("by_page", (q) => q.eq("page", page)).collect(),
});
export const add = mutation({
  args: { page: v.string() },
  handler: async (ctx, { page }) => {
    await ctx.db.insert("views", { page });
  },
});
""",
                "src/Views.tsx": """
import { useEffect } from "react";
import { useMutation, useQuery } from "convex/react";
import { api } from "../convex/_generated/api";
export function Views({ page }: { page: string }) {
  const views = useQuery(api.views.list, { page });
  const add = useMutation(api.views.add);
  useEffect(() => {
    if (views) void add({ page });
  }, [views, add, page]);
  return <p>{views?.length}</p>;
}
""",
            },
            expects=("if (views) void add",),
        ),
    )

    VALID = (
        Case(
            "the projection leaves the stamp out",
            {
                **dict(INVALID[0].files),
                "convex/users.ts": INVALID[0]
                .files["convex/users.ts"]
                .replace("return await ctx.db", "const user = await ctx.db")
                .replace(
                    "      .unique();\n  },", "      .unique();\n    return user && { name: user.name };\n  },", 1
                ),
            },
            trap=True,
        ),
        Case(
            "the effect asks for the field that the write sets",
            {
                **dict(INVALID[0].files),
                "app/welcome/page.tsx": INVALID[0]
                .files["app/welcome/page.tsx"]
                .replace("if (user) {", "if (user && user.visitedAt === undefined) {"),
            },
            trap=True,
        ),
        Case(
            "the dependency uses another part",
            {
                **dict(INVALID[0].files),
                "app/welcome/page.tsx": INVALID[0]
                .files["app/welcome/page.tsx"]
                .replace("[user, visited]", "[user?.name, visited]"),
            },
            trap=True,
        ),
        Case(
            "a ref makes it happen once",
            {
                **dict(INVALID[0].files),
                "app/welcome/page.tsx": INVALID[0]
                .files["app/welcome/page.tsx"]
                .replace("import { useEffect }", "import { useEffect, useRef }")
                .replace("  const visited =", "  const done = useRef(false);\n  const visited =")
                .replace("if (user) {", "if (user && !done.current) {\n      done.current = true;"),
            },
            trap=True,
        ),
        Case(
            "the write is the same each time, and Convex drops it",
            {
                **dict(INVALID[0].files),
                "convex/users.ts": INVALID[0].files["convex/users.ts"].replace("visitedAt: Date.now()", "visitedAt: 1"),
            },
            trap=True,
        ),
    )


def _through(graph: AuditGraph, caller: Caller, link: _Link) -> str:
    """The custom hook that reads the query for this page, if one does."""
    for subscription in graph.app.subscriptions:
        if subscription.query == link.query.id and subscription.component == caller.trigger.entry:
            hooks = [frame.name for frame in subscription.chain[:-1]]
            if hooks:
                return f", through `{hooks[-1]}` ({subscription.span})"
    return ""


def _stop(link: _Link, shown: str, path: str) -> str:
    """What ends the loop: for one stamp, its being set; for an object that several calls fill, the part at hand."""
    whole = next((write.value for write in link.access.fields if write.name == link.field), None)
    if link.access.operation == "insert":
        return f"call it once (a ref, or a row that says it is done); return early in `{path}` if the row exists"
    if whole is not None and any(part.op == "object" for part in whole.walk()):
        return (
            f"call it only while the part of {shown} that this call sets is not there yet, and return early in "
            f"`{path}` when the stored part already equals the new one (times left out of the comparison)"
        )
    return f"call it only while {shown} is not set yet, and return early in `{path}` when it is"


def _links(graph: AuditGraph, caller: Caller, function: Function) -> Iterator[_Link]:
    """The ways in which what the call writes wakes the effect that made it."""
    written = {write.name for access in function.writes for write in access.fields}
    for dependency in caller.trigger.dependencies or ():
        query = graph.functions.get(dependency.query or "")
        if query is None:
            continue
        for access in function.writes:
            if not _meets(graph, query, function, access):
                continue
            if any(is_effective(guard, access, graph.callers(function.id)) for guard in access.guards):
                continue
            found = _reaching(query, dependency, access, graph.callers(function.id))
            if found is None:
                continue
            field, result = found
            if any(_asks_for(guard.condition, query, access, written) for guard in caller.guards):
                continue
            yield _Link(query, dependency, field, result, access)


def _meets(graph: AuditGraph, query: Function, function: Function, access: Access) -> bool:
    """Whether the write enters what the query reads."""
    return any(
        pair.writer == function.id and pair.write.order == access.order for pair in graph.pairs.of_victim(query.id)
    ) or (query.internal and any(access.table in read.tables for read in query.reads))


def _reaching(
    query: Function, dependency: Dependency, access: Access, callers: Sequence[Caller]
) -> tuple[str, str] | None:
    """The field of a write that changes the part of a query's result that a dependency uses, and that part."""
    changing = [write.name for write in access.fields if differs_every_time(write.value, write.name, callers)]
    if access.operation == "insert":
        changing = ["*"]
    for result, target in query.result_fields:
        table, field = target.split(".", 1)
        if table != access.table:
            continue
        below = _below(dependency.path, result)
        if below is None:
            continue
        for name in changing:
            if access.operation == "insert" and "[]" in result:
                return "a new row", result
            if name in (field, "*") and access.operation != "insert":
                return name, result
            if field == "*" and access.operation != "insert" and (not below or below[0] == name):
                return name, _joined(result, name if below else "")
    return None


def _below(used: str, result: str) -> list[str] | None:
    """What remains of a used path below a result path: [] where all of it is used, None where the two part."""
    wanted = [part for part in used.split(".") if part]
    given = [part for part in result.split(".") if part]
    for left, right in zip(wanted, given, strict=False):
        if left != right and "*" not in (left, right):
            return None
    return wanted[len(given) :]


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _asks_for(condition: Value, query: Function, access: Access, written: set[str]) -> bool:
    """Whether the effect's own condition looks at something that the write sets; for a new row, at whether there are
    any, or the one."""
    if access.operation == "insert" and looks_for_rows(condition, query):
        return True
    for part in condition.walk():
        if part.origin is not Origin.FIELD or not (part.row or "").startswith("live:") or not part.field:
            continue
        for result, target in query.result_fields:
            table, field = target.split(".", 1)
            below = _below(part.field, result) if table == access.table else None
            if below is None:
                continue
            name = field if field != "*" else (below[0] if below else "")
            if name and name in written:
                return True
    return False


def _impact(graph: AuditGraph, function: Function, pairs: Sequence[Pair]) -> Impact:
    """What the loop costs while pages that hold it are open."""
    traffic = graph.estimator.traffic
    rounds = traffic.users * traffic.page_views * SECONDS_ON_PAGE * 1000 / ROUND_TRIP_MS
    share = _share_with_two_tabs(graph, function) * (traffic.tabs - 1) / traffic.tabs * traffic.page_time
    victims = {pair.victim for pair in pairs if pair.kind == "invalidation"}
    open_in_a_tab = sum(map(graph.estimator.open_queries, victims)) / (traffic.users * traffic.tabs)
    return Impact(
        retries_per_day=rounds * share,
        calls_per_day=rounds,
        writes_per_day=rounds,
        query_reruns_per_day=rounds * max(1.0, open_in_a_tab),
        assumptions=(
            *traffic.say("users", "page_views"),
            f"the page stays open {SECONDS_ON_PAGE:g} s a view",
            f"a round trip takes {ROUND_TRIP_MS:g} ms",
        ),
    )


def _share_with_two_tabs(graph: AuditGraph, function: Function) -> float:
    """The share of attempts that conflict while two tabs of one user run the loop."""
    traffic = graph.estimator.traffic
    duration = traffic.transaction_ms + traffic.access_ms * len(function.accesses)
    retries = burst(2, ROUND_TRIP_MS / 10, duration).retries_per_call
    return retries / (1 + retries)
