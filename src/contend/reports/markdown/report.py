"""The document from top to bottom: what was found, what to do, and what the app holds."""

from __future__ import annotations

from collections import Counter

from contend.evidence.costs import costs_of
from contend.model.audit import Audit
from contend.model.findings import Severity
from contend.reports.distinct import distinct_places
from contend.reports.finding_block import quoted
from contend.reports.markdown.document import Document
from contend.reports.markdown.findings import add_findings
from contend.reports.markdown.forecast import add_graph, add_targets
from contend.reports.markdown.gaps import add_assumptions, add_gaps
from contend.reports.markdown.inventory import add_frontend, add_multi_document, add_scheduler
from contend.reports.markdown.patterns import add_patterns
from contend.reports.markdown.plan import add_comparisons, add_plan, unattended
from contend.reports.markdown.production import add_production
from contend.reports.markdown.tables import add_tables
from contend.reports.markdown.text import code, joined
from contend.reports.numbers import counted


def render_markdown(audit: Audit, version: str, *, path: str = "", prefix: str = "", everything: bool = False) -> str:
    """The audit as a Markdown document.

    `version` is the tool's. `path` is the audited path as typed, for commands to copy ("" for here); `prefix` leads
    from the folder that the document will lie in to the audited path (`../`, "" for the same). `everything` lifts the
    limits on how much is shown. The same audit gives the same text on every machine.
    """
    command = " ".join(["contend audit", *([quoted(path)] if path else []), "--format markdown --all"])
    page = Document(prefix, command, several=len(audit.apps) > 1, limited=not everything)
    costs = costs_of(audit)
    page.heading(1, "Write-conflict audit")
    _add_summary(page, audit, version)
    anchors = add_plan(page, audit)
    add_comparisons(page, audit)
    add_production(page, audit, anchors)
    add_findings(page, audit, anchors, path)
    add_patterns(page, audit)
    add_multi_document(page, audit, costs)
    add_frontend(page, audit)
    add_scheduler(page, audit)
    add_tables(page, audit)
    add_targets(page, audit, costs)
    add_graph(page, audit, costs)
    add_assumptions(page, audit)
    add_gaps(page, audit)
    return page.text()


def _add_summary(page: Document, audit: Audit, version: str) -> None:
    inventory = audit.inventory
    page.paragraph(
        f"Written by {code(f'contend {version}')} from the source of {_apps(audit)}. Every number says what it rests "
        "on: *static* (the code says it can happen), *predicted* (a formula says how often, under the "
        "[assumptions](#assumptions) below) or *observed* (production saw it)."
    )
    page.heading(2, "Summary")
    functions = Counter[str]("action" if one.kind == "httpAction" else one.kind for one in inventory.functions)
    places = distinct_places(inventory.writes)
    writes = Counter(one.operation for one in places)
    by_kind = [
        counted(functions[kind], kind, plural)
        for kind, plural in (("query", "queries"), ("mutation", "mutations"), ("action", "actions"))
        if functions[kind]
    ]
    by_operation = [f"{number:,} {code(operation)}" for operation, number in writes.most_common()]
    files = len({one.file for one in inventory.writes})
    writers = len({(one.app, one.function) for one in inventory.writes if one.function})
    tables = sum(len(app.tables) for app in audit.apps)
    items = [
        f"**{counted(len(inventory.functions), 'function')}** ({joined(by_kind, 3)}), {counted(tables, 'table')}, "
        f"{counted(sum(len(app.callers) for app in audit.apps), 'place')} that call them",
        f"**{counted(len(places), 'write')}** in the code"
        + (f": {joined(by_operation, 6)}" if by_operation else "")
        + f", in {counted(files, 'file')}; {counted(writers, 'function')} {'reaches' if writers == 1 else 'reach'} "
        + ("it" if len(places) == 1 else "them")
        + " (a write in a helper counts once)",
        _found(audit),
    ]
    growing = [one.name for one in unattended(inventory.tables)]
    if growing:
        names = joined([code(name) for name in growing], 6)
        items.append(f"**{counted(len(growing), 'table')}** that nothing keeps small: {names}")
    unread = sum(one.unread is not None for one in inventory.functions)
    gaps = len(distinct_places(inventory.unresolved)) + unread + len(audit.errors)
    items.append(
        f"**{counted(gaps, 'gap')}** in what was read: see [what was not resolved](#what-was-not-resolved)"
        if gaps
        else "every access and function was resolved"
    )
    page.bullets(items)


def _found(audit: Audit) -> str:
    open_findings = audit.open_findings
    levels = Counter(finding.severity for finding in open_findings)
    by_level = [f"{levels[level]} {level.value}" for level in Severity if levels[level]]
    text = f"**{counted(len(open_findings), 'finding')}**" + (f": {joined(by_level, 5)}" if by_level else "")
    silenced = sum(finding.suppressed is not None for finding in audit.findings)
    known = sum(finding.baseline == "known" and finding.suppressed is None for finding in audit.findings)
    more = [words for number, words in ((silenced, "silenced"), (known, "known to the baseline")) if number]
    numbers = [number for number in (silenced, known) if number]
    tail = joined([f"{number} {words}" for number, words in zip(numbers, more, strict=True)], 2)
    rules = f"; {counted(len(audit.rules), 'rule')} ran"
    return f"{text}{f' ({tail} not counted)' if tail else ''}{rules}"


def _apps(audit: Audit) -> str:
    names = [code(app.functions_dir or ".") for app in audit.apps]
    return joined(names, 4) or "no app"
