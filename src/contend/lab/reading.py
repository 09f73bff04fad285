"""Strict reading of nested tables: every key known, every value of its kind, every mistake told with its line."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NoReturn, TypeVar

from contend.lab.durations import Distribution, Shape
from contend.lab.errors import ScenarioError

T = TypeVar("T")
D = TypeVar("D")
Locate = Callable[[tuple[str | int, ...]], int | None]
_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)\s*\Z")
_UNITS = {"ms": 1.0, "s": 1e3, "m": 6e4, "min": 6e4, "h": 3.6e6, "d": 8.64e7}
_SHAPES: Mapping[str, tuple[Shape, tuple[str, ...]]] = {
    "uniform": ("uniform", ("from", "to")),
    "exponential": ("exponential", ("mean",)),
    "lognormal": ("lognormal", ("median", "sigma")),
    "gamma": ("gamma", ("mean", "shape")),
}


class Node:
    """A value in the file, and where it stands. Reading a table's key marks it as known; `close` refuses the rest."""

    def __init__(self, value: Any, path: tuple[str | int, ...], file: str, locate: Locate) -> None:
        self.value = value
        self.path = path
        self._file = file
        self._locate = locate
        self._known: dict[str, None] = {}

    def fail(self, message: str, key: str | int | None = None) -> NoReturn:
        """Raises `ScenarioError` for this value, or for its key."""
        path = self.path if key is None else (*self.path, key)
        raise ScenarioError(self._file, self._locate(path), shown(path), message)

    # Tables

    def get(self, key: str) -> Node | None:
        """The value at a key, or None."""
        table = self._table()
        self._known[key] = None
        return self.child(key) if key in table else None

    def need(self, key: str) -> Node:
        """The value at a key that must be there."""
        found = self.get(key)
        if found is None:
            self.fail(f"{key!r} is missing")
        return found

    def child(self, key: str | int) -> Node:
        """The value at a key or position that is there."""
        return Node(self.value[key], (*self.path, key), self._file, self._locate)

    def close(self) -> None:
        """Refuses keys that nobody asked for."""
        for key in self._table():
            if key not in self._known:
                close = difflib.get_close_matches(key, self._known, 1)
                hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(self._known))}"
                self.fail(f"unknown key; {hint}", key)

    def entries(self) -> Iterator[tuple[str, Node]]:
        """The entries of a table whose keys are names."""
        for key in self._table():
            yield key, self.child(key)

    def items(self) -> list[Node]:
        """The items of an array."""
        if not isinstance(self.value, list):
            self.fail(f"an array is expected here, not {kind(self.value)}")
        return [self.child(position) for position in range(len(self.value))]

    def _table(self) -> Mapping[str, Any]:
        if not isinstance(self.value, dict):
            self.fail(f"a table is expected here, not {kind(self.value)}")
        found: Mapping[str, Any] = self.value
        return found

    # Values

    def text(self) -> str:
        """A string that is not empty."""
        if not isinstance(self.value, str) or not self.value:
            self.fail(f"a string is expected here, not {kind(self.value)}")
        return str(self.value)

    def one_of(self, allowed: Collection[str]) -> str:
        """One of some strings."""
        text = self.text()
        if text not in allowed:
            close = difflib.get_close_matches(text, allowed, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"it is one of {', '.join(sorted(allowed))}"
            self.fail(f"{text!r} is not known; {hint}")
        return text

    def flag(self) -> bool:
        """true or false."""
        if not isinstance(self.value, bool):
            self.fail(f"true or false is expected here, not {kind(self.value)}")
        return bool(self.value)

    def number(self, least: float = 0.0, most: float = math.inf) -> float:
        """A finite number within bounds."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.fail(f"a number is expected here, not {kind(value)}")
        if not math.isfinite(value) or not least <= value <= most:
            upper = "" if most == math.inf else f" and at most {most:g}"
            self.fail(f"{value} is impossible here: it must be at least {least:g}{upper}")
        return float(value)

    def whole(self, least: int = 0, most: int = 10**9) -> int:
        """A whole number within bounds."""
        number = self.number(least, most)
        if number != int(number):
            self.fail(f"a whole number is expected here, not {self.value}")
        return int(number)

    def span_ms(self, least: float = 0.0) -> float:
        """A length of time with its unit, in milliseconds."""
        found = _SPAN.match(self.value) if isinstance(self.value, str) else None
        if found is None:
            self.fail(f'a time with its unit is expected here, such as "30s", "10m" or "1d", not {self.value!r}')
        ms = float(found[1]) * _UNITS[found[2]]
        if ms < least:
            self.fail(f"{self.value} is too short: at least {least:g} ms")
        return ms

    def distribution(self) -> Distribution:
        """A number, or a table such as `{ uniform = [5, 10] }` or `{ lognormal = [20, 0.5] }`."""
        if not isinstance(self.value, dict):
            return Distribution("constant", self.number())
        for name, (shape, parameters) in _SHAPES.items():
            found = self.get(name)
            if found is None:
                continue
            self.close()
            values = [self.child(name)] if not isinstance(found.value, list) else found.items()
            if len(values) != len(parameters):
                found.fail(f"{name} takes {' and '.join(parameters)}")
            numbers = [value.number() for value in values]
            if shape == "uniform" and numbers[0] > numbers[1]:
                found.fail("the first number is the smaller one")
            if shape == "gamma" and numbers[1] == 0:
                found.fail("the shape of a gamma distribution is greater than 0")
            return Distribution(shape, numbers[0], numbers[1] if len(numbers) > 1 else 0.0)
        self.fail(f"a distribution is a number, or one of {', '.join(_SHAPES)}")


def read(table: Node, key: str, reader: Callable[[Node], T], default: D) -> T | D:
    """The value at a key as `reader` takes it, or `default`."""
    found = table.get(key)
    return default if found is None else reader(found)


def kind(value: object) -> str:
    """TOML's name for the kind of a value, with the value where it is short."""
    names = {dict: "a table", list: "an array", bool: "a boolean", str: "a string", int: "a number", float: "a number"}
    name = names.get(type(value), "a date")
    return f"{name} ({value!r})" if len(repr(value)) <= 40 else name


def shown(path: tuple[str | int, ...]) -> str:
    """A path as a reader of the file would write it."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            quoted = part if re.fullmatch(r"[\w-]+", part) else f'"{part}"'
            text += f".{quoted}" if text else quoted
    return text
