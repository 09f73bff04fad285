"""One cause is one finding, however many functions it reaches, and what it is bad for decides its severity."""

from __future__ import annotations

import json
from pathlib import Path

import contend
from contend.model.audit import Audit
from contend.model.findings import Severity
from contend.reports.json_report import render_json
from contend.rules import Rule, all_rules

RULES: dict[str, Rule] = {rule.name: rule for rule in all_rules()}


def audit(name: str, directory: Path, case: int = 0) -> Audit:
    for path, text in RULES[name].INVALID[case].files.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip("\n"), encoding="utf-8")
    return contend.audit(directory, select=[name], use_cache=False, jobs=1)


def test_a_helper_with_a_wide_read_is_one_finding_for_mutations_and_queries(tmp_path: Path) -> None:
    [finding] = audit("wide-read-before-write", tmp_path).findings
    assert finding.helper == "requireSession"
    assert set(finding.functions) == {"notes:add", "notes:list"}
    assert {pair.kind for pair in finding.pairs} == {"conflict", "invalidation"}
    assert finding.fixes[0].kind == "mechanical", "the index exists"


def test_a_hole_is_judged_by_the_calls_that_rely_on_it(tmp_path: Path) -> None:
    result = audit("unprotected-check", tmp_path)
    [finding] = result.findings
    assert (finding.severity, finding.severity_by) == (Severity.HIGH, "invariant")
    assert finding.predicted is not None
    assert finding.predicted.retries_per_day == 0, "not a conflict"
    told = json.loads(render_json(result, "0"))["findings"][0]["evidence"]["predicted"]
    assert told["invariant_per_day"] == finding.predicted.invariant_per_day > 0


def test_a_log_of_few_rows_is_never_more_than_low(tmp_path: Path) -> None:
    [finding] = audit("unbounded-log-table", tmp_path).findings
    assert finding.severity is Severity.LOW
    assert finding.severity_by == "writes"
