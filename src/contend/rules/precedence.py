"""Which rule speaks of a write that several could report: one cause is one finding, by the rule that says most.

From the most telling to the least: a stamp on every request (`touch-on-every-request`, or `ineffective-guard` where a
check lets nearly every call through), a counter (`shared-counter`), a row written again without need
(`unconditional-upsert`), and only then a row that mixes fast and slow fields (`mixed-churn-document`). Calls that one
loop starts together are left to the rules about that loop (`contend.rules.rows.fans_out`), and the rows of rate
limiters to `coarse-contention-key`.
"""

from __future__ import annotations

from contend.model.functions import Access, Function
from contend.rules import touch_on_every_request
from contend.rules.graph import AuditGraph
from contend.rules.guards import newer_than_stored
from contend.rules.shared_counts import shared_count
from contend.rules.stamps import touches
from contend.rules.upserts import upsert_of


def has_a_better_name(graph: AuditGraph, function: Function, access: Access) -> bool:
    """Whether a rule that says more than `mixed-churn-document` reports this write."""
    callers = graph.callers(function.id)
    if touches(access, callers) and any(newer_than_stored(guard, access, callers) for guard in access.guards):
        return True
    return (
        touch_on_every_request.speaks_of(graph, function, access)
        or shared_count(graph, function, access) is not None
        or upsert_of(graph, function, access) is not None
    )
