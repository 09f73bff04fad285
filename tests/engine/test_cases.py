"""The engine does what Convex does: every case, under its id."""

from __future__ import annotations

import pytest

from contend.engine.cases.catalogue import CASES
from contend.engine.cases.runner import run
from contend.engine.cases.steps import Case

EXPECTED_IDS = (
    {f"T{number}" for number in range(1, 67)}
    | {f"D{number}" for number in range(1, 7)}
    | {f"C{number}" for number in range(1, 100)}
)


def test_every_id_has_a_case() -> None:
    assert {case.id for case in CASES} == EXPECTED_IDS


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    run(case)
