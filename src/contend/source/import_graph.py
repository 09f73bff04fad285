"""Which files of a repository import which, as far as a scan tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from contend.source.imports import ImportKind, ImportReference
from contend.source.resolution import Resolved, Resolver

_EXPORTED = re.compile(
    rb"export\s+(?:declare\s+|abstract\s+|async\s+)*"
    rb"(?:(default)\b|(?:function\s*\*?|const|let|var|class|interface|type|enum)\s+([\w$]+)|\{([^}]*)\})"
)
_COMPONENTS = (".svelte", ".vue")  # a file is its default export
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
    _reexports: Mapping[str, tuple[Edge, ...]]
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
        reexports = {
            path: exporting
            for path, edges in outgoing.items()
            if (exporting := tuple(edge for edge in edges if edge.kind.startswith("export")))
        }
        back = {path: tuple(edges) for path, edges in incoming.items()}
        return cls(texts, outgoing, back, elsewhere, reexports, {})

    def reexports(self, path: str) -> tuple[Edge, ...]:
        """The `export … from` edges of a file."""
        return self._reexports.get(path, ())

    def exported_names(self, path: str) -> frozenset[bytes]:
        """The names that a file exports, its re-exports included."""
        known = self._exported.get(path)
        if known is None:
            self._exported[path] = frozenset()  # ends recursion where files re-export each other
            names = set(_declared_exports(self.texts.get(path, b"")))
            if path.endswith(_COMPONENTS):
                names.add(b"default")
            for edge in self.reexports(path):
                names |= passed_names(edge.clause, self.exported_names(edge.target))
            known = self._exported[path] = frozenset(names)
        return known

    def mentions(self, path: str, names: frozenset[bytes]) -> bool:
        """Whether a file's text holds one of `names`."""
        text = self.texts.get(path, b"")
        return any(name in text for name in names)

    def takes(self, edge: Edge, names: frozenset[bytes]) -> bool:
        """Whether an importing edge takes one of `names`."""
        taken = imported_names(edge.clause)
        return self.mentions(edge.importer, names) if taken is None else not taken.isdisjoint(names)

    def leads_to(self, edge: Edge) -> Iterator[tuple[str, frozenset[str]]]:
        """The files that an importing edge leads to, each with the barrels on the way: its target, and what the target
        re-exports of the names that the edge takes."""
        waiting = [(edge.target, imported_names(edge.clause), frozenset[str]())]
        seen: set[tuple[str, frozenset[bytes] | None]] = set()  # the first of many ways through barrels is enough
        while waiting:
            target, wanted, through = waiting.pop()
            if (target, wanted) in seen:
                continue
            seen.add((target, wanted))
            yield target, through
            waiting.extend(reversed(list(self._onward(target, wanted, edge.importer, through | {target}))))

    def _onward(
        self, barrel: str, wanted: frozenset[bytes] | None, user: str, through: frozenset[str]
    ) -> Iterator[tuple[str, frozenset[bytes] | None, frozenset[str]]]:
        for edge in self.reexports(barrel):
            exported = self.exported_names(edge.target)
            if wanted is None:
                inner = None
                leads = self.mentions(user, passed_names(edge.clause, exported))
            else:
                inner = source_names(edge.clause, wanted)
                inner = inner & exported if inner is not None else None
                leads = inner is None or bool(inner)
            if leads:
                yield edge.target, inner, through


def passed_names(clause: bytes, names: frozenset[bytes]) -> frozenset[bytes]:
    """The names under which `export <clause> from` passes on those of `names`."""
    if clause == b"*":
        return names - {b"default"}
    namespace = _NAMESPACE.search(clause)
    if namespace is not None:
        return frozenset({namespace[1]}) if names else frozenset()
    return frozenset(outer for inner, outer in _listed(clause) if inner in names)


def source_names(clause: bytes, names: frozenset[bytes]) -> frozenset[bytes] | None:
    """The reverse: what `names`, taken from `export <clause> from`, are called where they come from. None: anything."""
    if clause == b"*":
        return names - {b"default"}
    namespace = _NAMESPACE.search(clause)
    if namespace is not None:
        return None if namespace[1] in names else frozenset()
    return frozenset(inner for inner, outer in _listed(clause) if outer in names)


@lru_cache(maxsize=8_192)
def imported_names(clause: bytes) -> frozenset[bytes] | None:
    """The names that `import <clause> from` takes; None where it takes the whole module."""
    if not clause or b"*" in clause:
        return None
    names = {inner for inner, _ in _listed(clause)}
    if clause.partition(b"{")[0].removeprefix(b"type ").strip(b" ,\r\n\t"):
        names.add(b"default")
    return frozenset(names)


@lru_cache(maxsize=8_192)
def _listed(clause: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The entries of `{ a, b as c }`: each name where it comes from, and what it becomes."""
    inner = clause[clause.find(b"{") + 1 : clause.rfind(b"}")] if b"{" in clause else b""
    matches = (_LISTED.fullmatch(entry.strip()) for entry in inner.split(b","))
    return tuple((match[1], match[2] or match[1]) for match in matches if match is not None)


def _declared_exports(text: bytes) -> Iterator[bytes]:
    for match in _EXPORTED.finditer(text):
        if match[1] or match[2]:
            yield match[1] or match[2]
        else:
            yield from (outer for _, outer in _listed(b"{" + match[3] + b"}"))
