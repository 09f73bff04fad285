"""What production saw, put beside what the code says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from contend.convex.errors import InvalidValueError
from contend.convex.paths import CRON_SOURCE, SCHEDULED_SOURCE, normalise, parse_write_source
from contend.model.audit import Audit
from contend.model.findings import Finding, Observed
from contend.model.functions import Function
from contend.model.observations import Observations, ObservedFunction
from contend.telemetry.sources.insights import CONFLICTS, READ_LIMITS, WINDOW_DAYS, Insight, Insights

SCHEDULED_WORDS = "a scheduled mutation"
CRON_WORDS = "a cron mutation"
UNNAMED_WORDS = "a writer that Convex does not name"


def with_insights(audit: Audit, insights: Insights) -> Audit:
    """`audit` with the counts of `insights`: in `observations` by function, worst first, and in each finding that
    explains some of them. Severities stay: they depend on the code alone."""
    since, until = insights.window
    seen = _counted(insights.insights)
    components = frozenset(app.component for app in audit.apps if app.component)
    joined = [_joined(audit, path, component, counts, components) for (path, component), counts in seen.items()]
    joined.sort(key=lambda one: (-one.failures_per_day, -one.retries_per_day, one.component or "", one.function))
    findings = tuple(_observed(finding, joined, since, until) for finding in audit.findings)
    return replace(
        audit,
        findings=findings,
        observations=Observations(
            source="insights",
            deployment=insights.deployment_name,
            days=WINDOW_DAYS,
            since=since,
            until=until,
            functions=tuple(joined),
        ),
    )


@dataclass
class _Counts:
    """What the insights say about one function, summed over their lines."""

    retried: int = 0
    failed: int = 0
    tables: set[str] = field(default_factory=set)
    sources: Counter[str] = field(default_factory=Counter)
    read_limits: Counter[str] = field(default_factory=Counter)


def _counted(insights: Iterable[Insight]) -> Mapping[tuple[str, str | None], _Counts]:
    found: dict[tuple[str, str | None], _Counts] = defaultdict(_Counts)
    for insight in insights:
        if insight.kind not in CONFLICTS | READ_LIMITS:
            continue
        counts = found[_path(insight.function_id), insight.component_path or None]
        if insight.kind in READ_LIMITS:
            counts.read_limits[insight.kind] += insight.count or 0
            continue
        if insight.kind == "occRetried":
            counts.retried += insight.occ_calls or 0
        else:
            counts.failed += insight.occ_calls or 0
        if insight.occ_table_name:
            counts.tables.add(insight.occ_table_name)
        for event in insight.recent_events or ():
            counts.sources[event.occ_write_source or ""] += 1
    return found


def _joined(
    audit: Audit, path: str, component: str | None, counts: _Counts, components: frozenset[str]
) -> ObservedFunction:
    functions = [
        function
        for app in audit.apps
        if _same_component(app.component, component)
        for function in app.functions
        if function.path == path
    ]
    conflicts = (counts.retried + counts.failed) / WINDOW_DAYS
    events = sum(counts.sources.values())
    by_source: Counter[str] = Counter()
    for source, number in counts.sources.items():
        by_source[_writer(source, components)] += number
    named = any(source in (SCHEDULED_SOURCE, CRON_SOURCE) for source in counts.sources)
    one = ObservedFunction(
        function=path,
        component=component,
        ids=tuple(function.id for function in functions),
        retries_per_day=counts.retried / WINDOW_DAYS,
        failures_per_day=counts.failed / WINDOW_DAYS,
        tables=tuple(sorted(counts.tables)),
        conflicts_by_source=tuple(
            (source, conflicts * number / events)
            for source, number in sorted(by_source.items(), key=lambda item: (-item[1], item[0]))
        ),
        from_events=events,
        scheduled=_scheduled_writers(audit, functions, counts) if named else (),
        read_limits=tuple(sorted(counts.read_limits.items())),
    )
    explaining = tuple(finding.id for finding in audit.findings if conflicts and _explains(finding, one))
    return replace(one, findings=explaining)


def _explains(finding: Finding, one: ObservedFunction) -> bool:
    """Whether a finding has a pair in which the function loses, on a table that production names."""
    tables = set(one.tables)
    return any(
        pair.kind == "conflict" and pair.victim in one.ids and (not tables or pair.table in tables)
        for pair in finding.pairs
    )


def _observed(finding: Finding, joined: Sequence[ObservedFunction], since: str, until: str) -> Finding:
    mine = [one for one in joined if finding.id in one.findings]
    if not mine:
        return finding
    by_source: dict[str, float] = defaultdict(float)
    for one in mine:
        for source, number in one.conflicts_by_source:
            by_source[source] += number
    observed = Observed(
        retries_per_day=sum(one.retries_per_day for one in mine),
        failures_per_day=sum(one.failures_per_day for one in mine),
        calls_per_day=None,
        conflicts_by_source=tuple(sorted(by_source.items(), key=lambda item: (-item[1], item[0]))),
        since=since,
        until=until,
        gap_estimate=None,
    )
    return replace(finding, observed=observed)


def _scheduled_writers(audit: Audit, victims: Sequence[Function], counts: _Counts) -> tuple[str, ...]:
    """The mutations that the scheduler or a cron starts and that write a table of the conflicts: one of those it was.
    (convex-backend: crates/application/src/scheduled_jobs/mod.rs)"""
    apps = {function.app for function in victims}
    tables = counts.tables or {table for victim in victims for access in victim.reads for table in access.tables}
    started = {
        caller.function
        for app in audit.apps
        if app.root in apps
        for caller in app.callers
        if caller.client in ("scheduler", "cron")
    }
    return tuple(
        sorted(
            function.path
            for function in audit.functions
            if function.id in started and any(table in tables for access in function.writes for table in access.tables)
        )
    )


def _writer(source: str, components: frozenset[str]) -> str:
    """A write source as reports name functions; labels that hold no name in words."""
    if source == SCHEDULED_SOURCE:
        return SCHEDULED_WORDS
    if source == CRON_SOURCE:
        return CRON_WORDS
    try:
        found = parse_write_source(source, components)
    except InvalidValueError:
        found = None
    if found is None:
        return source or UNNAMED_WORDS
    return f"{found.component}/{found}" if found.component else str(found)


def _path(text: str) -> str:
    try:
        return normalise(text)
    except InvalidValueError:
        return text.strip()


def _same_component(of_app: str | None, seen: str | None) -> bool:
    """An app that is no component holds what production calls the root; a component is known by the last part of its
    path."""
    if seen is None:
        return of_app is None
    return of_app is not None and of_app == seen.strip("/").rpartition("/")[2]
