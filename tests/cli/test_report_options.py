"""`--format markdown`, `--insights` and `--seen`, as users type them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import contend
from contend.faces.cli import run
from contend.faces.cli.output import link_prefix
from contend.reports.json_report import audit_schema

INSIGHTS = json.dumps(
    {
        "deploymentName": "happy-otter-123",
        "insights": [
            {
                "kind": "occRetried",
                "functionId": "sessions.js:touchSession",
                "componentPath": None,
                "occCalls": 36,
                "occTableName": "sessions",
                "recentEvents": [{"timestamp": "2025-11-14 08:12:33", "occ_write_source": "sessions.js:touchSession"}],
            },
            {"kind": "occRetried", "functionId": "notes.js:add", "occCalls": 3, "occTableName": "notes"},
        ],
    }
)


@pytest.fixture
def before(examples: Path) -> Path:
    """The example app that touches its session on every request."""
    return examples / "session-app" / "before"


@pytest.fixture
def insights(tmp_path: Path) -> Path:
    file = tmp_path / "insights.json"
    file.write_text(INSIGHTS, encoding="utf-16")
    return file


def test_a_document_links_from_the_folder_it_lies_in(before: Path, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    assert run(["audit", str(before), "--format", "markdown", "--output", str(folder / "audit.md")]) == 1
    text = (folder / "audit.md").read_text(encoding="utf-8")
    assert text.startswith("# Write-conflict audit\n")
    start = text.index("[convex/sessions.ts:66](") + len("[convex/sessions.ts:66](")
    link = text[start : text.index("#L66", start)]
    assert (folder / link).resolve() == (before / "convex" / "sessions.ts").resolve()


def test_a_document_on_stdout_links_from_the_current_folder(
    before: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(before)
    assert run(["audit", "--format", "markdown", "--fail-on", "never"]) == 0
    assert "[convex/sessions.ts:66](convex/sessions.ts#L66)" in capsys.readouterr().out


def test_the_way_from_a_document_to_the_app(tmp_path: Path) -> None:
    assert link_prefix(tmp_path, tmp_path / "audit.md") == ""
    assert link_prefix(tmp_path / "apps" / "web", tmp_path / "audit.md") == "apps/web/"
    assert link_prefix(tmp_path, tmp_path / "docs" / "audit.md") == "../"


def test_production_beside_the_findings(before: Path, insights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(before), "--insights", str(insights)]) == 1
    out = capsys.readouterr().out
    assert "observed: 12 retries a day, 2025-11-11 to 2025-11-14" in out
    assert "Seen in production (3 days up to 2025-11-14):" in out
    assert "notes:add: 1 retried a day on notes; seen in production, not explained by a finding" in " ".join(
        out.split()
    )


def test_production_from_a_pipe(
    before: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Pipe(io.TextIOWrapper):
        def isatty(self) -> bool:
            return False

    monkeypatch.setattr("sys.stdin", Pipe(io.BytesIO(INSIGHTS.encode()), encoding="utf-8"))
    assert run(["audit", str(before), "--insights", "-", "--fail-on", "never"]) == 0
    assert "Seen in production" in capsys.readouterr().out


def test_the_json_report_holds_both(before: Path, insights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--insights", str(insights), "--seen", "sessions:touchSession=12/day", "--format", "json"]
    assert run(["audit", str(before), *arguments]) == 1
    report = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(audit_schema()).iter_errors(report)) == []
    assert report["findings"][0]["evidence"]["observed"]["retries_per_day"] == 12
    assert [one["function"] for one in report["observations"]["functions"]] == ["sessions:touchSession", "notes:add"]
    assert report["seen"][0]["asked"] == "12/day"
    assert report["seen"][0]["explanations"][0]["traffic"]["page_loads"] > 0


def test_without_them_the_json_report_says_so(before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["audit", str(before), "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    assert (report["observations"], report["seen"]) == (None, [])


def test_a_count_from_the_dashboard(before: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(before), "--seen", "touchSession=12/day", "--seen", "touchSession=3/week"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "sessions:touchSession: 12/day is explained by about" in out
    assert "sessions:touchSession: 3/week is explained by about" in out


def test_observed_counts_do_not_change_the_exit_code(examples: Path, insights: Path) -> None:
    after = examples / "session-app" / "after"
    plain = run(["audit", str(after), "--fail-on", "info"])
    assert run(["audit", str(after), "--fail-on", "info", "--insights", str(insights)]) == plain


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--seen", "touchSession=12"], "write it as FUNCTION=NUMBER/day"),
        (["--seen", "sessions:touchSesion=12/day"], "did you mean 'sessions:touchSession'"),
        (["--seen", "notes:list=12/day"], "name the mutation"),
        (["--insights", "nowhere.json"], "cannot read nowhere.json"),
        (["--insights", "package.json"], "npx convex insights --json --details > package.json"),
    ],
)
def test_what_cannot_be_used_ends_with_2(
    before: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(before)
    assert run(["audit", *options]) == 2
    assert words in capsys.readouterr().err


def test_the_library_takes_them_too(before: Path, insights: Path) -> None:
    audit = contend.audit(before, insights=insights, seen="sessions:touchSession=12/day")
    assert audit.observations is not None
    assert audit.seen[0].function == "sessions:touchSession"
    assert contend.audit(before, insights=INSIGHTS.encode()).observations == audit.observations


def test_the_page_shows_what_the_command_says(before: Path, repository_root: Path) -> None:
    audit = contend.audit(before, seen="sessions:touchSession=12/day")
    page = (repository_root / "docs" / "reports.md").read_text(encoding="utf-8")
    assert f"> sessions:touchSession: {audit.seen[0].text}\n" in page
