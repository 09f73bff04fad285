"""What a transaction read: points of `by_id`, scans of index ranges, searches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from contend.convex.coverage import covered
from contend.convex.intervals import Interval, IntervalSet
from contend.convex.keys import id_key
from contend.convex.values import Key
from contend.engine.search import SearchRead
from contend.engine.store import BY_ID_SLOT, Index, Keys, LogEntry, SearchIndex, Table

if TYPE_CHECKING:
    from contend.engine.database import Database
    from contend.engine.transaction import Transaction

_FEW = 8  # up to here, trying one interval after another beats keeping a set


class Scan:
    """A read of an index range, as far as it has gone."""

    __slots__ = ("descending", "exhausted", "index", "last", "open", "range")

    def __init__(self, index: Index, range_: Interval, descending: bool) -> None:
        self.index = index
        self.range = range_
        self.descending = descending
        self.last: Key | None = None
        self.exhausted = False
        self.open = False  # somebody goes on with it

    def interval(self) -> Interval | None:
        """What it has covered so far."""
        return covered(self.range, self.last, self.descending, self.exhausted)


class IndexReads:
    """What was read of one index: single ids (for `by_id`) and intervals."""

    __slots__ = ("index", "intervals", "points")

    def __init__(self, index: Index) -> None:
        self.index = index
        self.points: set[str] | frozenset[str] = frozenset()
        self.intervals: list[Interval] | IntervalSet = []

    def add(self, interval: Interval) -> None:
        """Adds an interval; many merge."""
        if isinstance(self.intervals, list):
            self.intervals.append(interval)
            if len(self.intervals) > _FEW:
                self.intervals = IntervalSet(self.intervals)
        else:
            self.intervals.add(interval)

    def holds(self, id: str, key: Key) -> bool:
        """Whether the key of document `id` lies in what was read."""
        if id in self.points:
            return True
        if isinstance(self.intervals, IntervalSet):
            return self.intervals.holds(key)
        return any(interval.holds(key) for interval in self.intervals)

    def overlaps(self, entry: LogEntry) -> bool:
        """Whether the written document was, or is now, in what was read: its old key or its new key."""
        if not self.intervals:
            return entry.id in self.points
        slot = self.index.slot
        for keys in (entry.old_keys, entry.new_keys):
            if keys is not None and slot < len(keys):
                key = keys[slot]
                if key is not None and self.holds(entry.id, key):
                    return True
        return False

    def merged(self) -> IntervalSet:
        """Points and intervals as one set."""
        merged = IntervalSet(self.intervals)
        for id in self.points:
            key = id_key(id)
            merged.add(Interval(key, (*key, (9,))))
        return merged


class ReadSet:
    """Everything a transaction read, in the order in which conflicts are attributed: by table, then by index name, and
    all database indexes before all text indexes (convex-backend: crates/database/src/reads.rs)."""

    __slots__ = ("indexes", "searches")

    def __init__(self, indexes: Iterable[IndexReads], searches: dict[SearchIndex, SearchRead]) -> None:
        self.indexes = sorted(indexes, key=lambda reads: (reads.index.table.order, reads.index.name))
        self.searches = sorted(searches.items(), key=lambda item: (item[0].table.order, item[0].name))


def collect_reads(
    points: dict[Table, set[str]],
    scans: Iterable[Scan],
    intervals: Iterable[tuple[Index, Interval]] = (),
    written_after: int = -1,
) -> dict[Index, IndexReads]:
    """The reads per index; `intervals` are reads that are no scans, such as what a write depends on. With
    `written_after` only of tables that were written later than that."""
    found: dict[Index, IndexReads] = {}
    for table, ids in points.items():
        index = table.slots[BY_ID_SLOT]
        if index is not None and table.last_ts > written_after:
            reads = found[index] = IndexReads(index)
            reads.points = ids
    for index, interval in intervals:
        _reads_of(found, index).add(interval)
    for scan in scans:
        if scan.index.table.last_ts > written_after:
            covered_interval = scan.interval()
            if covered_interval is not None:
                _reads_of(found, scan.index).add(covered_interval)
    return found


def _reads_of(found: dict[Index, IndexReads], index: Index) -> IndexReads:
    reads = found.get(index)
    if reads is None:
        reads = found[index] = IndexReads(index)
    return reads


def read_set(database: Database, tx: Transaction) -> ReadSet:
    """All that `tx` read, what its writes depend on and what every mutation reads included."""
    intervals = database.catalog.implicit_reads(tx.dependencies, tx.index_reads, tx.schema_read)
    return ReadSet(collect_reads(tx.points, tx.scans, intervals).values(), tx.searches)


class RangeCount:
    """How many different intervals a transaction has read, kept up to date as it goes on reading."""

    __slots__ = ("_open", "_seen", "_sets")

    def __init__(self) -> None:
        self._sets: dict[Index, IntervalSet] = {}
        self._open: list[Scan] = []
        self._seen = 0

    def count(self, points: dict[Table, set[str]], scans: list[Scan]) -> int:
        """The number now; overlapping and adjacent intervals count as one."""
        changed = [*self._open, *scans[max(self._seen - 1, 0) :]]  # the last one had perhaps only begun
        self._seen = len(scans)
        for scan in changed:
            interval = scan.interval()
            if interval is not None:
                self._sets.setdefault(scan.index, IntervalSet()).add(interval)
        self._open = [scan for scan in changed if scan.open]
        total = sum(map(len, self._sets.values())) + sum(map(len, points.values()))
        for table, ids in points.items():
            index = table.slots[BY_ID_SLOT]
            ranges = None if index is None else self._sets.get(index)
            if ranges is not None and index is not None:  # by_id was also scanned: ids may lie in those ranges
                both = IndexReads(index)
                both.points, both.intervals = ids, ranges
                total += len(both.merged()) - len(ranges) - len(ids)
        return total


def endangered_reads(database: Database, tx: Transaction) -> ReadSet | None:
    """What `tx` read of tables that have been written since it began: all that published writes can conflict with.
    None where that is plainly nothing."""
    begin_ts = tx.begin_ts
    if database.catalog.changed_since(begin_ts):
        return read_set(database, tx)
    if not tx.searches and _untouched(tx, begin_ts):
        return None
    reads = collect_reads(tx.points, tx.scans, (), begin_ts)
    for index, index_reads in list(reads.items()):
        if not index_reads.intervals and not index.table.written_after(index_reads.points, begin_ts):
            del reads[index]
    return ReadSet(reads.values(), tx.searches) if reads or tx.searches else None


def _untouched(tx: Transaction, begin_ts: int) -> bool:
    """Whether nothing that `tx` got or scanned has been written since."""
    for table, ids in tx.points.items():
        if table.last_ts > begin_ts and table.written_after(ids, begin_ts):
            return False
    for scan in tx.scans:
        table = scan.index.table
        if table.last_ts <= begin_ts:
            continue
        interval, slot = scan.interval(), scan.index.slot
        if interval is None:
            continue
        for entry in table.entries_between(begin_ts):
            old, new = entry.old_keys, entry.new_keys
            if old is not None and _holds(interval, old, slot):
                return False
            if new is not None and new is not old and _holds(interval, new, slot):
                return False
    return True


def _holds(interval: Interval, keys: Keys, slot: int) -> bool:
    key = keys[slot] if slot < len(keys) else None
    return key is not None and interval.holds(key)
