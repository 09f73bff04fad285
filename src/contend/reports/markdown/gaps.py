"""What the numbers take for granted, and what the audit did not see."""

from __future__ import annotations

from contend.model.audit import Audit
from contend.reports.distinct import distinct_places
from contend.reports.markdown.document import Document
from contend.reports.markdown.text import code, joined, plain, prose
from contend.reports.numbers import counted
from contend.reports.overlap import OVERLAP, share_pairs

_ROWS = 15


def add_assumptions(page: Document, audit: Audit) -> None:
    """Every setting of the traffic table in words, those that the team has set first."""
    page.heading(2, "Assumptions")
    own = [one for one in audit.assumptions if one.source != "default"]
    default = [one for one in audit.assumptions if one.source == "default"]
    page.paragraph(
        "Predictions rest on how much the app is used. Set what you know under `[traffic]` in `contend.toml`; the rest "
        "is a stated small app."
    )
    page.bullets(f"**set by {plain(one.source)}**: {plain(one.text)} ({code(one.name)})" for one in own)
    told = [one for one in default if not one.text.startswith(f"{one.name} = ")]
    if told:
        page.paragraph(f"By default: {'; '.join(plain(one.text) for one in told)}.")
    if share_pairs(audit.open_findings):
        page.paragraph(f"{OVERLAP}: what a day costs stands in each of them.")


def add_gaps(page: Document, audit: Audit) -> None:
    """Accesses, functions and files that could not be read; what comments silence; and notes."""
    page.heading(2, "What was not resolved")
    inventory = audit.inventory
    rows = [
        [page.file(one.file, one.line), code(one.operation), _of(page, one.app, one.function), prose(one.reason)]
        for one in distinct_places(inventory.unresolved)
    ]
    unread = [one for one in inventory.functions if one.unread is not None]
    unregistered = audit.repository.unregistered
    if not (rows or unread or unregistered or audit.errors):
        page.paragraph("Nothing: every access and function was resolved.")
    if rows:
        page.paragraph(f"The table of {counted(len(rows), 'access', 'accesses')}:")
        page.table(["where", "operation", "function", "reason"], rows, _ROWS)
    if unread:
        page.paragraph(f"The code of {counted(len(unread), 'function')}:")
        page.bullets(
            (
                f"{_of(page, one.app, one.function)} ({page.file(one.file, one.line)}): {prose(one.unread or '')}"
                for one in unread
            ),
            _ROWS,
        )
    if unregistered:
        page.paragraph(f"What {counted(len(unregistered), 'call')} of a function builder registers:")
        page.bullets((f"{page.span(one.span)}: {prose(one.reason)}" for one in unregistered), _ROWS)
    if audit.errors:
        files = len({one.path for one in audit.errors})
        page.paragraph(f"{counted(files, 'file')} that could not be read whole:")
        page.bullets((f"{page.file(one.path)}: {prose(one.reason)}" for one in audit.errors), _ROWS)
    _add_silenced(page, audit)
    if audit.notes:
        page.heading(2, "Notes")
        page.paragraph("Not conflicts, and worth knowing:")
        page.bullets((f"{page.span(note.span)}: {prose(note.message)}" for note in audit.notes), _ROWS)


def _add_silenced(page: Document, audit: Audit) -> None:
    silenced = [finding for finding in audit.findings if finding.suppressed is not None]
    if silenced:
        page.heading(2, "Silenced")
        rows = [
            [page.span(one.cause), code(one.rule), one.severity.value, prose(one.suppressed or "")] for one in silenced
        ]
        page.table(["where", "rule", "severity", "reason given"], rows)
    for comments, what in (
        (audit.suppressions.without_reason, "without a reason, so without effect"),
        (audit.suppressions.unused, "with nothing to silence"),
    ):
        if comments:
            places = joined([page.file(one.file, one.line) for one in comments], _ROWS)
            page.paragraph(f"{counted(len(comments), '`contend-ignore` comment')} {what}: {places}.")


def _of(page: Document, app: str, function: str | None) -> str:
    return page.function(app, function) if function else "no registered function"
