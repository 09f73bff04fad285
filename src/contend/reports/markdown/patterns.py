"""The patterns to avoid that this app has: a lesson each, with the app's own code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contend.model.audit import Audit
from contend.model.findings import Finding
from contend.model.places import Span
from contend.reports.markdown.document import Document
from contend.reports.markdown.text import joined
from contend.reports.numbers import counted
from contend.rules import Rule, all_rules

_LINES = 14
_WIDEST = 160
_PLACES = 6
_LANGUAGES = {"tsx": "tsx", "jsx": "jsx", "js": "js", "mjs": "js", "cjs": "js", "svelte": "svelte", "vue": "vue"}


def add_patterns(page: Document, audit: Audit) -> None:
    """One part for each rule that found something, in the order of its worst finding."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in audit.open_findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    rules: Mapping[str, Rule] = {rule.name: rule for rule in all_rules()}
    found = [(rules[name], findings) for name, findings in by_rule.items() if name in rules]
    if not found:
        return
    page.heading(2, "Patterns to avoid, found here")
    for rule, findings in found:
        _add_pattern(page, audit, rule, findings)


def _add_pattern(page: Document, audit: Audit, rule: Rule, findings: Sequence[Finding]) -> None:
    page.heading(3, f"{rule.name} ({counted(len(findings), 'place')})")
    page.paragraph(rule.summary, " ".join(rule.docs["Why it conflicts"].split("\n\n", 1)[0].split()))
    first = next((one for one in findings if frame(audit.sources.get(one.cause.file), one.cause)), None)
    if first is not None:
        page.paragraph(f"**Here**, {page.span(first.cause)}:")
        page.block(frame(audit.sources.get(first.cause.file), first.cause), language(first.cause.file))
    page.paragraph("**Don't**:")
    page.verbatim(rule.docs["Example"])
    page.paragraph("**Do**:")
    page.verbatim(rule.docs["Use instead"])
    others = [page.span(one.cause) for one in findings if one is not first]
    if others:
        page.paragraph(f"Also at {joined(others, _PLACES if page.limited else len(others))}.")


def frame(source: str | None, span: Span) -> str:
    """The lines of a cause, without the indent that they share; empty where the source is not at hand."""
    lines = (source or "").replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n")
    if source is None or not 1 <= span.line <= len(lines):
        return ""
    first = max(span.line - 1, 1)
    last = min(max(span.end_line, span.line), first + _LINES - 1, len(lines))
    shown = lines[first - 1 : last]
    while shown and not shown[0].strip():
        shown = shown[1:]
    indent = min((len(line) - len(line.lstrip()) for line in shown if line.strip()), default=0)
    cut = [line[indent:] if len(line) - indent <= _WIDEST else f"{line[indent : indent + _WIDEST]} …" for line in shown]
    return "\n".join([*cut, "…"] if span.end_line > last else cut)


def language(file: str) -> str:
    """The name of a file's language as code hosts know it."""
    return _LANGUAGES.get(file.rpartition(".")[2].lower(), "ts")
