"""What production saw, in words that all reports share."""

from __future__ import annotations

from contend.model.observations import Observations, ObservedFunction
from contend.reports.numbers import counted, spoken

_LIMITS = {
    "documentsReadLimit": "over the limit of documents read",
    "bytesReadLimit": "over the limit of bytes read",
    "documentsReadThreshold": "near the limit of documents read",
    "bytesReadThreshold": "near the limit of bytes read",
}


def window_words(seen: Observations) -> str:
    """`3 days up to 2025-11-14`; without a date where the source gives none."""
    return f"{seen.days:g} days up to {seen.until}" if seen.until else f"{seen.days:g} days before the file was written"


def observed_line(one: ObservedFunction) -> str:
    """One function in one line: what a day costs it, where, by whom, and whether a finding explains it."""
    name = f"{one.component}/{one.function}" if one.component else one.function
    where = f" on {', '.join(one.tables)}" if one.tables and one.conflicts_per_day else ""
    text = f"{name}: {', '.join(amount_words(one))}{where}"
    sources = source_words(one)
    text += f"; written by {sources}" if sources else ""
    if not one.ids:
        return f"{text}; not in this repository"
    if one.conflicts_per_day and not one.findings:
        return f"{text}; seen in production, not explained by a finding"
    return text


def amount_words(one: ObservedFunction) -> list[str]:
    """`0.3 lost a day`, `4 retried a day`, then reads near limits, which are of the whole window."""
    words = [
        f"{spoken(number)} {verb} a day"
        for number, verb in ((one.failures_per_day, "lost"), (one.retries_per_day, "retried"))
        if number
    ]
    return [*words, *limit_words(one)] or ["no conflict"]


def source_words(one: ObservedFunction) -> str:
    """Who wrote what the function lost to: by day, from how few events that is known, and which scheduled functions
    it can have been."""
    if not one.conflicts_by_source:
        return ""
    named = [f"{source} {spoken(number)}" for source, number in one.conflicts_by_source]
    events = f"{one.from_events} event{'' if one.from_events == 1 else 's'}"
    text = f"{', '.join(named)} (split by {events})"
    if one.scheduled:
        shown = ", ".join(one.scheduled[:3]) + (f" and {len(one.scheduled) - 3} more" if len(one.scheduled) > 3 else "")
        text += f"; Convex keeps no name for scheduled writers, it can be {shown}"
    return text


def limit_words(one: ObservedFunction) -> list[str]:
    """`12 calls near the limit of documents read`, of the whole window."""
    return [f"{counted(number, 'call')} {_LIMITS.get(kind, kind)}" for kind, number in one.read_limits]
