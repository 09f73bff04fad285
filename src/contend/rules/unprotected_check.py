"""Rule `unprotected-check`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from contend.model.findings import Finding, Fix, Impact, Severity
from contend.model.places import Span
from contend.rules.graph import AuditGraph, distinct
from contend.rules.holes import Hole, SplitCheck, holes_of, movers_of, split_checks
from contend.rules.report import report
from contend.rules.rule import Case, Rule


class UnprotectedCheck(Rule):
    """A check looks for rows that the write behind it does not add to, so nothing keeps a second run out.

    ## What it does
    Finds mutations that look for a row in one state (`running`), refuse or return if there is one, and otherwise insert
    a row in another state (`pending`), which something they start moves into the first one later. Also finds actions
    that look for a row in one transaction and insert it in a later one that does not look again.

    ## Why it conflicts
    It does not, and that is the problem: not a conflict, a hole. Convex makes a mutation start over if what it *read*
    has changed. The insert lies outside what was read, so two calls that run at the same time both find nothing, both
    insert, and neither is retried. A call that comes later, before the row has changed its state, passes as well.

    ## Example
    ```ts
    const running = await ctx.db.query("jobs").withIndex("by_status", (q) => q.eq("status", "running")).first();
    if (running) throw new Error("already running");
    const id = await ctx.db.insert("jobs", { status: "pending" });
    await ctx.scheduler.runAfter(0, internal.jobs.run, { id });
    ```

    ## Use instead
    Look where you write:

    ```ts
    for (const status of ["pending", "running"] as const) {
      const found = await ctx.db.query("jobs").withIndex("by_status", (q) => q.eq("status", status)).first();
      if (found) throw new Error("already running");
    }
    const id = await ctx.db.insert("jobs", { status: "pending" });
    ```

    Now the insert of one call lies in what the other has read, even while there is no row: one of the two is run again,
    finds the row, and refuses.

    ## When it stays quiet
    When the insert lies in the range that was read; when the same transaction puts a row into it; when the check is
    about another kind of row than the one inserted (an accepted invitation before a new one); when nothing moves the
    new row into the state that was looked for; when the mutation behind an action looks at the table again.

    ## Fix safety
    The check then refuses more: calls between the request and its start. Rows that were left `pending` by a crash block
    new ones, so let old ones expire. Starters now conflict with each other; that is the protection.

    ## References
    - What protects a check: https://docs.convex.dev/database/advanced/occ
    - An empty range that was read is protected: convex-backend, crates/database/src/query/index_range.rs
    """

    name = "unprotected-check"

    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        groups: dict[tuple[str | None, str, str, str], list[Hole]] = defaultdict(list)
        for function in graph.mutations:
            for hole in holes_of(graph, function):
                groups[hole.check.table, hole.key.field, hole.key.value.text, hole.written.text].append(hole)
        for holes in groups.values():
            holes.sort(key=lambda hole: -graph.estimator.calls_per_day(hole.function.id))
            yield self._finding(graph, holes)
        seen: set[Span] = set()
        for split in split_checks(graph):
            if split.guard.span not in seen:
                seen.add(split.guard.span)
                yield self._of_split(graph, split)

    def _finding(self, graph: AuditGraph, holes: Sequence[Hole]) -> Finding:
        first = holes[0]
        table, field, looked, written = first.check.table, first.key.field, first.key.value.text, first.written.text
        functions = tuple(dict.fromkeys(hole.function.id for hole in holes))
        pairs = distinct(pair for hole in holes for pair in movers_of(graph, hole))
        movers = list(dict.fromkeys(f"`{graph.functions[pair.writer].path}` ({pair.write.span})" for pair in pairs))
        heats = [graph.estimator.heats[id] for id in functions]
        places = ", ".join(str(hole.check.span) for hole in holes)
        others = list(dict.fromkeys(f"`{hole.function.path}` ({hole.check.span})" for hole in holes[1:]))
        return report(
            graph,
            self.name,
            function=first.function,
            cause=first.check.span,
            text=first.check.snippet,
            message=(
                f"looks for `{table}` rows with `{field}` = {looked} but inserts {written}, outside what it read: two "
                "calls both pass, and no conflict stops the second"
            ),
            pairs=pairs,
            callers=tuple({c.span: c for id in functions for c in graph.origins(id)}.values()),
            static=(
                f"the insert ({first.insert.span}) sets `{field}` to {written}; the check reads only {looked} "
                f"({first.check.span})",
                f"a row enters what was read only when {' or '.join(movers[:2])} moves it there, so every call before "
                "that passes, at the same time or later",
                *([f"the same check and the same insert: {', '.join(others)}"] if others else []),
                "not a conflict: nothing that both calls read is written by either, so neither is run again",
            ),
            predicted=Impact(
                invariant_per_day=sum(heat.calls_per_day for heat in heats),
                assumptions=tuple(dict.fromkeys(text for heat in heats for text in heat.assumptions)),
            ),
            table=table,
            functions=functions,
            fixes=(
                Fix(
                    f"look for {written} too, where the insert goes, before it ({places})",
                    "guided",
                    "the hole: of two calls that run together one is retried and then finds the other's row",
                    f"the retries that protect it, and {written} rows that a crash leaves behind: let them expire",
                ),
            ),
        )

    def _of_split(self, graph: AuditGraph, split: SplitCheck) -> Finding:
        table, query, mutation = split.insert.table, split.query.path, split.mutation.path
        written = [pair for pair in graph.pairs.of_writer(split.mutation.id) if pair.write.order == split.insert.order]
        pairs = [pair for pair in written if pair.victim == split.query.id]  # what the check would have met
        heat = graph.estimator.heats[split.action.id]
        keys = ", ".join(f"`{key.field}`" for key in split.check.keys)
        return report(
            graph,
            self.name,
            function=split.action,
            cause=split.guard.span,
            text=split.guard.condition.text + split.call.snippet,
            message=(
                f"`{query}` looks for a `{table}` row in one transaction and `{mutation}` inserts it in a later one "
                "without looking again: two runs both pass"
            ),
            pairs=distinct(pairs),
            callers=graph.origins(split.action.id),
            static=(
                f"the check ({split.check.span}, by {keys}) and the insert ({split.insert.span}) are two transactions: "
                "what the first has read protects nothing any more when the second commits",
                f"`{mutation}` reads no `{table}` row itself, so neither run is retried, and both insert",
                f"what the action does in between, it does twice ({split.call.span})",
            ),
            predicted=Impact(invariant_per_day=heat.calls_per_day, assumptions=heat.assumptions),
            confidence="medium",
            table=table,
            functions=[split.mutation.id],
            at_most=Severity.MEDIUM,
            fixes=(
                Fix(
                    f"look by {keys} in `{mutation}` too, before the insert, and return if there is a row; what must "
                    "not happen twice in between needs a row of its own that is inserted first, as a claim",
                    "guided",
                    "the second row: of two runs one finds the other's, or is retried and then finds it",
                    "what the action did before the insert (the claim removes that as well)",
                ),
            ),
        )

    INVALID = (
        Case(
            "a job is started unless one is running, but starts as pending",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ jobs: defineTable({ status: v.string() }).index("by_status", ["status"]) });
""",
                "convex/jobs.ts": """
import { internalAction, internalMutation, mutation } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
export const start = mutation({
  args: {},
  handler: async (ctx) => {
    const running = await ctx.db.query("jobs").withIndex("by_status", (q) => q.eq("status", "running")).take(1);
    if (running.length > 0) throw new Error("already running");
    const id = await ctx.db.insert("jobs", { status: "pending" });
    await ctx.scheduler.runAfter(0, internal.jobs.run, { id });
  },
});
export const run = internalAction({
  args: { id: v.id("jobs") },
  handler: async (ctx, { id }) => {
    await ctx.runMutation(internal.jobs.mark, { id, status: "running" });
    await ctx.runMutation(internal.jobs.mark, { id, status: "done" });
  },
});
export const mark = internalMutation({
  args: { id: v.id("jobs"), status: v.string() },
  handler: async (ctx, { id, status }) => {
    await ctx.db.patch(id, { status });
  },
});
""",
                "src/Start.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Start() {
  const start = useMutation(api.jobs.start);
  return <button onClick={() => start()}>Start</button>;
}
""",
            },
            expects=("const running = await ctx.db",),
        ),
        Case(
            "one import per project, through a helper",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  projects: defineTable({ name: v.string() }),
  imports: defineTable({
    projectId: v.id("projects"),
    state: v.union(v.literal("queued"), v.literal("processing"), v.literal("done")),
  }).index("by_project_state", ["projectId", "state"]),
});
""",
                "convex/imports.ts": """
import { internalMutation, mutation, type MutationCtx } from "./_generated/server";
import type { Id } from "./_generated/dataModel";
import { internal } from "./_generated/api";
import { v } from "convex/values";
async function isBusy(ctx: MutationCtx, projectId: Id<"projects">) {
  return await ctx.db
    .query("imports")
    .withIndex("by_project_state", (q) => q.eq("projectId", projectId).eq("state", "processing"))
    .first();
}
export const request = mutation({
  args: { projectId: v.id("projects") },
  handler: async (ctx, { projectId }) => {
    const busy = await isBusy(ctx, projectId);
    if (busy) return null;
    const id = await ctx.db.insert("imports", { projectId, state: "queued" });
    await ctx.scheduler.runAfter(0, internal.imports.begin, { id });
    return id;
  },
});
export const begin = internalMutation({
  args: { id: v.id("imports") },
  handler: async (ctx, { id }) => {
    await ctx.db.patch(id, { state: "processing" });
  },
});
""",
                "src/Import.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Import({ projectId }) {
  const request = useMutation(api.imports.request);
  return <button onClick={() => request({ projectId })}>Import</button>;
}
""",
            },
            expects=("return await ctx.db",),
        ),
        Case(
            "an action asks whether it has sent, sends, and then notes that it has",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ sent: defineTable({ post: v.string(), at: v.number() }).index("by_post", ["post"]) });
""",
                "convex/letters.ts": """
import { action, internalMutation, query } from "./_generated/server";
import { api, internal } from "./_generated/api";
import { v } from "convex/values";
export const wasSent = query({
  args: { post: v.string() },
  handler: (ctx, { post }) => ctx.db.query("sent").withIndex("by_post", (q) => q.eq("post", post)).first(),
});
export const note = internalMutation({
  args: { post: v.string() },
  handler: async (ctx, { post }) => {
    await ctx.db.insert("sent", { post, at: Date.now() });
  },
});
export const send = action({
  args: { post: v.string() },
  handler: async (ctx, { post }) => {
    const sent = await ctx.runQuery(api.letters.wasSent, { post });
    if (sent) return;
    await fetch("https://mail.example", { method: "POST", body: post });
    await ctx.runMutation(internal.letters.note, { post });
  },
});
""",
                "src/Send.tsx": """
import { useAction } from "convex/react";
import { api } from "../convex/_generated/api";
export function Send({ post }: { post: string }) {
  const send = useAction(api.letters.send);
  return <button onClick={() => send({ post })}>Send</button>;
}
""",
            },
            expects=("if (sent) return;",),
        ),
    )

    VALID = (
        Case(
            "the check looks where the insert goes",
            {
                **dict(INVALID[0].files),
                "convex/jobs.ts": INVALID[0].files["convex/jobs.ts"].replace('"pending"', '"running"'),
            },
            trap=True,
        ),
        Case(
            "an empty range is protected: no row yet, and two calls cannot both insert one",
            {
                **dict(INVALID[1].files),
                "convex/imports.ts": INVALID[1]
                .files["convex/imports.ts"]
                .replace('("state", "processing")', '("state", "queued")'),
            },
            trap=True,
        ),
        Case(
            "an accepted invitation is another thing than a new one",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  invites: defineTable({ email: v.string(), status: v.string() }).index("by_email", ["email", "status"]),
});
""",
                "convex/invites.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const invite = mutation({
  args: { email: v.string() },
  handler: async (ctx, { email }) => {
    const member = await ctx.db
      .query("invites")
      .withIndex("by_email", (q) => q.eq("email", email).eq("status", "accepted"))
      .first();
    if (member) throw new Error("already a member");
    await ctx.db.insert("invites", { email, status: "pending" });
  },
});
export const accept = mutation({
  args: { id: v.id("invites") },
  handler: async (ctx, { id }) => {
    await ctx.db.patch(id, { status: "accepted" });
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "the mutation behind the action looks again",
            {
                **dict(INVALID[2].files),
                "convex/letters.ts": INVALID[2]
                .files["convex/letters.ts"]
                .replace(
                    "    await ctx.db.insert",
                    """    const sent = await ctx.db
      .query("sent")
      .withIndex("by_post", (q) => q.eq("post", post))
      .first();
    if (!sent) await ctx.db.insert""",
                ),
            },
            trap=True,
        ),
        Case(
            "both states are looked for",
            {
                **dict(INVALID[0].files),
                "convex/jobs.ts": INVALID[0]
                .files["convex/jobs.ts"]
                .replace(
                    "    const id = await",
                    """    const waiting = await ctx.db
      .query("jobs")
      .withIndex("by_status", (q) => q.eq("status", "pending"))
      .first();
    if (waiting) throw new Error("already requested");
    const id = await""",
                ),
            },
        ),
    )
