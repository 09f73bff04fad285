"""What stands for what in module specifiers: `paths` and `baseUrl` of tsconfig files, aliases of SvelteKit.

Configurations are read as they are checked in. Generated ones (`.svelte-kit/tsconfig.json`) are not used even where
they exist, so that results do not depend on what was run before; what they would say is derived instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contend.source.lenient_json import decode_object
from contend.source.paths import child, join_path, parent_of

_KIT_ALIAS_BLOCK = re.compile(r"\balias\s*:\s*\{([^{}]*)\}")
_KIT_ALIAS = re.compile(
    r"""(?:["'](?P<quoted>[^"'\n]+)["']|(?P<bare>[$\w]+))\s*:\s*(?:[\w.]+\(\s*)?(?:[\w.]+\s*,\s*)*["'](?P<to>[^"'\n]+)["']"""
)
_KIT_LIB = re.compile(r"""\bfiles\s*:\s*\{[^{}]*\blib\s*:\s*["']([^"'\n]+)["']""")
_DEEPEST_EXTENDS = 12


@dataclass(frozen=True, slots=True)
class Alias:
    """`prefix*suffix` (or exactly `prefix`) stands for `targets`, each a path with at most one `*`."""

    prefix: str
    suffix: str
    exact: bool
    targets: tuple[str, ...]

    @classmethod
    def parse(cls, pattern: str, targets: tuple[str, ...]) -> Alias:
        """An alias as tsconfig writes it: `@/*`."""
        prefix, star, suffix = pattern.partition("*")
        return cls(prefix, suffix, not star, targets)

    def apply(self, specifier: str) -> Iterator[str]:
        """The paths that `specifier` may stand for; none where the alias does not match."""
        if self.exact:
            if specifier == self.prefix:
                yield from self.targets
            return
        if (
            len(specifier) >= len(self.prefix) + len(self.suffix)
            and specifier.startswith(self.prefix)
            and specifier.endswith(self.suffix)
        ):
            middle = specifier[len(self.prefix) : len(specifier) - len(self.suffix)]
            for target in self.targets:
                yield target.replace("*", middle, 1)


@dataclass(frozen=True, slots=True)
class AliasTable:
    """What holds for the files of one directory: aliases, most specific first, then base directories."""

    aliases: tuple[Alias, ...] = ()
    bases: tuple[str, ...] = ()

    def candidates(self, specifier: str) -> Iterator[str]:
        """Paths that `specifier` may stand for, best first."""
        for alias in self.aliases:
            yield from alias.apply(specifier)
        for base in self.bases:
            yield child(base, specifier)


class AliasTables:
    """The alias table of each directory, read on demand from configuration files (path → bytes).

    `package_directories` says where packages of the repository are, for an `extends` that names one.
    """

    def __init__(self, configs: Mapping[str, bytes], package_directories: Mapping[str, str] | None = None) -> None:
        self._configs = configs
        self._package_directories = dict(package_directories or {})
        self._tables: dict[str, AliasTable] = {}
        self._parsed: dict[tuple[str, str], _PathOptions] = {}

    def table(self, directory: str) -> AliasTable:
        """What holds for files that lie directly in `directory`: the nearest configuration, then outer ones."""
        known = self._tables.get(directory)
        if known is None:
            aliases, bases = self._own(directory)
            if directory:
                outer = self.table(parent_of(directory))
                aliases, bases = (*aliases, *outer.aliases), (*bases, *outer.bases)
            known = self._tables[directory] = AliasTable(aliases, tuple(dict.fromkeys(bases)))
        return known

    def _own(self, directory: str) -> tuple[tuple[Alias, ...], tuple[str, ...]]:
        aliases: list[Alias] = []
        bases: list[str] = []
        for name in ("tsconfig.json", "jsconfig.json"):
            path = child(directory, name)
            if path in self._configs:
                options = self._compile(path, directory, 0)
                for each in (options, *(self._compile(other, directory, 0) for other in options.references)):
                    aliases += each.aliases()
                    bases += [each.base] if each.base is not None else []
                break
        for ending in ("js", "ts", "mjs", "cjs"):
            path = child(directory, f"svelte.config.{ending}")
            if path in self._configs:
                aliases += _kit_aliases(directory, self._configs[path].decode("utf-8", "replace"))
                break
        return tuple(aliases), tuple(bases)

    def _compile(self, path: str, leaf: str, depth: int) -> _PathOptions:
        """The path options of the configuration at `path`, used (perhaps through `extends`) by one in `leaf`."""
        known = self._parsed.get((path, leaf))
        if known is not None:
            return known
        result = self._parsed[path, leaf] = _PathOptions()
        config = decode_object(self._configs.get(path, b""))
        directory = parent_of(path)
        extends = config.get("extends")
        for base in extends if isinstance(extends, list) else [extends]:
            found = self._extended(base, directory) if isinstance(base, str) else None
            if found is not None and depth < _DEEPEST_EXTENDS:
                inherited = self._compile(found, leaf, depth + 1)
                result.base = inherited.base if inherited.base is not None else result.base
                result.paths = inherited.paths or result.paths
        options = config.get("compilerOptions")
        if isinstance(options, dict):
            base_url = options.get("baseUrl")
            if isinstance(base_url, str):
                result.base = _place(base_url, directory, leaf)
            paths = options.get("paths")
            if isinstance(paths, dict):
                around = result.base if result.base is not None else directory
                result.paths = {
                    pattern: tuple(_place(target, around, leaf) or "" for target in targets if isinstance(target, str))
                    for pattern, targets in paths.items()
                    if isinstance(targets, list)
                }
        references = config.get("references")
        for reference in references if isinstance(references, list) else []:
            target = reference.get("path") if isinstance(reference, dict) else None
            joined = join_path(directory, target) if isinstance(target, str) else None
            if joined is not None and joined in self._configs and parent_of(joined) == directory:
                result.references.append(joined)
        return result

    def _extended(self, specifier: str, directory: str) -> str | None:
        """The configuration file that an `extends` names, where it is checked in."""
        if specifier.startswith("."):
            joined = join_path(directory, specifier)
        else:
            joined = next(
                (
                    join_path(at, specifier[len(name) :].lstrip("/") or "tsconfig.json")
                    for name, at in self._package_directories.items()
                    if specifier == name or specifier.startswith(name + "/")
                ),
                None,
            )
        if joined is None:
            return None
        for path in (joined, joined + ".json", child(joined, "tsconfig.json")):
            if path in self._configs:
                return path
        return None


class _PathOptions:
    """The path options of one tsconfig, with what it extends merged in. Paths are relative to the audited path."""

    def __init__(self) -> None:
        self.base: str | None = None
        self.paths: dict[str, tuple[str, ...]] = {}
        self.references: list[str] = []

    def aliases(self) -> list[Alias]:
        return _by_precision([Alias.parse(pattern, targets) for pattern, targets in self.paths.items()])


def _place(target: str, directory: str, leaf: str) -> str | None:
    if target.startswith("${configDir}"):
        return join_path(leaf, target.removeprefix("${configDir}"))
    return join_path(directory, target)


def _by_precision(aliases: list[Alias]) -> list[Alias]:
    """Exact patterns first, then by the length of their prefix, as TypeScript prefers them."""
    return sorted(aliases, key=lambda alias: (not alias.exact, -len(alias.prefix)))


def _kit_aliases(directory: str, text: str) -> list[Alias]:
    """`kit.alias` and `$lib`. A bare key stands for the path itself and all below it."""
    library = _KIT_LIB.search(text)
    pairs = [("$lib", library[1] if library else "src/lib")]
    block = _KIT_ALIAS_BLOCK.search(re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL))
    for match in _KIT_ALIAS.finditer(block[1] if block else ""):
        pairs.append((match["quoted"] or match["bare"], match["to"]))
    aliases: list[Alias] = []
    for name, target in pairs:
        joined = join_path(directory, target)
        if joined is None:
            continue
        if name.endswith("/*"):
            aliases.append(Alias.parse(name, (joined if joined.endswith("*") else joined + "/*",)))
        else:
            aliases.append(Alias(name, "", True, (joined,)))
            aliases.append(Alias(name + "/", "", False, (joined + "/*" if joined else "*",)))
    return _by_precision(aliases)
