"""How two calls of a page relate, and which loops only draw its controls."""

from __future__ import annotations

import re

from contend.evidence.inventory.listings import Sources
from contend.evidence.inventory.world import World
from contend.model.callers import Caller
from contend.model.functions import Access, Function, LoopContext
from contend.model.values import Origin, Value

_HANDLER = re.compile(r"(?<![\w.])on:?[A-Za-z]+\s*=\s*[{\"']|(?<!\w)@[a-z][\w.:-]*\s*=\s*[\"']")


def started_together(one: Caller, other: Caller) -> bool:
    """Whether the second of two calls of one code function starts before the first has answered: the first is not
    awaited, or both stand in one `Promise.all`."""
    if not one.consequence.awaited:
        return True
    spans = {loop.span for loop in one.loops if loop.parallel and loop.over.text.isdigit()}
    return any(loop.span in spans for loop in other.loops)


def one_document(world: World, one: Caller, other: Caller) -> str | None:
    """The table of which two calls write the same existing row, as far as their arguments tell; None if there is
    none."""
    for mine in world.run_by(one.function):
        for theirs in world.run_by(other.function):
            for write in mine.writes:
                for second in theirs.writes:
                    table = next((table for table in write.tables if table in second.tables), None)
                    if table is None or write.operation == "insert" or second.operation == "insert":
                        continue
                    if _passed(write, mine, one) == _passed(second, theirs, other):
                        return table
    return None


def drawn_by(loop: LoopContext, caller: Caller, sources: Sources) -> bool:
    """Whether a loop draws the control that makes the call, rather than makes the calls: the way from the trigger to
    the call begins outside it, or an event handler stands between its start and that way."""
    if caller.trigger.kind not in ("event", "keystroke"):
        return loop.over.text == "[function]"  # one of several listeners
    inside = [frame.line for frame in caller.chain if frame.file == loop.span.file and _encloses(loop, frame.line)]
    if not inside:
        return True
    first = min(inside)
    column = caller.span.column if first == caller.span.line and caller.span.file == loop.span.file else 1
    text = sources.between(loop.span, first, max(column, loop.span.column if first == loop.span.line else 1))
    return text is not None and bool(_HANDLER.search(text))


def _encloses(loop: LoopContext, line: int) -> bool:
    return loop.span.line <= line <= loop.span.end_line


def _passed(access: Access, function: Function, caller: Caller) -> tuple[str, ...]:
    """What tells the row of a write from others: the texts of what the call passes for its key, or of where else the
    key comes from."""
    values = [key.value for key in access.keys if key.operator == "eq"]
    reads = [read for read in function.accesses if read.row == access.row and not read.writes and read.keys]
    if reads:
        values = [key.value for key in reads[0].keys if key.operator == "eq"]
    passed = dict(caller.arguments)
    return tuple(_given(value, passed) for value in values)


def _given(value: Value, passed: dict[str, Value]) -> str:
    for part in value.walk():
        if part.origin is Origin.ARGUMENT:
            name = part.text.split(".")[1] if "." in part.text else part.text
            given = passed.get(name)
            return given.text if given is not None else f"args.{name}"
        if part.origin is Origin.IDENTITY:
            return "the caller"
    return value.text
