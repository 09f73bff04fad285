"""Tables: how often they are written, and whether their rows ever go."""

from __future__ import annotations

from collections.abc import Sequence

from contend.model.audit import Audit
from contend.model.inventory import TableEntry, Verdict
from contend.reports.markdown.document import CELL, Document
from contend.reports.markdown.text import clipped, code, joined, plain, prose
from contend.reports.numbers import counted

_RANK: dict[Verdict, int] = {"fix": 0, "watch": 1, "safe": 2}
_NAMES = 20


def add_tables(page: Document, audit: Audit) -> None:
    """Tables that are written often, that grow, or that are fought over; the others by what keeps them small."""
    page.heading(2, "Tables that grow or are written often")
    entries = audit.inventory.tables
    telling = sorted((one for one in entries if _tells(one)), key=lambda one: (_RANK[one.verdict], one.app, one.name))
    if telling:
        page.paragraph(
            "*Clean-up* says whether old rows go: *none*, *exists but never scheduled*, *scheduled*, or *not needed*. "
            "The period is a proposal by what the rows are: check what still reads them."
        )
        rows = [
            [
                code(one.name),
                prose(clipped(one.heat, CELL)),
                plain(one.ttl),
                plain(one.proposed_period or "–"),
                f"**{one.verdict}**: {prose(clipped(one.reason, CELL))}",
            ]
            for one in telling
        ]
        page.table(["table", "written", "clean-up", "keep", "verdict"], rows)
    quiet = [one for one in entries if not _tells(one)]
    filled = _filled(audit)
    unwritten = [one for one in quiet if (one.app, one.name) not in filled]
    if unwritten:
        page.paragraph(
            f"**safe**: nothing in this repository inserts into {_listed(page, unwritten)}: declared, and without a "
            "writer they do not grow, so they need no clean-up."
        )
    others = [one for one in quiet if (one.app, one.name) in filled]
    if others:
        page.paragraph(f"**safe**: {counted(len(others), 'other table')}: {_listed(page, others)}.")
    if not entries:
        page.paragraph("No table was found.")


def _tells(entry: TableEntry) -> bool:
    """Whether a table is worth a row."""
    often = entry.heat.startswith(("high", "medium"))
    return often or entry.verdict != "safe" or entry.ttl != "not needed"


def _filled(audit: Audit) -> set[tuple[str, str]]:
    """The tables that something inserts into: the app's code, or the package that they belong to."""
    inserted = {(one.app, one.table) for one in audit.inventory.writes if one.operation == "insert" and one.table}
    packaged = {(app.root, name) for app in audit.apps for name, table in app.tables.items() if table.library}
    return inserted | packaged


def _listed(page: Document, entries: Sequence[TableEntry]) -> str:
    return joined([code(one.name) for one in entries], _NAMES if page.limited else len(entries))
