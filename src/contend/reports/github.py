"""The audit as annotations of GitHub Actions: workflow commands that put each finding beside its line.

Values are escaped as the runner unescapes them, so no text of an app can end a command or begin another.
"""

from __future__ import annotations

from collections import Counter

from contend.model.audit import Audit
from contend.model.findings import Finding, Severity
from contend.model.places import Span
from contend.reports.comparison_words import comparison_words, gone_words, nothing_words
from contend.reports.encoding import fit
from contend.reports.numbers import counted
from contend.reports.places import Places
from contend.reports.words import evidence_lines, function_name, trigger_words

SHOWN_OF_A_KIND = 10
"""Annotations of one kind that GitHub shows for a step; the rest is in the log alone."""

KIND: dict[Severity, str] = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
    Severity.INFO: "notice",
}


def render_github(audit: Audit, prefix: str = "") -> str:
    """One command for each open finding, worst first, then one for each file that could not be read, then a summary.
    `prefix` leads from the root of the repository to the audited path."""
    places = Places(audit.sources, prefix)
    findings = audit.open_findings
    lines = [_annotation(audit, finding, places) for finding in findings]
    lines += [
        _command("warning", {"file": places.path(error.path), "title": "not read whole"}, error.reason)
        for error in audit.errors
    ]
    kinds = Counter(KIND[finding.severity] for finding in findings)
    kinds["warning"] += len(audit.errors)
    return "".join(f"{line}\n" for line in [*lines, *_summary(audit), *_limit(kinds)])


def _annotation(audit: Audit, finding: Finding, places: Places) -> str:
    title = f"{finding.rule} ({finding.severity.value})"
    if finding.baseline is not None:
        then = audit.was(finding)
        title += f": {finding.baseline}" + (f", was {then.value}" if then is not None else "")
    return _command(KIND[finding.severity], {**_place(finding.cause, places), "title": title}, _message(finding))


def _place(span: Span, places: Places) -> dict[str, str]:
    """Columns only within one line: the runner refuses them otherwise."""
    place = {"file": places.path(span.file), "line": str(span.line), "endLine": str(span.end_line)}
    columns = places.columns(span) if span.line == span.end_line else None
    if columns is not None:
        place |= {"col": str(columns[0]), "endColumn": str(columns[1])}
    return place


def _message(finding: Finding) -> str:
    lines = [f"{function_name(finding)}: {finding.message}"]
    for kind, words in evidence_lines(finding):
        lines.append(f"impact, {kind}: {words}")
    if finding.callers:
        first = finding.callers[0]
        frames = " → ".join(str(frame) for frame in first.chain) or str(first.span)
        lines.append(f"from: {trigger_words(first.trigger)}: {frames}")
    lines += [f"help: {fix.title}" for fix in finding.fixes[:1]]
    return "\n".join(lines)


def _summary(audit: Audit) -> list[str]:
    findings = audit.open_findings
    levels = Counter(finding.severity for finding in findings)
    by_level = ", ".join(f"{levels[level]:,} {level.value}" for level in Severity if levels[level])
    first = f"{counted(len(findings), 'finding')}: {by_level}" if findings else nothing_words(audit)
    silenced = sum(finding.suppressed is not None for finding in audit.findings)
    if findings and silenced:
        first += f"; {silenced:,} silenced"
    lines = [first, *(comparison_words(one) for one in audit.comparisons)]
    lines += [words for one in audit.comparisons if (words := gone_words(one))]
    return [f"contend: {_plain(line)}" for line in lines]


def _limit(kinds: Counter[str]) -> list[str]:
    over = [f"{counted(number, kind)}" for kind, number in kinds.items() if number > SHOWN_OF_A_KIND]
    if not over:
        return []
    return [
        f"contend: GitHub shows at most {SHOWN_OF_A_KIND} annotations of a kind for each step, and there are "
        f"{', '.join(over)}: all of them are in the log above"
    ]


def _command(kind: str, properties: dict[str, str], message: str) -> str:
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{kind} {listed}::{_data(message)}"


def _data(text: str) -> str:
    """As the runner takes a message."""
    return fit(text, "utf-8").replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """As the runner takes a property: a colon or a comma would end it."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _plain(text: str) -> str:
    """A line of the log that holds no command: the runner also takes `##[command]` anywhere in one."""
    return " ".join(fit(text, "utf-8").split()).replace("##[", "## [")
