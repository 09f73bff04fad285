"""Places in the code, each once: a helper's access stands in the inventory under every function that reaches it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Placed(Protocol):
    """An operation at a place."""

    @property
    def file(self) -> str: ...

    @property
    def line(self) -> int: ...

    @property
    def operation(self) -> str: ...


Entry = TypeVar("Entry", bound=Placed)


def distinct_places(entries: Iterable[Entry]) -> list[Entry]:
    """The first entry of each operation and line, in order."""
    first: dict[tuple[str, int, str], Entry] = {}
    for entry in entries:
        first.setdefault((entry.file, entry.line, entry.operation), entry)
    return list(first.values())
