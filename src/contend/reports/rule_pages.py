"""The rules on a terminal: all in a list, or one with its documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from rich.text import Text

from contend.reports.encoding import fit
from contend.reports.page import Page


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
    """One rule's documentation, its sections in the order they are written, lines as they are."""
    page.paragraph((rule.name, "bold"))
    page.paragraph(rule.summary)
    for title, text in rule.docs.items():
        page.blank()
        page.paragraph((title, "bold underline"))
        for line in text.strip("\n").splitlines():
            page.verbatim(Text("  " + fit(line.expandtabs(4), page.encoding)))
