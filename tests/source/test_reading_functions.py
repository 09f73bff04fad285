"""Registered functions, in every form that registers one."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

import pytest
from tests.source.apps import (
    SERVER,
    function,
    guards,
    keys,
    only,
    operations,
    read_app,
    read_repository_of,
    writes,
)

BUILDERS = [
    ("query", "query", False),
    ("internalQuery", "query", True),
    ("mutation", "mutation", False),
    ("internalMutation", "mutation", True),
    ("action", "action", False),
    ("internalAction", "action", True),
]


@pytest.mark.parametrize(("builder", "kind", "internal"), BUILDERS)
def test_every_builder_gives_a_kind_and_a_visibility(tmp_path, builder, kind, internal):
    app = read_app(tmp_path, {"convex/m.ts": f"export const f = {builder}({{ args: {{}}, handler: async () => 1 }});"})
    found = function(app, "m:f")
    assert (found.kind, found.internal, found.builder, found.custom_builder) == (kind, internal, builder, None)


@pytest.mark.parametrize(("builder", "kind", "internal"), BUILDERS)
def test_generic_builders_are_the_same(tmp_path, builder, kind, internal):
    text = (
        f'import {{ {builder}Generic }} from "convex/server";\n'
        f"export const f = {builder}Generic({{ args: {{}}, handler: async (ctx) => 1 }});"
    )
    found = function(read_app(tmp_path, {"convex/m.ts": text}), "m:f")
    assert (found.kind, found.internal) == (kind, internal)


TAIL = "await ctx.db.patch(args.id, { count: 1 });"
ARGS = 'args: { id: v.id("users") }'
TYPED = '(ctx: MutationCtx, args: { id: Id<"users"> })'
FORMS = {
    "an arrow": f"export const f = mutation({{ {ARGS}, handler: async (ctx, args) => {{ {TAIL} }} }});",
    "an expression": f"export const f = mutation({{ {ARGS}, handler: (ctx, args) => ctx.db.patch(args.id, {{}}) }});",
    "a method": f"export const f = mutation({{ {ARGS}, async handler(ctx, args) {{ {TAIL} }} }});",
    "a function expression": f"export const f = mutation({{ {ARGS}, handler: async function (ctx, args) {{ {TAIL} }} }});",
    "a named handler": f"const h = async {TYPED} => {{ {TAIL} }};\n"
    f"export const f = mutation({{ {ARGS}, handler: h }});",
    "a function declared below": f"export const f = mutation({{ {ARGS}, handler: h }});\n"
    f"async function h{TYPED} {{ {TAIL} }}",
    "the shorthand `handler`": f"const handler = async {TYPED} => {{ {TAIL} }};\n"
    f"export const f = mutation({{ {ARGS}, handler }});",
    "no object": f"export const f = mutation(async {TYPED} => {{ {TAIL} }});",
    "no object, a name": f"async function h{TYPED} {{ {TAIL} }}\nexport const f = mutation(h);",
    "a wrapped handler": "const withLog = (inner: any) => async (ctx: MutationCtx, args: any) => inner(ctx, args);\n"
    f"export const f = mutation({{ {ARGS}, handler: withLog(async (ctx, args) => {{ {TAIL} }}) }});",
    "a wrapper around all": "const withLog = (inner: any) => async (ctx: MutationCtx, args: any) => "
    "{ const r = await inner(ctx, args); return r; };\n"
    f"export const f = mutation(withLog(async {TYPED} => {{ {TAIL} }}));",
    "a wrapper that takes the object": "function logged(spec: any) { return mutation({ args: spec.args, "
    "handler: async (ctx, args) => spec.handler(ctx, args) }); }\n"
    f"export const f = logged({{ {ARGS}, handler: async (ctx: MutationCtx, args: any) => {{ {TAIL} }} }});",
    "definitions in a variable": f"const spec = {{ {ARGS}, handler: async {TYPED} => {{ {TAIL} }} }};\n"
    "export const f = mutation(spec);",
    "destructured arguments": f"export const f = mutation({{ {ARGS}, handler: async (ctx, {{ id }}) => "
    "{ await ctx.db.patch(id, {}); } });",
    "destructured ctx": f"export const f = mutation({{ {ARGS}, handler: async ({{ db }}, {{ id }}) => "
    "{ await db.patch(id, {}); } });",
    "destructured ctx, renamed": f"export const f = mutation({{ {ARGS}, handler: async ({{ db: database }}, args) => "
    "{ await database.patch(args.id, {}); } });",
    "exported under another name": f"const g = mutation({{ {ARGS}, handler: async (ctx, args) => {{ {TAIL} }} }});\n"
    "export { g as f };",
    "exported below": f"const f = mutation({{ {ARGS}, handler: async (ctx, args) => {{ {TAIL} }} }});\nexport {{ f }};",
    "with a cast": f"export const f = mutation({{ {ARGS}, handler: async (ctx, args) => {{ {TAIL} }} }}) as any;",
    "with `satisfies`": f"export const f = mutation({{ {ARGS}, handler: async (ctx, args) => {{ {TAIL} }} }} satisfies any);",
    "one of several in a declaration": "export const a = 1, "
    f"f = mutation({{ {ARGS}, handler: async (ctx, args) => {{ {TAIL} }} }});",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_the_handler_is_found_however_it_is_written(tmp_path, text):
    found = function(read_app(tmp_path, {"convex/m.ts": text}), "m:f")
    assert (found.kind, found.unread) == ("mutation", None)
    assert writes(found) == ["patch users"]


def test_functions_in_javascript(tmp_path):
    text = (
        'import { mutation } from "./_generated/server";\nimport { v } from "convex/values";\n'
        'export const f = mutation({ args: { id: v.id("users") }, handler: async ({ db }, { id }) => '
        "{ await db.patch(id, {}); } });"
    )
    assert writes(function(read_app(tmp_path, {"convex/m.js": text}), "m:f")) == ["patch users"]


def test_functions_in_javascript_with_require(tmp_path):
    text = (
        'const { mutation } = require("./_generated/server");\n'
        'exports.f = mutation(async ({ db }, { text }) => { await db.insert("posts", { text }); });'
    )
    assert writes(function(read_app(tmp_path, {"convex/m.cjs": text}), "m:f")) == ["insert posts"]


def test_a_default_export_is_the_module_itself(tmp_path):
    app = read_app(tmp_path, {"convex/jobs/sweep.ts": "export default internalMutation(async (ctx) => {});"})
    assert [(found.path, found.internal) for found in app.functions] == [("jobs/sweep", True)]


def test_exported_as_default(tmp_path):
    app = read_app(tmp_path, {"convex/m.ts": "const f = mutation(async (ctx) => {});\nexport { f as default };"})
    assert [found.path for found in app.functions] == ["m"]


@pytest.mark.parametrize(
    ("reexport", "path"),
    [
        ('export { f } from "./model/users";', "api:f"),
        ('export { f as g } from "./model/users";', "api:g"),
        ('export * from "./model/users";', "api:f"),
        ('import { f } from "./model/users";\nexport { f };', "api:f"),
        ('import { f } from "./model/users";\nexport const g = f;', "api:g"),
    ],
)
def test_a_re_export_registers_a_function_of_its_own(tmp_path, reexport, path):
    app = read_app(
        tmp_path,
        {
            "convex/model/users.ts": f"export const f = mutation({{ {ARGS}, handler: async (ctx, args) => {{ {TAIL} }} }});",
            "convex/api.ts": reexport,
        },
    )
    assert sorted(found.path for found in app.functions) == sorted([path, "model/users:f"])
    assert writes(function(app, path)) == ["patch users"]


def test_several_functions_from_one_object(tmp_path):
    text = (
        "const crud = { add: mutation(async (ctx) => { await ctx.db.insert('orgs', {}); }), "
        "list: query(async (ctx) => ctx.db.query('orgs').collect()) };\n"
        "export const { add, list } = crud;"
    )
    app = read_app(tmp_path, {"convex/m.ts": text})
    assert {found.path: operations(found) for found in app.functions} == {
        "m:add": ["insert orgs"],
        "m:list": ["query orgs"],
    }


def test_use_node_runs_in_node(tmp_path):
    app = read_app(
        tmp_path,
        {
            "convex/a.ts": '"use node";\nimport { action } from "./_generated/server";\n'
            "export const f = action(async () => 1);",
            "convex/b.ts": "export const f = action(async () => 1);",
        },
    )
    assert (function(app, "a:f").runtime, function(app, "b:f").runtime) == ("node", "convex")


def test_arguments_have_the_types_of_their_validators(tmp_path):
    text = (
        'const shared = { orgId: v.id("orgs") };\n'
        "export const f = mutation({ args: { ...shared, note: v.optional(v.string()) }, handler: async () => {} });\n"
        "export const g = mutation({ args: v.object({ orgId: v.id('orgs') }), handler: async () => {} });"
    )
    app = read_app(tmp_path, {"convex/m.ts": text})
    args = function(app, "m:f").args
    assert args is not None
    assert args.fields["orgId"].table == "orgs"
    assert args.fields["note"].optional
    args = function(app, "m:g").args
    assert args is not None
    assert args.fields["orgId"].table == "orgs"


def test_what_cannot_be_followed_is_listed_with_its_reason(tmp_path):
    repository = read_repository_of(
        tmp_path,
        {
            "convex/m.ts": 'import { mutation } from "./_generated/server";\n'
            'import { secretMutation } from "some-package";\nimport { handler } from "some-package";\n'
            "export const f = secretMutation({ handler: async (ctx) => {} });\n"
            "export const g = mutation({ handler });"
        },
    )
    (missed,) = repository.unregistered
    assert (missed.builder, missed.span.line) == ("secretMutation", 4)
    (found,) = repository.apps[0].functions
    assert (found.path, found.unread) == ("m:g", "its handler is not a function that can be followed")


class TestCustomBuilders:
    """Builders of convex-helpers: what they run before a handler is part of its transaction."""

    CUSTOM = """
    import { customMutation, customQuery, customCtx } from "convex-helpers/server/customFunctions";
    import { mutation as rawMutation, query as rawQuery } from "./_generated/server";
    import { v } from "convex/values";
    async function currentUser(ctx: any) {
      const identity = await ctx.auth.getUserIdentity();
      const user = await ctx.db.query("users").withIndex("by_email", (q) => q.eq("email", identity.email)).unique();
      if (!user) throw new Error("unknown");
      return user;
    }
    """

    def read(self, root, builders: str, use: str):
        return function(
            read_app(
                root,
                {
                    "convex/lib/builders.ts": self.CUSTOM.replace("./_generated", "../_generated") + builders,
                    "convex/m.ts": 'import { v } from "convex/values";\n' + use,
                },
            ),
            "m:f",
        )

    @pytest.mark.parametrize(
        "builders",
        [
            "export const mutation = customMutation(rawMutation, customCtx(async (ctx) => "
            "({ user: await currentUser(ctx) })));",
            "export const mutation = customMutation(rawMutation, { args: {}, input: async (ctx, args) => "
            "{ const user = await currentUser(ctx); return { ctx: { ...ctx, user }, args }; } });",
            "export const mutation = customMutation(rawMutation, { args: {}, async input(ctx, args) "
            "{ const user = await currentUser(ctx); return { ctx: { user }, args: {} }; } });",
            "const addUser = customCtx(async (ctx) => { const user = await currentUser(ctx); return { user }; });\n"
            "export const mutation = customMutation(rawMutation, addUser);",
            "const base = customMutation(rawMutation, customCtx(async (ctx) => ({ user: await currentUser(ctx) })));\n"
            "export { base as mutation };",
        ],
        ids=["customCtx", "input", "input method", "customCtx in a variable", "renamed"],
    )
    def test_its_reads_come_first_and_what_it_adds_is_in_ctx(self, tmp_path, builders):
        found = self.read(
            tmp_path,
            builders,
            'import { mutation } from "./lib/builders";\n'
            "export const f = mutation({ args: {}, handler: async (ctx) => {\n"
            "  await ctx.db.patch(ctx.user._id, { count: ctx.user.count + 1 });\n"
            "  await ctx.db.patch(ctx.user.orgId, { seats: 1 });\n} });",
        )
        assert operations(found) == ["query users", "patch users", "patch orgs"]
        assert found.custom_builder == "convex/lib/builders.ts"
        assert found.builder == "mutation"
        assert not found.internal

    def test_a_plain_name_is_resolved_to_the_builder_it_stands_for(self, tmp_path):
        """`mutation` imported from another file than Convex's is not Convex's `mutation`."""
        found = self.read(
            tmp_path,
            "export const mutation = customMutation(rawMutation, customCtx(async (ctx) => "
            "({ user: await currentUser(ctx) })));\nexport const internalMutation = mutation;",
            'import { internalMutation as mutation } from "./lib/builders";\n'
            "export const f = mutation(async (ctx) => { await ctx.db.insert('posts', { author: ctx.user._id }); });",
        )
        assert operations(found) == ["query users", "insert posts"]
        assert found.custom_builder == "convex/lib/builders.ts"

    def test_arguments_it_takes_and_adds(self, tmp_path):
        found = self.read(
            tmp_path,
            """export const orgMutation = customMutation(rawMutation, {
              args: { orgId: v.id("orgs") },
              input: async (ctx, args) => {
                const org = await ctx.db.get(args.orgId);
                return { ctx: { org }, args: { ownerId: org!.ownerId } };
              },
            });""",
            'import { orgMutation } from "./lib/builders";\n'
            "export const f = orgMutation({ args: { name: v.string() }, handler: async (ctx, args) => {\n"
            "  await ctx.db.patch(ctx.org!._id, { name: args.name });\n"
            "  await ctx.db.patch(args.ownerId, { count: 0 });\n} });",
        )
        assert operations(found) == ["get orgs", "patch orgs", "patch users"]
        assert keys(only(found, "get")) == ["_id eq args.orgId"]
        assert found.args is not None
        assert {"orgId", "name"} <= found.args.fields.keys()

    def test_builders_on_builders_run_one_after_the_other(self, tmp_path):
        found = self.read(
            tmp_path,
            """export const userMutation = customMutation(rawMutation, customCtx(async (ctx) => ({ user: await currentUser(ctx) })));
            export const adminMutation = customMutation(userMutation, customCtx(async (ctx) => {
              const org = await ctx.db.get(ctx.user.orgId);
              if (org.ownerId !== ctx.user._id) throw new Error("no");
              return { org };
            }));""",
            'import { adminMutation } from "./lib/builders";\n'
            "export const f = adminMutation({ args: {}, handler: async (ctx) => {\n"
            "  await ctx.db.patch(ctx.org._id, { seats: 2 });\n  await ctx.db.patch(ctx.user._id, { count: 0 });\n} });",
        )
        assert operations(found) == ["query users", "get orgs", "patch orgs", "patch users"]

    def test_zod_arguments(self, tmp_path):
        found = self.read(
            tmp_path,
            'import { zCustomMutation, zid } from "convex-helpers/server/zod";\n'
            'import { NoOp } from "convex-helpers/server/customFunctions";\n'
            "export const zMutation = zCustomMutation(rawMutation, NoOp);",
            'import { zMutation } from "./lib/builders";\nimport { z } from "zod";\n'
            'import { zid } from "convex-helpers/server/zod";\n'
            'export const f = zMutation({ args: { userId: zid("users"), ids: z.array(zid("posts")), '
            'org: z.object({ id: zid("orgs").optional() }) }, handler: async (ctx, args) => {\n'
            "  await ctx.db.patch(args.userId, {});\n"
            "  for (const id of args.ids) await ctx.db.delete(id);\n"
            "  if (args.org.id) await ctx.db.patch(args.org.id, {});\n} });",
        )
        assert writes(found) == ["patch users", "delete posts", "patch orgs"]

    def test_a_wrapped_database_still_reads_and_writes(self, tmp_path):
        found = self.read(
            tmp_path,
            """
            import { wrapDatabaseWriter } from "convex-helpers/server/rowLevelSecurity";
            export const mutation = customMutation(rawMutation, customCtx(async (ctx) => ({
              db: wrapDatabaseWriter(ctx, ctx.db, { users: { modify: async () => true } }),
            })));""",
            'import { mutation } from "./lib/builders";\n'
            'export const f = mutation({ args: { id: v.id("users") }, handler: async (ctx, args) => '
            "{ await ctx.db.patch(args.id, { count: 1 }); } });",
        )
        assert writes(found) == ["patch users"]

    def test_a_trigger_runs_in_the_transaction_of_the_write(self, tmp_path):
        found = self.read(
            tmp_path,
            """
            import { Triggers } from "convex-helpers/server/triggers";
            const triggers = new Triggers();
            triggers.register("posts", async (ctx, change) => {
              const author = await ctx.db.get(change.newDoc.author);
              await ctx.db.patch(author._id, { count: author.count + 1 });
            });
            export const mutation = customMutation(rawMutation, customCtx(triggers.wrapDB));""",
            'import { mutation } from "./lib/builders";\n'
            'export const f = mutation({ args: { author: v.id("users") }, handler: async (ctx, args) => '
            '{ await ctx.db.insert("posts", { author: args.author, title: "" }); } });',
        )
        assert operations(found) == ["insert posts", "get posts", "get users", "patch users"]

    def test_a_builder_function_of_ones_own(self, tmp_path):
        found = self.read(
            tmp_path,
            """
            export function authed(spec: { args: any; handler: any }) {
              return rawMutation({ args: spec.args, handler: async (ctx, args) => {
                const user = await currentUser(ctx);
                return await spec.handler({ ...ctx, user }, args);
              } });
            }""",
            'import { authed } from "./lib/builders";\n'
            "export const f = authed({ args: {}, handler: async (ctx, args) => "
            "{ await ctx.db.patch(ctx.user._id, { count: 1 }); } });",
        )
        assert operations(found) == ["query users", "patch users"]

    def test_fluent_builders(self, tmp_path):
        app = read_app(
            tmp_path,
            {
                "convex/fluent.ts": 'import { createBuilder } from "fluent-convex";\n'
                "export const convex = createBuilder();\n"
                "export const authed = convex.use(async (ctx, next) => "
                "{ const org = await ctx.db.query('orgs').first(); return next({ ...ctx, org }); });",
                "convex/m.ts": 'import { convex, authed } from "./fluent";\nimport { v } from "convex/values";\n'
                "export const f = convex.mutation().input({ id: v.id('users') })"
                ".handler(async (ctx, args) => { await ctx.db.patch(args.id, {}); }).public();\n"
                "export const g = authed.mutation().input({ id: v.id('users') })"
                ".handler(async (ctx, args) => { await ctx.db.patch(args.id, {}); }).internal();",
            },
        )
        assert writes(function(app, "m:f")) == ["patch users"]
        assert not function(app, "m:f").internal
        assert operations(function(app, "m:g")) == ["query orgs", "patch users"]
        assert function(app, "m:g").internal


def test_a_component_is_an_app_of_its_own(tmp_path):
    repository = read_repository_of(
        tmp_path,
        {
            "convex/m.ts": "export const f = mutation(async (ctx) => {});",
            "convex/counter/convex.config.ts": 'import { defineComponent } from "convex/server";\n'
            'export default defineComponent("counter");',
            "convex/counter/schema.ts": 'import { defineSchema, defineTable } from "convex/server";\n'
            'import { v } from "convex/values";\n'
            "export default defineSchema({ shards: defineTable({ value: v.number() }) });",
            "convex/counter/lib.ts": 'import { mutation } from "./_generated/server";\n'
            'export const add = mutation(async (ctx) => { await ctx.db.insert("shards", { value: 1 }); });',
        },
    )
    assert sorted((app.functions_dir, [one.path for one in app.functions]) for app in repository.apps) == [
        ("convex", ["m:f"]),
        ("convex/counter", ["lib:add"]),
    ]


def test_guards_of_a_custom_builder_hold_for_the_handler(tmp_path):
    text = (
        SERVER
        + """
    import { customMutation } from "convex-helpers/server/customFunctions";
    const once = customMutation(mutation, { args: { id: v.id("users") }, input: async (ctx, args) => {
      const user = await ctx.db.get(args.id);
      if (!user) throw new Error("gone");
      return { ctx: { user }, args: {} };
    } });
    export const f = once({ args: {}, handler: async (ctx) => { await ctx.db.patch(ctx.user._id, { count: 1 }); } });
    """
    )
    found = function(read_app(tmp_path, {"convex/m.ts": text}), "m:f")
    assert operations(found) == ["get users", "patch users"]
    assert guards(only(found, "patch")) == []
