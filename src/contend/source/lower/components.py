"""Svelte and Vue components: their script blocks as one program, with the markup behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contend.source.ir import Module
from contend.source.lower import svelte, vue
from contend.source.lower.markup import Child, Markup, holes_in
from contend.source.lower.mending import parse_mended
from contend.source.lower.modules import assemble, first_error, in_comment_of
from contend.source.lower.parsers import svelte as svelte_grammar
from contend.source.lower.parsers import tsx, typescript
from contend.source.lower.programs import read_program
from contend.source.lower.text import SourceText, without_nul

if TYPE_CHECKING:
    from tree_sitter import Language, Node


def lower_svelte(path: str, data: bytes) -> Module:
    """Lower a `.svelte` file."""
    source = SourceText(data, svelte=True)
    root = parse_mended(svelte_grammar(), without_nul(data))
    elements = svelte.read_markup(source, root)
    return _component(path, data, source, "svelte", typescript(), svelte.script_blocks(root), elements, [root])


def lower_vue(path: str, data: bytes) -> Module:
    """Lower a `.vue` file."""
    source = SourceText(data)
    blocks, jsx = vue.script_blocks(source)
    elements = vue.read_markup(source)
    return _component(path, data, source, "vue", tsx() if jsx else typescript(), blocks, elements, [])


def _component(
    path: str,
    data: bytes,
    source: SourceText,
    kind: str,
    language: Language,
    blocks: list[tuple[int, int]],
    elements: list[Child],
    roots: list[Node],
) -> Module:
    data = without_nul(data)
    root = parse_mended(language, _only(data, blocks))
    program = read_program(source, root)
    program.directives.append(kind)
    markup = Markup(source, language, data, holes_in(elements))
    program.body.extend(markup.evaluate(source, elements, len(data)))
    in_tree = in_comment_of([root, *markup.roots, *roots])
    hidden = vue.comments(source) if kind == "vue" else []

    def in_comment(offset: int) -> bool:
        return any(start <= offset < end for start, end in hidden) or in_tree(offset)

    found = [markup.broken_at, *[first_error(tree, data) for tree in (root, *roots)]]
    errors = [at for at in found if at is not None]
    return assemble(path, data, source, program, in_comment, min(errors, default=None))


def _only(data: bytes, blocks: list[tuple[int, int]]) -> bytes:
    """The file with all but the script blocks blank; a line feed ends each block."""
    out = bytearray(b" " * len(data))
    for start, end in blocks:
        out[start:end] = data[start:end]
        out[end : end + 1] = b"\n"
    return bytes(out)
