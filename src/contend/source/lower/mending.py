"""Valid code that the grammars do not know, and how it is parsed all the same.

Where a tree has syntax errors, the bytes behind the known gaps are replaced, length for length, and the file is parsed
once more. Lowering slices the file as stored, so only the shape of the tree changes:

- `import("./x").Id<"users">` as a type loses `import("./x").` (tree-sitter-typescript issue 322);
- `export type * from "./x"` loses `type` (issue 348);
- a bare `&` in the text of JSX and Svelte markup, and before the quote that ends an attribute.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from contend.source.lower.parsers import parse

if TYPE_CHECKING:
    from tree_sitter import Language, Node

_IMPORT_TYPE = re.compile(
    rb"""\bimport\(\s*(?:"[^"\r\n]*"|'[^'\r\n]*')\s*\)\s*\.(?=\s*(?!(?:then|catch|finally)\b)\w)"""
)
_EXPORT_TYPE = re.compile(rb"(\bexport\s+)type(?=\s*\*)")
_ENDS_VALUE = re.compile(rb"&(?=[\"'])")


def parse_mended(language: Language, data: bytes) -> Node:
    """The root of the tree of `data`, of a mended copy where that has gaps of the grammar in it."""
    root = parse(language, data)
    if not root.has_error:
        return root
    mended = bytearray(data)
    if b"import(" in data:
        mended = bytearray(_IMPORT_TYPE.sub(lambda match: b" " * len(match[0]), bytes(mended)))
    if b"export" in data:
        mended = bytearray(_EXPORT_TYPE.sub(rb"\1    ", bytes(mended)))
    if b"&" in data:
        mended = bytearray(_ENDS_VALUE.sub(b"_", bytes(mended)))
        for node in error_nodes(root):
            _mend_ampersands(mended, node)
    return root if mended == data else parse(language, bytes(mended))


def error_nodes(root: Node) -> list[Node]:
    """The outermost error nodes and missing nodes of a tree, in order."""
    found: list[Node] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            found.append(node)
        elif node.has_error:
            waiting.extend(reversed(node.children))
    return found


def _mend_ampersands(mended: bytearray, node: Node) -> None:
    """Replace single `&` in markup text that an error node covers."""
    parent = node.parent
    if parent is None or parent.type not in ("jsx_element", "element", "document"):
        return
    at = mended.find(b"&", node.start_byte, node.end_byte)
    while at >= 0:
        if mended[at + 1 : at + 2] != b"&" and mended[at - 1 : at] != b"&":
            mended[at] = 0x5F
        at = mended.find(b"&", at + 1, node.end_byte)
