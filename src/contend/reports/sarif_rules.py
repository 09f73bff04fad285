"""The rules as SARIF describes them, so that a viewer can explain a result."""

from __future__ import annotations

from contend.model.audit import Audit
from contend.reports.numbers import Json
from contend.rules import Rule, all_rules

TAGS = ("convex", "optimistic-concurrency", "performance")


def described_rules(audit: Audit) -> list[dict[str, Json]]:
    """A descriptor for each rule that ran or has a finding, by name."""
    known = {rule.name: rule for rule in all_rules()}
    names = {*audit.rules, *(finding.rule for finding in audit.findings)}
    return [_described(name, known.get(name)) for name in sorted(names)]


def _described(name: str, rule: Rule | None) -> dict[str, Json]:
    descriptor: dict[str, Json] = {
        "id": name,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": [*TAGS], "precision": "medium" if rule is not None and rule.preview else "high"},
    }
    if rule is None:
        descriptor["shortDescription"] = {"text": name}
    else:
        descriptor["shortDescription"] = {"text": rule.summary}
        descriptor["fullDescription"] = {"text": " ".join(rule.docs.get("What it does", rule.summary).split())}
        descriptor["help"] = {"text": _help(rule, mark=""), "markdown": _help(rule, mark="## ")}
    return descriptor


def _help(rule: Rule, mark: str) -> str:
    sections = [f"{mark}{title}\n\n{text}" for title, text in rule.docs.items()]
    return "\n\n".join([rule.summary, *sections])
