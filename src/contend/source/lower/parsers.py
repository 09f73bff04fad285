"""The grammars, loaded on first use."""

from __future__ import annotations

from functools import cache
from time import thread_time
from typing import TYPE_CHECKING

from contend.source.lower.dispatch import enter_remaining

if TYPE_CHECKING:
    from tree_sitter import Language, Node

PATIENCE = 10.0
"""Seconds of processor time for one parse; a file of 2 MB takes about half a second."""

_CHUNK = 1 << 16


@cache
def typescript() -> Language:
    """The grammar of `.ts`, `.mts`, `.cts` and of script blocks."""
    import tree_sitter_typescript
    from tree_sitter import Language

    return _prepared(Language(tree_sitter_typescript.language_typescript()))


@cache
def tsx() -> Language:
    """The grammar of `.tsx` and of all JavaScript files."""
    import tree_sitter_typescript
    from tree_sitter import Language

    return _prepared(Language(tree_sitter_typescript.language_tsx()))


@cache
def svelte() -> Language:
    """The grammar of Svelte markup; script blocks are raw text in it."""
    import tree_sitter_svelte
    from tree_sitter import Language

    return Language(tree_sitter_svelte.language())


class GaveUpError(Exception):
    """A parse took longer than it may. The error recovery of tree-sitter can take quadratic time on hostile input."""


def parse(
    language: Language, data: bytes, ranges: list[tuple[int, int]] | None = None, patience: float = PATIENCE
) -> Node:
    """The root of the tree of `data`, or of only those byte ranges of it, as if nothing stood between them.

    Raises `GaveUpError` after `patience` seconds of processor time.
    """
    from tree_sitter import Parser, Point, Range

    parser = Parser(language)
    if ranges is not None:
        origin = Point(0, 0)
        parser.included_ranges = [Range(origin, origin, start, end) for start, end in ranges]
    latest = thread_time() + patience
    try:
        tree = parser.parse(
            lambda offset, _: data[offset : offset + _CHUNK],
            progress_callback=lambda _, __: thread_time() > latest,
        )
    except ValueError:
        raise GaveUpError(f"parsing took longer than {patience:g} s, given up") from None
    return tree.root_node


def _prepared(language: Language) -> Language:
    kinds = (language.node_kind_for_id(number) for number in range(language.node_kind_count))
    enter_remaining([kind for kind in kinds if kind is not None] + ["ERROR"])
    return language
