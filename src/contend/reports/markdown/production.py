"""What production saw, beside what the code explains; and from counts back to traffic."""

from __future__ import annotations

from collections.abc import Mapping

from contend.model.audit import Audit
from contend.model.observations import ObservedFunction
from contend.reports.markdown.document import Document
from contend.reports.markdown.text import code, joined, plain, prose
from contend.reports.names import path_in
from contend.reports.numbers import counted
from contend.reports.observed_words import amount_words, source_words, window_words


def add_production(page: Document, audit: Audit, anchors: Mapping[str, str]) -> None:
    """Observed counts by function, and the answers to counts that somebody saw."""
    seen = audit.observations
    if seen is not None:
        page.heading(2, "Seen in production")
        source = f" of {code(seen.deployment)}" if seen.deployment else ""
        page.paragraph(
            f"*Observed*: the insights{source}, {plain(window_words(seen))}. Convex lists what stands out: a "
            "function that is missing here had few conflicts, not none."
        )
        rows = [_row(page, one, anchors) for one in seen.functions]
        page.table(["function", "seen", "tables", "by whom", "explained by"], rows)
        if not rows:
            page.paragraph("No conflict and no read near a limit.")
        lost = [one for one in seen.functions if one.conflicts_per_day and not one.findings]
        if lost:
            page.paragraph(
                f"**Seen in production, not explained by a finding**: {counted(len(lost), 'function')}. "
                f"`contend show FUNCTION` lists what each reads and who writes there."
            )
    if audit.seen:
        page.heading(2, "From counts to traffic")
        items = []
        for answer in audit.seen:
            items.append(f"{page.function('', path_in('', answer.function))}: {prose(answer.text)}")
        page.bullets(items)


def _row(page: Document, one: ObservedFunction, anchors: Mapping[str, str]) -> list[str]:
    name = code(f"{one.component}/{one.function}" if one.component else one.function)
    if not one.ids:
        name += " (not in this repository)"
    explained = joined([anchors[id] for id in one.findings if id in anchors], 4)
    if not explained:
        explained = "not explained by a finding" if one.conflicts_per_day else " "
        if one.findings:
            explained = "a finding that is silenced, known or unchanged"
    tables = joined([code(table) for table in one.tables], 3)
    return [name, ", ".join(map(plain, amount_words(one))), tables, prose(source_words(one)), explained]
