"""The command, run as users run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import contend
from contend.faces.cli import run
from contend.reports.json_report import audit_schema
from contend.rules import all_rules


@pytest.fixture
def before(examples: Path) -> Path:
    """The example app that touches its session on every request."""
    return examples / "session-app" / "before"


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "contend", *arguments],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), **environment},
    )


# ── asking for help ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", [[], ["audit"], ["show"], ["rules"]])
def test_every_command_has_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0
    assert "Usage: contend" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("contend ")


def test_help_loads_nothing_it_does_not_need() -> None:
    program = (
        "import sys\nfrom contend.faces.cli import run\nrun(['--help'])\n"
        "print(sorted({'rich', 'tree_sitter', 'msgspec', 'jsonschema', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert done.stdout.splitlines()[-1] == "[]"


# ── auditing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_hazard_fails_the_run_and_is_told(before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(before)]) == 1
    out = capsys.readouterr().out
    assert "touch-on-every-request  sessions:touchSession" in out
    assert "--> convex/sessions.ts:" in out
    assert "src/hooks.server.ts" in out
    assert "contend show sessions:touchSession" in out


def test_never_never_fails(before: Path) -> None:
    assert run(["audit", str(before), "--fail-on", "never"]) == 0


def test_json_meets_the_schema_and_is_the_same_each_time(before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["audit", str(before), "--format", "json"])
    first = capsys.readouterr().out
    run(["audit", str(before), "--format", "json", "--no-cache", "--jobs", "1"])
    assert capsys.readouterr().out == first
    Draft202012Validator(audit_schema()).validate(json.loads(first))
    assert before.parent.as_posix() not in first


def test_the_report_does_not_depend_on_where_the_app_lies(
    before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(before, tmp_path / "copy of app")
    run(["audit", str(before), "--format", "json"])
    first = capsys.readouterr().out
    run(["audit", str(tmp_path / "copy of app"), "--format", "json"])
    assert capsys.readouterr().out == first


def test_a_report_in_a_file(before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    assert run(["audit", str(before), "--format", "json", "--output", str(report)]) == 1
    assert json.loads(report.read_text(encoding="utf-8"))["schema"] == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "at or above --fail-on high" in captured.err


def test_rules_are_selected_with_commas_and_repetition(before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = ["--select", "ineffective-guard,unbatched-sequence", "--select", "touch-on-every-request"]
    run(["audit", str(before), "--format", "json", *rules])
    found = {finding["rule"] for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert found == {"touch-on-every-request"}
    run(["audit", str(before), "--format", "json", *rules, "--ignore", "touch-on-every-request"])
    assert json.loads(capsys.readouterr().out)["findings"] == []


def test_settings_of_the_app_hold_and_the_command_line_overrides_them(before: Path, tmp_path: Path) -> None:
    app = tmp_path / "app"
    shutil.copytree(before, app)
    (app / "contend.toml").write_text('fail_on = "never"\n', encoding="utf-8")
    assert run(["audit", str(app)]) == 0
    assert run(["audit", str(app), "--fail-on", "high"]) == 1


def test_a_pipe_in_any_encoding_takes_the_report(before: Path) -> None:
    done = process("audit", str(before), PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.isascii()
    assert b"\x1b" not in done.stdout


def test_a_path_inside_an_app_is_audited_as_that_app(before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inside = before / "src"
    assert run(["audit", str(inside), "--format", "json"]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("auditing ")
    assert captured.err.endswith(f"session-app/before, which {inside} lies in\n")
    run(["audit", str(before), "--format", "json"])
    again = capsys.readouterr()
    assert (again.out, again.err) == (captured.out, "")


# ── one function ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_function_by_its_end(before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "touchSession", str(before)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("sessions:touchSession  mutation, convex/sessions.ts:")
    assert "patches sessions: " in out
    assert "touchSession × itself on sessions via by_session" in out


def test_a_function_as_json(before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "sessions:touchSession", str(before), "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["function"] == "sessions:touchSession"
    assert {access["op"] for access in report["accesses"]} == {"query", "patch"}
    assert report["callers"][0]["trigger"] == "server-request"


def test_a_function_that_is_not_there(before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "touchSesion", str(before)]) == 2
    assert "did you mean 'sessions:touchSession'?" in capsys.readouterr().err


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules"]) == 0
    assert "touch-on-every-request" in capsys.readouterr().out


def test_one_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "touch-on-every-request"]) == 0
    out = capsys.readouterr().out
    assert "What it does" in out
    assert "When it stays quiet" in out


def test_a_rule_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    assert run(["rules", "touch-on-every-request"]) == 0
    prose, _, code = capsys.readouterr().out.partition("Example\n")
    assert max(map(len, prose.splitlines())) <= 50
    assert '          .withIndex("by_session", (q) => q.eq("sessionId", sessionId))' in code


@pytest.mark.parametrize("rule", [info.name for info in all_rules()])
def test_every_rule_reads_as_text_in_80_columns(
    rule: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["rules", rule]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "```" not in out
    assert not re.search(r"(?<![\w*/])\*[a-z]+\*(?!\w)", out)


def test_an_action_is_shown_by_what_it_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "jobs:all", str(_app_with_an_action(tmp_path))]) == 0
    out = capsys.readouterr().out
    assert "No database access of its own" in out
    assert "before any access" not in out
    assert "Starts 1 function" in out
    assert "jobs:count  internal mutation" in out
    assert "convex/jobs.ts:11, awaited, in a loop over args.ids, line 10" in out


def test_a_helper_is_shown_by_the_functions_that_reach_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _app_with_an_action(tmp_path)
    assert run(["show", "bump", str(folder)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("bump  a helper: 1 function reaches it")
    assert "patches counters: n" in out
    assert any(line.startswith("  contend show jobs:count ") for line in out.splitlines())


def test_two_indexes_of_one_pair_are_one_entry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "jobs:count", str(_app_with_an_action(tmp_path))]) == 0
    out = capsys.readouterr().out
    assert out.count("count × itself on counters") == 1
    assert "via by_name and by_id" in out


def _app_with_an_action(folder: Path) -> Path:
    """An action that runs a mutation in a loop; the mutation counts through a helper."""
    convex = folder / "convex"
    convex.mkdir()
    (folder / "package.json").write_text('{"dependencies": {"convex": "1.0.0"}}', encoding="utf-8")
    (convex / "schema.ts").write_text(
        'import { defineSchema, defineTable } from "convex/server";\nimport { v } from "convex/values";\n'
        "export default defineSchema({ counters: defineTable({ name: v.string(), n: v.number() })"
        '.index("by_name", ["name"]) });\n',
        encoding="utf-8",
    )
    (convex / "jobs.ts").write_text(
        """import { internalMutation, action } from "./_generated/server";
import { internal } from "./_generated/api";
async function bump(ctx, row) {
  await ctx.db.patch(row._id, { n: row.n + 1 });
}
export const count = internalMutation({ handler: async (ctx, args) => {
  const row = await ctx.db.query("counters").withIndex("by_name", (q) => q.eq("name", args.id)).unique();
  if (row) await bump(ctx, row);
} });
export const all = action({ handler: async (ctx, args) => { for (const id of args.ids) {
  await ctx.runMutation(internal.jobs.count, { id });
} } });
""",
        encoding="utf-8",
    )
    return folder


# ── mistakes ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["audi"], "No such command 'audi'"),
        (["audit", "--no-such-option"], "No such option"),
        (["audit", "--format", "xml"], "Invalid value for '--format': 'xml' is not one of 'terminal', 'json'"),
        (["audit", "--fail-on", "hgih"], "'hgih' is no level: use critical, high, medium, low, info or never"),
        (["audit", "--jobs", "0"], "--jobs"),
        (["audit", "no/such/path"], "no/such/path"),
        (["audit", "--select", "touch-on-each-request"], "did you mean 'touch-on-every-request'?"),
        (["rules", "touch-on-each-request"], "did you mean 'touch-on-every-request'?"),
        (["show"], "Missing argument"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err.replace("\\", "/")
    assert captured.out == ""


def test_a_folder_without_an_app(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(tmp_path)]) == 2
    assert "no Convex app found" in capsys.readouterr().err


def test_a_broken_configuration(before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.toml").write_text("[traffic]\nuser = 3\n", encoding="utf-8")
    assert run(["audit", str(before), "--config", str(tmp_path / "mine.toml")]) == 2
    err = capsys.readouterr().err
    assert "mine.toml" in err
    assert "user" in err


def test_a_report_that_cannot_be_written(before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(before), "--output", str(tmp_path / "no" / "report.txt")]) == 2
    assert "cannot write" in capsys.readouterr().err


# ── faults of our own ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library with a fault in it."""

    def audit(*arguments: object, **options: object) -> None:
        raise KeyError("a fault\nof ours")

    monkeypatch.setattr(contend, "audit", audit, raising=False)


@pytest.mark.usefixtures("broken")
def test_an_internal_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit"]) == 3
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "internal error in faces/cli/commands.py:" in err
    assert "KeyError" in err
    assert "CONTEND_DEBUG=1" in err


@pytest.mark.usefixtures("broken")
def test_the_traceback_on_request(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CONTEND_DEBUG", "1")
    assert run(["audit"]) == 3
    assert "Traceback (most recent call last)" in capsys.readouterr().err
