"""Rows of text in aligned columns: what a row is to the left, its numbers to the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from contend.reports.encoding import fit
from contend.reports.page import Page

_GAP = 2
_NARROWEST_LABEL = 8


def add_columns(page: Page, head: Sequence[str], body: Sequence[Sequence[str]], labels: int = 1) -> None:
    """Writes a table to the page. The first `labels` columns say what a row is. Where the others do not fit beside
    them, the table goes on below with the labels repeated; a label is cut only where not even one column fits."""
    rows = [[fit(cell, page.encoding) for cell in row] for row in [head, *body]]
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(head))]
    widths[:labels] = _labels_cut(widths[:labels], max(widths[labels:], default=-_GAP), page.width)
    for number, columns in enumerate(_blocks(widths, labels, page.width)):
        if number:
            page.blank()
        for row in rows:
            line = Text.assemble(
                *[_label(row[column], widths[column]) for column in range(labels)],
                *[" " * (_GAP + widths[column] - cell_len(row[column])) + row[column] for column in columns],
            )
            if row is rows[0]:
                line.stylize("dim")
            page.verbatim(line)


def _labels_cut(widths: Sequence[int], widest: int, room: int) -> list[int]:
    """The widths of the labels, the first ones less where the widest column of numbers would not fit."""
    cut = list(widths)
    for column in range(len(cut)):
        over = sum(cut) + _GAP * len(cut) + _GAP + widest - room
        if over > 0:
            cut[column] = max(min(_NARROWEST_LABEL, cut[column]), cut[column] - over)
    return cut


def _blocks(widths: Sequence[int], labels: int, room: int) -> Iterator[list[int]]:
    """The columns of numbers that stand beside one another."""
    start = sum(widths[:labels]) + _GAP * labels
    used, block = start, list[int]()
    for column in range(labels, len(widths)):
        width = _GAP + widths[column]
        if block and used + width > room:
            yield block
            used, block = start, []
        used += width
        block.append(column)
    if block or len(widths) == labels:
        yield block


def _label(cell: str, width: int) -> Text:
    text = Text(" " * _GAP)
    shown = Text(cell)
    shown.truncate(width, overflow="ellipsis", pad=True)
    return text.append_text(shown)
