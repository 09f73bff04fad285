"""Reading an index range within a transaction: what its snapshot has, with its own writes on top."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from contend.convex.coverage import after_cursor
from contend.convex.intervals import Interval
from contend.convex.keys import index_key
from contend.convex.values import Key, copied
from contend.engine.reads import Scan
from contend.engine.store import BY_ID_SLOT, Index

if TYPE_CHECKING:
    from contend.engine.transaction import Transaction

Row = dict[str, Any]
Found = tuple[Key, Row, int]
"""A document's key, a copy of it, and its size."""


def rows_of(tx: Transaction, scan: Scan, stop_after: int | None) -> list[Row]:
    """The first `stop_after` documents of a scan (None: all); they are counted, and the scan knows how far it went."""
    table = scan.index.table
    if tx.writes.get(table):
        return list(islice(_counted(tx, scan), stop_after))
    limits = tx.limits
    if len(tx.scans) > limits.ranges_read:
        tx.check_ranges()
    documents, slot, snapshot_ts = table.documents, scan.index.slot, tx.begin_ts
    keys = scan.index.keys if slot != BY_ID_SLOT else scan.index.sorted_keys()
    (start, end), descending = scan.range, scan.descending
    if descending:
        position, last, step = (len(keys) if end is None else bisect_left(keys, end)) - 1, -1, -1
    else:
        position, last, step = bisect_left(keys, start) if start else 0, len(keys), 1
    rows: list[Row] = []
    while position != last:
        key = keys[position]
        if (key < start) if descending else (end is not None and not key < end):
            break
        position += step
        id = key[-1][1]
        versions = documents.get(id)
        if versions is None:
            continue
        version = versions[-1]
        if version.ts > snapshot_ts:
            older = table.visible(id, snapshot_ts)
            if older is None:
                continue
            version = older
        document = version.document
        if document is None:
            continue
        stored = version.keys[slot]
        if stored is not key and stored != key:  # the key of another version
            continue
        rows.append(dict(document) if version.flat else copied(document))
        scan.last = key
        tx.documents_read += 1
        tx.bytes_read += version.size
        if tx.documents_read > limits.documents_read or tx.bytes_read > limits.bytes_read:
            tx.check_read()
        if len(rows) == stop_after:
            return rows
    scan.exhausted = True
    return rows


def rows_in(tx: Transaction, scan: Scan) -> Iterator[Found]:
    """The documents of a scan in order, own writes included, also those made while it goes on."""
    if len(tx.scans) > tx.limits.ranges_read:
        tx.check_ranges()
    index, range_ = scan.index, scan.range
    scan.open = True
    try:
        while True:
            seen = tx.changes
            for item in _rows_once(tx, index, range_, scan.descending):
                yield item
                if tx.changes != seen:
                    range_ = after_cursor(range_, item[0], scan.descending)
                    break
            else:
                return
    finally:
        scan.open = False


def _counted(tx: Transaction, scan: Scan) -> Iterator[Row]:
    for key, document, size in rows_in(tx, scan):
        scan.last = key
        tx.count_read(size)
        yield document
    scan.exhausted = True


def _rows_once(tx: Transaction, index: Index, range_: Interval, descending: bool) -> Iterator[Found]:
    table = index.table
    own = tx.writes.get(table)
    committed = table.scan(index, range_, descending, tx.begin_ts)
    if not own:
        for key, _, version in committed:
            yield key, copied(version.document), version.size
        return
    mine: list[Found] = []
    for write in own.values():
        if write.document is not None:
            key = index_key(write.document, index.fields)
            if range_.holds(key):
                mine.append((key, copied(write.document), write.size))
    mine.sort(key=_key, reverse=descending)
    others = ((key, copied(version.document), version.size) for key, id, version in committed if id not in own)
    yield from heapq.merge(others, mine, key=_key, reverse=descending)


def _key(found: Found) -> Key:
    return found[0]
