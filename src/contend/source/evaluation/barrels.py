"""`export * from`: which modules a name may come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from contend.source import ir
from contend.source.resolution import Resolver


class Exporter(NamedTuple):
    """A module that a name is looked for in; or, where `package` is set, a package that the module at `path` passes
    on whole."""

    path: str
    package: str | None = None


def exporters(
    path: str, exports_of: Callable[[str], tuple[ir.Export, ...] | None], resolver: Resolver
) -> Iterator[Exporter]:
    """The module at `path` and all that it passes on with `export *`, in the order in which they are asked.

    Each comes once, however many ways lead to it: barrels that export each other have more ways than can be walked.
    """
    waiting, seen = [Exporter(path)], set[Exporter]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        yield one
        exports = exports_of(one.path) if one.package is None else None
        below: list[Exporter] = []
        for entry in exports or ():
            if entry.exported != "*" or entry.source is None:
                continue
            resolved = resolver.resolve(entry.source, one.path)
            if resolved.kind == "file":
                below.append(Exporter(resolved.path))
            elif resolved.kind != "missing":
                below.append(Exporter(one.path, entry.source))
        waiting.extend(reversed(below))
