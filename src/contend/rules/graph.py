"""What a rule sees of an app: its functions, who calls them from where, and its pairs with their cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from contend.conflicts import Estimator, PairIndex
from contend.model.app import App
from contend.model.callers import Caller
from contend.model.findings import Pair
from contend.model.functions import Access, Function

_PASSED_ON = frozenset({"action", "webhook", "scheduler", "function"})
MAX_ORIGINS = 200


@dataclass(frozen=True)
class AuditGraph:
    """One app, its pairs, and what they are estimated to cost."""

    app: App
    estimator: Estimator

    @property
    def pairs(self) -> PairIndex:
        """The app's conflict pairs."""
        return self.estimator.pairs

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """Functions by id."""
        return {function.id: function for function in self.app.functions}

    @property
    def mutations(self) -> Iterator[Function]:
        """Every mutation."""
        return (function for function in self.app.functions if function.kind == "mutation")

    @cached_property
    def _callers(self) -> Mapping[str, tuple[Caller, ...]]:
        found: dict[str, list[Caller]] = defaultdict(list)
        for caller in self.app.callers:
            found[caller.function].append(caller)
        return {id: tuple(callers) for id, callers in found.items()}

    def callers(self, id: str) -> tuple[Caller, ...]:
        """The places that start a function."""
        return self._callers.get(id, ())

    @cached_property
    def _started(self) -> Mapping[str, tuple[Caller, ...]]:
        found: dict[str, list[Caller]] = defaultdict(list)
        for caller in self.app.callers:
            if caller.from_function is not None:
                found[caller.from_function].append(caller)
        return {id: tuple(callers) for id, callers in found.items()}

    def started_by(self, id: str) -> tuple[Caller, ...]:
        """The calls that a function makes: what it runs or schedules."""
        return self._started.get(id, ())

    def origins(self, id: str) -> tuple[Caller, ...]:
        """The callers at the far end: where a function is started by another function, that one's callers, and so on. A
        webhook is an end of its own."""
        ends: list[Caller] = []
        seen = {id}
        waiting = list(self.callers(id))
        while waiting and len(ends) < MAX_ORIGINS:
            caller = waiting.pop(0)
            source = caller.from_function
            if source is None or caller.trigger.kind not in _PASSED_ON:
                ends.append(caller)
                continue
            above = self.callers(source)
            if not above:
                ends.append(caller)
            elif source not in seen:
                seen.add(source)
                waiting.extend(above)
        return tuple(ends)

    def pairs_on(self, function: Function, access: Access) -> tuple[Pair, ...]:
        """The conflict pairs that a write of `function` makes: with itself, as a writer into what others read, and as
        the victim of others that write the row it reads. One per victim and writer, the worst first."""
        found = [pair for pair in self.pairs.of_writer(function.id) if pair.write.order == access.order]
        own = {access.order} | {read.order for read in function.reads if same_row(read, access)}
        found += [pair for pair in self.pairs.of_victim(function.id) if pair.read.order in own]
        return distinct(found)


def same_row(one: Access, other: Access) -> bool:
    """Whether two accesses of one function certainly mean the same row."""
    return one.row is not None and one.row == other.row


def distinct(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """One pair for each victim, writer and kind, conflicts first, in the order given."""
    kept: dict[tuple[str, str, str], Pair] = {}
    for pair in pairs:
        kept.setdefault((pair.victim, pair.writer, pair.kind), pair)
    return tuple(sorted(kept.values(), key=lambda pair: pair.kind))


def own_pairs_first(pairs: Iterable[Pair], id: str) -> tuple[Pair, ...]:
    """Pairs of a function with itself before its pairs with others, conflicts before invalidations."""
    return tuple(sorted(pairs, key=lambda pair: (pair.kind != "conflict", pair.victim != id or pair.writer != id)))
