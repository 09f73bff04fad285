"""What the model holds, in the words a tired engineer reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from contend.model.callers import Caller, Trigger, TriggerKind
from contend.model.findings import Finding, Impact, ImpactComponent, Observed, Pair, Sharing
from contend.model.functions import Access, Function
from contend.reports.names import export_of, module_of, path_in
from contend.reports.numbers import counted, duration, spoken

_COMPONENT_WORDS: dict[ImpactComponent, tuple[str, str]] = {
    "failures": ("permanent failure", "permanent failures"),
    "retries": ("retry", "retries"),
    "calls": ("needless call", "needless calls"),
    "writes": ("needless write", "needless writes"),
    "query_reruns": ("query re-run", "query re-runs"),
    "invariant": ("call that relies on the check", "calls that rely on the check"),
}
_TRIGGER_WORDS: dict[TriggerKind, str] = {
    "server-request": "every server request",
    "render": "each render",
    "effect": "an effect",
    "timer": "a timer",
    "timer-once": "a timeout",
    "keystroke": "each keystroke or pointer move",
    "event": "a user event",
    "webhook": "an HTTP route",
    "cron": "a cron",
    "scheduler": "the scheduler",
    "action": "an action",
    "function": "another function",
    "script": "a script",
    "unknown": "an unknown trigger",
}
_TRIGGER_NOUNS: dict[TriggerKind, tuple[str, str]] = {
    "server-request": ("server request", "server requests"),
    "render": ("render", "renders"),
    "effect": ("effect", "effects"),
    "timer": ("timer", "timers"),
    "timer-once": ("timeout", "timeouts"),
    "keystroke": ("keystroke", "keystrokes"),
    "event": ("user event", "user events"),
    "webhook": ("HTTP route", "HTTP routes"),
    "cron": ("cron", "crons"),
    "scheduler": ("scheduled call", "scheduled calls"),
    "action": ("action", "actions"),
    "function": ("function", "functions"),
    "script": ("script", "scripts"),
    "unknown": ("unknown trigger", "unknown triggers"),
}

_DOM_EVENTS = frozenset(
    {
        "blur",
        "change",
        "click",
        "contextmenu",
        "copy",
        "cut",
        "dblclick",
        "dragend",
        "dragstart",
        "drop",
        "focus",
        "input",
        "keydown",
        "keypress",
        "keyup",
        "longpress",
        "mousedown",
        "mouseup",
        "paste",
        "pointerdown",
        "pointerup",
        "press",
        "reset",
        "scroll",
        "select",
        "submit",
        "touchend",
        "touchstart",
    }
)
"""Events that a reader knows by name; others are props that somebody called so."""
_LEAST_SHOWN = 0.01
"""Amounts a day below this are not told."""


def trigger_words(trigger: Trigger) -> str:
    """`every server request`, `a timer every 30 s`, `a user event (onNext)`, `a cron every 5 min (clean up)`."""
    words = _TRIGGER_WORDS[trigger.kind]
    if trigger.kind == "event" and trigger.detail:
        known = trigger.detail.lower() in _DOM_EVENTS
        words = f"the user's `{trigger.detail.lower()}`" if known else f"a user event (`{trigger.detail}`)"
    elif trigger.kind == "effect" and trigger.dependencies is None:
        words = "an effect after every render (no dependency list)"
    elif trigger.kind == "effect" and trigger.dependencies:
        names = ", ".join(dependency.text for dependency in trigger.dependencies[:3])
        more = ", ..." if len(trigger.dependencies) > 3 else ""
        words = f"an effect on [{names}{more}]"
    if trigger.period_ms:
        every = {"timer": "every", "cron": "every"}.get(trigger.kind, "after")
        words = f"{words} {every} {duration(trigger.period_ms)}"
    if trigger.detail and trigger.kind not in ("event", "server-request", "effect", "render"):
        words = f"{words} ({trigger.detail})"
    return words


def more_callers(callers: Sequence[Caller]) -> str:
    """`3 more callers (2 user events, 1 cron)`; `3 more callers (user events)` where all are alike."""
    kinds = Counter(caller.trigger.kind for caller in callers)
    listed = ", ".join(counted(number, *_TRIGGER_NOUNS[kind]) for kind, number in kinds.most_common())
    if len(kinds) == 1:
        listed = _TRIGGER_NOUNS[callers[0].trigger.kind][0 if len(callers) == 1 else 1]
    return f"{counted(len(callers), 'more caller')} ({listed})"


def function_name(finding: Finding) -> str:
    """The function a finding speaks of, or the helper and how many functions use it."""
    if finding.function is not None:
        return path_in(finding.app, finding.function)
    helper = finding.helper or "a helper"
    return f"{helper} (a helper of {counted(len(finding.functions), 'function')})"


def pair_words(pair: Pair, app: str, home: str | None) -> str:
    """`touchSession × itself on authSessions via by_session: one session's row`; an invalidation reads
    `messages:list re-runs on every post to messages via by_room: ...`. `home` is the function a reader has in mind:
    its neighbours in the same module go by their export alone."""
    victim, writer = pair_names(pair, app, home)
    place = f"{pair.table} via {pair.index}" if pair.index else pair.table
    sharing = sharing_words(pair)
    if pair.kind == "invalidation":
        return f"{victim} re-runs when {writer} writes {place}: {sharing}"
    other = "itself" if pair.victim == pair.writer else writer
    return f"{victim} × {other} on {place}: {sharing}"


def pair_names(pair: Pair, app: str, home: str | None) -> tuple[str, str]:
    """Victim and writer as `pair_words` names them."""
    return _short(path_in(app, pair.victim), home), _short(path_in(app, pair.writer), home)


def sharing_words(pair: Pair) -> str:
    """Who meets there and on how much: `one session's row`, `everyone's rows`, `the whole table, everyone`."""
    if pair.read.extent.reach == "whole" and pair.sharing in (Sharing.EVERYONE, Sharing.UNKNOWN):
        return "the whole table, for everyone"
    noun = "row" if _is_one_row(pair.read) else "rows"
    return {
        Sharing.EVERYONE: f"the same {noun} for everyone",
        Sharing.TENANT: f"one tenant's or parent's {noun}",
        Sharing.USER: f"one user's {noun}",
        Sharing.SESSION: f"one session's {noun}",
        Sharing.NOBODY: f"a fresh {noun} each time, shared by nobody",
        Sharing.UNKNOWN: f"who shares the {noun} is not known",
    }[pair.sharing]


def more_pairs(pairs: Sequence[Pair]) -> str:
    """`49 more pairs`; `49 more pairs, 11 of them query re-runs` where some are no conflict."""
    reruns = sum(pair.kind == "invalidation" for pair in pairs)
    words = counted(len(pairs), "more pair")
    if not reruns:
        return words
    if reruns == len(pairs):
        return f"{words}, {'a query re-run' if reruns == 1 else 'all of them query re-runs'}"
    return f"{words}, {reruns:,} of them query re-runs"


def component_words(component: ImpactComponent) -> str:
    """`permanent failures`, `query re-runs`: what a component of impact counts."""
    return _COMPONENT_WORDS[component][1]


def impact_words(impact: Impact, first: ImpactComponent) -> str:
    """`120 retries, 0.3 permanent failures a day`, the component that decides the severity first. What happens less
    than once in a hundred days is left out."""
    numbers = _per_day(impact)
    relying = _relying_words(numbers.pop("invariant"))
    amounts = _amounts(first, numbers)
    told = [f"{', '.join(amounts)} a day"] if amounts else []
    if relying:
        told.insert(0 if first == "invariant" else len(told), relying)
    if told:
        return "; ".join(told)
    return "next to nothing a day" if any(_per_day(impact).values()) else "nothing a day"


def observed_words(observed: Observed, first: ImpactComponent) -> str:
    """As `impact_words`, for what telemetry saw, with the days it saw."""
    amounts = _amounts(first, {"retries": observed.retries_per_day, "failures": observed.failures_per_day})
    when = f", {observed.since} to {observed.until}" if observed.until else ""
    return f"{', '.join(amounts) or 'no conflict'} a day{when}"


def evidence_lines(finding: Finding) -> list[tuple[str, str]]:
    """The impact of a finding by kind of evidence, strongest first: (kind, words)."""
    lines: list[tuple[str, str]] = []
    if finding.observed is not None:
        lines.append(("observed", observed_words(finding.observed, finding.severity_by)))
    if finding.predicted is not None:
        basis = f" ({'; '.join(finding.predicted.assumptions)})" if finding.predicted.assumptions else ""
        lines.append(("predicted", impact_words(finding.predicted, finding.severity_by) + basis))
    if not lines:
        lines.append(("static", "the code says it can happen; nothing says how often"))
    return lines


def function_kind(function: Function) -> str:
    """`internal mutation`, `query`, `HTTP action`."""
    kind = "HTTP action" if function.kind == "httpAction" else function.kind
    return f"internal {kind}" if function.internal else kind


def _per_day(impact: Impact) -> dict[ImpactComponent, float]:
    return {
        "retries": impact.retries_per_day,
        "failures": impact.failures_per_day,
        "calls": impact.calls_per_day,
        "writes": impact.writes_per_day,
        "query_reruns": impact.query_reruns_per_day,
        "invariant": impact.invariant_per_day,
    }


def _relying_words(calls: float) -> str:
    """`304 calls a day rely on the check`: how often it is asked, not how often it fails."""
    if calls < _LEAST_SHOWN:
        return ""
    words = spoken(calls)
    return f"{words} call{'' if words == '1' else 's'} a day {'relies' if words == '1' else 'rely'} on the check"


def _amounts(first: ImpactComponent, numbers: dict[ImpactComponent, float]) -> list[str]:
    order = [first, *(component for component in _COMPONENT_WORDS if component != first)]
    told = [component for component in order if numbers.get(component, 0) >= _LEAST_SHOWN]
    shown = [(component, spoken(numbers[component])) for component in told]
    return [f"{amount} {_COMPONENT_WORDS[component][0 if amount == '1' else 1]}" for component, amount in shown]


def _is_one_row(read: Access) -> bool:
    if read.extent.reach == "point":
        return True
    return read.extent.reach == "first" and bool(read.keys) and all(key.operator == "eq" for key in read.keys)


def _short(path: str, home: str | None) -> str:
    return export_of(path) if home is not None and module_of(path) == module_of(home) else path
