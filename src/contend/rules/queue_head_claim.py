"""Rule `queue-head-claim`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from contend.model.callers import Caller
from contend.model.findings import Finding, Fix, Sharing
from contend.model.functions import Access, Function, Key
from contend.model.places import Span
from contend.model.values import Origin
from contend.rules.graph import AuditGraph, distinct
from contend.rules.lookups import counts_rows
from contend.rules.report import helper_of, priced, report
from contend.rules.rule import Case, Rule

_WAITING = re.compile(
    r"pending|queued?|waiting|ready|available|open|new|unassigned|idle|to_?do|scheduled|created|requested",
    re.IGNORECASE,
)
_BUSY = re.compile(
    r"running|process|in_?progress|started|executing|working|claimed|locked|leased|active", re.IGNORECASE
)
_TAKEN = re.compile(
    r"claim|assign|taken|taking|lock|leas|reserv|pick|acquir|allocat|dispatch|match|book|busy|in_?use|handl|deliver|"
    r"(?<!wait)(?<!pend)(?<!queu)ing$",
    re.IGNORECASE,
)
_HOLDER = re.compile(r"claim|assign|lock|lease|worker|taken|holder|picked", re.IGNORECASE)
_OVER = re.compile(
    r"fail|error|done|complete|cancel|expired|sent|terminal|reject|abandon|clos|archiv|delete|skip|dead|finish|stop|"
    r"timed_?out|(process|deliver|handl|execut|match|dispatch)ed$|inactive|resolved|success",
    re.IGNORECASE,
)
_PER_WORKER = re.compile(r"worker|agent|machine|runner|instance|shard|partition|slot", re.IGNORECASE)
_ONE_AT_A_TIME = frozenset({"cron", "scheduler", "function"})


@dataclass(frozen=True, slots=True)
class _Claim:
    """A mutation that takes the `head` of a queue, or asks whether there is `room`: the read, the bound on the state,
    and the write that changes that state."""

    how: Literal["head", "room"]
    function: Function
    read: Access
    state: Key
    write: Access


class QueueHeadClaim(Rule):
    """Workers all take the first waiting row, or count the running ones, so every claim conflicts with every other.

    ## What it does
    Finds mutations that read the first rows in a waiting state (`pending`, `queued`) and give one of them to a worker
    (`running`, `claimed`, an owner), and mutations that count the rows in a busy state against a limit before they add
    one, where several callers do so at the same time.

    ## Why it conflicts
    All workers read the same row: the head. One of them commits, and all others start over, only to want the next head
    together. Work that is added or finished enters the same range. The more workers there are, the fewer claims get
    through: throughput falls as they are added.

    ## Example
    ```ts
    const job = await ctx.db.query("jobs").withIndex("by_status", (q) => q.eq("status", "pending")).first();
    if (!job) return null;
    await ctx.db.patch(job._id, { status: "running" });
    ```

    ## Use instead
    Look for candidates outside the transaction, let each worker try another one, and claim it by its id:

    ```ts
    // in a query: the first 50 pending jobs; the worker picks one of them at random
    export const claim = mutation({
      args: { id: v.id("jobs") },
      handler: async (ctx, { id }) => {
        const job = await ctx.db.get(id);
        if (job?.status !== "pending") return false;
        await ctx.db.patch(id, { status: "running" });
        return true;
      },
    });
    ```

    Or let one dispatcher hand out batches, or use a work pool with bounded parallelism.

    ## When it stays quiet
    When one cron, or a chain of scheduled runs that a cron starts, is the only worker; when the row is claimed by an id
    that the caller knows; when the range is one worker's or one user's own; and when waiting rows are not taken to be
    worked on, but given up (`failed`, `expired`) or done with.

    ## Fix safety
    A random choice gives up strict order: rows that must be worked on in order need one dispatcher. A worker that finds
    its row taken has to try another one.

    ## References
    - Optimistic concurrency control: https://docs.convex.dev/database/advanced/occ
    - What `.first()` covers: convex-backend, crates/database/src/query/index_range.rs
    - A work pool: https://www.convex.dev/components/workpool
    """

    name = "queue-head-claim"

    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        places: dict[Span, list[_Claim]] = defaultdict(list)
        for function in graph.mutations:
            for claim in _claims(graph, function):
                if _several(graph, function):
                    places[claim.read.span].append(claim)
        for claims in places.values():
            yield self._finding(graph, claims)

    def _finding(self, graph: AuditGraph, claims: Sequence[_Claim]) -> Finding:
        claims = sorted(claims, key=lambda claim: -graph.estimator.calls_per_day(claim.function.id))
        first = claims[0]
        found = [
            pair
            for claim in claims
            for pair in graph.pairs.of_victim(claim.function.id)
            if pair.read.order == claim.read.order
        ]
        pairs, predicted = priced(graph, distinct(found))
        table, state = first.read.table, f"`{first.state.field}` = {first.state.value.text}"
        entering = [
            name
            for name in dict.fromkeys(graph.functions[pair.writer].path for pair in pairs)
            if all(name != claim.function.path for claim in claims)
        ]
        head = first.how == "head"
        one = "the first" if first.read.extent.reach == "first" else "one"
        return report(
            graph,
            self.name,
            function=first.function,
            cause=first.read.span,
            text=first.read.snippet,
            message=(
                f"takes {one} `{table}` row with {state} and moves it on: workers that run together want the same one"
                if head
                else f"counts the `{table}` rows with {state} before it adds one: every start and every end of another "
                "one enters the range"
            ),
            pairs=pairs,
            callers=tuple({c.span: c for claim in claims for c in graph.origins(claim.function.id)}.values()),
            static=(
                f"the read covers the {_covered(first)} ({first.read.span}), and "
                f"each claim changes `{first.state.field}` there ({first.write.span})",
                *([f"rows also enter or leave that range by {_listed(entering)}"] if entering else []),
                f"{len(claims)} mutations claim here"
                if len(claims) > 1
                else "several callers can claim at the same time",
            ),
            predicted=predicted,
            confidence="high" if head else "medium",
            table=table,
            functions=[claim.function.id for claim in claims],
            helper=helper_of(first.read, first.function) if len(claims) > 1 else None,
            fixes=_fixes(first),
        )

    INVALID = (
        Case(
            "a worker takes the oldest pending job",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  jobs: defineTable({ status: v.string(), payload: v.string() }).index("by_status", ["status"]),
});
""",
                "convex/jobs.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const add = mutation({
  args: { payload: v.string() },
  handler: async (ctx, { payload }) => {
    await ctx.db.insert("jobs", { status: "pending", payload });
  },
});
export const claim = mutation({
  args: {},
  handler: async (ctx) => {
    const job = await ctx.db.query("jobs").withIndex("by_status", (q) => q.eq("status", "pending")).first();
    if (!job) return null;
    await ctx.db.patch(job._id, { status: "running" });
    return job;
  },
});
""",
                "worker/index.ts": """
import { ConvexHttpClient } from "convex/browser";
import { api } from "../convex/_generated/api";
const client = new ConvexHttpClient(process.env.CONVEX_URL!);
setInterval(async () => {
  const job = await client.mutation(api.jobs.claim, {});
  if (job) console.log(job.payload);
}, 1000);
""",
            },
            expects=('ctx.db.query("jobs")',),
        ),
        Case(
            "a start is allowed while fewer than ten run",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ runs: defineTable({ state: v.string() }).index("by_state", ["state"]) });
""",
                "convex/runs.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const start = mutation({
  args: {},
  handler: async (ctx) => {
    const running = await ctx.db.query("runs").withIndex("by_state", (q) => q.eq("state", "running")).collect();
    if (running.length >= 10) throw new Error("too many");
    await ctx.db.insert("runs", { state: "running" });
  },
});
export const finish = mutation({
  args: { id: v.id("runs") },
  handler: async (ctx, { id }) => {
    await ctx.db.patch(id, { state: "done" });
  },
});
""",
                "src/Start.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Start() {
  const start = useMutation(api.runs.start);
  return <button onClick={() => start()}>Start</button>;
}
""",
            },
            expects=('ctx.db.query("runs")',),
        ),
    )

    VALID = (
        Case(
            "one cron is the only worker",
            {
                **{path: text for path, text in INVALID[0].files.items() if path != "worker/index.ts"},
                "convex/crons.ts": """
import { cronJobs } from "convex/server";
import { api } from "./_generated/api";
const crons = cronJobs();
crons.interval("work", { minutes: 1 }, api.jobs.claim);
export default crons;
""",
            },
            trap=True,
        ),
        Case(
            "the row is claimed by an id that the caller knows",
            {
                **dict(INVALID[0].files),
                "convex/jobs.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const claim = mutation({
  args: { id: v.id("jobs") },
  handler: async (ctx, { id }) => {
    const job = await ctx.db.get(id);
    if (job?.status !== "pending") return null;
    await ctx.db.patch(id, { status: "running" });
    return job;
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "leftovers are given up, and nobody works on them",
            {
                **dict(INVALID[0].files),
                "convex/jobs.ts": """
import { mutation } from "./_generated/server";
export const claim = mutation({
  args: {},
  handler: async (ctx) => {
    const left = await ctx.db.query("jobs").withIndex("by_status", (q) => q.eq("status", "pending")).take(100);
    for (const job of left) await ctx.db.patch(job._id, { status: "failed" });
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "each worker has a queue of its own",
            {
                **dict(INVALID[0].files),
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  jobs: defineTable({ status: v.string(), worker: v.string(), payload: v.string() })
    .index("by_worker_status", ["worker", "status"]),
});
""",
                "convex/jobs.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const claim = mutation({
  args: { worker: v.string() },
  handler: async (ctx, { worker }) => {
    const job = await ctx.db
      .query("jobs")
      .withIndex("by_worker_status", (q) => q.eq("worker", worker).eq("status", "pending"))
      .first();
    if (!job) return null;
    await ctx.db.patch(job._id, { status: "running" });
    return job;
  },
});
""",
            },
            trap=True,
        ),
    )


def _claims(graph: AuditGraph, function: Function) -> Iterator[_Claim]:
    """The reads of a mutation that take the head of a queue that others share, or count what is busy."""
    for read in function.reads:
        if read.operation != "query" or read.table is None or read.extent.filtered or read.stale:
            continue
        state = _state(read)
        if state is None or any(_PER_WORKER.search(key.field) for key in read.keys):
            continue
        if graph.pairs.sharing(function.id, read) not in (Sharing.EVERYONE, Sharing.TENANT, Sharing.UNKNOWN):
            continue
        if _waits(state):
            for write in function.writes:
                ends = read.extent.reach in ("first", "take") or not write.loops
                own = write.operation in ("patch", "replace") and write.row == read.row
                if ends and own and _moves(write, state):
                    yield _Claim("head", function, read, state, write)
                    break
        elif read.extent.reach in ("range", "take") and _BUSY.search(str(state.value.constant)):
            for write in function.writes:
                if write.table == read.table and _enters(write, state) and _is_limited(write, read):
                    yield _Claim("room", function, read, state, write)
                    break


def _state(read: Access) -> Key | None:
    """The bound of a read that asks for one state, or for rows that nobody holds."""
    for key in read.keys:
        if key.operator == "eq" and key.value.origin is Origin.CONSTANT:
            free = key.value.text in ("undefined", "null", "false") and _HOLDER.search(key.field)
            if free or isinstance(key.value.constant, str):
                return key
    return None


def _waits(state: Key) -> bool:
    return not isinstance(state.value.constant, str) or bool(_WAITING.search(state.value.constant))


def _moves(write: Access, state: Key) -> bool:
    """Whether a write takes a row out of the waiting ones for somebody to work on it: a state that says so, or that
    is not known, or a holder. Rows that are given up or done with are claimed by nobody."""
    for field in write.fields:
        if field.name != state.field or field.value.text == state.value.text:
            continue
        given = field.value.constant
        if not isinstance(given, str):
            return field.value.text not in ("undefined", "null")
        return not _OVER.search(given) and bool(_BUSY.search(given) or _TAKEN.search(given))
    return False


def _enters(write: Access, state: Key) -> bool:
    return any(field.name == state.field and field.value.text == state.value.text for field in write.fields)


def _is_limited(write: Access, read: Access) -> bool:
    """Whether a count of the rows that were read decides about the write."""
    return any(counts_rows(guard.condition, read.row) for guard in write.guards)


def _several(graph: AuditGraph, function: Function) -> bool:
    """Whether several calls can run at the same time: not where crons, or what they schedule, are all there is."""
    origins: Sequence[Caller] = graph.origins(function.id)
    if graph.estimator.heats[function.id].concurrent:
        return True
    return any(origin.trigger.kind not in _ONE_AT_A_TIME for origin in origins)


def _covered(claim: _Claim) -> str:
    if claim.how == "room":
        return "rows in that state"
    return "whole queue" if claim.read.extent.reach == "range" else "head of the queue"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _fixes(claim: _Claim) -> tuple[Fix, ...]:
    if claim.how == "room":
        return (
            Fix(
                "keep one row per slot: a start takes a free slot by its id, an end frees it",
                "guided",
                "pairs of starts and ends that use different slots",
                "starts that pick the same free slot: one is retried, and takes another",
            ),
            Fix(
                "hand the work to a pool with bounded parallelism, which starts jobs from one place",
                "manual",
                "pairs of starters with each other",
                "the pool's own loop with what is added and finished",
            ),
        )
    return (
        Fix(
            "find candidates in a query, let each worker pick another of the first rows, and claim it by its id "
            "(`ctx.db.get`, check that it still waits, patch)",
            "guided",
            "pairs of workers that pick different rows, and those with what is added or finished meanwhile",
            "workers that pick the same row: one is retried, finds it taken, and tries another",
        ),
        Fix(
            "let one dispatcher hand out batches, or use a work pool with bounded parallelism",
            "guided",
            "pairs of workers with each other",
            "the dispatcher with what is added to the queue while it reads its head",
        ),
    )
