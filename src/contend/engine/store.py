"""Tables with several versions of their documents, the sorted keys of their indexes, and the log of what was written.

A version lives as long as a running transaction can see it. Index keys are kept in one sorted list per index; a key
that some kept version has is in it, and a scan checks that the version it sees is the one that has the key.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from contend.convex.intervals import Interval, after
from contend.convex.keys import BY_CREATION_TIME, BY_ID, field_value, id_key, index_fields, index_key
from contend.convex.values import Document, Key, sort_key
from contend.model.schema import Validator

Keys = tuple[Key | None, ...]  # one per index slot; None where the index no longer exists

BY_ID_SLOT = 0
BY_CREATION_TIME_SLOT = 1
_SYSTEM_LAST = 1_000_000


class Version:
    """A document as one commit left it. `document` None: deleted. `keys` has its key in each index, by slot; `flat`:
    no field holds an object or an array."""

    __slots__ = ("document", "flat", "keys", "size", "ts")

    def __init__(self, ts: int, document: Document | None, keys: Keys, size: int, flat: bool) -> None:
        self.ts = ts
        self.document = document
        self.keys = keys
        self.size = size
        self.flat = flat


class LogEntry:
    """One written document in the write log: its keys in every enabled index before and after (convex-backend:
    crates/database/src/write_log.rs)."""

    __slots__ = ("id", "new_document", "new_keys", "old_document", "old_keys", "source", "ts")

    def __init__(
        self,
        ts: int,
        source: str,
        id: str,
        old_keys: Keys | None,
        new_keys: Keys | None,
        old_document: Document | None,
        new_document: Document | None,
    ) -> None:
        self.ts = ts
        self.source = source
        self.id = id
        self.old_keys = old_keys
        self.new_keys = new_keys
        self.old_document = old_document
        self.new_document = new_document


class Index:
    """An enabled database index. `fields` are all of its key's; `roots` the document fields they start from; `keys` the
    sorted keys of every kept version (not maintained for `by_id`); `record` the id of its `_index` document."""

    __slots__ = ("declared", "fields", "keys", "name", "record", "roots", "slot", "table")

    def __init__(self, table: Table, name: str, declared: Sequence[str], slot: int) -> None:
        self.table = table
        self.name = name
        self.declared = tuple(declared)
        self.fields = index_fields(name, declared)
        self.roots = frozenset(field.split(".")[0] for field in declared)
        self.slot = slot
        self.keys: list[Key] = []
        self.record: str | None = None

    def key(self, document: Document, last: Key) -> Key:
        """The document's key, whose last parts, creation time and id, are known."""
        return (*[sort_key(field_value(document, field)) for field in self.declared], *last)

    def sorted_keys(self) -> list[Key]:
        """All keys in order; the caller must not change the list."""
        return sorted(map(id_key, self.table.documents)) if self.slot == BY_ID_SLOT else self.keys


class SearchIndex:
    """A full-text index: the field it searches and the fields it can filter on."""

    __slots__ = ("filter_fields", "name", "search_field", "table")

    def __init__(self, table: Table, name: str, search_field: str, filter_fields: Sequence[str]) -> None:
        self.table = table
        self.name = name
        self.search_field = search_field
        self.filter_fields = tuple(filter_fields)


class Table:
    """A table.

    `order` stands for Convex's internal table id, in whose order conflicts are attributed: random there, here the app's
    tables as they were made and then the system's. `name` is without the component's path; `unavailable` are indexes
    that exist but cannot be read yet, with the reason.
    """

    __slots__ = (
        "component",
        "created_ts",
        "documents",
        "dropped",
        "indexed_roots",
        "indexes",
        "last_ts",
        "log",
        "log_limit",
        "name",
        "number",
        "order",
        "record",
        "search_indexes",
        "slots",
        "system",
        "unavailable",
        "validator",
    )

    def __init__(self, name: str, number: int, component: str = "", system: bool = False) -> None:
        self.name = name
        self.number = number
        self.order = number + _SYSTEM_LAST if system else number
        self.component = component
        self.system = system
        self.created_ts = 0
        self.dropped = False
        self.record: str | None = None
        self.documents: dict[str, list[Version]] = {}
        self.slots: list[Index | None] = []
        self.indexes: dict[str, Index] = {}
        self.indexed_roots: frozenset[str] = frozenset()
        self.search_indexes: dict[str, SearchIndex] = {}
        self.unavailable: dict[str, str] = {}
        self.validator: Validator | None = None
        self.log: list[LogEntry] = []
        self.log_limit = 256
        self.last_ts = 0
        self.add_index(BY_ID, ())
        self.add_index(BY_CREATION_TIME, ())

    @property
    def path(self) -> str:
        """The name by which transactions know it: with its component's path in front."""
        return f"{self.component}/{self.name}" if self.component else self.name

    def add_index(self, name: str, declared: Sequence[str]) -> Index:
        """Adds an enabled index, and every kept version's key to it."""
        index = Index(self, name, declared, len(self.slots))
        self.slots.append(index)
        self.indexes[name] = index
        self.unavailable.pop(name, None)
        keys = set()
        for versions in self.documents.values():
            for version in versions:
                if version.document is not None:
                    key = index_key(version.document, index.fields)
                    version.keys = (*version.keys, key)
                    keys.add(key)
        index.keys = sorted(keys)
        self.indexed_roots |= index.roots
        return index

    def drop_index(self, name: str) -> None:
        """Removes an index; its slot stays empty."""
        index = self.indexes.pop(name)
        self.slots[index.slot] = None

    def keys_of(self, document: Document) -> Keys:
        """The document's key in each index, by slot."""
        last = (sort_key(document["_creationTime"]), (5, document["_id"]))
        keys: list[Key | None] = [last[1:], last]
        for index in self.slots[2:]:
            keys.append(None if index is None else index.key(document, last))
        return tuple(keys)

    def changed_keys(self, old: Keys, document: Document, fields: Collection[str]) -> Keys:
        """The document's keys, of which only those with a field in `fields` differ from `old`."""
        if self.indexed_roots.isdisjoint(fields):
            return old
        keys = list(old)
        last = old[BY_CREATION_TIME_SLOT]
        for index in self.slots[2:]:
            if index is not None and last is not None and not index.roots.isdisjoint(fields):
                keys[index.slot] = index.key(document, last)
        return tuple(keys)

    def visible(self, id: str, ts: int) -> Version | None:
        """The version of the document that a snapshot at `ts` sees; None where there is none or it is deleted."""
        versions = self.documents.get(id)
        if versions is None:
            return None
        version = versions[-1]
        if version.ts > ts:
            for version in reversed(versions):
                if version.ts <= ts:
                    break
            else:
                return None
        return None if version.document is None else version

    def scan(self, index: Index, interval: Interval, descending: bool, ts: int) -> Iterator[tuple[Key, str, Version]]:
        """The documents that a snapshot at `ts` sees in the interval, in index order. Commits may happen between two
        steps of the iteration."""
        slot = index.slot
        for key in _keys_between(index, interval, descending):
            id = key[-1][1]
            version = self.visible(id, ts)
            if version is not None and version.keys[slot] == key:
                yield key, id, version

    def publish(self, entry: LogEntry, version: Version, replaces: bool) -> None:
        """Makes a committed write visible, and logs it. `replaces`: no snapshot needs the version before."""
        id, new_keys, old_keys = entry.id, entry.new_keys, entry.old_keys
        versions = self.documents.get(id)
        if versions is None:
            self.documents[id] = [version]
        elif replaces and new_keys is old_keys and len(versions) == 1:
            versions[0] = version
        else:
            versions.append(version)
        if new_keys is not None and new_keys is not old_keys:
            for index in self.slots[1:]:
                if index is None:
                    continue
                key = new_keys[index.slot]
                if old_keys is None or key != old_keys[index.slot]:
                    _add_key(index.keys, key)
        self.log.append(entry)
        self.last_ts = entry.ts

    def written_after(self, ids: Iterable[str], ts: int) -> bool:
        """Whether one of the documents was written later than `ts`, which some running snapshot must need."""
        documents = self.documents
        for id in ids:
            versions = documents.get(id)
            if versions is not None and versions[-1].ts > ts:
                return True
        return False

    def entries_between(self, after_ts: int, upto_ts: int | None = None) -> Sequence[LogEntry]:
        """What was written later than `after_ts` and not later than `upto_ts` (None: until now), earliest first."""
        log = self.log
        start = len(log)
        while start and log[start - 1].ts > after_ts:
            start -= 1
        found = log[start:]
        return found if upto_ts is None else [entry for entry in found if entry.ts <= upto_ts]

    def trim_log(self, ts: int) -> None:
        """Forgets log entries not later than `ts`."""
        self.log = list(self.entries_between(ts))
        self.log_limit = max(256, 2 * len(self.log))

    def collect_garbage(self, id: str, ts: int) -> None:
        """Forgets versions of the document that no snapshot at `ts` or later sees."""
        versions = self.documents.get(id)
        if versions is None:
            return
        if len(versions) == 2:  # nearly always: one that was replaced, none of its keys changed
            before, last = versions
            if last.ts <= ts and last.keys is before.keys and last.document is not None:
                del versions[0]
                return
        kept = len(versions) - 1
        while kept and versions[kept].ts > ts:
            kept -= 1
        oldest = versions[kept]
        if oldest.document is None and oldest.ts <= ts:
            kept += 1
        if not kept:
            return
        gone, remaining = versions[:kept], versions[kept:]
        if remaining:
            self.documents[id] = remaining
        else:
            del self.documents[id]
        for version in gone:
            if version.document is not None and not (remaining and remaining[0].keys is version.keys):
                self._forget_keys(version, remaining)

    def _forget_keys(self, version: Version, remaining: Sequence[Version]) -> None:
        for index in self.slots[1:]:
            if index is None:
                continue
            key = version.keys[index.slot]
            if key is None:
                continue
            if any(other.document is not None and other.keys[index.slot] == key for other in remaining):
                continue
            position = bisect_left(index.keys, key)
            if position < len(index.keys) and index.keys[position] == key:
                del index.keys[position]


def _add_key(keys: list[Key], key: Any) -> None:
    if not keys or keys[-1] < key:
        keys.append(key)
        return
    position = bisect_left(keys, key)
    if position == len(keys) or keys[position] != key:
        keys.insert(position, key)


def _keys_between(index: Index, interval: Interval, descending: bool) -> Iterator[Key]:
    """Keys in the interval, read in growing pieces so that the list may change in between."""
    start, end = interval
    keys = index.sorted_keys()
    size = 8
    while True:
        if index.slot != BY_ID_SLOT:
            keys = index.keys
        low = bisect_left(keys, start) if start else 0
        high = len(keys) if end is None else bisect_left(keys, end)
        if low >= high:
            return
        if descending:
            piece = keys[max(low, high - size) : high]
            end = piece[0]
            yield from reversed(piece)
        else:
            piece = keys[low : min(high, low + size)]
            start = after(piece[-1])
            yield from piece
        size *= 4
