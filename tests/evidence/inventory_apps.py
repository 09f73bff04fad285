"""Small apps for the tests of the inventory, written to disk and read for real."""

from __future__ import annotations

from pathlib import Path

from contend.evidence.inventory import build_inventory
from contend.model.inventory import (
    FrontendEntry,
    Inventory,
    MultiDocumentEntry,
    SchedulerEntry,
    TableEntry,
)
from contend.source.linking.repository import read_repository

SCHEMA = """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  users: defineTable({ name: v.string(), step: v.number(), seenAt: v.number(), plan: v.string() })
    .index("by_name", ["name"]),
  plans: defineTable({ userId: v.id("users"), plan: v.string() }),
  posts: defineTable({ userId: v.id("users"), text: v.string() }),
  providers: defineTable({ provider: v.string(), calls: v.number() }).index("by_provider", ["provider"]),
  deliveryLogs: defineTable({ at: v.number() }).index("by_at", ["at"]),
  auditEvents: defineTable({ at: v.number() }),
  loginTokens: defineTable({ token: v.string(), expiresAt: v.number() }).index("by_expiry", ["expiresAt"]),
  routingLogs: defineTable({ at: v.number() }),
});
"""

USERS = """
import { mutation, query } from "./_generated/server";
import { v } from "convex/values";
export const me = query({ args: { id: v.id("users") }, handler: async (ctx, { id }) => {
  const user = await ctx.db.get(id);
  return { name: user.name, step: user.step };
} });
export const saveStep = mutation({ args: { id: v.id("users") }, handler: async (ctx, { id }) => {
  const user = await ctx.db.get(id);
  await ctx.db.patch(id, { step: user.step + 1, seenAt: Date.now() });
} });
export const touch = mutation({ args: { id: v.id("users") }, handler: async (ctx, { id }) => {
  await ctx.db.patch(id, { seenAt: Date.now() });
} });
export const rename = mutation({ args: { id: v.id("users"), name: v.string() }, handler: async (ctx, a) => {
  await ctx.db.patch(a.id, { name: a.name });
} });
export const changePlan = mutation({
  args: { id: v.id("users"), plan: v.id("plans") },
  handler: async (ctx, { id, plan }) => {
    await ctx.db.patch(plan, { plan: "pro" });
    await ctx.db.patch(id, { plan: "pro" });
  },
});
"""


def inventory(folder: Path, files: dict[str, str]) -> Inventory:
    """The inventory of an app of these files."""
    written = {"package.json": '{"dependencies": {"convex": "1", "react": "18", "next": "15"}}', **files}
    written.setdefault("convex/schema.ts", SCHEMA)
    for path, text in written.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return build_inventory(read_repository(folder, use_cache=False, jobs=1))


def page(body: str, effect: str = "") -> str:
    """A component that calls the functions of users.ts."""
    return f"""
import {{ useEffect }} from "react";
import {{ useMutation, useQuery }} from "convex/react";
import {{ api }} from "../convex/_generated/api";
export default function Settings({{ id, ids }}) {{
  const user = useQuery(api.users.me, {{ id }});
  const saveStep = useMutation(api.users.saveStep);
  const touch = useMutation(api.users.touch);
  const rename = useMutation(api.users.rename);
  const changePlan = useMutation(api.users.changePlan);
  {effect}
  return <div>{body}</div>;
}}
"""


def module(text: str) -> str:
    """A module of functions on the other tables."""
    names = "mutation, query, action, internalMutation, internalAction"
    return (
        f'import {{ {names} }} from "./_generated/server";\n'
        'import { internal } from "./_generated/api";\nimport { v } from "convex/values";\n' + text
    )


def multi(found: Inventory, function: str) -> MultiDocumentEntry:
    return next(entry for entry in found.multi_document if entry.function == function)


def table(found: Inventory, name: str) -> TableEntry:
    return next(entry for entry in found.tables if entry.name == name)


def only_page(found: Inventory) -> FrontendEntry:
    (entry,) = found.frontend
    return entry


def scheduled(found: Inventory) -> SchedulerEntry:
    (entry,) = found.scheduler
    return entry
