"""Small apps for the tests of reading: a dict of path → text, written to disk and read for real."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from contend.model.app import App, Repository
from contend.model.callers import Caller
from contend.model.functions import Access, Function
from contend.model.values import Value
from contend.source.linking.repository import read_repository

SCHEMA = """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  orgs: defineTable({ name: v.string(), ownerId: v.id("users"), seats: v.number() }).index("by_name", ["name"]),
  users: defineTable({
    email: v.string(),
    count: v.number(),
    seenAt: v.number(),
    orgId: v.id("orgs"),
    bestFriend: v.optional(v.id("users")),
    pinned: v.union(v.id("posts"), v.null()),
    friends: v.array(v.id("users")),
    settings: v.object({ theme: v.string(), homeOrg: v.optional(v.id("orgs")), drafts: v.array(v.id("posts")) }),
    roles: v.record(v.string(), v.id("orgs")),
    members: v.array(v.object({ userId: v.id("users"), role: v.string() })),
  })
    .index("by_email", ["email"])
    .index("by_org", ["orgId", "seenAt"]),
  posts: defineTable({
    author: v.id("users"),
    title: v.string(),
    likes: v.number(),
    about: v.union(v.id("users"), v.id("orgs")),
  })
    .index("by_author", ["author"])
    .searchIndex("search_title", { searchField: "title", filterFields: ["author"] }),
});
"""

SERVER = """
import {
  action, httpAction, internalAction, internalMutation, internalQuery, mutation, query,
} from "./_generated/server";
import type { MutationCtx, QueryCtx, ActionCtx } from "./_generated/server";
import type { DatabaseReader, DatabaseWriter } from "./_generated/server";
import { api, internal } from "./_generated/api";
import type { Doc, Id } from "./_generated/dataModel";
import { v } from "convex/values";
"""


def read_repository_of(root: Path, files: Mapping[str, str]) -> Repository:
    """Write `files` below `root`, with a `package.json` and a schema where they bring none, and read them. A module of
    `convex/` that imports nothing gets the imports of `SERVER`."""
    everything = {"package.json": '{"dependencies": {"convex": "1.31.0"}}', **files}
    if not any(Path(path).name.startswith("schema.") for path in files):
        everything["convex/schema.ts"] = SCHEMA
    for path, text in everything.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        bare = path.startswith("convex/") and path.endswith(".ts") and "import " not in text
        file.write_text(SERVER + text if bare else text, encoding="utf-8")
    return read_repository(root, use_cache=False, jobs=1)


def read_app(root: Path, files: Mapping[str, str]) -> App:
    """The only app that `files` make (see `read_repository_of`); all of them could be read."""
    repository = read_repository_of(root, files)
    assert repository.errors == ()
    (app,) = repository.apps
    return app


def read_handler(root: Path, body: str, args: str = "", *, more: str = "", builder: str = "mutation") -> Function:
    """The function `work:run`, whose handler is `body`; `args` are its validators, `more` stands above it."""
    handler = f"async (ctx, args) => {{\n{body}\n}}"
    text = f"{more}\nexport const run = {builder}({{ args: {{ {args} }}, handler: {handler} }});\n"
    function = read_app(root, {"convex/work.ts": SERVER + text}).function("work:run")
    assert function is not None
    assert function.unread is None
    return function


def function(app: App, path: str) -> Function:
    """The function at `path`, which is there."""
    found = app.function(path)
    assert found is not None, [one.path for one in app.functions]
    return found


def operations(function: Function) -> list[str]:
    """The function's accesses as `operation table`, in order; several tables are joined by `|`, none is `?`."""
    return [f"{access.operation} {'|'.join(access.tables) or '?'}" for access in function.accesses]


def writes(function: Function) -> list[str]:
    """The writes among `operations`."""
    return [text for text, access in zip(operations(function), function.accesses, strict=True) if access.writes]


def only(function: Function, operation: str) -> Access:
    """The only access of this operation."""
    (found,) = [access for access in function.accesses if access.operation == operation]
    return found


def keys(access: Access) -> list[str]:
    """The bounds of an access in words: `author == args.userId`."""
    return [f"{key.field} {key.operator} {key.value.text}" for key in access.keys]


def fields(access: Access) -> dict[str, Value]:
    """The fields that an access writes."""
    return {field.name: field.value for field in access.fields}


def guards(access: Access) -> list[str]:
    """The conditions on an access in words; `not (…)` for what must not hold, `…, early` after an early exit."""
    return [
        (guard.condition.text if guard.holds else f"not ({guard.condition.text})")
        + (", early" if guard.early_exit else "")
        for guard in access.guards
    ]


def callers(app: App, path: str) -> list[Caller]:
    """Who starts the function at `path`."""
    return [caller for caller in app.callers if caller.function.rsplit("#", 1)[-1] == path]


def caller(app: App, path: str) -> Caller:
    """The only caller of the function at `path`."""
    found = callers(app, path)
    assert len(found) == 1, [(str(one.span), one.trigger.kind, one.trigger.detail) for one in found]
    return found[0]
