"""What a component is, as facts: its tables, what each of its functions reads and writes, and which calls of its client
start which function.

A component is a program of its own with tables of its own; a call of it from a mutation joins that mutation's
transaction (convex-backend: crates/database/src/transaction.rs). So a call of `rateLimiter.limit(ctx, "send", { key })`
is a read and a write like any other, of a row that the caller's arguments decide on.

Values are written as *operands*: where a value comes from, seen from the component's function (`Argument`, `FieldOf`,
`Random` …) or from the call of its client (`Given`, `Option`, `Entry`, `Applied`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf
from typing import TypeAlias, TypeVar

# ── where a value comes from ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of the component's function, dotted below it; `[]` is any element of a list."""

    path: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. None is `undefined`: an optional field that is not given (a key like any other)."""

    value: str | float | bool | None


@dataclass(frozen=True, slots=True)
class Random:
    """A number drawn at random for each call, from 0 up to `count`: the shard of a call. One of one is no choice."""

    count: Operand


@dataclass(frozen=True, slots=True)
class FieldOf:
    """A field of a row that an earlier read of the same call returned, by that read's `row`."""

    row: str
    name: str


@dataclass(frozen=True, slots=True)
class NodeFor:
    """The node of a sorted tree that holds `key`, below the node `row`: a different one for keys far apart, the last
    one for keys that only grow."""

    row: str
    key: Operand


@dataclass(frozen=True, slots=True)
class Now:
    """The time of the call."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A value made for this call alone: a token, a handle."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Something of the caller's own identity (`ctx.auth`)."""

    name: str


@dataclass(frozen=True, slots=True)
class Otherwise:
    """`first ?? second`."""

    first: Operand
    second: Operand


@dataclass(frozen=True, slots=True)
class Equalities:
    """Bounds that the caller spells out: each entry of a list of `{ field, operator, value }` is one. Stands in the
    place of all the bounds of a read, whose index follows from them."""

    of: Operand


@dataclass(frozen=True, slots=True)
class Given:
    """An argument of a call of the client, by position (0 is `ctx`), dotted below it."""

    position: int
    path: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """What the client was made with besides the component, dotted below it; empty for all of it."""

    path: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry of an object under a key that is a value itself: `limits[name]`."""

    of: Operand
    key: Operand


@dataclass(frozen=True, slots=True)
class Applied:
    """What a function that the app hands over returns for an argument: `options.sortKey(doc)`."""

    function: Operand
    argument: Operand


@dataclass(frozen=True, slots=True)
class Fields:
    """An object with these fields."""

    entries: tuple[tuple[str, Operand], ...]


Operand: TypeAlias = (
    Argument | Literal | Random | FieldOf | NodeFor | Now | Fresh | Caller | Otherwise | Equalities
    | Given | Option | Entry | Applied | Fields
)  # fmt: skip

UNDEFINED = Literal(None)

# ── what a function of a component does ──────────────────────────────────────────────────────────────────────────

Operator: TypeAlias = OneOf["eq", "gt", "gte", "lt", "lte", "search"]
Reach: TypeAlias = OneOf["point", "unique", "first", "take", "range"]
Bound: TypeAlias = tuple[str, Operator, Operand]


@dataclass(frozen=True, slots=True)
class Found:
    """Only where the read `row` returned a row; `present` False: only where it returned none."""

    row: str
    present: bool = True


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Only where a number is large enough."""

    value: Operand
    least: float


@dataclass(frozen=True, slots=True)
class Is:
    """Only where a value is a certain constant; `holds` False: only where it is not."""

    value: Operand
    constant: str | bool
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Present:
    """Only where a value is given at all; `holds` False: only where it is not."""

    value: Operand
    holds: bool = True


Condition: TypeAlias = Found | AtLeast | Is | Present


@dataclass(frozen=True, slots=True)
class Read:
    """A read that the call can be in conflict over. `row` names what it returns. `table` is an operand where the caller
    names it. Without bounds it covers what `reach` says of the whole table. `reach` `unique` covers its whole range,
    like `range` (convex-backend: npm-packages/convex/src/server/impl/query_impl.ts)."""

    row: str
    table: str | Operand
    index: str = "by_id"
    bounds: tuple[Bound, ...] | Equalities = ()
    reach: Reach = "point"
    descending: bool = False
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Cap:
    """How often a write happens at most: `rate` times in `period` milliseconds on each key, `capacity` at once."""

    rate: Operand
    period: Operand
    capacity: Operand


@dataclass(frozen=True, slots=True)
class Write:
    """A write. `target` is the id of the row (None for an insert); `fields` are those whose value says something."""

    operation: OneOf["insert", "patch", "replace", "delete"]
    table: str | Operand
    target: Operand | None = None
    fields: tuple[tuple[str, Operand], ...] = ()
    when: tuple[Condition, ...] = ()
    cap: Cap | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """The component schedules a function of its own: a worker, a clean-up. It is a writer of its own."""

    function: str
    delay_ms: float = 0
    when: tuple[Condition, ...] = ()


Step: TypeAlias = Read | Write | Start
Kind: TypeAlias = OneOf["query", "mutation"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read: a file of the package, in that version."""

    version: str
    file: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a component. `name` is dotted, as under `components.<mount>`. The fact holds for versions from
    `since` (included) to `until` (excluded); empty for no limit known. What is done once in the life of a row that
    everybody shares (making it) is left out: it is no steady conflict."""

    name: str
    kind: Kind
    steps: tuple[Step, ...]
    source: Source
    since: str = ""
    until: str = ""


# ── how an app calls it ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Use:
    """One function that a call of the client runs, with its arguments. `stale`: as a read of the snapshot, which is
    never in conflict (`useStaleSnapshot`)."""

    call: str
    arguments: tuple[tuple[str, Operand], ...] = ()
    when: tuple[Condition, ...] = ()
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Begin:
    """The client has a function of the app started later: `function` is the reference, `arguments` what it gets."""

    function: Operand
    arguments: Operand
    delay: Operand = Literal(0)
    each: bool = False  # once for each element of `arguments`


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a client class, or (with an empty `of`) a function of the package that takes `ctx` and the component
    first."""

    of: str
    name: str
    does: tuple[Use | Begin, ...]
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class TriggerOf:
    """A method that returns a trigger for `Triggers.register`: what it runs on an insert, an update and a delete. Its
    operands see the change as argument 1 (`Given(1, "newDoc")`)."""

    of: str
    name: str
    insert: tuple[Use, ...]
    update: tuple[Use, ...]
    delete: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """A table of a component with its indexes (`_creationTime` and `_id` left out)."""

    name: str
    indexes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    since: str = ""
    until: str = ""

    def index(self, name: str) -> tuple[str, ...] | None:
        """The fields of an index, those that always exist included; None where there is no such index."""
        if name == "by_id":
            return ("_id",)
        if name == "by_creation_time":
            return ("_creationTime",)
        return next((fields for label, fields in self.indexes if label == name), None)


@dataclass(frozen=True, slots=True)
class Component:
    """A component that apps install as a package. `name` is the name it has unless an app gives it another; `checked`
    are the versions whose source was read. `classes` are the client classes of which `methods` are told; a `library`
    has no tables of its own name: its functions run in the app."""

    package: str
    name: str
    checked: tuple[str, ...]
    tables: tuple[Columns, ...]
    calls: tuple[Call, ...]
    classes: tuple[str, ...] = ()
    methods: tuple[Method, ...] = ()
    triggers: tuple[TriggerOf, ...] = ()

    def call(self, name: str, version: str = "") -> Call | None:
        """The function `name` as the given version has it; without a version, as the newest has it."""
        return _fitting([call for call in self.calls if call.name == name], version)

    def method(self, of: str, name: str, version: str = "") -> Method | None:
        """The method `name` of a client class."""
        return _fitting([one for one in self.methods if one.of == of and one.name == name], version)

    def tables_of(self, version: str = "") -> tuple[Columns, ...]:
        """The tables that a version has."""
        return tuple(table for table in self.tables if holds(table.since, table.until, version))


_Dated = TypeVar("_Dated", Call, Method)


def _fitting(found: list[_Dated], version: str) -> _Dated | None:
    return next((one for one in found if holds(one.since, one.until, version)), None)


def holds(since: str, until: str, version: str) -> bool:
    """Whether a fact for versions from `since` to `until` speaks of `version`; an unknown version is the newest."""
    if not version:
        return not until
    number = numbers(version)
    return numbers(since) <= number and (not until or number < numbers(until))


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version for comparison: `0.3.2-alpha.1` is (0, 3, 2)."""
    plain = version.split("-", 1)[0].split("+", 1)[0]
    return tuple(int(part) for part in plain.split(".") if part.isdigit())
