"""Rule `touch-on-every-request`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from contend.model.callers import Caller, Trigger
from contend.model.findings import Finding, Fix, Sharing
from contend.model.functions import Access, Function, Guard
from contend.rules.graph import AuditGraph, own_pairs_first
from contend.rules.guards import is_effective, newer_than_stored
from contend.rules.remedies import fewer_starts, rerun_source
from contend.rules.report import cost, helper_of, report
from contend.rules.rule import Case, Rule
from contend.rules.stamps import stamps_in, touches

_HOT = frozenset({"server-request", "webhook"})
_SHORTCUT = re.compile(r"key(down|up|press)", re.IGNORECASE)  # mostly waits for one key
_LOCK = re.compile(r"lock|mutex|semaphore|leases?$", re.IGNORECASE)  # written so that its writers meet
_USE = re.compile(r"[sS]een|[aA]ctiv(e|ity)|[aA]ccess|(^u|U|_u)sed|[hH]eartbeat|[pP]ing|[vV]isited|lastRe(ad|quest)")
HEARTBEAT_MS = 120_000.0  # a repeating timer with a longer period is not a hot path


class TouchOnEveryRequest(Rule):
    """A path that runs on every request stamps a row with the current time.

    ## What it does
    Finds mutations that write nothing but time stamps (`lastSeenAt`, `lastUsedAt`, `updatedAt`) to a row, without a
    check that the stored stamp is old, and that start on every server request, webhook, keystroke or short timer.

    ## Why it conflicts
    `patch` reads the row it changes, so two touches of one row conflict although each only sets a time. One page load
    makes several requests at once; each of them touches the same session, user or key. All but one of the transactions
    that overlap are thrown away and run again; a client or HTTP call gives up after five attempts. Since the time
    differs at every call, Convex cannot drop the write as unchanged.

    ## Example
    ```ts
    export const touchSession = mutation({
      args: { sessionId: v.string(), now: v.number() },
      handler: async (ctx, { sessionId, now }) => {
        const session = await ctx.db
          .query("sessions")
          .withIndex("by_session", (q) => q.eq("sessionId", sessionId))
          .unique();
        if (!session) return;
        await ctx.db.patch(session._id, { lastSeenAt: now });
      },
    });
    ```

    ## Use instead
    Touch once per page load, not per request, and return early while the stamp is fresh:

    ```ts
    if (now - session.lastSeenAt < 30_000) return;
    await ctx.db.patch(session._id, { lastSeenAt: now });
    ```

    Either alone leaves a part: the check alone lets a burst through when the stamp is old, since all of its requests
    see the same old stamp.

    ## When it stays quiet
    When a check on the stored stamp dominates the write; when the row is new each time; when the write also carries
    something else that is new, or stamps the parent of a row that the same function inserts; when the row is a lock,
    which must be written; when an HTTP route tells of an event (`pausedAt`, `updatedAt`) rather than of its use
    (`lastUsedAt`); when only an administrator, a cron or a script gets there. A check that lets nearly every call
    through is reported by `ineffective-guard` instead.

    ## Fix safety
    The early return changes how fresh the stamp is: by up to the threshold. Look for code that compares the stamp with
    a shorter limit (idle time-outs) first.

    ## References
    - Optimistic concurrency control: https://docs.convex.dev/database/advanced/occ
    - Write conflicts: https://docs.convex.dev/error#1
    - `patch` reads its row: convex-backend, crates/database/src/transaction.rs
    """

    name = "touch-on-every-request"

    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        seen: set[object] = set()
        for function in graph.mutations:
            for access in function.writes:
                if access.span not in seen and speaks_of(graph, function, access):
                    seen.add(access.span)
                    yield self._finding(graph, function, access, _hot(graph, function), graph.callers(function.id))

    def _finding(
        self,
        graph: AuditGraph,
        function: Function,
        access: Access,
        hot: tuple[Caller, ...],
        callers: tuple[Caller, ...],
    ) -> Finding:
        stamps = ", ".join(f"`{name}`" for name in stamps_in(access, callers))
        pairs = own_pairs_first(graph.pairs_on(function, access), function.id)
        trigger = hot[0].trigger
        every = every_what(trigger)
        reruns = rerun_source(graph, pairs)
        others = sum(1 for pair in pairs if pair.kind == "conflict" and pair.victim != pair.writer)
        return report(
            graph,
            self.name,
            function=function,
            cause=access.span,
            text=access.snippet,
            message=(
                f"stamps {stamps} on one `{access.table}` row on every {every}, whether the stored stamp is old or not"
            ),
            pairs=pairs,
            callers=hot,
            static=(
                f"the write holds nothing new but the time, and no condition on its way looks at the stored {stamps}",
                *([reruns[0]] if reruns else []),
            ),
            predicted=cost(graph, pairs),
            table=access.table,
            helper=helper_of(access, function),
            fixes=_fixes(trigger, function.path.split(":")[-1], stamps, others, reruns[1] if reruns else ()),
        )

    INVALID = (
        Case(
            "a SvelteKit hook touches the session on every request",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "@sveltejs/kit": "2.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  sessions: defineTable({ token: v.string(), seenAt: v.number() }).index("by_token", ["token"]),
});
""",
                "convex/sessions.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const touch = mutation({
  args: { token: v.string(), now: v.number() },
  handler: async (ctx, args) => {
    const session = await ctx.db.query("sessions").withIndex("by_token", (q) => q.eq("token", args.token)).first();
    if (!session) return;
    await ctx.db.patch(session._id, { seenAt: args.now });
  },
});
""",
                "src/hooks.server.ts": """
import { ConvexHttpClient } from "convex/browser";
export const handle = async ({ event, resolve }) => {
  const client = new ConvexHttpClient("https://example.invalid");
  await client.mutation("sessions:touch", { token: event.cookies.get("token"), now: Date.now() });
  return resolve(event);
};
""",
            },
            expects=("ctx.db.patch(session._id",),
        ),
        Case(
            "a Next.js middleware stamps an API key through a helper",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "next": "15.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  apiKeys: defineTable({ hash: v.string(), lastUsedAt: v.optional(v.number()) }).index("by_hash", ["hash"]),
});
""",
                "convex/keys.ts": """
import { mutation, type MutationCtx } from "./_generated/server";
import type { Id } from "./_generated/dataModel";
import { v } from "convex/values";
async function stamp(ctx: MutationCtx, id: Id<"apiKeys">) {
  await ctx.db.patch(id, { lastUsedAt: Date.now() });
}
export const use = mutation({
  args: { hash: v.string() },
  handler: async (ctx, { hash }) => {
    const key = await ctx.db.query("apiKeys").withIndex("by_hash", (q) => q.eq("hash", hash)).unique();
    if (key === null) throw new Error("unknown key");
    await stamp(ctx, key._id);
    return key._id;
  },
});
""",
                "middleware.ts": """
import { fetchMutation } from "convex/nextjs";
import { api } from "./convex/_generated/api";
export async function middleware(request: Request) {
  await fetchMutation(api.keys.use, { hash: request.headers.get("x-key")! });
}
""",
            },
            expects=("ctx.db.patch(id, { lastUsedAt",),
        ),
    )

    VALID = (
        Case(
            "an age check dominates the write",
            {
                **dict(INVALID[0].files),
                "convex/sessions.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
const WINDOW = 30_000;
export const touch = mutation({
  args: { token: v.string(), now: v.number() },
  handler: async (ctx, args) => {
    const session = await ctx.db.query("sessions").withIndex("by_token", (q) => q.eq("token", args.token)).first();
    if (!session || args.now - session.seenAt < WINDOW) return;
    await ctx.db.patch(session._id, { seenAt: args.now });
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "one row per event: nobody meets anybody",
            {
                **dict(INVALID[0].files),
                "convex/sessions.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const touch = mutation({
  args: { token: v.string(), now: v.number() },
  handler: async (ctx, args) => {
    await ctx.db.insert("sessions", { token: args.token, seenAt: args.now });
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "nobody but a click gets there",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": INVALID[0].files["convex/schema.ts"],
                "convex/sessions.ts": INVALID[0].files["convex/sessions.ts"],
                "src/Button.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Button({ token }: { token: string }) {
  const touch = useMutation(api.sessions.touch);
  return <button onClick={() => touch({ token, now: Date.now() })}>I am here</button>;
}
""",
            },
        ),
    )


def speaks_of(graph: AuditGraph, function: Function, access: Access) -> bool:
    """Whether the rule reports this write, so that others need not."""
    callers = graph.callers(function.id)
    if access.operation == "insert" or not touches(access, callers):
        return False
    if any(_keeps_out(guard, access, callers) for guard in access.guards) or _has_child(function, access):
        return False
    if _LOCK.search(access.table or ""):
        return False
    hot = _hot(graph, function)
    if all(caller.trigger.kind == "webhook" for caller in hot) and not any(
        map(_USE.search, stamps_in(access, callers))
    ):
        return False
    return bool(hot) and graph.pairs.sharing(function.id, access) is not Sharing.NOBODY


def _has_child(function: Function, access: Access) -> bool:
    """Whether the touched row is the parent of a row that the function inserts: the stamp then tells of the child."""
    keys = {key.value.text for key in access.keys}
    return any(
        other.operation == "insert" and any(write.value.text in keys for write in other.fields)
        for other in function.writes
    )


def every_what(trigger: Trigger) -> str:
    """What a hot path runs on, as "on every …" goes on."""
    if trigger.kind == "server-request":
        everywhere = "every request" in trigger.detail or "layout" in trigger.detail
        return "server request" if everywhere else f"request to {trigger.detail}"
    if trigger.kind == "timer":
        return f"beat of a timer ({trigger.period_ms / 1000:g} s)" if trigger.period_ms else "beat of a timer"
    return {"webhook": "request to an HTTP route of the app", "keystroke": "change of an input"}.get(
        trigger.kind, "call"
    )


def _keeps_out(guard: Guard, access: Access, callers: tuple[Caller, ...]) -> bool:
    """Whether a guard settles the matter: it works, or `ineffective-guard` speaks of it."""
    return is_effective(guard, access, callers) or newer_than_stored(guard, access, callers) is not None


def _hot(graph: AuditGraph, function: Function) -> tuple[Caller, ...]:
    """The callers that run on every request or beat."""
    return tuple(
        caller
        for caller in graph.origins(function.id)
        if caller.trigger.kind in _HOT
        or (caller.trigger.kind == "keystroke" and not _SHORTCUT.search(caller.trigger.detail))
        or (caller.trigger.kind == "timer" and (caller.trigger.period_ms or HEARTBEAT_MS) < HEARTBEAT_MS)
    )


def _fixes(trigger: Trigger, name: str, stamps: str, others: int, readers: tuple[Fix, ...]) -> tuple[Fix, ...]:
    """The remedies, by what starts the touch; the one that removes most first."""
    seconds = 30.0
    if trigger.kind == "timer" and trigger.period_ms:
        seconds = trigger.period_ms / 2000  # longer, and a late beat would count as the one before
    window = Fix(
        f"return before the write while the stored {stamps} is younger than {seconds:g} s (and than half of any "
        "time-out that reads it) and nothing else changed",
        "guided",
        "touches that follow one another within the window",
        "bursts that find an old stamp, where each call still writes"
        + (f", and {others:,} other pair{'s' if others > 1 else ''} on this row" if others else ""),
    )
    apart = Fix(
        "move the stamp to a row of its own, so that functions that read this one no longer meet it",
        "manual",
        "pairs with other readers of this row",
        f"{name} × itself",
    )
    return (*fewer_starts(trigger, name), window, *readers, *([apart] if others else []))
