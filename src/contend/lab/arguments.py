"""Arguments of calls: which values stand for where and when a call is made.

| text | value |
|---|---|
| `$user`, `$session`, `$tab`, `$instance`, `$page_load`, `$request` | who and where, as a string |
| `$index` | the number within a burst, a parallel or repeated step |
| `$now` | milliseconds since 1970 |
| `$random` | a number from 0 to 1 |
| `$setup.NAME`, `$setup.NAME[user]` (or `[tab]`, `[index]`) | what `setup` returned under NAME, or its item for this user |
| `$view.NAME.FIELD` | a field of a view's result as last seen |
| `$row.NAME` | a field of the trace's row |
"""  # noqa: E501  # a table row is one line

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from typing import Any

from contend.convex.values import UNDEFINED
from contend.lab.steps import Scope

PLACES = ("user", "session", "tab", "instance", "page_load", "request")
_SETUP = re.compile(r"\$setup\.([A-Za-z_]\w*)(?:\[(user|tab|index)\])?\Z")
_PATH = re.compile(r"\$(view|row)\.([A-Za-z_]\w*)(?:\.([\w.]+))?\Z")

_Maker = Callable[["Place", Mapping[str, Any], float, Random], Any]

_NO_VIEWS: Mapping[str, Any] = {}


class Place:
    """Where a caller stands: user, tab, page load, request, server, its number among others; what its views show.
    `open_tab` is the tab that it lives in, if it does."""

    __slots__ = ("index", "instance", "open_tab", "page_load", "request", "row", "tab", "user", "views")

    def __init__(
        self, user: int, tab: int, page_load: int, request: int, instance: int, index: int, row: Mapping[str, Any]
    ) -> None:
        self.user = user
        self.tab = tab
        self.page_load = page_load
        self.request = request
        self.instance = instance
        self.index = index
        self.row = row
        self.views: Mapping[str, Any] = _NO_VIEWS
        self.open_tab: object = None

    @property
    def user_name(self) -> str:
        """Who calls."""
        return f"user-{self.user}"

    def at(self, index: int) -> Place:
        """The same place with another number."""
        place = Place(self.user, self.tab, self.page_load, self.request, self.instance, index, self.row)
        place.views = self.views
        place.open_tab = self.open_tab
        return place

    def key(self, scope: Scope) -> object:
        """What those have in common who share this place's `scope`."""
        if scope == "request":
            return self.request
        if scope == "page_load":
            return self.page_load
        if scope == "tab":
            return (self.user, self.tab)
        if scope == "user":
            return self.user
        return self.instance if scope == "instance" else None


def check_reference(text: str, views: Mapping[str, object]) -> str | None:
    """What is wrong with a `$…` text, or None."""
    if text[1:] in (*PLACES, "index", "now", "random") or _SETUP.match(text):
        return None
    found = _PATH.match(text)
    if found is None:
        return f"{text} stands for nothing; write $user, $tab, $now, $setup.NAME, $view.NAME.FIELD, …"
    if found[1] == "view" and found[2] not in views:
        return f"{text}: this caller has no view {found[2]!r}"
    return None


class Template:
    """Arguments with `$…` texts, taken apart once, to be filled for each call."""

    __slots__ = ("_parts",)

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._parts = [(name, *_part(value)) for name, value in args.items()]

    def fill(self, place: Place, setup: Mapping[str, Any], now_ms: float, random: Random) -> dict[str, Any]:
        """The arguments with values for their `$…` texts. Those without a value are left out."""
        found = {}
        for name, value, maker in self._parts:
            if maker is not None:
                value = maker(place, setup, now_ms, random)
                if value is UNDEFINED:
                    continue
            found[name] = value
        return found


def filled(
    args: Mapping[str, Any], place: Place, setup: Mapping[str, Any], now_ms: float, random: Random
) -> dict[str, Any]:
    """The arguments with values for their `$…` texts. Those without a value are left out."""
    return Template(args).fill(place, setup, now_ms, random)


def _part(value: Any) -> tuple[Any, _Maker | None]:
    """A value as it is, or what makes it."""
    if type(value) is str:
        return value, _maker(value) if value.startswith("$") else None
    if type(value) is dict:
        return None, Template(value).fill
    if type(value) is list:
        items = Template({str(number): item for number, item in enumerate(value)})
        return None, lambda *where: list(items.fill(*where).values())
    return value, None


def _maker(text: str) -> _Maker | None:
    name = text[1:]
    if name in _MAKERS:
        return _MAKERS[name]
    if name in PLACES:
        return lambda place, setup, now_ms, random: f"{name}-{getattr(place, name)}"
    of_setup = _SETUP.match(text)
    if of_setup is not None:
        return partial(_from_setup, of_setup[1], of_setup[2])
    path = _PATH.match(text)
    return None if path is None else partial(_from_path, path[1], path[2], path[3] or "")


def _from_setup(name: str, item: str | None, place: Place, setup: Mapping[str, Any], *_: object) -> Any:
    value = setup.get(name, UNDEFINED)
    if item is not None and isinstance(value, (list, tuple)) and value:
        value = value[getattr(place, item) % len(value)]
    return value


def _from_path(of: str, name: str, field: str, place: Place, *_: object) -> Any:
    source = place.row if of == "row" else place.views
    return picked(source.get(name, UNDEFINED), field)


_MAKERS: dict[str, _Maker] = {
    "now": lambda place, setup, now_ms, random: now_ms,
    "random": lambda place, setup, now_ms, random: random.random(),
    "index": lambda place, setup, now_ms, random: float(place.index),
    "session": lambda place, setup, now_ms, random: f"session-{place.user}",
    "tab": lambda place, setup, now_ms, random: f"tab-{place.user}-{place.tab}",
}


def picked(value: Any, field: str) -> Any:
    """The value at a dotted field, `UNDEFINED` where there is none."""
    if type(value) is dict and field in value:  # by far the most frequent: a field of a document
        return value[field]
    for name in field.split(".") if field else ():
        if not isinstance(value, Mapping):
            return UNDEFINED
        value = value.get(name, UNDEFINED)
    return value
