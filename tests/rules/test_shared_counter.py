"""`shared-counter`: what belongs to one cause, and what a failed count means."""

from __future__ import annotations

from pathlib import Path

from tests.rules.rule_apps import findings_of

from contend.rules.shared_counter import SharedCounter

BREAKER = dict(SharedCounter.INVALID[0].files)
TWICE = dict(SharedCounter.INVALID[2].files)
PAGES = {
    "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
    "convex/schema.ts": """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ pages: defineTable({ text: v.string(), version: v.number(), saves: v.number() }) });
""",
    "src/Page.tsx": """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export function Page({ id, text }) {
  const save = useMutation(api.pages.save);
  return <button onClick={() => save({ id, text })}>Save</button>;
}
""",
}


def save(fields: str) -> dict[str, str]:
    return {
        **PAGES,
        "convex/pages.ts": f"""
import {{ mutation }} from "./_generated/server";
import {{ v }} from "convex/values";
export const save = mutation({{
  args: {{ id: v.id("pages"), text: v.string() }},
  handler: async (ctx, args) => {{
    const page = await ctx.db.get(args.id);
    if (page) await ctx.db.patch(args.id, {{ {fields} }});
  }},
}});
""",
    }


def test_two_counts_on_one_row_are_one_cause(tmp_path: Path) -> None:
    failed = BREAKER["convex/health.ts"].replace("succeeded", "failed").replace("successes", "failures")
    both = failed.replace("failures: health.failures + 1", "failures: health.failures + 1, successes: 0")
    files = {
        **BREAKER,
        "convex/failures.ts": both,
        "convex/answers.ts": BREAKER["convex/answers.ts"].replace(
            "console.warn(provider, error);", "await ctx.runMutation(internal.failures.failed, { provider });"
        ),
    }
    [finding] = findings_of(files, tmp_path, "shared-counter")
    assert set(finding.functions) == {"health:succeeded", "failures:failed"}
    assert any("other counts on the same row" in text for text in finding.static)


def test_a_count_in_the_try_of_paid_work_passes_for_its_failure(tmp_path: Path) -> None:
    [finding] = findings_of(BREAKER, tmp_path, "shared-counter")
    assert any("takes `fetch` for failed although it succeeded" in text for text in finding.static)
    assert any("out of the `try`" in fix.title for fix in finding.fixes)


def test_no_fix_promises_more_than_it_does(tmp_path: Path) -> None:
    [finding] = findings_of(BREAKER, tmp_path, "shared-counter")
    assert all(fix.removes and fix.residual for fix in finding.fixes)


def test_a_double_count_is_a_needless_write_per_request(tmp_path: Path) -> None:
    [finding] = findings_of(TWICE, tmp_path, "shared-counter")
    assert finding.predicted is not None
    assert finding.predicted.writes_per_day > 0
    assert "twice" in finding.message
    assert finding.fixes[0].title.startswith("drop the call")


def test_counts_of_two_keys_in_one_place_are_no_double_count(tmp_path: Path) -> None:
    route = TWICE["app/api/items/route.ts"].replace("const { key }", "const { key, other }")
    files = {
        **TWICE,
        "app/api/items/route.ts": route.replace("api.keys.record, { key }", "api.keys.record, { key: other }"),
    }
    assert all("twice" not in finding.message for finding in findings_of(files, tmp_path, "shared-counter"))


def test_a_version_beside_the_edit_is_no_counter(tmp_path: Path) -> None:
    assert findings_of(save("text: args.text, version: page.version + 1"), tmp_path, "shared-counter") == ()


def test_a_count_beside_news_is_not_what_makes_the_write(tmp_path: Path) -> None:
    assert findings_of(save("text: args.text, saves: page.saves + 1"), tmp_path, "shared-counter") == ()


def test_a_growing_text_is_no_counter(tmp_path: Path) -> None:
    assert findings_of(save("text: page.text + args.text"), tmp_path, "shared-counter") == ()


def test_a_count_alone_is_one(tmp_path: Path) -> None:
    [finding] = findings_of(save("saves: page.saves + 1"), tmp_path, "shared-counter")
    assert finding.table == "pages"


def count(handler: str) -> dict[str, str]:
    return {
        **PAGES,
        "convex/pages.ts": f"""
import {{ action, internalMutation }} from "./_generated/server";
import {{ api, internal }} from "./_generated/api";
import {{ v }} from "convex/values";
{handler}
""",
    }


def test_the_run_that_holds_the_lease_counts_alone(tmp_path: Path) -> None:
    files = save("saves: page.saves + 1")
    held = files["convex/pages.ts"].replace("    if (page)", "    if (page.runId !== args.text) return;\n    if (page)")
    assert findings_of({**files, "convex/pages.ts": held}, tmp_path, "shared-counter") == ()


def test_how_often_a_job_failed_at_a_row_is_that_rows_own(tmp_path: Path) -> None:
    files = count("""
export const failed = internalMutation({
  args: { id: v.id("pages") },
  handler: async (ctx, args) => {
    const page = await ctx.db.get(args.id);
    if (page) await ctx.db.patch(args.id, { failures: (page.failures ?? 0) + 1 });
  },
});
export const all = internalMutation({ args: {}, handler: (ctx) => ctx.db.query("pages").collect() });
export const save = action({
  args: {},
  handler: async (ctx) => {
    for (const page of await ctx.runMutation(internal.pages.all, {})) {
      await ctx.runMutation(internal.pages.failed, { id: page._id });
    }
  },
});
""")
    files["src/Page.tsx"] = PAGES["src/Page.tsx"].replace("useMutation", "useAction")
    assert findings_of(files, tmp_path, "shared-counter") == ()
    files["convex/pages.ts"] = files["convex/pages.ts"].replace("failures", "views")
    assert len(findings_of(files, tmp_path / "again", "shared-counter")) == 1, "another count is everybody's"
