"""How many callers meet on one interval: a decision table over the keys that bound it.

Only equalities narrow who meets; a bound (`gt`, `lt`) and a `.filter()` do not. Of several equalities the narrowest
decides. One key's value decides by where it comes from:

| the value is …                                   | who meets                                  |
|--------------------------------------------------|--------------------------------------------|
| no key at all: whole table, first of a table     | everyone                                   |
| a constant, an environment variable, the time    | everyone                                   |
| fresh (a new id, a random number)                | nobody                                     |
| the caller's identity                            | the user (all tabs of one)                 |
| an id of a table (argument or field)             | what that table means: see below           |
| `_id` of a row this function read                | who meets on the read that found the row   |
| another field of such a row                      | by the field's name, else as above         |
| an argument or key named for a session, a token  | session                                    |
| … named for a user                               | user                                       |
| … of few possible values (literals, a boolean)   | everyone                                   |
| … named like an id, slug, key or code            | tenant                                     |
| a tuple, template or call of such values         | the narrowest part                         |
| one of several values                            | the widest                                 |
| anything else                                    | by the key's name, else unknown            |

A table means by its name: `users` the user, `sessions` the session, any other a document that several people work on
(tenant). A row found by its own id from an argument is what its table means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from contend.model.findings import Sharing
from contend.model.functions import Access, Function
from contend.model.schema import Table, Validator
from contend.model.values import Origin, Value

BREADTH: Final[Mapping[Sharing, int]] = {
    Sharing.NOBODY: 0,
    Sharing.SESSION: 1,
    Sharing.USER: 2,
    Sharing.UNKNOWN: 3,
    Sharing.TENANT: 4,
    Sharing.EVERYONE: 5,
}
"""From narrow to wide. Unknown counts between a user and a tenant."""

_SESSION: Final = re.compile(r"session|token|cookie|nonce|csrf", re.IGNORECASE)
_USER: Final = re.compile(
    r"^(users?|accounts?|profiles?|me|viewers?|identit(y|ies))$|"
    r"user|account|owner|author|profile|subject|clerk|workos|identity|email|member|viewer|customer|player|person",
    re.IGNORECASE,
)
_USER_TABLE: Final = re.compile(
    r"^(app|auth)?_?(users?|accounts?|profiles?|members?|players?|customers?)$", re.IGNORECASE
)
_SESSION_TABLE: Final = re.compile(r"sessions?$|tokens?$", re.IGNORECASE)
_IDENTIFIER: Final = re.compile(r"(id|slug|key|code|name|path|url|hash|ref|address)s?$", re.IGNORECASE)
_TAB: Final = re.compile(r"tab_?id|connection|socket|client_?id|presence", re.IGNORECASE)


def sharing_of(access: Access, function: Function, tables: Mapping[str, Table]) -> Sharing:
    """Who meets on what `access` reads or writes. An insert is met by nobody on its own row (what range it lands in is
    for the reader's interval to say)."""
    return _Reader(function, tables).of_access(access, frozenset())


def per_tab(access: Access, function: Function) -> bool:
    """Whether the interval belongs to one tab or connection, by the names of its keys and its table."""
    texts = [key.value.text for key in access.keys if key.operator == "eq"]
    texts += [key.field for key in access.keys if key.operator == "eq"]
    return any(_TAB.search(text) for text in [*texts, *access.tables] if text) and bool(texts)


def table_sharing(name: str) -> Sharing:
    """Who meets on one row of a table, by the table's name."""
    if _USER_TABLE.search(name):
        return Sharing.USER
    if _SESSION_TABLE.search(name):
        return Sharing.SESSION
    return Sharing.TENANT


def narrowest(found: Iterable[Sharing]) -> Sharing:
    """The narrowest, everyone where there is none."""
    return min(found, key=lambda sharing: BREADTH[sharing], default=Sharing.EVERYONE)


def widest(found: Iterable[Sharing]) -> Sharing:
    """The widest, unknown where there is none."""
    return max(found, key=lambda sharing: BREADTH[sharing], default=Sharing.UNKNOWN)


class _Reader:
    """Reads the table for the accesses of one function."""

    def __init__(self, function: Function, tables: Mapping[str, Table]) -> None:
        self.function = function
        self.tables = tables

    def of_access(self, access: Access, visited: frozenset[str]) -> Sharing:
        if access.operation == "insert":
            return Sharing.NOBODY
        equalities = [key for key in access.keys if key.operator == "eq"]
        if not equalities and access.extent.reach == "point":
            if access.row is not None and access.row not in visited:
                return self._of_row(access.row, visited, access.table)
            return Sharing.UNKNOWN
        return narrowest(
            widest(self._of_key(table, key.field, key.value, visited) for table in access.tables or ("",))
            for key in equalities
        )

    def _of_key(self, table: str, field: str, value: Value, visited: frozenset[str]) -> Sharing:
        match value.origin:
            case Origin.CONSTANT | Origin.TIME:
                return Sharing.EVERYONE
            case Origin.FRESH:
                return Sharing.NOBODY
            case Origin.IDENTITY:
                return Sharing.USER
            case Origin.FIELD:
                return self._of_field(table, field, value, visited)
            case Origin.ARGUMENT:
                return self._of_argument(table, field, value)
            case Origin.COMPUTED:
                parts = [self._of_key(table, field, part, visited) for part in value.parts]
                if value.op in ("any", "?:", "??", "||", "&&"):
                    return widest(parts)
                return narrowest(parts) if parts else self._of_name(table, field, field)
            case _:
                return self._of_name(table, field, field)

    def _of_field(self, table: str, field: str, value: Value, visited: frozenset[str]) -> Sharing:
        name = value.field or field
        if name != "_id":
            declared = self._validator(value.table, name)
            if declared is not None and declared.kind == "id" and declared.table:
                return table_sharing(declared.table)
            by_name = _by_name(name)
            if by_name is not None:
                return by_name
        if value.row is not None and value.row not in visited:
            return self._of_row(value.row, visited, value.table)
        return table_sharing(value.table) if value.table else self._of_name(table, field, name)

    def _of_row(self, row: str, visited: frozenset[str], table: str | None) -> Sharing:
        """Who meets on the read that found the row. A row found by a range is one of those in the range, so a range
        over everything reaches everyone's."""
        for access in self.function.accesses:
            if access.row == row and access.keys and not access.writes:
                return self.of_access(access, visited | {row})
        for access in self.function.accesses:
            if access.row == row and not access.writes and access.extent.reach != "point":
                return self.of_access(access, visited | {row})
        return table_sharing(table) if table else Sharing.UNKNOWN

    def _of_argument(self, table: str, field: str, value: Value) -> Sharing:
        validator = self._argument(value)
        if validator is not None and validator.kind == "id" and validator.table:
            return table_sharing(validator.table)
        if field == "_id" and table:
            return table_sharing(table)
        if _few(validator):
            return Sharing.EVERYONE
        return self._of_name(table, field, value.text)

    def _of_name(self, table: str, field: str, text: str) -> Sharing:
        """By the last name of the value's text, then the key's declaration and name."""
        named = _by_name(re.split(r"[.\[\]()?!]+", text.rstrip(")]?!"))[-1])
        if named is not None:
            return named
        declared = self._validator(table, field)
        if declared is not None and declared.kind == "id" and declared.table:
            return table_sharing(declared.table)
        if _few(declared):
            return Sharing.EVERYONE
        named = _by_name(field)
        if named is not None:
            return named
        if field == "_id" and table:
            return table_sharing(table)
        return Sharing.TENANT if _IDENTIFIER.search(field) else Sharing.UNKNOWN

    def _argument(self, value: Value) -> Validator | None:
        found = self.function.args
        for name in value.text.split(".")[1:]:
            if found is None:
                return None
            found = found.fields.get(name.rstrip("?!"))
        return found

    def _validator(self, table: str | None, field: str) -> Validator | None:
        declared = self.tables.get(table) if table else None
        return declared.fields.get(field) if declared is not None else None


def _by_name(name: str) -> Sharing | None:
    if _SESSION.search(name):
        return Sharing.SESSION
    if _USER.search(name):
        return Sharing.USER
    return None


def _few(validator: Validator | None) -> bool:
    """Whether only a few values are possible."""
    if validator is None:
        return False
    if validator.kind in ("boolean", "literal", "null"):
        return True
    return validator.kind == "union" and all(_few(item) for item in validator.items)
