"""The JSON contract: what stands in `schema/audit.schema.json`, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contend.model.app import Repository
from contend.model.audit import Audit
from contend.model.findings import Impact
from contend.reports.function_json import render_function_json
from contend.reports.function_view import function_view
from contend.reports.json_report import audit_json, audit_schema, render_json


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(audit_schema())


def test_the_schema_is_strict_everywhere() -> None:
    for part in objects(audit_schema()):
        assert "additionalProperties" in part
        assert set(part.get("required", ())) == set(part.get("properties", ()))


@pytest.mark.parametrize(
    "name", ["finding", "predicted", "observed", "pair", "caller", "fix", "assumption", "comparison"]
)
def test_the_schema_describes_every_field(name: str) -> None:
    described = audit_schema()["$defs"][name]["properties"]
    assert [field for field, schema in described.items() if "description" not in schema] == []


@pytest.mark.parametrize("name", ["audit", "clean_audit"])
def test_reports_meet_the_schema(name: str, request: pytest.FixtureRequest) -> None:
    report = json.loads(render_json(request.getfixturevalue(name), "1.2.3"))
    Draft202012Validator(audit_schema()).validate(report)


def test_the_schema_refuses_what_it_does_not_know(audit: Audit) -> None:
    validator = Draft202012Validator(audit_schema())
    extra = audit_json(audit, "1.2.3") | {"generated_at": "today"}
    absolute = json.loads(render_json(audit, "1.2.3"))
    absolute["findings"][0]["file"] = "/srv/app/convex/a.ts"
    windows = json.loads(render_json(audit, "1.2.3"))
    windows["findings"][0]["file"] = "convex\\a.ts"
    assert not any(validator.is_valid(report) for report in (extra, absolute, windows))


def test_the_top_level_is_the_contract(audit: Audit) -> None:
    keys = ["schema", "tool", "apps", "findings", "notes", "inventory", "assumptions", "errors", "comparisons"]
    assert list(audit_json(audit, "1.2.3")) == [*keys, "observations", "seen"]


def test_numbers_have_four_significant_digits(audit: Audit) -> None:
    predicted = Impact(retries_per_day=1234.5678, failures_per_day=0.000123456, query_reruns_per_day=18000.0)
    one = replace(audit, findings=(replace(audit.findings[0], predicted=predicted),))
    impact = json.loads(render_json(one, "1.2.3"))["findings"][0]["evidence"]["predicted"]
    assert impact["retries_per_day"] == 1235
    assert impact["failures_per_day"] == 0.0001235
    assert '"query_reruns_per_day": 18000,' in render_json(one, "1.2.3")


def test_what_telemetry_does_not_count_is_null_not_zero(audit: Audit) -> None:
    observed = json.loads(render_json(audit, "1.2.3"))["findings"][0]["evidence"]["observed"]
    assert observed["query_reruns_per_day"] is None
    assert observed["retries_per_day"] == 5600


def test_functions_go_by_their_path_within_the_app(audit: Audit) -> None:
    finding = replace(
        audit.findings[1],
        app="apps/web",
        function="apps/web#sessions:touchSession",
        functions=("apps/web#sessions:touchSession", "packages/mail#queue:send"),
    )
    found = json.loads(render_json(replace(audit, findings=(finding,)), "1.2.3"))["findings"][0]
    assert found["app"] == "apps/web"
    assert found["function"] == "sessions:touchSession"
    assert found["functions"] == ["sessions:touchSession", "packages/mail#queue:send"]


def test_the_report_does_not_depend_on_machine_or_time(audit: Audit, repository: Repository) -> None:
    elsewhere = replace(audit, repository=replace(repository, path="/somewhere/else"), seconds=99.0)
    assert render_json(elsewhere, "1.2.3") == render_json(audit, "1.2.3")


def test_any_encoding_can_take_it(audit: Audit) -> None:
    assert render_json(audit, "1.2.3").isascii()


def test_a_function_names_its_pairs_and_findings_as_the_audit_does(audit: Audit) -> None:
    report = json.loads(render_function_json(function_view(audit, "touchSession"), "1.2.3"))
    assert report["function"] == "sessions:touchSession"
    assert [access["op"] for access in report["accesses"]] == ["query", "patch"]
    assert [len(report["pairs"][side]) for side in ("as_victim", "as_writer")] == [1, 3]
    assert report["findings"][0] == json.loads(render_json(audit, "1.2.3"))["findings"][1]
