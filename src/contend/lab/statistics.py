"""Means of several runs, with the interval in which the true mean lies with 95 % confidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

# Student's t for 95 %, two-sided, by degrees of freedom from 1 on; then a few farther ones.
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_FARTHER = ((40, 2.021), (60, 2.000), (120, 1.980))
_NORMAL = 1.960


class Estimate(NamedTuple):
    """A mean, and half the width of its 95 % interval (None where one run alone says nothing of it)."""

    mean: float
    half_width: float | None

    @property
    def low(self) -> float:
        """The interval's lower end."""
        return self.mean - (self.half_width or 0.0)

    @property
    def high(self) -> float:
        """The interval's upper end."""
        return self.mean + (self.half_width or 0.0)


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of independent runs' values."""
    count = len(values)
    if not count:
        return Estimate(0.0, None)
    mean = math.fsum(values) / count
    if count == 1:
        return Estimate(mean, None)
    variance = math.fsum([(value - mean) ** 2 for value in values]) / (count - 1)
    return Estimate(mean, student_t(count - 1) * math.sqrt(variance / count))


def student_t(degrees: int) -> float:
    """Student's t for 95 %, two-sided."""
    if degrees <= len(_T):
        return _T[degrees - 1]
    for upto, value in _FARTHER:
        if degrees <= upto:
            return value
    return _NORMAL
