"""Helpers and sub-functions: accesses that stand elsewhere than in the handler."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

import pytest
from tests.source.apps import SERVER, function, keys, only, operations, read_app, read_handler, writes

from contend.model.values import Origin

USER = 'id: v.id("users")'


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


@pytest.mark.parametrize(
    ("test", "reached"),
    [
        ('"scheduler" in ctx', True),
        ('"runAction" in ctx', False),
        ('!("runAction" in ctx)', True),
        ('"runMutation" in ctx && "db" in ctx', True),
        ('"mine" in ctx', False),
    ],
)
def test_a_helper_that_asks_what_its_ctx_offers(tmp_path, test, reached):
    more = f"async function save(ctx: any) {{ if ({test}) {{ await ctx.db.insert('posts', {{}}); }} }}"
    found = read_handler(tmp_path, "await save(ctx);", more=more)
    assert operations(found) == (["insert posts"] if reached else [])
