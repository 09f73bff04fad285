"""Where the Convex apps of a repository are.

An app is one function directory. Evidence for one, any of:

- a `convex.json`: its `functions`, else `convex/` beside it (convex-backend:
  npm-packages/convex/src/cli/lib/config.ts);
- a directory holding the `_generated` directory that Convex writes;
- `convex.config.ts` with `defineComponent`: a component, an app of its own, also inside another function directory;
- a directory named `convex`, not inside of another app's function directory, with a `schema.ts`, a file that imports
  its `_generated/server` by a relative path, or one that uses the generic builders of `convex/server`: what is left of
  an app where `_generated` is not checked in (`src/convex` of create-react-app is one of these).

Copies, templates and examples count as apps of their own: each can be deployed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contend.source.files import Listing, UnreadableInput
from contend.source.imports import ImportReference
from contend.source.lenient_json import decode_object
from contend.source.paths import ancestors_of, below, child, join_path, name_of, nearest_with, parent_of, within

_MODULE_ENDINGS = (".js", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".jsx")
_CONFIG_NAMES = ("convex.config.ts", "convex.config.js")
_SCHEMA_NAMES = ("schema.ts", "schema.js")
_GENERIC_BUILDER = re.compile(
    rb"\b(?:(?:internal)?(?:[qQ]uery|[mM]utation|[aA]ction)Generic|httpActionGeneric|defineSchema|httpRouter|cronJobs"
    rb"|defineApp|defineComponent)\b"
)
_COMPONENT_NAME = re.compile(rb"""\bdefineComponent\s*(?:<[^>]*>)?\s*\(\s*["'`]([\w-]+)["'`]""")
_IMPORT_OR_EXPORT_LINE = re.compile(rb"^\s{0,100}(?:import|export)", re.MULTILINE)


class NotAConvexApp(UnreadableInput):
    """The path holds no function directory, nor does it lie in an app."""

    def __init__(self, path: Path, sources: int) -> None:
        self.path = path
        files = "1 source file" if sources == 1 else f"{sources} source files"
        seen = f"{files}, none in a function directory" if sources else "no JavaScript or TypeScript"
        super().__init__(
            f"{path}: no Convex app found ({seen}). Looked for convex.json, a convex/ directory with a schema.ts or "
            "registered functions, _generated/ directories and convex.config.ts, here and in the directories above. "
            "Give the directory that holds convex.json or convex/."
        )


@dataclass(frozen=True, slots=True)
class AppDirectory:
    """One function directory. All paths are relative to the audited path.

    `root` is the directory of the `convex.json` that names it, else of the nearest `package.json` or `convex.json`
    above it; "" for the audited path itself. `component` is the name given to `defineComponent`. `config_file` is its
    `convex.config.ts`. `modules` are the files that Convex bundles, so those that may register functions; other files
    register nothing but may be imported. `functions_dir` is "" where the audited path itself is one.
    """

    root: str
    functions_dir: str
    component: str | None
    config_file: str | None
    modules: tuple[str, ...]
    schema_file: str | None

    def module_path(self, path: str) -> str:
        """The module path of a file: `convex/foo/bar.ts` is `foo/bar` (convex-backend:
        npm-packages/convex/src/server/api.ts)."""
        relative = below(path, self.functions_dir)
        return relative.rpartition(".")[0]


def find_apps(
    listing: Listing,
    texts: Mapping[str, bytes],
    configs: Mapping[str, bytes],
    imports: Mapping[str, Sequence[ImportReference]],
) -> tuple[AppDirectory, ...]:
    """The apps below the listed path, by function directory. `texts`: source files; `configs`: `listing.configs`."""
    named = _named_by_convex_json(listing, configs)
    config_files = {parent_of(path): path for path in texts if name_of(path) in _CONFIG_NAMES}
    strong = {*named, *listing.generated}
    components = {directory: path for directory, path in config_files.items() if b"defineComponent" in texts[path]}
    strong.update(components)
    weak = _by_name_and_content(listing, texts, imports)
    around = {above for directory in strong if directory not in components for above in ancestors_of(directory)}
    weak -= around | {each for each in weak if any(above in strong or above in weak for above in ancestors_of(each))}
    directories = sorted(strong | weak)
    by_directory = _sources_by_app(directories, listing)
    apps: list[AppDirectory] = []
    roots = {parent_of(path) for path in listing.configs if name_of(path) in ("package.json", "convex.json")}
    for directory in directories:
        files = by_directory[directory]
        if not files:
            continue
        config_file = config_files.get(directory)
        apps.append(
            AppDirectory(
                root=named[directory] if directory in named else nearest_with(directory, roots) or "",
                functions_dir=directory,
                component=_component_name(directory, config_file, texts),
                config_file=config_file,
                modules=tuple(path for path in files if path in texts and _is_bundled(path, directory, texts[path])),
                schema_file=next((name for name in _schema_paths(directory) if name in texts), None),
            )
        )
    return tuple(apps)


def is_functions_directory(directory: Path) -> bool:
    """Whether a directory on disk says by itself that it is a function directory. Reads names only."""
    try:
        found = {entry.name for entry in directory.iterdir()}
    except OSError:
        return False
    if "convex.config.ts" in found:
        return True
    if "_generated" in found:
        names = ("dataModel.d.ts", "dataModel.ts", "server.js", "server.d.ts", "server.ts")
        return any((directory / "_generated" / name).exists() for name in names)
    return directory.name == "convex" and not found.isdisjoint(_SCHEMA_NAMES)


def _named_by_convex_json(listing: Listing, configs: Mapping[str, bytes]) -> dict[str, str]:
    """Function directories that a `convex.json` names, each with the directory of that file."""
    named: dict[str, str] = {}
    for path in listing.configs:
        if name_of(path) != "convex.json":
            continue
        root = parent_of(path)
        functions = decode_object(configs.get(path, b"")).get("functions", "convex/")
        directory = join_path(root, functions) if isinstance(functions, str) else None
        if directory is not None:
            directory = listing.links.get(directory, directory)
        if directory is not None and directory in listing.directories:
            named.setdefault(directory, root)
    return named


def _by_name_and_content(
    listing: Listing, texts: Mapping[str, bytes], imports: Mapping[str, Sequence[ImportReference]]
) -> set[str]:
    candidates = {
        directory for directory in listing.directories if directory == "convex" or directory.endswith("/convex")
    }
    if listing.root.name == "convex":
        candidates.add("")
    found = {directory for directory in candidates if any(path in texts for path in _schema_paths(directory))}
    for path, references in imports.items():
        around = [above for above in ancestors_of(path) if above in candidates and above not in found]
        if around:
            found.update(each for each in around if _registers_in(each, path, references, texts[path]))
    return found


def _registers_in(directory: str, path: str, references: Sequence[ImportReference], text: bytes) -> bool:
    """Whether a file looks like one of the functions in `directory`."""
    for reference in references:
        if reference.specifier == "convex/server" and _GENERIC_BUILDER.search(text):
            return True
        above, own, _ = reference.specifier.partition("_generated/server")
        if own and above.startswith(".") and join_path(parent_of(path), above) == directory:
            return True
    return False


def _sources_by_app(directories: Sequence[str], listing: Listing) -> dict[str, list[str]]:
    """Source files by the deepest function directory around them."""
    known = set(directories)
    files: dict[str, list[str]] = {directory: [] for directory in directories}
    for file in listing.sources:
        owner = nearest_with(file.path, known)
        if owner is not None:
            files[owner].append(file.path)
    return files


def _is_bundled(path: str, functions_dir: str, data: bytes) -> bool:
    """Whether Convex bundles this file as a module (convex-backend: npm-packages/convex/src/bundler/index.ts)."""
    relative = below(path, functions_dir)
    name = name_of(relative)
    if not name.endswith(_MODULE_ENDINGS) or name.startswith((".", "#")) or name in _SCHEMA_NAMES:
        return False
    if relative.startswith(("_generated/", "_deps/")) or name.count(".") > 1 or " " in relative:
        return False
    return not name.endswith((".ts", ".tsx")) or _IMPORT_OR_EXPORT_LINE.search(data) is not None


def _component_name(directory: str, config_file: str | None, texts: Mapping[str, bytes]) -> str | None:
    if config_file is None or b"defineComponent" not in texts[config_file]:
        return None
    match = _COMPONENT_NAME.search(texts[config_file])
    return match[1].decode() if match else name_of(directory) or None


def _schema_paths(directory: str) -> tuple[str, ...]:
    return tuple(child(directory, name) for name in _SCHEMA_NAMES)


def owner_of(path: str, apps: Sequence[AppDirectory]) -> AppDirectory | None:
    """The app in whose function directory a file lies; the deepest where they nest."""
    around = [app for app in apps if within(path, app.functions_dir)]
    return max(around, key=lambda app: len(app.functions_dir), default=None)
