"""Rule `mixed-churn-document`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contend.model.callers import Caller
from contend.model.findings import Finding, Fix, Severity
from contend.model.functions import Access, Function
from contend.rules.churn import Churn, FieldUses, churn_of, fast_writes, other_side
from contend.rules.graph import AuditGraph
from contend.rules.report import helper_of, priced, report
from contend.rules.rows import live_callers
from contend.rules.rule import Case, Rule

TRIED = 3  # writes of a table that are looked at, the fastest first


class MixedChurnDocument(Rule):
    """Fields that change all the time live in a row that others read for fields that hardly ever change.

    ## What it does
    Finds writes that timers, requests, jobs or scheduled functions make to a few fields of a row, and inserts that
    stamp their parent (`lastMessageAt`), where other mutations read or write the same row for other fields only.

    ## Why it conflicts
    Convex compares whole rows, not fields. A mutation that reads a user to learn its role conflicts with a job that
    notes the user's progress, although neither looks at what the other wants; and every live query that reads the row
    runs again at each such note. The more functions start by reading the row, the more of them lose.

    ## Example
    ```ts
    // scheduled after every upload
    await ctx.db.patch(userId, { progress: { ...user.progress, uploads: count } });
    // elsewhere: every other mutation starts with
    const user = await ctx.db.get(userId);
    if (user.role !== "editor") throw new Error("not allowed");
    ```

    ## Use instead
    Give the fast fields a row of their own:

    ```ts
    await ctx.db.patch(progress._id, { uploads: count }); // table `userProgress`, one row per user
    ```

    Or derive them: the last message of a room is the last row of its index.

    ## When it stays quiet
    When the others use the fast fields too; when they are only clicked now and then; when the row is one user's and
    nothing but that user's socket writes it; when a live query shows the fast fields (then its re-runs are wanted); and
    when another rule has a better name for the write: a stamp on every request, a shared counter, an upsert.

    ## Fix safety
    A reader that shows both parts reads two rows, and may see one of them newer than the other only across
    transactions, never within one.

    ## References
    - Optimistic concurrency control: https://docs.convex.dev/database/advanced/occ
    - Conflicts are of index keys, not of fields: convex-backend, crates/indexing/src/index_registry.rs
    """

    name = "mixed-churn-document"

    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        uses = FieldUses(graph)
        for writes in fast_writes(graph):
            for at, fast in enumerate(writes[:TRIED]):
                churn = churn_of(graph, uses, fast, [other.users[0][1] for other in writes[at + 1 :]])
                if churn is not None:
                    finding = self._finding(graph, churn)
                    if finding.severity is not Severity.INFO:
                        yield finding
                    break

    def _finding(self, graph: AuditGraph, churn: Churn) -> Finding:
        access, table = churn.access, churn.access.table
        fields = ", ".join(f"`{name}`" for name in churn.fields[:4]) + (" and more" if len(churn.fields) > 4 else "")
        pairs, predicted = priced(graph, churn.pairs)
        ids = {function.id for function, _ in churn.users}
        met = dict.fromkeys(other_side(pair, ids) for pair in pairs if pair.kind == "conflict")
        others = [id for id in met if id not in ids]
        read = dict.fromkeys(pair.victim for pair in pairs if pair.kind == "invalidation")
        queries = [id for id in read if graph.estimator.open_queries(id)]  # one that only actions run is not live
        worst = next((pair.writer for pair in pairs if pair.writer in ids), churn.users[0][0].id)
        function = next(function for function, _ in churn.users if function.id == worst)
        names = _names(graph, others)
        if churn.child is not None:
            message = (
                f"every new `{churn.child.table}` row also writes {fields} to its `{table}` row, which "
                f"{names} read{_s(others)} for other fields"
            )
        else:
            message = (
                f"keeps {fields}, written {_when(_callers(graph, churn))}, in the `{table}` row that {names} "
                f"use{_s(others)} for other fields"
            )
        return report(
            graph,
            self.name,
            function=function,
            cause=access.span,
            text=access.snippet,
            message=message,
            pairs=pairs,
            callers=_callers(graph, churn),
            static=(
                f"{len(others)} mutation{_plural(others)} read or write the row without using {fields}: {names}",
                *([f"live queries that read it without showing them: {_names(graph, queries)}"] if queries else []),
                *([f"other such writes of the row: {_places(churn.also)}"] if churn.also else []),
                "any write of a row meets all who read it, whatever fields they use",
            ),
            predicted=predicted,
            table=table,
            functions=[one.id for one, _ in churn.users],
            helper=helper_of(access, function),
            fixes=_fixes(churn, function, fields, others, queries),
        )

    INVALID = (
        Case(
            "a scheduled note of progress in the user's row",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  users: defineTable({ token: v.string(), role: v.string(), uploadCount: v.optional(v.number()) })
    .index("by_token", ["token"]),
  files: defineTable({ owner: v.id("users"), name: v.string() }),
});
""",
                "convex/users.ts": """
import { internalMutation, query } from "./_generated/server";
import { v } from "convex/values";
export const note = internalMutation({
  args: { user: v.id("users") },
  handler: async (ctx, args) => {
    const user = await ctx.db.get(args.user);
    if (user) await ctx.db.patch(args.user, { uploadCount: (user.uploadCount ?? 0) + 1 });
  },
});
export const role = query({
  args: {},
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    if (!identity) return null;
    const user = await ctx.db
      .query("users")
      .withIndex("by_token", (q) => q.eq("token", identity.tokenIdentifier))
      .unique();
    return user && user.role;
  },
});
""",
                "convex/files.ts": """
import { mutation } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
export const upload = mutation({
  args: { name: v.string() },
  handler: async (ctx, args) => {
    const identity = await ctx.auth.getUserIdentity();
    if (!identity) throw new Error("sign in first");
    const user = await ctx.db
      .query("users")
      .withIndex("by_token", (q) => q.eq("token", identity.tokenIdentifier))
      .unique();
    if (!user || user.role !== "editor") throw new Error("not allowed");
    await ctx.db.insert("files", { owner: user._id, name: args.name });
    await ctx.scheduler.runAfter(0, internal.users.note, { user: user._id });
  },
});
export const rename = mutation({
  args: { file: v.id("files"), name: v.string() },
  handler: async (ctx, args) => {
    const file = await ctx.db.get(args.file);
    const user = file && (await ctx.db.get(file.owner));
    if (!user || user.role !== "editor") throw new Error("not allowed");
    await ctx.db.patch(args.file, { name: args.name });
  },
});
""",
                "src/Layout.tsx": """
import { useEffect } from "react";
import { useMutation, useQuery } from "convex/react";
import { api } from "../convex/_generated/api";
export function Layout({ file, autosave }) {
  const role = useQuery(api.users.role);
  const rename = useMutation(api.files.rename);
  const upload = useMutation(api.files.upload);
  useEffect(() => {
    const timer = setInterval(() => upload({ name: autosave }), 10_000);
    return () => clearInterval(timer);
  }, [upload, autosave]);
  return <button onClick={() => rename({ file, name: autosave })}>{role}</button>;
}
""",
            },
            expects=("ctx.db.patch(args.user, { uploadCount",),
        ),
        Case(
            "every message stamps its room",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  rooms: defineTable({ name: v.string(), open: v.boolean(), lastMessageAt: v.number() }),
  messages: defineTable({ room: v.id("rooms"), text: v.string() }).index("by_room", ["room"]),
  reactions: defineTable({ room: v.id("rooms"), kind: v.string() }),
});
""",
                "convex/rooms.ts": """
import { mutation, query } from "./_generated/server";
import { v } from "convex/values";
export const send = mutation({
  args: { room: v.id("rooms"), text: v.string() },
  handler: async (ctx, args) => {
    await ctx.db.insert("messages", { room: args.room, text: args.text });
    await ctx.db.patch(args.room, { lastMessageAt: Date.now() });
  },
});
export const react = mutation({
  args: { room: v.id("rooms"), kind: v.string() },
  handler: async (ctx, args) => {
    const room = await ctx.db.get(args.room);
    if (!room || !room.open) throw new Error("closed");
    await ctx.db.insert("reactions", { room: args.room, kind: args.kind });
  },
});
export const pin = mutation({
  args: { room: v.id("rooms"), message: v.id("messages") },
  handler: async (ctx, args) => {
    const room = await ctx.db.get(args.room);
    if (!room || !room.open) throw new Error("closed");
    await ctx.db.patch(args.message, { text: "pinned" });
  },
});
export const title = query({
  args: { room: v.id("rooms") },
  handler: async (ctx, args) => (await ctx.db.get(args.room))?.name,
});
""",
                "src/Room.tsx": """
import { useMutation, useQuery } from "convex/react";
import { api } from "../convex/_generated/api";
export function Room({ room }) {
  const title = useQuery(api.rooms.title, { room });
  const send = useMutation(api.rooms.send);
  const react = useMutation(api.rooms.react);
  const pin = useMutation(api.rooms.pin);
  return (
    <div>
      <h1 onClick={() => pin({ room, message: title })}>{title}</h1>
      <input onChange={(event) => send({ room, text: event.target.value })} />
      <button onClick={() => react({ room, kind: "up" })}>+1</button>
    </div>
  );
}
""",
            },
            expects=("lastMessageAt: Date.now()",),
        ),
    )

    VALID = (
        Case(
            "the fast fields have a row of their own",
            {
                **dict(INVALID[1].files),
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  rooms: defineTable({ name: v.string(), open: v.boolean() }),
  roomActivity: defineTable({ room: v.id("rooms"), lastMessageAt: v.number() }).index("by_room", ["room"]),
  messages: defineTable({ room: v.id("rooms"), text: v.string() }).index("by_room", ["room"]),
  reactions: defineTable({ room: v.id("rooms"), kind: v.string() }),
});
""",
                "convex/rooms.ts": INVALID[1]
                .files["convex/rooms.ts"]
                .replace(
                    "    await ctx.db.patch(args.room, { lastMessageAt: Date.now() });\n",
                    '    const activity = await ctx.db.query("roomActivity")'
                    '.withIndex("by_room", (q) => q.eq("room", args.room)).unique();\n'
                    "    if (activity) await ctx.db.patch(activity._id, { lastMessageAt: Date.now() });\n",
                ),
            },
        ),
        Case(
            "only a live query reads the row: re-runs, no conflict, and it shows what changes",
            {
                **dict(INVALID[1].files),
                "convex/rooms.ts": """
import { mutation, query } from "./_generated/server";
import { v } from "convex/values";
export const send = mutation({
  args: { room: v.id("rooms"), text: v.string() },
  handler: async (ctx, args) => {
    await ctx.db.insert("messages", { room: args.room, text: args.text });
    await ctx.db.patch(args.room, { lastMessageAt: Date.now() });
  },
});
export const react = mutation({
  args: { room: v.id("rooms"), kind: v.string() },
  handler: async (ctx, args) => {
    await ctx.db.insert("reactions", { room: args.room, kind: args.kind });
  },
});
export const title = query({
  args: { room: v.id("rooms") },
  handler: async (ctx, args) => {
    const room = await ctx.db.get(args.room);
    return room && { name: room.name, at: room.lastMessageAt };
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "two forms edit one document, now and then",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ rooms: defineTable({ name: v.string(), topic: v.string() }) });
""",
                "convex/rooms.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const rename = mutation({
  args: { room: v.id("rooms"), name: v.string() },
  handler: (ctx, args) => ctx.db.patch(args.room, { name: args.name }),
});
export const setTopic = mutation({
  args: { room: v.id("rooms"), topic: v.string() },
  handler: (ctx, args) => ctx.db.patch(args.room, { topic: args.topic }),
});
""",
                "src/Room.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Room({ room, name, topic }) {
  const rename = useMutation(api.rooms.rename);
  const setTopic = useMutation(api.rooms.setTopic);
  return (
    <div>
      <button onClick={() => rename({ room, name })}>Rename</button>
      <button onClick={() => setTopic({ room, topic })}>Set topic</button>
    </div>
  );
}
""",
            },
            trap=True,
        ),
    )


def _places(accesses: Sequence[Access]) -> str:
    found = list(dict.fromkeys(str(access.span) for access in accesses))
    return ", ".join(found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")


def _callers(graph: AuditGraph, churn: Churn) -> tuple[Caller, ...]:
    found = [caller for function, _ in churn.users for caller in live_callers(graph.callers(function.id))]
    return tuple(dict.fromkeys(found))[:20]


def _when(callers: Sequence[Caller]) -> str:
    kinds = {caller.client for caller in callers}
    if "scheduler" in kinds:
        return "by a scheduled function"
    if kinds & {"action", "node-action"}:
        return "by actions"
    triggers = {caller.trigger.kind for caller in callers}
    return "by a timer" if "timer" in triggers else "on requests"


def _names(graph: AuditGraph, ids: Sequence[str]) -> str:
    shown = [f"`{graph.functions[id].path}`" for id in ids[:3]]
    more = len(ids) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _s(others: Sequence[str]) -> str:
    return "s" if len(others) == 1 else ""


def _plural(others: Sequence[str]) -> str:
    return "" if len(others) == 1 else "s"


def _fixes(
    churn: Churn, function: Function, fields: str, others: Sequence[str], queries: Sequence[str]
) -> tuple[Fix, ...]:
    name, table = function.path.split(":")[-1], churn.access.table
    also = f", and their re-runs of {len(queries)} live quer{'y' if len(queries) == 1 else 'ies'}" if queries else ""
    split = Fix(
        f"move {fields} to a table of its own, one row per `{table}` row",
        "guided",
        f"all pairs of {name} with {len(others)} mutation{_plural(others)} that use other fields{also}",
        f"{name} × itself, and whoever reads the moved fields",
    )
    if churn.child is None:
        return (split,)
    derive = Fix(
        f"derive them where they are shown: read the newest `{churn.child.table}` row through an index on the parent",
        "guided",
        f"all pairs of {name} on `{table}`, {name} × itself among them: inserts meet nobody who reads other rows",
        f"those who read the newest `{churn.child.table}` row: they meet each insert",
    )
    return (derive, split)
