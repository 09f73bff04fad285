"""Which table an id belongs to, however it came about."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

import pytest
from tests.source.apps import SERVER, only, read_app, read_handler

ARGS = """
  user: v.id("users"), post: v.id("posts"), org: v.optional(v.id("orgs")),
  either: v.union(v.id("users"), v.id("orgs")), nullable: v.union(v.id("users"), v.null()),
  users: v.array(v.id("users")), byKey: v.record(v.string(), v.id("orgs")), flag: v.boolean(), text: v.string(),
  nested: v.object({ user: v.id("users"), deep: v.object({ org: v.id("orgs") }) }),
  rows: v.array(v.object({ id: v.id("posts"), n: v.number() })), unknown: v.any()
"""
USER = "const user = (await ctx.db.get(args.user))!;\n"
USERS = 'const users = await ctx.db.query("users").collect();\n'
POSTS = 'const posts = await ctx.db.query("posts").collect();\n'

FROM_ARGUMENTS = [
    ("args.user", "users"),
    ("args.org!", "orgs"),
    ("args.org ?? args.byKey.main", "orgs"),
    ("args.either", "users|orgs"),
    ("args.nullable!", "users"),
    ("args.users[0]", "users"),
    ("args.users.at(-1)!", "users"),
    ("args.byKey[args.text]", "orgs"),
    ("args.byKey.main", "orgs"),
    ("args.nested.user", "users"),
    ("args.nested.deep.org", "orgs"),
    ("args.nested?.deep?.org", "orgs"),
    ("args['user']", "users"),
    ("args.rows[0].id", "posts"),
    ("args.flag ? args.user : args.post", "users|posts"),
    ("args.text as Id<'orgs'>", "orgs"),
    ("args.text as unknown as Id<'orgs'>", "orgs"),
    ("args.unknown as Id<'orgs'>", "orgs"),
    ("<Id<'orgs'>>args.text", "orgs"),
    ("args.user!", "users"),
    ("(args.user)", "users"),
    ("args.flag && args.user", "users"),
    ("args.org || args.user", "orgs|users"),
    ("ctx.db.normalizeId('posts', args.text)!", "posts"),
    ("(await ctx.db.get(args.user))!._id", "users"),
    ("(await ctx.db.get(args.post))!.author", "users"),
    ("(await ctx.db.get((await ctx.db.get(args.post))!.author))!.orgId", "orgs"),
    ("await ctx.db.insert('orgs', {})", "orgs"),
    ("(await ctx.db.query('posts').first())!._id", "posts"),
    ("(await ctx.db.query('posts').first())?.author!", "users"),
    ("(await ctx.db.query('posts').collect())[0]._id", "posts"),
    ("(await ctx.db.query('posts').take(3)).map((p) => p._id)[0]", "posts"),
    ("(await ctx.db.query('posts').paginate(args.unknown)).page[0]._id", "posts"),
    ("[...args.users][0]", "users"),
    ("args.users.filter((id) => id !== args.user)[0]", "users"),
    ("args.users.filter(Boolean)[0]", "users"),
    ("args.users.find((id) => id !== args.user)!", "users"),
    ("args.users.slice(1)[0]", "users"),
    ("args.users.concat([args.user])[0]", "users"),
    ("args.users.reverse()[0]", "users"),
    ("args.users.pop()!", "users"),
    ("Array.from(new Set(args.users))[0]", "users"),
    ("[...new Set(args.users)][0]", "users"),
    ("Object.values(args.byKey)[0]", "orgs"),
    ("args.users.reduce((a, b) => (a > b ? a : b))", "users"),
    ("args.users.sort()[0]", "users"),
]


@pytest.mark.parametrize(("expression", "tables"), FROM_ARGUMENTS, ids=[case[0] for case in FROM_ARGUMENTS])
def test_an_id_by_an_expression(tmp_path, expression, tables):
    deleted = only(read_handler(tmp_path, f"await ctx.db.delete({expression});", ARGS), "delete")
    assert "|".join(deleted.tables) == tables
    assert deleted.unresolved is None


FROM_STATEMENTS = {
    "a field of a document": (USER + "await ctx.db.delete(user.orgId);", "orgs"),
    "an optional field": (USER + "if (user.bestFriend) await ctx.db.delete(user.bestFriend);", "users"),
    "a nullable field": (USER + "if (user.pinned !== null) await ctx.db.delete(user.pinned);", "posts"),
    "a field that is a union": ("const post = (await ctx.db.get(args.post))!;\nawait ctx.db.delete(post.about);", "users|orgs"),
    "a field in a field": (USER + "await ctx.db.delete(user.settings.homeOrg!);", "orgs"),
    "an element of a field": (USER + "await ctx.db.delete(user.friends[0]);", "users"),
    "an element of a field in a field": (USER + "for (const id of user.settings.drafts) await ctx.db.delete(id);", "posts"),
    "a value of a record": (USER + "await ctx.db.delete(user.roles['admin']);", "orgs"),
    "values of a record": (USER + "for (const id of Object.values(user.roles)) await ctx.db.delete(id);", "orgs"),
    "entries of a record": (USER + "for (const [name, id] of Object.entries(user.roles)) await ctx.db.delete(id);", "orgs"),
    "an object in an array": (USER + "for (const { userId } of user.members) await ctx.db.delete(userId);", "users"),
    "an object in an array, found": (
        USER + "const m = user.members.find((m) => m.role === 'x');\nif (m) await ctx.db.delete(m.userId);",
        "users",
    ),
    "optional chaining": ("const user = await ctx.db.get(args.user);\nawait ctx.db.delete(user?.settings?.homeOrg!);", "orgs"),
    "a loop variable": (USERS + "for (const user of users) await ctx.db.delete(user._id);", "users"),
    "a loop variable, taken apart": (USERS + "for (const { _id, orgId } of users) await ctx.db.delete(orgId);", "orgs"),
    "a loop with an index": (USERS + "for (let i = 0; i < users.length; i++) { await ctx.db.delete(users[i]._id); }", "users"),
    "entries of an array": (USERS + "for (const [i, user] of users.entries()) await ctx.db.delete(user._id);", "users"),
    "a loop over an object's keys": (
        USERS + "const byId: Record<string, Doc<'users'>> = {};\nfor (const u of users) byId[u._id] = u;\n"
        "for (const key in byId) await ctx.db.delete(byId[key].orgId);",
        "orgs",
    ),
    "destructuring": (USER + "const { orgId } = user;\nawait ctx.db.delete(orgId);", "orgs"),
    "destructuring with another name": (USER + "const { orgId: target } = user;\nawait ctx.db.delete(target);", "orgs"),
    "destructuring with a default": (USER + "const { bestFriend = args.user } = user;\nawait ctx.db.delete(bestFriend);", "users"),
    "destructuring in depth": (USER + "const { settings: { homeOrg } } = user;\nawait ctx.db.delete(homeOrg!);", "orgs"),
    "destructuring an array": (USERS + "const [first, ...rest] = users;\nawait ctx.db.delete(rest[0].orgId);", "orgs"),
    "a conditional": (USER + "const id = args.flag ? user._id : user.orgId;\nawait ctx.db.delete(id);", "users|orgs"),
    "an assignment in a branch": (
        "let id: any = args.user;\nif (args.flag) id = args.post;\nawait ctx.db.delete(id);",
        "posts|users",
    ),
    "an assignment in both branches": (
        "let id;\nif (args.flag) { id = args.user; } else { id = args.post; }\nawait ctx.db.delete(id);",
        "users|posts",
    ),
    "get or create": (
        "const found = await ctx.db.query('orgs').first();\nconst id = found?._id ?? (await ctx.db.insert('orgs', {}));\n"
        "await ctx.db.delete(id);",
        "orgs",
    ),
    "get or create, with let": (
        "let org = await ctx.db.query('orgs').first();\nif (!org) { const id = await ctx.db.insert('orgs', {}); "
        "org = await ctx.db.get(id); }\nawait ctx.db.delete(org!._id);",
        "orgs",
    ),
    "a declared type": ("const id: Id<'posts'> = args.unknown;\nawait ctx.db.delete(id);", "posts"),
    "a declared document": ("const post: Doc<'posts'> = args.unknown;\nawait ctx.db.delete(post.author);", "users"),
    "a type of a field": ("const id: Doc<'users'>['orgId'] = args.unknown;\nawait ctx.db.delete(id);", "orgs"),
    "a cast document": ("const post = args.unknown as Doc<'posts'>;\nawait ctx.db.delete(post._id);", "posts"),
    "a Map": (
        USERS + "const m = new Map();\nfor (const u of users) m.set(u.email, u._id);\nawait ctx.db.delete(m.get('x')!);",
        "users",
    ),
    "a typed Map": ("const m = new Map<string, Id<'posts'>>();\nawait ctx.db.delete(m.get('x')!);", "posts"),
    "a Map of pairs": (USERS + "const m = new Map(users.map((u) => [u.email, u]));\nawait ctx.db.delete(m.get('x')!._id);", "users"),
    "the values of a Map": (
        USERS + "const m = new Map(users.map((u) => [u.email, u] as const));\nfor (const u of m.values()) await ctx.db.delete(u._id);",
        "users",
    ),
    "the entries of a Map": (
        USERS + "const m = new Map(users.map((u) => [u._id, u.email]));\nfor (const [id] of m) await ctx.db.delete(id);",
        "users",
    ),
    "the keys of a Map": (
        USERS + "const m = new Map(users.map((u) => [u._id, u.email]));\nfor (const id of m.keys()) await ctx.db.delete(id);",
        "users",
    ),
    "a Map's forEach": (
        USERS + "const m = new Map(users.map((u) => [u.email, u]));\nm.forEach(async (u) => { await ctx.db.delete(u._id); });",
        "users",
    ),
    "a Set": (POSTS + "const s = new Set<Id<'users'>>();\nfor (const p of posts) s.add(p.author);\nfor (const id of s) await ctx.db.delete(id);", "users"),
    "a Set of mapped ids": (POSTS + "for (const id of new Set(posts.map((p) => p.author))) await ctx.db.delete(id);", "users"),
    "a pushed array": (POSTS + "const ids = [];\nfor (const p of posts) ids.push(p._id);\nawait ctx.db.delete(ids[0]);", "posts"),
    "a pushed array of objects": (
        POSTS + "const rows: { id: any }[] = [];\nfor (const p of posts) { rows.push({ id: p._id }); }\n"
        "for (const row of rows) await ctx.db.delete(row.id);",
        "posts",
    ),
    "a typed array": ("const ids: Id<'posts'>[] = [];\nawait ctx.db.delete(ids[0]);", "posts"),
    "a generic array": ("const ids: Array<Id<'posts'>> = args.unknown;\nfor (const id of ids) await ctx.db.delete(id);", "posts"),
    "reduce to an object": (
        POSTS + "const by = posts.reduce((all, p) => { all[p.title] = p.author; return all; }, {} as any);\n"
        "await ctx.db.delete(by['x']);",
        "users",
    ),
    "reduce to an array": (
        POSTS + "const ids = posts.reduce((all: any[], p) => [...all, p.author], []);\nawait ctx.db.delete(ids[0]);",
        "users",
    ),
    "reduce to a Map": (
        POSTS + "const m = posts.reduce((all, p) => all.set(p.title, p.author), new Map());\nawait ctx.db.delete(m.get('x'));",
        "users",
    ),
    "Object.fromEntries": (
        POSTS + "const by = Object.fromEntries(posts.map((p) => [p.title, p._id]));\nawait ctx.db.delete(by['x']);",
        "posts",
    ),
    "find": (POSTS + "const p = posts.find((p) => p.title === 'x');\nif (p) await ctx.db.delete(p._id);", "posts"),
    "filter(Boolean)": (
        "const users = (await Promise.all(args.users.map((id) => ctx.db.get(id)))).filter(Boolean);\n"
        "for (const u of users) await ctx.db.delete(u!.orgId);",
        "orgs",
    ),
    "a filter with a type predicate": (
        "const users = (await Promise.all(args.users.map((id) => ctx.db.get(id)))).filter((u): u is Doc<'users'> => u !== null);\n"
        "for (const u of users) await ctx.db.delete(u._id);",
        "users",
    ),
    "flatMap": (USERS + "const ids = users.flatMap((u) => u.friends);\nfor (const id of ids) await ctx.db.delete(id);", "users"),
    "flat": (USERS + "const ids = users.map((u) => u.settings.drafts).flat();\nfor (const id of ids) await ctx.db.delete(id);", "posts"),
    "sort": (POSTS + "const [top] = posts.sort((a, b) => b.likes - a.likes);\nawait ctx.db.delete(top._id);", "posts"),
    "toSorted": (POSTS + "const top = posts.toSorted((a, b) => b.likes - a.likes)[0];\nawait ctx.db.delete(top._id);", "posts"),
    "Promise.all of gets": (
        "const [a, b] = await Promise.all([ctx.db.get(args.user), ctx.db.get(args.post)]);\nawait ctx.db.delete(b!._id);",
        "posts",
    ),
    "Promise.all of inserts": (
        "const ids = await Promise.all([1, 2].map((n) => ctx.db.insert('orgs', {})));\nawait ctx.db.delete(ids[0]);",
        "orgs",
    ),
    "Promise.all of async rounds": (
        POSTS + "const rows = await Promise.all(posts.map(async (p) => ({ ...p, by: await ctx.db.get(p.author) })));\n"
        "for (const row of rows) { await ctx.db.delete(row.by!.orgId); }",
        "orgs",
    ),
    "a spread document": (POSTS + "const rows = posts.map((p) => ({ ...p, n: 1 }));\nawait ctx.db.delete(rows[0]._id);", "posts"),
    "a page": (
        "const result = await ctx.db.query('posts').paginate(args.unknown);\nfor (const p of result.page) await ctx.db.delete(p._id);",
        "posts",
    ),
    "a page, taken apart": (
        "const { page } = await ctx.db.query('posts').paginate({ numItems: 9, cursor: null });\n"
        "await Promise.all(page.map((p) => ctx.db.delete(p._id)));",
        "posts",
    ),
    "an object of ids": ("const ids = { a: args.user, b: args.post };\nawait ctx.db.delete(ids.b);", "posts"),
    "an object of ids by a key": ("const ids = { a: args.user, b: args.post };\nawait ctx.db.delete(ids[args.text]);", "users|posts"),
    "narrowing by equality": (
        "const id = args.org;\nif (id === undefined) return;\nawait ctx.db.delete(id);",
        "orgs",
    ),
    "a document as an id's source": (USER + "const copy = user;\nawait ctx.db.delete(copy['_id']);", "users"),
    "a while loop over batches": (
        "let batch = await ctx.db.query('posts').take(10);\nwhile (batch.length > 0) {\n"
        "  for (const p of batch) await ctx.db.delete(p._id);\n  batch = await ctx.db.query('posts').take(10);\n}",
        "posts",
    ),
    "a walk up a tree": (
        "let at: any = args.user;\nwhile (at) { const u = await ctx.db.get(at as Id<'users'>); at = u!.bestFriend; "
        "if (!at) await ctx.db.delete(u!._id); }",
        "users",
    ),
    "a vararg list with null": (
        "for (const id of [args.org, args.user, null]) if (id) await ctx.db.delete(id);",
        "orgs|users",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "tables"), FROM_STATEMENTS.values(), ids=FROM_STATEMENTS.keys())
def test_an_id_by_statements(tmp_path, body, tables):
    deleted = only(read_handler(tmp_path, body, ARGS), "delete")
    assert "|".join(deleted.tables) == tables
    assert deleted.unresolved is None


THROUGH_HELPERS = {
    "an annotated parameter": (
        "async function drop(ctx: any, id: Id<'posts'>) { await ctx.db.delete(id); }",
        "await drop(ctx, args.unknown);",
        "posts",
    ),
    "an unannotated parameter": ("async function drop(ctx, id) { await ctx.db.delete(id); }", "await drop(ctx, args.post);", "posts"),
    "an annotated document": (
        "async function drop(ctx: MutationCtx, post: Doc<'posts'>) { await ctx.db.delete(post.author); }",
        "await drop(ctx, args.unknown);",
        "users",
    ),
    "an object type": (
        "interface Given { ids: Id<'posts'>[]; by?: Id<'users'> }\n"
        "async function drop(ctx: MutationCtx, given: Given) { for (const id of given.ids) await ctx.db.delete(id); }",
        "await drop(ctx, args.unknown);",
        "posts",
    ),
    "a type that builds on another": (
        "type Base = { post: Doc<'posts'> };\ntype More = Base & { n: number };\n"
        "async function drop(ctx: MutationCtx, { post }: More) { await ctx.db.delete(post._id); }",
        "await drop(ctx, args.unknown);",
        "posts",
    ),
    "an interface that extends": (
        "interface Base { post: Id<'posts'> }\ninterface More extends Base { n: number }\n"
        "async function drop(ctx: MutationCtx, given: More) { await ctx.db.delete(given.post); }",
        "await drop(ctx, args.unknown);",
        "posts",
    ),
    "Infer of a validator": (
        "const shape = v.object({ post: v.id('posts') });\n"
        "async function drop(ctx: MutationCtx, given: Infer<typeof shape>) { await ctx.db.delete(given.post); }",
        "await drop(ctx, args.unknown);",
        "posts",
    ),
    "a result": (
        "async function owner(ctx: QueryCtx, id: Id<'posts'>) { const p = await ctx.db.get(id); return p!.author; }",
        "await ctx.db.delete(await owner(ctx, args.post));",
        "users",
    ),
    "an annotated result": (
        "async function owner(x: any): Promise<Id<'users'>> { return x.y.z; }",
        "await ctx.db.delete(await owner(args.unknown));",
        "users",
    ),
    "a document or null": (
        "async function first(ctx: QueryCtx): Promise<Doc<'orgs'> | null> { return await ctx.db.query('orgs').first(); }",
        "const org = await first(ctx);\nif (org) await ctx.db.delete(org._id);",
        "orgs",
    ),
    "an object result": (
        "async function both(ctx: QueryCtx, id: any) { const u = await ctx.db.get(id as Id<'users'>); "
        "return { user: u, org: await ctx.db.get(u!.orgId) }; }",
        "const { org } = await both(ctx, args.user);\nawait ctx.db.delete(org!._id);",
        "orgs",
    ),
    "a tuple result": (
        "async function both(ctx: QueryCtx, id: Id<'users'>) { const u = await ctx.db.get(id); return [u!._id, u!.orgId] as const; }",
        "const [, org] = await both(ctx, args.user);\nawait ctx.db.delete(org);",
        "orgs",
    ),
    "getOrThrow": (
        "async function getOrThrow<T extends TableNames>(ctx: QueryCtx, id: Id<T>): Promise<Doc<T>> "
        "{ const doc = await ctx.db.get(id); if (!doc) throw new Error('none'); return doc; }",
        "const post = await getOrThrow(ctx, args.post);\nawait ctx.db.delete(post.author);",
        "users",
    ),
    "a generic with the table's name": (
        "async function load<T extends TableNames>(ctx: QueryCtx, table: T, id: string): Promise<Doc<T> | null> "
        "{ const n = ctx.db.normalizeId(table, id); return n ? await ctx.db.get(n) : null; }",
        "const post = await load(ctx, 'posts', args.text);\nawait ctx.db.delete(post!._id);",
        "posts",
    ),
    "a generic over documents": (
        "function last<T>(items: T[]): T { return items[items.length - 1]; }",
        POSTS + "await ctx.db.delete(last(posts)._id);",
        "posts",
    ),
    "an assertion": (
        "function must<T>(value: T | null | undefined): T { if (value == null) throw new Error(); return value; }",
        "const post = must(await ctx.db.get(args.post));\nawait ctx.db.delete(post._id);",
        "posts",
    ),
    "a mapper": (
        "const ids = (posts: Doc<'posts'>[]) => posts.map((p) => p.author);",
        POSTS + "for (const id of ids(posts)) await ctx.db.delete(id);",
        "users",
    ),
    "a helper that loops over pages": (
        "async function all(ctx: QueryCtx) { const out: Doc<'posts'>[] = []; let cursor: string | null = null; "
        "while (true) { const r = await ctx.db.query('posts').paginate({ numItems: 1, cursor }); out.push(...r.page); "
        "if (r.isDone) break; cursor = r.continueCursor; } return out; }",
        "for (const p of await all(ctx)) await ctx.db.delete(p._id);",
        "posts",
    ),
    "a recursive helper's result": (
        "async function root(ctx: QueryCtx, id: Id<'users'>): Promise<Id<'users'>> "
        "{ const u = await ctx.db.get(id); return u!.bestFriend ? root(ctx, u!.bestFriend) : u!._id; }",
        "await ctx.db.delete(await root(ctx, args.user));",
        "users",
    ),
    "ReturnType of a helper": (
        "async function first(ctx: QueryCtx) { return (await ctx.db.query('orgs').first())!; }\n"
        "async function drop(ctx: MutationCtx, org: Awaited<ReturnType<typeof first>>) { await ctx.db.delete(org._id); }",
        "await drop(ctx, args.unknown);",
        "orgs",
    ),
    "an argument object spread on": (
        "async function drop(ctx: MutationCtx, given: any) { await ctx.db.delete(given.post); }",
        "await drop(ctx, { ...args, n: 1 });",
        "posts",
    ),
    "nullThrows": (
        'import { nullThrows } from "convex-helpers";',
        "const post = nullThrows(await ctx.db.get(args.post));\nawait ctx.db.delete(post._id);",
        "posts",
    ),
    "an iterator of one's own": (
        "async function* each(ctx: QueryCtx) { for await (const p of ctx.db.query('posts')) yield p; }",
        "for await (const p of each(ctx)) await ctx.db.delete(p._id);",
        "posts",
    ),
    "a Record of documents": (
        "async function drop(ctx: MutationCtx, by: Record<string, Doc<'posts'>>) { await ctx.db.delete(by['x']._id); }",
        "await drop(ctx, args.unknown);",
        "posts",
    ),
    "a union of documents": (
        "async function drop(ctx: MutationCtx, row: Doc<'posts'> | Doc<'orgs'>) { await ctx.db.delete(row._id); }",
        "await drop(ctx, args.unknown);",
        "posts|orgs",
    ),
    "Id of several tables": (
        "async function drop(ctx: MutationCtx, id: Id<'posts' | 'orgs'>) { await ctx.db.delete(id); }",
        "await drop(ctx, args.unknown);",
        "posts|orgs",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("more", "body", "tables"), THROUGH_HELPERS.values(), ids=THROUGH_HELPERS.keys())
def test_an_id_through_a_helper(tmp_path, more, body, tables):
    more = (
        'import type { Infer } from "convex/values";\nimport type { TableNames } from "./_generated/dataModel";\n'
        + more
    )
    deleted = only(read_handler(tmp_path, body, ARGS, more=more), "delete")
    assert "|".join(deleted.tables) == tables
    assert deleted.unresolved is None


def test_types_from_another_file(tmp_path):
    app = read_app(
        tmp_path,
        {
            "convex/types.ts": SERVER
            + "export type Given = { post: Id<'posts'> };\nexport interface Row { org: Doc<'orgs'> }",
            "convex/kinds.ts": 'export type { Given as Asked } from "./types";\nexport * from "./types";',
            "convex/m.ts": SERVER
            + 'import type { Asked, Row } from "./kinds";\n'
            + "export const f = mutation(async (ctx, args: { given: Asked; row: Row }) => "
            + "{ await ctx.db.delete(args.given.post); await ctx.db.replace(args.row.org._id, {}); });",
        },
    )
    (found,) = app.functions
    assert [access.tables for access in found.accesses] == [("posts",), ("orgs",)]


@pytest.mark.parametrize(
    ("body", "args", "reason"),
    [
        ("await ctx.db.delete(args.id);", "id: v.string()", "args.id"),
        ("await ctx.db.delete(args.id);", "id: v.any()", "args.id"),
        ("await ctx.db.delete(args.row.id);", "row: v.any()", "args.row.id"),
        ("await ctx.db.delete(JSON.parse(args.text).id);", "text: v.string()", "JSON.parse"),
        ("const row = await load(args.text);\nawait ctx.db.delete(row.id);", "text: v.string()", "load"),
    ],
)
def test_an_id_that_nothing_types_is_listed_with_the_reason(tmp_path, body, args, reason):
    deleted = only(read_handler(tmp_path, body, args, more='import { load } from "some-package";'), "delete")
    assert deleted.tables == ()
    assert deleted.unresolved is not None
    assert reason in deleted.unresolved


def test_a_table_name_that_is_not_constant_is_listed_with_the_reason(tmp_path):
    inserted = only(
        read_handler(tmp_path, "await ctx.db.insert(args.table as any, {});", "table: v.string()"), "insert"
    )
    assert (inserted.tables, inserted.unresolved) == ((), "the table name args.table is not constant")
