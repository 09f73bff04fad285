"""A few lines of source around a cause, the cause underlined."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from contend.model.places import Span
from contend.reports.encoding import fit

TAB = 4
LINES_BEFORE = 1
LINES_OF_CAUSE = 4
CUT = "..."


@dataclass(frozen=True, slots=True)
class FrameLine:
    """One line of a frame: `gutter` (line number, or blank, with its bar), `code`, and whether it belongs to the cause.
    An underline is a line of its own."""

    gutter: str
    code: str
    kind: str  # "context", "cause", "underline"


def code_frame(source: str, span: Span, width: int, encoding: str = "utf-8") -> list[FrameLine]:
    """The frame of `span` in `source`, at most `width` cells wide; empty where the span lies outside the text.

    One line before the cause and up to four of it; its first line is underlined from the column it starts at to its
    end. Tabs count four cells; a line too long for the width is clipped around the cause, `...` marking the cut.
    """
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not 1 <= span.line <= len(lines):
        return []
    last = min(max(span.end_line, span.line), span.line + LINES_OF_CAUSE - 1, len(lines))
    first = max(1, span.line - LINES_BEFORE)
    if first < span.line and not lines[first - 1].strip():
        first = span.line
    number_width = len(str(last))
    room = max(20, width - number_width - 3)

    head = lines[span.line - 1]
    end = span.end_column - 1 if span.end_line == span.line else len(head.rstrip())
    start_cell = _cells(head[: span.column - 1], encoding)
    end_cell = max(start_cell + 1, _cells(head[:end], encoding))
    shown = {number: _expanded(lines[number - 1], encoding) for number in range(first, last + 1)}
    indent = min((len(text) - len(text.lstrip(" ")) for text in shown.values() if text.strip()), default=0)
    shift = _shift(start_cell - indent, end_cell - indent, room)

    frame: list[FrameLine] = []
    for number, text in shown.items():
        moves = number == span.line and shift > 0
        code = _clip(text[indent:], shift if moves else 0, room)
        kind = "context" if number < span.line else "cause"
        frame.append(FrameLine(f"{number:>{number_width}} |", code, kind))
        if number == span.line:
            left = min(start_cell - indent - shift, room - 1)
            cut = cell_len(text[indent:]) - shift > room
            right = min(end_cell - indent - shift, room - len(CUT) if cut else room)
            underline = " " * left + "^" * max(1, right - left)
            frame.append(FrameLine(f"{'':>{number_width}} |", underline, "underline"))
    if max(span.end_line, span.line) > last:
        frame.append(FrameLine(f"{'':>{number_width}} |", "...", "context"))
    return frame


def source_line(span: Span, source: str | None, longest: int = 100) -> str:
    """The text of `span` in `source` on one line, blanks joined, clipped to `longest` characters; empty where there is
    no such text."""
    if source is None:
        return ""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")[span.line - 1 : span.end_line]
    if not lines:
        return ""
    if len(lines) == span.end_line - span.line + 1:
        lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    text = " ".join(" ".join(lines).split())
    return text if len(text) <= longest else text[: longest - len(CUT)].rstrip() + CUT


def _expanded(line: str, encoding: str) -> str:
    """`line` with tabs as blanks and nothing the encoding lacks."""
    return fit(line.expandtabs(TAB), encoding).rstrip()


def _cells(prefix: str, encoding: str) -> int:
    """Cells that the start of a line takes once laid out."""
    return cell_len(fit(prefix.expandtabs(TAB), encoding))


def _shift(start: int, end: int, room: int) -> int:
    """How many cells to cut from the left so that the underlined part is seen, 0 where it is anyway."""
    if end <= room - 3 or start <= room // 2:
        return 0
    return max(0, start - room // 4)


def _clip(text: str, shift: int, room: int) -> str:
    """The part of `text` from cell `shift` that fits `room` cells, cuts marked."""
    if shift:
        kept = text
        while kept and cell_len(text) - cell_len(kept) < shift:
            kept = kept[1:]
        padding = shift - (cell_len(text) - cell_len(kept))
        text = "..." + (" " * padding + kept)[3:]
    if cell_len(text) <= room:
        return text
    return set_cell_size(text, room - 3) + "..."
