"""Rule `unconditional-upsert`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from contend.model.callers import Caller
from contend.model.findings import Confidence, Finding, Fix, Severity
from contend.model.functions import Access, Function
from contend.rules.graph import AuditGraph
from contend.rules.remedies import rerun_source
from contend.rules.report import helper_of, priced, report
from contend.rules.rule import Case, Rule
from contend.rules.upserts import Upsert, minted_secrets, new_stamps, upsert_of


class UnconditionalUpsert(Rule):
    """A row is looked up by its key and written again although nothing about it has changed.

    ## What it does
    Finds mutations that look a row up by a key, then patch it (or insert it where it is missing) at every call without
    comparing new and stored content, with a time stamp that makes each write differ: users stored on every page load,
    entities synced by webhooks and jobs. Also finds requests that mint a secret (a CSRF token, a nonce) and store it
    whenever the one they were sent does not match.

    ## Why it conflicts
    Convex drops a patch that changes nothing, but `updatedAt: Date.now()` always changes something. So each call is a
    write that every other reader of the row meets, and that runs each live query on it again. Calls come in bursts: a
    page load has several requests, a webhook is delivered several times, a sync touches every row. Where each call
    mints a value of its own, the last one wins, and a client that kept another one starts all over.

    ## Example
    ```ts
    const user = await ctx.db.query("users").withIndex("by_token", (q) => q.eq("token", token)).unique();
    if (user) await ctx.db.patch(user._id, { name, updatedAt: Date.now() });
    else await ctx.db.insert("users", { token, name, updatedAt: Date.now() });
    ```

    ## Use instead
    Compare first, and leave the stamp out of the comparison:

    ```ts
    if (user && user.name === name) return user._id;
    ```

    Derive a secret from what is stored (an HMAC of the session), or mint it once when the row is made.

    ## When it stays quiet
    When a condition compares new and stored content; when the patch holds no time and nothing random (Convex drops it
    where nothing changed); when what is written is new each time: a counter, a state, a text that somebody typed; when
    only webhooks get there that tell of a change of this very row (`user.updated` for `users`), and users of the app do
    not write it themselves; when another row has just changed its state; when only a click or a script gets there; and
    when it is a mere "last seen" stamp, of which `touch-on-every-request` speaks.

    ## Fix safety
    Code that reads the stamp as "last synced" sees an older one. If it must move, keep it in a row of its own, or move
    it only when it is older than a threshold.

    ## References
    - Unchanged patches are dropped: convex-backend, crates/database/src/transaction.rs
    - Optimistic concurrency control: https://docs.convex.dev/database/advanced/occ
    """

    name = "unconditional-upsert"

    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        seen: set[tuple[str, str | None]] = set()
        for function in graph.mutations:
            for access in function.writes:
                place = (helper_of(access, function) or function.path, access.table)
                if place in seen:
                    continue
                found = upsert_of(graph, function, access)
                if found is not None:
                    seen.add(place)
                    yield self._finding(graph, found)

    def _finding(self, graph: AuditGraph, upsert: Upsert) -> Finding:
        function, access = upsert.function, upsert.access
        pairs, predicted = priced(graph, graph.pairs_on(function, access))
        reruns = rerun_source(graph, pairs)
        key = ", ".join(f"`{key.field}`" for key in upsert.found.keys if key.operator == "eq" and key.field != "_id")
        stamps = ", ".join(f"`{name}`" for name in new_stamps(access, graph.callers(function.id)))
        cause, helper = access.span, helper_of(access, function)
        if upsert.mint is not None:
            caller, cause = upsert.mint
            helper = None
            names = ", ".join(f"`{name}`" for name in minted_secrets(caller, access, tested=True))
            message = (
                f"every request that fails the test here mints a new {names} and stores it in one `{access.table}` "
                "row: requests that come together all fail it, and each stores another value"
            )
            static: list[str] = [
                f"the write ({access.span}) happens at every such call; nothing there looks at the stored {names}",
                "the test is made outside the transaction, on what the request brought: it does not keep a second "
                "request out",
                "the client may keep a value that another request has replaced; then its next request fails the test",
            ]
            fixes = _mint_fixes(function, names)
        else:
            needless = sum(_calls_per_day(graph, caller) for caller in upsert.needless) if upsert.same else 0.0
            predicted = replace(predicted, writes_per_day=needless)
            how = f"by {key}" if key else "by its id"
            message = (
                f"looks a `{access.table}` row up {how} and patches it at every call, whether or not anything "
                f"changed; {stamps} make{'' if '`, `' in stamps else 's'} each write differ"
            )
            static = [
                f"no condition before the write compares it with the stored row ({upsert.found.span})",
                f"{stamps} {'are' if '`, `' in stamps else 'is'} new each time, so Convex cannot "
                "drop a patch that changes nothing else",
                *([reruns[0]] if reruns else []),
            ]
            fixes = (*_fixes(function, access, stamps), *(reruns[1] if reruns else ()))
        return report(
            graph,
            self.name,
            function=function,
            cause=cause,
            text=access.snippet,
            message=message,
            pairs=pairs,
            callers=upsert.needless,
            static=static,
            predicted=predicted,
            confidence=_confidence(upsert),
            table=access.table,
            helper=helper,
            at_most=None if upsert.same or upsert.mint is not None else Severity.MEDIUM,
            fixes=fixes,
        )

    INVALID = (
        Case(
            "a user is stored on every page load",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  users: defineTable({ token: v.string(), name: v.string(), updatedAt: v.number() }).index("by_token", ["token"]),
});
""",
                "convex/users.ts": """
import { mutation } from "./_generated/server";
export const store = mutation({
  args: {},
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    if (!identity) throw new Error("sign in first");
    const user = await ctx.db
      .query("users")
      .withIndex("by_token", (q) => q.eq("token", identity.tokenIdentifier))
      .unique();
    if (user) {
      await ctx.db.patch(user._id, { name: identity.name ?? "", updatedAt: Date.now() });
      return user._id;
    }
    return await ctx.db.insert("users", {
      token: identity.tokenIdentifier,
      name: identity.name ?? "",
      updatedAt: Date.now(),
    });
  },
});
""",
                "src/App.tsx": """
import { useEffect } from "react";
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function App() {
  const store = useMutation(api.users.store);
  useEffect(() => {
    void store();
  }, [store]);
  return <p>app</p>;
}
""",
            },
            expects=("ctx.db.patch(user._id",),
        ),
        Case(
            "a webhook patches what it was told before",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  plans: defineTable({ external: v.string(), status: v.string(), syncedAt: v.number() })
    .index("by_external", ["external"]),
});
""",
                "convex/plans.ts": """
import { internalMutation } from "./_generated/server";
import { v } from "convex/values";
export const sync = internalMutation({
  args: { external: v.string(), status: v.string() },
  handler: async (ctx, args) => {
    const row = await ctx.db
      .query("plans")
      .withIndex("by_external", (q) => q.eq("external", args.external))
      .unique();
    const fields = { ...args, syncedAt: Date.now() };
    if (row) await ctx.db.patch(row._id, fields);
    else await ctx.db.insert("plans", fields);
  },
});
""",
                "convex/http.ts": """
import { httpRouter } from "convex/server";
import { httpAction } from "./_generated/server";
import { internal } from "./_generated/api";
const http = httpRouter();
http.route({
  path: "/billing-webhook",
  method: "POST",
  handler: httpAction(async (ctx, request) => {
    const { external, status } = await request.json();
    await ctx.runMutation(internal.plans.sync, { external, status });
    return new Response(null, { status: 200 });
  }),
});
export default http;
""",
            },
            expects=("if (row) await ctx.db.patch",),
        ),
        Case(
            "each request without a matching token mints one",
            {
                "package.json": '{"dependencies": {"convex": "1.31.0", "@sveltejs/kit": "2.0.0"}}',
                "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  sessions: defineTable({ key: v.string(), csrfToken: v.string() }).index("by_key", ["key"]),
});
""",
                "convex/sessions.ts": """
import { mutation, query } from "./_generated/server";
import { v } from "convex/values";
export const get = query({
  args: { key: v.string() },
  handler: (ctx, args) => ctx.db.query("sessions").withIndex("by_key", (q) => q.eq("key", args.key)).unique(),
});
export const setToken = mutation({
  args: { key: v.string(), csrfToken: v.string() },
  handler: async (ctx, args) => {
    const session = await ctx.db.query("sessions").withIndex("by_key", (q) => q.eq("key", args.key)).unique();
    if (session) await ctx.db.patch(session._id, { csrfToken: args.csrfToken });
  },
});
""",
                "src/hooks.server.ts": """
import { ConvexHttpClient } from "convex/browser";
import { api } from "../convex/_generated/api";
export const handle = async ({ event, resolve }) => {
  const client = new ConvexHttpClient("https://example.invalid");
  const key = event.cookies.get("session");
  const session = await client.query(api.sessions.get, { key });
  if (session && event.cookies.get("csrf") !== session.csrfToken) {
    const csrfToken = crypto.randomUUID();
    await client.mutation(api.sessions.setToken, { key, csrfToken });
    event.cookies.set("csrf", csrfToken);
  }
  return resolve(event);
};
""",
            },
            expects=('if (session && event.cookies.get("csrf")',),
        ),
    )

    VALID = (
        Case(
            "the new content is compared with the stored one",
            {
                **dict(INVALID[0].files),
                "convex/users.ts": INVALID[0]
                .files["convex/users.ts"]
                .replace(
                    "    if (user) {\n",
                    "    if (user) {\n      if (user.name === identity.name) return user._id;\n",
                ),
            },
            trap=True,
        ),
        Case(
            "no stamp: Convex drops the patch where nothing changed",
            {
                **dict(INVALID[0].files),
                "convex/users.ts": INVALID[0].files["convex/users.ts"].replace(", updatedAt: Date.now() }", " }"),
            },
            trap=True,
        ),
        Case(
            "a log: one row per delivery",
            {
                **dict(INVALID[1].files),
                "convex/plans.ts": """
import { internalMutation } from "./_generated/server";
import { v } from "convex/values";
export const sync = internalMutation({
  args: { external: v.string(), status: v.string() },
  handler: async (ctx, args) => {
    await ctx.db.insert("plans", { ...args, syncedAt: Date.now() });
  },
});
""",
            },
            trap=True,
        ),
        Case(
            "a webhook tells of a change of this very row",
            {
                **dict(INVALID[1].files),
                "convex/http.ts": INVALID[1]
                .files["convex/http.ts"]
                .replace(
                    "{ external, status } = await request.json();",
                    "{ type, external, status } = await request.json();",
                )
                .replace("    await ctx.runMutation", '    if (type === "plan.updated") await ctx.runMutation'),
            },
            trap=True,
        ),
        Case(
            "somebody saves a form",
            {
                **dict(INVALID[0].files),
                "src/App.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function App() {
  const store = useMutation(api.users.store);
  return <button onClick={() => store()}>Save</button>;
}
""",
            },
        ),
        Case(
            "the token is minted at login",
            {
                **dict(INVALID[2].files),
                "src/hooks.server.ts": "export const handle = ({ event, resolve }) => resolve(event);\n",
                "src/routes/login/+page.server.ts": """
import { ConvexHttpClient } from "convex/browser";
import { api } from "../../../convex/_generated/api";
export const actions = {
  default: async ({ cookies }) => {
    const client = new ConvexHttpClient("https://example.invalid");
    const csrfToken = crypto.randomUUID();
    await client.mutation(api.sessions.setToken, { key: cookies.get("session"), csrfToken });
    cookies.set("csrf", csrfToken);
  },
};
""",
            },
            trap=True,
        ),
    )


def _confidence(upsert: Upsert) -> Confidence:
    """How sure it is that content is repeated: a page that is shown again brings the same; a webhook or a sync mostly
    does."""
    return "high" if upsert.same or upsert.mint is not None else "medium"


def _calls_per_day(graph: AuditGraph, caller: Caller) -> float:
    heat = graph.estimator.heats.get(caller.function)
    return sum(source.calls_per_day for source in heat.sources if source.caller == caller) if heat is not None else 0.0


def _mint_fixes(function: Function, names: str) -> tuple[Fix, ...]:
    name = function.path.split(":")[-1]
    return (
        Fix(
            f"derive {names} from what is stored (an HMAC of the session and a server secret): nothing to store",
            "guided",
            f"{name} × itself and all other pairs of this call, and the lost values",
            "nothing of it",
        ),
        Fix(
            f"mint {names} once, where the row is made, and send the client the stored one when it does not match",
            "guided",
            f"{name} × itself: the row is not written on requests",
            "the writes of new sessions, each to a row of its own",
        ),
    )


def _fixes(function: Function, access: Access, stamps: str) -> tuple[Fix, ...]:
    name = function.path.split(":")[-1]
    return (
        Fix(
            f"compare the other fields with the stored row (without {stamps}) and return before the patch when they "
            "are equal",
            "guided",
            f"the writes of calls that bring nothing new, with all their pairs and re-runs ({name} × itself too)",
            "calls that do bring something new, and bursts that find the old content (one commits, the others run "
            "again and then find nothing to do)",
        ),
        Fix(
            f"leave {stamps} out of the patch, or keep it in a row of its own",
            "guided",
            "the same writes: Convex drops a patch that changes nothing",
            "the read of the row, so that calls still meet the writes that do happen",
        ),
    )
