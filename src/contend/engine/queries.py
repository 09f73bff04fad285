"""`query(table)` and what can be called on it. Each terminal call reads as far as `contend.convex.coverage` says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, Self

from contend.convex.coverage import after_cursor, read_extent, up_to_cursor
from contend.convex.errors import BadRequestError, multiple_paginated_queries, not_unique
from contend.convex.intervals import EVERYTHING
from contend.convex.keys import BY_CREATION_TIME
from contend.convex.ranges import Comparator, RangeExpression, compile_range
from contend.convex.values import Key
from contend.engine.reads import Scan
from contend.engine.scanning import Row, rows_in, rows_of
from contend.engine.search import SearchRead, Term, passes, score, terms_of
from contend.engine.store import SearchIndex, Table

if TYPE_CHECKING:
    from contend.engine.transaction import Transaction

FIRST = read_extent("first").stop_after
_UNIQUE = read_extent("unique").stop_after


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a query's results: after the document with `key`; None is the end."""

    key: Key | None


@dataclass(frozen=True, slots=True)
class Page:
    """What `.paginate` returns. `split_required`: it ended early because it had read too much."""

    page: list[Row]
    is_done: bool
    continue_cursor: Cursor
    split_required: bool = False


class UnrunQuery:
    """A query being built: of a table, through an index or a search, in an order, filtered; and how it runs."""

    __slots__ = ("_descending", "_index", "_predicate", "_range", "_search", "_table", "_tx", "name")

    def __init__(self, tx: Transaction, name: str) -> None:
        self._tx = tx
        self._table = table = tx.table(name)
        self.name = name
        self._index = None if table is None else table.indexes[BY_CREATION_TIME]
        self._range = EVERYTHING
        self._descending = False
        self._predicate: Callable[[Row], bool] | None = None
        self._search: tuple[SearchIndex, tuple[Term, ...], tuple[tuple[str, object], ...]] | None = None

    def order(self, order: Literal["asc", "desc"]) -> Self:
        """Scans from the start of the range, or from its end."""
        if order not in ("asc", "desc"):
            raise BadRequestError(f'Query order is "asc" or "desc", not {order!r}')
        self._descending = order == "desc"
        return self

    def filter(self, predicate: Callable[[Row], bool]) -> Self:
        """Keeps the documents for which `predicate` holds. All scanned documents count as read."""
        before = self._predicate
        self._predicate = predicate if before is None else lambda row: before(row) and predicate(row)
        return self

    def _use_index(self, name: str, expressions: Sequence[tuple[Comparator, str, Any]]) -> None:
        table = self._table
        if table is None:
            return
        index = table.indexes.get(name)
        if index is None:
            raise _no_index(table, name)
        self._index = index
        self._range = compile_range(name, index.fields, expressions, table.name) if expressions else EVERYTHING
        self._tx.index_reads[index] = None

    def _use_search(self, name: str, query: str, equalities: tuple[tuple[str, object], ...], prefix: bool) -> None:
        table = self._table
        if table is None:
            return
        index = table.search_indexes.get(name)
        if index is None:
            raise _no_index(table, name)
        self._search = (index, terms_of(query, prefix), equalities)

    def _unique(self) -> Row | None:
        found = self._rows(_UNIQUE)
        if len(found) > 1:
            raise not_unique(self.name, found[0]["_id"], found[1]["_id"])
        return found[0] if found else None

    def _take(self, n: int) -> list[Row]:
        stop = read_extent("take", n).stop_after
        return self._rows(stop) if stop else []

    def _rows(self, stop_after: int | None) -> list[Row]:
        """The first documents (None: all), at once."""
        if self._predicate is not None or self._search is not None or self._index is None:
            return list(islice(self._iterate(), stop_after))
        scan = Scan(self._index, self._range, self._descending)
        self._tx.scans.append(scan)
        return rows_of(self._tx, scan, stop_after)

    def _page(
        self,
        num_items: int,
        cursor: Cursor | None,
        end_cursor: Cursor | None,
        maximum_rows_read: int | None = None,
        maximum_bytes_read: int | None = None,
    ) -> Page:
        tx = self._tx
        if tx.paginated:
            raise multiple_paginated_queries()
        tx.paginated = True
        if self._index is None or (cursor is not None and cursor.key is None):
            return Page([], True, Cursor(None))
        range_ = after_cursor(self._range, None if cursor is None else cursor.key, self._descending)
        if end_cursor is not None and end_cursor.key is not None:
            range_ = up_to_cursor(range_, end_cursor.key, self._descending)
        scan = Scan(self._index, range_, self._descending)
        page: list[Row] = []
        bytes_read = 0
        size = None if end_cursor is not None else num_items
        if size == 0:
            return Page([], False, cursor or Cursor(()))
        tx.scans.append(scan)
        for rows_read, (key, document, bytes_) in enumerate(rows_in(tx, scan), start=1):
            scan.last = key
            tx.count_read(bytes_)
            if self._predicate is None or self._predicate(document):
                page.append(document)
            if len(page) == size:
                return Page(page, False, Cursor(key))
            bytes_read += bytes_
            if rows_read == maximum_rows_read or (maximum_bytes_read is not None and bytes_read >= maximum_bytes_read):
                return Page(page, False, Cursor(key), split_required=True)
        scan.exhausted = True
        return Page(page, end_cursor is None or end_cursor.key is None, end_cursor or Cursor(None))

    def _iterate(self) -> Iterator[Row]:
        if self._search is not None:
            return self._search_results(*self._search)
        return self._scan_results()

    def _scan_results(self) -> Iterator[Row]:
        if self._index is None:
            return
        tx, predicate = self._tx, self._predicate
        scan = Scan(self._index, self._range, self._descending)
        tx.scans.append(scan)
        for key, document, size in rows_in(tx, scan):
            scan.last = key
            tx.count_read(size)
            if predicate is None or predicate(document):
                yield document
        scan.exhausted = True

    def _search_results(
        self, index: SearchIndex, terms: tuple[Term, ...], filters: tuple[tuple[str, object], ...]
    ) -> Iterator[Row]:
        """Best first: by number of terms, then newest."""
        tx = self._tx
        if not terms:
            return
        read = tx.searches.setdefault(index, SearchRead())
        read.terms.extend(terms)
        read.filters.extend(filters)
        found = []
        everything = Scan(index.table.indexes[BY_CREATION_TIME], EVERYTHING, True)  # not recorded: the search is
        for _, document, size in rows_in(tx, everything):
            points = score(document, index, terms)
            if points and passes(document, filters):
                found.append((points, document, size))
        found.sort(key=lambda item: -item[0])
        for _, document, size in found[: tx.limits.search_results]:
            tx.record_point(index.table, document["_id"])
            tx.count_read(size)
            if self._predicate is None or self._predicate(document):
                yield document


class Query(UnrunQuery):
    """A query being built, then run once by `collect`, `take`, `first`, `unique`, `paginate` or iteration (which is
    JavaScript's `for await`). Documents are copies."""

    __slots__ = ()

    def with_index(self, name: str, *expressions: tuple[Comparator, str, Any]) -> Query:
        """Scans the index `name` within the range (`eq(…)`, `gt(…)`, … of `contend.convex.ranges`). Raises
        `InvalidRangeError` for a range that Convex rejects, and `BadRequestError` for an index that is not there or not
        enabled."""
        self._use_index(name, expressions)
        return self

    def with_search_index(self, name: str, query: str, *filters: RangeExpression[Any], prefix: bool = True) -> Query:
        """Searches the text index `name`; `filters` are equalities. A `query` without a word finds and reads
        nothing. `prefix`: the last word may be the start of one."""
        self._use_search(name, query, tuple([(field, value) for _, field, value in filters]), prefix)
        return self

    def collect(self) -> list[Row]:
        """All documents."""
        return self._rows(None)

    def take(self, n: int) -> list[Row]:
        """The first `n` documents."""
        return self._take(n)

    def first(self) -> Row | None:
        """The first document, or None."""
        found = self._rows(FIRST)
        return found[0] if found else None

    def unique(self) -> Row | None:
        """The only document, or None. Raises `BadRequestError` where there are two."""
        return self._unique()

    def paginate(
        self,
        num_items: int,
        cursor: Cursor | None = None,
        end_cursor: Cursor | None = None,
        maximum_rows_read: int | None = None,
        maximum_bytes_read: int | None = None,
    ) -> Page:
        """One page: up to `num_items` documents after `cursor`, or, with `end_cursor`, all up to and with that one. It
        ends early once it has scanned `maximum_rows_read` documents or `maximum_bytes_read` bytes. Raises
        `BadRequestError` for a second page in one transaction."""
        return self._page(num_items, cursor, end_cursor, maximum_rows_read, maximum_bytes_read)

    def __iter__(self) -> Iterator[Row]:
        return self._iterate()


def _no_index(table: Table, name: str) -> BadRequestError:
    reason = table.unavailable.get(name)
    if reason is not None:
        return BadRequestError(
            f"Index {table.name}.{name} is currently {reason} and not available to query.", "IndexNotReady"
        )
    return BadRequestError(f"Index {table.name}.{name} not found.", "IndexNotFound")
