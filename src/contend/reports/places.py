"""Places in files for other programs: from the root of the repository, in columns as editors count them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from contend.model.places import Span

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Places:
    """Turns spans into what SARIF and GitHub want.

    `sources` are the texts that spans point into. `prefix` leads from the root of the repository to the audited path,
    with `/` ("" where they are the same): code hosts know no other paths.
    """

    sources: Mapping[str, str]
    prefix: str = ""
    _lines: dict[str, list[str]] = field(default_factory=dict)

    def path(self, file: str) -> str:
        """A file seen from the root of the repository."""
        return f"{self.prefix}/{file}" if self.prefix else file

    def uri(self, file: str) -> str:
        """The same as a relative URI, percent-encoded (RFC 3986)."""
        return quote(self.path(file), safe="/", errors="surrogateescape")

    def columns(self, span: Span) -> tuple[int, int] | None:
        """The column of the first character and the one after the last, from 1, in UTF-16 code units and without a byte
        order mark; None where the text is not at hand."""
        start = self._column(span.file, span.line, span.column)
        end = self._column(span.file, span.end_line, span.end_column)
        return None if start is None or end is None else (start, end)

    def _column(self, file: str, line: int, column: int) -> int | None:
        lines = self._lines.get(file)
        if lines is None:
            source = self.sources.get(file)
            lines = self._lines[file] = [] if source is None else source.split("\n")
        if not 1 <= line <= len(lines):
            return None
        before = lines[line - 1][: column - 1]
        if line == 1:
            before = before.removeprefix(_BOM)
        return len(before.encode("utf-16-le", "surrogatepass")) // 2 + 1
