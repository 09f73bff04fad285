"""A helper that findings name: it is no registered function, so it is shown by the functions that reach it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from contend.model.audit import Audit
from contend.model.findings import Finding
from contend.model.functions import Access, Function
from contend.reports.access_words import access_words
from contend.reports.finding_block import SEVERITY_STYLE, show_command
from contend.reports.json_report import SCHEMA_VERSION, finding_json
from contend.reports.names import path_in
from contend.reports.numbers import Json, counted, tidy
from contend.reports.page import Page
from contend.reports.words import function_kind

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class HelperView:
    """A helper by name, the functions that reach it, each with the accesses that stand in or below it, and the findings
    that name it."""

    name: str
    functions: tuple[tuple[Function, tuple[Access, ...]], ...]
    findings: tuple[Finding, ...]


def helper_view(audit: Audit, wanted: str) -> HelperView | None:
    """The view of the helper that `wanted` names exactly; None where there is none, or where a registered function has
    that name."""
    if any(wanted in (one.id, one.path, one.path.rpartition(":")[2]) for one in audit.functions):
        return None
    found = []
    for function in audit.functions:
        reached = [one for one in function.accesses if any(frame.name == wanted for frame in one.path)]
        if reached:
            found.append((function, tuple(sorted(reached, key=lambda access: access.order))))
    findings = tuple(finding for finding in audit.findings if finding.helper == wanted)
    return HelperView(wanted, tuple(found), findings) if found else None


def add_helper(page: Page, view: HelperView, path: str = "") -> None:
    """The whole view on `page`. `path` is the audited path as typed, for commands to copy."""
    verb = "reach" if len(view.functions) > 1 else "reaches"
    several = len({function.app for function, _ in view.functions}) > 1
    page.paragraph(
        (view.name, "bold"),
        f"  a helper: {counted(len(view.functions), 'function')} {verb} it",
        rest="  ",
    )
    for function, accesses in view.functions[:_SHOWN]:
        page.blank()
        name = function.id if several else function.path
        page.paragraph((name, "bold"), f"  {function_kind(function)}, {function.span}", rest="  ")
        for access in accesses[:_SHOWN]:
            page.paragraph(access_words(access), first="  ", rest="    ")
            way = " → ".join(frame.name for frame in access.path)
            page.paragraph((f"{access.span} through {way}", "dim"), first="    ")
        if len(accesses) > _SHOWN:
            page.paragraph((f"and {len(accesses) - _SHOWN} more", "dim"), first="  ")
        page.copied(show_command(name, path), lead="  ")
    if len(view.functions) > _SHOWN:
        page.blank()
        page.paragraph((f"and {len(view.functions) - _SHOWN} more functions (--format json has all)", "dim"))
    for finding in view.findings:
        page.blank()
        page.paragraph(
            (finding.severity.value, SEVERITY_STYLE[finding.severity]),
            f" {finding.rule} ({finding.cause}): {finding.message}",
            rest="  ",
        )


def render_helper_json(view: HelperView, version: str) -> str:
    """The view as ASCII-safe JSON text with a final newline. `version` is the tool's."""
    return json.dumps(helper_json(view, version), indent=2, allow_nan=False) + "\n"


def helper_json(view: HelperView, version: str) -> dict[str, Json]:
    """The view as plain data."""
    report: dict[str, Json] = {
        "schema": SCHEMA_VERSION,
        "tool": {"name": "contend", "version": version},
        "helper": view.name,
        "functions": [
            {
                "app": function.app,
                "function": path_in(function.app, function.path),
                "accesses": [
                    {
                        "op": access.operation,
                        "tables": list[Json](access.tables),
                        "file": access.span.file,
                        "line": access.span.line,
                    }
                    for access in accesses
                ],
            }
            for function, accesses in view.functions
        ],
        "findings": [finding_json(finding) for finding in view.findings],
    }
    return {key: tidy(value) for key, value in report.items()}
