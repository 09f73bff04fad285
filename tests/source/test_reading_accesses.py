"""Accesses: what a function does to the database, through what real code does."""

import pytest
from tests.source.apps import (
    SERVER,
    fields,
    function,
    keys,
    only,
    operations,
    read_app,
    read_handler,
    writes,
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


PATCH = "await db.patch(id, { count: 1 });"
HELPERS = {
    "a typed ctx": (
        "export async function touch(ctx: MutationCtx, id: Id<'users'>) { await ctx.db.patch(id, { count: 1 }); }",
        "await touch(ctx, args.id);",
    ),
    "ctx: any": (
        "export async function touch(ctx: any, id: any) { await ctx.db.patch(id, { count: 1 }); }",
        "await touch(ctx, args.id);",
    ),
    "an untyped ctx of another name": (
        "export async function touch(c, id) { await c.db.patch(id, { count: 1 }); }",
        "await touch(ctx, args.id);",
    ),
    "db": (
        "export async function touch(db: DatabaseWriter, id: Id<'users'>) { await db.patch(id, { count: 1 }); }",
        "await touch(ctx.db, args.id);",
    ),
    "db: any, of another name": (
        "export async function touch(d: any, id: any) { await d.patch(id, { count: 1 }); }",
        "await touch(ctx.db, args.id);",
    ),
    "{ db }": (
        "export async function touch({ db }: { db: DatabaseWriter }, id: Id<'users'>) { await db.patch(id, {}); }",
        "await touch(ctx, args.id);",
    ),
    "Pick<MutationCtx, 'db'>": (
        "export async function touch(ctx: Pick<MutationCtx, 'db'>, id: Id<'users'>) { await ctx.db.patch(id, {}); }",
        "await touch({ db: ctx.db }, args.id);",
    ),
    "MutationCtx['db']": (
        "export async function touch(db: MutationCtx['db'], id: Id<'users'>) { await db.patch(id, {}); }",
        "await touch(ctx.db, args.id);",
    ),
    "one object": (
        "export async function touch({ ctx, id }: { ctx: MutationCtx; id: Id<'users'> }) { await ctx.db.patch(id, {}); }",
        "await touch({ ctx, id: args.id });",
    ),
    "one object, not taken apart": (
        "export async function touch(given: { ctx: MutationCtx; id: Id<'users'> }) { await given.ctx.db.patch(given.id, {}); }",
        "await touch({ ctx, id: args.id });",
    ),
    "a spread ctx": (
        "export async function touch(ctx: any, id: any) { await ctx.db.patch(id, { count: ctx.step }); }",
        "await touch({ ...ctx, step: 1 }, args.id);",
    ),
    "an arrow in a constant": (
        "export const touch = async (ctx: MutationCtx, id: Id<'users'>) => ctx.db.patch(id, {});",
        "await touch(ctx, args.id);",
    ),
    "an object of helpers": (
        "const users = { async touch(ctx: MutationCtx, id: Id<'users'>) { await ctx.db.patch(id, {}); } };\n"
        "export const touch = users.touch;",
        "await touch(ctx, args.id);",
    ),
    "a helper that calls a helper": (
        "async function write(db: any, id: any, value: any) { await db.patch(id, value); }\n"
        "export async function touch(ctx: any, id: any) { await write(ctx.db, id, { count: 1 }); }",
        "await touch(ctx, args.id);",
    ),
    "a closure that carries ctx": (
        "export function writer(ctx: MutationCtx) { return { touch: async (id: Id<'users'>) => "
        "{ await ctx.db.patch(id, {}); } }; }\nexport const touch = (ctx: any, id: any) => writer(ctx).touch(id);",
        "await touch(ctx, args.id);",
    ),
    "a function made for a ctx": (
        "export const touch = (ctx: MutationCtx) => async (id: Id<'users'>) => { await ctx.db.patch(id, {}); };",
        "await touch(ctx)(args.id);",
    ),
    "a rest parameter": (
        "export async function touch(ctx: MutationCtx, ...ids: Id<'users'>[]) { for (const id of ids) await ctx.db.patch(id, {}); }",
        "await touch(ctx, args.id);",
    ),
    "a generic helper": (
        "export async function touch<T extends 'users'>(ctx: MutationCtx, id: Id<T>) { await ctx.db.patch(id, {}); }",
        "await touch(ctx, args.id);",
    ),
    "a callback": (
        "export async function touch(ctx: any, id: any) { await withUser(ctx, id, async (user) => { await ctx.db.patch(user._id, {}); }); }\n"
        "async function withUser(ctx: any, id: any, then: (user: any) => any) { return then({ _id: id }); }",
        "await touch(ctx, args.id);",
    ),
    "a conditional helper": (
        "async function plain(ctx: MutationCtx, id: Id<'users'>) { await ctx.db.patch(id, {}); }\n"
        "export const touch = true ? plain : plain;",
        "await touch(ctx, args.id);",
    ),
    "a bound helper": (
        "async function plain(ctx: MutationCtx, id: Id<'users'>) { await ctx.db.patch(id, {}); }\n"
        "export const touch = (ctx: any, id: any) => plain.call(null, ctx, id);",
        "await touch(ctx, args.id);",
    ),
}


class TestHelpers:
    """Helpers in any file, however `ctx` or `db` reaches them."""

    @pytest.mark.parametrize(("helper", "use"), HELPERS.values(), ids=HELPERS.keys())
    def test_a_helper_in_another_file(self, tmp_path, helper, use):
        app = read_app(
            tmp_path,
            {
                "convex/model/users.ts": SERVER.replace("./_generated", "../_generated") + helper,
                "convex/m.ts": SERVER
                + 'import { touch } from "./model/users";\n'
                + f"export const f = mutation({{ args: {{ {USER} }}, handler: async (ctx, args) => {{ {use} }} }});",
            },
        )
        found = function(app, "m:f")
        assert writes(found) == ["patch users"]
        patch = only(found, "patch")
        assert keys(patch)[0] in ("_id eq args.id", "_id eq ids[]")
        assert patch.span.file == "convex/model/users.ts"
        assert patch.path[0].file == "convex/m.ts"

    @pytest.mark.parametrize(
        ("statement", "call"),
        [
            ('import * as Users from "./model/users";', "Users.touch(ctx, args.id)"),
            ('import touch from "./model/users";', "touch(ctx, args.id)"),
            ('import { touch as go } from "./model";', "go(ctx, args.id)"),
            ('import { Users } from "./model/namespace";', "Users.touch(ctx, args.id)"),
            ('import { touch } from "../shared/users";', "touch(ctx, args.id)"),
        ],
        ids=["namespace", "default", "through an index file", "export * as", "outside the directory"],
    )
    def test_however_it_is_imported(self, tmp_path, statement, call):
        helper = "export async function touch(ctx: any, id: any) { await ctx.db.patch(id, { count: 1 }); }\n"
        app = read_app(
            tmp_path,
            {
                "convex/model/users.ts": helper + "export default touch;",
                "convex/model/index.ts": 'export * from "./users";',
                "convex/model/namespace.ts": 'export * as Users from "./users";',
                "shared/users.ts": helper,
                "convex/m.ts": SERVER
                + statement
                + f"\nexport const f = mutation({{ args: {{ {USER} }}, handler: async (ctx, args) => {{ await {call}; }} }});",
            },
        )
        assert writes(function(app, "m:f")) == ["patch users"]

    def test_each_call_of_a_helper_has_the_keys_of_its_arguments(self, tmp_path):
        more = """
        async function byEmail(ctx: QueryCtx, email: string) {
          return await ctx.db.query("users").withIndex("by_email", (q) => q.eq("email", email)).unique();
        }"""
        body = """
        const a = await byEmail(ctx, args.from);
        const b = await byEmail(ctx, "root");
        await ctx.db.patch(a!._id, { count: a!.count - 1 });
        await ctx.db.patch(b!._id, { count: b!.count + 1 });"""
        found = read_handler(tmp_path, body, "from: v.string()", more=more)
        assert [keys(access) for access in found.accesses[:2]] == [["email eq args.from"], ['email eq "root"']]
        rows = [access.row for access in found.accesses]
        assert rows[0] == rows[2]
        assert rows[1] == rows[3]
        assert rows[0] != rows[1]

    def test_mutually_recursive_helpers(self, tmp_path):
        more = """
        async function even(ctx: MutationCtx, id: Id<"users">, n: number) {
          await ctx.db.patch(id, { count: n });
          if (n > 0) await odd(ctx, id, n - 1);
        }
        async function odd(ctx: MutationCtx, id: Id<"users">, n: number) {
          await ctx.db.insert("posts", { author: id });
          if (n > 0) await even(ctx, id, n - 1);
        }"""
        assert set(writes(read_handler(tmp_path, "await even(ctx, args.id, 3);", USER, more=more))) == {
            "patch users",
            "insert posts",
        }

    def test_a_recursive_helper(self, tmp_path):
        more = """
        async function removeFriends(ctx: MutationCtx, id: Id<"users">) {
          const user = await ctx.db.get(id);
          for (const friend of user!.friends) await removeFriends(ctx, friend);
          await ctx.db.delete(id);
        }"""
        found = read_handler(tmp_path, "await removeFriends(ctx, args.id);", USER, more=more)
        assert operations(found) == ["get users", "delete users"]

    @pytest.mark.parametrize(
        "cls",
        [
            "class Users { ctx; constructor(ctx: MutationCtx) { this.ctx = ctx; } "
            "async touch(id: Id<'users'>) { await this.ctx.db.patch(id, { count: 1 }); } }",
            "class Users { private db: DatabaseWriter; constructor(ctx: MutationCtx) { this.db = ctx.db; } "
            "async touch(id: Id<'users'>) { await this.write(id); } "
            "private async write(id: Id<'users'>) { await this.db.patch(id, { count: 1 }); } }",
            "class Users { constructor(private ctx: MutationCtx) {} "
            "async touch(id: Id<'users'>) { await this.ctx.db.patch(id, { count: 1 }); } }",
            "class Users { constructor(private readonly db: DatabaseWriter, public c: any) {} "
            "touch = async (id: Id<'users'>) => { await this.db.patch(id, { count: 1 }); } }",
            "class Base { constructor(protected ctx: MutationCtx) {} } "
            "class Users extends Base { async touch(id: Id<'users'>) { await this.ctx.db.patch(id, { count: 1 }); } }",
            "class Base { constructor(protected ctx: MutationCtx) {} "
            "async touch(id: Id<'users'>) { await this.ctx.db.patch(id, { count: 1 }); } } "
            "class Users extends Base { constructor(ctx: MutationCtx) { super(ctx); } }",
        ],
        ids=["assigned", "method calls method", "parameter property", "arrow property", "inherited field", "super"],
    )
    def test_a_class_that_keeps_ctx(self, tmp_path, cls):
        given = "ctx.db, ctx" if "DatabaseWriter, public" in cls else "ctx"
        found = read_handler(
            tmp_path, f"const users = new Users({given});\nawait users.touch(args.id);", USER, more=cls
        )
        assert operations(found) == ["patch users"]
        assert keys(only(found, "patch")) == ["_id eq args.id"]

    def test_static_methods(self, tmp_path):
        more = (
            "class Users { static async touch(ctx: MutationCtx, id: Id<'users'>) { await Users.write(ctx, id); } "
            "static async write(ctx: MutationCtx, id: Id<'users'>) { await ctx.db.patch(id, {}); } }"
        )
        assert writes(read_handler(tmp_path, "await Users.touch(ctx, args.id);", USER, more=more)) == ["patch users"]

    def test_an_inner_function_that_closes_over_ctx(self, tmp_path):
        body = """
        async function bump(id: Id<"users">, by: number) {
          const user = await ctx.db.get(id);
          await ctx.db.patch(id, { count: user!.count + by });
        }
        await bump(args.id, 1);
        const drop = (id: Id<"posts">) => ctx.db.delete(id);
        await drop(args.post);"""
        found = read_handler(tmp_path, body, USER + ', post: v.id("posts")')
        assert operations(found) == ["get users", "patch users", "delete posts"]

    def test_ctx_handed_to_unseen_code_is_no_access(self, tmp_path):
        more = 'import { touch } from "some-package";'
        assert operations(read_handler(tmp_path, "await touch(ctx, args.id);", USER, more=more)) == []

    def test_aliases_of_ctx_and_db(self, tmp_path):
        body = "const c = ctx;\nconst db = c.db;\nconst { db: other } = ctx;\nawait db.patch(args.id, {});\nawait other.delete(args.id);"
        assert operations(read_handler(tmp_path, body, USER)) == ["patch users", "delete users"]

    def test_a_method_taken_off_the_database(self, tmp_path):
        body = "const patch = ctx.db.patch.bind(ctx.db);\nconst { delete: remove } = ctx.db;\nawait patch(args.id, {});\nawait remove(args.id);"
        assert operations(read_handler(tmp_path, body, USER)) == ["patch users", "delete users"]


class TestSubFunctions:
    """`ctx.runMutation` and `ctx.runQuery` inside a mutation belong to its transaction."""

    INNER = """
    export const bump = internalMutation({ args: { id: v.id("users"), by: v.number() }, handler: async (ctx, args) => {
      const user = await ctx.db.get(args.id);
      await ctx.db.patch(args.id, { count: user!.count + args.by });
      return user!.orgId;
    } });
    export const inOrg = internalQuery({ args: { org: v.id("orgs") }, handler: async (ctx, { org }) =>
      await ctx.db.query("users").withIndex("by_org", (q) => q.eq("orgId", org)).collect() });
    """

    def read(self, root, body: str, builder: str = "mutation"):
        text = f"export const f = {builder}({{ args: {{ {USER} }}, handler: async (ctx, args) => {{\n{body}\n}} }});"
        return read_app(root, {"convex/inner.ts": self.INNER, "convex/m.ts": text})

    def test_they_join_with_their_arguments_put_in(self, tmp_path):
        found = function(
            self.read(
                tmp_path,
                """const org = await ctx.runMutation(internal.inner.bump, { id: args.id, by: 2 });
                const members = await ctx.runQuery(internal.inner.inOrg, { org });
                await ctx.db.patch(org, { seats: members.length });
                for (const member of members) await ctx.db.patch(member._id, { count: 0 });""",
            ),
            "m:f",
        )
        assert operations(found) == ["get users", "patch users", "query users", "patch orgs", "patch users"]
        assert keys(found.accesses[1]) == ["_id eq args.id"]
        key = found.accesses[2].keys[0].value
        assert (key.origin, key.table, key.field) == (Origin.FIELD, "users", "orgId")

    def test_in_an_action_each_is_a_transaction_of_its_own(self, tmp_path):
        app = self.read(tmp_path, "await ctx.runMutation(internal.inner.bump, { id: args.id, by: 2 });", "action")
        assert operations(function(app, "m:f")) == []

    def test_a_stale_read_is_marked(self, tmp_path):
        body = "await ctx.runQuery(internal.inner.inOrg, { org: args.id }, { useStaleSnapshot: true });"
        found = function(self.read(tmp_path, body), "m:f")
        assert [access.stale for access in found.accesses] == [True]
        assert found.reads == ()

    def test_sub_functions_of_sub_functions(self, tmp_path):
        app = read_app(
            tmp_path,
            {
                "convex/m.ts": f"""
            export const a = mutation({{ args: {{ {USER} }}, handler: async (ctx, args) => {{ await ctx.runMutation(api.m.b, {{ id: args.id }}); }} }});
            export const b = mutation({{ args: {{ {USER} }}, handler: async (ctx, args) => {{ await ctx.runMutation(api.m.c, args); }} }});
            export const c = mutation({{ args: {{ {USER} }}, handler: async (ctx, args) => {{ await ctx.db.delete(args.id); }} }});
            """
            },
        )
        found = function(app, "m:a")
        assert operations(found) == ["delete users"]
        assert keys(found.accesses[0]) == ["_id eq args.id"]

    def test_a_sub_function_that_calls_itself_ends(self, tmp_path):
        app = read_app(
            tmp_path,
            {
                "convex/m.ts": f"export const a = mutation({{ args: {{ {USER} }}, handler: async (ctx, args) => "
                "{ await ctx.db.delete(args.id); await ctx.runMutation(api.m.a, args); } });"
            },
        )
        assert set(operations(function(app, "m:a"))) == {"delete users"}

    def test_started_in_a_loop(self, tmp_path):
        body = "for (const n of [1, 2, 3]) await ctx.runMutation(internal.inner.bump, { id: args.id, by: n });"
        found = function(self.read(tmp_path, body), "m:f")
        assert [len(access.loops) for access in found.accesses] == [1, 1]


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
