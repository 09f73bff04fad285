"""What each function's conflict pairs are predicted to cost: the whole app, not only what a rule speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contend.conflicts import Estimator, derive_pairs
from contend.evidence.auditing import AllPairs, traffic_of
from contend.model.audit import Audit
from contend.model.findings import Impact, Pair, Sharing

_MOST_PAIRS = 40  # writers of one victim that are estimated, the most widely shared intervals first


@dataclass(frozen=True, slots=True)
class PairCost:
    """One pair and what it is predicted to cost its victim in a day."""

    pair: Pair
    impact: Impact


@dataclass(frozen=True, slots=True)
class FunctionCost:
    """A mutation, how often it is predicted to start in a day, and what its pairs cost, the worst first (one per
    writer)."""

    function: str
    calls_per_day: float
    pairs: tuple[PairCost, ...]

    @property
    def retries_per_day(self) -> float:
        """Of all its pairs."""
        return sum(cost.impact.retries_per_day for cost in self.pairs)

    @property
    def failures_per_day(self) -> float:
        """Of all its pairs."""
        return sum(cost.impact.failures_per_day for cost in self.pairs)


def estimators_of(audit: Audit) -> Mapping[str, Estimator]:
    """The estimator of each function's app, by function id, under the audit's own traffic."""
    traffic = traffic_of(audit.settings)
    indexes = audit.pairs.indexes if isinstance(audit.pairs, AllPairs) else tuple(map(derive_pairs, audit.apps))
    found = (Estimator(index, traffic) for index in indexes)
    return {function.id: estimator for estimator in found for function in estimator.pairs.app.functions}


def costs_of(audit: Audit) -> tuple[FunctionCost, ...]:
    """The mutations that something in the repository calls and that are predicted to conflict, worst first."""
    found = [cost for cost in _costs(audit) if cost.retries_per_day or cost.failures_per_day]
    return tuple(sorted(found, key=lambda cost: (-cost.retries_per_day, -cost.failures_per_day, cost.function)))


def _costs(audit: Audit) -> Iterator[FunctionCost]:
    for id, estimator in estimators_of(audit).items():
        heat = estimator.heats[id]
        if not heat.sources or heat.scripts_only:
            continue
        worst: dict[str, PairCost] = {}
        known: set[tuple[str, str, Sharing]] = set()
        for pair in estimator.pairs.of_victim(id):
            ground = pair.writer, pair.table, pair.sharing  # others like it cost about the same
            if pair.kind != "conflict" or pair.same_socket or ground in known:
                continue
            if not estimator.heats[pair.writer].sources or (pair.writer not in worst and len(worst) >= _MOST_PAIRS):
                continue
            known.add(ground)
            cost = PairCost(pair, estimator.of_pair(pair))
            if pair.writer not in worst or _size(cost) > _size(worst[pair.writer]):
                worst[pair.writer] = cost
        costs = sorted(worst.values(), key=lambda cost: (-_size(cost), cost.pair.writer))
        yield FunctionCost(id, heat.calls_per_day, tuple(cost for cost in costs if _size(cost)))


def _size(cost: PairCost) -> float:
    return cost.impact.retries_per_day + cost.impact.failures_per_day
