"""The SARIF report: valid, deterministic, with places that code hosts and viewers find."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.reports.sarif_schema import SARIF_SCHEMA
from tests.reports.test_terminal_report import same_as_golden

from contend.model.app import ReadError, Repository
from contend.model.audit import Audit
from contend.model.comparison import Comparison
from contend.model.findings import Finding, Severity
from contend.model.places import Frame, Span
from contend.reports.places import Places
from contend.reports.sarif import render_sarif
from contend.rules import all_rules


def sarif(audit: Audit, **options: Any) -> dict[str, Any]:
    report = json.loads(render_sarif(audit, "1.2.3", **options))
    Draft202012Validator(SARIF_SCHEMA).validate(report)
    run: dict[str, Any] = report["runs"][0]
    return run


def result_of(audit: Audit, finding: Finding, **options: Any) -> dict[str, Any]:
    result: dict[str, Any] = sarif(replace(audit, findings=(finding,)), **options)["results"][0]
    return result


@pytest.fixture
def compared(audit: Audit) -> Audit:
    """Beside a baseline: one known, one worse, one new."""
    loop, touch, helper, quiet = audit.findings
    findings = (replace(loop, baseline="worse"), replace(touch, baseline="new"), replace(helper, baseline="known"))
    comparison = Comparison("baseline", "contend-baseline.json", 1, 1, ((loop.id, Severity.LOW),))
    return replace(audit, findings=(*findings, replace(quiet, baseline="known")), comparisons=(comparison,))


def test_all_of_it_but_the_texts_of_rules(audit: Audit) -> None:
    report = json.loads(render_sarif(audit, "1.2.3", "apps/web", 1))
    del report["runs"][0]["tool"]["driver"]["rules"]
    same_as_golden(json.dumps(report, indent=2) + "\n", "findings.sarif")


@pytest.mark.parametrize("name", ["audit", "clean_audit", "compared"])
def test_it_is_sarif(name: str, request: pytest.FixtureRequest) -> None:
    sarif(request.getfixturevalue(name))


def test_the_report_does_not_depend_on_machine_or_time(audit: Audit, repository: Repository) -> None:
    elsewhere = replace(audit, repository=replace(repository, path="C:\\somewhere\\else"), seconds=99.0)
    assert render_sarif(elsewhere, "1.2.3") == render_sarif(audit, "1.2.3")


def test_any_encoding_can_take_it(audit: Audit) -> None:
    assert render_sarif(audit, "1.2.3").isascii()


# ── the run ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_rule_explains_itself(audit: Audit) -> None:
    names = tuple(rule.name for rule in all_rules())
    rules = sarif(replace(audit, findings=(), rules=names))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(names)
    assert all({"shortDescription", "fullDescription", "help"} <= set(rule) for rule in rules)
    assert all("## Use instead\n\n" in rule["help"]["markdown"] for rule in rules)


def test_results_point_at_their_rules(audit: Audit) -> None:
    run = sarif(audit)
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [each.rule for each in audit.findings]


def test_the_exit_code_is_told(audit: Audit) -> None:
    assert sarif(audit, exit_code=1)["invocations"][0]["exitCode"] == 1


def test_unreadable_files_are_notifications(audit: Audit) -> None:
    errors = (ReadError("convex/ä b.ts", "line 3: syntax error"),)
    told = sarif(replace(audit, repository=replace(audit.repository, errors=errors)))["invocations"][0]
    notification = told["toolExecutionNotifications"][0]
    assert told["executionSuccessful"] is True
    assert notification["message"]["text"] == "convex/ä b.ts: line 3: syntax error"
    assert notification["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "convex/%C3%A4%20b.ts"


def test_audits_of_several_folders_of_a_repository_do_not_replace_one_another(audit: Audit) -> None:
    assert sarif(audit)["automationDetails"]["id"] == "contend/"
    assert sarif(audit, prefix="apps/web")["automationDetails"]["id"] == "contend/apps/web/"


# ── a result ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("severity", "level"),
    [("critical", "error"), ("high", "error"), ("medium", "warning"), ("low", "note"), ("info", "note")],
)
def test_severity_as_level_and_rank(audit: Audit, severity: str, level: str) -> None:
    result = result_of(audit, replace(audit.findings[0], severity=Severity(severity)))
    assert (result["level"], result["properties"]["severity"]) == (level, severity)


def test_ranks_order_as_severities_do(audit: Audit) -> None:
    ranks = [result_of(audit, replace(audit.findings[0], severity=severity))["rank"] for severity in Severity]
    assert ranks == sorted(ranks, reverse=True)


def test_the_id_is_the_fingerprint_and_the_line_hash_is_left_to_who_uploads(audit: Audit) -> None:
    result = result_of(audit, audit.findings[1])
    assert result["partialFingerprints"] == result["fingerprints"] == {"contendFindingId/v1": "a3f1c2d4e5"}


def test_paths_start_at_the_root_of_the_repository(audit: Audit) -> None:
    place = result_of(audit, audit.findings[1], prefix="apps/web")["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "apps/web/convex/sessions.ts", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 9, "startColumn": 9, "endLine": 11, "endColumn": 5}


def test_each_caller_is_a_flow_from_its_trigger_to_the_cause(audit: Audit) -> None:
    flow = result_of(audit, audit.findings[1])["codeFlows"][0]
    steps = flow["threadFlows"][0]["locations"]
    assert flow["message"]["text"] == "every server request"
    assert [
        (
            step["location"]["physicalLocation"]["artifactLocation"]["uri"],
            step["location"]["physicalLocation"]["region"]["startLine"],
            step["location"]["message"]["text"],
        )
        for step in steps
    ] == [
        ("src/hooks.server.ts", 8, "resolveRequestSession"),
        ("src/lib/server/auth/session.ts", 25, "touchSession"),
        ("src/lib/server/auth/session-store.ts", 49, "sessions:touchSession"),
        ("convex/sessions.ts", 9, "the cause"),
    ]


def test_a_chain_without_frames_still_is_a_flow(audit: Audit) -> None:
    caller = replace(audit.findings[1].callers[0], chain=(Frame("src/a.ts", 1, "hook"),))
    for bare in (caller, replace(caller, chain=())):
        flow = result_of(audit, replace(audit.findings[1], callers=(bare,)))["codeFlows"][0]
        texts = [step["location"]["message"]["text"] for step in flow["threadFlows"][0]["locations"]]
        assert texts[-2:] == ["sessions:touchSession", "the cause"]


def test_reads_and_writes_of_the_pairs_are_related_and_linked(audit: Audit) -> None:
    result = result_of(audit, audit.findings[1])
    told = {one["id"]: (one["message"]["text"], one["physicalLocation"]) for one in result["relatedLocations"]}
    assert told[1][0] == "sessions:touchSession reads sessions (by_session, sessionId = args.sessionId)"
    assert told[2][0] == "sessions:touchSession writes sessions"
    assert told[2][1]["region"]["startLine"] == 9
    assert result["message"]["text"].count("[read](1), [write](2)") == 1


def test_each_related_place_is_told_once(audit: Audit) -> None:
    pairs = audit.findings[2].pairs * 3
    related = result_of(audit, replace(audit.findings[2], pairs=pairs))["relatedLocations"]
    assert len(related) == 4  # three victims that read, one writer


def test_text_of_an_app_makes_no_links(audit: Audit) -> None:
    result = result_of(audit, replace(audit.findings[0], message="see [here](1) and [there](https://example.org)"))
    assert "[here] (1)" in result["message"]["text"]
    assert "](http" not in result["message"]["text"] + result["message"]["markdown"]


def test_a_silenced_result_gives_reason_and_comment(audit: Audit) -> None:
    assert result_of(audit, audit.findings[3])["suppressions"] == [
        {
            "kind": "inSource",
            "status": "accepted",
            "justification": "one writer, once a day",
            "location": {
                "physicalLocation": {
                    "artifactLocation": {"uri": "convex/stats.ts", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 13},
                }
            },
        }
    ]


def test_all_results_have_suppressions_as_the_standard_wants(audit: Audit) -> None:
    assert [len(result["suppressions"]) for result in sarif(audit)["results"]] == [0, 0, 0, 1]


def test_what_a_baseline_knows_is_unchanged_and_suppressed(compared: Audit) -> None:
    results = sarif(compared)["results"]
    assert [result["baselineState"] for result in results] == ["updated", "new", "unchanged", "unchanged"]
    assert results[2]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "in the baseline contend-baseline.json"}
    ]
    assert "was low" in results[0]["message"]["text"]


def test_without_a_comparison_there_is_no_state(audit: Audit) -> None:
    assert all("baselineState" not in result for result in sarif(audit)["results"])


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_columns_count_utf16_code_units_without_the_byte_order_mark() -> None:
    places = Places({"a.ts": "\ufeffconst 🦀 = db.patch(id);\r\nconst é = db.patch(id);\r\n"})
    assert places.columns(Span("a.ts", 1, 12, 1, 24)) == (12, 24)  # one more for the crab, one less for the mark
    assert places.columns(Span("a.ts", 2, 11, 2, 23)) == (11, 23)


def test_no_columns_where_the_text_is_not_at_hand(audit: Audit) -> None:
    region = result_of(audit, audit.findings[3])["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 14, "endLine": 14}


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_uris_are_relative_and_say_the_path(path: str) -> None:
    uri = Places({}, "apps/web").uri(path)
    assert unquote(uri) == f"apps/web/{path}"
    assert set(uri) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%/")


@given(st.text(), st.data())
def test_columns_are_what_an_editor_counts(line: str, data: st.DataObject) -> None:
    line = line.replace("\n", "").removeprefix("\ufeff")
    at = data.draw(st.integers(0, len(line)))
    columns = Places({"a.ts": line}).columns(Span("a.ts", 1, at + 1, 1, len(line) + 1))
    before = sum(2 if ord(character) > 0xFFFF else 1 for character in line[:at])
    assert columns is not None
    assert columns[0] == before + 1
