"""The packages of a repository by name, and which source file a specifier into one of them stands for.

A package of the repository is meant only where a package manager would link it: within one workspace (`workspaces` of
a `package.json`, `pnpm-workspace.yaml`), by a `workspace:`, `file:` or `link:` dependency, or from inside itself. The
same name elsewhere, in a vendored checkout say, is the published package.

`exports`, `main`, `module` and `types` usually name built files; they are mapped back to sources (`dist/x.js` →
`src/x.ts`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contend.source.gitignore import glob_pattern
from contend.source.lenient_json import decode_object
from contend.source.paths import ancestors_of, below, child, join_path, name_of, nearest_with, parent_of, within

_PACKAGE_NAME = re.compile(r"(@[^/]+/[^/]+|[^/@.#$~][^/]*)(?:/(.*))?")
_BUILT = re.compile(r"(^|/)(?:dist|build|lib|out|esm|cjs)(?:/(?:esm|cjs|es|types))?/")
_VERSION = re.compile(r"\d+(?:\.\d+)+")
_LINKING = ("workspace:", "file:", "link:", "portal:")
_PNPM_PACKAGES = re.compile(r"^packages:[ \t]*\n((?:[ \t]*(?:-[^\n]*|#[^\n]*)?\n?)*)", re.MULTILINE)
_PNPM_ENTRY = re.compile(r"""^[ \t]*-[ \t]*["']?([^"'\s#]+)""", re.MULTILINE)
_NEVER_LOCAL = frozenset({"convex"})  # its own repository holds it too; what it does is known without reading it


@dataclass(frozen=True, slots=True)
class Package:
    """One `package.json`: its directory, and the fields that say what its specifiers mean. `linked` names the
    dependencies that lie in the repository by their version; `members` are the globs of its workspace; `versions` are
    the ranges of its dependencies."""

    directory: str
    name: str
    exports: object
    imports: object
    mains: tuple[str, ...]
    linked: frozenset[str]
    members: tuple[str, ...]
    versions: Mapping[str, str]


class Workspaces:
    """All packages of a repository, from its configuration files (path → bytes)."""

    def __init__(self, configs: Mapping[str, bytes]) -> None:
        self._by_directory: dict[str, Package] = {}
        self._by_name: dict[str, list[Package]] = {}
        for path in sorted(configs):
            if name_of(path) == "package.json":
                package = _read(parent_of(path), configs)
                self._by_directory[package.directory] = package
                if package.name and package.name not in _NEVER_LOCAL:
                    self._by_name.setdefault(package.name, []).append(package)

        self._workspace: dict[str, str | None] = {}
        roots = [package for package in self._by_directory.values() if package.members]
        for directory in self._by_directory:
            owners = [root.directory for root in roots if _is_member(directory, root)]
            self._workspace[directory] = max(owners, key=len, default=None)

    def directories_by_name(self) -> dict[str, str]:
        """Where each named package is."""
        return {name: packages[0].directory for name, packages in self._by_name.items()}

    def directory_around(self, path: str) -> str:
        """The directory of the package in which a file lies; "" where there is none."""
        return nearest_with(path, self._by_directory) or ""

    def exported(self, specifier: str, importer: str) -> Iterator[str]:
        """Paths that a specifier into a package of this repository may stand for, best first."""
        name, subpath = split_package(specifier)
        packages = [each for each in self._by_name.get(name, ()) if self._is_visible(each, importer)]
        if not packages:
            return
        package = max(packages, key=lambda each: _common(each.directory, importer))
        yield from _placed(package, _matching(package.exports, "./" + subpath if subpath else "."))
        if subpath:
            yield from _placed(package, [subpath])
            yield child(package.directory, "src/" + subpath)
        else:
            yield from _placed(package, package.mains)
            yield child(package.directory, "src/index")
            yield child(package.directory, "index")

    def _is_visible(self, package: Package, importer: str) -> bool:
        if within(importer, package.directory):
            return True
        workspace = self._workspace[package.directory]
        if workspace is not None and within(importer, workspace):
            return True
        around = self._by_directory.get(self.directory_around(importer))
        return around is not None and package.name in around.linked

    def version_of(self, package: str, importer: str) -> str:
        """The version of a dependency as the nearest `package.json` above a file asks for it, its operators left out;
        "" where none does, or by something else than a number."""
        for directory in ancestors_of(importer):
            around = self._by_directory.get(directory)
            if around is not None and package in around.versions:
                found = _VERSION.search(around.versions[package])
                return found[0] if found else ""
        return ""

    def imported(self, specifier: str, importer: str) -> Iterator[str]:
        """Paths that `#name` may stand for: the `imports` of the package around the importing file."""
        package = self._by_directory.get(self.directory_around(importer))
        if package is not None:
            yield from _placed(package, _matching(package.imports, specifier))


def split_package(specifier: str) -> tuple[str, str]:
    """`@acme/backend/convex/x` is package `@acme/backend`, sub-path `convex/x`."""
    match = _PACKAGE_NAME.fullmatch(specifier)
    return (match[1], match[2] or "") if match else (specifier, "")


def _read(directory: str, configs: Mapping[str, bytes]) -> Package:
    fields = decode_object(configs[child(directory, "package.json")])
    name = fields.get("name")
    mains = [fields.get(key) for key in ("source", "svelte", "module", "main", "types", "typings")]
    dependencies = [fields.get(key) for key in ("dependencies", "devDependencies", "peerDependencies")]
    return Package(
        directory=directory,
        name=name if isinstance(name, str) else "",
        exports=fields.get("exports"),
        imports=fields.get("imports"),
        mains=tuple(main for main in mains if isinstance(main, str)),
        linked=frozenset(
            dependency
            for table in dependencies
            if isinstance(table, dict)
            for dependency, version in table.items()
            if isinstance(version, str) and version.startswith(_LINKING)
        ),
        versions={
            dependency: version
            for table in reversed(dependencies)
            if isinstance(table, dict)
            for dependency, version in table.items()
            if isinstance(version, str)
        },
        members=(*_globs(fields.get("workspaces")), *_pnpm_globs(configs.get(child(directory, "pnpm-workspace.yaml")))),
    )


def _globs(workspaces: object) -> Iterator[str]:
    if isinstance(workspaces, dict):
        workspaces = workspaces.get("packages")
    if isinstance(workspaces, list):
        yield from (each for each in workspaces if isinstance(each, str))


def _pnpm_globs(data: bytes | None) -> Iterator[str]:
    """The entries under `packages:`. The file is YAML, of which only plain lists are written here in practice."""
    listed = _PNPM_PACKAGES.search((data or b"").decode("utf-8", "replace").replace("\r\n", "\n"))
    for match in _PNPM_ENTRY.finditer(listed[1] if listed else ""):
        yield match[1]


def _is_member(directory: str, root: Package) -> bool:
    """Whether a package belongs to the workspace of `root`: by the last glob that speaks of it, or being its root."""
    if directory == root.directory:
        return True
    if not within(directory, root.directory):
        return False
    verdict = False
    for glob in root.members:
        excluded = glob.startswith("!")
        if re.fullmatch(
            glob_pattern(glob.lstrip("!").removeprefix("./").rstrip("/")), below(directory, root.directory)
        ):
            verdict = not excluded
    return verdict


def _matching(table: object, key: str) -> Iterator[str]:
    """The targets that an `exports` or `imports` table gives for `key`."""
    if not isinstance(table, dict) or not any(isinstance(each, str) and each[:1] in (".", "#") for each in table):
        if key == ".":
            yield from _targets(table)
        return
    if key in table:
        yield from _targets(table[key])
        return
    for pattern in sorted((each for each in table if isinstance(each, str) and "*" in each), key=len, reverse=True):
        prefix, _, suffix = pattern.partition("*")
        if key.startswith(prefix) and key.endswith(suffix) and len(key) >= len(prefix) + len(suffix):
            middle = key[len(prefix) : len(key) - len(suffix)]
            for target in _targets(table[pattern]):
                yield target.replace("*", middle)


def _targets(value: object) -> Iterator[str]:
    """All strings in a conditional target, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _targets(each)
    elif isinstance(value, list):
        for each in value:
            yield from _targets(each)


def _placed(package: Package, targets: Iterator[str] | tuple[str, ...] | list[str]) -> Iterator[str]:
    """Targets as paths: as written, then as the source that a built file comes from."""
    for target in targets:
        placed = join_path(package.directory, target)
        if placed is None:
            continue
        yield placed
        inner = placed[len(package.directory) :].lstrip("/")
        source = _BUILT.sub(r"\1src/", inner, count=1)
        if source != inner:
            yield child(package.directory, source)
            yield child(package.directory, source.replace("src/", "", 1))


def _common(directory: str, path: str) -> int:
    """How many leading parts two paths share."""
    count = 0
    for left, right in zip(directory.split("/"), path.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count
