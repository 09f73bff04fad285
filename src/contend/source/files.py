"""The files of an audited path: which there are, and their bytes.

Everything that reads the disk on behalf of an audit goes through here. Paths are relative to the audited path, joined
with `/`, sorted by code point, and the same on every machine.

What is left out, and why:

- `node_modules` and everything whose name starts with a dot (`.git`, `.next`, `.svelte-kit`, `.output` …): not the
  app's own source, or generated on each machine.
- `dist`, `build`, `out`, `coverage`, `storybook-static`, `vendor` … **where they stand beside a `package.json` or at
  the top of the audited path**, which is where tools write them. Deeper ones are kept: `app/vendor/page.tsx` is a page
  about vendors. One that holds a `convex.json` is kept as well.
- What `.gitignore` files at or below the audited path exclude.
- What `npx convex deploy --debug-bundle-path` wrote (a directory with a `_deps` of hashed chunks).
- Declarations (`.d.ts`), minified files (`.min.js`), Convex's `_generated` directories (their content follows from the
  rest), files that are not text, and bundles.

Inside function directories nothing is left out for its directory's name or for `.gitignore`: Convex pushes what lies on
disk there, ignored by git or not.

A symbolic link that leads back into the audited path is not walked, but remembered (`Listing.links`) so that imports
through it resolve; one that leads out of it is walked once.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from contend.model.app import ReadError
from contend.model.errors import InputError
from contend.source.gitignore import IgnoreFile
from contend.source.paths import child

SOURCE_ENDINGS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".svelte", ".vue")
"""Endings of files that may hold code, in the order in which an import without an ending tries them."""

LARGEST_SOURCE = 2_000_000
"""Bytes above which a file is taken for generated and not read."""

_SKIPPED_DIRECTORIES = frozenset({"node_modules", "bower_components", "__pycache__"})
_OUTPUT_DIRECTORIES = frozenset(
    {
        "dist",
        "build",
        "out",
        "coverage",
        "storybook-static",
        "vendor",
        "target",
        "playwright-report",
        "test-results",
    }
)
_CONFIG_NAME = re.compile(
    r"package\.json|convex\.json|pnpm-workspace\.yaml|tsconfig(?:[.-][\w.-]*)?\.json|jsconfig(?:[.-][\w.-]*)?\.json"
    r"|svelte\.config\.(?:js|ts|mjs|cjs)"
)
_DECLARATION = re.compile(r"\.d\.(?:[\w-]+\.)?[mc]?ts$")
_MINIFIED = re.compile(r"[.-]min\.[mc]?js$")
_SCRIPT = (".js", ".mjs", ".cjs")
_CHUNK = re.compile(r"[A-Z0-9]{8}\.js")
_DEEPEST = 64


class UnreadableInput(InputError):
    """The audited path cannot be audited at all. The message says what, where and what to do."""


class PathNotFound(UnreadableInput):
    """Nothing exists at the audited path, or it may not be opened."""

    def __init__(self, path: Path, reason: str = "there is no such file or directory") -> None:
        self.path = path
        super().__init__(f"{path}: {reason}. Give the directory of an app that uses Convex.")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that may hold code. `size` counts bytes."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies below an audited path.

    `sources` may hold code and are small enough to read; `oversized` are not read. `configs` say how imports resolve
    and where functions live (`package.json`, `convex.json`, `tsconfig.json` …). `generated` are the directories that
    contain a `_generated` directory of Convex. `links` maps symbolic links inside the path to what they point at,
    inside it too. `directories` is every directory walked, the top one as "".
    """

    root: Path
    sources: tuple[SourceFile, ...] = ()
    oversized: tuple[SourceFile, ...] = ()
    configs: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()
    directories: frozenset[str] = frozenset()
    links: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[ReadError, ...] = ()


def list_files(path: Path) -> Listing:
    """List the files at or below `path`. A file lists itself alone, below its directory.

    Raises `PathNotFound` where `path` does not exist or cannot be opened.
    """
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise PathNotFound(path, _reason(error)) from error
    if not stat.S_ISDIR(mode):
        return _list_single(path)
    try:
        os.scandir(path).close()
    except OSError as error:
        raise PathNotFound(path, _reason(error)) from error
    walk = _Walk(os.path.abspath(path))
    walk.directory("", 0, inside_functions=_is_functions_name(os.path.basename(walk.root)), ignores=())
    return walk.listing()


def _list_single(path: Path) -> Listing:
    root = Path(os.path.abspath(path)).parent
    if not _is_source_name(path.name):
        return Listing(root)
    file = SourceFile(path.name, path.stat().st_size)
    if file.size > LARGEST_SOURCE:
        return Listing(root, oversized=(file,), directories=frozenset({""}))
    return Listing(root, sources=(file,), directories=frozenset({""}))


class _Walk:
    """One pass over a directory tree."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.sources: list[SourceFile] = []
        self.oversized: list[SourceFile] = []
        self.configs: list[str] = []
        self.generated: list[str] = []
        self.directories: set[str] = set()
        self.links: dict[str, str] = {}
        self.errors: list[ReadError] = []
        self._real_root = os.path.realpath(root)
        self._outside_seen: set[str] = set()

    def listing(self) -> Listing:
        return Listing(
            root=Path(self.root),
            sources=tuple(sorted(self.sources, key=lambda file: file.path)),
            oversized=tuple(sorted(self.oversized, key=lambda file: file.path)),
            configs=tuple(sorted(self.configs)),
            generated=tuple(sorted(self.generated)),
            directories=frozenset(self.directories),
            links=dict(sorted(self.links.items())),
            errors=tuple(sorted(self.errors, key=lambda error: error.path)),
        )

    def directory(self, path: str, depth: int, *, inside_functions: bool, ignores: tuple[IgnoreFile, ...]) -> None:
        if depth > _DEEPEST:
            self.errors.append(ReadError(path, f"more than {_DEEPEST} directories deep, not read"))
            return
        try:
            with os.scandir(self._on_disk(path)) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self.errors.append(ReadError(_printable(path), f"directory not readable: {_reason(error)}"))
            return
        names = {entry.name for entry in entries}
        if "_deps" in names and self._is_convex_bundle(child(path, "_deps")):
            return
        self.directories.add(path)
        if "_generated" in names and self._is_convex_output(child(path, "_generated")):
            self.generated.append(path)
        inside_functions = inside_functions or path in self.generated or "convex.config.ts" in names
        if any(entry.name == ".gitignore" and entry.is_file() for entry in entries):
            ignores = (*ignores, *self._ignore_file(path))
        package = path == "" or "package.json" in names
        for entry in entries:
            self._entry(entry, path, depth, inside_functions, package, ignores)

    def _entry(
        self,
        entry: os.DirEntry[str],
        parent: str,
        depth: int,
        inside_functions: bool,
        package: bool,
        ignores: tuple[IgnoreFile, ...],
    ) -> None:
        name = entry.name
        path = child(parent, name)
        if name.startswith("."):
            return
        try:
            if entry.is_symlink() and not self._follows(entry, path):
                return
            is_directory = entry.is_dir()
        except OSError as error:
            self.errors.append(ReadError(_printable(path), f"not readable: {_reason(error)}"))
            return
        if is_directory:
            if name in _SKIPPED_DIRECTORIES or (name == "_generated" and parent in self.generated):
                return
            functions = inside_functions or _is_functions_name(name)
            if not functions and (
                (package and name in _OUTPUT_DIRECTORIES and not os.path.exists(self._on_disk(path, "convex.json")))
                or _ignored(ignores, path, is_directory=True)
            ):
                return
            self.directory(path, depth + 1, inside_functions=functions, ignores=ignores)
        elif _CONFIG_NAME.fullmatch(name):
            if entry.is_file() and _printable(path) == path:  # opening a pipe would wait for its other end
                self.configs.append(path)
            if name.startswith("svelte"):
                self._source(entry, path)
        elif _is_source_name(name) and (inside_functions or not _ignored(ignores, path, is_directory=False)):
            self._source(entry, path)

    def _source(self, entry: os.DirEntry[str], path: str) -> None:
        if _printable(path) != path:
            self.errors.append(ReadError(_printable(path), "the file's name is not valid Unicode, not read"))
            return
        try:
            status = entry.stat()
        except OSError as error:
            self.errors.append(ReadError(path, f"not readable: {_reason(error)}"))
            return
        if not stat.S_ISREG(status.st_mode):
            return
        into = self.oversized if status.st_size > LARGEST_SOURCE else self.sources
        into.append(SourceFile(path, status.st_size))

    def _follows(self, link: os.DirEntry[str], path: str) -> bool:
        """Whether what a symbolic link points at is to be walked under the link's name."""
        target = os.path.realpath(link.path)
        if target == self._real_root or target.startswith(self._real_root + os.sep):
            inside = os.path.relpath(target, self._real_root).replace(os.sep, "/")
            self.links[path] = "" if inside == "." else inside
            return False
        if target in self._outside_seen or self._real_root.startswith(target.rstrip(os.sep) + os.sep):
            return False
        self._outside_seen.add(target)
        return os.path.exists(target)

    def _is_convex_output(self, path: str) -> bool:
        try:
            stems = {name.split(".")[0] for name in os.listdir(self._on_disk(path))}
        except OSError:
            return False
        return "dataModel" in stems or {"api", "server"} <= stems

    def _is_convex_bundle(self, path: str) -> bool:
        for place in (self._on_disk(path), self._on_disk(path, "node")):
            try:
                if any(_CHUNK.fullmatch(name) for name in os.listdir(place)):
                    return True
            except OSError:
                continue
        return False

    def _ignore_file(self, directory: str) -> Iterator[IgnoreFile]:
        try:
            with open(self._on_disk(directory, ".gitignore"), encoding="utf-8", errors="replace") as file:
                yield IgnoreFile.parse(directory, file.read())
        except OSError:
            return

    def _on_disk(self, *parts: str) -> str:
        return os.path.join(self.root, *(part.replace("/", os.sep) for part in parts if part))


def read_files(root: Path, paths: Iterable[str]) -> tuple[dict[str, bytes], tuple[ReadError, ...]]:
    """Read files; those that cannot be read become errors, those that are not text are left out silently."""
    texts: dict[str, bytes] = {}
    errors: list[ReadError] = []
    prefix = os.path.join(os.fspath(root), "")
    for path in paths:
        try:
            with open(prefix + path, "rb", buffering=0) as file:
                data = file.read()
        except OSError as error:
            errors.append(ReadError(path, f"not readable: {_reason(error)}"))
            continue
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            errors.append(ReadError(path, "stored as UTF-16, not parsed; store it as UTF-8"))
        elif b"\0" not in data[:1024]:
            texts[path] = data
    return texts, tuple(errors)


def is_read(path: str) -> bool:
    """Whether an audit may look at a file of this name: at what it holds, or at its being there."""
    name = path.rpartition("/")[2]
    return name.endswith(SOURCE_ENDINGS) or name == ".gitignore" or _CONFIG_NAME.fullmatch(name) is not None


def is_bundle(path: str, data: bytes) -> bool:
    """Whether a script is the output of a bundler or minifier: by its opening, or long in a few very long lines."""
    if not path.endswith(_SCRIPT):
        return False
    if "/_app/immutable/" in f"/{path}" or "/_next/static/" in f"/{path}":
        return True  # SvelteKit's and Next.js's own output, checked in
    if len(data) < 2_000:
        return False
    if len(data) > 20_000 and data.count(b"\n") * 400 < len(data):
        return True
    return b"__defProp = Object.defineProperty" in data[:2_000] or b"webpackBootstrap" in data[:2_000]


def _is_source_name(name: str) -> bool:
    return name.endswith(SOURCE_ENDINGS) and not _DECLARATION.search(name) and not _MINIFIED.search(name)


def _is_functions_name(name: str) -> bool:
    return name == "convex"


def _ignored(ignores: tuple[IgnoreFile, ...], path: str, *, is_directory: bool) -> bool:
    for ignore in reversed(ignores):
        verdict = ignore.verdict(path, is_directory=is_directory)
        if verdict is not None:
            return verdict
    return False


def _printable(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
