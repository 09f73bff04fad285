"""A Markdown document, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from contend.model.places import Span
from contend.reports.markdown.text import code, fenced, plain, slug, target

ROWS = 25
"""Rows of a table unless everything is asked for."""
_BORDER = re.compile(r"(?<!\\)\|")
CELL = 420
"""Characters of a sentence in a table."""


@dataclass
class Document:
    """Collects lines. `prefix` leads from the document's folder to the audited path; `several` where functions have to
    be named with their app; `limited` where long tables are cut, and `command` then shows the rest."""

    prefix: str
    command: str
    several: bool = False
    limited: bool = True
    lines: list[str] = field(default_factory=list)

    def heading(self, level: int, text: str) -> str:
        """A heading of plain words; returns its anchor."""
        self._block([f"{'#' * level} {plain(text)}"])
        return slug(text)

    def paragraph(self, *sentences: str) -> None:
        """Markdown that is already safe, as one paragraph."""
        self._block([" ".join(sentence for sentence in sentences if sentence)])

    def bullets(self, items: Iterable[str], limit: int | None = None, noun: str = "more") -> None:
        """A list of safe Markdown; beyond `limit` only counted."""
        every = list(items)
        shown = every[: self.rows(limit, len(every))]
        if not every:
            return
        lines = [f"- {item}" for item in shown]
        if len(shown) < len(every):
            lines.append(f"- and {len(every) - len(shown)} {noun}: {code(self.command)}")
        self._block(lines)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]], limit: int | None = ROWS) -> None:
        """A table of safe Markdown; rows beyond `limit` are counted below it."""
        if not rows:
            return
        shown = rows[: self.rows(limit, len(rows))]
        self._block([_row(header), _row(["---"] * len(header)), *(_row(row) for row in shown)])
        if len(shown) < len(rows):
            self.paragraph(f"{len(rows) - len(shown)} more of {len(rows)}: {code(self.command)}")

    def block(self, text: str, language: str) -> None:
        """A block of code."""
        self._block(fenced(text, language))

    def verbatim(self, markdown: str) -> None:
        """Markdown that this project wrote, as it is."""
        self._block(markdown.strip("\n").split("\n"))

    def rows(self, limit: int | None, count: int) -> int:
        """How many of `count` things to show: all where nothing is limited, or one more than the limit is all."""
        return count if limit is None or not self.limited or count <= limit + 1 else limit

    def function(self, app: str, path: str) -> str:
        """A function's name as code, with its app where there are several."""
        return code(f"{app}#{path}" if self.several and app and "#" not in path else path)

    def file(self, path: str, line: int | None = None, end_line: int | None = None) -> str:
        """A link to a file or a line of it."""
        text = path if line is None else f"{path}:{line}"
        words = code(text) if "$" in text else plain(text)
        return f"[{words}]({target(self.prefix + path, line, end_line)})"

    def span(self, span: Span) -> str:
        """A link to a place."""
        return self.file(span.file, span.line)

    def text(self) -> str:
        """The whole document, with a final newline."""
        return "\n".join(self.lines) + "\n"

    def _block(self, lines: Sequence[str]) -> None:
        if self.lines:
            self.lines.append("")
        self.lines.extend(lines)


def _row(cells: Sequence[str]) -> str:
    """One row: what a cell holds of pipes is no border, in code spans neither."""
    safe = (_BORDER.sub(r"\\|", cell.replace("\n", " ")) or " " for cell in cells)
    return f"| {' | '.join(safe)} |"
