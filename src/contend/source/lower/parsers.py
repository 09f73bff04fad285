"""The grammars, loaded on first use."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from contend.source.lower.dispatch import enter_remaining

if TYPE_CHECKING:
    from tree_sitter import Language, Tree


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


def parse(language: Language, data: bytes, ranges: list[tuple[int, int]] | None = None) -> Tree:
    """The tree of `data`, or of only those byte ranges of it, as if nothing stood between them."""
    from tree_sitter import Parser, Point, Range

    parser = Parser(language)
    if ranges is not None:
        origin = Point(0, 0)
        parser.included_ranges = [Range(origin, origin, start, end) for start, end in ranges]
    return parser.parse(data)


def _prepared(language: Language) -> Language:
    kinds = (language.node_kind_for_id(number) for number in range(language.node_kind_count))
    enter_remaining([kind for kind in kinds if kind is not None] + ["ERROR"])
    return language
