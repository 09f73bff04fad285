"""Rule `ineffective-guard`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contend.model.callers import Caller
from contend.model.findings import Finding, Fix
from contend.model.functions import Access, Function, Guard
from contend.model.places import Span
from contend.model.values import Origin
from contend.rules.graph import AuditGraph, own_pairs_first, same_row
from contend.rules.guards import (
    age_test,
    compared_with_itself,
    earlier_write,
    fields_of_row,
    is_effective,
    newer_than_stored,
)
from contend.rules.remedies import fewer_starts, rerun_source
from contend.rules.report import cost, report
from contend.rules.rule import Case, Rule
from contend.rules.stamps import stamps_in, touches

_REPEATING = frozenset({"timer", "cron"})


class IneffectiveGuard(Rule):
    """A check stands before a write, and nearly always lets it through.

    ## What it does
    Finds guards that look like protection and are none: "newer than stored" (the new time nearly always is), a value
    compared with itself, an age threshold below the interval of the calls, a check that sits before scheduling the
    write but not in it, and a check that comes after another write of the same caller: on the same row, or on a row of
    a rate limiter or a log that the skipped call has then already written.

    ## Why it conflicts
    What the guard lets through conflicts as if the guard were not there. It also reads the row, and over a WebSocket,
    from the scheduler or a cron even a skipped call is checked against what it read. A guard like this is mostly the
    result of a fix that nobody measured.

    ## Example
    ```ts
    const session = await ctx.db.get(args.id);
    if (args.now <= session.lastSeenAt) return; // the next request is always later
    await ctx.db.patch(args.id, { lastSeenAt: args.now });
    ```

    ## Use instead
    Compare the age with a threshold well above the interval of the calls, in the transaction that writes:

    ```ts
    if (args.now - session.lastSeenAt < 30_000) return;
    ```

    ## When it stays quiet
    When the guard compares what is to be written with what is stored and they can be equal (a status, a name, a high
    score); when the write carries news and the check keeps events in order (a webhook that drops stale deliveries);
    when the check picks old rows for a clean-up; when the threshold is longer than the calls are apart; and when the
    earlier write on the row is under the same check.

    ## Fix safety
    A threshold changes how fresh the stored value is. Choose it from what reads the value.

    ## References
    - Optimistic concurrency control: https://docs.convex.dev/database/advanced/occ
    - What a mutation that writes nothing is checked for: convex-backend,
      crates/application/src/application_function_runner/mod.rs
    """

    name = "ineffective-guard"

    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        seen: set[tuple[object, object]] = set()
        for function in graph.mutations:
            for access in function.writes:
                if access.operation == "insert":
                    continue
                for guard, why, advice in self._failures(graph, function, access):
                    key = (guard.span, access.span)
                    if key not in seen:
                        seen.add(key)
                        write = earlier_write(function, access, guard) or access
                        yield self._finding(graph, function, write, guard.span, why, advice, guard.condition.text)
                failure = self._before_scheduling(graph, function, access)
                if failure is not None:
                    yield failure

    def _failures(self, graph: AuditGraph, function: Function, access: Access) -> Iterator[tuple[Guard, str, str]]:
        callers = graph.callers(function.id)
        for guard in access.guards:
            newer = newer_than_stored(guard, access, callers) if touches(access, callers) else None
            others = (other for other in access.guards if other is not guard)
            if newer is not None and any(is_effective(other, access, callers) for other in others):
                continue  # it keeps the order; another check does the work
            if newer is not None:
                yield (
                    guard,
                    f"the check `{newer.text}` only asks whether the new time is later than the stored one; the "
                    "next call nearly always is, so the write goes through",
                    "compare the age with a threshold: return while `now - stored < 30_000`",
                )
                continue
            if compared_with_itself(guard) is not None:
                yield (
                    guard,
                    "the check compares a value with itself, so it never decides anything",
                    "compare with the stored value",
                )
                continue
            test = age_test(guard, access, callers)
            if test is None or test.field not in stamps_in(access, callers):
                continue  # it picks old rows, as a clean-up does; the write does not make them young again
            period = _period(graph.origins(function.id))
            if test.threshold_ms is not None and period is not None and test.threshold_ms < period:
                yield (
                    guard,
                    f"the threshold of {_seconds(test.threshold_ms)} is below the {_seconds(period)} between two "
                    "calls, so every call finds an old stamp and writes",
                    f"a threshold above {_seconds(period)}, or a longer timer",
                )
            earlier = earlier_write(function, access, guard)
            if earlier is not None:
                where = "the same row" if same_row(earlier, access) else f"the same caller's `{earlier.table}` row"
                yield (
                    guard,
                    f"the check comes after another write on {where} (line {earlier.span.line}): a skipped call has "
                    "already written",
                    "check first, before any write" + (" on this row" if same_row(earlier, access) else ""),
                )

    def _finding(
        self,
        graph: AuditGraph,
        function: Function,
        access: Access,
        cause: Span,
        why: str,
        advice: str,
        text: str,
    ) -> Finding:
        pairs = own_pairs_first(graph.pairs_on(function, access), function.id)
        predicted = cost(graph, pairs)
        origins = graph.origins(function.id)
        reruns = rerun_source(graph, pairs)
        return report(
            graph,
            self.name,
            function=function,
            cause=cause,
            text=text + access.snippet,
            message=why,
            pairs=pairs,
            callers=origins,
            static=(
                f"the write that meets others: `{access.operation}` on `{access.table}` ({access.span})",
                *([reruns[0]] if reruns else []),
            ),
            predicted=predicted,
            table=access.table,
            fixes=(
                Fix(
                    advice,
                    "guided",
                    "calls that follow one another within the threshold",
                    "bursts that find an old value, where each call still writes",
                ),
                *(fewer_starts(origins[0].trigger, function.path.split(":")[-1]) if origins else ()),
                *(reruns[1] if reruns else ()),
            ),
        )

    def _before_scheduling(self, graph: AuditGraph, function: Function, access: Access) -> Finding | None:
        """A check in the function that schedules the write, and none in the write itself: a herd passes it together."""
        stamps = stamps_in(access, graph.callers(function.id))
        if access.table is None or not touches(access, graph.callers(function.id)):
            return None
        if any(fields_of_row(guard.condition, access.row, access.table) for guard in access.guards):
            return None
        for caller in graph.callers(function.id):
            if caller.client != "scheduler" or caller.from_function == function.id:
                continue
            for guard in caller.guards:
                timed = guard.condition.mentions(Origin.TIME)
                looked = [
                    name for name in fields_of_row(guard.condition, None, access.table) if timed and name in stamps
                ]
                if looked:
                    scheduler = graph.functions.get(caller.from_function or "")
                    where = scheduler.path if scheduler is not None else "its caller"
                    return self._finding(
                        graph,
                        function,
                        access,
                        guard.span,
                        f"the check on `{looked[0]}` sits in `{where}`, before the write is scheduled, and not in the "
                        "write: calls that arrive together all pass it before the first job has run",
                        f"check `{looked[0]}` again in `{function.path}`, before its patch",
                        guard.condition.text,
                    )
        return None

    INVALID = (
        Case(
            "newer than stored",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "next": "15.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  sessions: defineTable({ token: v.string(), seenAt: v.optional(v.number()), createdAt: v.number() })
    .index("by_token", ["token"]),
});
""",
                "convex/sessions.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const touch = mutation({
  args: { token: v.string(), seenAt: v.number() },
  handler: async (ctx, args) => {
    const session = await ctx.db.query("sessions").withIndex("by_token", (q) => q.eq("token", args.token)).first();
    if (!session) return;
    const stored = session.seenAt ?? session.createdAt;
    if (args.seenAt <= stored) return;
    await ctx.db.patch(session._id, { seenAt: args.seenAt });
  },
});
""",
                "middleware.ts": """
import { fetchMutation } from "convex/nextjs";
import { api } from "./convex/_generated/api";
export async function middleware(request: Request) {
  await fetchMutation(api.sessions.touch, { token: "t", seenAt: Date.now() });
}
""",
            },
            expects=("if (args.seenAt <= stored)",),
        ),
        Case(
            "a threshold below the timer's period",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ rooms: defineTable({ name: v.string(), beatAt: v.number() }) });
""",
                "convex/rooms.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const beat = mutation({
  args: { room: v.id("rooms") },
  handler: async (ctx, args) => {
    const room = await ctx.db.get(args.room);
    if (!room || Date.now() - room.beatAt < 5_000) return;
    await ctx.db.patch(args.room, { beatAt: Date.now() });
  },
});
""",
                "src/Room.tsx": """
import { useEffect } from "react";
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Room({ room }) {
  const beat = useMutation(api.rooms.beat);
  useEffect(() => {
    const timer = setInterval(() => beat({ room }), 10_000);
    return () => clearInterval(timer);
  }, [room, beat]);
  return <p>here</p>;
}
""",
            },
            expects=("if (!room || Date.now()",),
        ),
        Case(
            "checked before scheduling, not in the scheduled write",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ keys: defineTable({ hash: v.string(), usedAt: v.number() }).index("by_hash", ["hash"]) });
""",
                "convex/keys.ts": """
import { internalMutation, mutation } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
export const use = mutation({
  args: { hash: v.string() },
  handler: async (ctx, { hash }) => {
    const key = await ctx.db.query("keys").withIndex("by_hash", (q) => q.eq("hash", hash)).unique();
    if (key && Date.now() - key.usedAt > 60_000) {
      await ctx.scheduler.runAfter(0, internal.keys.stamp, { id: key._id });
    }
  },
});
export const stamp = internalMutation({
  args: { id: v.id("keys") },
  handler: async (ctx, { id }) => {
    await ctx.db.patch(id, { usedAt: Date.now() });
  },
});
""",
            },
            expects=("if (key && Date.now()",),
        ),
        Case(
            "a limiter of one's own writes before the check",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  visitors: defineTable({ visit: v.string(), seenAt: v.number() }).index("by_visit", ["visit"]),
  limits: defineTable({ visit: v.string(), left: v.number() }).index("by_visit", ["visit"]),
});
""",
                "convex/visitors.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const beat = mutation({
  args: { visit: v.string() },
  handler: async (ctx, args) => {
    const limit = await ctx.db.query("limits").withIndex("by_visit", (q) => q.eq("visit", args.visit)).unique();
    if (limit) await ctx.db.patch(limit._id, { left: limit.left - 1 });
    const visitor = await ctx.db.query("visitors").withIndex("by_visit", (q) => q.eq("visit", args.visit)).unique();
    if (!visitor || Date.now() - visitor.seenAt < 20_000) return;
    await ctx.db.patch(visitor._id, { seenAt: Date.now() });
  },
});
""",
                "src/Beat.tsx": """
import { useEffect } from "react";
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Beat({ visit }: { visit: string }) {
  const beat = useMutation(api.visitors.beat);
  useEffect(() => {
    const timer = setInterval(() => void beat({ visit }), 10_000);
    return () => clearInterval(timer);
  }, [beat, visit]);
  return null;
}
""",
            },
            expects=("if (!visitor || Date.now() - visitor.seenAt",),
        ),
    )

    VALID = (
        Case(
            "an age check with a threshold",
            {
                **dict(INVALID[0].files),
                "convex/sessions.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const touch = mutation({
  args: { token: v.string(), seenAt: v.number() },
  handler: async (ctx, args) => {
    const session = await ctx.db.query("sessions").withIndex("by_token", (q) => q.eq("token", args.token)).first();
    if (!session) return;
    if (session.seenAt && args.seenAt - session.seenAt < 30_000) return;
    await ctx.db.patch(session._id, { seenAt: args.seenAt });
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "a webhook drops deliveries that are older than what is stored",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  subscriptions: defineTable({ external: v.string(), status: v.string(), updatedAt: v.number() })
    .index("by_external", ["external"]),
});
""",
                "convex/billing.ts": """
import { internalMutation } from "./_generated/server";
import { v } from "convex/values";
export const apply = internalMutation({
  args: { external: v.string(), status: v.string(), updatedAt: v.number() },
  handler: async (ctx, args) => {
    const row = await ctx.db
      .query("subscriptions")
      .withIndex("by_external", (q) => q.eq("external", args.external))
      .unique();
    if (!row || args.updatedAt <= row.updatedAt) return;
    await ctx.db.patch(row._id, { status: args.status, updatedAt: args.updatedAt });
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "a high score: later is not always higher",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ players: defineTable({ best: v.number(), status: v.string() }) });
""",
                "convex/players.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const finish = mutation({
  args: { player: v.id("players"), score: v.number(), status: v.string() },
  handler: async (ctx, args) => {
    const player = await ctx.db.get(args.player);
    if (!player) return;
    if (args.score > player.best) await ctx.db.patch(args.player, { best: args.score });
    if (args.status !== player.status) await ctx.db.patch(args.player, { status: args.status });
  },
});
""",
            },
            trap=True,
        ),
    )


def _period(origins: Sequence[Caller]) -> float | None:
    """The shortest known period at which timers and crons start a function, where nothing else does."""
    if not origins or any(caller.trigger.kind not in _REPEATING for caller in origins):
        return None
    known = [caller.trigger.period_ms for caller in origins if caller.trigger.period_ms]
    return min(known) if known else None


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:g} s" if milliseconds >= 1000 else f"{milliseconds:g} ms"
