"""Every rule, by the small apps in its own file: what it must report, and where it must stay quiet."""

from __future__ import annotations

from pathlib import Path

import pytest

import contend
from contend.model.findings import Finding
from contend.rules import Case, Rule, all_rules
from contend.rules.rule import SECTIONS

RULES = {rule.name: rule for rule in all_rules()}
INVALID = [pytest.param(rule, case, id=f"{rule.name}: {case.title}") for rule in all_rules() for case in rule.INVALID]
VALID = [pytest.param(rule, case, id=f"{rule.name}: {case.title}") for rule in all_rules() for case in rule.VALID]


def findings(rule: Rule, case: Case, directory: Path) -> tuple[Finding, ...]:
    """What the rule alone says of the case's app."""
    for path, text in case.files.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip("\n"), encoding="utf-8")
    return contend.audit(directory, select=[rule.name], use_cache=False, jobs=1).findings


def cause_line(finding: Finding, case: Case) -> str:
    """The line of source that a finding points to."""
    return case.files[finding.cause.file].lstrip("\n").splitlines()[finding.cause.line - 1]


@pytest.mark.parametrize(("rule", "case"), INVALID)
def test_reports_the_hazard_at_its_cause(rule: Rule, case: Case, tmp_path: Path) -> None:
    found = findings(rule, case, tmp_path)
    lines = [cause_line(finding, case) for finding in found]
    assert len(found) == len(case.expects), lines
    for expected in case.expects:
        assert any(expected in line for line in lines), lines


@pytest.mark.parametrize(("rule", "case"), INVALID)
def test_every_report_carries_its_evidence(rule: Rule, case: Case, tmp_path: Path) -> None:
    for finding in findings(rule, case, tmp_path):
        assert finding.pairs, "a finding is about pairs"
        assert finding.callers, "somebody starts it"
        assert finding.static
        assert finding.predicted is not None
        assert finding.predicted.assumptions
        assert finding.fixes


@pytest.mark.parametrize(("rule", "case"), VALID)
def test_stays_quiet(rule: Rule, case: Case, tmp_path: Path) -> None:
    found = findings(rule, case, tmp_path)
    assert [(finding.message, finding.cause.line) for finding in found] == []


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_a_rule_is_a_lesson(rule: Rule) -> None:
    assert tuple(rule.docs) == SECTIONS
    assert all(text.strip() for text in rule.docs.values())
    assert rule.summary.endswith(".")
    assert len(rule.INVALID) >= 2
    assert len(rule.VALID) >= 2
    assert any(case.trap for case in rule.VALID)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_a_suppression_with_a_reason_silences_the_cause(rule: Rule, tmp_path: Path) -> None:
    case = rule.INVALID[0]
    [finding] = findings(rule, case, tmp_path)
    file = tmp_path / finding.cause.file
    lines = file.read_text(encoding="utf-8").splitlines()
    comment = f"// contend-ignore[{rule.name}]: one user, measured"
    file.write_text("\n".join([*lines[: finding.cause.line - 1], comment, *lines[finding.cause.line - 1 :]]), "utf-8")
    audit = contend.audit(tmp_path, select=[rule.name], use_cache=False, jobs=1)
    assert [one.suppressed for one in audit.findings] == ["one user, measured"]
    assert audit.open_findings == ()
    assert audit.findings[0].id == finding.id, "an id does not depend on lines"


def test_the_documentation_page_is_made_from_the_rules(repository_root: Path) -> None:
    """`python docs/rules_page.py` writes it."""
    written = (repository_root / "docs" / "rules.md").read_text(encoding="utf-8")
    for rule in all_rules():
        assert f"## {rule.name}\n" in written
        assert rule.summary in written
        for text in rule.docs.values():
            assert text in written
