"""What a function starts: the queries and mutations of an action, what a mutation puts on the scheduler."""

from __future__ import annotations

from contend.model.functions import Function
from contend.reports.access_words import loop_words
from contend.reports.function_view import FunctionView, Start
from contend.reports.names import path_in
from contend.reports.numbers import counted, duration
from contend.reports.page import Page
from contend.reports.words import function_kind

_MOST = 20


def is_action(function: Function) -> bool:
    """Whether it runs without a transaction of its own."""
    return function.kind in ("action", "httpAction")


def add_starts(page: Page, view: FunctionView) -> None:
    """Each call with its place, how it is made, and what is known of the function behind it."""
    if not view.starts:
        return
    page.blank()
    number = len({start.caller.function for start in view.starts})
    page.paragraph((f"Starts {counted(number, 'function')}", "bold"))
    for start in view.starts[:_MOST]:
        kind = function_kind(start.function) if start.function is not None else "not in this repository"
        name = path_in(view.function.app, start.caller.function)
        page.paragraph((name, "bold"), f"  {kind}", first="  ", rest="    ")
        page.paragraph((f"{start.caller.span}, {_how(start)}", "dim"), first="    ", rest="      ")
        words = verdict_words(start)
        if words:
            page.paragraph(words, first="    ", rest="      ")
    if len(view.starts) > _MOST:
        page.paragraph((f"and {len(view.starts) - _MOST} more (--format json has all)", "dim"), first="  ")


def _how(start: Start) -> str:
    caller = start.caller
    words = "awaited" if caller.consequence.awaited else "not awaited"
    if caller.client == "scheduler":
        when = f" after {duration(caller.delay_ms)}" if caller.delay_ms else ""
        words = f"put on the scheduler{when}"
    return ", ".join([words, *(loop_words(loop) for loop in caller.loops)])


def verdict_words(start: Start) -> str:
    """`high: shared-counter`, `17 conflict pairs, no finding`, `no conflict pair`; nothing for queries and actions."""
    if start.findings:
        return "; ".join(dict.fromkeys(f"{one.severity.value}: {one.rule}" for one in start.findings))
    if start.function is None or start.function.kind != "mutation":
        return ""
    return f"{counted(start.conflicts, 'conflict pair')}, no finding" if start.conflicts else "no conflict pair"
