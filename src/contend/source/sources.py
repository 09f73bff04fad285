"""A path, read: its apps, the syntax trees of the files that matter, and how imports resolve.

The first step of every audit and the only one that touches the disk.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TypeAlias

from contend.model.app import ReadError
from contend.source import ir
from contend.source.cache import Pack
from contend.source.discovery import AppDirectory, NotAConvexApp, find_apps
from contend.source.files import Listing, is_bundle, list_files, read_files
from contend.source.import_graph import ImportGraph
from contend.source.imports import ImportReference, scan_imports
from contend.source.paths import within
from contend.source.recursion import deep_recursion
from contend.source.relevance import Relevance, find_relevant
from contend.source.resolution import Resolver
from contend.source.roots import audit_root
from contend.source.syntax import Syntax

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told the stage (`"reading"`, `"parsing"`), how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The text of a path's files, before anything is parsed. `digest` changes whenever an audit's outcome can."""

    root: Path
    listing: Listing
    texts: Mapping[str, bytes]
    configs: Mapping[str, bytes]
    imports: Mapping[str, tuple[ImportReference, ...]]
    apps: tuple[AppDirectory, ...]
    errors: tuple[ReadError, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Sources:
    """A repository, read. Paths are relative to `root`, which is the path given or, where that lies inside an app, the
    root of that app. `modules` are the files that matter, `texts` their bytes; `relevance` says why each does.
    `files_seen` counts all source files below `root`. `errors` are the files that could not be read, in the order of
    their paths; what could not be parsed of the others is `problems_of`."""

    root: Path
    apps: tuple[AppDirectory, ...]
    modules: Syntax
    texts: Mapping[str, bytes]
    resolver: Resolver
    relevance: Relevance
    errors: tuple[ReadError, ...]
    files_seen: int
    files_parsed: int
    digest: str

    def of_functions(self) -> list[str]:
        """The files inside the function directories."""
        return [path for path in self.texts if self._inside(path)]

    def of_clients(self) -> list[str]:
        """All other files."""
        return [path for path in self.texts if not self._inside(path)]

    def _inside(self, path: str) -> bool:
        return any(within(path, app.functions_dir) for app in self.apps)


def survey(path: Path, progress: Progress | None = None) -> Survey:
    """Read the files below `path` and find its apps. Cheap beside parsing: an audit whose digest was seen before can
    stop here. Raises as `read_sources` does."""
    seen = 0
    for root in audit_root(path):
        result = _survey(root, progress)
        if result.apps:
            return result
        seen = seen or len(result.listing.sources)
    raise NotAConvexApp(path, seen)


def prepare(surveyed: Survey, pack: Pack | None = None) -> Sources:
    """Find the files that matter. They are parsed when they are looked at; `pack` has trees of earlier runs."""
    resolver = Resolver(surveyed.texts, surveyed.configs, surveyed.apps, surveyed.listing.links)
    graph = ImportGraph.build(surveyed.texts, surveyed.imports, resolver)
    with deep_recursion():
        relevance = find_relevant(graph, surveyed.apps)
    texts = {path: surveyed.texts[path] for path in relevance.paths}
    errors = (*surveyed.errors, *_unread(surveyed))
    return Sources(
        root=surveyed.root,
        apps=surveyed.apps,
        modules=Syntax(texts, pack, parser_version()),
        texts=texts,
        resolver=resolver,
        relevance=relevance,
        errors=tuple(sorted(errors, key=lambda error: (error.path, error.reason))),
        files_seen=len(surveyed.listing.sources) + len(surveyed.listing.oversized),
        files_parsed=len(texts),
        digest=surveyed.digest,
    )


@cache
def parser_version() -> bytes:
    """Identifies how files become syntax trees: the grammars installed, and this package's own lowering."""
    digest = blake2b(digest_size=16)
    for name in ("tree_sitter", "tree_sitter_typescript", "tree_sitter_svelte"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            installed = os.stat(os.path.dirname(spec.origin)).st_mtime_ns
            digest.update(f"{spec.origin}={installed};".encode())
    here = Path(__file__).parent
    for file in (here / "ir.py", here / "ir_types.py", *sorted((here / "lower").glob("*.py"))):
        digest.update(file.read_bytes())
    return digest.digest()


def _survey(root: Path, progress: Progress | None) -> Survey:
    listing = list_files(root)
    total = len(listing.sources)
    if progress is not None:
        progress("reading", 0, total)
    texts, unreadable = read_files(listing.root, (file.path for file in listing.sources))
    configs, unreadable_configs = read_files(listing.root, listing.configs)
    imports = {path: scan_imports(data) for path, data in texts.items()}
    apps = find_apps(listing, texts, configs, imports)
    if progress is not None:
        progress("reading", total, total)
    errors = (*listing.errors, *unreadable, *unreadable_configs)
    return Survey(listing.root, listing, texts, configs, imports, apps, errors, _digest(listing, texts, configs))


def _digest(listing: Listing, texts: Mapping[str, bytes], configs: Mapping[str, bytes]) -> str:
    digest = blake2b(digest_size=20)
    digest.update(parser_version())
    for label, files in ((b"texts", texts), (b"configs", configs)):
        digest.update(label)
        for path, data in files.items():
            digest.update(b"%d:%s:%d:" % (len(path.encode()), path.encode(), len(data)))
            digest.update(data)
    rest = (listing.oversized, listing.generated, sorted(listing.links.items()), listing.errors, listing.root.name)
    digest.update(repr(rest).encode())
    return digest.hexdigest()


def problems_of(modules: Mapping[str, ir.Module], paths: Iterable[str]) -> list[ReadError]:
    """What lowering could not read of the files at `paths`, line included."""
    return [
        ReadError(path, f"line {problem.line}: {problem.reason}" if problem.line else problem.reason)
        for path in paths
        for problem in modules[path].problems
    ]


def _unread(survey: Survey) -> list[ReadError]:
    """Files inside function directories that were left out although they may matter."""
    directories = [app.functions_dir for app in survey.apps]

    def inside(path: str) -> bool:
        return any(within(path, directory) for directory in directories)

    large = [
        ReadError(file.path, f"generated file of {file.size / 1_000_000:.1f} MB, not parsed")
        for file in survey.listing.oversized
        if inside(file.path)
    ]
    bundles = [
        ReadError(path, "bundled or minified file, not parsed")
        for path, data in survey.texts.items()
        if is_bundle(path, data) and inside(path)
    ]
    return large + bundles
