"""Full-text search: what it returns, what it records, and which writes overlap that (convex-backend:
crates/search/src/query.rs)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from contend.convex.keys import field_value
from contend.convex.values import Document, sort_key
from contend.engine.store import SearchIndex

_WORD = re.compile(r"\w+")


class Term(NamedTuple):
    """A word searched for; `prefix`: words that start with it match too."""

    word: str
    prefix: bool

    def matches(self, token: str) -> bool:
        return token.startswith(self.word) if self.prefix else token == self.word


class SearchRead:
    """What a transaction's searches on one index recorded. Searches on the same index merge, with their filters AND-ed,
    so that some conflicts are missed, as in Convex (convex-backend: crates/search/src/query.rs)."""

    __slots__ = ("filters", "terms")

    def __init__(self) -> None:
        self.filters: list[tuple[str, object]] = []
        self.terms: list[Term] = []

    def overlaps(self, index: SearchIndex, document: Document | None) -> bool:
        """Whether writing `document` (before or after) changes what was read: all filters match it, and any term does
        or none was recorded."""
        if document is None or not passes(document, self.filters):
            return False
        return not self.terms or bool(score(document, index, self.terms))


def tokens(text: str) -> list[str]:
    """The words of a text, lower case."""
    return [match.lower() for match in _WORD.findall(text)]


def terms_of(query: str, prefix: bool = True) -> tuple[Term, ...]:
    """The terms of a query; the last is a prefix for clients with prefix search."""
    words = tokens(query)
    return tuple([Term(word, prefix and i == len(words) - 1) for i, word in enumerate(words)])


def passes(document: Document, filters: Sequence[tuple[str, object]]) -> bool:
    """Whether the document has every filter's value; a missing field is not null."""
    return all(sort_key(field_value(document, field)) == sort_key(value) for field, value in filters)


def score(document: Document, index: SearchIndex, terms: Sequence[Term]) -> int:
    """How many of the terms the searched field has."""
    text = field_value(document, index.search_field)
    if not isinstance(text, str):
        return 0
    words = tokens(text)
    return sum(any(term.matches(word) for word in words) for term in terms)
