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
from collections.abc import Mapping
from random import Random
from typing import Any

from contend.convex.values import UNDEFINED
from contend.lab.steps import Scope

PLACES = ("user", "session", "tab", "instance", "page_load", "request")
_SETUP = re.compile(r"\$setup\.([A-Za-z_]\w*)(?:\[(user|tab|index)\])?\Z")
_PATH = re.compile(r"\$(view|row)\.([A-Za-z_]\w*)(?:\.([\w.]+))?\Z")


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
        self.views: dict[str, Any] = {}
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


def filled(
    args: Mapping[str, Any], place: Place, setup: Mapping[str, Any], now_ms: float, random: Random
) -> dict[str, Any]:
    """The arguments with values for their `$…` texts. Those without a value are left out."""
    found = {}
    for name, value in args.items():
        if type(value) is str:
            value = _value(value, place, setup, now_ms, random) if value.startswith("$") else value
            if value is UNDEFINED:
                continue
        elif type(value) is dict:
            value = filled(value, place, setup, now_ms, random)
        elif type(value) is list:
            value = list(filled({str(i): item for i, item in enumerate(value)}, place, setup, now_ms, random).values())
        found[name] = value
    return found


def _value(text: str, place: Place, setup: Mapping[str, Any], now_ms: float, random: Random) -> Any:
    name = text[1:]
    if name == "now":
        return now_ms
    if name == "random":
        return random.random()
    if name == "index":
        return float(place.index)
    if name == "session":
        return f"session-{place.user}"
    if name == "tab":
        return f"tab-{place.user}-{place.tab}"
    if name in PLACES:
        return f"{name}-{getattr(place, name)}"
    of_setup = _SETUP.match(text)
    if of_setup is not None:
        value = setup.get(of_setup[1], UNDEFINED)
        if of_setup[2] is not None and isinstance(value, (list, tuple)) and value:
            value = value[getattr(place, of_setup[2]) % len(value)]
        return value
    path = _PATH.match(text)
    if path is None:
        return text
    source = place.row if path[1] == "row" else place.views
    return picked(source.get(path[2], UNDEFINED), path[3] or "")


def picked(value: Any, field: str) -> Any:
    """The value at a dotted field, `UNDEFINED` where there is none."""
    for name in field.split(".") if field else ():
        if not isinstance(value, Mapping):
            return UNDEFINED
        value = value.get(name, UNDEFINED)
    return value
