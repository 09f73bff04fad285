"""How long things take: distributions, and the timing of a deployment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Literal

Shape = Literal["constant", "uniform", "exponential", "lognormal", "gamma"]


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution of milliseconds (or of any number that is not negative).

    `first` and `second`: constant value, –; uniform from, to; exponential mean, –; lognormal median, sigma of its
    logarithm; gamma mean, shape.
    """

    shape: Shape
    first: float
    second: float = 0.0

    def draw(self, random: Random) -> float:
        """One value."""
        shape = self.shape
        if shape == "constant":
            return self.first
        if shape == "uniform":
            return self.first + (self.second - self.first) * random.random()
        if shape == "exponential":
            return random.expovariate(1 / self.first) if self.first else 0.0
        if shape == "lognormal":
            return self.first * math.exp(random.gauss(0.0, self.second)) if self.first else 0.0
        return random.gammavariate(self.second, self.first / self.second) if self.first else 0.0

    def in_ms(self) -> str:
        """A distribution of times in words: `5 ms`, `60 ms (median; lognormal, sigma 0.4)`."""
        if self.shape == "constant":
            return f"{self.first:g} ms"
        if self.shape == "uniform":
            return f"{self.first:g} to {self.second:g} ms"
        if self.shape == "exponential":
            return f"{self.first:g} ms (mean; exponential)"
        if self.shape == "lognormal":
            return f"{self.first:g} ms (median; lognormal, sigma {self.second:g})"
        return f"{self.first:g} ms (mean; gamma, shape {self.second:g})"


ZERO = Distribution("constant", 0.0)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the parts of a call take, in milliseconds.

    A function runs for `base` and `per_operation` for each of its reads and writes. A mutation then waits `commit` for
    its check, and `persist` more until others can read what it wrote. `network` is one way between a client and the
    deployment, `rerun` what passes between a commit and a live query's new run.
    """

    base: Distribution = Distribution("constant", 5.0)
    per_operation: Distribution = Distribution("constant", 2.0)
    commit: Distribution = ZERO
    persist: Distribution = ZERO
    network: Distribution = Distribution("constant", 20.0)
    rerun: Distribution = ZERO

    def run_ms(self, operations: int, random: Random) -> float:
        """How long a run with that many reads and writes lasts."""
        base, per_operation = self.base, self.per_operation
        total = base.first if base.shape == "constant" else base.draw(random)
        if per_operation.shape == "constant":
            return total + operations * per_operation.first
        for _ in range(operations):
            total += per_operation.draw(random)
        return total

    def describe(self) -> str:
        """One line for a report's assumptions."""
        parts = [f"a function runs for {self.base.in_ms()} plus {self.per_operation.in_ms()} per read or write"]
        for name, found in (("commit", self.commit), ("persist", self.persist), ("re-run", self.rerun)):
            if found != ZERO:
                parts.append(f"{name} {found.in_ms()}")
        parts.append(f"network {self.network.in_ms()} one way")
        return ", ".join(parts)
