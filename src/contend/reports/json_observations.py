"""What production saw, and what counts say about traffic, as parts of the JSON report."""

from __future__ import annotations

from collections.abc import Sequence

from contend.model.observations import Observations, ObservedFunction, SeenAnswer
from contend.reports.numbers import Json


def observations_json(seen: Observations | None) -> dict[str, Json] | None:
    """The observed counts by function, worst first; None where nothing was given."""
    if seen is None:
        return None
    return {
        "source": seen.source,
        "deployment": seen.deployment,
        "days": seen.days,
        "since": seen.since,
        "until": seen.until,
        "gap_estimate": seen.gap_estimate,
        "functions": [_function(one) for one in seen.functions],
    }


def seen_json(answers: Sequence[SeenAnswer]) -> list[Json]:
    """The answers to counts that somebody saw, in the order asked."""
    return [
        {
            "function": answer.function,
            "asked": answer.asked,
            "seen_per_day": answer.seen_per_day,
            "predicted_per_day": answer.predicted_per_day,
            "explanations": [{"traffic": dict(one.settings), "text": one.text} for one in answer.explanations],
            "text": answer.text,
        }
        for answer in answers
    ]


def _function(one: ObservedFunction) -> dict[str, Json]:
    return {
        "function": one.function,
        "component": one.component,
        "in_repository": bool(one.ids),
        "retries_per_day": one.retries_per_day,
        "failures_per_day": one.failures_per_day,
        "tables": list(one.tables),
        "conflicts_by_source": dict(one.conflicts_by_source),
        "from_events": one.from_events,
        "scheduled": list(one.scheduled),
        "read_limits": dict(one.read_limits),
        "findings": list(one.findings),
    }
