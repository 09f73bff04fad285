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
class FunctionView:
    """A function with its callers, the crons that start it, the live queries that subscribe to it (if it is one), its
    pairs as victim and as writer only, and the findings that name it. `sources` is for code."""

    function: Function
    callers: tuple[Caller, ...]
    crons: tuple[Cron, ...]
    subscriptions: tuple[Subscription, ...]
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
        as_victim=audit.pairs.of_victim(id),
        as_writer=tuple(pair for pair in audit.pairs.of_writer(id) if pair.victim != id),
        findings=tuple(finding for finding in audit.findings if id in (finding.function, *finding.functions)),
        sources=audit.sources,
    )
