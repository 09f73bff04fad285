"""Rule `wide-read-before-write`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from contend.conflicts.heat import is_admin
from contend.model.callers import Caller
from contend.model.findings import Finding, Impact, Pair, Severity
from contend.model.functions import Access, Function, LoopContext
from contend.model.places import Span
from contend.rules.graph import AuditGraph, distinct
from contend.rules.lookups import bound_fields, is_narrow
from contend.rules.report import helper_of, priced, report
from contend.rules.rule import Case, Rule
from contend.rules.wide_read_words import fixes_of, message_of
from contend.rules.wide_reads import WideRead, in_a_special_case, is_needless, pairs_of, wide_reads

MOST_CALLERS = 20
_ONCE = re.compile(  # what a user does once, whatever button stands for it
    r"(delete|erase|purge|wipe|close|clear)_?(my|all|current)?_?(account|user|profile|data)", re.IGNORECASE
)
_STARTED_BY_USE = frozenset(
    {"server-request", "render", "effect", "timer", "timer-once", "keystroke", "event", "webhook"}
)
_IN_SERIES = frozenset({"http", "action", "node-action", "scheduler"})


class WideReadBeforeWrite(Rule):
    """A mutation reads far more of a table than it needs, and others write what it needlessly read.

    ## What it does
    Finds reads in mutations that cover more rows than the mutation is after: a `.filter()` on a table or a broad index,
    a `.collect()` that is then searched for some rows, a largest or smallest value, a count, or whether there is any
    row at all. Reported where other functions write into that range, or live queries read through the same helper.

    ## Why it conflicts
    What counts is what was *scanned*, not what was returned. `.filter()` narrows nothing: every row up to the match is
    in the read set, and if nothing matches, the whole range. Every write of one of those rows, and every insert between
    them, makes the mutation start over, and runs every live query with the same read again.

    ## Example
    ```ts
    const session = await ctx.db
      .query("sessions")
      .filter((q) => q.eq(q.field("token"), token))
      .first();
    ```

    ## Use instead
    Read through an index on the looked-up field, and check the rest in code:

    ```ts
    const session = await ctx.db
      .query("sessions")
      .withIndex("by_token", (q) => q.eq("token", token))
      .unique();
    if (!session || session.expiresAt < now) throw new Error("sign in again");
    ```

    ## When it stays quiet
    When every row of the range is worked on, or looked for; when a table has one row; when the range is bounded by a
    key that one row has, or by two that few rows share, and no loop asks again and again; when only
    administrators, crons or scripts write into the range; when the range is one user's and only that user's tab writes
    there; and when the rows that would remain in the read are all that others write.

    ## Fix safety
    A narrower read protects less: nothing the mutation decides may depend on the rows that it no longer reads. The rows
    it is after stay protected, also while there are none of them: an insert into a range that was read conflicts.

    ## References
    - Indexes: https://docs.convex.dev/database/reading-data/indexes/
    - What a read covers: convex-backend, crates/database/src/query/index_range.rs and filter.rs
    """

    name = "wide-read-before-write"

    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        for wide in wide_reads(graph):
            mutations = _distinct(user for user, _ in wide.users if user.kind == "mutation")
            if is_narrow(wide.read, wide.table) and not _in_series(graph, mutations, wide.read):
                continue
            needless = [pair for pair in pairs_of(graph, wide) if is_needless(graph, wide, pair)]
            if any(pair.kind == "conflict" for pair in needless) and any(_is_live(graph, pair) for pair in needless):
                finding = self._finding(graph, wide, needless)
                if finding.severity is not Severity.INFO:
                    yield finding
                elif wide.index is not None and _is_used(graph, finding):
                    yield replace(finding, severity=Severity.LOW)  # a mistake that one line puts right

    def _finding(self, graph: AuditGraph, wide: WideRead, needless: Sequence[Pair]) -> Finding:
        read, table, lookup = wide.read, wide.table.name, wide.lookup
        pairs, predicted = priced(graph, distinct(needless))
        function, access = _worst_user(wide, pairs)
        mutations = _distinct(user for user, _ in wide.users if user.kind == "mutation")
        queries = _distinct(user for user, _ in wide.users if user.kind == "query")
        looping = _in_series(graph, mutations, read)
        if all(in_a_special_case(access) for _, access in wide.users):
            predicted = _share_of(predicted, graph)
        return report(
            graph,
            self.name,
            function=function,
            cause=read.span,
            text=read.snippet,
            message=message_of(wide),
            pairs=pairs,
            callers=_callers(graph, pairs),
            static=(
                _covers(read, table),
                *([_used_by(mutations, queries)] if len(mutations) + len(queries) > 1 else []),
                *([f"a call that finds nothing reads the whole range, and {looping}"] if looping else []),
                _written_by(graph, pairs),
            ),
            predicted=predicted,
            confidence="high" if lookup.in_query and lookup.telling else "medium",
            table=table,
            functions=[user.id for user, _ in wide.users],
            helper=helper_of(access, function) if len(wide.users) > 1 else None,
            at_least=Severity.LOW if looping else None,
            at_most=Severity.LOW if all(_ONCE.search(user.path) for user in mutations) else None,
            fixes=fixes_of(wide, len(pairs)),
        )

    INVALID = (
        Case(
            "a helper finds the session by a filter, although an index exists",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "next": "15.0.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  sessions: defineTable({ token: v.string(), seenAt: v.number() }).index("by_token", ["token"]),
  notes: defineTable({ text: v.string() }),
});
""",
                "convex/session.ts": """
import type { QueryCtx } from "./_generated/server";
export async function requireSession(ctx: QueryCtx, token: string) {
  const session = await ctx.db
    .query("sessions")
    .filter((q) => q.eq(q.field("token"), token))
    .first();
  if (!session) throw new Error("sign in first");
  return session;
}
""",
                "convex/notes.ts": """
import { mutation, query } from "./_generated/server";
import { v } from "convex/values";
import { requireSession } from "./session";
export const add = mutation({
  args: { token: v.string(), text: v.string() },
  handler: async (ctx, { token, text }) => {
    await requireSession(ctx, token);
    await ctx.db.insert("notes", { text });
  },
});
export const list = query({
  args: { token: v.string() },
  handler: async (ctx, { token }) => {
    await requireSession(ctx, token);
    return await ctx.db.query("notes").take(50);
  },
});
export const touch = mutation({
  args: { token: v.string() },
  handler: async (ctx, { token }) => {
    const session = await ctx.db.query("sessions").withIndex("by_token", (q) => q.eq("token", token)).unique();
    if (session) await ctx.db.patch(session._id, { seenAt: Date.now() });
  },
});
""",
                "middleware.ts": """
import { fetchMutation } from "convex/nextjs";
import { api } from "./convex/_generated/api";
export async function middleware(request: Request) {
  await fetchMutation(api.notes.touch, { token: request.headers.get("x-token")! });
}
""",
                "app/page.tsx": """
import { useMutation, useQuery } from "convex/react";
import { api } from "../convex/_generated/api";
export default function Page({ token }: { token: string }) {
  const notes = useQuery(api.notes.list, { token });
  const add = useMutation(api.notes.add);
  return <button onClick={() => add({ token, text: "hello" })}>{notes?.length}</button>;
}
""",
            },
            expects=("const session = await ctx.db",),
        ),
        Case(
            "the whole list is collected to place one item at its end",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  boards: defineTable({ name: v.string() }),
  cards: defineTable({ boardId: v.id("boards"), text: v.string(), order: v.number() }).index("by_board", ["boardId"]),
});
""",
                "convex/cards.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const add = mutation({
  args: { boardId: v.id("boards"), text: v.string() },
  handler: async (ctx, { boardId, text }) => {
    const cards = await ctx.db.query("cards").withIndex("by_board", (q) => q.eq("boardId", boardId)).collect();
    const last = cards.reduce((max, card) => Math.max(max, card.order), 0);
    await ctx.db.insert("cards", { boardId, text, order: last + 1 });
  },
});
export const edit = mutation({
  args: { id: v.id("cards"), text: v.string() },
  handler: async (ctx, { id, text }) => {
    await ctx.db.patch(id, { text });
  },
});
""",
                "src/Board.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Board({ boardId, id }) {
  const add = useMutation(api.cards.add);
  const edit = useMutation(api.cards.edit);
  return (
    <>
      <input onChange={(event) => edit({ id, text: event.target.value })} />
      <input onChange={(event) => add({ boardId, text: event.target.value })} />
    </>
  );
}
""",
            },
            expects=('ctx.db.query("cards")',),
        ),
    )

    VALID = (
        Case(
            "the session is read through its index",
            {
                **dict(INVALID[0].files),
                "convex/session.ts": """
import type { QueryCtx } from "./_generated/server";
export async function requireSession(ctx: QueryCtx, token: string) {
  const session = await ctx.db
    .query("sessions")
    .withIndex("by_token", (q) => q.eq("token", token))
    .first();
  if (!session) throw new Error("sign in first");
  return session;
}
""",
            },
        ),
        Case(
            "only an administrator writes the table",
            {
                **dict(INVALID[0].files),
                "middleware.ts": "export function middleware() {}\n",
                "app/admin/page.tsx": """
import { useMutation } from "convex/react";
import { api } from "../../convex/_generated/api";
export default function Admin({ token }: { token: string }) {
  const touch = useMutation(api.notes.touch);
  return <button onClick={() => touch({ token })}>extend</button>;
}
""",
            },
            trap=True,
        ),
        Case(
            "every row of the range is worked on",
            {
                **dict(INVALID[1].files),
                "convex/cards.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const add = mutation({
  args: { boardId: v.id("boards"), text: v.string() },
  handler: async (ctx, { boardId }) => {
    const cards = await ctx.db.query("cards").withIndex("by_board", (q) => q.eq("boardId", boardId)).collect();
    for (const card of cards) await ctx.db.delete(card._id);
  },
});
export const edit = mutation({
  args: { id: v.id("cards"), text: v.string() },
  handler: async (ctx, { id, text }) => {
    await ctx.db.patch(id, { text });
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "one row has the whole key",
            {
                **dict(INVALID[0].files),
                "convex/session.ts": """
import type { QueryCtx } from "./_generated/server";
export async function requireSession(ctx: QueryCtx, token: string) {
  const found = await ctx.db
    .query("sessions")
    .withIndex("by_token", (q) => q.eq("token", token))
    .collect();
  if (found.length === 0) throw new Error("sign in first");
  return found[0];
}
""",
            },
            trap=True,
        ),
    )


def _share_of(impact: Impact, graph: AuditGraph) -> Impact:
    """What a read costs that happens only in a special case."""
    share = graph.estimator.traffic.branch
    return replace(
        impact,
        retries_per_day=impact.retries_per_day * share,
        failures_per_day=impact.failures_per_day * share,
        query_reruns_per_day=impact.query_reruns_per_day * share,
        assumptions=(*graph.estimator.traffic.say("branch"), *impact.assumptions),
    )


def _is_live(graph: AuditGraph, pair: Pair) -> bool:
    """Whether both sides are called, and not by scripts alone: otherwise they meet hardly ever."""
    sides = (graph.estimator.heats[pair.writer], graph.estimator.heats[pair.victim])
    subscribed = pair.kind == "invalidation"
    return all(heat.called and not heat.scripts_only for heat in sides[: 1 if subscribed else 2])


def _is_used(graph: AuditGraph, finding: Finding) -> bool:
    """Whether users of the app, and not only its administrators, set off a write into the range."""
    return any(
        origin.trigger.kind in _STARTED_BY_USE and not is_admin(origin.trigger.entry or origin.span.file)
        for pair in finding.pairs
        if pair.kind == "conflict" and _is_live(graph, pair)
        for origin in graph.origins(pair.writer)
    )


def _in_series(graph: AuditGraph, mutations: Sequence[Function], read: Access) -> str | None:
    """What runs the lookup once per item, in words; None where nothing does."""
    if read.extent.reach != "first" or not bound_fields(read):
        return None
    for function in mutations:
        for caller in graph.callers(function.id):
            if any(_is_many(loop) for loop in caller.loops) and caller.client in _IN_SERIES:
                return f"a loop runs it once per item ({caller.span}): what is read grows with their square"
    return None


def _is_many(loop: LoopContext) -> bool:
    """Whether a loop has a round per item: a `Promise.all` of calls that are written out has none."""
    return not (loop.parallel and loop.bound is not None)


def _distinct(functions: Iterable[Function]) -> list[Function]:
    return list({function.id: function for function in functions}.values())


def _worst_user(wide: WideRead, pairs: Sequence[Pair]) -> tuple[Function, Access]:
    victim = next((pair.victim for pair in pairs if pair.kind == "conflict"), "")
    return next((user for user in wide.users if user[0].id == victim), wide.users[0])


def _callers(graph: AuditGraph, pairs: Sequence[Pair]) -> tuple[Caller, ...]:
    """Who starts the victims of the worst pairs."""
    found: dict[Span, Caller] = {}
    for victim in dict.fromkeys(pair.victim for pair in pairs if pair.kind == "conflict"):
        for caller in graph.origins(victim):
            found.setdefault(caller.span, caller)
        if len(found) >= MOST_CALLERS:
            break
    return tuple(found.values())[:MOST_CALLERS]


def _covers(read: Access, table: str) -> str:
    if read.extent.filtered:
        end = "up to the first match, and all of it where nothing matches" if read.extent.reach == "first" else "all"
        return f"`.filter()` narrows nothing: the rows that it rejects are read too ({end})"
    through = f"through `{read.index}`" if bound_fields(read) else "without an index"
    return f"it collects `{table}` {through} and picks in code, so all of it is read"


def _used_by(mutations: Sequence[Function], queries: Sequence[Function]) -> str:
    def many(count: int, one: str, more: str) -> str:
        return f"{count} {one if count == 1 else more}"

    both = [many(len(mutations), "mutation", "mutations")]
    if queries:
        both.append(many(len(queries), "query", "queries"))
    return f"{' and '.join(both)} read through this place"


def _written_by(graph: AuditGraph, pairs: Sequence[Pair]) -> str:
    writers = list(dict.fromkeys(pair.writer for pair in pairs))
    named = ", ".join(f"`{graph.functions[id].path}`" for id in writers[:3])
    more = f" and {len(writers) - 3} more" if len(writers) > 3 else ""
    return f"rows that it is not after are written by {named}{more}"
