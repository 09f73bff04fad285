"""What was seen in production: counts that somebody read off a dashboard or that telemetry gathered, by function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SeenUnit = Literal["hour", "day", "week"]


@dataclass(frozen=True, slots=True)
class ObservedFunction:
    """What production says about one function.

    `function` is its path, without extension; `component` its component's path, None for the app itself. `ids` are the
    functions of the audited apps with that name (several where two apps share it, none where the code is not here).
    `retries_per_day` and `failures_per_day` are conflicts that were retried, and calls lost for good; `tables` those
    they were met on. `conflicts_by_source` splits both by who wrote, as far as events tell: `from_events` says how many
    events that split rests on. `scheduled` are scheduled functions, and functions of crons, that write those tables:
    Convex keeps no name for them. `read_limits` counts calls that read close to, or beyond, a limit, by kind.
    `findings` are the ids of the findings that explain its conflicts.
    """

    function: str
    component: str | None
    ids: tuple[str, ...]
    retries_per_day: float
    failures_per_day: float
    tables: tuple[str, ...] = ()
    conflicts_by_source: tuple[tuple[str, float], ...] = ()
    from_events: int = 0
    scheduled: tuple[str, ...] = ()
    read_limits: tuple[tuple[str, int], ...] = ()
    findings: tuple[str, ...] = ()

    @property
    def conflicts_per_day(self) -> float:
        """Both together."""
        return self.retries_per_day + self.failures_per_day


@dataclass(frozen=True, slots=True)
class Observations:
    """What was seen, over `days`, worst function first. `since` and `until` are ISO dates, empty where the source does
    not tell; `gap_estimate` is the share of events that are missing, None where not known."""

    source: Literal["insights"]
    deployment: str
    days: float
    since: str
    until: str
    functions: tuple[ObservedFunction, ...]
    gap_estimate: float | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Traffic under which the prediction gives the number that was seen: `settings` are those of `[traffic]` that
    differ from the audit's, `text` says them in words (`about 17 page loads a day …`)."""

    settings: tuple[tuple[str, float], ...]
    text: str


@dataclass(frozen=True, slots=True)
class SeenAnswer:
    """What a number somebody saw on the dashboard says about the traffic.

    `function` is an id; `asked` the number as given (`12/day`), `seen_per_day` the same per day: conflicts, retried and
    final ones together. `predicted_per_day` is what the audit's own traffic predicts. `explanations` come most likely
    first, none where no plausible traffic explains it. `text` is the whole answer in words.
    """

    function: str
    asked: str
    seen_per_day: float
    predicted_per_day: float
    explanations: tuple[Explanation, ...]
    text: str
