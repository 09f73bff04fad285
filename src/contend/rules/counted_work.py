"""Counts that stand in one `try` with the work that they count."""

from __future__ import annotations

import re
from collections.abc import Sequence

from contend.model.callers import Caller

_OWN = re.compile(r"^(ctx\.(run|db|storage|scheduler)|console\.|JSON\.|String|Number|Date|Math|Object|Array)")


def beside_work(callers: Sequence[Caller]) -> list[Caller]:
    """Calls in one `try` with work outside Convex: a count that fails looks as if that work had. Those that then do
    the work again elsewhere come first."""
    found = [
        caller
        for caller in callers
        if caller.consequence.caught
        and caller.consequence.awaited
        and caller.from_function is not None
        and caller.epoch > 0
        and caller.consequence.catch in ("calls", "logs", "returns", "retries", "swallows", "reports")
        and _outside(caller)
    ]
    return sorted(found, key=lambda caller: not _tries_another(caller))


def _tries_another(caller: Caller) -> bool:
    """Whether the call stands in a loop that ends with the first success, and goes on after a failure."""
    return any(loop.bound == 1 for loop in caller.loops) and caller.consequence.catch not in ("returns", "rethrows")


def _outside(caller: Caller) -> str | None:
    """The call that a `try` shares with a count: the first that is not Convex's nor the language's own."""
    return next((name for name in caller.consequence.shares_try_with if not _OWN.search(name)), None)


def mistaken_failures(calls: Sequence[Caller]) -> list[str]:
    """What the `catch` around each of the first two such places makes of a count that fails for good."""
    places = {(caller.scope, _outside(caller)): caller for caller in reversed(calls)}
    return [
        f"the call at {caller.span} stands in one `try` with `{name}`: when it has used up its attempts, the `catch` "
        f"takes `{name}` for failed although it succeeded"
        + (", and the loop goes on with the next one: the work is done twice" if _tries_another(caller) else "")
        for (_, name), caller in list(reversed(places.items()))[:2]
    ]
