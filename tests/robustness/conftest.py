"""What the tests with bad input share: odd apps on disk, and an end for what would never end."""

from __future__ import annotations

import faulthandler
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

import contend
from contend.model.audit import Audit

Write: TypeAlias = Callable[[Mapping[str, str | bytes]], Path]
AuditOf: TypeAlias = Callable[[Mapping[str, str | bytes]], Audit]

HANG = 300
"""Seconds after which a test is taken to hang: its process is ended with a traceback of where."""

IMPORTS = """
import { internalMutation, mutation, query } from "./_generated/server";
import { api, internal } from "./_generated/api";
import { v } from "convex/values";
"""

COUNTING = """export const count = mutation({
  args: { id: v.id("users") },
  handler: async (ctx, args) => {
    const user = await ctx.db.get(args.id);
    await ctx.db.patch(args.id, { count: user.count + 1 });
  },
});
"""

APP = {
    "package.json": '{"dependencies": {"convex": "1.31.0"}}',
    "convex/schema.ts": """import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  users: defineTable({ email: v.string(), count: v.number() }).index("by_email", ["email"]),
});
""",
    "convex/users.ts": IMPORTS + COUNTING,
}


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    faulthandler.dump_traceback_later(HANG, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a small app with more (or other) files, and returns its directory."""
    root = tmp_path / "app"

    def written(files: Mapping[str, str | bytes]) -> Path:
        for path, text in {**APP, **files}.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return root

    return written


@pytest.fixture
def audit(write: Write) -> AuditOf:
    """Audits a small app with more (or other) files."""
    return lambda files: contend.audit(write(files), use_cache=False, jobs=1)
