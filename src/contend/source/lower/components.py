"""Svelte and Vue components: their script blocks as one program, with the markup behind it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING

from contend.source.ir import Module
from contend.source.lower import svelte, vue
from contend.source.lower.markup import Child, Markup, holes_in
from contend.source.lower.mending import parse_mended
from contend.source.lower.modules import assemble, first_error, in_comment_of
from contend.source.lower.parsers import svelte as svelte_grammar
from contend.source.lower.parsers import tsx, typescript
from contend.source.lower.programs import Program, read_program
from contend.source.lower.text import SourceText, without_nul

if TYPE_CHECKING:
    from tree_sitter import Language, Node


def lower_svelte(path: str, data: bytes) -> Module:
    """Lower a `.svelte` file."""
    source = SourceText(data, svelte=True)
    root = parse_mended(svelte_grammar(), without_nul(data))
    elements = svelte.read_markup(source, root)
    program, markup, tree = _read(data, source, typescript(), svelte.script_blocks(root), elements)
    program.directives.append("svelte")
    in_comment = _in_comment(markup, [tree, root], [])
    return assemble(path, data, source, program, in_comment, _first_error(data, markup, [tree, root]))


def lower_vue(path: str, data: bytes) -> Module:
    """Lower a `.vue` file."""
    source = SourceText(data)
    sections = vue.find_sections(source)
    elements = vue.read_markup(source, sections.template)
    language = tsx() if sections.jsx else typescript()
    program, markup, tree = _read(data, source, language, sections.scripts, elements)
    program.directives.append("vue")
    in_comment = _in_comment(markup, [tree], sections.comments)
    return assemble(path, data, source, program, in_comment, _first_error(data, markup, [tree]))


def _read(
    data: bytes, source: SourceText, language: Language, blocks: list[tuple[int, int]], elements: list[Child]
) -> tuple[Program, Markup, Node]:
    """The script blocks with the markup behind them, the markup's expressions, and the tree of the script blocks."""
    data = without_nul(data)
    root = parse_mended(language, _only(data, blocks))
    program = read_program(source, root)
    markup = Markup(source, language, data, holes_in(elements))
    program.body.extend(markup.evaluate(source, elements, len(data)))
    return program, markup, root


def _in_comment(markup: Markup, trees: list[Node], spans: list[tuple[int, int]]) -> Callable[[int], bool]:
    """A test whether a byte belongs to a comment of one of the trees, of an expression, or to one of the spans."""
    in_tree = in_comment_of(trees)

    def test(offset: int) -> bool:
        place = bisect_right(spans, offset, key=lambda span: span[0]) - 1
        if place >= 0 and offset < spans[place][1]:
            return True
        expression = markup.root_at(offset)
        return in_tree(offset) or (expression is not None and in_comment_of([expression])(offset))

    return test


def _first_error(data: bytes, markup: Markup, trees: list[Node]) -> int | None:
    found = [markup.broken_at, *[first_error(tree, data) for tree in trees]]
    return min([at for at in found if at is not None], default=None)


def _only(data: bytes, blocks: list[tuple[int, int]]) -> bytes:
    """The file with all but the script blocks blank; a line feed ends each block."""
    out = bytearray(b" " * len(data))
    for start, end in blocks:
        out[start:end] = data[start:end]
        out[end : end + 1] = b"\n"
    return bytes(out)
