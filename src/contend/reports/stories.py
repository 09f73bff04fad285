"""The two stories in words and small tables, every number of them from their experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contend.lab.experiment import Experiment, VariantResult
from contend.reports.numbers import counted, duration, significant, spoken

TOUCH: Final = "sessions:touch"
UPDATE: Final = "onboarding:update_step"
_SEEN: Final = "lastSeenAt"
_THEIR_RETRIES: Final = 5_600
"""Retries on the second team's dashboard."""
_REQUESTS: Final = 4
"""Of a page load, each with a call of `TOUCH`."""
_THRESHOLD = "30 s threshold"
_BOTH = "30 s + once per load"


@dataclass(frozen=True, slots=True)
class Story:
    """A story: what happens, its table, what the table says and what to do; `deeper`: commands that go on from here.
    Means per run."""

    name: str
    title: str
    happens: tuple[str, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    legend: str
    says: tuple[str, ...]
    advice: tuple[str, ...]
    assumptions: tuple[str, ...]
    deeper: tuple[str, ...]
    experiments: tuple[Experiment, ...]


def tell(stories: Mapping[str, Sequence[Experiment]]) -> tuple[Story, ...]:
    """The stories of `contend.lab.stories.run_stories`."""
    http, sockets, busy = stories["touch"]
    return _touch(http, sockets, busy), _onboarding(stories["onboarding"][0])


def _touch(http: Experiment, sockets: Experiment, busy: Experiment) -> Story:
    before = http.variants[0]
    before_retries = _mean(before, TOUCH, "retries")
    over_socket = {
        found.name: _mean(same, TOUCH, "retries") for found, same in zip(http.variants, sockets.variants, strict=True)
    }
    rows = tuple(
        [
            (
                found.name,
                spoken(_mean(found, TOUCH, "calls")),
                _with_interval(found, TOUCH, "retries"),
                _fewer(_mean(found, TOUCH, "retries"), before_retries),
                spoken(over_socket[found.name]),
                spoken(_mean(found, TOUCH, "failures")),
                spoken(_reruns(found)),
                _behind(found),
            )
            for found in http.variants
        ]
    )
    by_name = {found.name: found for found in http.variants}
    busy_before = _mean(busy.variants[0], TOUCH, "retries")
    busy_retries = {found.name: _mean(found, TOUCH, "retries") for found in busy.variants}

    def fewer(name: str) -> str:
        return _fewer(_mean(by_name[name], TOUCH, "retries"), before_retries)

    debounced = by_name["debounce, 1 server"]
    return Story(
        name="touch",
        title="Every request stamps its session",
        happens=(
            f"A page load is four requests, 150 ms apart at most, and each writes {_SEEN} of the same row. Two whose "
            "transactions overlap have read the same version: one commits, the other starts over. At "
            f"{spoken(_mean(before, TOUCH, 'calls') / _REQUESTS)} page loads a day that is {spoken(before_retries)} "
            "retries a day; this team's dashboard showed up to 12.",
        ),
        head=("variant", "calls", "retries", "fewer", "socket", "lost", "re-runs", "behind"),
        rows=rows,
        legend=f"Retries a day; socket: over a WebSocket per tab. Behind: {_SEEN} behind the last page load, at worst.",
        says=(
            f"The threshold alone removes {fewer(_THRESHOLD)}, not the promised 90 %: after a pause all four requests "
            "see the same old stamp, and all decide to write. It keeps the promise where the stamp is rarely old: with "
            f"a page load every 5 s it removes {_fewer(busy_retries[_THRESHOLD], busy_before)}.",
            f"The guard that was shipped, 'newer than stored', removes {fewer('newer than stored')}: nearly every "
            "request is newer.",
            "A debounce on a server is one timer for all of its sessions: a touch of one user cancels that of another, "
            f"and {_SEEN} is up to {_behind(debounced)} behind. On 8 servers each has a timer of its own, and those "
            "fire together.",
            "An action runs the same mutation, and its calls do not queue: over a WebSocket it brings back "
            f"{spoken(over_socket['an action'])} retries a day.",
        ),
        advice=(
            f"Touch once per page load, and only past the threshold: {fewer(_BOTH)} fewer retries, "
            f"{spoken(_mean(by_name[_BOTH], TOUCH, 'writes'))} writes for {spoken(_mean(before, TOUCH, 'writes'))}, "
            f"and {_SEEN} is at most {_behind(busy.variant(_BOTH))} behind even where a page is loaded every 5 s. The "
            "first half stops the burst, the second the writes of a busy user.",
        ),
        assumptions=http.shared_assumptions,
        deeper=(
            "contend demo --save stories",
            "contend simulate stories/touch.toml",
            'contend simulate stories/touch.toml --load "small app"',
            "contend simulate stories/touch.toml --sweep callers.request.client=websocket",
            "contend simulate stories/touch.toml --witness sessions:touch",
        ),
        experiments=(http, sockets, busy),
    )


def _onboarding(found: Experiment) -> Story:
    rows = tuple(
        [
            (
                variant.name,
                spoken(_mean(variant, UPDATE, "calls")),
                _with_interval(variant, UPDATE, "retries"),
                spoken(_mean(variant, UPDATE, "failures")),
                spoken(_reruns(variant)),
                duration(_mean(variant, UPDATE, "p99_ms")),
            )
            for variant in found.variants
        ]
    )
    one, two = found.variant("loop, one tab"), found.variant("loop, two tabs")
    batch, removed = found.variant("batch, loop stays, two tabs"), found.variant("loop removed, two tabs")
    racing = found.variant("parallel calls, HTTP")
    retries = _mean(two, UPDATE, "retries")
    many = int(significant(_THEIR_RETRIES / retries, 2)) if retries else 0
    enough = f"about {counted(many, 'onboarding')}" if many else "no number of onboardings"
    return Story(
        name="onboarding",
        title="An effect sets itself off",
        happens=(
            "A page leads a new user through four steps. Its first step has an effect that depends on the user's "
            "document and marks the step as seen, with the time. The write changes the document, the live query brings "
            "the new one, the effect runs again: as long as somebody reads that step, here for 5 s.",
            "The team saw 5.6K retries and 1.2K failures, blamed two calls in a row, and joined them into one.",
        ),
        head=("variant", "calls", "retries", "lost", "re-runs", "p99"),
        rows=rows,
        legend="Lost: ran out of retries; over a WebSocket the connection then closes, and the call is sent again.",
        says=(
            f"Only the loop in two tabs explains thousands: {spoken(retries)} retries for one user who reads for 5 s; "
            f"{enough} like that make 5.6K. Each write wakes both tabs, both write, and so on until neither keeps up: "
            f"the user's own click waits behind {spoken(_mean(two, UPDATE, 'calls'))} calls.",
            f"In one tab the loop never conflicts, since the server takes the mutations of one connection one after "
            f"the other: {spoken(_mean(one, UPDATE, 'calls'))} calls, and as many re-runs, for nothing.",
            "Two calls in a row do not race, awaited or not, over the WebSocket of a tab. From a server, with a client "
            f"for each call, they do: {spoken(_mean(racing, UPDATE, 'retries'))} retries per user.",
            f"The batch leaves {spoken(_mean(batch, UPDATE, 'retries'))} retries: it touched what was sound.",
        ),
        advice=(
            "Let the effect ask whether the step is open, and let the mutation return early where it is done: "
            f"{spoken(_mean(removed, UPDATE, 'calls'))} calls, {spoken(_mean(removed, UPDATE, 'retries'))} retries.",
        ),
        assumptions=found.shared_assumptions,
        deeper=(
            "contend demo --save stories",
            "contend simulate stories/onboarding.toml",
            'contend simulate stories/onboarding.toml --variant "loop, two tabs"',
            "contend simulate stories/onboarding.toml --sweep workload.0.per_user=1,2,4",
        ),
        experiments=(found,),
    )


def _mean(variant: VariantResult, path: str, name: str) -> float:
    try:
        return variant.function(path).values[name].mean
    except KeyError:
        return 0.0


def _with_interval(variant: VariantResult, path: str, name: str) -> str:
    try:
        found = variant.function(path).values[name]
    except KeyError:
        return "0"
    return f"{spoken(found.mean)} ± {spoken(found.half_width)}" if found.half_width else spoken(found.mean)


def _reruns(variant: VariantResult) -> float:
    return sum(found.values["query_reruns"].mean for found in variant.functions)


def _fewer(now: float, before: float) -> str:
    return f"{100 * (1 - now / before):.0f} %" if before else "0 %"


def _behind(variant: VariantResult) -> str:
    worst = variant.measures["staleness_ms"]["max"].mean if "staleness_ms" in variant.measures else 0.0
    return duration(worst) if worst >= 1 else "0"
