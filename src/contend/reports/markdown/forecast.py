"""What the formula expects: targets to hold functions to, and a picture of the worst pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contend.evidence.costs import FunctionCost, PairCost
from contend.model.audit import Audit
from contend.model.findings import Finding, Pair
from contend.model.observations import ObservedFunction
from contend.reports.encoding import fit
from contend.reports.markdown.document import Document
from contend.reports.numbers import significant, spoken, spoken_count

_TARGETS = 15
_LEAST_RETRIES = 0.05
TENTH, TWICE = 0.1, 2.0
_EDGES = 12
_RERUN_EDGES = 4


def add_targets(page: Document, audit: Audit, costs: Sequence[FunctionCost]) -> None:
    """A suggestion for each function that is expected to conflict or to be called in vain, or was seen to conflict."""
    page.heading(2, "Suggested targets")
    expected = _expected(audit, costs)
    if not expected:
        page.paragraph("None: no function is expected to retry more than once in a few weeks.")
        return
    page.paragraph(
        "Suggestions, to be replaced by what the team wants to promise: for a function that a finding names a tenth of "
        "what is predicted now (of its calls, twice those that are needed), for the others twice what is predicted, so "
        "that growth is noticed. The dashboard counts retries and failures under *Insights*."
    )
    rows = [
        [
            page.function("", one.function),
            one.told,
            f"predicted {spoken(one.retries)}"
            + ("" if one.observed is None else f", observed {spoken(one.observed.retries_per_day)}"),
            one.goal,
            f"0 (predicted {spoken(one.failures) if one.failures >= 0.01 else '0'}"
            + (")" if one.observed is None else f", observed {spoken(one.observed.failures_per_day)})"),
        ]
        for one in expected
    ]
    header = ["function", "calls a day (predicted)", "retries a day", "target", "permanent failures: target"]
    page.table(header, rows, _TARGETS)


@dataclass(frozen=True, slots=True)
class _Expected:
    """What a function is expected to do in a day, and was seen to."""

    function: str
    calls: float
    needless: float
    retries: float
    failures: float
    found: bool
    observed: ObservedFunction | None

    @property
    def goal(self) -> str:
        """Less than so many retries; and calls, where most are needless."""
        now = self.retries if self.observed is None else self.observed.retries_per_day
        goal = f"< {often(now * (TENTH if self.found else TWICE))}"
        if self.needless < 1:
            return goal
        calls = f"< {spoken(max(1.0, significant(TWICE * self.needed, 2)))} calls a day"
        return f"{goal}; {calls}" if now >= _LEAST_RETRIES else calls

    @property
    def needed(self) -> float:
        """Calls a day without the needless ones: some come on top of the others, as those of a loop do."""
        return self.calls - self.needless if self.needless < self.calls else self.calls

    @property
    def told(self) -> str:
        """Calls a day, the needless ones told apart."""
        if self.needless < 1:
            return spoken(self.calls)
        among = f", {spoken(self.needless)} of them needless"
        return spoken(self.calls) + (among if self.needless < self.calls else f", and {spoken(self.needless)} needless")


def _expected(audit: Audit, costs: Sequence[FunctionCost]) -> list[_Expected]:
    """Worst first: by retries, then by needless calls."""
    seen = {id: one for one in (audit.observations.functions if audit.observations else ()) for id in one.ids}
    by_function = {cost.function: cost for cost in costs}
    findings: dict[str, list[Finding]] = {}
    for finding in audit.open_findings:
        if finding.function is not None:
            findings.setdefault(finding.function, []).append(finding)
    victims = {pair.victim for finding in audit.open_findings for pair in finding.pairs}
    expected = []
    for id in {**by_function, **dict.fromkeys(findings)}:
        cost = by_function.get(id)
        impacts = [finding.predicted for finding in findings.get(id, ()) if finding.predicted is not None]
        one = _Expected(
            function=id,
            calls=cost.calls_per_day if cost is not None else 0.0,
            needless=max((impact.calls_per_day for impact in impacts), default=0.0),
            retries=max([cost.retries_per_day if cost else 0.0, *(impact.retries_per_day for impact in impacts)]),
            failures=max([cost.failures_per_day if cost else 0.0, *(impact.failures_per_day for impact in impacts)]),
            found=id in victims or id in findings,
            observed=seen.get(id),
        )
        if one.retries >= _LEAST_RETRIES or one.needless >= 1 or one.observed is not None:
            expected.append(one)
    return sorted(expected, key=lambda one: (-one.retries, -one.needless, one.function))


def often(per_day: float) -> str:
    """`47 retries a day`, `1.1 retries a week`, `3 retries a month`: in the unit that leaves at least one of them."""
    for days, unit in ((1, "day"), (7, "week"), (30, "month")):
        if per_day * days >= 1:
            return f"{spoken_count(significant(per_day * days, 2), 'retry', 'retries')} a {unit}"
    return "1 retry a month"


def add_graph(page: Document, audit: Audit, costs: Sequence[FunctionCost]) -> None:
    """The worst pairs as a Mermaid graph: an arrow from who writes to who starts over."""
    worst = [
        (cost.pair, f"{spoken_count(cost.impact.retries_per_day, 'retry', 'retries')} a day") for cost in _worst(costs)
    ]
    reruns = [
        (pair, "re-runs it")
        for finding in audit.open_findings
        if finding.severity_by == "query_reruns"
        for pair in finding.pairs
        if pair.kind == "invalidation"
    ][:_RERUN_EDGES]
    if not worst and not reruns:
        return
    page.heading(2, "The worst pairs")
    page.paragraph(
        "An arrow leads from the function that writes to the one that starts over; dotted ones only re-run a live "
        "query. Numbers are *predicted*."
    )
    page.block(mermaid(worst, reruns), "mermaid")


def _worst(costs: Sequence[FunctionCost]) -> list[PairCost]:
    """The pairs that cost most, of those that cost something worth an arrow."""
    every = [pair for cost in costs for pair in cost.pairs if pair.impact.retries_per_day >= _LEAST_RETRIES]
    every.sort(key=lambda one: (-one.impact.retries_per_day, one.pair.victim, one.pair.writer))
    return every[:_EDGES]


def mermaid(conflicts: Iterable[tuple[Pair, str]], reruns: Iterable[tuple[Pair, str]]) -> str:
    """A flowchart of pairs with a label each."""
    nodes: dict[str, str] = {}

    def node(function: str) -> str:
        return nodes.setdefault(function, f"f{len(nodes)}")

    edges = []
    for arrow, pairs in (("-->", conflicts), ("-.->", reruns)):
        for pair, label in pairs:
            words = f"{pair.table}: {label}"
            edges.append(f'  {node(pair.writer)} {arrow}|"{_label(words)}"| {node(pair.victim)}')
    lines = [f'  {name}["{_label(function)}"]' for function, name in nodes.items()]
    return "\n".join(["flowchart LR", *lines, *edges])


def _label(text: str) -> str:
    """Text in a Mermaid label: entities for what would end it or start markup."""
    escaped = "".join(
        character if character.isalnum() or character in " _-./:,+×" else f"#{ord(character)};"
        for character in fit(text, "utf-8")
    )
    return escaped if len(escaped) <= 300 else f"{escaped[:300].rpartition(' ')[0] or text[:40]}"
