"""Writes `docs/rules.md` from the rules' own files: `python docs/rules_page.py`."""

from __future__ import annotations

from pathlib import Path

from contend.rules import Rule, all_rules

PAGE = Path(__file__).resolve().parent / "rules.md"


def page() -> str:
    """The page: every rule with its documentation, and the names of the cases that test it."""
    rules = all_rules()
    lines = [
        "# Rules",
        "",
        "Written by `python docs/rules_page.py` from the rules themselves; `contend rules RULE` shows the same.",
        "",
        "| rule | what it finds |",
        "|---|---|",
        *[f"| [`{rule.name}`](#{rule.name}) | {rule.summary} |" for rule in rules],
    ]
    for rule in rules:
        lines += ["", *_section(rule)]
    return "\n".join(lines) + "\n"


def _section(rule: Rule) -> list[str]:
    lines = [f"## {rule.name}", "", rule.summary]
    for title, text in rule.docs.items():
        lines += ["", f"### {title}", "", text]
    lines += ["", "### Cases", ""]
    lines += [f"- reported: {case.title}" for case in rule.INVALID]
    lines += [f"- quiet{' (a trap)' if case.trap else ''}: {case.title}" for case in rule.VALID]
    return lines


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
