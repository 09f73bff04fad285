"""The database: begins transactions, checks and commits them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final, NamedTuple

from contend.convex.errors import BadRequestError, OutOfRetentionError, write_throughput_exceeded
from contend.convex.ids import DocumentId, encode, new_id
from contend.convex.limits import LOG_RETENTION_S, TransactionLimits
from contend.convex.values import Document, resolve_commit_ts
from contend.engine.catalog import Catalog
from contend.engine.conflicts import Conflict, find_conflict
from contend.engine.reads import ReadSet, endangered_reads, read_set
from contend.engine.store import Keys, LogEntry, Table, Version
from contend.engine.transaction import Transaction, Write
from contend.model.schema import Table as DeclaredTable
from contend.model.schema import Validator

SECOND_NS: Final = 1_000_000_000
START_NS: Final = 1_767_225_600 * SECOND_NS  # 2026-01-01
_TABLE_LETTERS: Final = 4  # of an id tell its table, for table numbers of two bytes


class Committed(NamedTuple):
    """A commit that went through. `ts` is its timestamp in nanoseconds, for one that wrote nothing that of its
    snapshot; `documents` is the number of documents written."""

    ts: int
    documents: int


class PendingCommit:
    """A transaction that is validated and has its timestamp, and is not yet published."""

    __slots__ = ("bytes", "effects", "entries", "ts")

    def __init__(self, ts: int, entries: list[tuple[Table, LogEntry, Version]], tx: Transaction) -> None:
        self.ts = ts
        self.entries = entries
        self.bytes = tx.bytes_written
        self.effects = tx.effects


class Pin:
    """How many running transactions read the snapshot at `ts`."""

    __slots__ = ("count", "ts")

    def __init__(self, ts: int) -> None:
        self.ts = ts
        self.count = 1


class Database:
    """A database with one committer.

    `now_ns` is the clock: the caller sets it; it starts at `start_ns`. `retention_s` is how far back the write log
    reaches. `write_bytes_per_second`, the throughput limit (None: none), may be changed at any time.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        limits: TransactionLimits | None = None,
        retention_s: float = LOG_RETENTION_S[1],
        write_bytes_per_second: int | None = None,
        start_ns: int = START_NS,
    ) -> None:
        self.limits = limits or TransactionLimits()
        self.retention_ns = int(retention_s * SECOND_NS)
        self.write_bytes_per_second = write_bytes_per_second
        self.now_ns = start_ns
        self.latest_ts = start_ns
        self.pending: list[PendingCommit] = []
        self._assigned_ts = start_ns
        self._random = Random(seed)
        self._by_letters: dict[str, Table] = {}
        self._pins: deque[Pin] = deque()
        self._garbage: deque[tuple[int, Table, str]] = deque()
        self._recent_bytes: deque[tuple[int, int]] = deque()
        self._recent_sum = 0
        self._claimed: set[str] = set()
        self.catalog = Catalog(self)
        self.tables: dict[str, Table] = dict(self.catalog.tables)
        for table in self.tables.values():
            self.register_ids(table)

    # Set-up

    def add_table(
        self,
        path: str,
        indexes: Mapping[str, Sequence[str]] | None = None,
        validator: Validator | None = None,
        search_indexes: Mapping[str, tuple[str, Sequence[str]]] | None = None,
    ) -> None:
        """Declares a table, as a push of `schema.ts` does. `path` is its name, with its component's path in front
        where it is not the app's own; `search_indexes` map a name to search field and filter fields."""
        tx = self.begin("finish_push")
        table = self.catalog.create_table(tx, path)
        table.validator = validator
        for name, fields in (indexes or {}).items():
            self.catalog.add_index(tx, path, name, fields)
        for name, (search_field, filter_fields) in (search_indexes or {}).items():
            self.catalog.add_search_index(tx, path, name, search_field, filter_fields)
        self.commit(tx)

    def add_declared(self, tables: Mapping[str, DeclaredTable], validate: bool = True) -> None:
        """Declares the tables of an app's schema: their database and search indexes (staged ones cannot be read),
        and, with `validate`, their validators."""
        for name, declared in tables.items():
            validator = Validator("object", fields=declared.fields) if validate and declared.fields else None
            active = [index for index in declared.indexes if not index.staged]
            self.add_table(
                name,
                {index.name: index.fields for index in active if index.kind == "database"},
                validator,
                {index.name: (index.fields[0], index.fields[1:]) for index in active if index.kind == "search"},
            )
            tx = self.begin("finish_push")
            for index in declared.indexes:
                if index.staged and index.kind == "database":
                    self.catalog.add_index(tx, name, index.name, index.fields, "staged")
            self.commit(tx)

    # Transactions

    def begin(self, source: str = "") -> Transaction:
        """Starts a transaction on the latest published snapshot. `source` is its write source: the canonical path of
        the function, or a system label."""
        pins, ts, now = self._pins, self.latest_ts, self.now_ns
        if pins and pins[-1].ts == ts:
            pin = pins[-1]
            pin.count += 1
        else:
            pin = Pin(ts)
            pins.append(pin)
        return Transaction(self, ts, (now if now > ts else ts) / 1e6, source, pin)

    def commit(self, tx: Transaction) -> Committed | Conflict:
        """Checks and publishes at once; where older commits are pending, publish those first. Raises
        `TooManyWritesError` and `OutOfRetentionError`."""
        outcome = self.validate(tx)
        return self.publish(outcome) if isinstance(outcome, PendingCommit) else outcome

    def validate(self, tx: Transaction) -> PendingCommit | Committed | Conflict:
        """Checks a transaction and ends it. One that wrote nothing is committed without a check; else it is in conflict
        or pending, and then conflicts with later ones though nobody can read it before `publish`."""
        if not tx.always_checked and not tx.writes:
            self.end(tx)
            return Committed(tx.begin_ts, 0)
        try:
            conflict = self._check(tx)
        finally:
            self.end(tx)  # not before: what it read must stay until it is checked
        if conflict is not None:
            return conflict
        ts = self.now_ns
        if ts <= self.latest_ts or ts <= self._assigned_ts:
            ts = max(self.latest_ts, self._assigned_ts) + 1
        self._assigned_ts = ts
        pending = PendingCommit(ts, _entries(tx, ts), tx)
        self.pending.append(pending)
        if tx.claimed_ids:
            self._claimed.update([id for _, id in tx.claimed_ids])
        return pending

    def publish(self, pending: PendingCommit) -> Committed:
        """Makes the oldest pending commit visible. Raises `BadRequestError` for one that is not its turn."""
        if not self.pending or self.pending[0] is not pending:
            raise BadRequestError("Commits are published in the order of their timestamps; publish the oldest first")
        del self.pending[0]
        ts = pending.ts
        alone = not self._pins
        for table, entry, version in pending.entries:
            table.publish(entry, version, alone)
            if table.system:
                self.catalog.written(table, ts)
            if entry.old_keys is not None and (entry.new_keys is not entry.old_keys or not alone):
                self._garbage.append((ts, table, entry.id))
            if len(table.log) > table.log_limit:
                table.trim_log(self._oldest_needed())
        self.latest_ts = ts
        for effect in pending.effects:
            effect()
        if self.write_bytes_per_second is not None:
            self._recent_bytes.append((self.now_ns, pending.bytes))
            self._recent_sum += pending.bytes
        garbage, pins = self._garbage, self._pins
        if garbage and (not pins or garbage[0][0] <= pins[0].ts):
            self._collect_garbage()
        return tuple.__new__(Committed, (ts, len(pending.entries)))  # as `Committed(…)`, and in half the time

    def fail(self, pending: PendingCommit) -> None:
        """Drops a pending commit whose persistence failed. Conflicts it has caused meanwhile stand."""
        self.pending.remove(pending)

    def end(self, tx: Transaction) -> None:
        """Ends a transaction. Raises `BadRequestError` where that has happened before."""
        if tx.ended:
            raise BadRequestError("This transaction has ended already; begin another one")
        tx.ended = True
        tx.pin.count -= 1
        pins = self._pins
        if not pins[0].count:
            while pins and not pins[0].count:
                pins.popleft()
            garbage = self._garbage
            if garbage and (not pins or garbage[0][0] <= pins[0].ts):
                self._collect_garbage()

    def advance(self) -> None:
        """Moves the latest snapshot on to now where no commit is on its way, so that a transaction that begins after a
        quiet hour does not count as one that is an hour old. A choice of this engine: in Convex a transaction begins at
        the latest published snapshot (convex-backend: crates/database/src/database.rs), however old, and retention goes
        by what has been dropped of the log. No outcome differs, since nothing was written in between."""
        if not self.pending and self.now_ns > self.latest_ts:
            self.latest_ts = self.now_ns

    # Ids

    def new_id(self, table: Table) -> str:
        """A fresh random id of the table."""
        return new_id(table.number, self._random)

    def table_of(self, id: str) -> Table | None:
        """The table whose number the id has."""
        return self._by_letters.get(id[:_TABLE_LETTERS])

    def register_ids(self, table: Table) -> None:
        """Lets `table_of` find the table."""
        first = encode(DocumentId(table.number, bytes(16)))[:_TABLE_LETTERS]
        # The number fills 16 of the letters' 20 bits; the last four are the id's own.
        alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
        low = alphabet.index(first[-1]) & 16
        for bits in range(16):
            self._by_letters[first[:-1] + alphabet[low | bits]] = table

    # Inside

    def _check(self, tx: Transaction) -> Conflict | None:
        if tx.ended:
            return None  # `end` says so
        begin_ts = tx.begin_ts
        if begin_ts < self.now_ns - self.retention_ns and begin_ts < self.latest_ts:
            raise OutOfRetentionError(
                f"The transaction began at {begin_ts}, before the oldest write still in the log; run it again."
            )
        if self.write_bytes_per_second is not None:
            self._check_throughput(self.write_bytes_per_second)
        if tx.claimed_ids:
            self._check_claims(tx)
        if self.pending:
            reads: ReadSet | None = read_set(self, tx)
        else:
            reads = endangered_reads(self, tx) if self.latest_ts > begin_ts else None
        return None if reads is None else find_conflict(reads, begin_ts, self.pending, tx.source)

    def _oldest_needed(self) -> int:
        return self._pins[0].ts if self._pins else self.latest_ts

    def _collect_garbage(self) -> None:
        garbage, needed = self._garbage, self._oldest_needed()
        while garbage and garbage[0][0] <= needed:
            _, table, id = garbage.popleft()
            table.collect_garbage(id, needed)

    def _check_throughput(self, limit: int) -> None:
        recent = self._recent_bytes
        while recent and recent[0][0] <= self.now_ns - SECOND_NS:
            self._recent_sum -= recent.popleft()[1]
        if self._recent_sum >= limit:
            raise write_throughput_exceeded(limit)

    def _check_claims(self, tx: Transaction) -> None:
        for table, id in tx.claimed_ids:
            if id in self._claimed or id in table.documents:
                raise BadRequestError(f"Document ID {id} is or was in use in table {table.path}", "DocumentIdInUse")


def _entries(tx: Transaction, ts: int) -> list[tuple[Table, LogEntry, Version]]:
    """The log entries and versions that the transaction's writes make."""
    entries = []
    for table, own in tx.writes.items():
        for id, write in own.items():
            old, document = write.old, write.document
            if old is None and document is None:
                continue  # inserted and deleted: neither an old nor a new key
            if tx.holds_commit_ts and document is not None:
                document = resolve_commit_ts(document, ts)
            old_keys = None if old is None else old.keys
            old_document = None if old is None else old.document
            if old_keys is not None and write.fields is not None and table.indexed_roots.isdisjoint(write.fields):
                new_keys: Keys | None = old_keys
            else:
                new_keys = _new_keys(table, write, document)
            entry = LogEntry(ts, tx.source, id, old_keys, new_keys, old_document, document)
            entries.append((table, entry, Version(ts, document, new_keys or (), write.size, write.flat)))
    return entries


def _new_keys(table: Table, write: Write, document: Document | None) -> Keys | None:
    if document is None:
        return None
    if write.old is None or write.fields is None:
        return table.keys_of(document)
    return table.changed_keys(write.old.keys, document, write.fields)
