"""One function on a terminal: what it touches, how it ends, who starts it, and whom it meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contend.model.findings import Pair
from contend.model.functions import Access, Function
from contend.reports.access_words import access_words, conditions, exit_place, exit_words
from contend.reports.finding_block import SEVERITY_STYLE, add_chain
from contend.reports.function_starts import add_starts, is_action
from contend.reports.function_view import FunctionView
from contend.reports.meetings import aliases_words, meeting_places, meeting_words, meetings_of
from contend.reports.names import path_in
from contend.reports.numbers import counted, duration
from contend.reports.page import Page, plain_text
from contend.reports.words import function_kind

SHOWN = 10
"""Callers, pairs and subscribers that are shown of each kind; the rest is counted (JSON has all)."""


def render_function(view: FunctionView, *, width: int) -> str:
    """The view as plain text of at most `width` cells a line."""
    page = Page(width=width)
    add_function(page, view)
    return plain_text(page)


def add_function(page: Page, view: FunctionView) -> None:
    """The whole view on `page`."""
    function = view.function
    app = f" of {function.app}" if function.app else ""
    page.paragraph(
        (path_in(function.app, function.path), "bold"), f"  {function_kind(function)}{app}, {function.span}", rest="  "
    )
    if function.unread is not None:
        page.paragraph(f"Its code could not be read: {function.unread}.", first="  ")
    _add_accesses(page, function, view.sources)
    _add_exits(page, function)
    add_starts(page, view)
    _add_callers(page, view)
    _add_subscribers(page, view)
    _add_result(page, function)
    _add_pairs(page, view)
    _add_findings(page, view)


def _add_accesses(page: Page, function: Function, sources: Mapping[str, str]) -> None:
    accesses = sorted(function.accesses, key=lambda access: access.order)
    reads = sum(not access.writes for access in accesses)
    title = f"{counted(reads, 'read')}, {counted(len(accesses) - reads, 'write')}"
    if not accesses:
        title = "No database access"
        if is_action(function):
            title = "No database access of its own: an action reads and writes through what it starts"
    _title(page, title)
    for access in accesses:
        style = "bold" if access.writes else ""
        page.paragraph((access_words(access), style), first="  ", rest="    ")
        page.paragraph((_place(access), "dim"), first="    ")
        for words in conditions(access, sources):
            page.paragraph((words, "dim"), first="    ", rest="      ")


def _place(access: Access) -> str:
    """Where it stands, with the helpers on the way."""
    helpers = " → ".join(frame.name for frame in access.path)
    return f"{access.span} through {helpers}" if helpers else str(access.span)


def _add_exits(page: Page, function: Function) -> None:
    if not function.exits:
        return
    _title(page, "Ways out")
    for exit in function.exits:
        words = exit_place(exit) if is_action(function) else exit_words(exit, function.accesses)
        page.paragraph(words, first="  ", rest="    ")


def _add_callers(page: Page, view: FunctionView) -> None:
    callers = view.callers
    if not callers and not view.crons and view.subscriptions:
        return
    _title(page, counted(len(callers), "caller") if callers else "Nobody in this repository calls it")
    for caller in callers[:SHOWN]:
        add_chain(page, caller)
        if caller.consequence.text:
            page.labelled("if lost", caller.consequence.text)
    _add_more(page, len(callers) - SHOWN)
    for cron in view.crons:
        period = f", every {duration(cron.period_ms)}" if cron.period_ms else ""
        page.labelled("cron", f"{cron.name}: {cron.schedule}{period} ({cron.span})")


def _add_subscribers(page: Page, view: FunctionView) -> None:
    if not view.subscriptions:
        return
    _title(page, f"{counted(len(view.subscriptions), 'live query', 'live queries')} in clients")
    for item in view.subscriptions[:SHOWN]:
        page.paragraph(f"{item.component or 'top level'} by {item.hook} ({item.span})", first="  ", rest="    ")
    _add_more(page, len(view.subscriptions) - SHOWN)


def _add_result(page: Page, function: Function) -> None:
    if not function.projections:
        return
    _title(page, "What reaches its result")
    for projection in function.projections:
        fields = "whole documents" if "*" in projection.fields else ", ".join(sorted(projection.fields))
        page.paragraph(f"{projection.table}: {fields}", first="  ", rest="    ")


def _add_pairs(page: Page, view: FunctionView) -> None:
    function = view.function
    title = "Re-runs" if function.kind == "query" else "Loses (it reads and writes, and another write gets in between)"
    _add_pair_list(page, title, view.as_victim, function)
    _add_pair_list(page, "Makes others lose or re-run (it writes what they read)", view.as_writer, function)
    if is_action(function):
        _title(page, "No pair of its own: an action has no transaction, what it starts meets others")
    elif not view.as_victim and not view.as_writer:
        _title(page, "No pair: it meets no other call on any row")


def _add_pair_list(page: Page, title: str, pairs: Sequence[Pair], function: Function) -> None:
    if not pairs:
        return
    _title(page, title)
    meetings = meetings_of(pairs)
    for meeting in meetings[:SHOWN]:
        page.paragraph(meeting_words(meeting, function.app, function.path), first="  ", rest="    ")
        page.paragraph((meeting_places(meeting), "dim"), first="    ")
        if meeting.aliases:
            page.paragraph((aliases_words(meeting, function.app), "dim"), first="    ")
    _add_more(page, len(meetings) - SHOWN)


def _add_findings(page: Page, view: FunctionView) -> None:
    if not view.findings:
        return
    _title(page, counted(len(view.findings), "finding"))
    for finding in view.findings:
        silenced = f" [silenced: {finding.suppressed}]" if finding.suppressed is not None else ""
        page.paragraph(
            (finding.severity.value, SEVERITY_STYLE[finding.severity]),
            f" {finding.rule} ({finding.cause}): {finding.message}{silenced}",
            first="  ",
            rest="    ",
        )


def _add_more(page: Page, hidden: int) -> None:
    if hidden > 0:
        page.paragraph((f"and {hidden} more (--format json has all)", "dim"), first="  ")


def _title(page: Page, title: str) -> None:
    page.blank()
    page.paragraph((title, "bold"))
