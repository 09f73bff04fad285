"""Rule `unbatched-sequence`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from contend.conflicts.branches import exclude_each_other
from contend.model.callers import Caller
from contend.model.findings import Finding, Fix, Impact, Severity
from contend.model.functions import Access, Function
from contend.model.values import Origin, Value
from contend.rules.graph import AuditGraph, distinct, own_pairs_first
from contend.rules.report import MAX_ASSUMPTIONS, report
from contend.rules.rule import Case, Rule

_CAUGHT = "an error was caught"
_OTHER_CLIENTS = frozenset({"transaction", "scheduler", "cron"})


class UnbatchedSequence(Rule):
    """One handler calls several mutations, one after another, that write the same row.

    ## What it does
    Finds consecutive mutation calls in one function of the client or server, and calls in a loop whose row does not
    depend on the loop, that write the same row each time.

    ## Why it conflicts
    Every call is a transaction of its own: the row is written, and every live query on it runs again, once per call.
    Over HTTP and from actions, calls that are not awaited run at the same time and conflict with each other. Over one
    WebSocket they do not (the server runs one connection's mutations one at a time), but each gives other tabs and
    users another chance to conflict, and a failure between two of them leaves the row half changed.

    ## Example
    ```ts
    await updateStep({ step: "plan", value: true });
    await updateStep({ step: "payment", value: true });
    ```

    ## Use instead
    ```ts
    await updateSteps({ steps: { plan: true, payment: true } });
    ```

    ## When it stays quiet
    When the calls write different rows or tables, when a user acts between them, when they stand on different branches,
    and when the second needs the result of something outside Convex that the first one does not.

    ## Fix safety
    The batch is atomic: either all of it is written or nothing. Where a later call may fail without undoing an earlier
    one, keep them apart.

    ## References
    - One connection's mutations run in order: convex-backend, crates/sync/src/worker.rs
    - Mutations are transactions: https://docs.convex.dev/functions/mutation-functions#transactions
    """

    name = "unbatched-sequence"

    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        scopes: dict[tuple[str, str], list[Caller]] = defaultdict(list)
        for caller in graph.app.callers:
            if caller.trigger.kind != "script" and caller.client not in _OTHER_CLIENTS and not _at_once(caller):
                top = caller.chain[0]
                scopes[(caller.from_function or caller.trigger.entry, top.file)].append(caller)
        seen: set[str] = set()
        for callers in scopes.values():
            callers.sort(key=lambda caller: caller.order)
            for finding in self._in_scope(graph, callers):
                if finding.id not in seen:
                    seen.add(finding.id)
                    yield finding

    def _in_scope(self, graph: AuditGraph, callers: Sequence[Caller]) -> Iterator[Finding]:
        at = 0
        while at < len(callers):
            run = [callers[at]]
            common: tuple[Access, Access] | None = None
            for following in callers[at + 1 :]:
                shared = common_row(graph, run[-1], following)
                if shared is None or not _follow(run[-1], following):
                    break
                common = common or shared
                run.append(following)
            if len(run) > 1 and common is not None:
                yield self._finding(graph, run, common[1])
            at += len(run)

    def _finding(self, graph: AuditGraph, run: Sequence[Caller], access: Access) -> Finding:
        first, last = run[0], run[-1]
        function = graph.functions[first.function]
        names = list(dict.fromkeys(graph.functions[caller.function].path for caller in run))
        awaited = all(one.is_over_before(other) for one, other in pairwise(run))
        socket = first.client == "websocket"
        pairs = (
            distinct(pair for caller in run for pair in graph.pairs_on(graph.functions[caller.function], access))
            if len(names) == 1
            else distinct(graph.pairs_on(function, _own_write(function, access)))
        )
        calls = _calls_per_day(graph, first)
        extra = calls * (len(run) - 1)
        reruns = sum(
            graph.estimator.of_pair(pair).query_reruns_per_day for pair in pairs if pair.kind == "invalidation"
        )
        predicted = Impact(
            calls_per_day=extra,
            writes_per_day=extra,
            query_reruns_per_day=reruns * extra / max(graph.estimator.calls_per_day(function.id), extra, 1),
            assumptions=_assumptions(graph, run),
        )
        if not socket and not awaited:
            own = [pair for pair in pairs if pair.kind == "conflict"]
            predicted = graph.estimator.of_pairs(own)
        how = "not awaited" if not awaited else "awaited one after another"
        order = (
            "one socket, so they do not conflict with each other; every call is one more write that others can meet"
            if socket
            else "they run at the same time and conflict with each other"
            if not awaited
            else "one after another; every call is one more write that others can meet"
        )
        capped = socket or awaited
        return report(
            graph,
            self.name,
            function=function,
            cause=last.span,
            text="".join(caller.snippet for caller in run),
            message=f"{len(run)} calls in a row ({', '.join(names)}), {how}, write the same `{access.table}` row",
            pairs=own_pairs_first(pairs, function.id),
            callers=tuple(run),
            static=(
                "calls: " + ", ".join(f"{caller.span}" for caller in run),
                f"all write one `{access.table}` row",
                order + (" (so no more than low)" if capped else ""),
            ),
            predicted=predicted,
            confidence="high" if len(names) == 1 else "medium",
            table=access.table,
            functions=[caller.function for caller in run],
            at_most=Severity.LOW if capped else None,
            fixes=(
                Fix(
                    "one mutation that takes all of it and writes the row once",
                    "guided",
                    f"{len(run) - 1} of {len(run)} writes and the re-runs of live queries that they cause",
                    "other tabs and users that write the same row",
                ),
            ),
        )

    INVALID = (
        Case(
            "two awaited calls of one mutation in a handler",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  users: defineTable({ token: v.string(), steps: v.record(v.string(), v.boolean()) }).index("by_token", ["token"]),
});
""",
                "convex/users.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const updateStep = mutation({
  args: { step: v.string() },
  handler: async (ctx, args) => {
    const identity = await ctx.auth.getUserIdentity();
    if (!identity) throw new Error("sign in first");
    const user = await ctx.db
      .query("users")
      .withIndex("by_token", (q) => q.eq("token", identity.tokenIdentifier))
      .unique();
    if (!user) throw new Error("no user");
    await ctx.db.patch(user._id, { steps: { ...user.steps, [args.step]: true } });
  },
});
""",
                "src/Wizard.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Wizard() {
  const updateStep = useMutation(api.users.updateStep);
  const finish = async () => {
    await updateStep({ step: "plan" });
    await updateStep({ step: "payment" });
  };
  return <button onClick={finish}>Done</button>;
}
""",
            },
            expects=('await updateStep({ step: "payment" })',),
        ),
        Case(
            "an action writes one row with two mutations",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ jobs: defineTable({ state: v.string(), note: v.optional(v.string()) }) });
""",
                "convex/jobs.ts": """
import { action, internalMutation } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
export const setState = internalMutation({
  args: { id: v.id("jobs"), state: v.string() },
  handler: (ctx, args) => ctx.db.patch(args.id, { state: args.state }),
});
export const setNote = internalMutation({
  args: { id: v.id("jobs"), note: v.string() },
  handler: (ctx, args) => ctx.db.patch(args.id, { note: args.note }),
});
export const run = action({
  args: { id: v.id("jobs") },
  handler: async (ctx, { id }) => {
    await ctx.runMutation(internal.jobs.setState, { id, state: "done" });
    await ctx.runMutation(internal.jobs.setNote, { id, note: "ok" });
  },
});
""",
            },
            expects=("internal.jobs.setNote",),
        ),
    )

    VALID = (
        Case(
            "two calls, two tables",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  jobs: defineTable({ state: v.string() }),
  logs: defineTable({ text: v.string() }),
});
""",
                "convex/jobs.ts": """
import { action, internalMutation } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
export const setState = internalMutation({
  args: { id: v.id("jobs"), state: v.string() },
  handler: (ctx, args) => ctx.db.patch(args.id, { state: args.state }),
});
export const log = internalMutation({
  args: { text: v.string() },
  handler: (ctx, args) => ctx.db.insert("logs", { text: args.text }),
});
export const run = action({
  args: { id: v.id("jobs") },
  handler: async (ctx, { id }) => {
    await ctx.runMutation(internal.jobs.setState, { id, state: "done" });
    await ctx.runMutation(internal.jobs.log, { text: "done" });
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "an action that returns after the first call",
            {
                **dict(INVALID[1].files),
                "convex/jobs.ts": """
import { action, internalMutation } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
export const setState = internalMutation({
  args: { id: v.id("jobs"), state: v.string() },
  handler: (ctx, args) => ctx.db.patch(args.id, { state: args.state }),
});
export const run = action({
  args: { id: v.id("jobs"), fast: v.boolean() },
  handler: async (ctx, { id, fast }) => {
    if (fast) {
      if (!process.env.FAST_KEY) {
        await ctx.runMutation(internal.jobs.setState, { id, state: "failed" });
        return null;
      }
    } else {
      if (!process.env.SLOW_KEY) {
        await ctx.runMutation(internal.jobs.setState, { id, state: "failed" });
        return null;
      }
    }
    await ctx.runMutation(internal.jobs.setState, { id, state: "done" });
    return null;
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "two branches, one call each",
            {
                **dict(INVALID[0].files),
                "src/Wizard.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Wizard({ paid }: { paid: boolean }) {
  const updateStep = useMutation(api.users.updateStep);
  const finish = async () => {
    if (paid) {
      await updateStep({ step: "plan" });
    } else {
      await updateStep({ step: "payment" });
    }
  };
  return <button onClick={finish}>Done</button>;
}
""",
            },
            trap=True,
        ),
    )


def _assumptions(graph: AuditGraph, run: Sequence[Caller]) -> tuple[str, ...]:
    """What the number of calls rests on."""
    heat = graph.estimator.heats.get(run[0].function)
    return heat.assumptions[:MAX_ASSUMPTIONS] if heat is not None else ()


def _calls_per_day(graph: AuditGraph, caller: Caller) -> float:
    """How often one call is made."""
    heat = graph.estimator.heats.get(caller.function)
    sources = [source for source in heat.sources if source.caller == caller] if heat is not None else []
    return sum(source.calls_per_day for source in sources)


def _at_once(caller: Caller) -> bool:
    """Whether the call is one of several that a server or an action makes at once (`parallel-server-mutations`)."""
    return caller.client != "websocket" and not caller.queued and any(loop.parallel for loop in caller.loops)


def _follow(one: Caller, other: Caller) -> bool:
    """Whether one call leads on to the other: the same trigger, and no condition that shuts one of them out."""
    if one.scope != other.scope or one.chain[:-1] != other.chain[:-1]:
        return False
    if [loop.span for loop in one.loops] != [loop.span for loop in other.loops]:
        return False
    if one.trigger.kind != other.trigger.kind or one.trigger.detail != other.trigger.detail:
        return False
    if one.last:
        return False  # its function returns after it
    if one.epoch != other.epoch:
        return False  # something outside Convex is awaited between them
    caught = {guard.span for guard in one.guards if guard.condition.text == _CAUGHT}
    if caught != {guard.span for guard in other.guards if guard.condition.text == _CAUGHT}:
        return False  # one stands in a `catch`
    if exclude_each_other(one.guards, other.guards):
        return False
    return one.span != other.span


def common_row(graph: AuditGraph, one: Caller, other: Caller) -> tuple[Access, Access] | None:
    """A write of each call's function that means the same row, with the arguments of these calls."""
    first, second = graph.functions.get(one.function), graph.functions.get(other.function)
    if first is None or second is None or first.kind != "mutation" or second.kind != "mutation":
        return None
    for a in first.writes:
        for b in second.writes:
            if a.operation == "insert" or b.operation == "insert" or a.table is None or a.table != b.table:
                continue
            if a.loops or b.loops:
                continue
            left, right = _row_key(first, a, dict(one.arguments)), _row_key(second, b, dict(other.arguments))
            if left is not None and left == right:
                return a, b
    return None


def _row_key(function: Function, access: Access, arguments: Mapping[str, Value], depth: int = 0) -> str | None:
    """What decides which row a write reaches, in the caller's terms; None where that cannot be said."""
    for key in access.keys:
        value = key.value
        text = _in_caller(value, arguments)
        if text is not None:
            return f"{access.table}:{text}"
        if value.origin is Origin.FIELD and value.row is not None and depth < 3:
            for read in function.reads:
                if read.row == value.row and read is not access and read.keys:
                    parts = [_in_caller(bound.value, arguments) for bound in read.keys]
                    if all(part is not None for part in parts):
                        return f"{read.table}:" + ",".join(str(part) for part in parts) + f":{value.field}"
    return None


def _in_caller(value: Value, arguments: Mapping[str, Value]) -> str | None:
    if value.origin is Origin.IDENTITY:
        return f"identity:{value.text}"
    if value.origin is Origin.CONSTANT:
        return f"constant:{value.text}"
    if value.origin is Origin.ARGUMENT:
        passed = arguments.get((value.field or value.text).split(".")[-1])
        if passed is not None and passed.origin not in (Origin.FRESH, Origin.TIME):
            return f"argument:{passed.text}"
    return None


def _own_write(function: Function, access: Access) -> Access:
    return next((write for write in function.writes if write.table == access.table), access)
