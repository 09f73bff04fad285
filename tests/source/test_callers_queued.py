"""Mutations over one HTTP client wait for each other: the client sends one after the other."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

from __future__ import annotations

import pytest
from tests.source.apps import caller, read_app

FUNCTIONS = """
export const touch = mutation({ args: { n: v.number() }, handler: async (ctx, { n }) => { await ctx.db.insert("posts", { likes: n } as any); } });
"""
IMPORTS = """
import { ConvexHttpClient } from "convex/browser";
import { fetchMutation } from "convex/nextjs";
import { api } from "../../convex/_generated/api";
const made = () => new ConvexHttpClient(process.env.URL!);
"""
ALL = "await Promise.all(list.map((n) => %s));"
CASES = {
    "one for the module": ("", ALL % "shared.mutation(api.work.touch, { n })", True),
    "one for the handler": (
        "const client = new ConvexHttpClient(process.env.URL!);",
        ALL % "client.mutation(api.work.touch, { n })",
        True,
    ),
    "one for each call": ("", ALL % "new ConvexHttpClient(process.env.URL!).mutation(api.work.touch, { n })", False),
    "one for each call, by a helper": ("", ALL % "made().mutation(api.work.touch, { n })", False),
    "a function that makes its own": ("", ALL % "fetchMutation(api.work.touch, { n })", False),
    "told not to": ("", ALL % "shared.mutation(api.work.touch, { n }, { skipQueue: true })", False),
}


@pytest.mark.parametrize(("before", "calls", "queued"), CASES.values(), ids=CASES.keys())
def test_who_waits_for_whom(tmp_path, before, calls, queued):
    shared = "const shared = new ConvexHttpClient(process.env.URL!);\n"
    handler = f"export async function POST(request: Request) {{ const list = [1, 2, 3]; {before} {calls} }}\n"
    app = read_app(
        tmp_path,
        {"convex/work.ts": FUNCTIONS, "app/save/route.ts": IMPORTS + shared + handler},
    )
    assert caller(app, "work:touch").queued is queued
