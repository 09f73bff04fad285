"""From the bytes of one source file to `ir.Module`.

`lower` never raises: what cannot be read becomes a `Problem` of the module. tree-sitter is loaded on first use.
"""

from __future__ import annotations

from contend.source.ir import Module
from contend.source.lower import chains, components, declarations, expressions, jsx, statements, types
from contend.source.lower.mending import parse_mended
from contend.source.lower.modules import assemble, first_error, in_comment_of, unread
from contend.source.lower.parsers import GaveUpError, tsx, typescript
from contend.source.lower.programs import read_program
from contend.source.lower.text import SourceText, is_binary, without_nul
from contend.source.recursion import deep_recursion

__all__ = ["LARGEST", "lower"]

LARGEST = 2 * 1024 * 1024
"""Files above this size, in bytes, are taken for generated and not parsed."""

_TYPESCRIPT = (".ts", ".mts", ".cts")
_REGISTERED = (chains, declarations, expressions, jsx, statements, types)  # imported for the node kinds that they enter


def lower(path: str, data: bytes) -> Module:
    """Lower one source file; `path` decides by its ending how it is read and is kept as given."""
    if is_binary(data):
        return unread(path, data, "binary file (NUL bytes), not parsed")
    if len(data) > LARGEST:
        return unread(path, data, f"generated file of {len(data) / (1024 * 1024):.1f} MB, not parsed")
    try:
        with deep_recursion():
            if path.endswith(".svelte"):
                return components.lower_svelte(path, data)
            if path.endswith(".vue"):
                return components.lower_vue(path, data)
            return _lower_script(path, data)
    except GaveUpError as error:
        return unread(path, data, str(error))


def _lower_script(path: str, data: bytes) -> Module:
    source = SourceText(data)
    elements = not path.endswith(_TYPESCRIPT)
    root = parse_mended(tsx() if elements else typescript(), without_nul(data), elements)
    program = read_program(source, root)
    return assemble(path, data, source, program, in_comment_of([root]), first_error(root, data))
