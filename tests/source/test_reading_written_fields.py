"""What a write sets: fields and where their values come from."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

import pytest
from tests.source.apps import fields, only, read_handler

from contend.model.values import Origin

ARGS = 'id: v.id("users"), name: v.optional(v.string()), force: v.boolean(), patch: v.object({ email: v.string(), count: v.number() }), extra: v.any()'


def written(root, body: str, more: str = "") -> dict[str, str]:
    """Field → value in words, of the only patch."""
    return {
        name: value.text for name, value in fields(only(read_handler(root, body, ARGS, more=more), "patch")).items()
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("await ctx.db.patch(args.id, { count: 1, email: 'x' });", {"count": "1", "email": '"x"'}),
        ("const count = 2;\nawait ctx.db.patch(args.id, { count });", {"count": "2"}),
        ("await ctx.db.patch(args.id, { ['count']: 1 });", {"count": "1"}),
        ("await ctx.db.patch(args.id, { ...args.patch });", {"email": "args.patch.email", "count": "args.patch.count"}),
        ("await ctx.db.patch(args.id, args.patch);", {"email": "args.patch.email", "count": "args.patch.count"}),
        ("await ctx.db.patch(args.id, { ...args.patch, count: 0 });", {"email": "args.patch.email", "count": "0"}),
        ("const { id, ...rest } = args;\nawait ctx.db.patch(id, rest);", {"name": "args.name", "force": "args.force", "patch": "args.patch", "extra": "args.extra"}),
        ("const updates = { count: 1 };\nupdates.email = 'x';\nawait ctx.db.patch(args.id, updates);", {"count": "1", "email": '"x"'}),
        ("const updates: any = {};\nif (args.name) updates.email = args.name;\nif (args.force) updates.count = 0;\nawait ctx.db.patch(args.id, updates);", {"email": "args.name", "count": "0"}),
        ("const updates: Record<string, any> = { seenAt: Date.now() };\nif (args.name !== undefined) { updates['email'] = args.name; }\nawait ctx.db.patch(args.id, updates);", {"seenAt": "now", "email": "args.name"}),
        ("const updates: Partial<Doc<'users'>> = {};\nif (args.force) updates.count = 0;\nawait ctx.db.patch(args.id, updates);", {"count": "0"}),
        ("await ctx.db.patch(args.id, { count: 1, ...(args.name && { email: args.name }) });", {"count": "1", "email": "args.name"}),
        ("await ctx.db.patch(args.id, { count: 1, ...(args.name ? { email: args.name } : {}) });", {"count": "1", "email": "args.name"}),
        ("await ctx.db.patch(args.id, { ...(args.name !== undefined ? { email: args.name } : { count: 3 }) });", {"email": "args.name", "count": "3"}),
        ("const key = args.name;\nawait ctx.db.patch(args.id, { [key]: 1 });", {"*": "1"}),
        ("const updates: any = {};\nfor (const [key, value] of Object.entries(args.patch)) updates[key] = value;\nawait ctx.db.patch(args.id, updates);", {"email": "args.patch[]", "count": "args.patch[]"}),
        ("await ctx.db.patch(args.id, Object.assign({ count: 1 }, { email: 'x' }));", {"count": "1", "email": '"x"'}),
        ("await ctx.db.patch(args.id, args.force ? { count: 1 } : { email: 'x' });", {"count": "1", "email": '"x"'}),
        ("await ctx.db.patch(args.id, args.extra);", {"*": "args.extra"}),
        ("await ctx.db.patch(args.id, { bestFriend: undefined });", {"bestFriend": "undefined"}),
        ("await ctx.db.patch(args.id, { count: 1 } as any);", {"count": "1"}),
        ("const now = Date.now();\nawait ctx.db.patch(args.id, { seenAt: now });", {"seenAt": "now"}),
        ("await ctx.db.patch(args.id, { seenAt: new Date().getTime() });", {"seenAt": "now"}),
    ],
)  # fmt: skip
def test_the_fields_of_a_patch(tmp_path, body, expected):
    assert written(tmp_path, body) == expected


def test_a_patch_from_a_helper(tmp_path):
    more = "function stamp(extra: { count: number }) { return { ...extra, seenAt: Date.now() }; }"
    assert written(tmp_path, "await ctx.db.patch(args.id, stamp({ count: 4 }));", more) == {
        "count": "4",
        "seenAt": "now",
    }


def test_a_patch_put_together_in_a_helper_from_its_argument(tmp_path):
    more = "async function save(ctx: MutationCtx, id: Id<'users'>, value: any) { await ctx.db.patch(id, { ...value, seenAt: Date.now() }); }"
    assert written(tmp_path, "await save(ctx, args.id, { count: 4 });", more) == {"count": "4", "seenAt": "now"}


@pytest.mark.parametrize(
    ("value", "op"),
    [
        ("user.count + 1", "+"),
        ("user.count - 1", "-"),
        ("user.count + 1n", "+"),
        ("user.count + BigInt(1)", "+"),
        ("(user.count ?? 0) + 1", "+"),
        ("Math.max(0, user.count - 1)", "call:Math.max"),
        ("[...user.friends, args.id]", "array"),
        ("user.friends.filter((id) => id !== args.id)", "array"),
    ],
)
def test_a_value_computed_from_the_row_mentions_the_row(tmp_path, value, op):
    body = f"const user = (await ctx.db.get(args.id))!;\nawait ctx.db.patch(args.id, {{ count: {value} }});"
    found = read_handler(tmp_path, body, ARGS)
    computed = fields(only(found, "patch"))["count"]
    assert (computed.origin, computed.op) == (Origin.COMPUTED, op)
    mentioned = [part for part in computed.walk() if part.origin is Origin.FIELD]
    assert mentioned
    assert {part.row for part in mentioned} == {only(found, "get").row} == {only(found, "patch").row}


@pytest.mark.parametrize(
    ("value", "origin"),
    [
        ("Date.now()", Origin.TIME),
        ("new Date()", Origin.TIME),
        ("performance.now()", Origin.TIME),
        ("Math.random()", Origin.FRESH),
        ("crypto.randomUUID()", Origin.FRESH),
        ("args.name", Origin.ARGUMENT),
        ("'on'", Origin.CONSTANT),
        ("process.env.MODE", Origin.CONSTANT),
        ("(await ctx.auth.getUserIdentity())!.subject", Origin.IDENTITY),
        ("(await ctx.db.get(args.id))!.email", Origin.FIELD),
        ("Date.now() + 1000", Origin.COMPUTED),
        ("`${args.name}!`", Origin.COMPUTED),
    ],
)
def test_where_a_written_value_comes_from(tmp_path, value, origin):
    found = only(read_handler(tmp_path, f"await ctx.db.patch(args.id, {{ email: {value} }});", ARGS), "patch")
    assert fields(found)["email"].origin is origin


def test_an_identity_from_convex_auth(tmp_path):
    more = 'import { getAuthUserId } from "@convex-dev/auth/server";'
    body = "const userId = await getAuthUserId(ctx);\nif (!userId) throw new Error();\nawait ctx.db.patch(userId, { count: 1 });"
    patch = only(read_handler(tmp_path, body, more=more), "patch")
    assert patch.tables == ("users",)
    assert patch.keys[0].value.origin is Origin.IDENTITY


def test_a_whole_document_put_back(tmp_path):
    body = "const user = (await ctx.db.get(args.id))!;\nuser.count += 1;\nawait ctx.db.replace(user._id, user);"
    found = read_handler(tmp_path, body, ARGS)
    assert only(found, "replace").tables == ("users",)
    assert only(found, "replace").row == only(found, "get").row


def test_a_document_put_back_with_changes(tmp_path):
    body = "const user = (await ctx.db.get(args.id))!;\nawait ctx.db.replace(user._id, { ...user, count: user.count + 1 });"
    replaced = fields(only(read_handler(tmp_path, body, ARGS), "replace"))
    assert set(replaced) == {"*", "count"}
    assert replaced["count"].text == "user.count + 1"


def test_fields_of_an_insert(tmp_path):
    body = """await ctx.db.insert("posts", { author: args.id, title: args.name ?? "none", likes: 0 });"""
    inserted = fields(only(read_handler(tmp_path, body, ARGS), "insert"))
    assert {name: value.origin for name, value in inserted.items()} == {
        "author": Origin.ARGUMENT,
        "title": Origin.COMPUTED,
        "likes": Origin.CONSTANT,
    }
