"""Which files of a repository import which, as far as a scan tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contend.source.imports import ImportKind, ImportReference
from contend.source.resolution import Resolved, Resolver

_EXPORTED = re.compile(
    rb"export\s+(?:declare\s+|abstract\s+|async\s+)*"
    rb"(?:(default)\b|(?:function\s*\*?|const|let|var|class|interface|type|enum)\s+([\w$]+)|\{([^}]*)\})"
)
_LISTED = re.compile(rb"(?:type\s+)?([\w$]+)(?:\s+as\s+([\w$]+))?")
_NAMESPACE = re.compile(rb"\*\s*as\s+([\w$]+)")


class Edge(NamedTuple):
    """`importer` brings in the file `target`. `clause` is what stands between the keyword and `from`."""

    importer: str
    target: str
    kind: ImportKind
    clause: bytes


@dataclass(frozen=True, slots=True)
class ImportGraph:
    """Edges between files, both ways, and what each file imports that is not a file (generated files, packages)."""

    texts: Mapping[str, bytes]
    outgoing: Mapping[str, tuple[Edge, ...]]
    incoming: Mapping[str, tuple[Edge, ...]]
    elsewhere: Mapping[str, tuple[tuple[ImportReference, Resolved], ...]]
    _exported: dict[str, frozenset[bytes]]

    @classmethod
    def build(
        cls, texts: Mapping[str, bytes], imports: Mapping[str, Sequence[ImportReference]], resolver: Resolver
    ) -> ImportGraph:
        """Resolve every import of every file."""
        outgoing: dict[str, tuple[Edge, ...]] = {}
        incoming: dict[str, list[Edge]] = {}
        elsewhere: dict[str, tuple[tuple[ImportReference, Resolved], ...]] = {}
        for path, references in imports.items():
            edges: list[Edge] = []
            others: list[tuple[ImportReference, Resolved]] = []
            for reference in references:
                resolved = resolver.resolve(reference.specifier, path)
                if resolved.kind == "file":
                    edge = Edge(path, resolved.path, reference.kind, reference.clause)
                    edges.append(edge)
                    incoming.setdefault(resolved.path, []).append(edge)
                elif resolved.kind != "missing":
                    others.append((reference, resolved))
            outgoing[path] = tuple(edges)
            elsewhere[path] = tuple(others)
        return cls(texts, outgoing, {path: tuple(edges) for path, edges in incoming.items()}, elsewhere, {})

    def reexports(self, path: str) -> tuple[Edge, ...]:
        """The `export … from` edges of a file."""
        return tuple(edge for edge in self.outgoing.get(path, ()) if edge.kind.startswith("export"))

    def exported_names(self, path: str) -> frozenset[bytes]:
        """The names that a file exports, its re-exports included."""
        known = self._exported.get(path)
        if known is None:
            self._exported[path] = frozenset()  # ends recursion where files re-export each other
            names = set(_declared_exports(self.texts.get(path, b"")))
            for edge in self.reexports(path):
                names |= passed_names(edge.clause, self.exported_names(edge.target))
            known = self._exported[path] = frozenset(names)
        return known

    def mentions(self, path: str, names: frozenset[bytes]) -> bool:
        """Whether a file's text holds one of `names`; always so for a default export, which is imported by any name."""
        text = self.texts.get(path, b"")
        return b"default" in names or any(name in text for name in names)


def passed_names(clause: bytes, names: frozenset[bytes]) -> frozenset[bytes]:
    """The names under which `export <clause> from` passes on those of `names`."""
    if clause == b"*":
        return names - {b"default"}
    namespace = _NAMESPACE.search(clause)
    if namespace is not None:
        return frozenset({namespace[1]}) if names else frozenset()
    return frozenset(match[2] or match[1] for match in _listed(clause) if match[1] in names)


def _listed(clause: bytes) -> Iterator[re.Match[bytes]]:
    inner = clause[clause.find(b"{") + 1 : clause.rfind(b"}")] if b"{" in clause else b""
    return (match for entry in inner.split(b",") if (match := _LISTED.fullmatch(entry.strip())) is not None)


def _declared_exports(text: bytes) -> Iterator[bytes]:
    for match in _EXPORTED.finditer(text):
        if match[1] or match[2]:
            yield match[1] or match[2]
        else:
            for entry in match[3].split(b","):
                listed = _LISTED.fullmatch(entry.strip())
                if listed is not None:
                    yield listed[2] or listed[1]
