"""What to do now, soon and later; and what an earlier state still had."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contend.model.audit import Audit
from contend.model.findings import Finding, Severity
from contend.model.inventory import TableEntry
from contend.reports.markdown.document import CELL, Document
from contend.reports.markdown.text import clipped, code, joined, prose, slug
from contend.reports.names import path_in
from contend.reports.numbers import counted
from contend.reports.words import evidence_lines

_NOW = frozenset({Severity.CRITICAL, Severity.HIGH})
_SHOWN = {"Now": 25, "Soon": 20, "Later": 12}
_CHORES = 8


def add_plan(page: Document, audit: Audit) -> Mapping[str, str]:
    """The plan; returns the anchor of each finding's details, by id."""
    numbers = {finding.id: f"F{number}" for number, finding in enumerate(audit.open_findings, 1)}
    anchors = {
        finding.id: f"[{numbers[finding.id]}](#{slug(details_heading(numbers[finding.id], finding))})"
        for finding in audit.open_findings
    }
    page.heading(2, "What to do")
    chores = _chores(page, audit)
    for title, why, wanted in (
        ("Now", "critical and high", [f for f in audit.open_findings if f.severity in _NOW]),
        ("Soon", "medium", [f for f in audit.open_findings if f.severity is Severity.MEDIUM]),
        ("Later", "low and informational", [f for f in audit.open_findings if f.severity.rank > Severity.MEDIUM.rank]),
    ):
        page.heading(3, title)
        if wanted:
            rows = [_row(page, finding, anchors[finding.id]) for finding in wanted]
            page.table(["", "function", "rule", "costs a day", "first step"], rows, _SHOWN[title])
        elif not chores[title]:
            page.paragraph(f"Nothing: no finding of this weight ({why}).")
        page.bullets(chores[title], _CHORES)
    return anchors


def details_heading(number: str, finding: Finding) -> str:
    """The heading that a finding's details stand under."""
    return f"{number}: {finding.rule}, {finding.severity.value}"


def finding_name(page: Document, finding: Finding) -> str:
    """The function of a finding, or its helper and how many functions use it."""
    if finding.function is not None:
        return page.function(finding.app, path_in(finding.app, finding.function))
    helper = code(finding.helper) if finding.helper else "a helper"
    return f"{helper}, used by {counted(len(finding.functions), 'function')}"


def add_comparisons(page: Document, audit: Audit) -> None:
    """What was fixed since a baseline or a revision, and what came or got worse."""
    for one in audit.comparisons:
        what = "baseline" if one.against == "baseline" else "revision"
        page.heading(2, f"Since {what} {one.name}")
        known = f"{counted(one.known, 'finding')} as before" + (f", {len(one.worse)} worse" if one.worse else "")
        page.paragraph(f"**{len(one.gone)} gone**, {one.new} new, {known}.")
        rows = [
            [page.function(gone.app, gone.function), gone.rule, gone.severity.value, page.file(gone.file)]
            for gone in one.gone
        ]
        page.table(["no longer found in", "rule", "was", "file"], rows)


def _row(page: Document, finding: Finding, anchor: str) -> list[str]:
    kind, words = evidence_lines(finding)[0]
    cost = f"{kind}: {words.partition(' (')[0].removesuffix(' a day')}" if kind != "static" else "static"
    step = prose(clipped(finding.fixes[0].title, CELL)) if finding.fixes else " "
    was = "" if finding.baseline is None else f" ({finding.baseline})"
    return [f"{anchor}{was}", finding_name(page, finding), code(finding.rule), prose(cost), step]


def _chores(page: Document, audit: Audit) -> Mapping[str, list[str]]:
    """What the inventory asks for and no finding says: clean-ups, and what it would fix."""
    found: dict[str, list[str]] = {"Now": [], "Soon": [], "Later": []}
    growing = {(finding.app, finding.table) for finding in audit.findings if finding.rule == "unbounded-log-table"}
    for table in unattended(audit.inventory.tables):
        if (table.app, table.name) not in growing:
            found["Soon" if table.verdict == "fix" else "Later"].append(_clean_up(page, table))
    told = {path_in(finding.app, id) for finding in audit.open_findings for id in finding.functions}
    told |= {path_in(f.app, pair.victim) for f in audit.open_findings for pair in f.pairs[:50]}
    for entry in audit.inventory.multi_document:
        if entry.verdict == "fix" and entry.function not in told:
            place = page.file(entry.file, entry.line)
            found["Soon"].append(
                f"{page.function(entry.app, entry.function)} ({place}) writes several documents that hot functions "
                "write too: see [below](#mutations-that-write-several-documents)"
            )
    return found


def unattended(tables: Iterable[TableEntry]) -> list[TableEntry]:
    """The tables whose old rows nothing removes, and that grow by what is known."""
    return [one for one in tables if one.ttl in ("none", "exists but never scheduled") and one.verdict != "safe"]


def _clean_up(page: Document, table: TableEntry) -> str:
    name, keep = code(table.name), f"; keep {table.proposed_period}" if table.proposed_period else ""
    if table.ttl == "none":
        do = "Clean up" if table.verdict == "fix" else "Consider cleaning up"
        return f"{do} {name} on a schedule{keep}: nothing removes old rows"
    cleaners = joined([page.function(table.app, path) for path in table.cleaners or table.deletes], 3)
    return f"Start the clean-up of {name} ({cleaners}) from a cron{keep}: it exists, and nothing schedules it"
