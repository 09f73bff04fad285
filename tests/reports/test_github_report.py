"""Annotations for GitHub Actions: what the runner unescapes is what was meant."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.test_terminal_report import same_as_golden

from contend.model.app import ReadError
from contend.model.audit import Audit
from contend.model.comparison import Comparison, EarlierFinding
from contend.model.findings import Severity
from contend.model.places import Span
from contend.reports.github import render_github

_COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as the runner reads it."""
    match = _COMMAND.fullmatch(line)
    assert match is not None, line

    def unescaped(text: str) -> str:
        for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            text = text.replace(code, character)
        return text

    properties = (part.partition("=") for part in match[2].split(","))
    return match[1], {key: unescaped(value) for key, _, value in properties}, unescaped(match[3])


def commands(audit: Audit, prefix: str = "") -> list[tuple[str, dict[str, str], str]]:
    return [parsed(line) for line in render_github(audit, prefix).splitlines() if line.startswith("::")]


def test_all_of_it(audit: Audit) -> None:
    same_as_golden(render_github(audit, "apps/web"), "findings.github.txt")


def test_nothing_found(clean_audit: Audit) -> None:
    assert render_github(clean_audit) == "contend: No findings\n"


@pytest.mark.parametrize(
    ("severity", "kind"),
    [("critical", "error"), ("high", "error"), ("medium", "warning"), ("low", "notice"), ("info", "notice")],
)
def test_severities_by_kind(audit: Audit, severity: str, kind: str) -> None:
    one = replace(audit, findings=(replace(audit.findings[1], severity=Severity(severity)),))
    assert commands(one)[0][0] == kind


def test_a_cause_on_one_line_has_columns(audit: Audit) -> None:
    place = commands(audit, "apps/web")[0][1]
    assert place["file"] == "apps/web/app/onboarding/page.tsx"
    assert {key: place[key] for key in ("line", "endLine", "col", "endColumn")} == {
        "line": "2",
        "endLine": "2",
        "col": "18",
        "endColumn": "61",
    }


def test_a_cause_on_several_lines_has_none_as_the_runner_refuses_them(audit: Audit) -> None:
    place = commands(audit)[1][1]
    assert (place["line"], place["endLine"]) == ("9", "11")
    assert "col" not in place


def test_the_message_tells_cause_cost_way_and_help(audit: Audit) -> None:
    message = commands(audit)[1][2].split("\n")
    assert message[0].startswith("sessions:touchSession: Every server request stamps")
    assert message[1].startswith("impact, predicted: 0.3 permanent failures, 120 retries")
    assert message[2].startswith("from: every server request: resolveRequestSession (src/hooks.server.ts:8) → ")
    assert message[3].startswith("help: Touch once per page load: skip data requests, hover preload")


def test_silenced_findings_are_counted_only(audit: Audit) -> None:
    text = render_github(audit)
    assert "shared-counter" not in text
    assert "contend: 3 findings: 1 critical, 1 high, 1 medium; 1 silenced\n" in text


def test_unreadable_files_are_warnings(audit: Audit) -> None:
    kind, place, message = commands(audit)[-1]
    assert (kind, place["file"], message) == ("warning", "convex/broken.ts", "not UTF-8 from byte 212 on")


def test_no_text_of_an_app_can_begin_a_command(audit: Audit) -> None:
    evil = "one\r\n::set-env name=PATH::x\n##[error]two 100% \x1b[2J"
    finding = replace(audit.findings[0], message=evil, cause=Span("a,b:c=d%\n::error::.ts", 1, 1, 1, 2))
    gone = EarlierFinding("x", "r", "", "f", "##[error]", Severity.LOW)
    one = replace(
        audit,
        findings=(finding,),
        repository=replace(audit.repository, errors=(ReadError("x\n::error::y", "##[error]z"),)),
        comparisons=(Comparison("revision", "##[group]x", gone=(gone,)),),
    )
    lines = render_github(one).splitlines()
    assert [line[:7] for line in lines] == ["::error", "::warni", "contend", "contend", "contend"]
    assert parsed(lines[0])[1]["file"] == "a,b:c=d%\n::error::.ts"
    assert "\x1b" not in lines[0]
    assert all("##[" not in line for line in lines[2:])


@given(message=st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_what_is_escaped_comes_back(message: str) -> None:
    from contend.reports.github import _command

    kind, properties, text = parsed(_command("error", {"title": message}, message))
    assert (kind, properties["title"], text) == ("error", message, message)


# ── limits and comparisons ───────────────────────────────────────────────────────────────────────────────────────


def test_more_than_github_shows_is_told_in_the_last_line(audit: Audit) -> None:
    many = tuple(replace(audit.findings[1], id=str(number)) for number in range(12))
    lines = render_github(replace(audit, findings=many)).splitlines()
    assert sum(line.startswith("::error") for line in lines) == 12
    assert lines[-1] == (
        "contend: GitHub shows at most 10 annotations of a kind for each step, and there are 12 errors: "
        "all of them are in the log above"
    )


def test_a_baseline_hides_what_it_knows(audit: Audit) -> None:
    loop, touch, helper, _ = audit.findings
    findings = (replace(loop, baseline="worse"), replace(touch, baseline="known"), replace(helper, baseline="new"))
    gone = EarlierFinding("x", "r", "", "f", "a.ts", Severity.LOW)
    comparison = Comparison("baseline", "b.json", 1, 1, ((loop.id, Severity.LOW),), (gone,))
    compared = replace(audit, findings=findings, comparisons=(comparison,))
    titles = [properties["title"] for _, properties, _ in commands(compared)]
    assert titles[:2] == [
        "reactive-feedback-loop (critical): worse, was low",
        "wide-read-before-write (medium): new",
    ]
    assert render_github(compared).splitlines()[-2:] == [
        "contend: 1 known, in baseline b.json; 1 new, 1 worse than accepted",
        "contend: 1 baseline entry no longer found: run --write-baseline",
    ]
