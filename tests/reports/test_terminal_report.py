"""The report a person reads. The golden files are read by eye; `CONTEND_UPDATE_GOLDEN=1` writes them anew."""

from __future__ import annotations

import io
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from contend.model.app import Suppression
from contend.model.audit import Audit, Suppressions
from contend.model.findings import Impact, Severity
from contend.reports.finding_block import add_callers, show_command
from contend.reports.json_report import render_json
from contend.reports.page import Page, plain_text
from contend.reports.terminal import add_audit, render_terminal
from contend.reports.words import impact_words

GOLDEN = Path(__file__).parent / "golden"


def same_as_golden(text: str, name: str) -> None:
    file = GOLDEN / name
    if os.environ.get("CONTEND_UPDATE_GOLDEN") == "1":
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 160])
def test_three_findings(audit: Audit, width: int) -> None:
    same_as_golden(render_terminal(audit, width=width, path="apps/web"), f"findings-{width}.txt")


@pytest.mark.parametrize("width", [80, 160])
def test_nothing_found(clean_audit: Audit, width: int) -> None:
    same_as_golden(render_terminal(clean_audit, width=width), f"clean-{width}.txt")


def test_json(audit: Audit) -> None:
    same_as_golden(render_json(audit, "1.2.3"), "findings.json")


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_no_line_is_wider_than_asked(audit: Audit, width: int) -> None:
    lines = render_terminal(audit, width=width).splitlines()
    copied = ("contend ", "proof:", "// contend-ignore")
    assert max(cell_len(line) for line in lines if not line.strip().startswith(copied)) <= width


def test_what_is_copied_never_wraps(audit: Audit) -> None:
    many = tuple(replace(audit.findings[1], id=str(number)) for number in range(14))
    lines = render_terminal(replace(audit, findings=many), width=40, path="apps/a/long/way/down").splitlines()
    assert "  contend audit apps/a/long/way/down --all" in lines
    assert f"  proof:   {show_command(audit.findings[1].function or '', 'apps/a/long/way/down')}" in lines


def test_the_comment_that_silences_stands_alone(audit: Audit) -> None:
    lines = [line.strip() for line in render_terminal(audit, width=100).splitlines()]
    at = lines.index("// contend-ignore[touch-on-every-request]: <reason>")
    assert lines[at - 1].startswith("silence: above line ")


def test_other_callers_are_counted_under_the_first(audit: Audit) -> None:
    caller = audit.findings[0].callers[0]
    page = Page(width=100)
    add_callers(page, [caller, caller, caller])
    labels = [line.plain.split(":")[0].strip() for line in page.lines if ":" in line.plain or "more" in line.plain]
    assert labels.index("and 2 more callers (effects)") < labels.index("if lost")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp932", "no-such-encoding"])
def test_any_encoding_can_take_it(audit: Audit, encoding: str) -> None:
    page = Page(width=80, encoding=encoding)
    add_audit(page, audit)
    text = plain_text(page)
    assert "touchSession" in text
    text.encode("ascii" if encoding == "no-such-encoding" else encoding)


def test_a_console_without_colours_gets_no_escape_codes(audit: Audit) -> None:
    stream = io.StringIO()
    page = Page(width=80)
    add_audit(page, audit)
    page.print(Console(file=stream, width=80))
    assert stream.getvalue() == plain_text(page)


def test_a_console_with_colours_shows_the_same_words(audit: Audit) -> None:
    stream = io.StringIO()
    page = Page(width=80)
    add_audit(page, audit)
    page.print(Console(file=stream, width=80, force_terminal=True, color_system="standard", legacy_windows=False))
    assert "\x1b[" in stream.getvalue()
    assert re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()) == plain_text(page)


def test_source_code_cannot_send_escape_codes(audit: Audit) -> None:
    finding = replace(audit.findings[1], message="Look: \x1b[2Jgone \u202eecived\u202c")
    text = render_terminal(replace(audit, findings=(finding,)), width=80)
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_ten_findings_are_shown_and_the_rest_counted(audit: Audit) -> None:
    many = tuple(replace(audit.findings[1], id=str(number)) for number in range(14))
    text = render_terminal(replace(audit, findings=many), width=100, path="my app")
    assert text.count("HIGH  touch-on-every-request") == 10
    assert '14 findings: 14 high; the 10 worst are above, all of them:\n  contend audit "my app" --all\n' in text


def test_all_of_them_are_shown_on_request(audit: Audit) -> None:
    many = tuple(replace(audit.findings[1], id=str(number)) for number in range(14))
    text = render_terminal(replace(audit, findings=many), width=100, everything=True)
    assert text.count("HIGH  touch-on-every-request") == 14
    assert "--all" not in text


def test_a_silenced_finding_is_listed_with_its_reason_only(audit: Audit) -> None:
    text = render_terminal(audit, width=100)
    assert "LOW" not in text
    assert "1 finding silenced:\n  convex/stats.ts:14 shared-counter: one writer, once a day" in text


def test_a_comment_that_names_no_rule_is_told(audit: Audit) -> None:
    unused = (Suppression("convex/a.ts", 3, 4, ("nope", "touch-on-every-request"), "because"),)
    text = render_terminal(replace(audit, suppressions=Suppressions(unused=unused)), width=100)
    assert "convex/a.ts:3 (no rule 'nope'), touch-on-every-request" in text


@pytest.mark.parametrize(
    ("impact", "words"),
    [
        (Impact(retries_per_day=3, failures_per_day=0.004), "3 retries a day"),
        (Impact(retries_per_day=0.004), "next to nothing a day"),
        (Impact(retries_per_day=1.02, calls_per_day=1), "1 retry, 1 needless call a day"),
        (Impact(), "nothing a day"),
    ],
)
def test_costs_in_words(impact: Impact, words: str) -> None:
    assert impact_words(impact, "retries") == words


def test_a_number_always_says_what_kind_of_evidence_it_is(audit: Audit) -> None:
    bare = replace(audit.findings[1], predicted=None)
    text = render_terminal(replace(audit, findings=(bare,)), width=100)
    assert "impact:  static: the code says it can happen; nothing says how often" in text


def test_a_function_that_nobody_calls(audit: Audit) -> None:
    lonely = replace(audit.findings[1], callers=(), severity=Severity.LOW)
    assert "from:    nobody in this repository calls it" in render_terminal(
        replace(audit, findings=(lonely,)), width=100
    )


def test_without_the_source_the_place_still_stands(audit: Audit) -> None:
    bare = replace(audit, repository=replace(audit.repository, sources={}))
    assert "--> convex/sessions.ts:9:9" in render_terminal(bare, width=100)


def test_an_app_without_functions(audit: Audit) -> None:
    empty = Audit(repository=replace(audit.repository, apps=(), errors=(), sources={}))
    text = render_terminal(empty, width=80)
    assert text.startswith("no app: 0 functions, 0 tables, 0 callers")
    assert "No findings. 0 rules looked at 0 mutations and 0 conflict pairs." in text
