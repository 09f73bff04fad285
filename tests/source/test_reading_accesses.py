"""Accesses: what a function does to the database, through what real code does."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

import pytest
from tests.source.apps import (
    fields,
    keys,
    only,
    operations,
    read_handler,
)

from contend.model.functions import Extent
from contend.model.values import Origin

USER = 'id: v.id("users")'


class TestCallForms:
    """Convex accepts three forms of each call, and counts a trailing `undefined` as absent."""

    @pytest.mark.parametrize(
        ("call", "operation", "explicit"),
        [
            ("ctx.db.get(args.id)", "get", False),
            ('ctx.db.get("users", args.id)', "get", True),
            ('ctx.db.table("users").get(args.id)', "get", True),
            ("ctx.db.get(args.id, undefined)", "get", False),
            ("ctx.db.patch(args.id, { count: 1 })", "patch", False),
            ("ctx.db.patch(args.id, { count: 1 }, undefined)", "patch", False),
            ('ctx.db.patch("users", args.id, { count: 1 })', "patch", True),
            ('ctx.db.table("users").patch(args.id, { count: 1 })', "patch", True),
            ("ctx.db.replace(args.id, { count: 1 })", "replace", False),
            ('ctx.db.replace("users", args.id, { count: 1 })', "replace", True),
            ('ctx.db.table("users").replace(args.id, { count: 1 })', "replace", True),
            ("ctx.db.delete(args.id)", "delete", False),
            ('ctx.db.delete("users", args.id)', "delete", True),
            ("ctx.db.delete(args.id, undefined)", "delete", False),
            ('ctx.db.table("users").delete(args.id)', "delete", True),
        ],
    )
    def test_by_id(self, tmp_path, call, operation, explicit):
        (access,) = read_handler(tmp_path, f"await {call};", USER).accesses
        assert (access.operation, access.tables, access.explicit_table) == (operation, ("users",), explicit)
        assert (access.index, keys(access)) == ("by_id", ["_id eq args.id"])
        assert access.extent == Extent("point")
        assert access.unresolved is None
        assert list(fields(access)) == (["count"] if operation in ("patch", "replace") else [])

    @pytest.mark.parametrize(
        "call", ['ctx.db.insert("orgs", { name: "x" })', 'ctx.db.table("orgs").insert({ name: "x" })']
    )
    def test_insert(self, tmp_path, call):
        (access,) = read_handler(tmp_path, f"await {call};").accesses
        assert (access.operation, access.tables, access.index, access.keys) == ("insert", ("orgs",), None, ())
        assert list(fields(access)) == ["name"]

    @pytest.mark.parametrize(
        "query",
        ['ctx.db.query("orgs")', 'ctx.db.table("orgs").query()', 'ctx.db.query("orgs").fullTableScan()'],
    )
    def test_query(self, tmp_path, query):
        (access,) = read_handler(tmp_path, f"await {query}.collect();").accesses
        assert (access.operation, access.tables, access.index) == ("query", ("orgs",), "by_creation_time")
        assert access.extent == Extent("whole")

    def test_a_table_named_by_a_constant(self, tmp_path):
        more = 'const TABLE = "orgs";\nconst TABLES = { users: "users" } as const;'
        body = "await ctx.db.insert(TABLE, {});\nawait ctx.db.query(TABLES.users).first();"
        assert operations(read_handler(tmp_path, body, more=more)) == ["insert orgs", "query users"]

    def test_a_table_named_by_one_of_several_literals(self, tmp_path):
        args = 'table: v.union(v.literal("users"), v.literal("orgs"))'
        assert operations(read_handler(tmp_path, "await ctx.db.query(args.table).first();", args)) == [
            "query users|orgs"
        ]

    def test_a_loop_over_table_names(self, tmp_path):
        body = """
        for (const table of ["users", "posts"] as const) {
          for (const row of await ctx.db.query(table).collect()) await ctx.db.delete(row._id);
        }"""
        assert operations(read_handler(tmp_path, body)) == ["query users|posts", "delete users|posts"]


class TestQueries:
    """Query chains: which index, which bounds, how much of the range."""

    @pytest.mark.parametrize(
        ("chain", "index", "bounds", "extent"),
        [
            (".collect()", "by_creation_time", [], Extent("whole")),
            ('.order("desc").first()', "by_creation_time", [], Extent("first", 1, descending=True)),
            ('.order("asc").take(5)', "by_creation_time", [], Extent("take", 5)),
            (".take(args.n)", "by_creation_time", [], Extent("take", None)),
            ('.withIndex("by_org").collect()', "by_org", [], Extent("whole")),
            (
                '.withIndex("by_org", (q) => q.eq("orgId", args.org)).collect()',
                "by_org",
                ["orgId eq args.org"],
                Extent("range"),
            ),
            (
                '.withIndex("by_org", (q) => q.eq("orgId", args.org)).unique()',
                "by_org",
                ["orgId eq args.org"],
                Extent("range"),
            ),
            (
                '.withIndex("by_org", (q) => q.eq("orgId", args.org).gte("seenAt", 5).lt("seenAt", 9)).first()',
                "by_org",
                ["orgId eq args.org", "seenAt gte 5", "seenAt lt 9"],
                Extent("first", 1),
            ),
            (
                '.withIndex("by_org", (q) => { return q.eq("orgId", args.org).gt("seenAt", args.n); }).collect()',
                "by_org",
                ["orgId eq args.org", "seenAt gt args.n"],
                Extent("range"),
            ),
            (
                '.withIndex("by_org", function (q) { return q.eq("orgId", args.org); }).take(3)',
                "by_org",
                ["orgId eq args.org"],
                Extent("take", 3),
            ),
            (
                '.withIndex("by_org", (q) => q.eq("orgId", args.org)).filter((q) => q.eq(q.field("count"), 0)).first()',
                "by_org",
                ["orgId eq args.org"],
                Extent("first", 1, filtered=True),
            ),
            (
                '.filter((q) => q.eq(q.field("email"), args.email)).collect()',
                "by_creation_time",
                [],
                Extent("whole", filtered=True),
            ),
            (
                '.withIndex("by_creation_time", (q) => q.gt("_creationTime", args.n)).collect()',
                "by_creation_time",
                ["_creationTime gt args.n"],
                Extent("range"),
            ),
            (
                '.withIndex("by_org", (q) => q.eq("orgId", args.org)).paginate(args.page)',
                "by_org",
                ["orgId eq args.org"],
                Extent("take", None),
            ),
        ],
    )
    def test_a_chain(self, tmp_path, chain, index, bounds, extent):
        args = 'org: v.id("orgs"), n: v.number(), email: v.string(), page: v.any()'
        (access,) = read_handler(tmp_path, f'await ctx.db.query("users"){chain};', args).accesses
        assert (access.operation, access.tables) == ("query", ("users",))
        assert (access.index, keys(access), access.extent) == (index, bounds, extent)

    def test_a_search(self, tmp_path):
        body = """await ctx.db.query("posts")
          .withSearchIndex("search_title", (q) => q.search("title", args.text).eq("author", args.by)).take(10);"""
        (access,) = read_handler(tmp_path, body, 'text: v.string(), by: v.id("users")').accesses
        assert (access.operation, access.index) == ("search", "search_title")
        assert keys(access) == ["title search args.text", "author eq args.by"]

    def test_a_chain_in_variables(self, tmp_path):
        body = """
        const all = ctx.db.query("users");
        const inOrg = all.withIndex("by_org", (q) => q.eq("orgId", args.org));
        const newest = inOrg.order("desc");
        const user = await newest.first();"""
        (access,) = read_handler(tmp_path, body, 'org: v.id("orgs")').accesses
        assert (access.index, keys(access)) == ("by_org", ["orgId eq args.org"])
        assert access.extent == Extent("first", 1, descending=True)

    def test_a_chain_built_up_by_conditions_covers_the_widest(self, tmp_path):
        body = """
        let users = ctx.db.query("users").withIndex("by_org", (q) => q.eq("orgId", args.org));
        if (args.active) users = users.filter((q) => q.gt(q.field("count"), 0));
        return await users.collect();"""
        accesses = read_handler(tmp_path, body, 'org: v.id("orgs"), active: v.boolean()').accesses
        assert {(access.index, access.extent.reach, *keys(access)) for access in accesses} == {
            ("by_org", "range", "orgId eq args.org")
        }

    def test_a_conditional_chain_can_go_through_either_index(self, tmp_path):
        body = """
        const posts = args.org
          ? ctx.db.query("users").withIndex("by_org", (q) => q.eq("orgId", args.org!))
          : ctx.db.query("users").withIndex("by_email");
        return await posts.collect();"""
        accesses = read_handler(tmp_path, body, 'org: v.optional(v.id("orgs"))').accesses
        assert sorted((access.index, access.extent.reach) for access in accesses) == [
            ("by_email", "whole"),
            ("by_org", "range"),
        ]

    def test_a_bound_that_is_not_always_there_bounds_nothing(self, tmp_path):
        body = """await ctx.db.query("users").withIndex("by_org", (q) =>
          args.since ? q.eq("orgId", args.org).gt("seenAt", args.since) : q.eq("orgId", args.org)).collect();"""
        (access,) = read_handler(tmp_path, body, 'org: v.id("orgs"), since: v.optional(v.number())').accesses
        assert keys(access) == ["orgId eq args.org"]

    def test_for_await_reads_what_it_iterates(self, tmp_path):
        body = """
        for await (const user of ctx.db.query("users").withIndex("by_org", (q) => q.eq("orgId", args.org))) {
          await ctx.db.patch(user._id, { count: 0 });
        }"""
        found = read_handler(tmp_path, body, 'org: v.id("orgs")')
        assert operations(found) == ["query users", "patch users"]
        assert keys(only(found, "query")) == ["orgId eq args.org"]
        assert len(only(found, "patch").loops) == 1

    def test_system_tables(self, tmp_path):
        body = """
        const job = await ctx.db.system.get(args.job);
        const files = await ctx.db.system.query("_storage").collect();"""
        found = read_handler(tmp_path, body, 'job: v.id("_scheduled_functions")')
        assert operations(found) == ["get _scheduled_functions", "query _storage"]

    def test_a_query_that_is_never_run_reads_nothing(self, tmp_path):
        assert operations(read_handler(tmp_path, 'const users = ctx.db.query("users");')) == []

    def test_relationship_helpers_read_through_their_index(self, tmp_path):
        more = 'import { getOneFrom, getManyFrom, getAll } from "convex-helpers/server/relationships";'
        body = """
        const posts = await getManyFrom(ctx.db, "posts", "by_author", args.id, "author");
        for (const post of posts) await ctx.db.delete(post._id);
        const friends = await getAll(ctx.db, args.ids);
        const user = await getOneFrom(ctx.db, "users", "by_email", args.email, "email");"""
        found = read_handler(tmp_path, body, USER + ', ids: v.array(v.id("users")), email: v.string()', more=more)
        assert operations(found) == ["query posts", "delete posts", "get users", "query users"]
        assert keys(found.accesses[0]) == ["author eq args.id"]
        assert found.accesses[0].index == "by_author"

    def test_where_a_key_comes_from(self, tmp_path):
        body = """
        const identity = await ctx.auth.getUserIdentity();
        const me = await ctx.db.query("users").withIndex("by_email", (q) => q.eq("email", identity!.email!)).unique();
        const a = await ctx.db.query("users").withIndex("by_org", (q) => q.eq("orgId", me!.orgId)).collect();
        const b = await ctx.db.query("users").withIndex("by_email", (q) => q.eq("email", "root")).collect();
        const c = await ctx.db.query("users").withIndex("by_email", (q) => q.eq("email", args.email)).collect();
        const d = await ctx.db.query("users").withIndex("by_org", (q) => q.eq("orgId", a[0].orgId).lt("seenAt", Date.now())).collect();
        const e = await ctx.db.query("users").withIndex("by_email", (q) => q.eq("email", process.env.ADMIN!)).collect();
        """
        found = read_handler(tmp_path, body, "email: v.string()")
        origins = [[key.value.origin for key in access.keys] for access in found.accesses]
        assert origins == [
            [Origin.IDENTITY],
            [Origin.FIELD],
            [Origin.CONSTANT],
            [Origin.ARGUMENT],
            [Origin.FIELD, Origin.TIME],
            [Origin.CONSTANT],
        ]
        key = found.accesses[1].keys[0].value
        assert (key.table, key.field) == ("users", "orgId")


class TestServices:
    """What a mutation does beside its tables."""

    def test_the_scheduler_the_storage_and_the_identity_touch_no_table(self, tmp_path):
        body = """
        await ctx.scheduler.runAfter(0, internal.work.run, {});
        await ctx.scheduler.cancel(args.job);
        const url = await ctx.storage.getUrl(args.file);
        await ctx.storage.delete(args.file);
        const upload = await ctx.storage.generateUploadUrl();
        const identity = await ctx.auth.getUserIdentity();"""
        found = read_handler(tmp_path, body, 'job: v.id("_scheduled_functions"), file: v.id("_storage")')
        assert operations(found) == []

    def test_a_scheduled_id_is_one_of_the_scheduler(self, tmp_path):
        body = """
        const job = await ctx.scheduler.runAfter(1000, internal.work.run, {});
        await ctx.db.patch(args.id, { job });
        await ctx.db.system.get(job);"""
        assert operations(read_handler(tmp_path, body, USER)) == ["patch users", "get _scheduled_functions"]


class TestEnts:
    """convex-ents: `ctx.table` instead of `ctx.db`."""

    def test_reads_and_writes(self, tmp_path):
        body = """
        const user = await ctx.table("users").getX(args.id);
        await user.patch({ count: user.count + 1 });
        const byEmail = await ctx.table("users").getX("by_email", args.email);
        await byEmail.delete();
        await ctx.table("posts").insert({ title: "x" });
        const posts = await ctx.table("posts", "by_author", (q) => q.eq("author", args.id));
        for (const post of posts) await post.replace({ title: "y" });
        const some = await ctx.table("orgs").take(3);"""
        found = read_handler(tmp_path, body, USER + ", email: v.string()")
        assert operations(found) == [
            "get users",
            "patch users",
            "query users",
            "delete users",
            "insert posts",
            "query posts",
            "replace posts",
            "query orgs",
        ]


class TestText:
    """What a written value reads like in reports."""

    def test_a_constant_place_in_a_list_is_told(self, tmp_path):
        code = 'await ctx.db.patch(args.id, { name: new Date().toISOString().split("T")[0] });'
        (access,) = read_handler(tmp_path, code, USER).accesses
        assert fields(access)["name"].text.endswith('split("T")[0]')
