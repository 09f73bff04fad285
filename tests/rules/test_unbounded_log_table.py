"""`unbounded-log-table`: what is said of functions that do delete rows, but not by age."""

from __future__ import annotations

from pathlib import Path

from tests.rules.rule_apps import findings_of

from contend.rules.unbounded_log_table import UnboundedLogTable

EVENTS = dict(UnboundedLogTable.INVALID[0].files)
RULE = "unbounded-log-table"
REMOVE = """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const remove = mutation({
  args: { kind: v.string() },
  handler: async (ctx, { kind }) => {
    const events = await ctx.db
      .query("webhookEvents")
      .withIndex("by_kind", (q) => q.eq("kind", kind))
      .collect();
    for (const event of events) await ctx.db.delete(event._id);
  },
});
"""
PAGE = """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Page({ kind }) {
  const remove = useMutation(api.kinds.remove);
  return <button onClick={() => remove({ kind })}>Remove</button>;
}
"""


def test_nothing_removes_means_nothing(tmp_path: Path) -> None:
    [finding] = findings_of(EVENTS, tmp_path, RULE)
    assert finding.message.endswith("which nothing removes again")


def test_what_goes_with_its_owner_is_said_to(tmp_path: Path) -> None:
    files = {**EVENTS, "convex/kinds.ts": REMOVE, "src/Page.tsx": PAGE}
    [finding] = findings_of(files, tmp_path, RULE)
    assert finding.message.endswith("by age: only `kinds:remove` deletes rows with what they belong to")
    assert any("along with what they belong to" in text for text in finding.static)


def test_a_delete_that_nobody_calls_removes_nothing(tmp_path: Path) -> None:
    [finding] = findings_of({**EVENTS, "convex/kinds.ts": REMOVE}, tmp_path, RULE)
    assert finding.message.endswith("which nothing removes again")
