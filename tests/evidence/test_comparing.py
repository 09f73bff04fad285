"""Two states of one app: what is known again, what is new, worse, gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contend.evidence.comparing import against_baseline, compare, match, remembered
from contend.model.app import Repository
from contend.model.audit import Audit
from contend.model.comparison import Comparison, EarlierFinding
from contend.model.findings import Finding, Note, Severity, Standing
from contend.model.places import Span

SOURCE = "line one\n  await ctx.db.patch(id, { at: now });\n"


def finding(id: str, severity: Severity = Severity.HIGH, **other: Any) -> Finding:
    one = Finding(
        id=id,
        rule="touch-on-every-request",
        app="",
        severity=severity,
        severity_by="retries",
        confidence="high",
        function="sessions:touch",
        functions=("sessions:touch",),
        cause=Span("convex/sessions.ts", 2, 9, 2, 42),
        message="stamps",
        pairs=(),
        callers=(),
        static=(),
        predicted=None,
        fixes=(),
        table="sessions",
    )
    return replace(one, **other)


def audit(*findings: Finding, sources: dict[str, str] | None = None, notes: Sequence[Note] = ()) -> Audit:
    sources = {"convex/sessions.ts": SOURCE} if sources is None else sources
    return Audit(
        Repository(".", (), (), (), sources=sources),
        findings=findings,
        notes=tuple(notes),
        rules=("touch-on-every-request",),
    )


def standings(result: Audit) -> dict[str, Standing | None]:
    return {one.id: one.baseline for one in result.findings}


# ── a change ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_there_is_left_out_and_counted() -> None:
    result = compare(audit(finding("a")), audit(finding("a")), name="main", commit="abc")
    assert result.findings == ()
    assert result.comparisons == (Comparison("revision", "main", known=1, commit="abc"),)


def test_what_was_not_there_is_new() -> None:
    result = compare(audit(sources={}), audit(finding("a")))
    assert standings(result) == {"a": "new"}
    assert result.comparisons[0].new == 1


def test_what_was_milder_is_worse_and_says_what_it_was() -> None:
    result = compare(audit(finding("a", Severity.LOW)), audit(finding("a", Severity.HIGH)))
    assert standings(result) == {"a": "worse"}
    assert result.was(result.findings[0]) is Severity.LOW


def test_what_got_milder_is_known() -> None:
    assert compare(audit(finding("a")), audit(finding("a", Severity.LOW))).comparisons[0].known == 1


def test_what_is_gone_is_fixed() -> None:
    result = compare(audit(finding("a")), audit())
    assert [one.id for one in result.comparisons[0].gone] == ["a"]


def test_a_finding_whose_comment_was_taken_away_is_new() -> None:
    assert standings(compare(audit(finding("a", suppressed="rare")), audit(finding("a")))) == {"a": "new"}


def test_a_finding_that_is_silenced_now_stays_for_the_review_and_is_not_fixed() -> None:
    result = compare(audit(finding("a")), audit(finding("a", suppressed="rare")))
    assert [one.id for one in result.findings] == ["a"]
    assert result.open_findings == ()
    assert result.comparisons[0].gone == ()


def test_what_is_silenced_on_both_sides_says_nothing() -> None:
    silenced = audit(finding("a", suppressed="rare"))
    assert compare(silenced, silenced).findings == ()
    assert compare(silenced, audit()).comparisons[0].gone == ()


def test_only_new_notes_are_told() -> None:
    old = Note("n1", "unbounded-table", "", Span("convex/a.ts", 1, 1, 1, 2), None, "grows")
    result = compare(audit(notes=[old]), audit(notes=[old, replace(old, id="n2")]))
    assert [note.id for note in result.notes] == ["n2"]


# ── renames ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_renamed_file_and_function_is_known_by_the_text_of_the_cause() -> None:
    place: dict[str, Any] = {"function": "auth/sessions:touchSession", "functions": ("auth/sessions:touchSession",)}
    moved = finding("b", cause=Span("convex/auth/sessions.ts", 1, 1, 2, 20), **place)
    reformatted = {"convex/auth/sessions.ts": "await ctx.db.patch(\r\n  id,{ at:   now });\r\n"}
    before = audit(finding("a", cause=Span("convex/sessions.ts", 2, 3, 2, 38)))
    result = compare(before, audit(moved, sources=reformatted))
    assert result.findings == ()
    assert result.comparisons[0].gone == ()


@pytest.mark.parametrize("other", [{"rule": "ineffective-guard"}, {"table": "users"}])
def test_the_same_text_is_another_finding_under_another_rule_or_table(other: dict[str, Any]) -> None:
    result = compare(audit(finding("a")), audit(finding("b", **other)))
    assert standings(result) == {"b": "new"}


def test_each_earlier_finding_is_used_once() -> None:
    result = compare(audit(finding("a")), audit(finding("b"), finding("c")))
    assert list(standings(result).values()) == ["new"]


def test_without_the_text_only_the_id_counts() -> None:
    result = compare(audit(finding("a"), sources={}), audit(finding("b"), sources={}))
    assert standings(result) == {"b": "new"}


def test_the_same_function_is_preferred_to_the_same_file() -> None:
    def entry(id: str, function: str, file: str) -> EarlierFinding:
        return EarlierFinding(id, "rule", "", function, file, Severity.LOW, "text")

    before = [entry("1", "m:other", "a.ts"), entry("2", "m:touch", "b.ts")]
    after = [entry("3", "n:touch", "a.ts"), entry("4", "m:another", "b.ts")]
    assert {id: then.id for id, then in match(before, after).items()} == {"3": "2", "4": "1"}


entries = st.lists(
    st.builds(
        EarlierFinding,
        id=st.text("abcdef", min_size=1, max_size=2),
        rule=st.sampled_from(["r", "s"]),
        app=st.just(""),
        function=st.sampled_from(["m:f", "m:g", "n:f"]),
        file=st.sampled_from(["a.ts", "b.ts"]),
        severity=st.sampled_from(Severity),
        likeness=st.sampled_from(["", "x", "y"]),
    ),
    max_size=8,
    unique_by=lambda one: one.id,
)


@given(entries, entries)
def test_no_earlier_finding_is_matched_twice_and_equal_ids_always_are(
    before: list[EarlierFinding], after: list[EarlierFinding]
) -> None:
    matches = match(before, after)
    used = [then.id for then in matches.values()]
    assert len(used) == len(set(used))
    both = {one.id for one in before} & {one.id for one in after}
    assert {id for id in both if matches[id].id == id} == both


@given(entries)
def test_nothing_changed_is_all_known(state: list[EarlierFinding]) -> None:
    assert {id: then.id for id, then in match(state, state).items()} == {one.id: one.id for one in state}


# ── a baseline ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_baseline_keeps_all_findings_and_tells_them_apart() -> None:
    accepted = remembered(audit(finding("a"), finding("b", Severity.LOW), finding("gone", table="rooms")))
    now = audit(finding("a"), finding("b", Severity.CRITICAL), finding("c", table="users"))
    result = against_baseline(now, accepted, "baseline.json", ["touch-on-every-request"])
    assert standings(result) == {"a": "known", "b": "worse", "c": "new"}
    assert [one.id for one in result.open_findings] == ["b", "c"]
    comparison = result.comparisons[0]
    assert (comparison.known, comparison.new, comparison.worse) == (1, 1, (("b", Severity.LOW),))
    assert [one.id for one in comparison.gone] == ["gone"]


def test_a_baseline_says_nothing_of_rules_that_did_not_run() -> None:
    accepted = remembered(audit(finding("a", rule="ineffective-guard")))
    known = against_baseline(audit(), accepted, "b.json", ["ineffective-guard", "touch-on-every-request"])
    retired = against_baseline(audit(), accepted, "b.json", ["touch-on-every-request"])
    assert known.comparisons[0].gone == ()
    assert [one.id for one in retired.comparisons[0].gone] == ["a"]


def test_a_silenced_finding_is_no_longer_counted_but_not_gone() -> None:
    result = against_baseline(audit(finding("a", suppressed="rare")), remembered(audit(finding("a"))), "b.json", [])
    assert (result.comparisons[0].known, result.comparisons[0].gone) == (0, ())


def test_what_a_baseline_accepts_stays_hidden_in_what_a_change_introduces() -> None:
    now = against_baseline(audit(finding("a")), remembered(audit(finding("a"))), "b.json", [])
    result = compare(audit(sources={}), now)
    assert standings(result) == {"a": "known"}
    assert result.open_findings == ()
    assert [comparison.against for comparison in result.comparisons] == ["baseline", "revision"]
