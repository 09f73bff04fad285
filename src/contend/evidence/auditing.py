"""An audit: the rules over every app of a repository, their findings judged, silenced and sorted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace

from contend.conflicts import Estimator, PairIndex, Traffic, TrafficError, derive_pairs
from contend.conflicts.impact import THRESHOLDS
from contend.evidence.inventory import build_inventory
from contend.evidence.notes import notes_of
from contend.model.app import Repository, Suppression
from contend.model.audit import Assumption, Audit, Suppressions
from contend.model.findings import Finding, Note, Pair
from contend.model.settings import Settings, SettingsError, check_rules
from contend.rules import Rule, all_rules
from contend.rules.graph import AuditGraph


@dataclass(frozen=True, slots=True)
class AllPairs:
    """The pairs of all apps (`model.pairs.PairLookup`)."""

    indexes: tuple[PairIndex, ...]

    def of_victim(self, id: str) -> tuple[Pair, ...]:
        return tuple(pair for index in self.indexes for pair in index.of_victim(id))

    def of_writer(self, id: str) -> tuple[Pair, ...]:
        return tuple(pair for index in self.indexes for pair in index.of_writer(id))

    def __iter__(self) -> Iterator[Pair]:
        return (pair for index in self.indexes for pair in index.all)


def audit_repository(repository: Repository, settings: Settings, rules: Sequence[Rule] | None = None) -> Audit:
    """Run the rules that `settings` asks for. Raises `SettingsError` and `UnknownRule`."""
    chosen = chosen_rules(settings) if rules is None else tuple(rules)
    traffic = traffic_of(settings)
    findings: list[Finding] = []
    notes: list[Note] = []
    estimators = {id(app): Estimator(derive_pairs(app), traffic) for app in repository.apps}
    for app in repository.apps:
        estimator = estimators[id(app)]
        graph = AuditGraph(app, estimator)
        for rule in chosen:
            findings.extend(rule.check(graph))
        notes.extend(notes_of(app))
    inventory = build_inventory(repository, lambda app: estimators[id(app)])
    silenced, suppressions = silence(worst_first(findings), repository.suppressions)
    return Audit(
        repository=repository,
        findings=silenced,
        notes=tuple(sorted(notes, key=lambda note: (note.app, note.span, note.note))),
        inventory=inventory,
        pairs=AllPairs(tuple(estimator.pairs for estimator in estimators.values())),
        assumptions=assumptions_of(traffic, settings),
        suppressions=suppressions,
        settings=settings,
        rules=tuple(rule.name for rule in chosen),
    )


def chosen_rules(settings: Settings) -> tuple[Rule, ...]:
    """The rules that `select` and `ignore` leave; rules in preview only where selected by name."""
    known = {rule.name: rule for rule in all_rules()}
    where = str(settings.file) if settings.file else "the options"
    check_rules(settings.select, tuple(known), where)
    check_rules(settings.ignore, tuple(known), where)
    return tuple(
        rule
        for name, rule in known.items()
        if (name in settings.select if settings.select else not rule.preview) and name not in settings.ignore
    )


def traffic_of(settings: Settings) -> Traffic:
    """The traffic table with the configuration's overrides. Raises `SettingsError`."""
    try:
        return Traffic.from_mapping(settings.traffic)
    except TrafficError as error:
        raise SettingsError(f"{settings.file}: {error}") from error


def assumptions_of(traffic: Traffic, settings: Settings) -> tuple[Assumption, ...]:
    """Every entry of the traffic table, in words, with where it comes from."""
    return tuple(
        Assumption(
            field.name,
            float(getattr(traffic, field.name)),
            next(iter(traffic.say(field.name)), f"{field.name} = {getattr(traffic, field.name):g}"),
            "configuration" if field.name in settings.traffic else "default",
        )
        for field in fields(traffic)
    )


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """By severity, then by the size of what decided it, then by place; one of each id."""
    distinct = {finding.id: finding for finding in findings}
    return sorted(
        distinct.values(),
        key=lambda one: (one.severity.rank, -_size(one), one.app, one.cause, one.rule),
    )


def _size(finding: Finding) -> float:
    """How far above what counts as low the deciding component is: the components have units of their own."""
    impact = finding.predicted
    if impact is None:
        return 0.0
    return float(getattr(impact, f"{finding.severity_by}_per_day")) / THRESHOLDS[finding.severity_by][-1]


def silence(findings: Sequence[Finding], comments: Sequence[Suppression]) -> tuple[tuple[Finding, ...], Suppressions]:
    """Findings with the reasons of the comments that silence them, and what each comment did. A comment without a
    reason silences nothing."""
    at: dict[tuple[str, int], list[Suppression]] = {}
    for comment in comments:
        at.setdefault((comment.file, comment.target_line), []).append(comment)
    used: set[Suppression] = set()
    result: list[Finding] = []
    for finding in findings:
        reason = None
        for comment in at.get((finding.cause.file, finding.cause.line), ()):
            if comment.reason and finding.rule in comment.rules:
                reason = comment.reason
                used.add(comment)
        result.append(replace(finding, suppressed=reason) if reason else finding)
    return tuple(result), Suppressions(
        used=tuple(comment for comment in comments if comment in used),
        without_reason=tuple(comment for comment in comments if not comment.reason),
        unused=tuple(comment for comment in comments if comment.reason and comment not in used),
    )
