"""Who comes when: arrivals as data, and their times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from random import Random
from typing import Any, Literal

from contend.lab.arguments import Place
from contend.lab.durations import Distribution

DAY_MS = 86_400_000.0
HOUR_MS = 3_600_000.0

Start = tuple[float, Place]
"""When and where a caller starts; the place's request and server are not known yet."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something happens: `per_day` times a day on average, at random times. `curve`: the weights of the 24
    hours of a day (empty: all alike); simulated time starts at midnight."""

    per_day: float
    curve: tuple[float, ...] = ()

    def times(self, until: float, random: Random) -> Iterator[float]:
        """The times (ms) up to `until`."""
        if not self.per_day:
            return
        peak = max(self.curve) * len(self.curve) / sum(self.curve) if self.curve else 1.0
        mean = DAY_MS / (self.per_day * peak)
        now = 0.0
        while True:
            now += -log(1.0 - random.random()) * mean  # an exponential variate, as `random` makes it
            if now > until:
                return
            if not self.curve or random.random() * max(self.curve) < self.curve[int(now / HOUR_MS) % len(self.curve)]:
                yield now


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Starts of a caller.

    `kind`: `poisson` single starts at random times; `bursts` groups of `size` whose starts are spread at random over
    `spread_ms`, every `every_ms`; `page-loads` groups of `size` requests of one user and tab, at random times;
    `tabs` stay open for `stay_ms` (None: to the end) from a time within the first `spread_ms` on; `trace` at given
    times. Rates are totals: a rate per user has been multiplied. `same` says who the members of a group are: one
    user, or a different one each.
    """

    kind: Literal["poisson", "bursts", "page-loads", "tabs", "trace"]
    caller: str
    rate: Rate | None = None
    size: int = 1
    spread_ms: float = 0.0
    every_ms: float = 0.0
    same_user: bool = True
    per_user: float = 1.0
    stay_ms: Distribution | None = None
    trace: tuple[tuple[float, Mapping[str, Any]], ...] = ()
    user: int | None = None

    def expected_starts(self, until: float, users: int) -> float:
        """About how many starts there are up to `until` (ms)."""
        if self.kind == "tabs":
            return self.per_user * (users if self.user is None else 1)
        if self.kind == "trace":
            return len(self.trace)
        if self.every_ms:
            return self.size * (until / self.every_ms + 1)
        return self.size * self.rate.per_day * until / DAY_MS if self.rate is not None else 0.0


@dataclass(frozen=True, slots=True)
class Population:
    """How many users, tabs of each on average, and servers that their requests are spread over."""

    users: int = 20
    tabs: float = 1.5
    instances: int = 1

    def tabs_of(self, user: int, random: Random) -> int:
        """How many tabs this user has: at least one; the fraction is the chance of one more."""
        whole = int(self.tabs)
        return max(1, whole + (random.random() < self.tabs - whole))


_NO_ROW: Mapping[str, Any] = {}


def groups(
    arrivals: Arrivals, population: Population, tabs: Sequence[int], until: float, random: Random, first_load: int
) -> Iterator[tuple[float, list[Start]]]:
    """The starts of `arrivals` up to `until`, group by group, each with the time from which on its members come;
    `tabs` are the numbers of tabs of each user. Page loads are numbered from `first_load` on."""
    load = first_load
    uniform, users, size, spread_ms = random.random, population.users, arrivals.size, arrivals.spread_ms
    for at in _group_times(arrivals, until, random):
        user = int(uniform() * users) if arrivals.user is None else arrivals.user
        tab = int(uniform() * tabs[user])
        members = [(at + uniform() * spread_ms if spread_ms else at, Place(user, tab, load, 0, 0, 0, _NO_ROW))]
        for index in range(1, size):
            start = at + (uniform() * spread_ms if spread_ms else 0.0)
            if not arrivals.same_user:
                user = (user + 1) % users
                tab = random.randrange(tabs[user])
            members.append((start, Place(user, tab, load, 0, 0, index, _NO_ROW)))
        yield at, members
        load += 1
    for number, (at, row) in enumerate(arrivals.trace):
        if at <= until:
            user = int(row.get("user", random.randrange(population.users))) % population.users
            place = Place(user, int(row.get("tab", 0)) % tabs[user], load + number, 0, 0, 0, row)
            yield at, [(at, place)]


def _group_times(arrivals: Arrivals, until: float, random: Random) -> Iterator[float]:
    if arrivals.every_ms:
        now = 0.0
        while now <= until - arrivals.spread_ms:
            yield now
            now += arrivals.every_ms
    elif arrivals.rate is not None:
        yield from arrivals.rate.times(until, random)
