"""Valid code that the grammars do not know, and how it is parsed all the same.

Where a tree has syntax errors, the bytes behind the known gaps are replaced, length for length, and the file is parsed
once more. Lowering slices the file as stored, so only the shape of the tree changes; names and texts stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from contend.source.lower.parsers import parse

if TYPE_CHECKING:
    from tree_sitter import Language, Node

_MODULE = rb"""\bimport\(\s*(?:"[^"\r\n]*"|'[^'\r\n]*')\s*,?\s*\)"""


def _blank(match: re.Match[bytes]) -> bytes:
    return b" " * len(match[0])


def _word(match: re.Match[bytes]) -> bytes:
    """Another name of the same length."""
    return b"_" * len(match[0])


def _separator(match: re.Match[bytes]) -> bytes:
    return b";" + match[0][1:]


_Replace = Callable[[re.Match[bytes]], bytes]
_GAPS: tuple[tuple[re.Pattern[bytes], _Replace], ...] = (
    # f<typeof import("./x")>(): a name in place of the module
    (re.compile(rb"(?<=typeof )" + _MODULE), _word),
    # import("./x").Id<"users"> as a type (tree-sitter-typescript issue 322): the name alone
    (re.compile(_MODULE + rb"\s*\.(?=\s*(?!(?:then|catch|finally)\b)\w)"), _blank),
    # export type * from "./x" (issue 348): without `type`
    (re.compile(rb"(?<=\bexport )type(?=\s*\*)"), _blank),
    # interface Cache<in out Key>: without variance
    (re.compile(rb"(?<=[<,\s])(?:in\s+out|in|out)(?=\s+[A-Z]\w*\s*(?:[,>=]|extends\b))"), _blank),
    # sql<{ count: number }>`…`: without type arguments
    (re.compile(rb"(?<=[\w)\]])<(?:[^<>`;()]*|\s*\{[^<>`()]*\}[\s\[\]]*)>(?=`)"), _blank),
    # `abstract` as the name of a field, `unique` as the name of a value
    (re.compile(rb"\babstract(?=\s*\??:)|\bunique(?=\s*[.\[])"), _word),
    # an attribute that ends with `&`
    (re.compile(rb"&(?=[\"'])"), _word),
)
# Overloads of a function type on lines of their own: no `;` before the next `<`. Elsewhere such a line is an element.
_OVERLOADS = re.compile(rb"\n(?=[ \t]*<[\w\s,]*>\()")
_ROUNDS = 3
_MARKUP = re.compile(rb"[<>{}\"'`]")
_HOSTS_OF_TEXT = frozenset({"jsx_element", "string", "element", "document"})


def parse_mended(language: Language, data: bytes, elements: bool = True) -> Node:
    """The root of the tree of `data`, of a mended copy where its errors cover less. `elements`: the language has
    markup in it."""
    root = parse(language, data)
    errors = error_nodes(root, data)
    # An ampersand can hide the next one.
    for _ in range(_ROUNDS):
        if not errors:
            break
        mended = _without_ampersands(data, errors) if elements else _OVERLOADS.sub(_separator, data)
        for gap, replace in _GAPS:
            mended = gap.sub(replace, mended)
        if mended == data:
            break
        again = parse(language, mended)
        left = error_nodes(again, mended)
        if _extent(left) >= _extent(errors):
            break
        data, root, errors = mended, again, left
    return root


def error_nodes(root: Node, data: bytes) -> list[Node]:
    """The outermost error nodes and missing nodes of a tree, in order, but for those that cover text of markup with
    `&` and nothing else: text is not lowered, and they spoil nothing around them."""
    if not root.has_error:
        return []
    found: list[Node] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            if not _is_text(node, data):
                found.append(node)
        elif node.has_error:
            waiting.extend(reversed(node.children))
    return found


def _is_text(node: Node, data: bytes) -> bool:
    start = node.start_byte
    if data[start : start + 1] != b"&" or _MARKUP.search(data, start, node.end_byte):
        return False
    parent = node.parent
    return parent is not None and parent.type in _HOSTS_OF_TEXT


def _extent(errors: list[Node]) -> int:
    """How much of a file its errors cover; one that covers no byte still counts."""
    return sum([node.end_byte - node.start_byte + 1 for node in errors])


def _without_ampersands(data: bytes, errors: list[Node]) -> bytes:
    """Replace the `&` that error nodes cover in the text of markup and of attributes."""
    if b"&" not in data:
        return data
    mended = bytearray(data)
    for node in errors:
        parent = node.parent
        if parent is not None and parent.type in _HOSTS_OF_TEXT:
            covered = data[node.start_byte : node.end_byte]
            mended[node.start_byte : node.end_byte] = covered.replace(b"&", b"_")
    return bytes(mended)
