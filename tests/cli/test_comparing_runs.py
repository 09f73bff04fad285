"""`--baseline`, `--write-baseline` and `--diff`, run as users run them, on real git repositories."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.git_repository import GitRepository
from tests.reports.sarif_schema import SARIF_SCHEMA

import contend
from contend.faces.cli import run
from contend.reports.json_report import audit_schema

RULE = "touch-on-every-request"


@pytest.fixture
def before(examples: Path) -> Path:
    """The example app that touches its session on every request."""
    return examples / "session-app" / "before"


@pytest.fixture
def after(examples: Path) -> Path:
    """The same app with its fix."""
    return examples / "session-app" / "after"


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory, examples: Path) -> Path:
    """The fixed app in `apps/shop` of a repository, committed; to be copied."""
    made = GitRepository.begin(tmp_path_factory.mktemp("committed") / "repository")
    shutil.copytree(examples / "session-app" / "after", made.path / "apps" / "shop")
    made.commit()
    return made.path


@pytest.fixture
def repository(tmp_path: Path, committed: Path) -> GitRepository:
    """A repository of its own for each test."""
    return GitRepository(shutil.copytree(committed, tmp_path / "repository"))


@pytest.fixture
def app(repository: GitRepository) -> Path:
    return repository.path / "apps" / "shop"


def break_again(app: Path, before: Path) -> None:
    """Take the fix back, on disk only."""
    shutil.copytree(before, app, dirs_exist_ok=True)


def rename_module(app: Path) -> None:
    """`convex/sessions.ts` under another name, with all that names it."""
    (app / "convex" / "sessions.ts").rename(app / "convex" / "webSessions.ts")
    for file in app.rglob("*.ts"):
        text = file.read_text(encoding="utf-8")
        for old, new in (
            ("'sessions:", "'webSessions:"),
            ("'./sessions'", "'./webSessions'"),
            (".sessions.", ".webSessions."),
        ):
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")


def audited(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON report, which meets its schema."""
    code = run(["audit", *map(str, arguments), "--format", "json"])
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    Draft202012Validator(audit_schema()).validate(report)
    return code, report


def text_of(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """The exit code and the report for people, on one line."""
    code = run(["audit", *map(str, arguments)])
    return code, " ".join(capsys.readouterr().out.split())


# ── formats ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_sarif_names_files_from_the_root_of_the_repository(
    app: Path, before: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_again(app, before)
    assert run(["audit", str(app), "--format", "sarif"]) == 1
    report = json.loads(capsys.readouterr().out)
    Draft202012Validator(SARIF_SCHEMA).validate(report)
    sarif = report["runs"][0]
    location = sarif["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "apps/shop/convex/sessions.ts"
    assert sarif["invocations"][0]["exitCode"] == 1


def test_github_annotations_name_them_too(app: Path, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_again(app, before)
    assert run(["audit", str(app), "--format", "github"]) == 1
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("::error file=apps/shop/convex/sessions.ts,line=66,endLine=70,title=")
    assert last == "contend: 1 finding: 1 high"


def test_annotations_are_utf8_where_the_console_is_not(before: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "contend", "audit", str(before), "--format", "github"],
        capture_output=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "PYTHONIOENCODING": "cp1252",
        },
    )
    assert "loadSession (src/hooks.server.ts:26) → resolveRequestSession" in done.stdout.decode("utf-8")


@pytest.mark.parametrize("format", ["sarif", "github"])
def test_windows_line_ends_change_no_place_and_no_backslash_gets_out(
    app: Path, before: Path, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    break_again(app, before)
    run(["audit", str(app), "--format", format])
    unix = capsys.readouterr().out
    for file in app.rglob("*.ts"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    run(["audit", str(app), "--format", format])
    assert capsys.readouterr().out == unix
    places = unix if format == "github" else "".join(line for line in unix.splitlines() if '"uri"' in line)
    assert "\\" not in places


def test_show_has_formats_of_its_own(before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "touchSession", str(before), "--format", "sarif"]) == 2
    assert "'sarif' is not one of 'terminal', 'json'" in capsys.readouterr().err


# ── a baseline ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def accepted(before: Path, tmp_path: Path) -> Path:
    """A baseline with the finding of the example app."""
    file = tmp_path / "contend-baseline.json"
    assert run(["audit", str(before), "--write-baseline", str(file)]) == 0
    return file


def test_writing_a_baseline_accepts_what_is_found(
    before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "b.json"
    assert run(["audit", str(before), "--write-baseline", str(file)]) == 0
    assert capsys.readouterr().err == f"{file}: 1 finding accepted\n"
    data = file.read_bytes()
    assert b"\r" not in data
    [row] = json.loads(data)["findings"]
    assert {key: row[key] for key in ("file", "function", "rule", "severity")} == {
        "file": "convex/sessions.ts",
        "function": "sessions:touchSession",
        "rule": RULE,
        "severity": "high",
    }


def test_what_is_accepted_fails_no_run_and_is_counted(
    before: Path, accepted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    code, text = text_of(capsys, before, "--baseline", accepted)
    assert code == 0
    assert "No findings but 1 known." in text
    assert "1 known, in baseline contend-baseline.json; 0 new, 0 worse than accepted" in text


def test_json_keeps_it_and_says_so(before: Path, accepted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    code, report = audited(capsys, before, "--baseline", accepted)
    assert (code, [finding["baseline"] for finding in report["findings"]]) == (0, ["known"])
    assert report["comparisons"][0]["known"] == 1


def test_without_a_baseline_there_is_no_word_of_one(before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, report = audited(capsys, before)
    assert (report["findings"][0]["baseline"], report["comparisons"]) == (None, [])


def test_what_got_worse_than_accepted_fails_again(
    before: Path, accepted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    accepted.write_text(accepted.read_text(encoding="utf-8").replace('"high"', '"low"'), encoding="utf-8")
    code, text = text_of(capsys, before, "--baseline", accepted)
    assert code == 1
    assert "HIGH touch-on-every-request sessions:touchSession (for retries, was low)" in text


def test_entries_that_are_gone_are_named(after: Path, accepted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    code, text = text_of(capsys, after, "--baseline", accepted)
    assert code == 0
    assert "1 baseline entry no longer found: run --write-baseline: convex/sessions.ts sessions:touchSession" in text


def test_an_update_of_the_baseline_shows_what_changes_in_it(
    after: Path, accepted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    _, text = text_of(capsys, after, "--baseline", accepted, "--write-baseline", accepted)
    assert "1 baseline entry no longer found" in text
    assert json.loads(accepted.read_text(encoding="utf-8"))["findings"] == []


def test_shifted_lines_and_line_ends_change_nothing(
    before: Path, accepted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = tmp_path / "copy"
    shutil.copytree(before, app)
    file = app / "convex" / "sessions.ts"
    file.write_bytes(b"// a licence\r\n\r\n" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert run(["audit", str(app), "--baseline", str(accepted)]) == 0


def test_a_renamed_file_is_still_known(
    before: Path, accepted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = tmp_path / "copy"
    shutil.copytree(before, app)
    rename_module(app)
    capsys.readouterr()
    code, report = audited(capsys, app, "--baseline", accepted)
    assert report["findings"][0]["file"] == "convex/webSessions.ts"
    assert (code, report["findings"][0]["baseline"]) == (0, "known")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ('{"contend_baseline": 7, "findings": []}', "a baseline of version 7, and this contend reads version 1"),
        ("\ufeff{}", "not a baseline"),
    ],
)
def test_a_baseline_that_cannot_be_used_ends_the_run_before_it_begins(
    before: Path, tmp_path: Path, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "b.json"
    file.write_text(text, encoding="utf-8")
    assert run(["audit", str(before), "--baseline", str(file)]) == 2
    captured = capsys.readouterr()
    assert (captured.out, message in captured.err) == ("", True)


def test_a_baseline_that_is_not_there(before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(before), "--baseline", str(tmp_path / "b.json")]) == 2
    assert "no such baseline; --write-baseline" in capsys.readouterr().err


def test_a_baseline_in_another_encoding(before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.json").write_text("{}", encoding="utf-16")
    assert run(["audit", str(before), "--baseline", str(tmp_path / "b.json")]) == 2
    assert "not UTF-8; write the baseline again" in capsys.readouterr().err


def test_a_baseline_that_cannot_be_written(before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(before), "--write-baseline", str(tmp_path / "no" / "b.json")]) == 2
    assert "cannot write" in capsys.readouterr().err


# ── a change ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_changed(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = text_of(capsys, app, "--diff", "HEAD")
    assert code == 0
    assert "No new findings." in text


def test_what_was_there_before_fails_no_run(
    repository: GitRepository, app: Path, before: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_again(app, before)
    repository.commit()
    (app / "convex" / "sessions.ts").write_text("// first\n" + (app / "convex" / "sessions.ts").read_text(), "utf-8")
    code, report = audited(capsys, app, "--diff", "HEAD")
    assert (code, report["findings"]) == (0, [])
    assert report["comparisons"][0]["known"] == 1


def test_uncommitted_changes_are_part_of_it(
    repository: GitRepository, app: Path, before: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_again(app, before)
    code, report = audited(capsys, app, "--diff", "main")
    assert (code, [finding["baseline"] for finding in report["findings"]]) == (1, ["new"])
    comparison = report["comparisons"][0]
    assert (comparison["against"], comparison["name"], comparison["new"]) == ("revision", "main", 1)
    assert comparison["commit"] == repository.git("rev-parse", "main")


def test_what_was_fixed_is_counted_and_named(
    repository: GitRepository, app: Path, before: Path, after: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_again(app, before)
    repository.commit()
    shutil.copytree(after, app, dirs_exist_ok=True)
    code, text = text_of(capsys, app, "--diff", "HEAD")
    assert code == 0
    assert "0 new, 0 worse, 1 fixed, 0 as before" in text
    assert f"convex/sessions.ts sessions:touchSession {RULE} (high)" in text


def test_a_renamed_module_is_neither_new_nor_fixed(
    repository: GitRepository, app: Path, before: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_again(app, before)
    repository.commit()
    rename_module(app)
    _, report = audited(capsys, app, "--diff", "HEAD")
    comparison = report["comparisons"][0]
    assert (report["findings"], comparison["known"], comparison["gone"]) == ([], 1, [])


def test_an_app_that_was_not_there_is_all_new(
    repository: GitRepository, before: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(before, repository.path / "apps" / "second")
    code, report = audited(capsys, repository.path / "apps" / "second", "--diff", "HEAD")
    assert (code, [finding["baseline"] for finding in report["findings"]]) == (1, ["new"])


def test_the_whole_repository(repository: GitRepository, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(before, repository.path / "apps" / "second")
    code, report = audited(capsys, repository.path, "--diff", "HEAD")
    assert (code, [finding["app"] for finding in report["findings"]]) == (1, ["apps/second"])


def test_a_path_inside_of_the_app(app: Path, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_again(app, before)
    _, whole = audited(capsys, app, "--diff", "HEAD")
    code, report = audited(capsys, app / "src" / "hooks.server.ts", "--diff", "HEAD")
    assert (code, report) == (1, whole)


def test_both_sides_are_judged_by_the_settings_on_disk(
    app: Path, before: Path, capsys: pytest.CaptureFixture[str], repository: GitRepository
) -> None:
    break_again(app, before)
    repository.commit({"apps/shop/contend.toml": "[traffic]\npage_loads = 0\n"})
    (app / "contend.toml").write_text("[traffic]\npage_loads = 400\n", encoding="utf-8")
    _, report = audited(capsys, app, "--diff", "HEAD")
    assert report["findings"] == []


@pytest.mark.parametrize("format", ["sarif", "github"])
def test_other_formats_hold_only_what_is_new(app: Path, format: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(app), "--diff", "HEAD", "--format", format]) == 0
    assert RULE not in capsys.readouterr().out.partition('"results"')[2]


def test_the_cache_changes_nothing(app: Path, before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_again(app, before)
    first = audited(capsys, app, "--diff", "HEAD")
    assert audited(capsys, app, "--diff", "HEAD") == first
    assert audited(capsys, app, "--diff", "HEAD", "--no-cache", "--jobs", "1") == first


def test_baseline_and_change_together(
    app: Path, before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_again(app, before)
    run(["audit", str(app), "--write-baseline", str(tmp_path / "b.json")])
    capsys.readouterr()
    code, report = audited(capsys, app, "--diff", "HEAD", "--baseline", tmp_path / "b.json")
    assert (code, [finding["baseline"] for finding in report["findings"]]) == (0, ["known"])
    assert [comparison["against"] for comparison in report["comparisons"]] == ["baseline", "revision"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--diff", "no-such-branch"], "there is no revision 'no-such-branch'"),
        (["--diff", "main..HEAD"], "'main..HEAD' is a range"),
        (["--diff", "main", "--write-baseline", "b.json"], "--diff sees only what changed: use one of them"),
    ],
)
def test_changes_that_cannot_be_told(
    app: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", str(app), *arguments]) == 2
    captured = capsys.readouterr()
    assert (captured.out, message in captured.err) == ("", True)


def test_outside_of_a_repository(after: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(after, tmp_path / "plain")
    assert run(["audit", str(tmp_path / "plain"), "--diff", "HEAD"]) == 2
    assert "not in a git repository" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="an empty PATH finds programs of the system on Windows")
def test_without_git(app: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", str(app))
    assert run(["audit", str(app), "--diff", "HEAD"]) == 2
    assert "git was not found" in capsys.readouterr().err


# ── the library ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_audits_compared(before: Path, after: Path) -> None:
    fixed = contend.compare(contend.audit(before), contend.audit(after), name="last week")
    assert (fixed.findings, [one.rule for one in fixed.comparisons[0].gone]) == ((), [RULE])
    broken = contend.compare(contend.audit(after), contend.audit(before))
    assert [finding.baseline for finding in broken.findings] == ["new"]


def test_a_baseline_from_the_library(before: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    assert contend.write_baseline(contend.audit(before), file) == 1
    assert contend.audit(before, baseline=file).open_findings == ()


def test_a_change_holds_too_little_for_a_baseline(app: Path, tmp_path: Path) -> None:
    changed = contend.audit(app, diff="HEAD")
    with pytest.raises(contend.InputError, match="write the baseline without --diff"):
        contend.write_baseline(changed, tmp_path / "b.json")


def test_a_revision_is_text(app: Path) -> None:
    with pytest.raises(contend.InputError, match="diff must be a git revision, as text, not int"):
        contend.audit(app, diff=3)  # type: ignore[arg-type]
