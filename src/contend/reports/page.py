"""A page of lines for a terminal: wrapped with hanging indents, safe in its encoding."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import StringIO
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from contend.reports.encoding import fit

LABEL_WIDTH = 11
"""Cells that a label in front of a paragraph takes, indent included."""


@dataclass
class Page:
    """Collects lines that fit `width` cells and `encoding`, then prints them all. Styles vanish where the stream has
    no colours."""

    width: int
    encoding: str = "utf-8"
    lines: list[Text] = field(default_factory=list)

    def blank(self) -> None:
        """An empty line."""
        self.lines.append(Text())

    def verbatim(self, line: Text) -> None:
        """A line that is already laid out and fitted."""
        self.lines.append(line)

    def paragraph(self, *parts: str | tuple[str, str], first: str = "", rest: str | None = None) -> None:
        """`parts` (plain, or with a style) joined and wrapped; `first` leads the first line, `rest` the others
        (`first` as blanks, if not given)."""
        lead = Text(fit(first, self.encoding))
        hang = fit(rest, self.encoding) if rest is not None else " " * cell_len(lead.plain)
        body = self._text(parts)
        room = max(20, self.width - max(cell_len(lead.plain), cell_len(hang)))
        for number, line in enumerate(_wrapped(body, room)):
            self.lines.append(Text.assemble(lead if number == 0 else hang, line))

    def labelled(self, label: str, *parts: str | tuple[str, str], hang: int = 0) -> None:
        """A paragraph behind `label:`, its text in the column that all labels share; `hang` indents what wraps. An
        empty label continues the one above."""
        lead = f"  {label}:".ljust(LABEL_WIDTH) if label else " " * LABEL_WIDTH
        body = self._text(parts)
        room = max(20, self.width - LABEL_WIDTH - hang)
        for number, line in enumerate(_wrapped(body, room)):
            start = Text(lead, style="dim") if number == 0 else Text(" " * (LABEL_WIDTH + hang))
            self.lines.append(Text.assemble(start, line))

    def copied(self, text: str, *, lead: str = "", style: str = "cyan") -> None:
        """`text` to be copied, a command say, behind `lead`: in one line however long it is, since a wrapped one cannot
        be pasted. Where it is too long to stand behind `lead`, it has a line of its own."""
        command = self._text(((text, style),))
        if lead.strip() and cell_len(lead) + cell_len(command.plain) > self.width:
            indent = " " * (len(lead) - len(lead.lstrip()))
            self.paragraph(lead.strip(), first=indent, rest=indent + "  ")
            lead = indent + "  "
        self.lines.append(Text.assemble(fit(lead, self.encoding), command))

    def labelled_copy(self, label: str, text: str) -> None:
        """`text` to be copied behind `label:`, in one line however long it is."""
        lead = f"  {label}:".ljust(LABEL_WIDTH) if label else " " * LABEL_WIDTH
        self.lines.append(Text.assemble(Text(lead, style="dim"), self._text(((text, "cyan"),))))

    def room(self) -> int:
        """Cells that a labelled text has in one line."""
        return max(20, self.width - LABEL_WIDTH)

    def print(self, console: Console) -> None:
        """Every line to `console`, in one write."""
        for line in self.lines:
            line.rstrip()
        console.print(Text("\n").join(self.lines), soft_wrap=True, highlight=False)

    def _text(self, parts: tuple[str | tuple[str, str], ...]) -> Text:
        text = Text()
        for part in parts:
            content, style = part if isinstance(part, tuple) else (part, "")
            text.append(fit(content.replace("\r\n", "\n").replace("\n", " "), self.encoding), style)
        return text


def page_for(console: Console) -> Page:
    """A page as wide as `console` and in its encoding."""
    return Page(width=console.width, encoding=console.encoding)


def plain_console(stream: TextIO | None = None, width: int = 100) -> Console:
    """A console without colours."""
    return Console(
        file=StringIO() if stream is None else stream, width=width, color_system=None, force_terminal=False, tab_size=4
    )


def plain_text(page: Page) -> str:
    """What `page` says, without colours, with a final newline."""
    for line in page.lines:
        line.rstrip()
    return "\n".join(line.plain for line in page.lines) + "\n"


def _wrapped(text: Text, room: int) -> list[Text]:
    lines = list(text.wrap(_MEASURE, room, no_wrap=False, overflow="fold"))
    for line in lines:
        line.rstrip()
    return lines or [Text()]


_MEASURE = plain_console()
