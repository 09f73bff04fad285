"""A transaction: one snapshot, its own writes on top, and a record of everything it read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from contend.convex.errors import (
    BadRequestError,
    document_too_large,
    nonexistent_document,
    too_many_bytes_read,
    too_many_bytes_written,
    too_many_documents_read,
    too_many_documents_written,
    too_many_ranges_read,
)
from contend.convex.limits import TransactionLimits
from contend.convex.values import UNDEFINED, CommitTs, copied, holds_commit_ts, same_value, size
from contend.engine.queries import Query
from contend.engine.reads import RangeCount, Scan
from contend.engine.scanning import Row
from contend.engine.schema import check_document, check_fields
from contend.engine.store import Index, SearchIndex, Table, Version

if TYPE_CHECKING:
    from contend.engine.database import Database, Pin
    from contend.engine.search import SearchRead

_NESTED = frozenset({dict, list, tuple, CommitTs})
_FIXED_SIZE = frozenset({float, int})


class Write:
    """What a transaction makes of one document: from `old`, the committed version, to `document` (None: deleted).
    Several writes of one document are one of these (convex-backend: crates/database/src/writes.rs). `fields` are those
    changed by patches alone, None where any may have; `flat` as of a `Version`."""

    __slots__ = ("document", "fields", "flat", "old", "size")

    def __init__(
        self, old: Version | None, document: Row | None, size: int, fields: tuple[str, ...] | None, flat: bool
    ) -> None:
        self.old = old
        self.document = document
        self.size = size
        self.fields = fields
        self.flat = flat


class Savepoint(NamedTuple):
    """The writes at the start of a nested call."""

    writes: dict[Table, dict[str, Write]]
    new_tables: dict[str, Table]
    effects: int
    documents_written: int
    bytes_written: int


class Transaction:
    """Made by `Database.begin`, ended by `Database.commit` or `abort`.

    Reads see the snapshot at `begin_ts` and this transaction's own writes. `source` is the write source that conflicts
    of others will name. `always_checked` makes it a writer though it wrote nothing, as a session or job record does.
    """

    __slots__ = (
        "_database",
        "_next_creation_time",
        "_ranges",
        "always_checked",
        "begin_ts",
        "bytes_read",
        "bytes_written",
        "changes",
        "claimed_ids",
        "dependencies",
        "depth",
        "documents_read",
        "documents_written",
        "effects",
        "ended",
        "holds_commit_ts",
        "index_reads",
        "limits",
        "new_tables",
        "paginated",
        "pin",
        "points",
        "scans",
        "schema_read",
        "searches",
        "source",
        "writes",
    )

    def __init__(self, database: Database, begin_ts: int, creation_time: float, source: str, pin: Pin) -> None:
        self._database = database
        self._next_creation_time = creation_time
        self.begin_ts = begin_ts
        self.source = source
        self.pin = pin
        self.limits: TransactionLimits = database.limits
        self.points: dict[Table, set[str]] = {}
        self.scans: list[Scan] = []
        self.searches: dict[SearchIndex, SearchRead] = {}
        self.index_reads: dict[Index, None] = {}
        self.dependencies: dict[Table, None] = {}
        self.writes: dict[Table, dict[str, Write]] = {}
        self.new_tables: dict[str, Table] = {}
        self.effects: list[Callable[[], None]] = []
        self.claimed_ids: list[tuple[Table, str]] = []
        self._ranges: RangeCount | None = None
        self.schema_read = False
        self.always_checked = False
        self.holds_commit_ts = False
        self.paginated = False
        self.ended = False
        self.depth = 0
        self.changes = 0
        self.documents_read = 0
        self.bytes_read = 0
        self.documents_written = 0
        self.bytes_written = 0

    # Reads

    def get(self, id: str) -> Row | None:
        """The document, or None. An id of a table that is not there reads nothing."""
        table = self._database.table_of(id)
        if table is None:
            return None
        self.record_point(table, id)
        found = self._current(table, id)
        if found is None:
            return None
        if not table.system:
            self.documents_read += 1
            self.bytes_read += found.size
            limits = self.limits
            if self.documents_read > limits.documents_read or self.bytes_read > limits.bytes_read:
                self.check_read()
        row: Row = dict(found.document) if found.flat else copied(found.document)  # type: ignore[arg-type]  # visible: not deleted
        return row

    def query(self, table: str) -> Query:
        """A query of the table; one that does not exist is empty."""
        return Query(self, table)

    def stale(self) -> Transaction:
        """The same snapshot without own writes, whose reads are not recorded: `useStaleSnapshot` (convex-backend:
        crates/database/src/transaction.rs). For reads only; it needs no end of its own."""
        return Transaction(self._database, self.begin_ts, self._next_creation_time, self.source, self.pin)

    def table(self, name: str) -> Table | None:
        """The table as this transaction sees it."""
        table = self._database.tables.get(name)
        if table is not None and table.created_ts <= self.begin_ts:
            return table
        return self.new_tables.get(name)

    def owner(self, id: str) -> Table | None:
        """The table that `id` belongs to. Reads nothing."""
        return self._database.table_of(id)

    # Writes

    def insert(self, table: str, document: Mapping[str, Any], id: str | None = None) -> str:
        """Inserts and returns the new id; a table that does not exist is created. Reads no range. `id` is for imports:
        `BadRequestError` where it is or was taken."""
        target = self.table(table)
        if target is None:
            target = self._database.catalog.create_table(self, table)
        taken = None
        if id is None:
            id = self._database.new_id(target)
        else:
            taken = self._claim(target, id)
        created = self._next_creation_time
        self._next_creation_time = math.nextafter(created, math.inf)
        row, flat = self._stored(document)
        row["_id"] = id
        row["_creationTime"] = created
        if target.validator is not None:
            check_document(target.path, target.validator, row)
        self._write(target, id, taken, row, size(row), None, flat)
        self.schema_read = True
        return id

    def patch(self, id: str, fields: Mapping[str, Any]) -> None:
        """Sets the fields; `UNDEFINED` removes one. Where nothing changes, nothing is written (convex-backend:
        crates/database/src/transaction.rs). Raises `BadRequestError` where there is no such document."""
        table, found = self._target(id, "patch")
        row: Row = found.document  # type: ignore[assignment]  # visible: not deleted
        row_size, flat = found.size, found.flat
        new = dict(row)
        changed = []
        for name, value in fields.items():
            old = row.get(name, UNDEFINED)
            if value is UNDEFINED:
                if old is not UNDEFINED:
                    del new[name]
                    row_size -= len(name) + 1 + size(old)
                    changed.append(name)
                continue
            kind = type(value)
            if old is UNDEFINED:
                row_size += len(name) + 1 + size(value)
            elif same_value(old, value):
                continue
            elif kind not in _FIXED_SIZE or type(old) not in _FIXED_SIZE:
                row_size += size(value) - size(old)
            if kind in _NESTED:
                flat = False
                self.holds_commit_ts |= holds_commit_ts(value)
                value = copied(value)
            new[name] = value
            changed.append(name)
        if not changed:
            return
        if "_id" in changed or "_creationTime" in changed:
            raise BadRequestError("System fields cannot be changed: _id and _creationTime stay", "ImmutableFields")
        if table.validator is not None:
            check_fields(table.path, table.validator, new, fields)
        self._write(table, id, found, new, row_size, tuple(changed), flat)
        self.schema_read = True

    def replace(self, id: str, document: Mapping[str, Any]) -> None:
        """Sets all fields but `_id` and `_creationTime`. As `patch` where nothing changes."""
        table, found = self._target(id, "replace")
        row: Row = found.document  # type: ignore[assignment]  # visible: not deleted
        new, flat = self._stored(document)
        new["_id"] = row["_id"]
        new["_creationTime"] = row["_creationTime"]
        if len(new) == len(row) and same_value(new, row):
            return
        if table.validator is not None:
            check_document(table.path, table.validator, new)
        self._write(table, id, found, new, size(new), None, flat)
        self.schema_read = True

    def delete(self, id: str) -> None:
        """Deletes the document. Raises `BadRequestError` where there is none."""
        table, found = self._target(id, "delete")
        self._write(table, id, found, None, found.size, None, True)

    @contextmanager
    def nested(self) -> Iterator[None]:
        """A sub-mutation: part of this transaction. An exception rolls back its writes and goes on to the caller; its
        reads stay (convex-backend: crates/database/src/transaction.rs)."""
        if self.depth >= self.limits.nesting:
            raise BadRequestError(
                "Cross component call depth limit exceeded. Do you have an infinite loop in your app?", "DepthLimit"
            )
        savepoint = self._savepoint()
        self.depth += 1
        try:
            yield
        except BaseException:
            self._roll_back(savepoint)
            raise
        finally:
            self.depth -= 1

    def abort(self) -> None:
        """Ends the transaction without a commit, as an uncaught exception does: no check, nothing written."""
        self._database.end(self)

    # What queries, the catalog and the commit use

    def record_point(self, table: Table, id: str) -> None:
        """Records the `by_id` key of `id` as read."""
        ids = self.points.get(table)
        if ids is None:
            self.points[table] = {id}
        else:
            ids.add(id)
            if len(ids) > self.limits.ranges_read:
                self.check_ranges()

    def count_read(self, bytes_: int) -> None:
        """Counts a scanned document. Raises `LimitExceededError`."""
        self.documents_read += 1
        self.bytes_read += bytes_
        self.check_read()

    def check_read(self) -> None:
        """Raises `LimitExceededError` where too much has been scanned."""
        limits = self.limits
        if self.documents_read > limits.documents_read:
            raise too_many_documents_read(limits.documents_read)
        if self.bytes_read > limits.bytes_read:
            raise too_many_bytes_read(limits.bytes_read)

    def check_ranges(self) -> None:
        """Raises `LimitExceededError` where too many different intervals have been read; they are no more than there
        were points and scans."""
        if self._ranges is None:
            self._ranges = RangeCount()
        if self._ranges.count(self.points, self.scans) > self.limits.ranges_read:
            raise too_many_ranges_read(self.limits.ranges_read)

    # Inside

    def _current(self, table: Table, id: str) -> Version | Write | None:
        if self.writes:
            own = self.writes.get(table)
            if own is not None:
                write = own.get(id)
                if write is not None:
                    return None if write.document is None else write
        return table.visible(id, self.begin_ts)

    def _target(self, id: str, operation: str) -> tuple[Table, Version | Write]:
        table = self._database.table_of(id)
        if table is None:
            raise nonexistent_document(operation, id)
        self.record_point(table, id)
        found = self._current(table, id)
        if found is None:
            raise nonexistent_document(operation, id)
        if not table.system:
            self.documents_read += 1
            self.bytes_read += found.size
            limits = self.limits
            if self.documents_read > limits.documents_read or self.bytes_read > limits.bytes_read:
                self.check_read()
        return table, found

    def _stored(self, document: Mapping[str, Any]) -> tuple[Row, bool]:
        """The document as it is kept: without `UNDEFINED`, independent of the caller's; and whether it is flat."""
        row, flat = {}, True
        for name, value in document.items():
            if type(value) in _NESTED:
                flat = False
                self.holds_commit_ts |= holds_commit_ts(value)
                row[name] = copied(value)
            elif value is not UNDEFINED:
                row[name] = value
        return row, flat

    def _write(
        self,
        table: Table,
        id: str,
        found: Version | Write | None,
        document: Row | None,
        size: int,
        fields: tuple[str, ...] | None,
        flat: bool,
    ) -> None:
        """`found` is what this transaction saw of the document before."""
        own = self.writes.get(table)
        if own is None:
            own = self.writes[table] = {}
            self.dependencies[table] = None
        if type(found) is Write:
            fields = None if fields is None or found.fields is None else (*fields, *found.fields)
            found = found.old
        own[id] = Write(found, document, size, fields, flat)  # type: ignore[arg-type]  # no `Write` any more
        self.changes += 1
        if table.system:
            return
        limits = self.limits
        if size > limits.document_bytes:
            raise document_too_large(size, limits.document_bytes)
        self.documents_written += 1
        self.bytes_written += size
        if self.documents_written > limits.documents_written:
            raise too_many_documents_written(limits.documents_written)
        if self.bytes_written > limits.bytes_written:
            raise too_many_bytes_written(limits.bytes_written)

    def _claim(self, table: Table, id: str) -> Version | None:
        if id in self.writes.get(table, ()):
            raise BadRequestError(f"Duplicate insert of {id} into {table.path}", "DuplicateInsert")
        self.record_point(table, id)
        self.claimed_ids.append((table, id))
        return table.visible(id, self.begin_ts)

    def _savepoint(self) -> Savepoint:
        writes = {table: own.copy() for table, own in self.writes.items()}
        counts = (len(self.effects), self.documents_written, self.bytes_written)
        return Savepoint(writes, self.new_tables.copy(), *counts)

    def _roll_back(self, savepoint: Savepoint) -> None:
        self.writes, self.new_tables = savepoint.writes, savepoint.new_tables
        del self.effects[savepoint.effects :]
        self.documents_written = savepoint.documents_written
        self.bytes_written = savepoint.bytes_written
        self.changes += 1
