"""The inventory of small apps: what pages call and what functions schedule."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.evidence.inventory_apps import USERS, inventory, module, only_page, page, scheduled

from contend.model.inventory import FrontendEntry


class TestScheduler:
    CALL = """
export const add = mutation({ args: { userId: v.id("users"), text: v.string() }, handler: async (ctx, args) => {
  await ctx.db.insert("posts", args);
  await ctx.scheduler.runAfter(500, internal.jobs.follow, { id: args.userId });
} });
"""

    def test_a_scheduled_mutation_retries_for_ever_and_meets_the_other_writers(self, tmp_path: Path):
        follow = """
export const follow = internalMutation({ args: { id: v.id("users") }, handler: async (ctx, { id }) => {
  await ctx.db.patch(id, { seenAt: Date.now() });
} });
"""
        entry = scheduled(
            inventory(
                tmp_path,
                {
                    "convex/users.ts": USERS,
                    "convex/posts.ts": module(self.CALL),
                    "convex/jobs.ts": module(follow),
                    "src/page.tsx": page("<button onClick={() => rename({ id, name: '' })}/>"),
                },
            )
        )
        assert (entry.function, entry.target, entry.target_kind) == ("posts:add", "jobs:follow", "mutation")
        assert (entry.awaited, entry.delay_ms, entry.writes_back) == (True, 500, ("users",))
        assert entry.verdict == "watch"
        assert "for ever" in entry.reason
        assert "users:rename" in entry.reason

    def test_an_action_to_the_outside_is_safe(self, tmp_path: Path):
        follow = "export const follow = internalAction({ handler: async () => { await fetch('https://x.example'); } });"
        entry = scheduled(inventory(tmp_path, {"convex/posts.ts": module(self.CALL), "convex/jobs.ts": module(follow)}))
        assert (entry.target_kind, entry.writes_back, entry.verdict) == ("action", (), "safe")
        assert "writes nothing back" in entry.reason

    def test_an_action_writes_back_what_its_mutations_write(self, tmp_path: Path):
        follow = """
export const follow = internalAction({ args: { id: v.id("users") }, handler: async (ctx, { id }) => {
  await ctx.runAction(internal.jobs.inner, { id });
} });
export const inner = internalAction({ args: { id: v.id("users") }, handler: async (ctx, { id }) => {
  await ctx.runMutation(internal.jobs.store, { id });
} });
export const store = internalMutation({ args: { id: v.id("users") }, handler: async (ctx, { id }) => {
  await ctx.db.patch(id, { name: "" });
} });
"""
        entry = scheduled(inventory(tmp_path, {"convex/posts.ts": module(self.CALL), "convex/jobs.ts": module(follow)}))
        assert (entry.writes_back, entry.verdict) == (("users",), "safe")
        assert "jobs:store" in entry.reason

    def test_what_sets_the_scheduling_function_off_is_told(self, tmp_path: Path):
        follow = "export const follow = internalAction({ handler: async () => {} });"
        entry = scheduled(inventory(tmp_path, {"convex/posts.ts": module(self.CALL), "convex/jobs.ts": module(follow)}))
        assert entry.trigger == "nothing in this repository calls it"


class TestFrontend:
    def shown(self, folder: Path, body: str, effect: str = "") -> FrontendEntry:
        return only_page(inventory(folder, {"convex/users.ts": USERS, "src/page.tsx": page(body, effect)}))

    def test_one_click_one_call(self, tmp_path: Path):
        entry = self.shown(tmp_path, "<button onClick={() => touch({ id })}/>")
        assert (entry.page, entry.pattern, entry.verdict) == ("src/page.tsx", "single", "safe")
        assert [call.function for call in entry.calls] == ["users:touch"]

    def test_an_effect_that_writes_what_it_depends_on_wakes_itself(self, tmp_path: Path):
        entry = self.shown(tmp_path, "", "useEffect(() => { if (user) void saveStep({ id }); }, [user, saveStep]);")
        assert (entry.pattern, entry.verdict) == ("effect", "fix")
        assert "wakes itself" in entry.reason
        assert "step of `users`" in entry.reason

    @pytest.mark.parametrize(
        ("why", "effect"),
        [
            ("the query does not return it", "useEffect(() => { if (user) void touch({ id }); }, [user, touch]);"),
            (
                "it stands under a condition on the field",
                "useEffect(() => { if (user && user.step < 1) void saveStep({ id }); }, [user, saveStep]);",
            ),
            ("it depends on another field", "useEffect(() => { void saveStep({ id }); }, [user?.name, saveStep]);"),
        ],
        ids=lambda value: value if " " in value and "(" not in value else "",
    )
    def test_an_effect_that_comes_to_rest_is_watched(self, tmp_path: Path, why: str, effect: str):
        entry = self.shown(tmp_path, "", effect)
        assert (entry.pattern, entry.verdict) == ("effect", "watch"), why

    def test_an_effect_on_nothing_live_is_safe(self, tmp_path: Path):
        entry = self.shown(tmp_path, "", "useEffect(() => { void saveStep({ id }); }, [id, saveStep]);")
        assert (entry.pattern, entry.verdict) == ("effect", "safe")

    def test_awaited_calls_run_one_after_the_other(self, tmp_path: Path):
        entry = self.shown(
            tmp_path, "<i onClick={async () => { await touch({ id }); await rename({ id, name: '' }); }}/>"
        )
        assert (entry.pattern, entry.verdict) == ("sequential", "safe")
        assert "one mutation would do" in entry.reason

    def test_parallel_calls_over_one_connection_meet_other_tabs_only(self, tmp_path: Path):
        entry = self.shown(tmp_path, "<i onClick={() => { touch({ id }); rename({ id, name: '' }); }}/>")
        assert (entry.pattern, entry.verdict) == ("parallel", "watch")

    def test_parallel_calls_over_http_on_one_document_are_to_be_fixed(self, tmp_path: Path):
        route = """
import { fetchMutation } from "convex/nextjs";
import { api } from "../../../convex/_generated/api";
export async function POST(request) {
  const { id } = await request.json();
  await Promise.all([fetchMutation(api.users.touch, { id }), fetchMutation(api.users.rename, { id, name: "" })]);
  return new Response("ok");
}
"""
        entry = only_page(inventory(tmp_path, {"convex/users.ts": USERS, "app/api/save/route.ts": route}))
        assert (entry.pattern, entry.verdict) == ("parallel", "fix")
        assert "`users`" in entry.reason

    def test_calls_on_two_sides_of_a_condition_never_follow_each_other(self, tmp_path: Path):
        entry = self.shown(
            tmp_path, "<i onClick={async () => { if (id) await touch({ id }); else await rename({ id, name: '' }); }}/>"
        )
        assert (entry.pattern, entry.verdict) == ("single", "safe")

    def test_a_loop_of_calls_is_watched(self, tmp_path: Path):
        entry = self.shown(tmp_path, "<i onClick={async () => { for (const id of ids) await touch({ id }); }}/>")
        assert (entry.pattern, entry.verdict) == ("loop", "watch")

    def test_a_loop_that_draws_buttons_is_no_loop_of_calls(self, tmp_path: Path):
        entry = self.shown(tmp_path, "{ids.map((id) => <button onClick={async () => { await touch({ id }); }}/>)}")
        assert (entry.pattern, entry.verdict) == ("single", "safe")

    def test_a_timer_is_watched(self, tmp_path: Path):
        effect = (
            "useEffect(() => { const t = setInterval(() => touch({ id }), 5000); return () => clearInterval(t); }, []);"
        )
        entry = self.shown(tmp_path, "", effect)
        assert (entry.pattern, entry.verdict) == ("timer", "watch")
        assert "every 5 s" in entry.reason
