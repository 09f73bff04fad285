"""Counts of production beside the findings that explain them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import contend
from contend.evidence.production import with_insights
from contend.model.audit import Audit
from contend.model.observations import ObservedFunction
from contend.telemetry.sources.insights import Insight, Insights, RecentEvent


@pytest.fixture(scope="module")
def audit(examples: Path) -> Audit:
    return contend.audit(examples / "session-app" / "before", select="touch-on-every-request")


def insight(function: str = "sessions.js:touchSession", calls: int = 36, **more: object) -> Insight:
    fields: Mapping[str, object] = {"kind": "occRetried", "occ_table_name": "sessions", **more}
    return Insight(function_id=function, occ_calls=calls, **fields)  # type: ignore[arg-type]


def events(*sources: str | None) -> tuple[RecentEvent, ...]:
    return tuple(RecentEvent("2025-11-14 10:00:00", source) for source in sources)


def seen(audit: Audit, *insights: Insight) -> dict[str, ObservedFunction]:
    result = with_insights(audit, Insights(insights)).observations
    assert result is not None
    return {one.function: one for one in result.functions}


def test_three_days_of_conflicts_are_told_by_day(audit: Audit) -> None:
    touch = seen(audit, insight(), insight(kind="occFailedPermanently", calls=3))["sessions:touchSession"]
    assert (touch.retries_per_day, touch.failures_per_day, touch.conflicts_per_day) == (12, 1, 13)
    assert touch.ids == ("sessions:touchSession",)


def test_they_stand_beside_the_finding_that_explains_them(audit: Audit) -> None:
    joined = with_insights(audit, Insights((insight(recent_events=events("sessions.js:touchSession")),)))
    (finding,) = joined.findings
    assert finding.observed is not None
    assert (finding.observed.retries_per_day, finding.observed.calls_per_day) == (12, None)
    assert finding.observed.conflicts_by_source == (("sessions:touchSession", 12),)
    assert (finding.observed.since, finding.observed.until) == ("2025-11-11", "2025-11-14")
    assert finding.severity == audit.findings[0].severity
    assert joined.observations is not None
    assert joined.observations.functions[0].findings == (finding.id,)


def test_conflicts_on_another_table_are_not_explained_by_it(audit: Audit) -> None:
    assert seen(audit, insight(occ_table_name="users"))["sessions:touchSession"].findings == ()


def test_a_conflict_of_unknown_table_counts_for_what_the_function_loses(audit: Audit) -> None:
    assert seen(audit, insight(occ_table_name=None))["sessions:touchSession"].findings != ()


def test_a_function_without_a_finding_is_there_too(audit: Audit) -> None:
    found = seen(audit, insight("notes:add", occ_table_name="notes"), insight("gone.js:default"))
    assert (found["notes:add"].ids, found["notes:add"].findings) == (("notes:add",), ())
    assert found["gone"].ids == ()


def test_writers_are_named_as_the_audit_names_them(audit: Audit) -> None:
    sources = events("sessions.js:endSession", "sessions.js:endSession", "app_funrun_schedule_job", None)
    touch = seen(audit, insight(recent_events=sources))["sessions:touchSession"]
    assert touch.conflicts_by_source == (
        ("sessions:endSession", 6),
        ("a writer that Convex does not name", 3),
        ("app_funrun_schedule_job", 3),
    )
    assert (touch.from_events, touch.scheduled) == (4, ())


def test_scheduled_writers_lose_their_name_and_get_what_they_can_be(audit: Audit) -> None:
    sources = events("scheduled_job_mutation_success", "cron_commit_mutation")
    touch = seen(audit, insight(recent_events=sources))["sessions:touchSession"]
    assert dict(touch.conflicts_by_source) == {"a scheduled mutation": 6, "a cron mutation": 6}
    assert touch.scheduled == ("sessions:deleteExpired",)


def test_reads_near_a_limit_are_counted_apart(audit: Audit) -> None:
    reads = Insight(kind="bytesReadThreshold", function_id="notes.js:list", count=7)
    listed = seen(audit, reads)["notes:list"]
    assert (listed.read_limits, listed.conflicts_per_day) == ((("bytesReadThreshold", 7),), 0)


def test_a_component_s_function_is_not_the_app_s(audit: Audit) -> None:
    assert seen(audit, insight(component_path="sessions"))["sessions:touchSession"].ids == ()


def test_kinds_that_are_not_known_are_passed_over(audit: Audit) -> None:
    assert seen(audit, insight(kind="vectorLimit")) == {}


def test_the_worst_comes_first(audit: Audit) -> None:
    found = seen(audit, insight("a:few", 3), insight("b:many", 30), insight("c:lost", 3, kind="occFailedPermanently"))
    assert list(found) == ["c:lost", "b:many", "a:few"]
