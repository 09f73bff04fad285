"""The pairs of a whole audit, looked up by function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from contend.model.findings import Pair


class PairLookup(Protocol):
    """All pairs of an audit. A big app has tens of thousands, so they are worked out where they are asked for."""

    def of_victim(self, id: str) -> tuple[Pair, ...]:
        """The pairs in which a function loses (or, a query, runs again), worst first."""
        ...

    def of_writer(self, id: str) -> tuple[Pair, ...]:
        """The pairs in which a function writes what another one read, worst first."""
        ...

    def __iter__(self) -> Iterator[Pair]:
        """Every pair, victim by victim."""
        ...


@dataclass(frozen=True, slots=True)
class PairTable:
    """Pairs that are at hand."""

    pairs: tuple[Pair, ...] = ()

    def of_victim(self, id: str) -> tuple[Pair, ...]:
        return tuple(pair for pair in self.pairs if pair.victim == id)

    def of_writer(self, id: str) -> tuple[Pair, ...]:
        return tuple(pair for pair in self.pairs if pair.writer == id)

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)
