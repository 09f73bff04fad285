"""Random numbers: one seed, and an independent stream for each purpose, so that a change to one part of a scenario
leaves the others' draws alone and two variants meet the same arrivals."""

from __future__ import annotations

from random import Random


class Streams:
    """The streams of one seed."""

    __slots__ = ("_streams", "seed")

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._streams: dict[str, Random] = {}

    def stream(self, purpose: str) -> Random:
        """The stream for `purpose`, the same one each time."""
        found = self._streams.get(purpose)
        if found is None:
            found = self._streams[purpose] = Random(f"{self.seed}/{purpose}")
        return found

    def fresh(self, purpose: str) -> Random:
        """A stream of its own, from its start."""
        return Random(f"{self.seed}/{purpose}")
