"""`ctx.db`: Convex's database API in Python shape.

| JavaScript | here |
|---|---|
| `await ctx.db.get(id)` | `await ctx.db.get(id)` |
| `ctx.db.query("t").withIndex("by_a", q => q.eq("a", x).gt("b", y))` | `ctx.db.query("t").with_index("by_a", lambda q: q.eq("a", x).gt("b", y))` |
| `.order("desc")`, `.filter(q => …)` | `.order("desc")`, `.filter(lambda doc: …)` |
| `await ….first()`, `.unique()`, `.take(n)`, `.collect()` | the same |
| `for await (const doc of query)` | `async for doc in query` |
| `await ctx.db.patch(id, {a: 1, b: undefined})` | `await ctx.db.patch(id, {"a": 1.0, "b": UNDEFINED})` |

A Python `float` is Convex's float64 (a JavaScript number), an `int` its int64 (a bigint): they are different values.
"""  # noqa: E501  # a table row is one line

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NoReturn

from contend.convex.errors import BadRequestError
from contend.convex.ids import looks_like_id
from contend.convex.ranges import Comparator
from contend.engine.queries import FIRST, Cursor, UnrunQuery
from contend.engine.scanning import Row
from contend.engine.transaction import Transaction
from contend.lab.errors import EndlessError

_MOST_NAMES = 10_000
OPERATION_BUDGET = 50_000
"""Database operations after which a handler counts as endless. More than any transaction limit lets a real one make."""


class Work:
    """A transaction, and how many reads and writes a handler has made in it."""

    __slots__ = ("budget", "operations", "tx")

    def __init__(self, tx: Transaction, budget: int = OPERATION_BUDGET) -> None:
        self.tx = tx
        self.budget = budget
        self.operations = 0

    def count(self) -> None:
        """Counts an operation. Raises `EndlessError` beyond the budget."""
        self.operations += 1
        if self.operations > self.budget:
            self.end()

    def end(self) -> NoReturn:
        """Raises `EndlessError`."""
        raise EndlessError(f"The handler made more than {self.budget:,} database operations: an endless loop?")


class IndexRange:
    """`q` of `with_index`: collects bounds."""

    __slots__ = ("expressions",)

    def __init__(self) -> None:
        self.expressions: list[tuple[Comparator, str, Any]] = []

    def eq(self, field: str, value: Any) -> IndexRange:
        """`field` equals `value`; equalities come first, in the order of the index."""
        self.expressions.append(("eq", field, value))
        return self

    def gt(self, field: str, value: Any) -> IndexRange:
        """`field` is greater than `value`."""
        self.expressions.append(("gt", field, value))
        return self

    def gte(self, field: str, value: Any) -> IndexRange:
        """`field` is greater than `value`, or equal."""
        self.expressions.append(("gte", field, value))
        return self

    def lt(self, field: str, value: Any) -> IndexRange:
        """`field` is less than `value`."""
        self.expressions.append(("lt", field, value))
        return self

    def lte(self, field: str, value: Any) -> IndexRange:
        """`field` is less than `value`, or equal."""
        self.expressions.append(("lte", field, value))
        return self


class PageCursor(str):
    """A cursor of `paginate`: a string to keep and to hand back."""

    __slots__ = ("cursor",)
    cursor: Cursor

    @classmethod
    def of(cls, cursor: Cursor) -> PageCursor:
        """The string for a place in a query's results."""
        made = cls(repr(cursor.key))
        made.cursor = cursor
        return made


class QueryBuilder(UnrunQuery):
    """A query of one table; nothing is read before `first`, `unique`, `take`, `collect`, `paginate` or `async for`."""

    __slots__ = ("_work",)
    _work: Work

    @classmethod
    def of(cls, work: Work, table: str) -> QueryBuilder:
        """A query of the table within `work`."""
        made = cls(work.tx, table)
        made._work = work
        return made

    def with_index(self, name: str, range: Callable[[IndexRange], IndexRange] | None = None) -> QueryBuilder:
        """Reads through the index, within the range."""
        self._use_index(name, () if range is None else range(IndexRange()).expressions)
        return self

    def with_search_index(self, name: str, query: str, **equal: Any) -> QueryBuilder:
        """Searches a text index; `equal` are its filter fields."""
        self._use_search(name, query, tuple(equal.items()), prefix=True)
        return self

    def full_table_scan(self) -> QueryBuilder:
        """Says that no index is meant."""
        return self

    async def first(self) -> Row | None:
        """The first document, or None."""
        self._work.count()
        found = self._rows(FIRST)
        return found[0] if found else None

    async def unique(self) -> Row | None:
        """The only document, or None; throws where there are more. Reads the whole range."""
        self._work.count()
        return self._unique()

    async def take(self, n: int) -> list[Row]:
        """The first `n` documents."""
        self._work.count()
        return self._take(n)

    async def collect(self) -> list[Row]:
        """All documents."""
        self._work.count()
        return self._rows(None)

    async def paginate(
        self, *, num_items: int, cursor: str | None = None, end_cursor: str | None = None
    ) -> dict[str, Any]:
        """One page: `page`, `isDone`, `continueCursor`."""
        self._work.count()
        page = self._page(num_items, _cursor(cursor), _cursor(end_cursor))
        return {
            "page": page.page,
            "isDone": page.is_done,
            "continueCursor": PageCursor.of(page.continue_cursor),
        }

    async def __aiter__(self) -> AsyncIterator[Row]:
        self._work.count()
        for row in self._iterate():
            yield row


class DatabaseReader:
    """`ctx.db` of a query."""

    __slots__ = ("_work",)

    def __init__(self, work: Work) -> None:
        self._work = work

    async def get(self, id: str) -> Row | None:
        """The document, or None."""
        work = self._work
        work.operations += 1
        if work.operations > work.budget:
            work.end()
        return work.tx.get(id)

    def query(self, table: str) -> QueryBuilder:
        """A query of the table."""
        return QueryBuilder.of(self._work, table)

    def normalize_id(self, table: str, id: str) -> str | None:
        """`id` where it is one of `table`, else None. Reads nothing."""
        tx = self._work.tx
        owner = tx.owner(id) if looks_like_id(id) else None
        return id if owner is not None and owner is tx.table(table) else None


class DatabaseWriter(DatabaseReader):
    """`ctx.db` of a mutation. A patch, a replacement and a deletion also read the document."""

    __slots__ = ()

    async def insert(self, table: str, document: Mapping[str, Any]) -> str:
        """Adds a document; its new id."""
        self._work.count()
        if not _NAMES.issuperset(document):
            _check_names(document)
        return self._work.tx.insert(table, document)

    async def patch(self, id: str, fields: Mapping[str, Any]) -> None:
        """Sets fields; `UNDEFINED` removes one. Where nothing changes, nothing is written."""
        work = self._work
        work.operations += 1
        if work.operations > work.budget:
            work.end()
        if not _NAMES.issuperset(fields):
            _check_names(fields)
        work.tx.patch(id, fields)

    async def replace(self, id: str, document: Mapping[str, Any]) -> None:
        """Sets all fields."""
        self._work.count()
        if not _NAMES.issuperset(document):
            _check_names(document)
        self._work.tx.replace(id, document)

    async def delete(self, id: str) -> None:
        """Removes the document."""
        self._work.count()
        self._work.tx.delete(id)


_NAMES = {"_id", "_creationTime"}
"""Names of fields that have been looked at: so many documents, and so few names."""


def _check_names(document: Mapping[str, Any]) -> None:
    """Refuses names that a document's fields cannot have."""
    for name in document:
        if type(name) is not str or name[:1] in ("", "_", "$"):
            if name not in _NAMES:
                raise BadRequestError(
                    f"{name!r} is no field name: a name is text, not empty, and does not start with '_' or '$'"
                )
        elif len(_NAMES) < _MOST_NAMES:
            _NAMES.add(name)


def _cursor(text: str | None) -> Cursor | None:
    if text is None:
        return None
    if not isinstance(text, PageCursor):
        raise BadRequestError(f"Not a cursor of this run: {text!r}. Hand on continueCursor as it is.", "InvalidCursor")
    return text.cursor
