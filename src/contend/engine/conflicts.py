"""Finding the one conflict that Convex would report, and saying it in Convex's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from contend.convex.errors import SYSTEM_OCC_MESSAGE, occ_message
from contend.engine.reads import IndexReads, ReadSet
from contend.engine.store import LogEntry, Table

if TYPE_CHECKING:
    from contend.engine.database import PendingCommit


class Conflict(NamedTuple):
    """A commit that was rejected, attributed to one write.

    `table` is the table of the read index, `document` the written document (one that this transaction may never have
    seen), `component` the path of the component that owns the table: None for the app itself. For a system table all
    three are None, and `read_table` still names it. `index_name` is the read index, `ts` the commit timestamp of the
    write, `source` its write source, `victim` that of the rejected transaction (convex-backend:
    crates/database/src/database.rs).
    """

    table: str | None
    document: str | None
    component: str | None
    index_name: str
    read_table: str
    source: str
    victim: str
    ts: int
    system: bool

    @property
    def same_source(self) -> bool:
        """Whether victim and writer have one write source, which the message calls "Another call to this mutation"."""
        return self.source == self.victim

    @property
    def message(self) -> str:
        """Convex's text of the error."""
        if self.system:
            return SYSTEM_OCC_MESSAGE
        return occ_message(self.table, self.document, self.source, self.same_source)


def find_conflict(reads: ReadSet, begin_ts: int, pending: Sequence[PendingCommit], victim: str) -> Conflict | None:
    """The conflict to report, or None. The published log decides first: by index, then by time; only if that is clean,
    the writes that are validated and not yet published: by time, whatever the index (convex-backend:
    crates/database/src/reads.rs, crates/database/src/committer.rs)."""
    return find_published(reads, begin_ts, None, victim) or _pending(reads, pending, victim)


def find_published(reads: ReadSet, begin_ts: int, upto_ts: int | None, victim: str = "") -> Conflict | None:
    """The first published write after `begin_ts`, up to and with `upto_ts` (None: until now), that overlaps `reads`:
    what makes a mutation conflict, and a live query run again."""
    for index_reads in reads.indexes:
        table = index_reads.index.table
        if table.last_ts <= begin_ts:
            continue
        for entry in table.entries_between(begin_ts, upto_ts):
            if index_reads.overlaps(entry):
                return _conflict(table, index_reads.index.name, entry, victim)
    for search_index, read in reads.searches:
        table = search_index.table
        for entry in table.entries_between(begin_ts, upto_ts):
            if read.overlaps(search_index, entry.old_document) or read.overlaps(search_index, entry.new_document):
                return _conflict(table, search_index.name, entry, victim)
    return None


def invalidates(commit: PendingCommit, reads: ReadSet) -> bool:
    """Whether a commit changes what was read: a live query with these reads runs again."""
    return any(_overlapping_index(reads, table, entry) is not None for table, entry, _ in commit.entries)


def _pending(reads: ReadSet, pending: Sequence[PendingCommit], victim: str) -> Conflict | None:
    for commit in pending:
        for table, entry, _ in sorted(commit.entries, key=lambda item: (item[0].order, item[1].id)):
            index = _overlapping_index(reads, table, entry)
            if index is not None:
                return _conflict(table, index, entry, victim)
    return None


def _overlapping_index(reads: ReadSet, table: Table, entry: LogEntry) -> str | None:
    candidates: list[IndexReads] = [read for read in reads.indexes if read.index.table is table]
    for keys in (entry.new_keys, entry.old_keys):
        if keys is None:
            continue
        for read in candidates:
            key = keys[read.index.slot] if read.index.slot < len(keys) else None
            if key is not None and read.holds(entry.id, key):
                return read.index.name
    for document in (entry.new_document, entry.old_document):
        for index, search in reads.searches:
            if index.table is table and search.overlaps(index, document):
                return index.name
    return None


def _conflict(table: Table, index: str, entry: LogEntry, victim: str) -> Conflict:
    hidden = table.system or table.dropped
    return Conflict(
        table=None if hidden else table.name,
        document=None if hidden else entry.id,
        component=None if hidden else table.component or None,
        index_name=index,
        read_table=table.path,
        source=entry.source,
        victim=victim,
        ts=entry.ts,
        system=table.system,
    )
