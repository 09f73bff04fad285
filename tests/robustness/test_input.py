"""Files that are not what they seem: each is an entry among the errors or read as far as it goes, and the rest of the
app is audited."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import contend
from contend.faces.cli import run
from contend.model.audit import Audit
from contend.source.cache import Pack

from .conftest import COUNTING, IMPORTS, AuditOf, Write


def errors(result: Audit) -> dict[str, str]:
    return {error.path: error.reason for error in result.repository.errors}


def functions(result: Audit) -> list[str]:
    return [function.path for app in result.repository.apps for function in app.functions]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x7fELF\0\0\0" + bytes(range(256)) * 40, None),
        (b"export const a = 1;\n" + b"x" * 2_000 + b"\0" * 500, "binary file"),
        (b"export const a = [" + b"{ a: 1 },\n" * 560_000 + b"];", "generated file of 5"),
        (IMPORTS.encode("utf-16"), "stored as UTF-16"),
        (b"export const a = " + b"[" * 10_000 + b"]" * 10_000 + b";", "nest"),
        (b"export const a = mutation({ handler: async (ctx => { <<<<<<< HEAD\n", "line"),
        (b"", None),
        (b"\xef\xbb\xbf", None),
        (b"// caf\xe9\nexport const s = '\xff\xfe';\n", None),
        (b"export const s = '\\ud800';\n", None),
    ],
    ids=["ELF", "NUL", "5 MB", "UTF-16", "10 000 levels", "syntax", "empty", "BOM", "Latin-1", "half a surrogate pair"],
)
def test_an_odd_file_among_good_ones(audit: AuditOf, data: bytes, reason: str | None) -> None:
    result = audit({"convex/odd.ts": data})
    assert functions(result) == ["users:count"]
    assert (reason or "") in errors(result).get("convex/odd.ts", "" if reason is None else "none")


def test_windows_line_ends_and_a_byte_order_mark(audit: AuditOf) -> None:
    result = audit({"convex/users.ts": ("\ufeff" + IMPORTS + COUNTING).replace("\n", "\r\n")})
    assert functions(result) == ["users:count"]
    assert errors(result) == {}


@pytest.mark.parametrize(
    "schema", ["", "export default 42;", "export default defineSchema({ users: defineTable({ count: v.number( }) ["]
)
def test_a_schema_that_is_none(audit: AuditOf, schema: str) -> None:
    assert functions(audit({"convex/schema.ts": schema})) == ["users:count"]


@pytest.mark.parametrize(
    "files",
    [
        {"package.json": "[" * 100_000 + "]" * 100_000},
        {"convex.json": '{"functions": 5}', "package.json": '{"dependencies": "x", "workspaces": {"packages": 5}}'},
        {"convex.json": '{"functions": "../../../etc"}'},
        {"tsconfig.json": '{"extends": ["./tsconfig.json", 5], "compilerOptions": {"paths": {"*": "x", "~": []}}}'},
        {"pnpm-workspace.yaml": "packages: [[[\n - *x", "tsconfig.json": '{"a":' * 20_000},
        {".gitignore": b"[\n!\n\\\n/\n***\n" + b"*a" * 200 + b"\n\xff\xfe\n(?P<x\nconvex\n"},
    ],
    ids=["deep", "types", "outside", "circle", "broken", "ignored"],
)
def test_configuration_of_other_tools_that_makes_no_sense(audit: AuditOf, files: dict[str, str | bytes]) -> None:
    assert functions(audit(files)) == ["users:count"]


def test_numbers_beyond_all_measure(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    crons = """
import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";
const crons = cronJobs();
crons.interval("a", { seconds: 0 }, internal.jobs.job);
crons.interval("b", { seconds: -5 }, internal.jobs.job);
crons.interval("c", { minutes: 1e999 }, internal.jobs.job);
crons.interval("d", { seconds: 1 / 0 }, internal.jobs.job);
crons.cron("e", "*/0 99 5-1 FOO * * *", internal.jobs.job);
crons.interval();
export default crons;
"""
    jobs = """
export const job = internalMutation({ args: {}, handler: async (ctx) => {
  for (const user of await ctx.db.query("users").take(1e999)) {
    await ctx.db.patch(user._id, { count: user.count + 1e999, more: -1e999, less: 2 ** 1023 * 2, big: 10n ** 400n });
  }
} });
"""
    root = write({"convex/crons.ts": crons, "convex/jobs.ts": IMPORTS + jobs})
    assert run(["audit", str(root), "--format", "json", "--fail-on", "never"]) == 0
    assert "Infinity" not in capsys.readouterr().out.replace('"Infinity"', "")


def test_calls_that_lack_everything(audit: AuditOf) -> None:
    text = """
export const a = mutation(); export const b = mutation(null); export const c = mutation({ ...c });
export const d = mutation({ handler }); export const e = mutation(async function* () { yield* e; });
export const f = mutation({ handler: async (...all) => { await all[0].db.patch(...all[1]); all[0].db.insert(); } });
export const g = mutation({ handler: async (ctx) => {
  await ctx.db.get(); await ctx.db.query().withIndex().first(); await ctx.db.query("nope").take(-5);
  await ctx.runMutation(); await ctx.scheduler.runAfter(); await ctx.db["patch"](); await ctx.db?.patch?.(null, ...[]);
} });
export const constructor = mutation(async (ctx) => { await ctx.db.patch("x", {}); });
export const __proto__ = mutation(mutation(mutation));
export default mutation({ args: 5, handler: 5 });
"""
    result = audit({"convex/odd.ts": IMPORTS + text})
    assert {"odd:f", "odd:g", "odd:constructor", "users:count"} <= set(functions(result))


def test_names_twice(audit: AuditOf) -> None:
    result = audit({"convex/users.js": IMPORTS + COUNTING, "convex/deep/users.ts": IMPORTS + COUNTING + COUNTING})
    assert {"users:count", "deep/users:count"} <= set(functions(result))


@pytest.mark.parametrize("place", [".", "convex", "convex/users.ts", "src"])
def test_any_place_in_an_app_means_the_app(write: Write, place: str) -> None:
    root = write({"src/page.ts": "export const a = 1;"})
    assert functions(contend.audit(root / place, use_cache=False)) == ["users:count"]


def test_spaces_and_letters_of_all_kinds(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "sp ace" / "ünï 日本 😀"
    root.parent.mkdir()
    write({"convex/größe.ts": IMPORTS + COUNTING}).rename(root)
    assert run(["show", "größe:count", str(root)]) == 0
    assert capsys.readouterr().out.startswith("größe:count  mutation, convex/größe.ts:")


needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


@needs_posix
def test_links_in_circles_and_into_nothing(write: Write, tmp_path: Path) -> None:
    root = write({})
    links = {"convex/loop": ".", "up": "..", "a": "b", "b": "a", "out": str(tmp_path), "gone.ts": "no"}
    for name, target in links.items():
        os.symlink(target, root / name)
    assert functions(contend.audit(root, use_cache=False)) == ["users:count"]


@needs_posix
@pytest.mark.parametrize("name", ["convex/odd.ts", "package.json", "tsconfig.json", ".gitignore", "contend.toml"])
def test_a_pipe_is_not_waited_for(write: Write, name: str) -> None:
    root = write({})
    (root / name).unlink(missing_ok=True)
    os.mkfifo(root / name)
    assert functions(contend.audit(root, use_cache=False)) == ["users:count"]


@pytest.mark.parametrize("name", ["convex/odd.ts", "tsconfig.json", ".gitignore", "contend.toml", "convex.json"])
def test_a_directory_where_a_file_belongs(write: Write, name: str) -> None:
    root = write({})
    (root / name).mkdir()
    assert functions(contend.audit(root, use_cache=False)) == ["users:count"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps names that are no Unicode")
def test_a_name_that_is_no_unicode(write: Write) -> None:
    root = write({})
    odd = os.fsencode(root) + b"/caf\xe9"
    os.mkdir(odd)
    for name in (b"/package.json", b"/page.ts"):
        Path(os.fsdecode(odd + name)).write_bytes(b"{}")
    result = contend.audit(root, use_cache=False)
    assert functions(result) == ["users:count"]
    assert [error.reason for error in result.repository.errors] == ["the file's name is not valid Unicode, not read"]


@pytest.mark.skipif(sys.platform != "linux", reason="a file that fails even for root: Linux has one")
def test_what_cannot_be_read(write: Write) -> None:
    root = write({})
    os.symlink("/proc/self/mem", root / "convex" / "secret.ts")
    result = contend.audit(root, use_cache=False)
    assert functions(result) == ["users:count"]
    assert errors(result) == {"convex/secret.ts": "not readable: input/output error"}


def test_comments_that_silence_nothing(audit: AuditOf) -> None:
    comments = """
// contend-ignore
// contend-ignore[
// contend-ignore[]: nothing
// contend-ignore[no-such-rule]: because
// contend-ignore[touch-on-every-request, other rule,,]: reason: with: colons ]]
/* contend-ignore[touch-on-every-request]: a
   long one */
// contend-ignore[a]: \u202e \U0001f600
"""
    result = audit({"convex/users.ts": IMPORTS + comments + COUNTING + "// contend-ignore[last]: nothing follows"})
    assert functions(result) == ["users:count"]
    assert result.suppressions.used == ()


def test_a_damaged_cache_is_an_empty_one(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write({})
    monkeypatch.setenv("CONTEND_CACHE_DIR", str(tmp_path / "cache"))
    contend.audit(root)
    packs = {pack: pack.read_bytes() for pack in (tmp_path / "cache").iterdir()}
    for damage in (
        lambda whole: b"",
        lambda whole: whole[:100],
        lambda whole: whole[:-1] + b"?",
        lambda _: os.urandom(99),
    ):
        for pack, whole in packs.items():
            pack.write_bytes(damage(whole))
        assert functions(contend.audit(root)) == ["users:count"]
    assert len(Pack.open(root, "syntax")) > 0
