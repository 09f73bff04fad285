"""Rows of text in aligned columns: the first to the left, the others to the right."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from contend.reports.encoding import fit
from contend.reports.page import Page


def columns_width(rows: Sequence[Sequence[str]]) -> int:
    """Cells that a table of these rows takes, uncut."""
    return sum(2 + max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True))


def add_columns(page: Page, head: Sequence[str], body: Sequence[Sequence[str]]) -> None:
    """Writes a table to the page; where it is too wide, the first column is cut."""
    head = [fit(cell, page.encoding) for cell in head]
    body = [[fit(cell, page.encoding) for cell in row] for row in body]
    widths = [max(cell_len(row[column]) for row in [head, *body]) for column in range(len(head))]
    widths[0] = min(widths[0], max(12, page.width - sum(widths[1:]) - 2 * len(widths)))
    for number, row in enumerate([head, *body]):
        first = Text(row[0])
        first.truncate(widths[0], overflow="ellipsis", pad=True)
        rest = "".join(
            "  " + " " * (width - cell_len(cell)) + cell for cell, width in zip(row[1:], widths[1:], strict=True)
        )
        line = Text.assemble("  ", first, rest)
        if number == 0:
            line.stylize("dim")
        page.verbatim(line)
