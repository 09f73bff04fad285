"""What a read covers and what a write touches: Convex's rules, written once.

A mutation conflicts when another one commits a write whose old or new key, in some index, lies in an interval that
the mutation read in the same index (convex-backend: crates/database/src/reads.rs). So there are three questions:

1. **How far does a read go?** `read_extent(operation)` says it for every database operation: a point of `by_id`, up to
   the n-th document, or the whole range. With values, `covered` turns it into an interval of keys, given the last
   document that was consumed.
2. **Which keys does a write log?** `touched_indexes(indexes, operation)`: in every enabled index of the table the old
   key, the new key or both, *whether or not that key changed*.
3. **Do they meet?** `Interval.holds` where all keys are known. `may_overlap(read, old_key, new_key, compare)` where
   they are symbols: the caller says how two key parts compare (equal, different, less, greater, unknown) and gets
   `Overlap.NO`, `POSSIBLE` or `CERTAIN`. Where every comparison is known, both give the same answer.

A static audit would ask like this:

    extent = read_extent("first")
    range_ = split_range("by_room", index_fields("by_room", ["room"]), [RangeExpression("eq", "room", room_symbol)])
    read = SymbolicRead(range_, stops_early=not extent.whole_range)
    for touch in touched_indexes(table.indexes, "patch"):
        if touch.index_name == "by_room":
            verdict = may_overlap(read, old_parts, new_parts, compare)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final, Generic, Literal, NamedTuple, Protocol, TypeVar

from contend.convex.intervals import Interval, after
from contend.convex.keys import BY_CREATION_TIME, BY_ID
from contend.convex.ranges import Range
from contend.convex.values import Key

P = TypeVar("P")

WriteOperation = Literal["insert", "patch", "replace", "delete"]
ReadOperation = Literal["get", "collect", "first", "take", "unique", "paginate", "for-await", "for-await-break"]
Operation = WriteOperation | ReadOperation


class Reach(Enum):
    """Where a read ends."""

    NOTHING = "nothing"  # records no interval
    FRESH = "fresh"  # the by_id key of an id that nobody else knows
    POINT = "point"  # one key of by_id, whether or not there is a document
    LIMIT = "limit"  # the last document asked for; the end of the range where there are fewer
    RANGE = "range"  # the end of the range


@dataclass(frozen=True, slots=True)
class Extent:
    """How far an operation reads.

    `stop_after` is the number of documents (after `.filter`) at which the scan stops, None where it is not constant or
    there is none. `whole_range` says that the read is to be taken as the whole range when nothing is known of the data:
    true for `.unique()`, which stops only at a second match, and then throws.
    """

    reach: Reach
    stop_after: int | None = None

    @property
    def whole_range(self) -> bool:
        return self.reach is Reach.RANGE


def read_extent(operation: Operation, limit: int | None = None) -> Extent:
    """How far `operation` reads. `limit` is the constant of `.take(n)` or `numItems` of `.paginate`, where known.

    `.filter(p)` changes nothing here: documents it rejects are scanned and so covered, and do not count to the limit
    (convex-backend: crates/database/src/query/filter.rs). `.order("desc")` mirrors: see `covered`.
    """
    if operation in ("take", "paginate"):
        # (convex-backend: crates/database/src/query/limit.rs)
        return Extent(Reach.NOTHING, 0) if limit == 0 else Extent(Reach.LIMIT, limit)
    return _EXTENTS[operation]


_POINT: Final = Extent(Reach.POINT, 1)
_EXTENTS: Final[dict[str, Extent]] = {
    "get": _POINT,  # convex-backend: crates/isolate/src/environment/udf/async_syscall.rs
    "patch": _POINT,  # the write reads its target: convex-backend: crates/database/src/transaction.rs
    "replace": _POINT,
    "delete": _POINT,
    "insert": Extent(Reach.FRESH, 1),  # convex-backend: crates/database/src/writes.rs
    "collect": Extent(Reach.RANGE),
    "first": Extent(Reach.LIMIT, 1),  # take(1): convex-backend: npm-packages/convex/src/server/impl/query_impl.ts
    "unique": Extent(Reach.RANGE, 2),  # take(2): one match or none exhausts the range
    "for-await": Extent(Reach.RANGE),
    "for-await-break": Extent(Reach.LIMIT),
}


def covered(range_: Interval, last: Key | None, descending: bool, exhausted: bool) -> Interval | None:
    """The interval that a scan of `range_` records once it has consumed the document with key `last`.

    A scan that ran out of documents covers the whole range, its empty tail included; one that stopped covers from the
    range's start to `last`, or, descending, from `last` to the range's end, so every later append
    (convex-backend: crates/database/src/query/index_range.rs). None where it consumed nothing and was not exhausted.
    """
    if exhausted:
        return range_
    if last is None:
        return None
    return Interval(last, range_.end) if descending else Interval(range_.start, after(last))


def after_cursor(range_: Interval, cursor: Key | None, descending: bool) -> Interval:
    """The part of `range_` that a page starting after `cursor` scans (None: all of it)."""
    if cursor is None:
        return range_
    return Interval(range_.start, cursor) if descending else Interval(after(cursor), range_.end)


def up_to_cursor(range_: Interval, end_cursor: Key, descending: bool) -> Interval:
    """The part of `range_` up to and with `end_cursor`: what a page with `endCursor` scans, whatever its size
    (convex-backend: crates/isolate/src/environment/udf/async_syscall.rs)."""
    return Interval(end_cursor, range_.end) if descending else Interval(range_.start, after(end_cursor))


class DeclaredIndex(Protocol):
    """What these rules need of an index; `contend.model.schema.Index` has it."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def staged(self) -> bool: ...


class Touch(NamedTuple):
    """That a write logs its old key, its new key or both in the index called `index_name`."""

    index_name: str
    old: bool
    new: bool


LOGGED_KEYS: Final[dict[WriteOperation, tuple[bool, bool]]] = {
    "insert": (False, True),
    "patch": (True, True),
    "replace": (True, True),
    "delete": (True, False),
}
"""Operation → whether the old and the new key go into the log (convex-backend:
crates/common/src/document_index_keys.rs). A `patch` or `replace` that changes nothing is no write and logs nothing
(convex-backend: crates/database/src/transaction.rs)."""


def touched_indexes(indexes: Iterable[DeclaredIndex], operation: WriteOperation) -> tuple[Touch, ...]:
    """The indexes in which `operation` logs keys: `by_creation_time`, `by_id` and every enabled database and search
    index of the table. Staged indexes and vector indexes log none (convex-backend:
    crates/indexing/src/index_registry.rs)."""
    old, new = LOGGED_KEYS[operation]
    names = [BY_CREATION_TIME, BY_ID]
    names += [index.name for index in indexes if takes_part(index)]
    return tuple([Touch(name, old, new) for name in names])


def takes_part(index: DeclaredIndex) -> bool:
    """Whether writes log keys of this index, so that reads through it can conflict."""
    return not index.staged and index.kind != "vector"


class Dependency(Enum):
    """What a write reads besides its target (convex-backend: crates/database/src/writes.rs)."""

    TABLE = "the table's `_tables` record"
    INDEXES = "every `_index` record of the table"
    SCHEMA = "the schema, by its state"


def write_dependencies(operation: WriteOperation, changes_something: bool = True) -> frozenset[Dependency]:
    """What the operation reads besides its target: the schema for all but `delete` (convex-backend:
    crates/database/src/bootstrap_model/schema/mod.rs); nothing for a patch or replace that changes nothing."""
    if not changes_something:
        return frozenset()
    dependencies = {Dependency.TABLE, Dependency.INDEXES}
    if operation != "delete":
        dependencies.add(Dependency.SCHEMA)
    return frozenset(dependencies)


class Comparison(Enum):
    """How a key part of a write compares with one of a read, as far as it is known."""

    EQUAL = "equal"
    DIFFERENT = "different"  # certainly not equal, in which order is not known
    LESS = "less"
    GREATER = "greater"
    UNKNOWN = "unknown"


class Overlap(IntEnum):
    """Whether a write's key lies in what a read covers."""

    NO = 0
    POSSIBLE = 1
    CERTAIN = 2


Compare = Callable[[P, P], Comparison]
"""Compares a key part of the write (first) with one of the read (second)."""


@dataclass(frozen=True, slots=True)
class SymbolicRead(Generic[P]):
    """A read of one index whose bounds may be symbols.

    `stops_early` where it may end before the end of the range (`first`, `take`, `paginate`, a loop left early); `last`
    is then the key of the last document it consumed, part by part as far as known, None where nothing is.

    An append shows what `last` is good for: after `eq(room, r).first()` found a document, its key is (r, its creation
    time, its id), and an insert's is (r, now, a fresh id). A caller that compares "now" with the creation time of a
    document that exists as greater gets `NO`, as Convex would.
    """

    range: Range[P]
    descending: bool = False
    stops_early: bool = False
    last: tuple[P, ...] | None = None


def may_overlap(
    read: SymbolicRead[P], old_key: Sequence[P] | None, new_key: Sequence[P] | None, compare: Compare[P]
) -> Overlap:
    """Whether a write conflicts with the read through the read's index. `old_key` and `new_key` are the written
    document's keys in that index before and after, None where there is none (or it is not logged: `touched_indexes`);
    a key may be cut short where its further parts are not known."""
    verdict = Overlap.NO
    for key in (old_key, new_key):
        if key is not None and verdict is not Overlap.CERTAIN:
            verdict = max(verdict, _holds(read, key, compare))
    return verdict


def _holds(read: SymbolicRead[P], key: Sequence[P], compare: Compare[P]) -> Overlap:
    verdict = Overlap.CERTAIN
    equalities = read.range.equalities
    for position, value in enumerate(equalities):
        if position >= len(key):
            verdict = Overlap.POSSIBLE
            break
        comparison = compare(key[position], value)
        if comparison is Comparison.UNKNOWN:
            verdict = Overlap.POSSIBLE
        elif comparison is not Comparison.EQUAL:
            return Overlap.NO
    known = len(key) > len(equalities)
    sides = ((read.range.lower, Comparison.GREATER), (read.range.upper, Comparison.LESS))
    for bound, inside in sides:
        if bound is None:
            continue
        comparison = compare(key[len(equalities)], bound.value) if known else Comparison.UNKNOWN
        if comparison in (Comparison.UNKNOWN, Comparison.DIFFERENT):
            verdict = Overlap.POSSIBLE
        elif comparison is not inside and not (comparison is Comparison.EQUAL and bound.inclusive):
            return Overlap.NO
    if not read.stops_early:
        return verdict
    return min(verdict, _before_stop(read, key, compare))


def _before_stop(read: SymbolicRead[P], key: Sequence[P], compare: Compare[P]) -> Overlap:
    """Whether the scan reached `key` before it stopped at `read.last`."""
    if read.last is None:
        return Overlap.POSSIBLE
    beyond = Comparison.LESS if read.descending else Comparison.GREATER
    for part, last in zip(key, read.last, strict=False):
        comparison = compare(part, last)
        if comparison is Comparison.EQUAL:
            continue
        if comparison in (Comparison.UNKNOWN, Comparison.DIFFERENT):
            return Overlap.POSSIBLE
        return Overlap.NO if comparison is beyond else Overlap.CERTAIN
    return Overlap.CERTAIN if len(key) == len(read.last) else Overlap.POSSIBLE
