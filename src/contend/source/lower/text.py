"""The bytes of one file while it is lowered, and what went wrong in it."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from contend.source.ir import Opaque

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 600
"""The depth to which nesting is lowered; what lies deeper becomes `Opaque` (or `TOther` in types). A link of a chain
or an operator counts 1, so that chains may be long."""

INSIDE = 3
"""What one bracket counts: an argument list, object, function, block, element. It nests several values in the tree, and
code that walks or encodes the tree recurses into each of them; 200 brackets stay within Python's default limit."""


class SourceText:
    """One file's bytes with the decoded view that lowering slices.

    `text` is the file decoded as Latin-1: one character per byte, so that a byte offset indexes it directly and a
    slice of ASCII needs no decoding. `exact` gives the true text of a slice that is not ASCII.
    """

    __slots__ = ("deep_at", "svelte", "text")

    def __init__(self, data: bytes, svelte: bool = False) -> None:
        self.text = data.decode("latin-1")
        self.svelte = svelte
        self.deep_at: int | None = None

    def slice(self, start: int, end: int) -> str:
        """The text between two byte offsets, wrong UTF-8 replaced."""
        text = self.text[start:end]
        return text if text.isascii() else exact(text)

    def of(self, node: Node) -> str:
        """The text of a node."""
        return self.slice(node.start_byte, node.end_byte)

    def too_deep(self, node: Node) -> Opaque:
        """Stands for an expression below the deepest level; remembers the first such place for the report."""
        start = node.start_byte
        if self.deep_at is None or start < self.deep_at:
            self.deep_at = start
        return Opaque("nesting", start, node.end_byte)


def exact(text: str) -> str:
    """What a slice of the Latin-1 view says in UTF-8."""
    return text.encode("latin-1").decode("utf-8", "replace")


def is_binary(data: bytes) -> bool:
    """Whether the bytes are no text: NUL bytes in what is not UTF-8, or many of them. Some sources hold one, as a
    separator in a string."""
    count = data.count(b"\0")
    return count > 0 and (count * 100 > len(data) or not is_utf8(data))


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are well-formed UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def without_nul(data: bytes) -> bytes:
    """The bytes as they are parsed: NUL means the end of the file to some scanners."""
    return data.replace(b"\0", b" ") if b"\0" in data else data


def line_starts(data: bytes) -> tuple[int, ...]:
    """The byte offset at which each line starts; lines end with LF (CR before it belongs to the line)."""
    lengths = [len(line) + 1 for line in data.split(b"\n")]
    return tuple(accumulate(lengths[:-1], initial=0))


def line_at(lines: tuple[int, ...], offset: int) -> int:
    """The 1-based line that holds the byte at `offset`."""
    return bisect_right(lines, offset)
