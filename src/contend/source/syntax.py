"""The syntax trees of a repository's files, each made when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from contend.source import ir
from contend.source.cache import Pack
from contend.source.extraction import extract
from contend.source.worker import lower_source


class Syntax(Mapping[str, ir.Module]):
    """`texts` (bytes by path), parsed on demand. Trees are taken from `pack` where it has them from an earlier run, and
    put there; `version` is what else determines them."""

    def __init__(self, texts: Mapping[str, bytes], pack: Pack | None = None, version: bytes = b"") -> None:
        self._texts = texts
        self._pack = pack if pack is not None else Pack.none()
        self._version = version
        self._modules: dict[str, ir.Module] = {}

    def parse(
        self, paths: Iterable[str], jobs: int | None = None, progress: Callable[[int, int], None] | None = None
    ) -> None:
        """Parse these files now, in up to `jobs` processes. `progress` is told how many are done, and of how many."""
        files = [(path, self._texts[path]) for path in paths if path not in self._modules]
        found = extract(files, lower_source, jobs, pack=self._pack, version=self._version, progress=progress)
        self._modules.update(found)

    def remember(self) -> None:
        """Keep what was parsed for the next run."""
        self._pack.save()

    def __getitem__(self, path: str) -> ir.Module:
        module = self._modules.get(path)
        if module is None:
            if path not in self._texts:
                raise KeyError(path)
            self.parse([path], jobs=1)
            module = self._modules[path]
        return module

    def __contains__(self, path: object) -> bool:
        return path in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)
