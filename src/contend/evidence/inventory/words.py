"""Triggers, rates and lists of functions in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from contend.model.callers import Caller

_SHORTCUT = re.compile(r"key(down|up|press)", re.IGNORECASE)
_GENERIC_ENTRY = re.compile(r"^(component|load of) \+")
NOBODY = "nothing in this repository calls it"


def listed(items: Iterable[str], limit: int = 4) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 4 more`."""
    distinct = list(dict.fromkeys(items))
    return listed_of(distinct if len(distinct) <= limit else distinct[: limit - 1], len(distinct))


def listed_of(named: Sequence[str], count: int) -> str:
    """The same, of `count` items of which only `named` are told."""
    if len(named) < count:
        return f"{', '.join(named)} and {count - len(named)} more"
    return " and ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else "".join(named)


def per_day(number: float) -> str:
    """`less than 1`, `about 7`, `about 1,200`: two significant digits, for predictions."""
    if number < 1:
        return "less than 1"
    digits = len(str(int(number))) - 2
    return f"about {int(round(number, -digits) if digits > 0 else round(number)):,}"


def period(milliseconds: float) -> str:
    """`0.5 s`, `30 s`, `5 min`, `2 h`, `3 days`."""
    for size, unit in ((86_400_000, "days"), (3_600_000, "h"), (60_000, "min")):
        if milliseconds >= 2 * size or milliseconds == size:
            return f"{milliseconds / size:g} {'day' if milliseconds == 86_400_000 else unit}"
    return f"{milliseconds / 1_000:g} s"


def page_of(caller: Caller) -> str:
    """The file where the trigger of a call stands."""
    return caller.chain[0].file if caller.chain else caller.span.file


def entry_words(caller: Caller) -> str:
    """The page, hook or route at the top, by its own name where that says more than its file's."""
    entry = caller.trigger.entry
    if not entry or entry.startswith("component +"):
        return page_of(caller)
    return f"load of {page_of(caller)}" if _GENERIC_ENTRY.match(entry) else entry


def is_shortcut(caller: Caller) -> bool:
    """Whether a `keystroke` is a key that a user presses now and then rather than text being typed."""
    return bool(_SHORTCUT.search(caller.trigger.detail))


def trigger_words(caller: Caller) -> str:
    """What sets a call off: `a click on page /settings`, `cron cleanup (daily)`, `POST /api/keys`."""
    trigger = caller.trigger
    entry = entry_words(caller)
    match trigger.kind:
        case "server-request" | "script":
            return _without_commas(entry)
        case "render":
            return f"the render or mount of {entry}"
        case "effect":
            return f"an effect on {entry}"
        case "timer":
            return f"a timer{f' every {period(trigger.period_ms)}' if trigger.period_ms else ''} on {entry}"
        case "timer-once":
            return f"a timeout on {entry}"
        case "keystroke" if not is_shortcut(caller):
            return f"typing or moving on {entry}"
        case "event" | "keystroke":
            return f"`{trigger.detail or 'an event'}` on {entry}"
        case "webhook":
            return f"HTTP route {trigger.detail or entry}"
        case "cron":
            return f"cron {trigger.entry}{f' ({trigger.detail})' if trigger.detail else ''}"
        case "scheduler":
            return f"scheduled by {trigger.detail}" if trigger.detail else "the scheduler"
        case "action" | "function":
            return f"{trigger.kind} {trigger.detail or entry}, which {NOBODY.replace(' it', '')}"
        case _:
            return f"a call in {entry}"


def triggers_in_words(origins: Sequence[Caller], limit: int = 3) -> str:
    """What sets a function off, its places listed."""
    return listed((trigger_words(caller) for caller in origins), limit) if origins else NOBODY


def _without_commas(entry: str) -> str:
    """`handle hook, every request` as `handle hook (every request)`: entries stand in lists."""
    head, _, tail = entry.partition(", ")
    return f"{head} ({tail})" if tail and "(" not in entry else entry
