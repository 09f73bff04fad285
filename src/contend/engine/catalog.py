"""Convex's system tables as far as conflicts reach: tables, indexes, schema, deployment state. They are tables of the
same database, so reading and writing them conflicts by the same rules (convex-backend:
crates/database/src/bootstrap_model, crates/database/src/writes.rs)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from contend.convex.intervals import EVERYTHING, Interval, prefix
from contend.convex.keys import BY_ID, id_key
from contend.engine.store import Index, SearchIndex, Table

if TYPE_CHECKING:
    from contend.engine.database import Database
    from contend.engine.transaction import Transaction

SYSTEM_TABLES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "_tables": {},
    "_index": {"by_table_id": ("table_id",)},
    "_schemas": {"by_state": ("state",)},
    "_backend_state": {},
    "_udf_config": {},
    "_components": {},
    "_environment_variables": {"by_name": ("name",)},
    "_session_requests": {"by_session_id_and_request_id": ("session", "request")},
    "_scheduled_jobs": {},
    "_scheduled_job_args": {},
    "_cron_jobs": {"by_name": ("name",)},
    "_cron_job_logs": {},
    "_file_storage": {"by_storage_id": ("storageId",)},
    "_canonical_urls": {},
}
_READ_WHOLE: Final = ("_tables", "_backend_state", "_udf_config", "_components")
"""What every mutation reads: the table list for resolving names, the deployment's state and configuration
(convex-backend: crates/database/src/transaction.rs, crates/udf/src/validation.rs)."""
_FIRST_SYSTEM_NUMBER: Final = 200  # numbers that take two bytes in an id, so that its first letters tell the table
_FIRST_USER_NUMBER: Final = 10_001


class Catalog:
    """The system tables of one database, and the operations that change tables, indexes and schema."""

    __slots__ = ("_database", "_implicitly_read", "_last_ts", "_next_number", "_whole", "tables")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._next_number = _FIRST_USER_NUMBER
        self.tables: dict[str, Table] = {}
        for offset, (name, indexes) in enumerate(SYSTEM_TABLES.items()):
            table = Table(name, _FIRST_SYSTEM_NUMBER + offset, system=True)
            for index, fields in indexes.items():
                table.add_index(index, fields)
            self.tables[name] = table
        self._last_ts = 0
        self._implicitly_read = [self.tables[name] for name in (*_READ_WHOLE, "_index", "_schemas")]
        self._whole = [(self.tables[name].indexes[BY_ID], EVERYTHING) for name in _READ_WHOLE]

    def changed_since(self, ts: int) -> bool:
        """Whether something that mutations read implicitly was written later than `ts`."""
        return self._last_ts > ts

    def written(self, table: Table, ts: int) -> None:
        """A system table has been written."""
        if table in self._implicitly_read:
            self._last_ts = ts

    def implicit_reads(
        self, written: Iterable[Table], index_reads: Iterable[Index], schema_read: bool
    ) -> Iterator[tuple[Index, Interval]]:
        """What a mutation reads besides its own operations: by running at all, by writing `written` (their `_tables`
        and `_index` records), and by reading through `index_reads` (their `_index` records)."""
        yield from self._whole
        records = self.tables["_index"]
        for table in written:
            if table is records or table is self.tables["_tables"]:
                yield records.indexes[BY_ID], EVERYTHING
            elif table.record is not None:
                yield records.indexes["by_table_id"], prefix(id_key(table.record))
        for index in index_reads:
            if index.record is not None:
                yield records.indexes[BY_ID], prefix(id_key(index.record))
        if schema_read:
            yield self.tables["_schemas"].indexes["by_state"], EVERYTHING

    def create_table(self, tx: Transaction, path: str) -> Table:
        """Creates a table in `tx`; `path` may have a component's path in front. It exists once `tx` commits."""
        component, _, name = path.rpartition("/")
        table = Table(name, self._next_number, component)
        self._next_number += 1
        self._database.register_ids(table)
        tx.new_tables[path] = table
        table.record = tx.insert("_tables", {"name": name, "component": component, "state": "active"})
        for index in table.indexes.values():
            index.record = self._insert_index(tx, table, index.name, "enabled")
        tx.effects.append(partial(self._register, table))
        return table

    def drop_table(self, tx: Transaction, path: str) -> None:
        """Drops a table: its name can no longer be resolved once `tx` commits."""
        table = self._existing(tx, path)
        if table.record is not None:
            tx.patch(table.record, {"state": "deleting"})
        tx.effects.append(partial(self._drop, table))

    def add_index(self, tx: Transaction, path: str, name: str, fields: Sequence[str], state: str = "enabled") -> None:
        """Adds a database index. `state` other than `enabled` (`staged`, `backfilling`): it exists, cannot be read,
        and writes log no keys for it until `enable_index`."""
        table = self._existing(tx, path)
        record = self._insert_index(tx, table, name, state)
        if state == "enabled":
            tx.effects.append(partial(self._enable, table, name, fields, record))
        else:
            tx.effects.append(partial(table.unavailable.__setitem__, name, state))

    def enable_index(self, tx: Transaction, path: str, name: str, fields: Sequence[str]) -> None:
        """The end of a backfill: the index can be read, and writes log keys for it."""
        table = self._existing(tx, path)
        for record in tx.query("_index").collect():
            if record["table_id"] == table.record and record["name"] == name:
                tx.patch(record["_id"], {"state": "enabled"})
                tx.effects.append(partial(self._enable, table, name, fields, record["_id"]))

    def add_search_index(
        self, tx: Transaction, path: str, name: str, search_field: str, filter_fields: Sequence[str] = ()
    ) -> None:
        """Adds a full-text index."""
        table = self._existing(tx, path)
        self._insert_index(tx, table, name, "enabled")
        index = SearchIndex(table, name, search_field, filter_fields)
        tx.effects.append(partial(table.search_indexes.__setitem__, name, index))

    def _existing(self, tx: Transaction, path: str) -> Table:
        return tx.table(path) or self.create_table(tx, path)

    def _insert_index(self, tx: Transaction, table: Table, name: str, state: str) -> str:
        return tx.insert("_index", {"table_id": table.record, "name": name, "state": state})

    def _register(self, table: Table) -> None:
        table.created_ts = self._database.latest_ts
        self._database.tables[table.path] = table

    def _enable(self, table: Table, name: str, fields: Sequence[str], record: str) -> None:
        table.add_index(name, fields).record = record

    def _drop(self, table: Table) -> None:
        table.dropped = True
        self._database.tables.pop(table.path, None)
