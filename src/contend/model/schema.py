"""What `schema.ts` declares: tables, their fields and their indexes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from contend.model.places import Span

IndexKind = Literal["database", "search", "vector"]


@dataclass(frozen=True, slots=True)
class Validator:
    """A validator (`v.*`) or a type that says the same.

    `kind`: string, number, bigint, boolean, bytes, null, any, literal, id, object, array, record, union, doc (a whole
    document of `table`), unknown. `table` for id and doc; `fields` for object; `items` for array, record (values) and
    union; `literal` for literal.
    """

    kind: str
    table: str | None = None
    fields: Mapping[str, Validator] = field(default_factory=dict, hash=False)
    items: tuple[Validator, ...] = ()
    literal: str | float | bool | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """An index as declared. `fields` without the `_creationTime` and `_id` that Convex appends; for search and vector
    indexes the search or vector field first, then the filter fields. A staged index takes no part in conflicts
    (convex-backend: npm-packages/convex/src/server/schema.ts)."""

    name: str
    fields: tuple[str, ...]
    kind: IndexKind = "database"
    staged: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of one app. `declared` is False for one that code uses and no schema declares; `library` names the
    package that declares it (`authTables`)."""

    name: str
    fields: Mapping[str, Validator]
    indexes: tuple[Index, ...]
    span: Span | None = None
    declared: bool = True
    library: str | None = None

    def index(self, name: str) -> Index | None:
        """The index called `name`, or None; `by_id` and `by_creation_time` always exist."""
        if name == "by_id":
            return Index("by_id", ("_id",))
        if name == "by_creation_time":
            return Index("by_creation_time", ("_creationTime",))
        return next((index for index in self.indexes if index.name == name), None)
