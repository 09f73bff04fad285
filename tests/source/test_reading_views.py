"""Live queries: what of which documents reaches a result, and who looks at it."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

import pytest
from tests.source.apps import SERVER, function, read_app, read_handler

ARGS = 'id: v.id("users"), org: v.id("orgs")'
USER = "const user = (await ctx.db.get(args.id))!;\n"
USERS = 'const users = await ctx.db.query("users").withIndex("by_org", (q) => q.eq("orgId", args.org)).collect();\n'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return await ctx.db.get(args.id);", {"": "users.*"}),
        ("return ctx.db.get(args.id);", {"": "users.*"}),
        (USER + "return user.email;", {"": "users.email"}),
        (USER + "return { email: user.email, n: user.count };", {"email": "users.email", "n": "users.count"}),
        (USER + "const { email, ...rest } = user;\nreturn { email };", {"email": "users.email"}),
        (USER + "return { user, org: await ctx.db.get(user.orgId) };", {"user": "users.*", "org": "orgs.*"}),
        (USER + "return { theme: user.settings.theme };", {"theme": "users.settings"}),
        (USER + "return user.count > 3;", {"": "users.count"}),
        (USER + "return { late: Date.now() - user.seenAt > 5 };", {"late": "users.seenAt"}),
        (USERS + "return users;", {"[]": "users.*"}),
        (USERS + "return users.map((u) => ({ id: u._id, email: u.email }));", {"[].id": "users._id", "[].email": "users.email"}),
        (USERS + "return users.map(({ email }) => email);", {"[]": "users.email"}),
        (USERS + "return { users: users.filter((u) => u.count > 1) };", {"users.[]": "users.*", "users": "users.count"}),
        (USERS + "return users.find((u) => u.email === 'x') ?? null;", {"": "users.*"}),
        ("return await ctx.db.query('users').paginate(args.page);", {"page.[]": "users.*"}),
        (USERS + "return await Promise.all(users.map(async (u) => ({ email: u.email, org: await ctx.db.get(u.orgId) })));",
         {"[].email": "users.email", "[].org": "orgs.*"}),
        (USER + "if (!user) return null;\nreturn { email: user.email };", {"email": "users.email"}),
        (USER + "return 1;", {}),
    ],
)  # fmt: skip
def test_which_part_of_a_result_carries_which_field(tmp_path, body, expected):
    found = read_handler(tmp_path, body, ARGS, builder="query")
    assert dict(found.result_fields) == expected
    tables: dict[str, set[str]] = {}
    for target in expected.values():
        table, field = target.split(".")
        tables.setdefault(table, set()).add(field)
    assert {one.table: set(one.fields) for one in found.projections} == tables


@pytest.mark.parametrize(
    ("body", "table", "fields"),
    [
        (USER + "return { ...user, email: 'x' };", "users", {"*", "email"}),
        (USERS + "return users.reduce((n, u) => n + u.count, 0);", "users", {"count"}),
        (USERS + "return { n: users.filter((u) => u.count > 1).length };", "users", {"count"}),
        (USERS + "return users.some((u) => u.count > 1);", "users", {"count"}),
        (USERS + "let n = 0;\nfor (const u of users) n += u.count;\nreturn n;", "users", {"count"}),
        (
            USERS + "const out = [];\nfor (const u of users) out.push({ at: u.seenAt });\nreturn out;",
            "users",
            {"seenAt"},
        ),
    ],
)
def test_a_result_computed_from_documents_shows_what_it_was_computed_from(tmp_path, body, table, fields):
    found = read_handler(tmp_path, body, ARGS, builder="query")
    shown = {one.table: set(one.fields) for one in found.projections}
    assert shown.keys() == {table}
    assert shown[table] & fields


def test_how_many_documents_there_are_shows_none_of_their_fields(tmp_path):
    assert read_handler(tmp_path, USERS + "return users.length;", ARGS, builder="query").projections == ()


def test_the_read_set_of_a_view(tmp_path):
    found = read_handler(tmp_path, USERS + "return users;", ARGS, builder="query")
    assert [(one.table, one.index) for one in found.reads] == [("users", "by_org")]


def test_a_query_that_runs_another_shows_what_that_shows(tmp_path):
    app = read_app(
        tmp_path,
        {
            "convex/m.ts": "export const one = internalQuery({ args: { id: v.id('users') }, handler: async (ctx, args) => "
            "{ const u = await ctx.db.get(args.id); return { email: u!.email }; } });\n"
            "export const two = query({ args: { id: v.id('users') }, handler: async (ctx, args) => "
            "({ inner: await ctx.runQuery(internal.m.one, { id: args.id }) }) });"
        },
    )
    found = function(app, "m:two")
    assert [(access.operation, access.table) for access in found.accesses] == [("get", "users")]
    assert dict(found.result_fields) == {"inner.email": "users.email"}


QUERIES = SERVER + "export const me = query(async (ctx) => ctx.db.query('users').first());\n" \
    "export const list = query(async (ctx) => ctx.db.query('users').collect());\n"  # fmt: skip
API = 'import { api } from "../../convex/_generated/api";\n'
REACT = 'import { useQuery, usePaginatedQuery, useMutation, usePreloadedQuery } from "convex/react";\n' + API

SUBSCRIPTIONS = {
    "a page": (
        {"src/app/page.tsx": '"use client";\n' + REACT.replace("../../", "../../")
         + "export default function Home() { const me = useQuery(api.users.me); return <p>{me?.email}</p>; }"},
        ("users:me", "useQuery", "page /"),
    ),
    "a component": (
        {"src/ui/Me.tsx": REACT + "export function Me() { const me = useQuery(api.users.me, {}); return <p>{me?.email}</p>; }"},
        ("users:me", "useQuery", "component Me"),
    ),
    "a custom hook, in a component": (
        {"src/ui/useMe.ts": REACT + "export function useMe() { return useQuery(api.users.me); }",
         "src/ui/Me.tsx": 'import { useMe } from "./useMe";\nexport function Me() { const me = useMe(); return <p>{me?.email}</p>; }'},
        ("users:me", "useQuery", "component Me"),
    ),
    "a conditional query": (
        {"src/ui/Me.tsx": REACT + "export function Me({ on }) { const me = useQuery(api.users.me, on ? {} : 'skip'); return <p>{me?.email}</p>; }"},
        ("users:me", "useQuery", "component Me"),
    ),
    "a paginated query": (
        {"src/ui/List.tsx": REACT + "export function List() { const { results } = usePaginatedQuery(api.users.list, {}, { initialNumItems: 5 });"
         " return <p>{results.length}</p>; }"},
        ("users:list", "usePaginatedQuery", "component List"),
    ),
    "TanStack Query": (
        {"src/ui/Me.tsx": API + 'import { useQuery } from "@tanstack/react-query";\nimport { convexQuery } from "@convex-dev/react-query";\n'
         "export function Me() { const { data } = useQuery(convexQuery(api.users.me, {})); return <p>{data?.email}</p>; }"},
        ("users:me", "convexQuery", "component Me"),
    ),
    "TanStack Query, spread": (
        {"src/ui/Me.tsx": API + 'import { useSuspenseQuery } from "@tanstack/react-query";\nimport { convexQuery } from "@convex-dev/react-query";\n'
         "export function Me() { const { data } = useSuspenseQuery({ ...convexQuery(api.users.me, {}), gcTime: 1 }); return <p>{data?.email}</p>; }"},
        ("users:me", "convexQuery", "component Me"),
    ),
    "Svelte": (
        {"src/ui/Me.svelte": "<script>\n" + 'import { useQuery } from "convex-svelte";\n' + API
         + "const me = useQuery(api.users.me, {});\n</script>\n<p>{me.data?.email}</p>"},
        ("users:me", "useQuery", "component Me"),
    ),
    "Vue": (
        {"src/ui/Me.vue": '<script setup lang="ts">\nimport { useConvexQuery } from "convex-vue";\n' + API
         + "const { data } = useConvexQuery(api.users.me, {});\n</script>\n<template><p>{{ data.email }}</p></template>"},
        ("users:me", "useConvexQuery", "component Me"),
    ),
    "a watched query": (
        {"src/ui/watch.ts": API + 'import { ConvexClient } from "convex/browser";\nconst client = new ConvexClient("x");\n'
         "client.onUpdate(api.users.me, {}, (me) => console.log(me));"},
        ("users:me", "onUpdate", "module watch.ts"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), SUBSCRIPTIONS.values(), ids=SUBSCRIPTIONS.keys())
def test_who_subscribes(tmp_path, files, expected):
    app = read_app(tmp_path, {"convex/users.ts": QUERIES, **files})
    assert [(one.query, one.hook, one.component) for one in app.subscriptions] == [expected]


def test_a_preloaded_query_is_fetched_on_the_server(tmp_path):
    app = read_app(
        tmp_path,
        {
            "convex/users.ts": QUERIES,
            "app/page.tsx": 'import { preloadQuery } from "convex/nextjs";\nimport { api } from "../convex/_generated/api";\n'
            "export default async function Page() { const me = await preloadQuery(api.users.me); return <Me me={me} />; }",
        },
    )
    (caller,) = app.callers
    assert (caller.function, caller.client, caller.trigger.kind) == ("users:me", "http", "server-request")
