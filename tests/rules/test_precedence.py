"""One cause is one finding: of rules that could all report a write, the one that says most does."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.rules.rule_apps import findings_of

from contend.rules.coarse_contention_key import CoarseContentionKey
from contend.rules.mixed_churn_document import MixedChurnDocument
from contend.rules.rule import Case
from contend.rules.shared_counter import SharedCounter
from contend.rules.touch_on_every_request import TouchOnEveryRequest
from contend.rules.unconditional_upsert import UnconditionalUpsert

RULES = (TouchOnEveryRequest, SharedCounter, UnconditionalUpsert, CoarseContentionKey, MixedChurnDocument)
CASES = [pytest.param(rule.name, case, id=f"{rule.name}: {case.title}") for rule in RULES for case in rule.INVALID]
WRITES = [rule.name for rule in RULES]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_no_two_rules_report_one_write(name: str, case: Case, tmp_path: Path) -> None:
    causes = [(finding.cause, finding.rule) for finding in findings_of(case.files, tmp_path, *WRITES)]
    assert len({cause for cause, _ in causes}) == len(causes), causes
    assert name in {rule for _, rule in causes}
