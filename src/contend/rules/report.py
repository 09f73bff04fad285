"""How a rule words its conclusion: a finding with an id that survives shifted lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b

from contend.conflicts.impact import total, worst_of
from contend.model.callers import Caller
from contend.model.findings import Confidence, Finding, Fix, Impact, Pair, Severity, Sharing
from contend.model.functions import Access, Function
from contend.model.places import Span
from contend.rules.graph import AuditGraph

MAX_ASSUMPTIONS = 6


def finding_id(rule: str, app: str, owner: str, table: str | None, text: str) -> str:
    """A hash of rule, app, function or helper, table and the cause's text without its white space."""
    digest = blake2b(digest_size=6)
    for part in (rule, app, owner, table or "", "".join(text.split())):
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def helper_of(access: Access, function: Function) -> str | None:
    """The helper that an access stands in, None where it stands in the function's own handler."""
    if not access.path or access.path[-1].name == function.path:
        return None
    return access.path[-1].name


def cost(graph: AuditGraph, pairs: Sequence[Pair]) -> Impact:
    """What pairs cost together, with the assumptions that the worst of them rest on."""
    whole = graph.estimator.of_pairs(pairs)
    single = sorted((graph.estimator.of_pair(pair) for pair in pairs), key=_weight, reverse=True)
    told = [text for impact in single[:2] for text in impact.assumptions]
    return replace(whole, assumptions=tuple(dict.fromkeys(told))[:MAX_ASSUMPTIONS])


def priced(graph: AuditGraph, pairs: Iterable[Pair]) -> tuple[tuple[Pair, ...], Impact]:
    """Pairs by what each costs, conflicts before invalidations, and what they cost together (as `cost` has it). Where
    there are hundreds, this asks for each only once."""
    known = [(pair, graph.estimator.of_pair(pair)) for pair in pairs]
    known.sort(key=lambda one: (one[0].kind, -_weight(one[1])))
    worst: dict[tuple[str, str], Impact] = {}
    for pair, impact in known:
        between = (pair.victim, pair.writer)
        worst[between] = worst_of(worst[between], impact) if between in worst else impact
    dearest = sorted((impact for _, impact in known), key=_weight, reverse=True)[:2]
    told = dict.fromkeys(text for impact in dearest for text in impact.assumptions)
    together = replace(total(worst.values()), assumptions=tuple(told)[:MAX_ASSUMPTIONS])
    return tuple(pair for pair, _ in known), together


def worst_first(graph: AuditGraph, pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """Pairs by what each costs, conflicts before invalidations."""
    return priced(graph, pairs)[0]


def _weight(impact: Impact) -> float:
    return impact.failures_per_day * 100 + impact.retries_per_day + impact.query_reruns_per_day / 100


def _most_by_reruns(pairs: Sequence[Pair], callers: Sequence[Caller]) -> Severity | None:
    """How bad re-runs alone can be: those of one user's own tabs are small, however many users have them, unless a
    timer sets them off; those of one tenant's are not high. None where a write reaches everyone's."""
    reached = {pair.sharing for pair in pairs if pair.kind == "invalidation"}
    if reached & {Sharing.EVERYONE, Sharing.UNKNOWN} or not reached:
        return None
    if Sharing.TENANT in reached or any(caller.trigger.kind in ("timer", "keystroke") for caller in callers):
        return Severity.MEDIUM
    return Severity.LOW


def report(
    graph: AuditGraph,
    rule: str,
    *,
    function: Function,
    cause: Span,
    text: str,
    message: str,
    pairs: Sequence[Pair],
    callers: Sequence[Caller],
    static: Sequence[str],
    fixes: Sequence[Fix],
    predicted: Impact,
    confidence: Confidence = "high",
    table: str | None = None,
    functions: Iterable[str] = (),
    helper: str | None = None,
    at_most: Severity | None = None,
    at_least: Severity | None = None,
) -> Finding:
    """A finding whose severity follows from its predicted impact; `at_most` caps it, `at_least` lifts it."""
    affected = tuple(dict.fromkeys([function.id, *functions]))
    judged = graph.estimator.severity(predicted, confidence, affected)
    most = _most_by_reruns(pairs, callers) if judged.by == "query_reruns" else None
    if most is not None and judged.severity.rank < most.rank:
        rest = graph.estimator.severity(replace(predicted, query_reruns_per_day=0.0), confidence, affected)
        judged = rest if rest.severity.rank <= most.rank else replace(judged, severity=most)
    severity = judged.severity
    if at_most is not None and severity.rank < at_most.rank:
        severity = at_most
    if at_least is not None and severity.rank > at_least.rank:
        severity = at_least
    return Finding(
        id=finding_id(rule, graph.app.root, helper or function.path, table, text),
        rule=rule,
        app=graph.app.root,
        severity=severity,
        severity_by=judged.by,
        confidence=confidence,
        function=None if helper else function.id,
        functions=affected,
        cause=cause,
        message=message,
        pairs=tuple(pairs),
        callers=tuple(callers),
        static=tuple(static),
        predicted=predicted,
        fixes=tuple(fixes),
        helper=helper,
        table=table,
    )
