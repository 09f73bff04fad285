"""Function references to the ids of functions."""

from __future__ import annotations

from collections.abc import Sequence

from contend.source.discovery import AppDirectory
from contend.source.evaluation import terms as t
from contend.source.evaluation.members import split
from contend.source.paths import within


class References:
    """Resolves `api.a.b`, `internal.a.b` and string paths within a repository."""

    def __init__(self, apps: Sequence[AppDirectory], ids: Sequence[str]) -> None:
        self._apps = {app.functions_dir: app for app in apps}
        self._ids = frozenset(ids)
        self._plain: dict[str, list[str]] = {}
        for id in ids:
            self._plain.setdefault(id.rsplit("#", 1)[-1], []).append(id)
        self.unknown: set[str] = set()

    def targets(self, reference: t.Value, importer: str) -> tuple[str, ...]:
        """The ids that a reference can mean; names that no app has are collected in `unknown`."""
        found: list[str] = []
        for option in split(reference):
            if isinstance(option, t.Typed):
                option = option.value
            if isinstance(option, t.Reference) and option.root != "components":
                found.extend(self._by_parts(option, importer))
            elif isinstance(option, t.Const) and isinstance(option.value, str):
                found.extend(self._by_path(option.value.replace(".js:", ":"), importer))
        return tuple(dict.fromkeys(found))

    def _by_parts(self, reference: t.Reference, importer: str) -> list[str]:
        parts = reference.parts
        if len(parts) > 1 and parts[0] in ("api", "internal") and reference.root in ("*", "default"):
            parts = parts[1:]
        if not parts:
            return []
        named = f"{'/'.join(parts[:-1])}:{parts[-1]}" if len(parts) > 1 else parts[0]
        app = self._apps.get(reference.directory) if reference.directory is not None else None
        for path in (named, "/".join(parts)):
            if app is not None:
                id = f"{app.root}#{path}" if app.root else path
                if id in self._ids:
                    return [id]
            elif path in self._plain:
                return self._nearest(self._plain[path], importer)
        self.unknown.add(named)
        return []

    def _by_path(self, path: str, importer: str) -> list[str]:
        if path in self._plain:
            return self._nearest(self._plain[path], importer)
        if ":" in path:
            self.unknown.add(path)
        return []

    def _nearest(self, ids: list[str], importer: str) -> list[str]:
        """Of equally named functions in several apps, the one whose app is closest above the importer."""
        if len(ids) == 1:
            return ids
        inside = [id for id in ids if "#" not in id or within(importer, id.split("#", 1)[0])]
        best = max(inside or ids, key=lambda id: len(id.split("#", 1)[0]) if "#" in id else 0)
        return [best]
