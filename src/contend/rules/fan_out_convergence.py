"""Rule `fan-out-convergence`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from contend.convex.components.workpool import DEFAULT_PARALLELISM
from contend.model.callers import Caller
from contend.model.findings import Finding, Fix, Severity
from contend.model.functions import Function
from contend.model.places import Span
from contend.model.values import Origin, Value
from contend.rules.graph import AuditGraph
from contend.rules.report import report
from contend.rules.rule import Case, Rule
from contend.rules.volleys import Differing, Volley, differing, in_catch, is_trial, row_of, source_of, volley

_GROWS = re.compile(r"run(?:After|At)\(\s*[^,()]*?\b(?!0\b)[a-z_]\w*\s*\*|run(?:After|At)\([^,()]*\*\s*[a-z_]\w*\b")
FEW = 2  # jobs of one fan-out that are not worth a word


class FanOutConvergence(Rule):
    """Many jobs are scheduled at once, and all of them report to one row.

    ## What it does
    Finds `scheduler.runAfter` and work-pool enqueues in a loop whose function (or a mutation that the scheduled action
    runs) writes a row, or reads a range that it inserts into, that does not depend on the item.

    ## Why it conflicts
    The jobs start together and all read the same row; one commits, the others are tried again, after 100 ms, 200 ms and
    so on up to a minute, without end. Nothing fails, so nobody notices: the last of them finish long after their work
    is done, and each of them holds a scheduler slot meanwhile.

    ## Example
    ```ts
    for (const item of items) {
      await ctx.scheduler.runAfter(0, internal.jobs.process, { jobId, item });
    }
    // process: … ctx.db.patch(jobId, { done: job.done + 1 })
    ```

    ## Use instead
    ```ts
    // process inserts a result of its own; who asks counts them, or one finisher does
    await ctx.db.insert("results", { jobId, item });
    ```

    ## When it stays quiet
    When each job writes rows found by what is its own, when the jobs are spread over time (`runAfter(i * 1000, …)`),
    for one or two jobs, and for a function that schedules itself.

    ## Fix safety
    Counting on read costs as many documents as there are results. A finisher (the last job, a work pool's `onComplete`,
    a cron) writes the parent once; progress then comes in steps.

    ## References
    - Scheduled mutations are retried without end: convex-backend, crates/application/src/scheduled_jobs/mod.rs
    - Scheduling: https://docs.convex.dev/scheduling/scheduled-functions
    - Work pool: https://www.convex.dev/components/workpool
    """

    name = "fan-out-convergence"
    preview = True  # most of what independent readers judged was wrong, or stood in one app: docs/accuracy.md

    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        found: dict[Span, list[tuple[Volley, Caller | None]]] = defaultdict(list)
        for caller in graph.app.callers:
            if caller.client != "scheduler" or not _fans_out(caller):
                continue
            target, source = graph.functions.get(caller.function), source_of(graph, caller)
            if target is None or source is None:
                continue
            for function, per_item, step in _mutations(graph, target, differing(graph, caller, source)):
                apart = step is not None and step.epoch > 0
                one = volley(graph, caller, function, per_item, _parallelism(caller), apart)
                if one is not None and one.calls > FEW:
                    found[caller.span].append((one, step))
        for group in found.values():
            yield self._finding(graph, group)

    def _finding(self, graph: AuditGraph, group: Sequence[tuple[Volley, Caller | None]]) -> Finding:
        worst, step = max(group, key=lambda one: (one[0].certain, one[0].impact.retries_per_day))
        caller, function = worst.caller, worst.function
        certain = worst.certain and step is None
        what = row_of(worst)
        perhaps = "" if worst.certain else ", where the items have one parent"
        through = f"; each runs {function.path} ({step.span})" if step is not None else ""
        jobs = graph.functions[caller.function].path
        pooled = _parallelism(caller)
        return report(
            graph,
            self.name,
            function=function,
            cause=caller.span,
            text=caller.snippet,
            message=f"about {worst.calls} jobs of {jobs} start together and all {what}{perhaps}",
            pairs=worst.pairs,
            callers=[caller, *([step] if step is not None else [])],
            static=(
                f"{jobs} is scheduled in a loop at {caller.span}{through}",
                f"all jobs {what}{perhaps}",
                f"a work pool runs at most {pooled} at a time unless told otherwise"
                if pooled is not None
                else "the jobs start as soon as the scheduler has room, side by side",
                "scheduled: tried again without end, so the conflicts show as delay, never as an error",
            ),
            predicted=worst.impact,
            confidence="high" if certain else "medium",
            table=worst.pairs[0].table,
            functions=[one.caller.function for one, _ in group],
            at_most=_cap(caller, step, certain),
            fixes=(
                Fix(
                    "each job inserts a row of its own; what is asked for is counted on read, or by one finisher",
                    "guided",
                    f"{function.path} × itself",
                    "the finisher against whoever else writes the parent",
                ),
                Fix(
                    "a work pool with few jobs at a time, and its `onComplete` for the parent",
                    "guided",
                    "the meetings of all jobs but those that the pool runs side by side",
                    "these few (none with `maxParallelism: 1`)",
                ),
            ),
        )

    INVALID = (
        Case(
            "scheduled jobs that count themselves on their parent",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  jobs: defineTable({ done: v.number() }),
  items: defineTable({ jobId: v.id("jobs"), state: v.string() }).index("by_job", ["jobId"]),
});
""",
                "convex/jobs.ts": """
import { internalMutation, mutation } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
export const process = internalMutation({
  args: { jobId: v.id("jobs"), itemId: v.id("items") },
  handler: async (ctx, { jobId, itemId }) => {
    await ctx.db.patch(itemId, { state: "done" });
    const job = await ctx.db.get(jobId);
    if (job) await ctx.db.patch(jobId, { done: job.done + 1 });
  },
});
export const start = mutation({
  args: { jobId: v.id("jobs") },
  handler: async (ctx, { jobId }) => {
    const items = await ctx.db.query("items").withIndex("by_job", (q) => q.eq("jobId", jobId)).collect();
    for (const item of items) {
      await ctx.scheduler.runAfter(0, internal.jobs.process, { jobId, itemId: item._id });
    }
  },
});
""",
                "src/Start.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Start({ jobId }) {
  const start = useMutation(api.jobs.start);
  return <button onClick={() => start({ jobId })}>Start</button>;
}
""",
            },
            expects=("internal.jobs.process",),
        ),
        Case(
            "scheduled actions whose mutation writes one row",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ imports: defineTable({ left: v.number(), note: v.string() }) });
""",
                "convex/imports.ts": """
import { internalAction, internalMutation, mutation } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
export const finished = internalMutation({
  args: { importId: v.id("imports"), note: v.string() },
  handler: async (ctx, { importId, note }) => {
    const row = await ctx.db.get(importId);
    if (row) await ctx.db.patch(importId, { left: row.left - 1, note });
  },
});
export const load = internalAction({
  args: { importId: v.id("imports"), url: v.string() },
  handler: async (ctx, { importId, url }) => {
    const text = await (await fetch(url)).text();
    await ctx.runMutation(internal.imports.finished, { importId, note: text });
  },
});
export const start = mutation({
  args: { urls: v.array(v.string()) },
  handler: async (ctx, { urls }) => {
    const importId = await ctx.db.insert("imports", { left: urls.length, note: "" });
    await Promise.all(urls.map((url) => ctx.scheduler.runAfter(0, internal.imports.load, { importId, url })));
  },
});
""",
            },
            expects=("internal.imports.load",),
        ),
    )

    VALID = (
        Case(
            "each job has a row of its own",
            {
                **dict(INVALID[0].files),
                "convex/jobs.ts": INVALID[0]
                .files["convex/jobs.ts"]
                .replace(
                    "    const job = await ctx.db.get(jobId);\n"
                    "    if (job) await ctx.db.patch(jobId, { done: job.done + 1 });\n",
                    "",
                ),
            },
            trap=True,
        ),
        Case(
            "jobs that are spread over time",
            {
                **dict(INVALID[0].files),
                "convex/jobs.ts": INVALID[0]
                .files["convex/jobs.ts"]
                .replace("for (const item of items) {", "for (const [i, item] of items.entries()) {")
                .replace("runAfter(0,", "runAfter(i * 5000,"),
            },
            trap=True,
        ),
        Case(
            "two jobs",
            {
                **dict(INVALID[0].files),
                "convex/jobs.ts": INVALID[0]
                .files["convex/jobs.ts"]
                .replace("of items) {", "of [items[0], items[1]]) {"),
            },
            trap=True,
        ),
    )


def _fans_out(caller: Caller) -> bool:
    if not caller.loops or caller.from_function == caller.function or in_catch(caller):
        return False
    if caller.delay_ms is None or _GROWS.search(caller.snippet):
        return False  # a delay that depends on something: most likely on the round
    return all(loop.bound is None or loop.bound > FEW for loop in caller.loops)


def _cap(caller: Caller, step: Caller | None, certain: bool) -> Severity | None:
    """No more than low in tests and set-up, than medium where what the actions wait for sets them apart."""
    if is_trial(caller.span.file):
        return Severity.LOW
    if step is not None and step.epoch > 0:
        return Severity.MEDIUM
    return None if certain else Severity.HIGH


def _parallelism(caller: Caller) -> int | None:
    """How many jobs a work pool runs at a time; None for the scheduler itself."""
    return DEFAULT_PARALLELISM if ".enqueue" in caller.snippet else None


def _mutations(
    graph: AuditGraph, target: Function, per_item: Differing
) -> Iterator[tuple[Function, Differing, Caller | None]]:
    """The mutations of a job, with the arguments in which they differ from job to job: the job itself, or those that a
    scheduled action runs once."""
    if target.kind == "mutation":
        yield target, per_item, None
        return
    if target.kind != "action":
        return
    seen: set[str] = set()
    for step in graph.started_by(target.id):
        function = graph.functions.get(step.function)
        if function is None or function.kind != "mutation" or step.client == "scheduler" or step.function in seen:
            continue
        if step.loops or in_catch(step):
            continue
        seen.add(step.function)
        names = frozenset(name for name, value in step.arguments if _differs(value, per_item))
        given = frozenset(name for name, _ in step.arguments)
        yield function, Differing(names, given - names, "*" in given), step


def _differs(value: Value, per_item: Differing) -> bool:
    for part in value.walk():
        if part.origin in (Origin.FRESH, Origin.UNKNOWN, Origin.FIELD, Origin.TIME):
            return True
        if part.origin is Origin.ARGUMENT:
            names = part.text.split(".", 2)
            name = (names[1] if len(names) > 1 else part.text).split("[")[0].rstrip("?!")
            if name in per_item:
                return True
    return False
