"""A few seeds of `evaluation/field_points.py`: which way its points fall."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def script(repository_root) -> ModuleType:
    file = repository_root / "evaluation" / "field_points.py"
    spec = importlib.util.spec_from_file_location("field_points", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["field_points"] = module
    spec.loader.exec_module(module)
    return module


def answered(script: ModuleType, number: int) -> float:
    """The mean of a point over eight seeds."""
    point = script.POINTS[number]
    counts: list[int] = [script.answered((point, script.KINDS[point.kind], seed)) for seed in range(1, 9)]
    return sum(counts) / len(counts)


def test_eight_calls_on_one_row_lose_about_one(script):
    assert 6 <= answered(script, 0) <= 7.7


def test_a_decision_in_one_mutation_with_a_retry_around_loses_none(script):
    assert answered(script, 2) == 40


def test_a_third_of_the_claims_is_lost_and_none_with_slots(script):
    assert 19 <= answered(script, 3) <= 25
    assert answered(script, 4) == 32
