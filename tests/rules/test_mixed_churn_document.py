"""`mixed-churn-document`: which re-runs and which writers count."""

from __future__ import annotations

from pathlib import Path

from tests.rules.rule_apps import findings_of

from contend.rules.mixed_churn_document import MixedChurnDocument

NOTES = dict(MixedChurnDocument.INVALID[0].files)
ROOM = dict(MixedChurnDocument.INVALID[1].files)
RULE = "mixed-churn-document"


def test_a_query_that_shows_the_fast_field_is_not_counted(tmp_path: Path) -> None:
    shown = NOTES["convex/users.ts"].replace("user && user.role", "user && { role: user.role, n: user.uploadCount }")
    [finding] = findings_of({**NOTES, "convex/users.ts": shown}, tmp_path, RULE)
    assert all(pair.kind == "conflict" for pair in finding.pairs)


def test_a_query_that_does_not_show_it_is(tmp_path: Path) -> None:
    [finding] = findings_of(NOTES, tmp_path, RULE)
    assert "users:role" in {pair.victim for pair in finding.pairs if pair.kind == "invalidation"}


def test_a_mutation_that_uses_the_fast_field_is_no_stranger(tmp_path: Path) -> None:
    files = NOTES["convex/files.ts"].replace(
        'user.role !== "editor"', '(user.role !== "editor" && (user.uploadCount ?? 0) > 9)'
    )
    assert findings_of({**NOTES, "convex/files.ts": files}, tmp_path, RULE) == ()


def test_a_check_of_the_stored_stamp_keeps_most_writes_away(tmp_path: Path) -> None:
    guarded = ROOM["convex/rooms.ts"].replace(
        "    await ctx.db.patch(args.room, { lastMessageAt: Date.now() });\n",
        "    const last = await ctx.db.get(args.room);\n"
        "    if (last && Date.now() - last.lastMessageAt > 60_000) {\n"
        "      await ctx.db.patch(args.room, { lastMessageAt: Date.now() });\n    }\n",
    )
    assert findings_of({**ROOM, "convex/rooms.ts": guarded}, tmp_path, RULE) == ()


def test_a_parent_can_do_without_the_stamp(tmp_path: Path) -> None:
    [finding] = findings_of(ROOM, tmp_path, RULE)
    assert "newest `messages` row" in finding.fixes[0].title


def test_taking_a_mark_back_is_not_done_for_every_new_row(tmp_path: Path) -> None:
    cleared = ROOM["convex/rooms.ts"].replace(
        "    await ctx.db.patch(args.room, { lastMessageAt: Date.now() });\n",
        "    const last = await ctx.db.get(args.room);\n"
        "    if (last?.lastMessageAt !== undefined) {\n"
        "      await ctx.db.patch(args.room, { lastMessageAt: undefined });\n    }\n",
    )
    assert findings_of({**ROOM, "convex/rooms.ts": cleared}, tmp_path, RULE) == ()


def test_what_is_scheduled_once_for_a_click_is_not_fast(tmp_path: Path) -> None:
    files = {
        **NOTES,
        "convex/users.ts": NOTES["convex/users.ts"].replace(
            "{ uploadCount: (user.uploadCount ?? 0) + 1 }",
            "{ uploadCount: (await ctx.db.query('files').take(9)).length }",
        ),
        "src/Layout.tsx": NOTES["src/Layout.tsx"]
        .replace("useEffect(() => {", "const save = () => {")
        .replace("const timer = setInterval(() => upload({ name: autosave }), 10_000);", "upload({ name: autosave });")
        .replace("    return () => clearInterval(timer);\n", "")
        .replace("}, [upload, autosave]);", "};")
        .replace("<button", "<button onDoubleClick={() => save()}"),
    }
    assert findings_of(files, tmp_path, RULE) == ()


def test_a_query_that_only_actions_run_is_not_called_live(tmp_path: Path) -> None:
    layout = NOTES["src/Layout.tsx"].replace("useQuery(api.users.role)", "useState()").replace(", useQuery", "")
    [finding] = findings_of({**NOTES, "src/Layout.tsx": layout}, tmp_path, RULE)
    assert not any("live queries" in text for text in finding.static)
