"""Effects that wake themselves: they depend on a live query, and what they write changes its result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from contend.evidence.inventory.words import entry_words
from contend.model.callers import Caller, Dependency
from contend.model.functions import Access, Function
from contend.model.values import Origin, Value


@dataclass(frozen=True, slots=True)
class Feedback:
    """An effect that wakes itself through `query`: its call of `caller` sets `field` of `table`, differently each
    time, and that reaches the query's result."""

    caller: Caller
    query: str
    writer: str
    table: str
    field: str

    @property
    def words(self) -> str:
        """`the effect on page /start (app/start/page.tsx:73)`."""
        return f"the effect on {entry_words(self.caller)} ({self.caller.span})"


def feedback_of(caller: Caller, mutations: Iterable[Function], functions: Mapping[str, Function]) -> Feedback | None:
    """The feedback of a call, if there is any. `mutations` are those that the call runs. A call that a flag lets happen
    once has none, nor one that stands under a condition on the very field it writes."""
    if caller.trigger.kind != "effect" or caller.flagged or not caller.trigger.dependencies:
        return None
    for dependency in caller.trigger.dependencies:
        query = functions.get(dependency.query) if dependency.query else None
        if query is None:
            continue
        for mutation in mutations:
            for write in mutation.writes:
                for table, field in _changed(write, dependency, query, caller):
                    return Feedback(caller, query.path, mutation.path, table, field)
    return None


def _changed(write: Access, dependency: Dependency, query: Function, caller: Caller) -> Iterator[tuple[str, str]]:
    """The fields that a write changes at every call and that the dependency shows."""
    for table in write.tables:
        shown = _shown(query, table, dependency.path)
        if not shown:
            continue
        if write.operation == "insert" and "*" in shown:
            if not _asked(write, caller, table, None):
                yield table, "a new row"
            continue
        for field in write.fields:
            name = field.name.split(".")[0]
            seen = "*" in shown or name in shown or (field.name == "*" and bool(shown))
            if seen and differs(field.value, name, caller) and not _asked(write, caller, table, name):
                yield table, name


def differs(value: Value, field: str, caller: Caller) -> bool:
    """Whether two calls in a row write two values: it holds the time, something new, or what the field held, changed.
    What an argument holds is asked of the call. (A write that changes nothing is dropped: convex-backend:
    crates/database/src/transaction.rs.)"""
    passed = dict(caller.arguments)
    for part in value.walk():
        if part.origin in (Origin.TIME, Origin.FRESH):
            return True
        if part.origin is Origin.ARGUMENT:
            given = passed.get(part.text.split(".")[1] if "." in part.text else part.text)
            if given is not None and (given.mentions(Origin.TIME) or given.mentions(Origin.FRESH)):
                return True
        if part.op in ("+", "-") and any(
            inner.origin is Origin.FIELD and inner.field == field for inner in part.walk()
        ):
            return True
    return False


def _shown(query: Function, table: str, path: str) -> frozenset[str]:
    """The fields of `table` that reach the part `path` of a query's result; `*` for whole documents."""
    if path and query.result_fields:
        head = path.replace("[]", "").strip(".")
        found = set()
        for result, source in query.result_fields:
            plain = result.replace("[]", "").strip(".")
            if plain == head or plain.startswith(f"{head}.") or head.startswith(f"{plain}."):
                of, _, name = source.partition(".")
                if of == table:
                    found.add(name.split(".")[0])
        return frozenset(found)
    of_table = [projection for projection in query.projections if projection.table == table]
    shown = frozenset(field.split(".")[0] for projection in of_table for field in projection.fields)
    if path and "*" in shown:
        name = path.replace("[]", "").strip(".").split(".")[0]
        return frozenset({name}) if name else shown
    return shown


def _asked(write: Access, caller: Caller, table: str, field: str | None) -> bool:
    """Whether the call or the write stands under a condition on what it changes, so that it comes to rest: on the
    field, or for a new row on whether there is one."""
    for guard in write.guards:
        for part in guard.condition.walk():
            if part.origin is Origin.FIELD and part.table == table and part.field is not None:
                if field is not None and part.field.split(".")[0] == field:
                    return True
                if field is None and not part.field.strip("*"):
                    return True
    for guard in caller.guards:
        for part in guard.condition.walk():
            if part.origin is not Origin.FIELD or part.row is None or not part.row.startswith("live:"):
                continue
            names = [name for name in (part.field or "").replace("[]", "").split(".") if name]
            if field in names if field is not None else (names or (guard.condition.op == "!") is guard.holds):
                return True
    return False
