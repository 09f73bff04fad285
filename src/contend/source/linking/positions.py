"""Byte offsets to lines and columns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from contend.model.places import Span
from contend.source import ir
from contend.source.evaluation.effects import Site


class Positions:
    """Spans of all modules of a repository."""

    def __init__(self, modules: Mapping[str, ir.Module], texts: Mapping[str, bytes]) -> None:
        self._modules = modules
        self._texts = texts
        self._known: dict[Site, Span] = {}

    def span(self, site: Site) -> Span:
        """A site as lines and columns."""
        known = self._known.get(site)
        if known is None:
            line, column = self._at(site.module, site.start)
            end_line, end_column = self._at(site.module, site.end)
            known = self._known[site] = Span(site.module, line, column, end_line, end_column)
        return known

    def line(self, site: Site) -> int:
        """The line a site starts on."""
        return self.span(site).line

    def text(self, site: Site, limit: int = 160) -> str:
        """The source at a site on one line, cut to `limit` characters."""
        data = self._texts.get(site.module, b"")[site.start : min(site.end, site.start + limit * 6)]
        text = " ".join(data.decode("utf-8", "replace").split())
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def _at(self, path: str, offset: int) -> tuple[int, int]:
        module = self._modules.get(path)
        if module is None or not module.lines:
            return 1, 1
        line = bisect_right(module.lines, offset)
        start = module.lines[line - 1]
        text = self._texts.get(path, b"")[start:offset]
        return line, len(text.decode("utf-8", "replace")) + 1
