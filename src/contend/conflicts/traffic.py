"""How much an app is used, as long as nobody says: one table, fixed before looking at any result.

A stated small app. Every number can be overridden by `[traffic]` in the configuration (`Traffic.from_mapping`); what an
estimate used is printed with it (`Traffic.say`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Final

from contend.model.errors import InputError
from contend.model.functions import LoopContext


class TrafficError(InputError):
    """A `[traffic]` setting that does not exist or cannot be; the message says which, and what is possible."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """The table. Rates per day unless their name says otherwise; times in the unit of their name."""

    # who
    users: float = 20  # active users a day
    tabs: float = 1.5  # tabs that a user has open
    open_hours: float = 8  # hours a day in which users are active and their tabs open
    tenant_users: float = 5  # users who share one tenant, room or other parent document
    admin_users: float = 2  # users who open pages for administrators
    documents: float = 20  # documents of one table, other than parents, that a tenant's users work on

    # what a user does in a day
    page_loads: float = 15  # loads of any page
    page_views: float = 3  # of these, views of one given page
    requests_per_load: float = 4  # server requests that one page load makes
    request_spread_ms: float = 150  # … within
    clicks: float = 5  # uses of one given button, form, shortcut or other control
    keystrokes: float = 100  # changes of one given input that reaches the server at each one
    timer_period_s: float = 30  # a repeating timer whose period the code does not show

    # what happens without a user at hand
    webhooks: float = 200  # deliveries to one HTTP route of the app
    webhook_burst: float = 3  # deliveries about the same entity that come together
    webhook_spread_ms: float = 1_000  # … within
    cron_period_s: float = 3_600  # a cron whose period the code does not show
    actions: float = 50  # runs of an action whose start is not found
    scheduled: float = 50  # runs of a scheduled function whose scheduler is not found
    scripts: float = 0.1  # runs of a script, a seed or a test against the deployment
    unknown: float = 50  # calls from a place that sets them off for a reason not found
    branch: float = 0.1  # share of requests, renders, ticks … that take a branch which asks for something special
    uncalled: float = 1  # nominal calls of a function that nothing in the repository calls

    # what starts together
    loop_width: float = 10  # rounds of a loop without a known bound
    nested_rounds: float = 100  # … and at most so many in all of several such loops, one in the other
    parallel_spread_ms: float = 5  # within which the calls of a `Promise.all` or a fan-out start
    reaction_spread_ms: float = 100  # within which all clients of a live query react to one change

    # how long a transaction's window is
    transaction_ms: float = 5  # any transaction
    access_ms: float = 2  # … and each read or write in it

    @classmethod
    def from_mapping(cls, settings: Mapping[str, object]) -> Traffic:
        """The table with `settings` (names as above) in place of the defaults. Raises `TrafficError`."""
        known = {field.name for field in fields(cls)}
        values: dict[str, float] = {}
        for name, value in settings.items():
            if name not in known:
                raise TrafficError(f"[traffic] has no setting {name!r}. It has: {', '.join(sorted(known))}.")
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TrafficError(f"[traffic] {name} must be a number, not {value!r}.")
            if not 0 <= value < float("inf"):
                raise TrafficError(f"[traffic] {name} must not be negative or infinite, but is {value!r}.")
            if value == 0 and name in _POSITIVE:
                raise TrafficError(f"[traffic] {name} must be greater than 0.")
            if name.endswith("_ms") and value > _LONGEST_MS:
                raise TrafficError(f"[traffic] {name} must be at most {_LONGEST_MS:,.0f} (an hour), but is {value:g}.")
            values[name] = float(value)
        table = replace(cls(), **values)
        if table.open_hours > 24:
            raise TrafficError(f"[traffic] open_hours must be at most 24, but is {table.open_hours:g}.")
        if table.branch > 1:
            raise TrafficError(f"[traffic] branch is a share and must be at most 1, but is {table.branch:g}.")
        if table.tabs < 1:
            raise TrafficError(f"[traffic] tabs must be at least 1, but is {table.tabs:g}.")
        return table

    def say(self, *names: str) -> tuple[str, ...]:
        """The sentences for these settings (all that have one, without names), in the table's order."""
        return _said(self, names)

    @property
    def open_seconds(self) -> float:
        """Seconds of a day in which users are active."""
        return self.open_hours * 3_600

    def rounds(self, loops: Iterable[LoopContext], guessed: float = 1.0) -> float:
        """How often what stands in all these loops runs, at least once; `guessed` as in `guessed_rounds`."""
        loops = tuple(loops)
        known = 1.0
        for loop in loops:
            known *= 1.0 if loop.bound is None else loop.bound
        return max(known * self.guessed_rounds(loops, guessed), 1.0)

    def guessed_rounds(self, loops: Iterable[LoopContext], guessed: float = 1.0) -> float:
        """How often loops without a known bound run; `guessed` rounds of such loops stand around them already, in the
        functions that led here."""
        unknown = 1.0
        for loop in loops:
            unknown *= self.loop_width if loop.bound is None else 1.0
        return min(unknown, max(max(self.nested_rounds, self.loop_width) / guessed, 1.0))

    @property
    def page_time(self) -> float:
        """The share of the time that a tab shows one given page."""
        return min(self.page_views / self.page_loads, 1.0) if self.page_loads else 1.0

    @property
    def tenants(self) -> float:
        """Tenants, rooms or other parents that the users spread over."""
        return max(self.users / self.tenant_users, 1.0)


_POSITIVE: Final = frozenset(
    {
        "users",
        "tabs",
        "open_hours",
        "tenant_users",
        "documents",
        "requests_per_load",
        "timer_period_s",
        "cron_period_s",
        "transaction_ms",
    }
)
_LONGEST_MS: Final = 3_600_000.0  # what takes longer is no burst and no transaction
_SENTENCES: Final[Mapping[str, str]] = {
    "users": "{t.users:g} active users a day",
    "tabs": "{t.tabs:g} tabs per user, open {t.open_hours:g} hours a day",
    "tenant_users": "{t.tenant_users:g} users share one tenant, room or other parent",
    "admin_users": "{t.admin_users:g} users open pages for administrators",
    "documents": "a tenant's users work on {t.documents:g} documents of a table",
    "page_loads": "{t.page_loads:g} page loads per user and day",
    "page_views": "{t.page_views:g} views of one given page per user and day",
    "page_time": "a tab shows one given page {t.page_time:.0%} of the time",
    "requests_per_load": "{t.requests_per_load:g} server requests a page load, spread over {t.request_spread_ms:g} ms",
    "clicks": "{t.clicks:g} uses of one control per user and day",
    "keystrokes": "{t.keystrokes:g} changes of one input per user and day",
    "branch": "a branch that asks for something special, or handles an error, is taken {t.branch:.0%} of the time",
    "timer_period_s": "repeating timers of unknown period fire every {t.timer_period_s:g} s",
    "webhooks": "{t.webhooks:g} deliveries a day to one HTTP route, {t.webhook_burst:g} of one entity within "
    "{t.webhook_spread_ms:g} ms",
    "cron_period_s": "crons of unknown period run every {t.cron_period_s:g} s",
    "actions": "an action of unknown start runs {t.actions:g} times a day",
    "scheduled": "a scheduled function of unknown scheduler runs {t.scheduled:g} times a day",
    "scripts": "scripts run {t.scripts:g} times a day",
    "unknown": "a caller of unknown cause calls {t.unknown:g} times a day",
    "uncalled": "nobody in this repository calls it: taken as {t.uncalled:g} a day",
    "uncalled_start": "nobody in this repository calls what starts it: taken as {t.uncalled:g} a day",
    "loop_width": "a loop without a known bound runs {t.loop_width:g} times, nested ones at most {t.nested_rounds:g}",
    "parallel_spread_ms": "calls started in parallel start within {t.parallel_spread_ms:g} ms",
    "reaction_spread_ms": "clients react to a change within {t.reaction_spread_ms:g} ms",
    "transaction_ms": "a transaction lasts {t.transaction_ms:g} ms plus {t.access_ms:g} ms per read or write",
}


@lru_cache(maxsize=1024)
def _said(traffic: Traffic, names: tuple[str, ...]) -> tuple[str, ...]:
    wanted = set(names or _SENTENCES)
    return tuple(text.format(t=traffic) for name, text in _SENTENCES.items() if name in wanted)
