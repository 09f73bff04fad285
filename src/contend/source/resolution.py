"""What a module specifier means: a file of the repository, a generated file of Convex, a package, or nothing known."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from contend.source.aliases import AliasTables
from contend.source.discovery import AppDirectory
from contend.source.files import SOURCE_ENDINGS
from contend.source.paths import child, join_path, parent_of, within
from contend.source.workspaces import Workspaces, split_package

ResolvedKind: TypeAlias = Literal["file", "generated", "package", "missing"]
GeneratedPart: TypeAlias = Literal["api", "server", "dataModel", "component"]

_GENERATED = re.compile(r"(?:(.*)/)?_generated/(api|server|dataModel|component)(?:_cjs)?(?:\.d)?(?:\.[mc]?[jt]s)?")
_GENERATED_TAIL = re.compile(r"(?:^|[/$~#@])_generated/(api|server|dataModel|component)(?:_cjs)?(?:\.[mc]?[jt]s)?$")
_PARTS: dict[str, GeneratedPart] = {
    "api": "api",
    "server": "server",
    "dataModel": "dataModel",
    "component": "component",
}
_WRITTEN_ENDINGS = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")
_PLATFORM_ENDINGS = (".web", ".native", ".ios", ".android", ".client", ".server")
_ROOTED = re.compile(r"(?:@@?|~~?)/(.*)|\$(\w+)(?:/(.*))?")


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a specifier means.

    - `file`: `path` is a source file of the repository.
    - `generated`: the `part` (`api`, `server`, `dataModel`, `component`) that Convex generates for the function
      directory `functions_dir`, whether or not it is checked in; `path` is the path it has without an ending.
    - `package`: `name` is the package, `subpath` the rest of the specifier (`convex/react` → `convex`, `react`).
    - `missing`: it looks like a path but leads to no source file (a style sheet, an image, a generated file).
    """

    kind: ResolvedKind
    path: str = ""
    name: str = ""
    subpath: str = ""
    functions_dir: str = ""
    part: GeneratedPart | None = None


_MISSING = Resolved("missing")


class Resolver:
    """Resolves the specifiers of one repository. Inputs are fixed at construction; answers are remembered.

    `files`: source file paths. `configs`: configuration files (path → bytes). `apps`: its apps. `links`: symbolic links
    inside the repository.
    """

    def __init__(
        self,
        files: Collection[str],
        configs: Mapping[str, bytes],
        apps: Sequence[AppDirectory] = (),
        links: Mapping[str, str] | None = None,
    ) -> None:
        self._files = frozenset(files)
        self._stems = _stems(self._files, links or {})
        self._directories = frozenset(parent_of(path) for path in self._files)
        self._functions_dirs = {app.functions_dir: app for app in apps}
        self._links = dict(links or {})
        self._workspaces = Workspaces(configs)
        self._aliases = AliasTables(configs, self._workspaces.directories_by_name())
        self._answers: dict[tuple[str, str], Resolved] = {}

    def resolve(self, specifier: str, importer: str) -> Resolved:
        """What `specifier` means in the file `importer` (a path relative to the audited path)."""
        directory = parent_of(importer)
        known = self._answers.get((directory, specifier))
        if known is None:
            known = self._resolve(specifier.partition("?")[0], directory, importer)
            self._answers[directory, specifier] = known
        return known

    def version_of(self, package: str, importer: str) -> str:
        """The version of a package that a file gets, as far as a `package.json` says; "" where none does."""
        return self._workspaces.version_of(package, importer)

    def _resolve(self, specifier: str, directory: str, importer: str) -> Resolved:
        if specifier.startswith("."):
            path = join_path(directory, specifier)
            found = self._at(path) if path is not None else None
            return found or self._guessed_generated(specifier, importer) or Resolved("missing", path=path or "")
        for path in self._absolute(specifier, directory, importer):
            found = self._at(path)
            if found is not None:
                return found
        generated = self._guessed_generated(specifier, importer)
        if generated is not None:
            return generated
        name, subpath = split_package(specifier)
        if specifier[:1] in ("#", "$", "~", "/") or specifier.startswith("@/"):
            return _MISSING if not specifier.startswith(("$app/", "$env/")) else Resolved("package", "", specifier)
        return Resolved("package", name=name, subpath=subpath)

    def _absolute(self, specifier: str, directory: str, importer: str) -> Iterator[str]:
        """Paths that a specifier not starting with `.` may stand for, best first."""
        yield from self._aliases.table(directory).candidates(specifier)
        if specifier.startswith("#"):
            yield from self._workspaces.imported(specifier, importer)
        yield from self._workspaces.exported(specifier, importer)
        package = self._workspaces.directory_around(importer)
        rooted = _ROOTED.fullmatch(specifier)
        if rooted is not None and rooted[1] is not None:
            for base in ("src", "app", ""):
                yield child(child(package, base) if base else package, rooted[1])
        elif rooted is not None:
            rest = "/" + rooted[3] if rooted[3] else ""
            for base in ("src/lib",) if rooted[2] == "lib" else ("", "src/", "src/lib/"):
                yield child(package, base + (rest if base == "src/lib" else rooted[2] + rest))
        elif specifier.startswith("/"):
            yield child(package, specifier[1:])

    def _at(self, path: str) -> Resolved | None:
        """What lies at a path that may lack its ending."""
        path = self._through_links(path)
        generated = _GENERATED.fullmatch(path)
        if generated is not None and (generated[1] or "") in self._functions_dirs:
            return _generated(generated[1] or "", generated[2])
        if path in self._files:
            return Resolved("file", path=path)
        found = self._stems.get(path)
        if found is None:
            stem, dot, ending = path.rpartition(".")
            if dot and "." + ending in _WRITTEN_ENDINGS:
                found = self._stems.get(stem)
        if found is None and path in self._directories:
            found = self._stems.get(child(path, "index"))
        if found is None:
            found = next((self._stems[path + end] for end in _PLATFORM_ENDINGS if path + end in self._stems), None)
        return Resolved("file", path=found) if found is not None else None

    def _through_links(self, path: str) -> str:
        for link, target in self._links.items():
            if within(path, link):
                rest = path[len(link) + 1 :]
                return child(target, rest) if rest else target
        return path

    def _guessed_generated(self, specifier: str, importer: str) -> Resolved | None:
        """A generated file reached by a route that nothing explains: that of the app nearest to the importer."""
        match = _GENERATED_TAIL.search(specifier)
        if match is None or not self._functions_dirs:
            return None
        stated = [part for part in specifier[: match.start()].split("/") if part not in ("", ".", "..")]

        def closeness(functions_dir: str) -> tuple[int, int, bool, int]:
            parts = functions_dir.split("/")
            named = next((n for n in range(min(len(stated), len(parts)), 0, -1) if stated[-n:] == parts[-n:]), 0)
            app = self._functions_dirs[functions_dir]
            around = len(app.root) + 1 if within(importer, app.root) else 0
            return named, around, app.component is None, -len(functions_dir)

        best = max(sorted(self._functions_dirs), key=closeness)
        return _generated(best, match[1])


def _generated(functions_dir: str, part: str) -> Resolved:
    name = _PARTS[part]
    return Resolved("generated", child(functions_dir, f"_generated/{name}"), functions_dir=functions_dir, part=name)


def _stems(files: frozenset[str], links: Mapping[str, str]) -> dict[str, str]:
    """Files by their path without the ending; of several, the one that imports prefer. Links to files count as them."""
    stems: dict[str, str] = {}
    order = {ending: index for index, ending in enumerate(SOURCE_ENDINGS)}
    ranks: dict[str, int] = {}
    for path in files:
        stem, _, ending = path.rpartition(".")
        rank = order.get("." + ending, len(order))
        if rank < ranks.get(stem, len(order) + 1):
            ranks[stem], stems[stem] = rank, path
    for link, target in links.items():
        if target in files:
            stems.setdefault(link.rpartition(".")[0], target)
    return stems
