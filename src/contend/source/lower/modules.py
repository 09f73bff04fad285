"""The module of a file, put together from what was read, and the modules of files that were not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from contend.source.ir import Module, Problem
from contend.source.lower.mending import error_nodes
from contend.source.lower.programs import Program
from contend.source.lower.suppressions import find_suppressions
from contend.source.lower.text import SourceText, is_utf8, line_at, line_starts

if TYPE_CHECKING:
    from tree_sitter import Node


def assemble(
    path: str,
    data: bytes,
    source: SourceText,
    program: Program,
    in_comment: Callable[[int], bool],
    broken_at: int | None,
) -> Module:
    """The module of a file that was parsed; `broken_at` is the offset of its first syntax error."""
    lines = line_starts(data)
    problems: list[Problem] = []
    if not source.text.isascii() and not is_utf8(data):
        problems.append(Problem("not UTF-8; wrong bytes were replaced"))
    if broken_at is not None:
        problems.append(Problem("syntax error", line_at(lines, broken_at)))
    if source.deep_at is not None:
        problems.append(Problem("nested too deep, the inside is left out", line_at(lines, source.deep_at)))
    return Module(
        path,
        tuple(program.directives),
        tuple(program.imports),
        tuple(program.exports),
        tuple(program.types),
        tuple(program.body),
        find_suppressions(data, lines, in_comment),
        tuple(problems),
        lines,
    )


def unread(path: str, data: bytes, reason: str) -> Module:
    """The module of a file that was not parsed."""
    return Module(path, (), (), (), (), (), (), (Problem(reason),), line_starts(data))


def first_error(root: Node, data: bytes) -> int | None:
    """The offset of a tree's first syntax error; None where it has none."""
    return min([node.start_byte for node in error_nodes(root, data)], default=None)


def in_comment_of(roots: list[Node]) -> Callable[[int], bool]:
    """A test whether a byte belongs to a comment of one of the trees."""

    def test(offset: int) -> bool:
        for root in roots:
            node = root.descendant_for_byte_range(offset, offset)
            if node is not None and node.type in ("comment", "html_comment"):
                return True
        return False

    return test
