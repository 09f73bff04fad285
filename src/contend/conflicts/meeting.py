"""How often calls meet on one interval, in a day: traffic and sharing put into the closed form.

Users who share nothing do not meet: a rate divides by the number of *groups* of the interval's sharing (1 for everyone,
one per tenant, one per user). Within a group, events are independent arrivals (`steady`, `against_writes`), the calls
of one event a `burst`. Calls over one WebSocket connection run one after the other, so of one user's only those from
other tabs count.
"""

from __future__ import annotations

from dataclasses import dataclass

from contend.conflicts.branches import exclude_each_other
from contend.conflicts.closed_form import CLIENT_RETRIES, against_writes, burst, guarded_burst, passing_share, steady
from contend.conflicts.heat import Heat, Source
from contend.conflicts.traffic import Traffic
from contend.convex.retries import POLICIES, RetryPolicy
from contend.model.callers import Caller
from contend.model.findings import Sharing
from contend.model.functions import Access, Function
from contend.model.values import Origin, Value

LONGEST_MS = 15_000.0  # system timeout of a transaction (convex-backend: crates/common/src/knobs.rs)
BUSIEST = 0.9  # calls per window beyond which the formula is not asked further


@dataclass(frozen=True, slots=True)
class Meetings:
    """Retries and lost calls in a day."""

    retries: float = 0.0
    failures: float = 0.0

    def __add__(self, other: Meetings) -> Meetings:
        return Meetings(self.retries + other.retries, self.failures + other.failures)

    def times(self, share: float) -> Meetings:
        """This, of a share of cases."""
        return Meetings(self.retries * share, self.failures * share)


def duration_ms(function: Function, traffic: Traffic) -> float:
    """How long a transaction of the function lasts. An access in a loop counts once per round; what takes longer than
    `LONGEST_MS` is stopped."""
    accesses = sum(traffic.rounds(access.loops) for access in function.accesses)
    return min(traffic.transaction_ms + traffic.access_ms * accesses, LONGEST_MS)


def groups(sharing: Sharing, traffic: Traffic, documents: bool = False) -> float | None:
    """How many separate intervals of this sharing there are; None where each call has its own. `documents` where the
    interval is one document of a tenant's, of a table that is nobody's parent: there are several of those."""
    match sharing:
        case Sharing.NOBODY:
            return None
        case Sharing.EVERYONE:
            return 1.0
        case Sharing.TENANT | Sharing.UNKNOWN:
            return traffic.tenants * (traffic.documents if documents else 1.0)
        case _:
            return traffic.users


def policy_of(source: Source | None) -> RetryPolicy:
    """How a source's calls are retried."""
    if source is None or source.client == "transaction":
        return CLIENT_RETRIES
    return POLICIES[source.client]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where two functions meet: an interval of this sharing, of which `separate` exist (None: one per call). `keys`
    are the arguments it depends on: calls of one event that differ in one of them do not meet."""

    sharing: Sharing
    separate: float | None
    keys: frozenset[str] = frozenset()


def with_itself(
    heat: Heat, ground: Ground, write: Access, duration: float, traffic: Traffic, once: bool = False
) -> Meetings:
    """A function's calls against each other. `once` where only the first of several calls on one row writes (see
    `closes_its_guard`): the others of its burst are retried once, then find nothing to write."""
    separate = ground.separate
    if separate is None or not heat.sources:
        return Meetings()
    total = Meetings()
    window = guard_window_s(write)
    for source in heat.sources:
        passing = passing_window(window, source.events_per_day / separate, source.active_seconds(traffic))
        if source.parallel and source.width >= 2 and not ground.keys & source.per_item:
            calls = round(source.width)
            together = burst(calls, source.spread_ms, duration, policy_of(source))
            if passing is not None or once:
                together = guarded_burst(calls, source.spread_ms, duration)
            times = source.events_per_day * calls * (1.0 if passing is None else passing)
            total += Meetings(times * together.retries_per_call, times * together.lost_share)
        if source.herd:
            total += _herd(source, ground.sharing, duration, traffic)
        others = sum(_racing(other, source, ground.sharing, traffic) for other in heat.sources) / separate
        share = 1.0 if passing is None else passing
        apart = steady(min(others * share, BUSIEST / duration * 1_000), duration, policy_of(source))
        total += Meetings(source.calls_per_day * apart.retries_per_call, source.calls_per_day * apart.lost_share)
    return total


def with_another(
    victim: Heat, writer: Heat, ground: Ground, write: Access, duration: float, traffic: Traffic
) -> Meetings:
    """A victim's calls against another function's writes, each of which reaches one of the separate intervals."""
    separate = ground.separate
    if separate is None or not victim.sources or not writer.sources:
        return Meetings()
    total = Meetings()
    window = guard_window_s(write)
    shares = [_passing(window, other, separate, traffic) for other in writer.sources]
    for source in victim.sources:
        rate = (
            sum(
                _racing(other, source, ground.sharing, traffic) * share
                for other, share in zip(writer.sources, shares, strict=True)
            )
            / separate
        )
        together = max((_starts_with(source, other, duration) for other in writer.sources), default=0.0)
        share = against_writes(min(rate, BUSIEST / duration * 1_000), duration, policy_of(source), together)
        total += Meetings(source.calls_per_day * share.retries_per_call, source.calls_per_day * share.lost_share)
    return total


def passing_window(window_s: float | None, events_per_day: float, active_seconds: float) -> float | None:
    """The share of events on one interval that a "written lately?" guard with this window (`guard_window_s`) lets
    through; None where there is no such guard."""
    if window_s is None:
        return None
    if events_per_day <= 0:
        return 1.0
    return passing_share(window_s, active_seconds / events_per_day)


def closes_its_guard(write: Access, writer: Function) -> bool:
    """Whether `write` stands behind a test for one value of a field of the written row that the function itself then
    changes: `if (post.status !== "scheduled") return; … patch(post._id, { status: "publishing" })`."""
    row = write.row
    if row is None:
        return False
    for guard in write.guards:
        if guard.condition.op not in ("==", "!=") or guard.holds is not (guard.condition.op == "=="):
            continue  # only what asks for one value
        looked = next((part for part in guard.condition.parts if part.origin is Origin.FIELD and part.row == row), None)
        asked = next((part for part in guard.condition.parts if part.origin is Origin.CONSTANT), None)
        if looked is None or asked is None:
            continue
        written = [field for access in writer.writes if access.row == row for field in access.fields]
        new = [field.value for field in written if field.name == looked.field]
        if any(value.origin is Origin.CONSTANT and value.text != asked.text for value in new):
            return True
    return False


def guard_window_s(write: Access) -> float | None:
    """The longest window of a "written lately?" guard before `write`, in seconds; None where there is none."""
    return max((found for guard in write.guards if (found := window_s(guard.condition)) is not None), default=None)


def window_s(condition: Value) -> float | None:
    """The seconds of a comparison like `now - doc.seenAt < 30_000`; None for any other condition. Milliseconds in the
    source; less than a second is taken for something else."""
    for part in condition.walk():
        if part.op not in ("<", "<=", ">", ">=") or not (part.mentions(Origin.TIME) and part.mentions(Origin.FIELD)):
            continue
        numbers = [
            float(value.constant)
            for value in part.walk()
            if isinstance(value.constant, (int, float)) and not isinstance(value.constant, bool)
        ]
        if numbers and max(numbers) >= 1_000:
            return max(numbers) / 1_000
    return None


def _passing(window_s: float | None, source: Source, separate: float, traffic: Traffic) -> float:
    passing = passing_window(window_s, source.events_per_day / separate, source.active_seconds(traffic))
    return 1.0 if passing is None else passing


def _racing(other: Source, source: Source, sharing: Sharing, traffic: Traffic) -> float:
    """Events of `other` per second, in the whole app, that can run at the same time as a call of `source`."""
    if other.caller == source.caller and other.client == "cron":
        return 0.0
    rate = other.events_per_day / other.active_seconds(traffic)
    if not other.parallel:
        rate *= other.width
    if sharing in (Sharing.USER, Sharing.SESSION) and other.client == source.client == "websocket":
        rate *= (traffic.tabs - 1) / traffic.tabs
    return rate


def _herd(source: Source, sharing: Sharing, duration: float, traffic: Traffic) -> Meetings:
    """All clients of one group react to one change; each change takes as many of the day's calls as there are."""
    people = {Sharing.EVERYONE: traffic.users, Sharing.TENANT: min(traffic.tenant_users, traffic.users)}.get(
        sharing, 1.0
    )
    clients = round(people * traffic.tabs)
    together = burst(clients, traffic.reaction_spread_ms, duration, policy_of(source))
    return Meetings(source.calls_per_day * together.retries_per_call, source.calls_per_day * together.lost_share)


def _starts_with(victim: Source, writer: Source, duration: float) -> float:
    """The chance that a write of the same event falls into a call's window: both on every request of one page load, or
    two calls of one place that do not wait for each other."""
    if victim.client == "websocket" or writer.client == "websocket":
        return 0.0
    if exclude_each_other(victim.caller.guards, writer.caller.guards):
        return 0.0
    if victim.parallel and writer.parallel and victim.caller.trigger.entry == writer.caller.trigger.entry:
        if victim.caller.trigger.kind != writer.caller.trigger.kind or victim.caller.loops or writer.caller.loops:
            return 0.0
        missed = 1 - min(duration / max(writer.spread_ms, duration), 1.0)
        alike = min(writer.events_per_day / victim.events_per_day, 1.0) if victim.events_per_day > 0 else 0.0
        return float(1 - missed**writer.width) * alike
    first, second = sorted((victim.caller, writer.caller), key=lambda caller: caller.order)
    unawaited = not first.is_over_before(second)
    together = _same_place(victim.caller, writer.caller) and unawaited and victim.caller.epoch == writer.caller.epoch
    return 1.0 if together else 0.0


def _same_place(one: Caller, other: Caller) -> bool:
    """Whether two calls stand in one code function and are reached the same way: not two routes, or a callback and the
    code around it, that share a wrapper. The last frames are the call and, with a wrapper, the call of that."""
    if not one.scope or one.scope != other.scope or one.trigger.entry != other.trigger.entry:
        return False
    return len(one.chain) == len(other.chain) and one.chain[:-2] == other.chain[:-2]
