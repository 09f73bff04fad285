"""Components: what their calls read and write, through clients, directly, and by triggers."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

from __future__ import annotations

import pytest
from tests.source.apps import (
    SERVER,
    callers,
    fields,
    function,
    guards,
    keys,
    operations,
    read_app,
    read_repository_of,
    writes,
)

from contend.model.values import Origin

CONFIG = """
import { defineApp } from "convex/server";
import rateLimiter from "@convex-dev/rate-limiter/convex.config.js";
import aggregate from "@convex-dev/aggregate/convex.config";
import shardedCounter from "@convex-dev/sharded-counter/convex.config";
import workpool from "@convex-dev/workpool/convex.config";
import stripe from "@convex-dev/stripe/convex.config";
import betterAuth from "@convex-dev/better-auth/convex.config";
const app = defineApp();
app.use(rateLimiter);
app.use(aggregate, { name: "byAuthor" });
app.use(shardedCounter);
app.use(workpool, { name: "mail" });
app.use(stripe);
app.use(betterAuth);
export default app;
"""
CLIENTS = """
import { RateLimiter, MINUTE } from "@convex-dev/rate-limiter";
import { TableAggregate } from "@convex-dev/aggregate";
import { ShardedCounter } from "@convex-dev/sharded-counter";
import { Workpool } from "@convex-dev/workpool";
import { createClient } from "@convex-dev/better-auth";
import { StripeSubscriptions } from "@convex-dev/stripe";
import { components, internal } from "./_generated/api";
export const limits = new RateLimiter(components.rateLimiter as any, {
  send: { kind: "token bucket", rate: 10, period: MINUTE, capacity: 3 },
  spread: { kind: "fixed window", rate: 100, period: MINUTE, shards: 10 },
  later: { kind: "fixed window", rate: 100, period: MINUTE, applyUpdates: "asynchronously" },
});
export const posts = new TableAggregate<any>(components.byAuthor, { namespace: (doc) => doc.author, sortKey: (doc) => doc._creationTime });
export const titles = new TableAggregate<any>(components.byAuthor, { sortKey: (doc) => doc.title });
export const counter = new ShardedCounter(components.shardedCounter, { shards: { likes: 32 } });
export const pool = new Workpool(components.mail, { maxParallelism: 2 });
export const auth = createClient(components.betterAuth);
export const stripe = new StripeSubscriptions(components.stripe, {});
"""
IMPORTS = """
import { components } from "./_generated/api";
import { limits, posts, titles, counter, pool, auth, stripe } from "./clients";
"""


def app_of(root, code: str, **more: str):
    """An app with the clients above and `code` in `convex/work.ts`."""
    files = {"convex/convex.config.ts": CONFIG, "convex/clients.ts": CLIENTS, "convex/work.ts": SERVER + IMPORTS + code}
    return read_app(root, {**files, **{path.replace("__", "/") + ".ts": text for path, text in more.items()}})


def run(root, body: str, builder: str = "mutation", args: str = "key: v.string()"):
    """The function whose handler is `body`."""
    code = f"export const run = {builder}({{ args: {{ {args} }}, handler: async (ctx, args) => {{ {body} }} }});"
    return function(app_of(root, code), "work:run")


class TestClients:
    """Methods of client classes."""

    def test_a_rate_limit_is_a_row_found_by_name_key_and_shard(self, tmp_path):
        found = run(tmp_path, 'await limits.limit(ctx, "send", { key: args.key });')
        assert operations(found) == [
            "query rateLimiter/rateLimits",
            "patch rateLimiter/rateLimits",
            "insert rateLimiter/rateLimits",
        ]
        read, patch, insert = found.accesses
        assert read.index == "name"
        assert keys(read) == ['name eq "send"', "key eq args.key", "shard eq 0"]
        assert [key.value.origin for key in read.keys] == [Origin.CONSTANT, Origin.ARGUMENT, Origin.CONSTANT]
        assert patch.row == read.row
        assert fields(patch)["ts"].origin is Origin.TIME
        assert guards(patch) == ["rateLimiter/rateLimit", "Limit(10, 60000, 3)"]
        assert read.span == patch.span == insert.span
        assert read.span.file == "convex/work.ts"

    def test_without_a_key_the_row_is_the_same_for_all(self, tmp_path):
        read = run(tmp_path, 'await limits.limit(ctx, "send");').accesses[0]
        assert {key.value.origin for key in read.keys} == {Origin.CONSTANT}

    def test_shards_are_drawn_at_random(self, tmp_path):
        reads = [a for a in run(tmp_path, 'await limits.limit(ctx, "spread");').accesses if not a.writes]
        assert [keys(read)[-1] for read in reads] == ["shard eq Random(10)"] * 2  # the fuller of two shards

    def test_a_configuration_at_the_call_comes_first(self, tmp_path):
        config = '{ kind: "token bucket", rate: 5, period: 1000, shards: 4 }'
        read = run(tmp_path, f'await limits.limit(ctx, "send", {{ config: {config} }});').accesses[0]
        assert keys(read)[-1] == "shard eq Random(4)"

    def test_updates_that_are_applied_later_only_insert(self, tmp_path):
        found = run(tmp_path, 'await limits.limit(ctx, "later");')
        assert writes(found) == ["insert rateLimiter/pendingUpdates"]
        assert all(access.stale for access in found.accesses if not access.writes)

    @pytest.mark.parametrize(
        ("call", "expected"),
        [
            ('limits.check(ctx, "send")', []),
            ('limits.reset(ctx, "send", { key: args.key })', ["delete rateLimiter/rateLimits"]),
            ('counter.inc(ctx, "likes")', ["patch shardedCounter/counters", "insert shardedCounter/counters"]),
            ('counter.for("likes").add(ctx, 5)', ["patch shardedCounter/counters", "insert shardedCounter/counters"]),
            ('counter.count(ctx, "likes")', []),
            ("posts.count(ctx, { namespace: args.key })", []),
        ],
    )
    def test_what_a_call_writes(self, tmp_path, call, expected):
        assert writes(run(tmp_path, f"await {call};")) == expected

    def test_the_shards_of_a_counter(self, tmp_path):
        assert keys(run(tmp_path, 'await counter.inc(ctx, "likes");').accesses[0]) == [
            'name eq "likes"',
            "shard eq Random(32)",
        ]
        assert keys(run(tmp_path, 'await counter.inc(ctx, "views");').accesses[0])[1] == "shard eq Random(16)"
        assert keys(run(tmp_path, 'await counter.count(ctx, "likes");').accesses[0]) == ['name eq "likes"']

    def test_a_helper_and_a_wrapper_of_the_client(self, tmp_path):
        code = """
        async function guard(c: any, who: string) { await limits.limit(c, "send", { key: who }); }
        class Guard { constructor(private inner: any) {} check(ctx: any, key: string) { return this.inner.limit(ctx, "send", { key }); } }
        const wrapped = new Guard(limits);
        export const a = mutation({ args: { me: v.string() }, handler: async (ctx, args) => { await guard(ctx, args.me); } });
        export const b = mutation({ args: { me: v.string() }, handler: async (ctx, args) => { await wrapped.check(ctx, args.me); } });
        """
        app = app_of(tmp_path, code)
        for path in ("work:a", "work:b"):
            assert keys(function(app, path).accesses[0])[1] == "key eq args.me"
        assert [frame.name for frame in function(app, "work:a").accesses[0].path] == ["guard"]

    def test_work_is_enqueued_and_started(self, tmp_path):
        code = """
        export const job = internalMutation({ args: { n: v.number() }, handler: async () => {} });
        export const done = internalMutation({ args: {}, handler: async () => {} });
        export const run = mutation({ args: {}, handler: async (ctx) => { await pool.enqueueMutation(ctx, internal.work.job, { n: 1 }, { onComplete: internal.work.done }); } });
        """
        app = app_of(tmp_path, code)
        assert "insert mail/work" in writes(function(app, "work:run"))
        assert [caller.client for caller in callers(app, "work:job")] == ["scheduler"]
        assert [caller.from_function for caller in callers(app, "work:done")] == ["work:run"]

    def test_who_is_signed_in_is_read_by_id(self, tmp_path):
        found = run(tmp_path, "const user = await auth.getAuthUser(ctx); return user._id;", "query")
        assert operations(found) == ["get betterAuth/session", "get betterAuth/user"]
        assert [key.value.origin for access in found.accesses for key in access.keys] == [Origin.IDENTITY] * 2


class TestAggregates:
    """`TableAggregate`: a way from the root of a namespace's tree to one leaf."""

    def test_an_insert_writes_one_leaf_of_its_namespace(self, tmp_path):
        body = 'const id = await ctx.db.insert("posts", { author: args.by, title: args.t } as any); const doc = await ctx.db.get(id); await posts.insert(ctx, doc!);'
        found = run(tmp_path, body, args='by: v.id("users"), t: v.string()')
        assert operations(found)[2:] == [
            "query byAuthor/pendingOperations",
            "query byAuthor/btree",
            "get byAuthor/btreeNode",
            "get byAuthor/btreeNode",
            "patch byAuthor/btreeNode",
        ]
        assert keys(found.accesses[3]) == ["namespace eq args.by"]

    def test_keys_that_only_grow_land_in_the_last_leaf(self, tmp_path):
        body = 'const doc = await ctx.db.query("posts").first(); await posts.insert(ctx, doc!); await titles.insert(ctx, doc!);'
        patches = [access for access in run(tmp_path, body).accesses if access.operation == "patch"]
        assert keys(patches[0])[0].startswith("_id eq LastOf(")
        assert keys(patches[1])[0].startswith("_id eq NodeOf(")

    def test_a_trigger_writes_with_each_write_of_its_table(self, tmp_path):
        code = """
        import { Triggers } from "convex-helpers/server/triggers";
        import { customCtx, customMutation } from "convex-helpers/server/customFunctions";
        const triggers = new Triggers();
        triggers.register("posts", posts.trigger());
        triggers.register("posts", counter.trigger("likes"));
        const tracked = customMutation(mutation, customCtx(triggers.wrapDB));
        export const add = tracked({ args: { by: v.id("users") }, handler: async (ctx, args) => { await ctx.db.insert("posts", { author: args.by } as any); } });
        export const other = tracked({ args: {}, handler: async (ctx) => { await ctx.db.insert("orgs", {} as any); } });
        """
        app = app_of(tmp_path, code)
        found = function(app, "work:add")
        assert writes(found) == [
            "insert posts",
            "patch byAuthor/btreeNode",
            "patch shardedCounter/counters",
            "insert shardedCounter/counters",
        ]
        (tree,) = [access for access in found.accesses if access.table == "byAuthor/btree"]
        assert keys(tree) == ["namespace eq args.by"]
        assert writes(function(app, "work:other")) == ["insert orgs"]


class TestDirectCalls:
    """`ctx.runMutation(components.…)`."""

    def test_a_function_of_a_package(self, tmp_path):
        found = run(
            tmp_path,
            'await ctx.runMutation(components.rateLimiter.lib.rateLimit, { name: "send", key: args.key, config: { kind: "token bucket", rate: 1, period: 1 } });',
        )
        assert keys(found.accesses[0]) == ['name eq "send"', "key eq args.key", "shard eq 0"]

    def test_a_table_that_the_caller_names(self, tmp_path):
        where = '[{ field: "token", value: args.key }]'
        found = run(
            tmp_path,
            f'await ctx.runMutation(components.betterAuth.adapter.updateOne, {{ input: {{ model: "session", where: {where}, update: {{}} }} }});',
        )
        assert operations(found) == ["query betterAuth/session", "patch betterAuth/session"]
        assert found.accesses[0].index == "token"
        assert keys(found.accesses[0]) == ["token eq args.key"]

    def test_an_unknown_component_is_unresolved_by_its_name(self, tmp_path):
        for body in (
            "await ctx.runMutation(components.stripe.public.create, {});",
            "await stripe.createCustomer(ctx, {});",
        ):
            (access,) = run(tmp_path, body).accesses
            assert access.tables == ()
            assert not access.writes
            assert access.unresolved is not None
            assert "component `stripe` (@convex-dev/stripe)" in access.unresolved

    def test_an_action_runs_it_in_a_transaction_of_its_own(self, tmp_path):
        code = """
        export const go = action({ args: { key: v.string() }, handler: async (ctx, args) => { await limits.limit(ctx, "send"); await limits.limit(ctx, "spread", { key: args.key }); } });
        """
        app = app_of(tmp_path, code)
        assert function(app, "work:go").accesses == ()
        own = function(app, "rateLimiter/lib:rateLimit(send)")
        assert own.kind == "mutation"
        assert keys(own.accesses[0]) == ['name eq "send"', "key eq undefined", "shard eq 0"]
        (caller,) = callers(app, own.path)
        assert (caller.from_function, caller.client) == ("work:go", "action")
        assert function(app, "rateLimiter/lib:rateLimit(spread)").internal


class TestTables:
    """A component's tables among the app's."""

    def test_they_carry_the_name_of_the_mount_and_have_the_components_indexes(self, tmp_path):
        code = (
            'export const run = mutation({ args: {}, handler: async (ctx) => { await limits.limit(ctx, "send"); } });'
        )
        table = app_of(tmp_path, code).tables["rateLimiter/rateLimits"]
        index = table.index("name")
        assert index is not None
        assert index.fields == ("name", "key", "shard")
        assert table.library == "component rateLimiter"

    def test_the_version_that_the_package_asks_for(self, tmp_path):
        code = "export const run = mutation({ args: {}, handler: async (ctx) => { await pool.cancelAll(ctx); } });"
        for version, table in (("^0.3.0", "mail/runStatus"), ("^0.4.12", "mail/batchWorker/workers")):
            files = {
                "package.json": f'{{"dependencies": {{"convex": "1.31.0", "@convex-dev/workpool": "{version}"}}}}',
                "convex/convex.config.ts": CONFIG,
                "convex/clients.ts": CLIENTS,
                "convex/work.ts": SERVER + IMPORTS + code,
            }
            assert table in read_app(tmp_path / version[1:], files).tables


CHILD = {
    "convex/convex.config.ts": 'import { defineApp } from "convex/server";\nimport notes from "./notes/convex.config";\nconst app = defineApp();\napp.use(notes, { name: "memo" });\nexport default app;',
    "convex/notes/convex.config.ts": 'import { defineComponent } from "convex/server";\nexport default defineComponent("notes");',
    "convex/notes/schema.ts": 'import { defineSchema, defineTable } from "convex/server";\nimport { v } from "convex/values";\nexport default defineSchema({ users: defineTable({ name: v.string() }).index("by_name", ["name"]) });',
    "convex/notes/lib.ts": SERVER
    + """export const rename = mutation({ args: { name: v.string() }, handler: async (ctx, args) => {
      const user = await ctx.db.query("users").withIndex("by_name", (q) => q.eq("name", args.name)).unique();
      if (user) await ctx.db.patch(user._id, { name: "" });
    } });""",
}


class TestOwnComponents:
    """Components whose source is in the repository."""

    def test_a_call_is_part_of_the_callers_transaction_on_the_components_tables(self, tmp_path):
        code = "export const run = mutation({ args: { n: v.string() }, handler: async (ctx, args) => { await ctx.runMutation(components.memo.lib.rename, { name: args.n }); } });"
        repository = read_repository_of(
            tmp_path, {**CHILD, "convex/work.ts": SERVER + 'import { components } from "./_generated/api";\n' + code}
        )
        parent, child = repository.apps
        found = function(parent, "work:run")
        assert operations(found) == ["query memo/users", "patch memo/users"]
        assert keys(found.accesses[0]) == ["name eq args.n"]
        assert found.accesses[0].span.file == "convex/notes/lib.ts"
        assert parent.tables["memo/users"].index("by_name") is not None
        assert "memo/users" not in child.tables
        assert operations(function(child, "lib:rename")) == ["query users", "patch users"]

    def test_an_action_calls_the_components_function(self, tmp_path):
        code = 'export const go = action({ args: {}, handler: async (ctx) => { await ctx.runMutation(components.memo.lib.rename, { name: "x" }); } });'
        repository = read_repository_of(
            tmp_path, {**CHILD, "convex/work.ts": SERVER + 'import { components } from "./_generated/api";\n' + code}
        )
        found = [caller for app in repository.apps for caller in app.callers if caller.function.endswith("lib:rename")]
        assert [caller.from_function for caller in found] == ["work:go"]


def test_a_batch_of_work_is_a_fan_out(tmp_path):
    code = """
    export const job = internalMutation({ args: { n: v.number() }, handler: async () => {} });
    export const run = mutation({ args: { list: v.array(v.number()) }, handler: async (ctx, { list }) => { await pool.enqueueMutationBatch(ctx, internal.work.job, list.map((n) => ({ n }))); } });
    """
    (caller,) = callers(app_of(tmp_path, code), "work:job")
    assert caller.client == "scheduler"
    assert [loop.parallel for loop in caller.loops] == [True]
