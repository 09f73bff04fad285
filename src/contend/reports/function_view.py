"""Everything an audit knows of one function, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contend.model.audit import Audit
from contend.model.callers import Caller, Cron, Subscription
from contend.model.findings import Finding, Pair
from contend.model.function_names import find_function
from contend.model.functions import Function


@dataclass(frozen=True, slots=True)
class Start:
    """A call by which a function starts another: the call, what it starts (None where that is not in this repository),
    in how many conflict pairs that is a victim or a writer, and the findings that name it."""

    caller: Caller
    function: Function | None
    conflicts: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class FunctionView:
    """A function with its callers, the crons that start it, the live queries that subscribe to it (if it is one), what
    it starts itself, its pairs as victim and as writer only, and the findings that name it. `sources` is for code."""

    function: Function
    callers: tuple[Caller, ...]
    crons: tuple[Cron, ...]
    subscriptions: tuple[Subscription, ...]
    starts: tuple[Start, ...]
    as_victim: tuple[Pair, ...]
    as_writer: tuple[Pair, ...]
    findings: tuple[Finding, ...]
    sources: Mapping[str, str]


def function_view(audit: Audit, wanted: str) -> FunctionView:
    """The view of the one function that `wanted` names, in any form that `find_function` takes. Raises
    `UnknownFunction` where none or several match."""
    functions = {function.id: function for function in audit.functions}
    id = find_function(wanted, functions)
    apps = audit.apps
    return FunctionView(
        function=functions[id],
        callers=tuple(caller for app in apps for caller in app.callers if caller.function == id),
        crons=tuple(cron for app in apps for cron in app.crons if cron.function == id),
        subscriptions=tuple(item for app in apps for item in app.subscriptions if item.query == id),
        starts=_starts(audit, id, functions),
        as_victim=audit.pairs.of_victim(id),
        as_writer=tuple(pair for pair in audit.pairs.of_writer(id) if pair.victim != id),
        findings=tuple(finding for finding in audit.findings if id in (finding.function, *finding.functions)),
        sources=audit.sources,
    )


def _starts(audit: Audit, id: str, functions: Mapping[str, Function]) -> tuple[Start, ...]:
    """The calls in the code of `id`, in its order. A place that calls once counts once, whatever way leads to it."""
    calls = {
        (caller.span, caller.function): caller
        for app in audit.apps
        for caller in app.callers
        if caller.from_function == id
    }
    return tuple(
        Start(
            caller=caller,
            function=functions.get(caller.function),
            conflicts=sum(pair.kind == "conflict" for pair in _pairs_of(audit, caller.function)),
            findings=tuple(f for f in audit.open_findings if caller.function in (f.function, *f.functions)),
        )
        for caller in sorted(calls.values(), key=lambda one: (one.span.file, one.span.line, one.span.column))
    )


def _pairs_of(audit: Audit, id: str) -> tuple[Pair, ...]:
    return (*audit.pairs.of_victim(id), *(pair for pair in audit.pairs.of_writer(id) if pair.victim != id))
