"""From a number on the dashboard back to traffic: how much use of the app makes the prediction give what was seen.

The inverse of the closed form: one setting of the traffic table is moved until the pairs in which the function loses
cost as much as somebody counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, isfinite, log
from typing import Final

from contend.conflicts import Estimator, Heat, Traffic, burst, derive_pairs
from contend.conflicts.meeting import duration_ms
from contend.convex.paths import normalise
from contend.evidence.costs import estimators_of
from contend.model.audit import Audit
from contend.model.errors import InputError
from contend.model.findings import Finding, Pair, Sharing
from contend.model.function_names import find_function
from contend.model.functions import Function
from contend.model.observations import Explanation, SeenAnswer

PLAUSIBLE: Final = 100.0  # times the assumed traffic; whoever has more would not guess by a table made for a small app
NEAR: Final = 0.2  # part by which a prediction may miss and still explain what was seen
SLOW_MS, CLOSE_MS = 50.0, 5.0  # the second guess: a transaction that takes so long, calls that start so close
GROUP: Final = 4  # calls together, where nothing in the repository says how many start at once
_LEAST: Final = 1e-5
_STEPS: Final = 60
_MOST_PAIRS: Final = 20
_PER_DAY: Final[Mapping[str, float]] = {"hour": 24.0, "day": 1.0, "week": 1 / 7}
_FORM: Final = re.compile(r"(?P<function>.+?)\s*=\s*(?P<number>[0-9.]+)\s*/\s*(?P<unit>hour|day|week)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Seen:
    """A count that somebody saw: `FUNCTION=NUMBER/UNIT`."""

    function: str
    asked: str
    per_day: float

    @property
    def words(self) -> str:
        """`5,600/week`: the count as a person writes it."""
        number, _, unit = self.asked.partition("/")
        whole, _, part = number.partition(".")
        return f"{int(whole or 0):,}{'.' if part else ''}{part}/{unit}"


@dataclass(frozen=True, slots=True)
class _Setting:
    """A rate of the traffic table: what it counts, the setting that says how many calls one of it makes at once, and
    what those are."""

    name: str
    noun: str
    width: str | None = None
    calls: str = ""
    spread: str = ""


_RATES: Final = (
    _Setting("page_loads", "page loads", "requests_per_load", "parallel requests", "request_spread_ms"),
    _Setting("page_views", "views of its pages"),
    _Setting("clicks", "uses of its controls"),
    _Setting("keystrokes", "changes of its input"),
    _Setting("webhooks", "deliveries", "webhook_burst", "of one entity together", "webhook_spread_ms"),
    _Setting("actions", "runs of the action that calls it"),
    _Setting("scheduled", "scheduled runs"),
    _Setting("unknown", "calls"),
)
_USERS: Final = _Setting("users", "active users")


def parse_seen(text: str) -> Seen:
    """`authSessions:touchSession=12/day` taken apart. Raises `InputError`."""
    found = _FORM.fullmatch(text.strip())
    try:
        number = float(found["number"]) if found else 0.0
    except ValueError:
        number = 0.0
    if found is None or not number > 0 or not isfinite(number) or number > 1e12:
        raise InputError(
            f"--seen '{text}': write it as FUNCTION=NUMBER/day, or /hour, or /week, as in "
            "--seen authSessions:touchSession=12/day"
        )
    unit = found["unit"].lower()
    name = found["function"]
    return Seen(normalise(name) if ":" in name else name, f"{found['number']}/{unit}", number * _PER_DAY[unit])


def with_seen(audit: Audit, seen: Sequence[Seen]) -> Audit:
    """`audit` with an answer to each count. Raises `InputError` for a function that is not there, or is none that can
    conflict."""
    estimators = estimators_of(audit)
    answers = tuple(_answer(audit, estimators, one) for one in seen)
    return replace(audit, seen=answers)


def _answer(audit: Audit, estimators: Mapping[str, Estimator], seen: Seen) -> SeenAnswer:
    functions = {function.id: function for function in audit.functions}
    function = functions[find_function(seen.function, functions)]
    if function.kind != "mutation":
        kind = {"query": "a query", "action": "an action"}.get(function.kind, "an HTTP action")
        raise InputError(
            f"--seen {function.path}: it is {kind}, which has no transaction to conflict; name the mutation"
        )
    estimator = estimators[function.id]
    pairs = tuple(pair for pair in estimator.pairs.of_victim(function.id) if pair.kind == "conflict")
    question = _Question(function, estimator, pairs, seen, audit.open_findings)
    explanations, text = question.answer()
    return SeenAnswer(function.id, seen.asked, seen.per_day, question.predicted, explanations, text)


@dataclass
class _Question:
    """One count, and the pairs that could have made it."""

    function: Function
    estimator: Estimator
    pairs: tuple[Pair, ...]
    seen: Seen
    findings: tuple[Finding, ...]

    def __post_init__(self) -> None:
        self.traffic = self.estimator.traffic
        self.pairs = _telling(self.pairs, self.estimator)
        self.estimator = _concerning([self.function.id, *(pair.writer for pair in self.pairs)], self.estimator)
        self.predicted = self._conflicts(self.traffic)

    def answer(self) -> tuple[tuple[Explanation, ...], str]:
        """What explains the count, and all of it in words."""
        asked, name = self.seen.words, self.function.path
        if not self.pairs:
            return (), (
                f"No traffic explains {asked}: nothing in this repository writes what {name} reads. Look at the write "
                "source that the dashboard shows: another client, a component, or Convex itself."
            )
        heat = self.estimator.heats[self.function.id]
        if not heat.sources or heat.scripts_only:
            return self._uncalled()
        setting = self._telling()
        if setting is None:
            return (), (
                f"No traffic explains {asked}: how often {name} and its writers start is fixed in the code, and "
                f"predicts {_about(self.predicted)} a day. Its transactions may take longer than assumed."
            )
        found = [self._solved(setting, self.traffic, slow=False)]
        if setting.width is not None:
            found.append(self._solved(setting, self._slow(), slow=True))
        explanations = tuple(one for one in found if one is not None)
        total = self._total(setting, self.traffic)
        assumed = f"The audit's traffic ({_about(total)} {self._each(setting)}) predicts {_about(self.predicted)} a day"
        if not explanations:
            return (), f"No plausible traffic explains {asked}: {self._out_of_reach(setting, total)} {assumed}."
        if abs(self.predicted - self.seen.per_day) <= NEAR * self.seen.per_day:
            return explanations, f"{asked} is what the audit's traffic explains. {assumed}."
        return explanations, f"{asked} is explained by {'; or by '.join(one.text for one in explanations)}. {assumed}."

    def _out_of_reach(self, setting: _Setting, total: float) -> str:
        """Why no value of the setting gives what was seen."""
        name, each = self.function.path, self._each(setting)
        least = self._conflicts(replace(self.traffic, **{setting.name: _LEAST * self._value(setting)}))
        if least > self.seen.per_day:
            return (
                f"without any {setting.noun}, what starts by itself (crons, timers) still predicts {_about(least)} a "
                "day. Its transactions may be shorter, or further apart, than assumed."
            )
        most = self._conflicts(replace(self.traffic, **{setting.name: PLAUSIBLE * self._value(setting)}))
        text = (
            f"even {_about(total * PLAUSIBLE)} {each}, {PLAUSIBLE:g} times as many as assumed, predict {_about(most)}."
        )
        ids = {self.function.id, *(pair.writer for pair in self.pairs)}
        loops = [one for one in self.findings if one.severity_by in ("calls", "writes") and ids & {*one.functions}]
        if loops:
            worst = loops[0]
            return f"{text} The finding {worst.rule} at {worst.cause} may: those calls come on top of any traffic."
        return (
            f"{text} Something that the code does not show writes what {name} reads, or its transactions take much "
            "longer than assumed."
        )

    def _uncalled(self) -> tuple[tuple[Explanation, ...], str]:
        """Nothing here says how it is called: groups of calls on one row, as the closed form has them."""
        duration = duration_ms(self.function, self.traffic)
        spread = self.traffic.request_spread_ms
        each = GROUP * burst(GROUP, spread, duration).retries_per_call
        groups = self.seen.per_day / each if each else 0.0
        text = f"about {_about(groups)} groups of {GROUP} calls a day on one row, each spread over {spread:g} ms"
        return (Explanation((), text),), (
            f"Nothing in this repository calls {self.function.path}, so its traffic is not known. From elsewhere, "
            f"{text} would explain {self.seen.words}."
        )

    def _conflicts(self, traffic: Traffic) -> float:
        impact = Estimator(self.estimator.pairs, traffic).of_pairs(self.pairs)
        return impact.retries_per_day + impact.failures_per_day

    def _telling(self) -> _Setting | None:
        """The rate that the prediction depends on most; users where no other does."""
        growth = {}
        for setting in _RATES:
            more = replace(self.traffic, **{setting.name: 2 * self._value(setting)})
            growth[setting] = self._conflicts(more) - self.predicted
        best = max(growth, key=lambda setting: growth[setting])
        if growth[best] > 1e-9 * max(self.predicted, 1e-9):
            return best
        twice = self._conflicts(replace(self.traffic, users=2 * self.traffic.users))
        return _USERS if twice > self.predicted else None

    def _slow(self) -> Traffic:
        return replace(
            self.traffic, transaction_ms=SLOW_MS, access_ms=0.0, request_spread_ms=CLOSE_MS, webhook_spread_ms=CLOSE_MS
        )

    def _solved(self, setting: _Setting, traffic: Traffic, slow: bool) -> Explanation | None:
        """The traffic that gives what was seen; None where none within reason does."""
        assumed = max(self._value(setting), 1e-6)
        low, high = log(assumed * _LEAST), log(assumed * PLAUSIBLE)

        def missing(at: float) -> float:
            return self._conflicts(replace(traffic, **{setting.name: exp(at)})) - self.seen.per_day

        if missing(high) < 0 or missing(low) > 0:
            return None
        for _ in range(_STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if missing(middle) < 0 else (low, middle)
            if high - low < 1e-3:
                break
        found = replace(traffic, **{setting.name: float(f"{exp(high):.4g}")})
        return Explanation(self._changed(found), self._words(setting, found, slow))

    def _changed(self, found: Traffic) -> tuple[tuple[str, float], ...]:
        """The settings that differ from the audit's own."""
        names = (setting.name for setting in (*_RATES, _USERS))
        more = ("transaction_ms", "access_ms", "request_spread_ms", "webhook_spread_ms")
        return tuple(
            (name, float(getattr(found, name)))
            for name in (*names, *more)
            if getattr(found, name) != getattr(self.traffic, name)
        )

    def _words(self, setting: _Setting, found: Traffic, slow: bool) -> str:
        text = f"about {_about(self._total(setting, found))} {self._each(setting)}"
        if setting.width is None:
            return text
        text += f" with {getattr(found, setting.width):g} {setting.calls}"
        if slow:
            return f"{text}, if those start within {CLOSE_MS:g} ms and a transaction lasts {SLOW_MS:g} ms"
        return f"{text}, spread over {getattr(found, setting.spread):g} ms"

    def _each(self, setting: _Setting) -> str:
        """What the total counts, in the whole app."""
        return f"{setting.noun}{'' if setting.name == 'users' else ' a day'}"

    def _value(self, setting: _Setting) -> float:
        return float(getattr(self.traffic, setting.name))

    def _total(self, setting: _Setting, traffic: Traffic) -> float:
        """How many of the setting's things happen in the whole app: the events of the callers that depend on it."""
        if setting.name == "users":
            return traffic.users
        now = Estimator(self.estimator.pairs, traffic).heats
        more = replace(traffic, **{setting.name: 2 * float(getattr(traffic, setting.name))})
        then = Estimator(self.estimator.pairs, more).heats
        own = _moved(now, then, [self.function.id])
        return own or _moved(now, then, {pair.writer for pair in self.pairs})


def _telling(pairs: Sequence[Pair], estimator: Estimator) -> tuple[Pair, ...]:
    """The pairs that cost most, one of those that are alike: what the others add does not show in two digits."""
    alike: dict[tuple[str, str, Sharing, bool], Pair] = {}
    for pair in pairs:
        alike.setdefault((pair.writer, pair.table, pair.sharing, pair.same_socket), pair)
    sizes = {id(pair): estimator.of_pair(pair).retries_per_day for pair in alike.values()}
    return tuple(sorted(alike.values(), key=lambda pair: -sizes[id(pair)])[:_MOST_PAIRS])


def _concerning(ids: Sequence[str], estimator: Estimator) -> Estimator:
    """The estimator of these functions and of what starts them alone: a large app has thousands of others."""
    app = estimator.pairs.app
    starts: dict[str, set[str]] = {}
    for caller in app.callers:
        if caller.from_function is not None:
            starts.setdefault(caller.function, set()).add(caller.from_function)
    wanted, waiting = set(ids), list(ids)
    for id in waiting:  # grows while it is walked
        above = starts.get(id, set()) - wanted
        wanted |= above
        waiting.extend(above)
    part = replace(
        app,
        functions=tuple(function for function in app.functions if function.id in wanted),
        callers=tuple(caller for caller in app.callers if caller.function in wanted),
    )
    return Estimator(derive_pairs(part), estimator.traffic)


def _moved(now: Mapping[str, Heat], then: Mapping[str, Heat], ids: Iterable[str]) -> float:
    """The events a day of the sources that a setting moves. Calls of one page load or page count once."""
    by_entry: dict[str, float] = {}
    for id in ids:
        for source, other in zip(now[id].sources, then[id].sources, strict=True):
            if other.events_per_day > source.events_per_day:
                entry = source.caller.trigger.entry
                by_entry[entry] = max(by_entry.get(entry, 0.0), source.events_per_day)
    return sum(by_entry.values())


def _about(number: float) -> str:
    """Two significant digits: `0.85`, `17`, `1,200`."""
    if number <= 0:
        return "0"
    if number < 0.01:
        return "less than 0.01"
    rounded = float(f"{number:.2g}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"
