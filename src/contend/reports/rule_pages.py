"""The rules on a terminal: all in a list, or one with its documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from rich.cells import cell_len
from rich.text import Text

from contend.reports.encoding import fit
from contend.reports.page import Page

_BULLETS = ("- ", "* ")
_CODE = 4
"""Cells that code is indented by: more than the prose around it."""
_NARROW = 80
"""Cells that code may take on narrower pages too: breaking it more would hide its shape."""
_WIDEST = 100
_EMPHASIS = re.compile(r"(?<![\w*`])\*{1,2}([^\s*`](?:[^*`]*[^\s*`])?)\*{1,2}(?![\w*`])")


class RuleText(Protocol):
    """What a page needs of a rule: its name, one sentence, and its docstring by section, in order."""

    @property
    def name(self) -> str:
        """The bad pattern, kebab-case."""
        ...

    @property
    def summary(self) -> str:
        """What it finds, in one sentence."""
        ...

    @property
    def docs(self) -> Mapping[str, str]:
        """Section title to text."""
        ...


def add_rule_list(page: Page, rules: Sequence[RuleText]) -> None:
    """Every rule with its sentence, in a column of names."""
    column = max((len(rule.name) for rule in rules), default=0) + 2
    beside = page.width >= column + 40
    for rule in sorted(rules, key=lambda rule: rule.name):
        if beside:
            page.paragraph(rule.summary, first=rule.name.ljust(column))
        else:
            page.paragraph((rule.name, "bold"))
            page.paragraph(rule.summary, first="  ")
    page.blank()
    page.paragraph("`contend rules RULE` explains one.")


def add_rule(page: Page, rule: RuleText) -> None:
    """One rule's documentation, its sections in the order they are written: prose wrapped, code as it is."""
    page.paragraph((rule.name, "bold"))
    page.paragraph(rule.summary)
    for title, text in rule.docs.items():
        page.blank()
        page.paragraph((title, "bold underline"))
        _add_section(page, text)


def _add_section(page: Page, text: str) -> None:
    """Code stands indented, without the fences that a file needs; prose is wrapped to the page."""
    prose: list[str] = []
    in_code = False
    for line in text.strip("\n").expandtabs(4).splitlines():
        fence = line.lstrip().startswith("```")
        if in_code or fence or not line.strip():
            _add_prose(page, prose)
            prose = []
            if not fence:
                _add_code(page, line)
        else:
            if line.lstrip().startswith(_BULLETS):
                _add_prose(page, prose)
                prose = []
            prose.append(line)
        in_code = in_code != fence
    _add_prose(page, prose)


def _add_code(page: Page, line: str) -> None:
    """A line of code as it is, or broken at a blank where the page is too narrow for it; a blank line as one."""
    fitted = fit(line.rstrip(), page.encoding)
    indent = " " * (_CODE + len(fitted) - len(fitted.lstrip()))
    if not fitted or cell_len(fitted) + _CODE <= max(page.width, _NARROW):
        page.verbatim(Text(f"{' ' * _CODE}{fitted}" if fitted else ""))
    else:
        page.paragraph(fitted.strip(), first=indent, rest=indent + "    ")


def _add_prose(page: Page, lines: Sequence[str]) -> None:
    """A paragraph or one point of a list: as it is where it fits, else wrapped anew."""
    lines = [_EMPHASIS.sub(r"\1", line) for line in lines]
    if all(cell_len(line) + 2 <= min(page.width, _WIDEST) for line in lines):
        for line in lines:
            page.verbatim(Text("  " + fit(line, page.encoding)))
        return
    body = " ".join(line.strip() for line in lines)
    indent = " " * (2 + len(lines[0]) - len(lines[0].lstrip()))
    page.paragraph(body, first=indent, rest=indent + "  " if body.startswith(_BULLETS) else indent)
