"""What the app holds, judged: mutations that write several documents, what pages call, what the scheduler starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from contend.evidence.costs import FunctionCost
from contend.model.audit import Audit
from contend.model.inventory import FrontendEntry, MultiDocumentEntry, SchedulerEntry, Verdict, WrittenRow
from contend.reports.markdown.document import CELL, Document
from contend.reports.markdown.text import clipped, code, joined, plain, prose
from contend.reports.names import path_in
from contend.reports.numbers import counted, duration, spoken_count

_RANK: dict[Verdict, int] = {"fix": 0, "watch": 1, "safe": 2}
_ATOMIC: dict[Verdict, str] = {
    "fix": "**fix**: atomic, and it loses to hot writers",
    "watch": "**watch**: atomic, not free of conflicts",
    "safe": "**safe**: atomic, and no hot writer meets it",
}
_ROWS, _WRITERS = 4, 4
_ROWS_OF_TABLE = 40
_CALLS = 4
_NOBODY = "nothing in this repository"


def add_multi_document(page: Document, audit: Audit, costs: Sequence[FunctionCost]) -> None:
    """Mutations that write several documents, each row with its other writers."""
    entries = sorted(audit.inventory.multi_document, key=_several_tables_first)
    page.heading(2, "Mutations that write several documents")
    if not entries:
        page.paragraph("None.")
        return
    page.paragraph(
        "One mutation is one transaction, so all of its writes happen or none: it is *atomic*. That says nothing about "
        "*conflicts*: it starts over whenever somebody else commits to one of the rows that it read or wrote. So the "
        "verdict rests on who else writes each row, and how hot those writers are (**bold**)."
    )
    calls = {(one.app, one.function): one.callers for one in audit.inventory.functions}
    retries = {cost.function: cost.retries_per_day for cost in costs}
    rows = []
    for entry in entries:
        callers = calls.get((entry.app, entry.function), 0)
        cost = retries.get(f"{entry.app}#{entry.function}" if entry.app else entry.function, 0.0)
        verdict = _ATOMIC[entry.verdict]
        if cost >= 0.01:
            verdict += f"; predicted {spoken_count(cost, 'retry', 'retries')} a day"
        function = f"{page.function(entry.app, entry.function)}<br>{page.file(entry.file, entry.line)}"
        called = counted(callers, "place") if callers else _NOBODY
        rows.append([function, _written(entry), called, verdict])
    page.table(["mutation", "rows, and who else writes them", "called from", "verdict"], rows, _ROWS_OF_TABLE)
    hot = {path: why for entry in entries for row in entry.rows for path, why in row.hot_writers}
    if hot:
        page.paragraph("The hot writers:")
        page.bullets((f"{code(path)}: {prose(clipped(why, CELL))}" for path, why in sorted(hot.items())), 15)


def _several_tables_first(entry: MultiDocumentEntry) -> tuple[int, bool, str, str, int]:
    return (_RANK[entry.verdict], len(entry.tables) < 2, entry.app, entry.file, entry.line)


def _written(entry: MultiDocumentEntry) -> str:
    kept = sorted((row for row in entry.rows if not row.fresh), key=lambda row: not row.hot_writers)
    told = [_row_words(row) for row in kept]
    shown = told if len(told) <= _ROWS + 1 else [*told[:_ROWS], f"and {len(told) - _ROWS} rows more"]
    inserted = [code(table) for table in sorted({row.table for row in entry.rows if row.fresh})]
    if inserted:
        shown.append(f"inserts into {joined(inserted, 6)}")
    return "<br>".join(shown)


def _row_words(row: WrittenRow) -> str:
    what, _, found_by = row.row.partition(" (")
    what = prose(what) + (f" ({code(found_by.removesuffix(')'))})" if found_by else "")
    if not row.other_writers:
        return f"{what}: nobody else"
    hot = {path for path, _ in row.hot_writers}
    names = [f"**{code(path)}**" if path in hot else code(path) for path in row.other_writers]
    return f"{what}: {joined(names, _WRITERS)}"


def add_frontend(page: Document, audit: Audit) -> None:
    """What pages and routes call, and how their calls relate. Those that make one call at a time are counted."""
    page.heading(2, "What pages and routes call")
    entries = audit.inventory.frontend
    if not entries:
        page.paragraph("No call from a page, hook or route was found.")
        return
    telling = sorted((one for one in entries if not _is_plain(one)), key=lambda one: (_RANK[one.verdict], one.page))
    rows = [
        [
            plain(one.page),
            _calls(page, one),
            plain(one.pattern),
            f"**{one.verdict}**: {prose(clipped(one.reason, CELL))}",
        ]
        for one in telling
    ]
    page.table(["page", "calls", "pattern", "verdict"], rows)
    quiet = [one for one in entries if _is_plain(one)]
    if quiet:
        names = joined([plain(one.page) for one in quiet], 12 if page.limited else len(quiet))
        each = "makes" if len(quiet) == 1 else "make"
        page.paragraph(f"**safe**: {counted(len(quiet), 'page')} {each} one call at a time: {names}.")


def _is_plain(entry: FrontendEntry) -> bool:
    return entry.verdict == "safe" and entry.pattern == "single"


def _calls(page: Document, entry: FrontendEntry) -> str:
    places: dict[str, list[str]] = {}
    for call in entry.calls:
        name = page.function(entry.app, path_in(entry.app, call.function))
        places.setdefault(name, []).append(page.file(call.file, call.line))
    told = [name if len(at) > 1 else f"{name} ({at[0]})" for name, at in places.items()]
    return joined(told, _CALLS)


def add_scheduler(page: Document, audit: Audit) -> None:
    """What functions put on the scheduler, what crons start, and what those write back."""
    page.heading(2, "Scheduler and crons")
    entries = sorted(audit.inventory.scheduler, key=lambda one: (_RANK[one.verdict], one.app, one.file, one.line))
    if entries:
        page.paragraph(
            "A scheduled *mutation* that conflicts is tried again for ever; a scheduled *action* runs once. Neither is "
            "out of the way of others if it writes rows that others write."
        )
        page.table(["from", "target", "writes back", "verdict"], [_scheduled(page, one) for one in entries])
    crons = audit.inventory.crons
    if crons:
        kinds = {(one.app, one.function): one for one in audit.inventory.functions}
        rows = []
        for cron in crons:
            target = kinds.get((cron.app, cron.function))
            writes = joined([code(name) for name in target.writes], 6) if target is not None else ""
            rows.append(
                [
                    code(cron.name),
                    code(cron.schedule),
                    f"{page.function(cron.app, cron.function)} ({target.kind if target else 'not found'})",
                    writes or "nothing itself",
                    page.file(cron.file, cron.line),
                ]
            )
        page.table(["cron", "schedule", "starts", "writes", "where"], rows)
    if not entries and not crons:
        page.paragraph("Nothing is scheduled.")
    kinds_of = Counter[str](one.target_kind or "unknown" for one in entries)
    if len(entries) > 1:
        by_kind = [counted(number, kind) for kind, number in kinds_of.most_common()]
        page.paragraph(f"{counted(len(entries), 'scheduler call')} in all, of {joined(by_kind, 4)}.")


def _scheduled(page: Document, entry: SchedulerEntry) -> list[str]:
    awaited = "" if entry.awaited else ", not awaited"
    when = "" if entry.delay_ms is None else " at once" if entry.delay_ms == 0 else f" after {duration(entry.delay_ms)}"
    source = f"{page.function(entry.app, entry.function)}<br>{page.file(entry.file, entry.line)}"
    trigger = prose(clipped(entry.trigger, 200))
    target = f"{page.function(entry.app, entry.target)} ({entry.target_kind or 'not found'}{when}{awaited})"
    writes = joined([code(name) for name in entry.writes_back], 6) or "nothing"
    return [f"{source}<br>{trigger}", target, writes, f"**{entry.verdict}**: {prose(clipped(entry.reason, 2 * CELL))}"]
