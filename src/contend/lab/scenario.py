"""A scenario: everything that a run depends on, but its seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isinf
from pathlib import Path
from typing import Any

from contend.lab.deployment import DeploymentSettings
from contend.lab.durations import Timing
from contend.lab.steps import Caller
from contend.lab.workloads import Arrivals, Population


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table: its database indexes, name → fields."""

    indexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CronSpec:
    """A cron: every so often, first after `offset_ms` (None: a random part of the period, by the seed)."""

    function: str
    args: Mapping[str, Any]
    every_ms: float
    offset_ms: float | None


@dataclass(frozen=True, slots=True)
class LagSpec:
    """A measure: how far a stored time lags behind what happened.

    Every `every_ms`, for each value of `key` that `caller` has started with: when the last page load that made it start
    began, if that was more than a second ago, less `field` of the document of `table` whose `match` field has that
    value; not below 0. Milliseconds.
    """

    caller: str
    key: str
    table: str
    match: str
    field: str
    every_ms: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """One variant of a scenario file, checked. Times in milliseconds."""

    name: str
    variant: str
    duration_ms: float
    modules: Mapping[str, Path]
    tables: Mapping[str, TableSpec]
    params: Mapping[str, Any]
    deployment: DeploymentSettings
    timing: Timing
    population: Population
    callers: Mapping[str, Caller]
    workload: tuple[Arrivals, ...]
    crons: Mapping[str, CronSpec]
    measures: Mapping[str, LagSpec]
    event_budget: int

    def assumptions(self) -> tuple[str, ...]:
        """What its numbers rest on: one fact a line, so that variants differ in few lines. A parameter is written as
        the key that a sweep would take."""
        size = self.deployment.size
        policies = self.deployment.policies_on
        lines = [
            f"{_span(self.duration_ms)} of simulated time; {self.timing.describe()}",
            f"deployment {size.name}: {size.concurrent_mutations} mutations and {size.scheduled_jobs} jobs at a time; "
            f"retries as Convex does them {'today' if policies is None else f'on {policies}'}",
            self._people(),
            _count(self.population.instances, "server"),
        ]
        for arrivals in self.workload:
            lines.append(f"workload: {describe_arrivals(arrivals, bool(self.callers[arrivals.caller].views))}")
        lines += [f"cron {name}: {cron.function} every {_span(cron.every_ms)}" for name, cron in self.crons.items()]
        lines += [f"params.{name} = {_value(value)}" for name, value in self.params.items()]
        return tuple(lines)

    def _people(self) -> str:
        """Users, and the tabs that their requests come from; tabs that stay open are a workload."""
        users = _count(self.population.users, "user")
        if all(arrivals.kind == "tabs" for arrivals in self.workload):
            return users
        return f"{users}; their requests come from {_count(self.population.tabs, 'tab')} each on average"


def describe_arrivals(arrivals: Arrivals, subscribes: bool = False) -> str:
    """Arrivals in words; `subscribes`: whether their caller has live queries."""
    who = arrivals.caller
    if arrivals.kind == "tabs":
        stay = "to the end" if arrivals.stay_ms is None else f"for {arrivals.stay_ms} ms"
        live = " with live queries" if subscribes else ""
        return f"{who}: {_count(arrivals.per_user, 'tab')} per user{live}, open {stay}"
    if arrivals.kind == "trace":
        return f"{who}: {len(arrivals.trace)} starts of a trace"
    if arrivals.every_ms:
        often = f"every {_span(arrivals.every_ms)}"
    else:
        often = f"{arrivals.rate.per_day if arrivals.rate else 0:g} times a day at random"
        if arrivals.rate and arrivals.rate.curve:
            often += ", by the hours of the day"
    if arrivals.size == 1:
        return f"{who}: {often}"
    of = "one user" if arrivals.same_user else "different users"
    return f"{who}: {often}, {arrivals.size} of {of} together, spread over {arrivals.spread_ms:g} ms"


def _count(number: float, noun: str) -> str:
    return f"{number:g} {noun}{'' if number == 1 else 's'}"


def _value(value: Any) -> str:
    if isinstance(value, float) and isinf(value):
        return f"{value} ({'lower' if value < 0 else 'higher'} than any number)"
    return repr(value)


def _span(ms: float) -> str:
    if ms >= 86_400_000:
        return _count(ms / 86_400_000, "day")
    for unit, size in (("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if ms >= size:
            return f"{ms / size:g} {unit}"
    return f"{ms:g} ms"
