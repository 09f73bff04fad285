"""Which files are worth parsing.

An audit needs the code of every app's functions and of everything that leads to a call of one; the rest of a repository
(often most of it) only costs time. From the import graph:

- **functions**: the modules of each app, its schema and `convex.config.ts`, and all that they import, transitively,
  types and constants included.
- **callers**: files with a *mark* of Convex (they import generated code or a package for Convex clients, or call a
  function by its path in a string), and everything that imports one, transitively: the last link of a chain, such as a
  server hook, often never names Convex.
- **support**: files that callers import and that decide when or how often something is called (effects, timers,
  debouncing, retries), transitively through such files, up to `LARGEST_SUPPORT` bytes; and small files of constants,
  since intervals are often named.

A file that only re-exports others (a barrel) passes relevance on by name: what imports a barrel counts only if it takes
one of the names that lead to a relevant file. Imports of types carry no calls, so callers are not followed
through them.

Tests, stories and end-to-end suites are not callers in production and are left out, unless the audited path or the app
itself lies inside such a directory, or Convex pushes them as modules (`convex/testing/seed.ts`). Bundles are left out
everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from contend.source.discovery import AppDirectory
from contend.source.files import is_bundle
from contend.source.import_graph import ImportGraph, passed_names
from contend.source.imports import ImportReference
from contend.source.paths import below, nearest_with, within
from contend.source.resolution import Resolved

LARGEST_SUPPORT = 50_000
LARGEST_CONSTANTS = 10_000

_TEST_FILE = re.compile(r"\.(?:test|spec|stories|story|cy|e2e|bench)\.[\w.]+$")
_TEST_DIRECTORY = re.compile(r"(?:^|/)(?:__tests__|__mocks__|__fixtures__|e2e|cypress|playwright|\.storybook)/")
_TOP_TEST_DIRECTORY = re.compile(r"(?:src/)?(?:tests?|testing|spec)/")
_CLIENT_WORD = b"convex"
_TYPES_ONLY_SUBPATHS = frozenset({"values"})
_PATH_CALL = re.compile(rb"""["'`]([\w./-]{1,120}):(\w{1,80})["'`]""")
_HTTP_CALL = (b"/api/mutation", b"/api/action", b"/api/run/")
_CLIENT_CALL = (b".mutation(", b".action(", b".query(", b"makeFunctionReference")
_MAKES_CALLS_HAPPEN = (
    b"useEffect",
    b"useLayoutEffect",
    b"setInterval",
    b"setTimeout",
    b"addEventListener",
    b"onMount",
    b"$effect",
    b"$: ",
    b"watch(",
    b"watchEffect",
    b"IntersectionObserver",
    b"requestAnimationFrame",
    b"requestIdleCallback",
    b"ebounce",
    b"hrottle",
    b"etry",
)
_CONSTANT = re.compile(rb"export const [A-Z][A-Z0-9_]+\b[^=\n]*=")


@dataclass(frozen=True, slots=True)
class Relevance:
    """The files to parse, by why; the three do not overlap, each is sorted."""

    functions: tuple[str, ...]
    callers: tuple[str, ...]
    support: tuple[str, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """All of them, sorted."""
        return tuple(sorted((*self.functions, *self.callers, *self.support)))


def find_relevant(graph: ImportGraph, apps: Sequence[AppDirectory]) -> Relevance:
    """The files of a repository that an audit of `apps` needs."""
    search = _Search(graph, apps)
    functions = search.functions()
    callers = search.callers() - functions
    support = search.support(callers) - functions - callers
    return Relevance(tuple(sorted(functions)), tuple(sorted(callers)), tuple(sorted(support)))


def is_test_file(path: str, roots: Collection[str] = frozenset({""})) -> bool:
    """Whether a file belongs to tests, stories or end-to-end suites, seen from the nearest of `roots` above it."""
    if _TEST_FILE.search(path):
        return True
    relative = below(path, nearest_with(path, roots) or "")
    return bool(_TEST_DIRECTORY.search(relative) or _TOP_TEST_DIRECTORY.match(relative))


class _Search:
    def __init__(self, graph: ImportGraph, apps: Sequence[AppDirectory]) -> None:
        self._graph = graph
        self._apps = apps
        self._functions_dirs = tuple(app.functions_dir for app in apps)
        self._module_paths = {app.module_path(path).encode() for app in apps for path in app.modules}
        roots = {directory for app in apps for directory in (app.root, app.functions_dir)}
        modules = {path for app in apps for path in app.modules}
        self._readable = {
            path
            for path, text in graph.texts.items()
            if (path in modules or not is_test_file(path, roots)) and not is_bundle(path, text)
        }

    def functions(self) -> set[str]:
        starts: set[str] = set()
        for app in self._apps:
            extra = (app.schema_file, app.config_file)
            starts.update(path for path in (*app.modules, *extra) if path is not None and path in self._readable)
        return self._downward(starts, types=True, accepts=lambda path: True)

    def callers(self) -> set[str]:
        marked = {path for path in self._readable if not self._in_functions(path) and self._is_marked(path)}
        return self._upward(marked)

    def support(self, callers: set[str]) -> set[str]:
        return self._downward(callers, types=False, accepts=self._supports)

    def _in_functions(self, path: str) -> bool:
        return any(within(path, directory) for directory in self._functions_dirs)

    def _is_marked(self, path: str) -> bool:
        if any(_is_client_import(*each) for each in self._graph.elsewhere[path]):
            return True
        text = self._graph.texts[path]
        if any(mark in text for mark in _HTTP_CALL) and (b"onvex" in text or b"CONVEX" in text):
            return True
        return any(mark in text for mark in _CLIENT_CALL) and any(
            match[1] in self._module_paths for match in _PATH_CALL.finditer(text)
        )

    def _supports(self, path: str) -> bool:
        text = self._graph.texts[path]
        if len(text) <= LARGEST_SUPPORT and any(mark in text for mark in _MAKES_CALLS_HAPPEN):
            return True
        return len(text) <= LARGEST_CONSTANTS and _CONSTANT.search(text) is not None

    def _upward(self, starts: set[str]) -> set[str]:
        """`starts` and what imports them, transitively."""
        found = set(starts)
        waiting = sorted(starts)
        while waiting:
            path = waiting.pop()
            for importer, barrels in self._importers(path):
                if importer in found or importer not in self._readable or self._in_functions(importer):
                    continue
                found.update(barrel for barrel in barrels if barrel in self._readable)
                found.add(importer)
                waiting.append(importer)
        return found

    def _importers(self, path: str) -> Iterator[tuple[str, frozenset[str]]]:
        """Files that import `path`, each with the barrels on the way, of which the first are enough."""
        waiting: list[tuple[str, frozenset[bytes] | None, frozenset[str]]] = [(path, None, frozenset({path}))]
        seen: set[tuple[str, frozenset[bytes] | None]] = set()
        while waiting:
            at, names, through = waiting.pop()
            if (at, names) in seen:
                continue
            seen.add((at, names))
            for edge in self._graph.incoming.get(at, ()):
                if edge.kind == "import" and (names is None or self._graph.takes(edge, names)):
                    yield edge.importer, through
                elif edge.kind == "export":
                    passed = passed_names(edge.clause, self._graph.exported_names(at) if names is None else names)
                    if passed:
                        waiting.append((edge.importer, passed, through | {edge.importer}))

    def _downward(self, starts: set[str], *, types: bool, accepts: Callable[[str], bool]) -> set[str]:
        """`starts` and what they import, transitively through files that are accepted."""
        found = set(starts)
        waiting = sorted(starts)
        while waiting:
            path = waiting.pop()
            re_exports = self._in_functions(path)  # elsewhere they matter as far as somebody names them
            for edge in self._graph.outgoing[path]:
                if (not types and edge.kind == "type") or (not re_exports and edge.kind.startswith("export")):
                    continue
                for target, barrels in self._graph.leads_to(edge):
                    if target in found or target not in self._readable or not accepts(target):
                        continue
                    found.update(barrel for barrel in barrels if barrel in self._readable)
                    found.add(target)
                    waiting.append(target)
        return found


def _is_client_import(reference: ImportReference, resolved: Resolved) -> bool:
    """Whether an import can be the start of calls: of generated code other than the data model, or of a client."""
    if reference.kind in ("type", "export-type"):
        return False
    if resolved.kind == "generated":
        return resolved.part in ("api", "server")
    return _CLIENT_WORD.decode() in resolved.name and resolved.subpath not in _TYPES_ONLY_SUBPATHS
