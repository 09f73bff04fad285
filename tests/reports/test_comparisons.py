"""How reports for people tell known, new, worse and gone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from contend.model.audit import Audit
from contend.model.comparison import Comparison, EarlierFinding
from contend.model.findings import Severity
from contend.reports.comparison_words import comparison_words, gone_words, nothing_words
from contend.reports.terminal import render_terminal

GONE = EarlierFinding("x", "touch-on-every-request", "", "keys:touch", "convex/keys.ts", Severity.HIGH)


@pytest.fixture
def compared(audit: Audit) -> Audit:
    """Beside a baseline: one worse, one new, one known, one gone; the fourth is silenced."""
    loop, touch, helper, quiet = audit.findings
    findings = (
        replace(loop, baseline="worse"),
        replace(touch, baseline="new"),
        replace(helper, baseline="known"),
        quiet,
    )
    comparison = Comparison("baseline", "contend-baseline.json", 1, 1, ((loop.id, Severity.LOW),), (GONE,))
    return replace(audit, findings=findings, comparisons=(comparison,))


def test_a_baseline(compared: Audit) -> None:
    text = render_terminal(compared, width=160)
    assert "CRITICAL  reactive-feedback-loop  onboarding:saveStep  (for needless calls, was low)" in text
    assert "wide-read-before-write" not in text
    assert "2 findings: 1 critical, 1 high\n" in text
    assert "Compared: 1 known, in baseline contend-baseline.json; 1 new, 1 worse than accepted.\n" in text
    assert (
        "1 baseline entry no longer found: run --write-baseline:\n"
        "  convex/keys.ts keys:touch touch-on-every-request (high)\n"
    ) in text


@pytest.mark.parametrize("width", [40, 80])
def test_it_fits_a_narrow_terminal(compared: Audit, width: int) -> None:
    lines = render_terminal(compared, width=width).splitlines()
    copied = ("contend ", "proof:", "// contend-ignore")  # what is copied never wraps
    assert max(cell_len(line) for line in lines if not line.strip().startswith(copied)) <= width


def test_a_revision() -> None:
    comparison = Comparison(
        "revision", "origin/main", 14, 2, (("a", Severity.LOW),), (GONE, GONE), "1a2b3c4d5e6f7a8b9c"
    )
    words = "since origin/main (1a2b3c4d5e): 2 new, 1 worse, 2 fixed, 14 as before"
    assert comparison_words(comparison) == words
    assert gone_words(comparison) == "2 findings fixed since origin/main"


def test_a_commit_named_by_its_own_name_is_named_once() -> None:
    comparison = Comparison("revision", "1a2b3c4", commit="1a2b3c4d5e6f7a8b9c")
    assert comparison_words(comparison).startswith("since 1a2b3c4: ")


def test_nothing_is_gone() -> None:
    assert gone_words(Comparison("baseline", "b.json")) == ""


def test_nothing_open(compared: Audit) -> None:
    silenced, known = compared.findings[3], compared.findings[2]
    since = Comparison("revision", "main")
    assert nothing_words(replace(compared, findings=())) == "No findings"
    assert nothing_words(replace(compared, findings=(silenced,))) == "No findings but 1 silenced"
    assert nothing_words(replace(compared, findings=(silenced, known))) == "No findings but 1 silenced and 1 known"
    assert nothing_words(replace(compared, findings=(), comparisons=(since,))) == "No new findings"
