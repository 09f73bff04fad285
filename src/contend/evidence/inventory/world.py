"""The apps of an audit as one: functions, who starts them and whom they start, which of them are hot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from contend.conflicts import Estimator, Heat, Source
from contend.evidence.inventory.feedback import Feedback, feedback_of
from contend.evidence.inventory.words import NOBODY, listed, per_day, trigger_words, triggers_in_words
from contend.model.app import App
from contend.model.callers import Caller
from contend.model.functions import Access, Function

if TYPE_CHECKING:
    from contend.evidence.inventory.contention import Contention

HOT_CALLS = 500.0
"""Calls a day from which on a function is hot: more than clicks and page views of a small app make, less than every
request of a page load, a timer or typing does."""
_PASSED_ON = frozenset({"action", "scheduler", "function"})
_NO_LIVE_START = frozenset({"action", "function", "scheduler", "script"})
_MOST_ORIGINS = 100


@dataclass(frozen=True, slots=True)
class Part:
    """One app and what is estimated of it."""

    app: App
    estimator: Estimator


@dataclass(frozen=True, slots=True)
class RowWriter:
    """A mutation that writes existing rows of a table of its own app."""

    id: str
    function: Function
    hot: bool


@dataclass(frozen=True)
class World:
    """Every app of an audit. Function ids are unique across apps, so one app can start functions of another."""

    parts: Sequence[Part]

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """Functions by id."""
        return {function.id: function for part in self.parts for function in part.app.functions}

    @cached_property
    def writes(self) -> Mapping[str, tuple[Access, ...]]:
        """What each function writes."""
        return {id: function.writes for id, function in self.functions.items()}

    @cached_property
    def callers(self) -> Mapping[str, Sequence[Caller]]:
        """The places that start each function."""
        return self._grouped(lambda caller: caller.function)

    @cached_property
    def started(self) -> Mapping[str, Sequence[Caller]]:
        """What each function starts."""
        return self._grouped(lambda caller: caller.from_function)

    @cached_property
    def heats(self) -> Mapping[str, Heat]:
        """Heat by function id."""
        return {id: heat for part in self.parts for id, heat in part.estimator.heats.items()}

    @cached_property
    def sources(self) -> Mapping[int, Source]:
        """What the heat says about each caller, by the caller's identity."""
        return {id(source.caller): source for heat in self.heats.values() for source in heat.sources}

    @cached_property
    def estimators(self) -> Mapping[str, Estimator]:
        """The estimator of each function's app, by function id."""
        return {function.id: part.estimator for part in self.parts for function in part.app.functions}

    @cached_property
    def feedback(self) -> Mapping[str, tuple[Feedback, ...]]:
        """Effects that wake themselves, by the function they call."""
        found: dict[str, list[Feedback]] = defaultdict(list)
        for part in self.parts:
            for caller in part.app.callers:
                loop = feedback_of(caller, self.run_by(caller.function), self.functions)
                if loop is not None:
                    found[caller.function].append(loop)
        return {id: tuple(loops) for id, loops in found.items()}

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """For each function the one that stands for all that are registered from the same code: the most called."""
        same: dict[object, list[Function]] = defaultdict(list)
        for function in self.functions.values():
            same[function.span].append(function)
        found: dict[str, str] = {}
        for group in same.values():
            first = min(group, key=lambda function: (-self.rate(function.id), function.path))
            found.update((function.id, first.id) for function in group)
        return found

    @cached_property
    def row_writers(self) -> Mapping[tuple[str, str], tuple[RowWriter, ...]]:
        """The mutations that write existing rows, by app and table; hot ones first, then by rate. Registrations of the
        same code count once; inserts make rows of their own."""
        found: dict[tuple[str, str], dict[str, RowWriter]] = defaultdict(dict)
        for id, function in self.functions.items():
            if function.kind == "mutation" and self.aliases[id] == id:
                writer = RowWriter(id, function, id in self.hot_functions)
                for access in function.accesses:
                    if access.operation in ("patch", "replace", "delete"):
                        for table in access.tables:
                            found[function.app, table][id] = writer
        return {key: tuple(sorted(group.values(), key=self._hottest_first)) for key, group in found.items()}

    @cached_property
    def hot_functions(self) -> frozenset[str]:
        """The ids of all hot functions."""
        return frozenset(id for id in self.functions if self.hot(id) is not None)

    @cached_property
    def contentions(self) -> dict[str, Contention]:
        """What is already known about who meets each mutation."""
        return {}

    @cached_property
    def _hot(self) -> dict[str, str | None]:
        return {}

    @cached_property
    def _run(self) -> dict[str, tuple[Function, ...]]:
        return {}

    def rate(self, id: str) -> float:
        """Predicted calls a day; 0 where nothing but scripts calls the function."""
        heat = self.heats.get(id)
        return heat.calls_per_day if heat is not None and heat.called and not heat.scripts_only else 0.0

    def is_called(self, id: str) -> bool:
        """Whether anything but scripts calls the function."""
        heat = self.heats.get(id)
        return heat is not None and heat.called and not heat.scripts_only

    def hot(self, id: str) -> str | None:
        """Why a function is hot, None where it is not."""
        if id not in self._hot:
            self._hot[id] = self._why_hot(id)
        return self._hot[id]

    def origins(self, id: str) -> tuple[Caller, ...]:
        """The callers at the far end: where functions start each other, up to what sets the first of them off."""
        ends: list[Caller] = []
        seen = {id}
        waiting = list(self.callers.get(id, ()))
        for caller in waiting:  # grows while it is walked
            source = caller.from_function
            if source is None or caller.trigger.kind not in _PASSED_ON or not self.callers.get(source):
                ends.append(caller)
            elif source not in seen:
                seen.add(source)
                waiting.extend(self.callers[source])
            if len(ends) >= _MOST_ORIGINS:
                break
        return tuple(ends)

    def triggers(self, id: str, limit: int = 3) -> str:
        """What sets a function off, in words; scripts and functions that nothing calls only where there is no more."""
        origins = self.origins(id)
        live = [caller for caller in origins if caller.trigger.kind not in _NO_LIVE_START]
        return triggers_in_words(live or origins, limit)

    def triggers_of(self, ids: Sequence[str], limit: int = 4) -> str:
        """What sets several functions off, in words: the first place of each, then the others, no place twice."""
        told: list[list[str]] = []
        for id in ids:
            origins = self.origins(id)
            live = [caller for caller in origins if caller.trigger.kind not in _NO_LIVE_START]
            told.append(list(dict.fromkeys(map(trigger_words, live or origins))))
        ways = [words[at] for at in range(max(map(len, told), default=0)) for words in told if at < len(words)]
        return listed(ways, limit) if ways else NOBODY

    def has_live_start(self, id: str) -> bool:
        """Whether something sets the function off, other than scripts and functions that nothing calls."""
        return any(caller.trigger.kind not in _NO_LIVE_START for caller in self.origins(id))

    def run_by(self, id: str) -> tuple[Function, ...]:
        """The mutations that a start of the function runs: itself, or those that an action runs, through other actions
        too. What it only schedules runs on its own."""
        if id in self._run:
            return self._run[id]
        found: list[Function] = []
        seen = {id}
        waiting = [id]
        for one in waiting:  # grows while it is walked
            function = self.functions.get(one)
            if function is None or function.kind == "query":
                continue
            if function.kind == "mutation":
                found.append(function)
                continue
            for caller in self.started.get(one, ()):
                if caller.client != "scheduler" and caller.function not in seen:
                    seen.add(caller.function)
                    waiting.append(caller.function)
        self._run[id] = tuple(found)
        return self._run[id]

    def reached_on_schedule(self, id: str) -> bool:
        """Whether a cron or the scheduler starts the function, by way of other functions too."""
        seen = {id}
        waiting = [id]
        for one in waiting:  # grows while it is walked
            for caller in self.callers.get(one, ()):
                if caller.client == "cron" or caller.trigger.kind == "cron" or caller.client == "scheduler":
                    return True
                source = caller.from_function
                if source is not None and source not in seen:
                    seen.add(source)
                    waiting.append(source)
        return False

    def called_words(self, id: str) -> str:
        """`nothing in this repository calls it`, or that only scripts do; empty where something does."""
        heat = self.heats.get(id)
        if heat is None or not heat.called:
            return NOBODY
        return "only scripts and tests call it" if heat.scripts_only else ""

    def _hottest_first(self, writer: RowWriter) -> tuple[bool, bool, float, int, str]:
        """Hot ones, those that are called, then those that write few tables: what empties every table comes last."""
        tables = len({table for access in self.writes[writer.id] for table in access.tables})
        return (
            not writer.hot,
            not self.is_called(writer.id),
            -self.rate(writer.id),
            tables,
            writer.function.path,
        )

    def _why_hot(self, id: str) -> str | None:
        if id in self.feedback:
            return f"{self.feedback[id][0].words} wakes itself"
        if not self.is_called(id):
            return None
        calls = self.rate(id)
        if calls < HOT_CALLS:
            return None
        return f"predicted {per_day(calls)} calls a day, from {self.triggers(id, 2)}"

    def _grouped(self, key: Callable[[Caller], str | None]) -> Mapping[str, Sequence[Caller]]:
        found: dict[str, list[Caller]] = defaultdict(list)
        for part in self.parts:
            for caller in part.app.callers:
                name = key(caller)
                if name is not None:
                    found[name].append(caller)
        return found


def names(functions: Iterable[Function], app: App) -> list[str]:
    """Functions as `app` names them."""
    return [function.path if function.app == app.root else function.id for function in functions]
