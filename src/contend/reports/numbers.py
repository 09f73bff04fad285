"""Numbers, rounded for machines and put in words for people."""

from __future__ import annotations

import math
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def significant(number: float, digits: int = 4) -> float | int:
    """`number` rounded to `digits` significant digits; whole numbers as `int`, so that 120.0 reads 120."""
    if not math.isfinite(number):
        raise ValueError(f"a report cannot hold {number}")
    rounded = float(f"{number:.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded


def tidy(value: Json) -> Json:
    """`value` with every float in it rounded by `significant`."""
    if isinstance(value, float):
        return significant(value)
    if isinstance(value, list):
        return [tidy(item) for item in value]
    if isinstance(value, dict):
        return {key: tidy(item) for key, item in value.items()}
    return value


def spoken(number: float) -> str:
    """A count a person reads at a glance: `< 0.01`, `0.3`, `4.8`, `120`, `18,000` (two significant digits below 10,
    three above 999)."""
    if number == 0:
        return "0"
    if number < 0.01:
        return "< 0.01"
    if number < 10:
        return str(significant(number, 2))
    if number < 1000:
        return f"{round(number):,}"
    return f"{significant(number, 3):,}"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 table`, `3 tables`, `2 queries`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def spoken_count(number: float, noun: str, plural: str) -> str:
    """`1 retry`, `4.8 retries`: a `spoken` number with its noun."""
    words = spoken(number)
    return f"{words} {noun if words == '1' else plural}"


def duration(milliseconds: float) -> str:
    """`150 ms`, `30 s`, `5 min`, `1 h`, `2 days`: the largest unit that leaves at least one of it."""
    for size, unit in ((86_400_000, "day"), (3_600_000, "h"), (60_000, "min"), (1000, "s")):
        if milliseconds >= size:
            amount = significant(milliseconds / size, 3)
            return counted(int(amount), unit) if unit == "day" and isinstance(amount, int) else f"{amount} {unit}"
    return f"{significant(milliseconds, 3)} ms"
