"""Registered functions and what they do to the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from contend.model.places import Frame, Span
from contend.model.schema import Validator
from contend.model.values import Value

FunctionKind = Literal["query", "mutation", "action", "httpAction"]
Operation = Literal["get", "query", "search", "insert", "patch", "replace", "delete"]
Reach = Literal["point", "first", "take", "range", "whole"]
KeyOperator = Literal["eq", "gt", "gte", "lt", "lte", "search"]

WRITES: frozenset[Operation] = frozenset({"insert", "patch", "replace", "delete"})


@dataclass(frozen=True, slots=True)
class Key:
    """One bound of an index range: `field operator value`. By-id accesses have one on `_id`."""

    field: str
    operator: KeyOperator
    value: Value


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of its index range a read covers.

    `reach`: `point` one document by id; `first` up to the first match; `take` up to the `limit`-th (None: a number
    that is not constant); `range` all of a bounded range; `whole` all of the index. `.unique()` is `range`
    (convex-backend: npm-packages/convex/src/server/impl/query_impl.ts). `share` is the part of the range a `first` or
    `take` is expected to cover, 0 to 1. `filtered`: a `.filter()` follows, which narrows nothing.
    """

    reach: Reach
    limit: int | None = None
    descending: bool = False
    filtered: bool = False
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that holds wherever the access happens: `condition` if `holds`, its negation otherwise. `span` is the
    test; `early_exit` where it comes from a `return` or `throw` before the access rather than from an enclosing
    `if`."""

    condition: Value
    holds: bool
    span: Span
    early_exit: bool = False


@dataclass(frozen=True, slots=True)
class LoopContext:
    """The loop an access or call stands in. `over` is what it iterates; `parallel` for `Promise.all` and un-awaited
    iterations; `bound` a constant number of rounds where known."""

    span: Span
    over: Value
    parallel: bool
    bound: int | None = None


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """One field that a write sets; `name` is dotted below a known nested object, `*` for fields not known by name."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Access:
    """One database operation inside a function, wherever its code stands.

    `tables` are the tables it can reach: one, several (a set by a conditional), or none with the reason in
    `unresolved`. `index` is the index it goes through (`by_id` for get, patch, replace, delete; None for insert).
    `row` names the document read or written: equal rows within one function are the same document. `path` leads from
    the function's handler to `span`, helper calls in between. `order` is the place in program order within the
    function. `stale` reads (`useStaleSnapshot`) record nothing. `snippet` is the source text of the operation.
    """

    operation: Operation
    tables: tuple[str, ...]
    span: Span
    order: int
    index: str | None = None
    keys: tuple[Key, ...] = ()
    extent: Extent = Extent("point")
    fields: tuple[FieldWrite, ...] = ()
    guards: tuple[Guard, ...] = ()
    loops: tuple[LoopContext, ...] = ()
    path: tuple[Frame, ...] = ()
    row: str | None = None
    unresolved: str | None = None
    stale: bool = False
    explicit_table: bool = False
    snippet: str = ""

    @property
    def table(self) -> str | None:
        """The table, where there is exactly one."""
        return self.tables[0] if len(self.tables) == 1 else None

    @property
    def writes(self) -> bool:
        return self.operation in WRITES


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out of a function: `kind`, and the accesses (by `order`) already done on that path."""

    kind: Literal["return", "throw", "end"]
    span: Span
    accesses: tuple[int, ...]
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True)
class Projection:
    """Document fields that reach a query's result: table to field names, `*` for whole documents."""

    table: str
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class Function:
    """A registered function.

    `path` is `module:export` (default export: `module`); `id` adds the app's root so that it is unique in a
    repository. `builder` is the name it is registered with as written; `custom_builder` the file that makes it where
    that is not Convex's own. `projections` and `result_fields` are for queries: what of which documents reaches the
    result, and for a result that is an object, which result field carries which document fields (dotted result path
    to `table.field`). `unread` is the reason where the handler could not be read.
    """

    app: str
    path: str
    kind: FunctionKind
    internal: bool
    span: Span
    builder: str
    runtime: Literal["convex", "node"] = "convex"
    args: Validator | None = None
    custom_builder: str | None = None
    accesses: tuple[Access, ...] = ()
    exits: tuple[Exit, ...] = ()
    projections: tuple[Projection, ...] = ()
    result_fields: tuple[tuple[str, str], ...] = ()
    unread: str | None = None

    @property
    def id(self) -> str:
        return f"{self.app}#{self.path}" if self.app else self.path

    @property
    def reads(self) -> tuple[Access, ...]:
        """Accesses that put an interval into the read set: all but inserts and stale reads."""
        return tuple(access for access in self.accesses if access.operation != "insert" and not access.stale)

    @property
    def writes(self) -> tuple[Access, ...]:
        return tuple(access for access in self.accesses if access.writes)
