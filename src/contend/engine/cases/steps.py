"""The words that cases are written in. A step is data: what to do, in which transaction, and what it must give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from contend.convex.ranges import RangeExpression, eq

Fields = Mapping[str, Any]
ANYTHING: Final = object()
"""As a step's `gives`: whatever it gives is right."""


@dataclass(frozen=True)
class Step:
    """`do` in transaction `tx` with `args`. `gives`: the result it must have; `fails`: a part of the text of the error
    it must raise."""

    do: str
    tx: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    gives: Any = ANYTHING
    fails: str | None = None


@dataclass(frozen=True)
class Read:
    """A query: of `table` through `index` (None: the whole table) within `bounds`, in order or `descending`, only
    documents with the fields `where`; `how` it ends: collect, first, take, unique, paginate, or break (a `for await`
    left after `n` documents). `search` is a full-text query with `bounds` as its filters."""

    table: str
    how: str = "collect"
    n: int | None = None
    index: str | None = None
    bounds: Sequence[RangeExpression[Any]] = ()
    descending: bool = False
    where: Fields = field(default_factory=dict)
    search: str | None = None
    prefix: bool = True
    after: str | None = None  # paginate: the cursor after this row
    until: str | None = None  # paginate: the end cursor at this row

    def desc(self) -> Read:
        """The same, from the end of the range."""
        return replace(self, descending=True)


@dataclass(frozen=True)
class Case:
    """A case. `tables` are name → indexes (name → fields); `rows` are name → (table, fields), inserted in this order
    one millisecond apart; `settings` go to the database. The table `log` is always there, to write elsewhere.
    `variant` tells cases of one id apart."""

    id: str
    title: str
    steps: Sequence[Step]
    tables: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    rows: Mapping[str, tuple[str, Fields]] = field(default_factory=dict)
    variant: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.id} {self.title}" + (f" ({self.variant})" if self.variant else "")


def begin(tx: str, source: str = "", runner: str = "http") -> Step:
    """Takes the snapshot. `source` is the write source, `tx` by default. Runners with a session or job record are
    writers whatever they do."""
    return Step("begin", tx, {"source": source or f"{tx}.js:run", "runner": runner})


def get(tx: str, row: str, gives: Any = ANYTHING) -> Step:
    """`db.get`. Gives the row's name or None."""
    return Step("get", tx, {"row": row}, gives)


def read(tx: str, what: Read, gives: Any = ANYTHING, stale: bool = False, fails: str | None = None) -> Step:
    """Gives the names of the rows found: a list, or one name or None for first and unique."""
    return Step("read", tx, {"what": what, "stale": stale}, gives, fails)


def insert(
    tx: str, table: str, row: str = "", fields: Fields | None = None, same_id_as: str = "", fails: str | None = None
) -> Step:
    """`db.insert`; the new row is called `row` from here on. `same_id_as` gives it the id of another."""
    args = {"table": table, "row": row, "fields": fields or {}, "same_id_as": same_id_as}
    return Step("insert", tx, args, ANYTHING, fails)


def patch(tx: str, row: str, **fields: Any) -> Step:
    """`db.patch`."""
    return Step("patch", tx, {"row": row, "fields": fields})


def replace_row(tx: str, row: str, **fields: Any) -> Step:
    """`db.replace`."""
    return Step("replace", tx, {"row": row, "fields": fields})


def delete(tx: str, row: str) -> Step:
    """`db.delete`."""
    return Step("delete", tx, {"row": row})


def commit(tx: str, documents: Any = ANYTHING, fails: str | None = None) -> Step:
    """Commits and must succeed. Gives the number of documents written."""
    return Step("commit", tx, {}, documents, fails)


def occ(tx: str, **attribution: Any) -> Step:
    """Commits and must be rejected. `attribution`: any of table, document (a row's name), source, component, index,
    system, says (a part of the message), write (the transaction whose commit it must name)."""
    return Step("occ", tx, attribution)


def hold(tx: str) -> Step:
    """Validates, and keeps the commit from being published."""
    return Step("hold", tx)


def publish(tx: str) -> Step:
    """Publishes a held commit."""
    return Step("publish", tx)


def lose(tx: str) -> Step:
    """The persistence of a held commit fails."""
    return Step("lose", tx)


def nest(tx: str) -> Step:
    """A sub-mutation starts."""
    return Step("nest", tx)


def unnest(tx: str, throws: bool = False) -> Step:
    """The sub-mutation ends; `throws`: by an exception that its caller catches."""
    return Step("unnest", tx, {"throws": throws})


def throw(tx: str) -> Step:
    """The handler throws: the transaction ends without a commit."""
    return Step("throw", tx)


def wait(seconds: float) -> Step:
    """The clock moves on."""
    return Step("wait", "", {"seconds": seconds})


def rows(table: str, gives: Any) -> Step:
    """The committed rows of the table, by name."""
    return Step("rows", "", {"what": Read(table)}, gives)


def counts(what: Read, gives: int) -> Step:
    """How many committed rows the query finds."""
    return Step("count", "", {"what": what}, gives)


def logged(table: str, gives: Any) -> Step:
    """What the last commit logged in the table: (row, fields before, fields after, indexes with keys) each."""
    return Step("logged", "", {"table": table}, gives)


def readable(tx: str, gives: bool) -> Step:
    """Whether the held commit can be read."""
    return Step("readable", tx, {}, gives)


def settings(**values: Any) -> Step:
    """Changes settings of the database."""
    return Step("set", "", values)


def fields_of(row: str, gives: Any) -> Step:
    """The committed fields of a row, system fields aside; None where it is not there."""
    return Step("fields_of", "", {"row": row}, gives)


def system(do: str, tx: str, gives: Any = ANYTHING, **args: Any) -> Step:
    """One of the operations on system tables: see the runner's `_SYSTEM`."""
    return Step("system", tx, {"what": do, **args}, gives)


def check(what: str, gives: Any, **args: Any) -> Step:
    """A property of an engine part alone: see `contend.engine.cases.checks`."""
    return Step("check", "", {"what": what, **args}, gives)


def call(
    function: str,
    runner: str,
    body: Sequence[Step],
    meanwhile: Mapping[int, Sequence[Step]] | None = None,
    gives: Mapping[str, Any] | None = None,
    **options: Any,
) -> Step:
    """A whole call with its retries. `body` are steps of transaction `me`; `meanwhile` what others do while attempt n
    (from 0) runs; `gives` any property of `contend.engine.calls.Outcome`, and of its events as lists (`statuses`,
    `retry_counts`, `will_retry`, `occ` (which were conflicts), `request_ids` (how many), `tables`)."""
    args = {"function": function, "runner": runner, "body": body, "meanwhile": meanwhile or {}, **options}
    return Step("call", "", args, gives or {})


def unawaited(client: str, bodies: Sequence[Sequence[Step]], conflicts: int) -> Step:
    """One client starts these mutations without awaiting any; each body is steps of transaction `me`. Gives how many
    first attempts are rejected."""
    return Step("unawaited", "", {"client": client, "bodies": bodies}, conflicts)


def race(
    id: str,
    title: str,
    reader: Sequence[Step],
    writer: Sequence[Step],
    then: Step | None,
    variant: str = "",
    runner: str = "http",
    **setup: Any,
) -> Case:
    """The reader `r` reads and writes elsewhere; before it commits, the writer `w` does all of its work. `then` is how
    the reader's commit must end (None: well)."""
    steps = [
        begin("r", runner=runner),
        *reader,
        insert("r", "log"),
        begin("w"),
        *writer,
        commit("w"),
        then or commit("r"),
    ]
    return Case(id, title, steps, variant=variant, **setup)


def indexed(table: str, index: str, *bounds: RangeExpression[Any], how: str = "collect", n: int | None = None) -> Read:
    """A read through an index."""
    return Read(table, how, n, index, bounds)


def room(name: str, how: str = "collect", n: int | None = None) -> Read:
    """The messages of a room."""
    return indexed("messages", "by_room", eq("room", name), how=how, n=n)
