"""Who starts a function from a server: frameworks' entries, HTTP clients, scripts."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

import pytest
from tests.source.apps import SERVER, caller, callers, read_app

FUNCTIONS = """
export const touch = mutation({ args: { n: v.optional(v.number()) }, handler: async (ctx) => {} });
export const save = mutation({ args: {}, handler: async (ctx) => {} });
"""
LIB = {
    "src/lib/session.ts": 'import { ConvexHttpClient } from "convex/browser";\n'
    'import { api } from "../../convex/_generated/api";\n'
    "export async function touchSession(n) { const client = new ConvexHttpClient('u'); await client.mutation(api.users.touch, { n }); }"
}


def read(root, files):
    return read_app(root, {"convex/users.ts": SERVER + FUNCTIONS, **files})


KIT = 'import { touchSession } from "$lib/session";\n'
NEXT = 'import { touchSession } from "@/lib/session";\n'
ENTRIES = {
    "SvelteKit: handle": (
        {"src/hooks.server.ts": KIT + "export async function handle({ event, resolve }) { await touchSession(1); return resolve(event); }"},
        "handle hook, every request",
    ),
    "SvelteKit: handle in a constant": (
        {"src/hooks.server.ts": KIT + "export const handle: Handle = async ({ event, resolve }) => { await touchSession(1); return resolve(event); };"},
        "handle hook, every request",
    ),
    "SvelteKit: sequence": (
        {"src/hooks.server.ts": KIT + 'import { sequence } from "@sveltejs/kit/hooks";\n'
         "const auth: Handle = async ({ event, resolve }) => { await touchSession(1); return resolve(event); };\n"
         "const log: Handle = async ({ event, resolve }) => resolve(event);\nexport const handle = sequence(log, auth);"},
        "handle hook, every request",
    ),
    "SvelteKit: load of a page": (
        {"src/routes/home/+page.server.ts": KIT + "export const load = async ({ locals }) => { await touchSession(1); return {}; };"},
        "load of +page",
    ),
    "SvelteKit: load of a layout": (
        {"src/routes/+layout.server.ts": KIT + "export async function load() { await touchSession(1); }"},
        "load of +layout",
    ),
    "SvelteKit: load with satisfies": (
        {"src/routes/+page.server.ts": KIT + "export const load = (async () => { await touchSession(1); }) satisfies PageServerLoad;"},
        "load of +page",
    ),
    "SvelteKit: form actions": (
        {"src/routes/+page.server.ts": KIT + "export const actions = { default: async ({ request }) => { await touchSession(1); } } satisfies Actions;"},
        "form action",
    ),
    "SvelteKit: endpoint": (
        {"src/routes/api/ping/+server.ts": KIT + "export const POST: RequestHandler = async ({ request }) => { await touchSession(1); return json({}); };"},
        "POST endpoint",
    ),
    "SvelteKit: remote function": (
        {"src/lib/data.remote.ts": 'import { command } from "$app/server";\n' + KIT + "export const ping = command(async () => { await touchSession(1); });"},
        "remote function",
    ),
    "Next.js: middleware": (
        {"src/middleware.ts": NEXT + "export async function middleware(request) { await touchSession(1); return NextResponse.next(); }"},
        "middleware, every request",
    ),
    "Next.js: default middleware": (
        {"src/middleware.ts": NEXT + "export default async function (request) { await touchSession(1); }"},
        "middleware, every request",
    ),
    "Next.js: wrapped middleware": (
        {"middleware.ts": 'import { touchSession } from "./src/lib/session";\nimport { authMiddleware } from "some-auth";\n'
         "export default authMiddleware(async (request) => { await touchSession(1); });"},
        "middleware, every request",
    ),
    "Next.js: route handler": (
        {"src/app/api/ping/route.ts": NEXT + "export async function POST(request) { await touchSession(1); return Response.json({}); }"},
        "POST /api/ping",
    ),
    "Next.js: wrapped route handler": (
        {"src/app/api/ping/route.ts": NEXT + 'import { withAuth } from "@/lib/auth";\nexport const POST = withAuth(async (request) => { await touchSession(1); });',
         "src/lib/auth.ts": "export function withAuth(handler) { return async (request) => { if (!request.ok) return null; return handler(request); }; }"},
        "POST /api/ping",
    ),
    "Next.js: route handler wrapped by a library": (
        {"src/app/api/ping/route.ts": NEXT + 'import { withAxiom } from "next-axiom";\nexport const GET = withAxiom(async (request) => { await touchSession(1); });'},
        "GET /api/ping",
    ),
    "Next.js: route handler under another name": (
        {"src/app/api/ping/route.ts": NEXT + "async function handler() { await touchSession(1); }\nexport { handler as GET };"},
        "GET /api/ping",
    ),
    "Next.js: server component": (
        {"src/app/home/page.tsx": NEXT + "export default async function Home() { await touchSession(1); return <p />; }"},
        "page /home",
    ),
    "Next.js: layout": (
        {"src/app/layout.tsx": NEXT + "export default async function Layout({ children }) { await touchSession(1); return <p>{children}</p>; }"},
        "layout /",
    ),
    "Next.js: metadata": (
        {"src/app/home/page.tsx": NEXT + "export async function generateMetadata() { await touchSession(1); return {}; }\nexport default function Home() { return <p />; }"},
        "page /home",
    ),
    "Next.js: server action file": (
        {"src/actions.ts": '"use server";\n' + NEXT + "export async function ping() { await touchSession(1); }"},
        "server action ping",
    ),
    "Next.js: inline server action": (
        {"src/app/home/page.tsx": NEXT + 'export default function Home() { async function ping() { "use server"; await touchSession(1); } return <form action={ping} />; }'},
        "server action ping",
    ),
    "Next.js: API route": (
        {"src/pages/api/ping.ts": NEXT + "export default async function handler(req, res) { await touchSession(1); res.end(); }"},
        "API route /api/ping",
    ),
    "Next.js: getServerSideProps": (
        {"src/pages/home.tsx": NEXT + "export async function getServerSideProps() { await touchSession(1); return { props: {} }; }\nexport default function Home() { return <p />; }"},
        "getServerSideProps of /home",
    ),
    "Remix: loader": (
        {"app/routes/home.tsx": 'import { touchSession } from "../../src/lib/session";\nexport async function loader() { await touchSession(1); return null; }'},
        "loader of /home",
    ),
    "Remix: action": (
        {"app/routes/home.tsx": 'import { touchSession } from "../../src/lib/session";\nexport const action = async ({ request }) => { await touchSession(1); };'},
        "action of /home",
    ),
    "Nuxt: server handler": (
        {"server/api/ping.post.ts": 'import { touchSession } from "../../src/lib/session";\nexport default defineEventHandler(async (event) => { await touchSession(1); });'},
        "every request",
    ),
    "Astro: endpoint": (
        {"src/pages/api/ping.ts": 'import { touchSession } from "../../lib/session";\nexport const POST = async () => { await touchSession(1); };'},
        "POST /api/ping",
    ),
    "TanStack Start: server function": (
        {"src/fns.ts": 'import { createServerFn } from "@tanstack/react-start";\nimport { touchSession } from "./lib/session";\n'
         "export const ping = createServerFn({ method: 'POST' }).handler(async () => { await touchSession(1); });"},
        "server function",
    ),
    "Express": (
        {"server/index.ts": 'import express from "express";\nimport { touchSession } from "../src/lib/session";\nconst app = express();\n'
         "app.post('/ping', async (req, res) => { await touchSession(1); res.end(); });\napp.listen(3000);"},
        "POST /ping",
    ),
    "Express: router and named handler": (
        {"server/routes.ts": 'import { Router } from "express";\nimport { touchSession } from "../src/lib/session";\nexport const router = Router();\n'
         "async function ping(req, res) { await touchSession(1); }\nrouter.get('/ping', ping);"},
        "GET /ping",
    ),
    "Express: middleware": (
        {"server/index.ts": 'import express from "express";\nimport { touchSession } from "../src/lib/session";\nconst app = express();\n'
         "app.use(async (req, res, next) => { await touchSession(1); next(); });"},
        "middleware, every request",
    ),
    "Express: in a function": (
        {"server/index.ts": 'import express from "express";\nimport { touchSession } from "../src/lib/session";\n'
         "export function createApp() { const app = express(); app.post('/ping', async (req, res) => { await touchSession(1); }); return app; }"},
        "POST /ping",
    ),
    "Hono": (
        {"server/index.ts": 'import { Hono } from "hono";\nimport { touchSession } from "../src/lib/session";\nconst app = new Hono();\n'
         "app.get('/ping', async (c) => { await touchSession(1); return c.json({}); });\nexport default app;"},
        "GET /ping",
    ),
    "Fastify": (
        {"server/index.ts": 'import Fastify from "fastify";\nimport { touchSession } from "../src/lib/session";\nconst fastify = Fastify();\n'
         "fastify.post('/ping', async (request, reply) => { await touchSession(1); });"},
        "POST /ping",
    ),
    "Cloudflare worker": (
        {"worker/index.ts": 'import { touchSession } from "../src/lib/session";\nexport default { async fetch(request, env) { await touchSession(1); return new Response(""); } };'},
        "fetch handler, every request",
    ),
    "Bun and Deno": (
        {"server/main.ts": 'import { touchSession } from "../src/lib/session";\nBun.serve({ port: 1, async fetch(request) { await touchSession(1); return new Response(""); } });'},
        "fetch handler, every request",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "label"), ENTRIES.values(), ids=ENTRIES.keys())
def test_the_entry_that_a_framework_calls(tmp_path, files, label):
    found = caller(read(tmp_path, {**LIB, **files}), "users:touch")
    assert (found.trigger.kind, found.trigger.entry) == ("server-request", label)
    assert found.client == "http"
    assert found.chain[0].file in files
    assert found.chain[-1].file == "src/lib/session.ts"
    assert found.consequence.awaited


def test_a_session_helper_two_files_below_the_hook(tmp_path):
    files = {
        **LIB,
        "src/lib/auth.ts": 'import { touchSession } from "./session";\n'
        "export async function validate(token) { if (!token) return null; try { await touchSession(token); } catch (e) { console.error(e); } }",
        "src/hooks.server.ts": 'import { validate } from "$lib/auth";\n'
        "export const handle = async ({ event, resolve }) => { event.locals.user = await validate(event.cookies.get('s')); return resolve(event); };",
    }  # fmt: skip
    found = caller(read(tmp_path, files), "users:touch")
    assert [frame.file for frame in found.chain] == ["src/hooks.server.ts", "src/lib/auth.ts", "src/lib/session.ts"]
    assert (found.consequence.caught, found.consequence.catch) == (True, "logs")
    assert [guard.early_exit for guard in found.guards] == [True]


BROWSER = 'import { ConvexHttpClient, ConvexClient } from "convex/browser";\nimport { api } from "../convex/_generated/api";\n'
ENTRY = "export const handle = async ({ event, resolve }) => {"
CLIENTS = {
    "a client per call": ("", "const client = new ConvexHttpClient('u'); await client.mutation(api.users.touch, {});", "http"),
    "a shared client": ("const client = new ConvexHttpClient('u');", "await client.mutation(api.users.touch, {});", "http"),
    "a shared client that skips its queue": (
        "const client = new ConvexHttpClient('u');",
        "await client.mutation(api.users.touch, {}, { skipQueue: true });",
        "http",
    ),
    "a client made by a function": ("const make = () => new ConvexHttpClient('u');", "await make().mutation(api.users.touch, {});", "http"),
    "a client made once": (
        "let client; function get() { if (!client) client = new ConvexHttpClient('u'); return client; }",
        "await get().mutation(api.users.touch, {});",
        "http",
    ),
    "a live client": ("const client = new ConvexClient('u');", "await client.mutation(api.users.touch, {});", "websocket"),
    "a bound method": ("const client = new ConvexHttpClient('u');\nconst run = client.mutation.bind(client);", "await run(api.users.touch, {});", "http"),
    "a bound method of an object": (
        "const client = new ConvexHttpClient('u');\nconst db = { mutation: client.mutation.bind(client), query: client.query.bind(client) };",
        "await db.mutation(api.users.touch, {});",
        "http",
    ),
    "a string path": ("const client = new ConvexHttpClient('u');", 'await client.mutation("users:touch" as any, {});', "http"),
    "a string path through a wrapper": (
        "const client = new ConvexHttpClient('u');\nasync function mutate(path: string, args: any) { return await client.mutation(path as any, args); }",
        'await mutate("users:touch", {});',
        "http",
    ),
    "a string path in an untyped client": ("const client: any = new ConvexHttpClient('u');", 'await client.mutation("users:touch", {});', "http"),
    "a class around it": (
        "class Db { private client = new ConvexHttpClient('u'); async touch() { await this.client.mutation(api.users.touch, {}); } }\nconst db = new Db();",
        "await db.touch();",
        "http",
    ),
    "fetchMutation": ('import { fetchMutation } from "convex/nextjs";', "await fetchMutation(api.users.touch, {}, { token: 't' });", "http"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "call", "client"), CLIENTS.values(), ids=CLIENTS.keys())
def test_how_a_call_travels(tmp_path, before, call, client):
    text = BROWSER + before + f"\n{ENTRY} {call} return resolve(event); }};"
    found = caller(read(tmp_path, {"src/hooks.server.ts": text}), "users:touch")
    assert found.trigger.kind == "server-request"
    assert found.client == client


@pytest.mark.parametrize("path", ["scripts/seed.ts", "src/scripts/backfill.mjs", "bin/import.js"])
def test_a_script(tmp_path, path):
    text = BROWSER.replace("../convex", "../" * path.count("/") + "convex") + (
        "const client = new ConvexHttpClient(process.env.URL!);\nfor (const n of [1, 2]) await client.mutation(api.users.touch, { n });"
    )
    found = caller(read(tmp_path, {path: text}), "users:touch")
    assert (found.trigger.kind, [loop.bound for loop in found.loops]) == ("script", [2])


def test_a_script_with_a_main_function(tmp_path):
    text = BROWSER + (
        "async function main() { const client = new ConvexHttpClient('u'); await client.mutation(api.users.touch, {}); }\nmain().catch(console.error);"
    )
    found = caller(read(tmp_path, {"scripts/seed.ts": text}), "users:touch")
    assert (found.trigger.kind, found.consequence.catch) == ("script", "logs")


def test_calls_of_a_request_in_turn_and_side_by_side(tmp_path):
    text = (
        BROWSER
        + "const client = new ConvexHttpClient('u');\n"
        + ENTRY
        + " await client.mutation(api.users.touch, {}); await Promise.all([client.mutation(api.users.save, {}), client.mutation(api.users.save, {})]); };"
    )
    app = read(tmp_path, {"src/hooks.server.ts": text})
    saves = callers(app, "users:save")
    assert [one.loops[0].parallel for one in saves] == [True, True]
    assert len({one.scope for one in (caller(app, "users:touch"), *saves)}) == 1


def test_an_exported_function_that_nobody_calls_is_an_unknown_start(tmp_path):
    assert caller(read(tmp_path, LIB), "users:touch").trigger.kind == "unknown"
