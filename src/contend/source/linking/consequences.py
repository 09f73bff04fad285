"""What a failure for good means where a call stands, in words."""

from __future__ import annotations

from dataclasses import replace

from contend.model.callers import Client, Consequence
from contend.source.evaluation.effects import Place
from contend.source.linking.positions import Positions

_SERVER = "server-request"


def consequence_of(place: Place, client: Client, trigger: str, positions: Positions) -> Consequence:
    """The fate of a call that has used up its attempts."""
    nearest = place.tries[0] if place.tries else None
    rethrown = nearest is not None and nearest.catch == "rethrows"
    caught = nearest is not None and (not rethrown or any(one.catch != "rethrows" for one in place.tries))
    if rethrown:
        nearest = next((one for one in place.tries if one.catch != "rethrows"), nearest)
    awaited = place.mode != "dropped"
    catch = nearest.catch if nearest is not None else ""
    return Consequence(
        awaited=awaited,
        caught=caught,
        text=_words(client, trigger, awaited, caught, catch, nearest.calls if nearest is not None else ()),
        catch=catch,
        catch_span=positions.span(nearest.site) if nearest is not None else None,
        catch_calls=nearest.calls if nearest is not None else (),
        shares_try_with=nearest.shared if nearest is not None else (),
    )


def of_action(consequence: Consequence, client: Client) -> Consequence:
    """The fate of an action: Convex starts it once, whoever asks for it
    (convex-backend: crates/application/src/scheduled_jobs/mod.rs, npm-packages/convex/src/browser/sync)."""
    if client in ("scheduler", "cron"):
        return replace(consequence, text="an action: started once; what fails in it is logged and not tried again")
    if client == "websocket":
        told = "the code that awaits it learns of it" if consequence.awaited else "nobody learns of it (not awaited)"
        return replace(consequence, text=f"an action: started once; when it fails, {told}")
    return consequence


def _words(client: Client, trigger: str, awaited: bool, caught: bool, catch: str, calls: tuple[str, ...]) -> str:
    if client == "scheduler":
        return "scheduled: tried again for ever, at most a minute apart; it holds a scheduler slot meanwhile"
    if client == "cron":
        return "cron: tried again for ever, at most 15 s apart"
    if client == "transaction":
        return "part of the calling transaction: that is tried again as a whole"
    if client == "websocket":
        first = (
            "after five attempts the server drops the connection; the client reconnects and sends it again, for ever"
        )
        return first if awaited else f"not awaited: {first}"
    handled = {
        "logs": "caught and logged",
        "reports": "caught and shown to the user",
        "returns": "caught, an early return",
        "calls": f"caught, and the handler {_does(calls)}",
        "swallows": "caught and forgotten",
        "rethrows": "caught and thrown again",
        "retries": "caught and tried again",
    }
    lost = "lost if that fails too" if catch == "retries" else "the write is lost"
    if not awaited:
        prefix = f"not awaited, {handled[catch]}" if caught and catch else "not awaited, not caught"
        return f"{prefix}: the write is lost without a trace" if not caught else f"{prefix}: {lost}"
    if caught and catch:
        return f"awaited, {handled[catch]}: {lost}"
    if trigger == _SERVER:
        return "awaited, not caught: a call that fails for good is an HTTP 500"
    if client in ("action", "node-action"):
        return "awaited, not caught: the action fails"
    return "awaited, not caught: the error reaches the user's code"


def _does(calls: tuple[str, ...]) -> str:
    """`clears event.locals.auth`, `calls recordFailure()`."""
    told = [name if name.startswith(("sets ", "clears ")) else f"calls {name}()" for name in calls[:2]]
    return " and ".join(told) or "starts something else"
