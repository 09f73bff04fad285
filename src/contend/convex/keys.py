"""Index keys: the declared fields, then `_creationTime`, then `_id` (convex-backend: crates/application/src/lib.rs,
crates/common/src/bootstrap_model/index/database_index/indexed_fields.rs)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from contend.convex.values import UNDEFINED, Document, Key, sort_key

BY_ID: Final = "by_id"
BY_CREATION_TIME: Final = "by_creation_time"


def index_fields(name: str, declared: Sequence[str]) -> tuple[str, ...]:
    """All fields of an index's key, in order. `declared` is what the schema lists; it is not looked at for the two
    indexes that every table has."""
    if name == BY_ID:
        return ("_id",)
    if name == BY_CREATION_TIME:
        return ("_creationTime", "_id")
    return (*declared, "_creationTime", "_id")


def field_value(document: Document, path: str) -> Any:
    """The value at a dotted field path, `UNDEFINED` where there is none: a missing field is not null."""
    if "." not in path:
        return document.get(path, UNDEFINED)
    value: Any = document
    for name in path.split("."):
        if not isinstance(value, dict):
            return UNDEFINED
        value = value.get(name, UNDEFINED)
    return value


def index_key(document: Document, fields: Sequence[str]) -> Key:
    """The document's key in an index with these (all) fields."""
    return tuple([sort_key(field_value(document, field)) for field in fields])


def id_key(id: str) -> Key:
    """The key in `by_id`."""
    return ((5, id),)
