"""`coarse-contention-key`: which calls share a row, and which only seem to."""

from __future__ import annotations

from pathlib import Path

from tests.rules.rule_apps import findings_of

from contend.model.findings import Severity
from contend.rules.coarse_contention_key import CoarseContentionKey

ROUTES = dict(CoarseContentionKey.INVALID[0].files)
COMPONENT = dict(CoarseContentionKey.INVALID[1].files)
RULE = "coarse-contention-key"


def http(call: str) -> dict[str, str]:
    return {
        **ROUTES,
        "convex/http.ts": f"""
import {{ httpRouter }} from "convex/server";
import {{ httpAction }} from "./_generated/server";
import {{ internal }} from "./_generated/api";
import {{ limitOf }} from "./unread.js";
const http = httpRouter();
http.route({{
  path: "/feed",
  method: "GET",
  handler: httpAction(async (ctx, request) => {{
    {call}
    return new Response("feed");
  }}),
}});
export default http;
""",
    }


def test_all_routes_without_a_key_are_one_finding(tmp_path: Path) -> None:
    [finding] = findings_of(ROUTES, tmp_path, RULE)
    assert len(finding.callers) == 2
    assert finding.message.startswith("2 calls ask")


def test_a_key_from_a_header_tells_clients_apart(tmp_path: Path) -> None:
    call = 'await ctx.runMutation(internal.limits.take, { name: "feed", key: request.headers.get("x-key")! });'
    assert findings_of(http(call), tmp_path, RULE) == ()


def test_arguments_that_are_not_known_are_not_taken_for_missing(tmp_path: Path) -> None:
    assert findings_of(http("await ctx.runMutation(internal.limits.take, limitOf(request));"), tmp_path, RULE) == ()


def test_a_limiter_that_caps_its_own_writes_is_at_most_medium(tmp_path: Path) -> None:
    [finding] = findings_of(COMPONENT, tmp_path, RULE)
    assert finding.severity.rank >= Severity.MEDIUM.rank
    assert any("bounds the conflicts" in text for text in finding.static)


def test_what_a_conflict_takes_along_is_told(tmp_path: Path) -> None:
    insert = COMPONENT["convex/search.ts"].replace(
        '"search", { throws: true });\n', '"search", { throws: true });\n    await ctx.db.insert("searches", {});\n'
    )
    [finding] = findings_of({**COMPONENT, "convex/search.ts": insert}, tmp_path, RULE)
    assert any("its writes of `searches`" in text for text in finding.static)


def asking(call: str) -> dict[str, str]:
    """An app whose action asks the component's limiter."""
    search = COMPONENT["convex/search.ts"].replace(
        "import { mutation }", 'import { v } from "convex/values";\nimport { action }'
    )
    search = search.replace(
        "export const search = mutation({\n  args: {},", "export const search = action({\n  args: { user: v.string() },"
    )
    search = search.replace("handler: async (ctx) =>", "handler: async (ctx, args) =>")
    search = search.replace('await limiter.limit(ctx, "search", { throws: true });', call)
    page = COMPONENT["src/Search.tsx"].replace("useMutation", "useAction").replace("search()", "search({ user: name })")
    return {**COMPONENT, "convex/search.ts": search, "src/Search.tsx": page.replace("Search()", "Search({ name })")}


def test_an_action_that_gives_the_component_a_key_tells_users_apart(tmp_path: Path) -> None:
    """The limit is then a function of the component, whose argument has the component's name for it."""
    assert findings_of(asking('await limiter.limit(ctx, "search", { key: args.user });'), tmp_path, RULE) == ()


def test_an_action_that_gives_none_does_not(tmp_path: Path) -> None:
    [finding] = findings_of(asking('await limiter.limit(ctx, "search", {});'), tmp_path, RULE)
    assert "without a key" in finding.message


def test_a_constant_that_stands_in_for_a_user_is_no_key_of_all(tmp_path: Path) -> None:
    stub = COMPONENT["convex/search.ts"].replace(
        'await limiter.limit(ctx, "search", { throws: true });',
        'const userId = "test user";\n    await limiter.limit(ctx, "search", { key: userId });',
    )
    assert findings_of({**COMPONENT, "convex/search.ts": stub}, tmp_path, RULE) == ()
