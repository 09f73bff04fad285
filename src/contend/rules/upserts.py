"""Rows that are looked up and written again without need."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from contend.conflicts.heat import is_admin
from contend.model.callers import Caller
from contend.model.findings import Sharing
from contend.model.functions import Access, FieldWrite, Function
from contend.model.places import Span
from contend.model.values import Origin, Value
from contend.rules.counters import counted_fields
from contend.rules.graph import AuditGraph
from contend.rules.rows import in_component, live_callers, lookup
from contend.rules.stamps import carries_over, is_time, stamps_in
from contend.rules.touch_on_every_request import speaks_of as speaks_of_touch

_PROFILE = re.compile(
    r"name|e?mail|image|picture|avatar|photo|url|locale|language|timezone|phone|clerk|workos|auth|provider|subject|"
    r"token|external|user_?id|verified|role|org|platform|device|agent|version|browser",
    re.IGNORECASE,
)
_SECRET = re.compile(r"csrf|nonce|secret|token|verifier|challenge|salt", re.IGNORECASE)
_MINTS = re.compile(r"generat|random|mint|creat|uuid|nanoid|hash|sign|encrypt|nonce", re.IGNORECASE)
_ANEW = re.compile(
    r"updat|modif|sync|refresh|fetch|index|login|signin|check|scan|comput|compil|seen|crawl|import", re.IGNORECASE
)
_SYNC = re.compile(r"sync|fetch|import|crawl", re.IGNORECASE)
_JOBS = frozenset({"action", "node-action", "scheduler", "cron"})
_STATE = re.compile(r"status|state|phase|stage", re.IGNORECASE)
_DELIVERY = re.compile(r"hook|svix|stripe|clerk|events?\b", re.IGNORECASE)
_CHANGE = re.compile(r"(?:^|[.:/])(?P<what>\w+)[.:](?:created|updated|changed|added)$")
_EVERYWHERE = re.compile(r"every request|layout")
_ON_SHOWING = frozenset({"effect", "render", "server-request"})


@dataclass(frozen=True, slots=True)
class Upsert:
    """A row looked up by a key and written each time. `needless` are the callers that bring the same content again;
    `same` where the code shows that they do. `mint`: the call that brings a new secret each time, with the test that
    lets it."""

    function: Function
    access: Access
    found: Access
    needless: tuple[Caller, ...]
    same: bool
    mint: tuple[Caller, Span] | None = None


def upsert_of(graph: AuditGraph, function: Function, access: Access) -> Upsert | None:
    """How a write repeats what its row holds already; None where it does not, or where nobody starts it again and
    again."""
    if (
        access.operation not in ("patch", "replace")
        or access.table is None
        or in_component(access)
        or access.row is None
    ):
        return None
    callers = graph.callers(function.id)
    if not callers or not access.fields:
        return None
    found = lookup(function, access)
    if (
        found is None
        or found.operation not in ("query", "get")
        or graph.pairs.sharing(function.id, access) is (Sharing.NOBODY)
    ):
        return None
    if _compares(access) or _after_a_change(function, access) or counted_fields(access, graph.app.tables):
        return None
    if found.operation == "query":
        mint = _mint(graph, function, access)
        if mint is not None:
            return Upsert(function, access, found, (mint[0],), True, mint)
    if not _inserts_too(function, access) or not _finds_one(found) or speaks_of_touch(graph, function, access):
        return None
    stamps = new_stamps(access, callers)
    rest = [write for write in access.fields if write.name not in stamps]
    if not stamps or not all(_ANEW.search(name) for name in stamps):
        return None  # nothing that makes the write differ, or the time of an event
    if any(write.value.origin is Origin.CONSTANT and _STATE.search(write.name) for write in rest):
        return None  # a step that is taken, not content that is repeated
    needless = tuple(caller for caller in graph.origins(function.id) if _brings_the_same(caller, rest))
    if (
        needless
        and all(_announces(caller, access.table) for caller in needless)
        and not _written_by_users(graph, function, access)
    ):
        return None
    if any(_SYNC.search(name) for name in stamps) and not any(_of_row(write.value, access) for write in rest):
        jobs = (caller for caller in callers if caller.client in _JOBS and caller.loops)
        needless += tuple(caller for caller in jobs if caller not in needless and not _asks_first(graph, caller, found))
    if not needless:
        return None
    same = any(caller.trigger.kind in _ON_SHOWING for caller in needless)
    return Upsert(function, access, found, needless, same)


def new_stamps(access: Access, callers: Sequence[Caller]) -> tuple[str, ...]:
    """The fields of a write that hold the time of the call itself."""
    stamps = set(stamps_in(access, callers))
    return tuple(
        write.name
        for write in access.fields
        if write.name in stamps
        and not carries_over(write.value, write.name, access.row)
        and (write.value.mentions(Origin.TIME) or _ANEW.search(write.name))
    )


def _finds_one(read: Access) -> bool:
    """Whether a read looks one row up by a key."""
    by_key = any(key.operator == "eq" for key in read.keys)
    return by_key and (read.extent.reach == "first" or ".unique()" in read.snippet)


def _compares(access: Access) -> bool:
    """Whether a condition before the write looks at what the row holds (other than that it is there), or at whether
    there is anything to write."""
    for guard in access.guards:
        for part in guard.condition.walk():
            if part.origin is Origin.FIELD and part.row == access.row and part.field not in (None, "_id", "*"):
                return True
            if part.op in (">", "!=", "!==") and "].length" in part.text:
                return True  # `Object.keys(changes).length > 0`
            if (part.op or "").startswith("call:") and part.mentions(Origin.FIELD):
                return True
    return False


def _after_a_change(function: Function, access: Access) -> bool:
    """Whether the function gets to a write only where it has just changed the state of another row: what it writes
    follows from that, and is new."""
    asked = {
        (part.row, part.field)
        for guard in access.guards
        for part in guard.condition.walk()
        if part.origin is Origin.FIELD and part.row is not None and part.row != access.row
    }
    return any(
        other.order < access.order
        and other.operation in ("patch", "replace")
        and {guard.span for guard in other.guards} <= {guard.span for guard in access.guards}
        and any((other.row, write.name) in asked and write.value.origin is Origin.CONSTANT for write in other.fields)
        for other in function.writes
    )


def _asks_first(graph: AuditGraph, caller: Caller, found: Access) -> bool:
    """Whether a job runs a query that looks rows up by the same index: it asks which of them are there already."""
    asked = [graph.functions.get(call.function) for call in graph.started_by(caller.from_function or "")]
    return found.index is not None and any(
        query is not None
        and query.kind == "query"
        and any(read.index == found.index and read.table == found.table for read in query.reads)
        for query in asked
    )


def _announces(caller: Caller, table: str) -> bool:
    """Whether a caller is the webhook that tells of a change of this very row: `user.updated` for `users`."""
    if caller.trigger.kind != "webhook":
        return False
    return any(
        found is not None and _same_thing(found["what"], table)
        for guard in caller.guards
        if guard.holds and guard.condition.op == "=="
        for part in guard.condition.parts
        if isinstance(part.constant, str)
        for found in [_CHANGE.search(part.constant)]
    )


def _same_thing(what: str, table: str) -> bool:
    one, other = (re.sub(r"[^a-z]", "", name.lower()).rstrip("s") for name in (what, table))
    return one == other


def _written_by_users(graph: AuditGraph, function: Function, access: Access) -> bool:
    """Whether another function that users start writes through the same place: then webhooks bring back what the app
    has written itself."""
    return any(
        other.id != function.id
        and any(write.span == access.span for write in other.writes)
        and bool(live_callers(graph.callers(other.id)))
        for other in graph.mutations
    )


def _inserts_too(function: Function, access: Access) -> bool:
    """Whether the function inserts into the same table where it found no row."""
    return any(other.operation == "insert" and other.table == access.table for other in function.writes)


def _brings_the_same(caller: Caller, content: Sequence[FieldWrite]) -> bool:
    """Whether a caller starts it again and again with content that has mostly not changed."""
    if caller.flagged or is_admin(caller.trigger.entry or caller.span.file):
        return False
    kind = caller.trigger.kind
    if kind == "webhook":
        names = [caller.trigger.detail, caller.trigger.entry, caller.function, *(str(frame) for frame in caller.chain)]
        return any(_DELIVERY.search(name) for name in names)
    if kind == "server-request" and not _EVERYWHERE.search(caller.trigger.detail):
        return False
    return kind in _ON_SHOWING and all(_known(write.value, write.name) for write in content)


def _of_row(value: Value, access: Access) -> bool:
    """Whether a value is made from what the row holds: then the write keeps a history, or counts."""
    return any(part.origin is Origin.FIELD and part.row == access.row for part in value.walk()) and not (
        carries_over(value, value.field or "", access.row) or value.op in ("??", "||", "any", "?:")
    )


def _known(value: Value, name: str) -> bool:
    """Whether a field's content is what is known of somebody, rather than what somebody just did."""
    if carries_over(value, name, None) or value.origin in (Origin.IDENTITY, Origin.CONSTANT):
        return True
    if value.origin is Origin.COMPUTED and value.parts:
        return all(_known(part, name) for part in value.parts)
    return bool(_PROFILE.search(name)) and value.origin in (Origin.ARGUMENT, Origin.FIELD, Origin.UNKNOWN)


def _mint(graph: AuditGraph, function: Function, access: Access) -> tuple[Caller, Span] | None:
    """A request path that stores a new secret whenever what the request brought does not match."""
    for caller in graph.callers(function.id):
        if caller.trigger.kind != "server-request" or "every request" not in caller.trigger.detail:
            continue
        if not minted_secrets(caller, access):
            continue
        tests = [guard for guard in caller.guards if guard.holds and not guard.early_exit]
        if any(_timed(guard.condition) for guard in tests) or not tests:
            continue
        return caller, tests[-1].span
    return None


def _timed(condition: Value) -> bool:
    return condition.mentions(Origin.TIME) or any(is_time(part) for part in condition.walk())


def minted_secrets(caller: Caller, access: Access, tested: bool = False) -> tuple[str, ...]:
    """The secrets that a call brings and that are new each time, by the field that they are stored in; with `tested`
    only those that the caller's last test looks at, where it looks at some."""
    passed = dict(caller.arguments)
    found = []
    for write in access.fields:
        if write.value.origin is not Origin.ARGUMENT or not _SECRET.search(write.name):
            continue
        value = passed.get((write.value.field or write.value.text).split(".")[-1])
        if value is None:
            continue
        fresh = value.mentions(Origin.FRESH)
        if fresh or (value.origin is Origin.UNKNOWN and _MINTS.search(value.text.split(" of ")[0])):
            found.append(write.name)
    tests = [guard for guard in caller.guards if guard.holds and not guard.early_exit]
    shown = " ".join(part.text for part in tests[-1].condition.walk()) if tested and tests else ""
    looked = [name for name in found if name in shown]
    return tuple(looked or found)
