"""The audit on a terminal: worst first, ten at most, and what was not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from contend.model.app import Suppression
from contend.model.audit import Audit
from contend.model.findings import Finding, Severity
from contend.reports.comparison_words import comparison_words, earlier_words, gone_words, nothing_words
from contend.reports.distinct import distinct_places
from contend.reports.finding_block import SEVERITY_STYLE, add_finding, quoted
from contend.reports.names import path_in
from contend.reports.numbers import counted, significant
from contend.reports.observed_words import observed_line, window_words
from contend.reports.overlap import OVERLAP, share_pairs
from contend.reports.page import Page, plain_text
from contend.reports.words import function_kind
from contend.rules import all_rules

SHOWN = 10
"""Findings that a report shows unless asked for all."""
ROWS = 5
"""Rows of a closing list that a report shows unless asked for all."""


def render_terminal(audit: Audit, *, width: int, path: str = "", everything: bool = False) -> str:
    """The report as plain text of at most `width` cells a line. `path` is the audited path as typed, "" for here."""
    page = Page(width=width)
    add_audit(page, audit, path=path, everything=everything)
    return plain_text(page)


def add_audit(page: Page, audit: Audit, *, path: str = "", everything: bool = False) -> None:
    """The whole report on `page`: `everything` lifts the limits on how much is shown."""
    page.paragraph(*_summary(audit), rest="  ")
    _add_answers(page, audit)
    findings = audit.open_findings
    shown = findings if everything else findings[:SHOWN]
    for finding in shown:
        page.blank()
        add_finding(page, audit, finding, path)
    page.blank()
    if findings:
        _add_tally(page, findings, len(shown), path)
    else:
        _add_nothing_found(page, audit)
    for comparison in audit.comparisons:
        page.paragraph(f"Compared: {comparison_words(comparison)}.", rest="  ")
    _add_production(page, audit, path, everything)
    _add_gaps(page, audit, listed=everything or not findings)
    limit = None if everything else ROWS
    for comparison in audit.comparisons:
        rows = [earlier_words(one) for one in comparison.gone]
        _add_list(page, gone_words(comparison), rows, limit, path)
    _add_silenced(page, audit, limit, path)
    _add_notes(page, audit, limit, path)
    _add_errors(page, audit, limit, path)


def all_command(path: str) -> str:
    """The command that shows what this report only counts."""
    return " ".join(["contend audit", *([quoted(path)] if path else []), "--all"])


def _summary(audit: Audit) -> list[str | tuple[str, str]]:
    functions = audit.functions
    kinds = Counter[str]("action" if function.kind == "httpAction" else function.kind for function in functions)
    by_kind = ", ".join(
        counted(kinds[kind], kind, plural)
        for kind, plural in (("query", "queries"), ("mutation", "mutations"), ("action", "actions"))
        if kinds[kind]
    )
    directories = [app.functions_dir or "." for app in audit.apps]
    names = ", ".join(directories[:3]) + (f" and {len(directories) - 3} more" if len(directories) > 3 else "")
    repository = audit.repository
    tables = sum(len(app.tables) for app in audit.apps)
    callers = sum(len(app.callers) for app in audit.apps)
    rest = (
        f": {counted(len(functions), 'function')}{f' ({by_kind})' if by_kind else ''}, {counted(tables, 'table')}, "
        f"{counted(callers, 'caller')}; {counted(repository.files_parsed, 'file')} read in "
        f"{significant(audit.seconds, 2)} s"
    )
    return [(names or "no app", "bold"), rest]


def _add_tally(page: Page, findings: Sequence[Finding], shown: int, path: str) -> None:
    levels = Counter(finding.severity for finding in findings)
    parts: list[str | tuple[str, str]] = [(counted(len(findings), "finding"), "bold"), ": "]
    present = [severity for severity in Severity if levels[severity]]
    for number, severity in enumerate(present):
        parts += [", " if number else "", (f"{levels[severity]} {severity.value}", SEVERITY_STYLE[severity])]
    if shown < len(findings):
        parts.append(f"; the {shown} worst are above, all of them:")
    page.paragraph(*parts, rest="  ")
    if shown < len(findings):
        page.copied(all_command(path), lead="  ")
    if share_pairs(findings):
        page.paragraph((f"{OVERLAP}.", "dim"), rest="  ")


def _add_nothing_found(page: Page, audit: Audit) -> None:
    """Says what was looked at: silence alone proves nothing."""
    functions = audit.functions
    mutations = sum(function.kind == "mutation" for function in functions)
    conflicts = sum(pair.kind == "conflict" for pair in audit.pairs)
    page.paragraph(
        (nothing_words(audit), "bold green"),
        f". {counted(len(audit.rules), 'rule')} looked at {counted(mutations, 'mutation')} and "
        f"{counted(conflicts, 'conflict pair')}.",
    )


def _add_production(page: Page, audit: Audit, path: str, everything: bool) -> None:
    """What production saw, function by function."""
    if audit.observations is not None:
        title = f"Seen in production ({window_words(audit.observations)})"
        rows = [observed_line(one) for one in audit.observations.functions]
        _add_list(page, title, rows or ["no conflict"], None if everything else SHOWN, path)


def _add_answers(page: Page, audit: Audit) -> None:
    """The answers to counts that somebody saw: what was asked for comes first."""
    for answer in audit.seen:
        page.blank()
        page.paragraph((f"{answer.function}", "bold"), f": {answer.text}", rest="  ")


def _add_gaps(page: Page, audit: Audit, *, listed: bool) -> None:
    """What the audit could not see, counted, and one by one where `listed`."""
    functions = audit.functions
    gaps = []
    accesses = distinct_places(audit.inventory.unresolved)
    unresolved = len(accesses)
    if unresolved:
        gaps.append(f"the table of {counted(unresolved, 'access', 'accesses')}")
    unread = sum(function.unread is not None for function in functions)
    if unread:
        gaps.append(f"the code of {counted(unread, 'function')}")
    unregistered = len(audit.repository.unregistered)
    if unregistered:
        gaps.append(f"what {counted(unregistered, 'call')} of a function builder registers")
    if gaps or listed:
        page.paragraph(f"Could not resolve: {', '.join(gaps)}." if gaps else "Every access and function was resolved.")
    if not listed:
        return
    for entry in accesses[:ROWS]:
        page.paragraph(f"{entry.file}:{entry.line} {entry.operation}: {entry.reason}", first="  ", rest="    ")
    for function in [function for function in functions if function.unread is not None][:ROWS]:
        words = f"{function.span} {function_kind(function)} {path_in(function.app, function.path)}: {function.unread}"
        page.paragraph(words, first="  ", rest="    ")


def _add_silenced(page: Page, audit: Audit, limit: int | None, path: str) -> None:
    silenced = [finding for finding in audit.findings if finding.suppressed is not None]
    rows = [f"{finding.cause} {finding.rule}: {finding.suppressed}" for finding in silenced]
    _add_list(page, counted(len(rows), "finding") + " silenced", rows, limit, path)
    rows = [f"{item.file}:{item.line} {_named(item)}" for item in audit.suppressions.without_reason]
    title = f"{counted(len(rows), 'contend-ignore comment')} without a reason, so without effect"
    _add_list(page, title, rows, limit, path)
    rows = [f"{item.file}:{item.line} {_named(item)}" for item in audit.suppressions.unused]
    _add_list(page, f"{counted(len(rows), 'contend-ignore comment')} with nothing to silence", rows, limit, path)


def _named(comment: Suppression) -> str:
    """The rules that a comment names, those that do not exist told apart."""
    known = {rule.name for rule in all_rules()}
    names = [name if name in known else f"(no rule '{name}')" for name in comment.rules]
    return ", ".join(names) or "(names no rule: contend-ignore[rule]: reason)"


def _add_notes(page: Page, audit: Audit, limit: int | None, path: str) -> None:
    rows = [f"{note.span} {note.message} [{note.note}]" for note in audit.notes]
    _add_list(page, counted(len(rows), "note") + " (not conflicts)", rows, limit, path)


def _add_errors(page: Page, audit: Audit, limit: int | None, path: str) -> None:
    rows = [f"{error.path}: {error.reason}" for error in audit.errors]
    files = len({error.path for error in audit.errors})
    _add_list(page, counted(files, "file") + " that could not be read whole", rows, limit, path)


def _add_list(page: Page, title: str, rows: Sequence[str], limit: int | None, path: str) -> None:
    if not rows:
        return
    page.blank()
    page.paragraph((title, "bold"), ":")
    shown = rows if limit is None or len(rows) <= limit else rows[:limit]
    for row in shown:
        page.paragraph(row, first="  ", rest="    ")
    if len(shown) < len(rows):
        page.copied(all_command(path), lead=f"  and {len(rows) - len(shown):,} more: ", style="dim")
