"""Everything an audit knows of one function, put together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contend.model.audit import Audit
from contend.model.callers import Caller, Cron, Subscription
from contend.model.errors import InputError
from contend.model.findings import Finding, Pair
from contend.model.functions import Function
from contend.reports.names import export_of, matching

LISTED = 20


class UnknownFunction(InputError):
    """No function, or more than one, has the name that was asked for; the message lists what there is."""


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
    """The view of the one function that `wanted` names, in any form `contend.reports.names.matching` takes. Raises
    `UnknownFunction` where none or several match."""
    functions = {function.id: function for function in audit.functions}
    found = matching(wanted, functions)
    if not found:
        raise UnknownFunction(f"no function matches '{wanted}' among {len(functions)}; {_hint(wanted, functions)}")
    if len(found) > 1:
        listed = "".join(f"\n  {id}" for id in found[:LISTED])
        more = f"\n  and {len(found) - LISTED} more" if len(found) > LISTED else ""
        raise UnknownFunction(f"'{wanted}' can mean {len(found)} functions; name one of them:{listed}{more}")
    id = found[0]
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


def _hint(wanted: str, ids: Iterable[str]) -> str:
    named = {name: id for id in ids for name in (export_of(id), id)}
    close = difflib.get_close_matches(wanted, list(named), n=1, cutoff=0.6)
    return f"did you mean '{named[close[0]]}'?" if close else "`contend audit --format json` lists them"
