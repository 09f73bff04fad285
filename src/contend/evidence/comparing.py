"""An audit beside an earlier state: what is new, what got worse, what is gone.

Findings are known again by their id, which survives shifted lines. Where a file or a function was renamed the id is
another one; then rule, table and the text of the cause decide, each earlier finding being used once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from contend.model.app import Suppression
from contend.model.audit import Audit, Suppressions
from contend.model.comparison import Comparison, EarlierFinding
from contend.model.findings import Finding, Severity
from contend.model.places import Span

REVISION_AT_HAND = "the audit before"
"""What a comparison of two audits is named after where nobody names it."""


def compare(before: Audit, after: Audit, *, name: str = REVISION_AT_HAND, commit: str | None = None) -> Audit:
    """What a change introduces: `after` with only those of its findings and notes that `before` lacks or had milder.

    A finding that was silenced before and no longer is counts as new. One that was open and is silenced now stays in
    the result, silenced, so that a review sees it. `name` is what the earlier state is called in reports, `commit` the
    full name of its commit.
    """
    earlier = remembered(before)
    were_silenced = {one.id for one in before.findings if one.suppressed is not None}
    matches = match(earlier, remembered(after))
    kept: list[Finding] = []
    worse: list[tuple[str, Severity]] = []
    new = known = 0
    for finding in after.findings:
        then = matches.get(finding.id)
        accepted = finding.suppressed is not None or finding.baseline == "known"
        if then is None or (then.id in were_silenced and finding.suppressed is None):
            kept.append(finding if accepted else replace(finding, baseline="new"))
            new += not accepted
        elif finding.suppressed is not None:
            if then.id not in were_silenced:
                kept.append(finding)
        elif finding.severity.rank < then.severity.rank:
            kept.append(finding if accepted else replace(finding, baseline="worse"))
            if not accepted:
                worse.append((finding.id, then.severity))
        else:
            known += 1
    found_again = {one.id for one in matches.values()}
    gone = tuple(one for one in earlier if one.id not in found_again and one.id not in were_silenced)
    had = {note.id for note in before.notes}
    comparison = Comparison("revision", name, known, new, tuple(worse), _by_place(gone), commit)
    return replace(
        after,
        findings=tuple(kept),
        notes=tuple(note for note in after.notes if note.id not in had),
        suppressions=_new_comments(before.suppressions, after.suppressions),
        comparisons=(*after.comparisons, comparison),
    )


def against_baseline(audit: Audit, entries: Sequence[EarlierFinding], name: str, known_rules: Iterable[str]) -> Audit:
    """`audit` with each finding told apart by the baseline `name`: known, worse than accepted, or new.

    All findings are kept; those that are known are no longer open. Entries of a rule that exists (`known_rules`) but
    did not run are not counted as gone: nothing looked for them.
    """
    matches = match(entries, remembered(audit))
    findings: list[Finding] = []
    worse: list[tuple[str, Severity]] = []
    new = known = 0
    for finding in audit.findings:
        then = matches.get(finding.id)
        is_open = finding.suppressed is None
        if then is None:
            findings.append(replace(finding, baseline="new"))
            new += is_open
        elif is_open and finding.severity.rank < then.severity.rank:
            findings.append(replace(finding, baseline="worse"))
            worse.append((finding.id, then.severity))
        else:
            findings.append(replace(finding, baseline="known"))
            known += is_open
    found_again = {one.id for one in matches.values()}
    not_looked_for = set(known_rules) - set(audit.rules)
    gone = [one for one in entries if one.id not in found_again and one.rule not in not_looked_for]
    comparison = Comparison("baseline", name, known, new, tuple(worse), _by_place(gone))
    return replace(audit, findings=tuple(findings), comparisons=(*audit.comparisons, comparison))


def remembered(audit: Audit) -> tuple[EarlierFinding, ...]:
    """What is remembered of each finding, in their order."""
    return tuple(
        EarlierFinding(
            id=finding.id,
            rule=finding.rule,
            app=finding.app,
            function=_owner(finding),
            file=finding.cause.file,
            severity=finding.severity,
            likeness=likeness(finding, audit.sources.get(finding.cause.file)),
        )
        for finding in audit.findings
    )


def likeness(finding: Finding, source: str | None) -> str:
    """A hash of rule, table and the cause's text without its white space; empty where there is no such text."""
    text = "" if source is None else _text_of(finding.cause, source)
    if not text:
        return ""
    digest = blake2b(digest_size=6)
    for part in (finding.rule, finding.table or "", text):
        digest.update(part.encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return digest.hexdigest()


def match(before: Sequence[EarlierFinding], after: Sequence[EarlierFinding]) -> Mapping[str, EarlierFinding]:
    """The earlier finding that each id of `after` was; none for those that were not there."""
    by_id = {one.id: one for one in before}
    found = {one.id: by_id[one.id] for one in after if one.id in by_id}
    free: dict[tuple[str, str], list[EarlierFinding]] = {}
    for one in before:
        if one.id not in found and one.likeness:
            free.setdefault((one.rule, one.likeness), []).append(one)
    rest = [one for one in after if one.id not in found and one.likeness]
    for nearness in _NEARNESS:  # the nearest first, so that none takes what fits another better
        for one in rest:
            candidates = free.get((one.rule, one.likeness), [])
            at = next((at for at, then in enumerate(candidates) if nearness.holds(one, then)), None)
            if one.id not in found and at is not None:
                found[one.id] = candidates.pop(at)
    return found


@dataclass(frozen=True, slots=True)
class _Nearness:
    """Which of their places two findings have in common."""

    function: bool
    file: bool

    def holds(self, one: EarlierFinding, other: EarlierFinding) -> bool:
        same_function = one.function.rpartition(":")[2] == other.function.rpartition(":")[2]
        return (same_function or not self.function) and (one.file == other.file or not self.file)


_NEARNESS = (_Nearness(True, True), _Nearness(True, False), _Nearness(False, True), _Nearness(False, False))


def _owner(finding: Finding) -> str:
    if finding.function is None:
        return finding.helper or ""
    return finding.function.removeprefix(f"{finding.app}#") if finding.app else finding.function


def _text_of(span: Span, source: str) -> str:
    lines = source.split("\n")[span.line - 1 : span.end_line]
    if len(lines) != span.end_line - span.line + 1:
        return ""
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "".join("".join(lines).split())


def _by_place(entries: Iterable[EarlierFinding]) -> tuple[EarlierFinding, ...]:
    return tuple(sorted(entries, key=lambda one: (one.file, one.function, one.rule, one.id)))


def _new_comments(before: Suppressions, after: Suppressions) -> Suppressions:
    """The comments of `after` without those that did as little before."""

    def left(then: Iterable[Suppression], now: Iterable[Suppression]) -> tuple[Suppression, ...]:
        had = {(one.file, one.rules, one.reason) for one in then}
        return tuple(one for one in now if (one.file, one.rules, one.reason) not in had)

    return Suppressions(
        used=after.used,
        without_reason=left(before.without_reason, after.without_reason),
        unused=left(before.unused, after.unused),
    )
