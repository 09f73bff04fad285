"""What each file imports, found without parsing.

A few regular expressions over the bytes of a file; strings and comments that look like imports count as imports. That
is right for what it serves (which files matter, where apps are); lowering reads imports exactly.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

ImportKind: TypeAlias = Literal["import", "type", "export", "export-type"]
"""`import`: a value, also `import()` and `require()`; `export`: `export … from`; `type` forms carry no code."""


class ImportReference(NamedTuple):
    """One module specifier, with how it is brought in. `clause` is the text between the keyword and `from`."""

    specifier: str
    kind: ImportKind
    clause: bytes = b""


# Each pattern starts with a literal: the regular expression engine then skips through the text at memory speed.
_FROM = re.compile(rb"""from\s*["']([^"'\n]{1,300})["']""")
_IMPORT = re.compile(rb"""import\s*(?:\(\s*(?:/\*[^*]*\*/\s*)?)?["'`]([^"'`\n$]{1,300})["'`]""")
_REQUIRE = re.compile(rb"""require\(\s*["']([^"'\n]{1,300})["']""")
_CLAUSE_BREAK = re.compile(rb"""["';()=]""")
_INLINE_TYPES = re.compile(rb"\{\s*(?:type\s+[\w$\s]+,?\s*)+\}\s*")
_LONGEST_CLAUSE = 6_000


def scan_imports(data: bytes) -> tuple[ImportReference, ...]:
    """The module specifiers of a file, each once per kind, in order of first appearance."""
    found: dict[ImportReference, None] = {}
    previous = 0
    for match in _FROM.finditer(data):
        reference = _from_reference(data, previous, match)
        previous = match.end()
        if reference is not None:
            found[reference] = None
    for pattern in (_IMPORT, _REQUIRE):
        for match in pattern.finditer(data):
            found[ImportReference(match[1].decode("utf-8", "replace"), "import")] = None
    return tuple(found)


def _from_reference(data: bytes, previous: int, match: re.Match[bytes]) -> ImportReference | None:
    start = match.start()
    floor = max(previous, start - _LONGEST_CLAUSE)
    head_import = data.rfind(b"import", floor, start)
    head_export = data.rfind(b"export", floor, start)
    head = max(head_import, head_export)
    specifier = match[1].decode("utf-8", "replace")
    if head < 0:
        return None
    clause = data[head + 6 : start].strip()
    if _CLAUSE_BREAK.search(clause):
        return ImportReference(specifier, "import")
    types = (clause.startswith((b"type ", b"type{")) and clause != b"type") or bool(_INLINE_TYPES.fullmatch(clause))
    if head == head_export:
        return ImportReference(specifier, "export-type" if types else "export", clause)
    return ImportReference(specifier, "type" if types else "import", clause)
