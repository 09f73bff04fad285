"""Scopes: names to symbolic values while a function is evaluated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Scope(Protocol):
    """Where names are looked up."""

    def lookup(self, name: str) -> Any | None:
        """The value of `name`, or None where it is not bound here or above."""
        ...

    def assign(self, name: str, value: Any, merge: Callable[[Any, Any], Any]) -> bool:
        """Set a variable bound here or above; False where it is not bound. From an inner function the old and the new
        value are merged, since nobody knows when that function runs."""
        ...


class Frame:
    """The variables of one activation. Branches copy `names` and merge them afterwards."""

    __slots__ = ("names", "parent")

    def __init__(self, parent: Scope | None, names: dict[str, Any] | None = None) -> None:
        self.parent = parent
        self.names: dict[str, Any] = {} if names is None else names

    def lookup(self, name: str) -> Any | None:
        scope: Scope | None = self
        while isinstance(scope, Frame):
            value = scope.names.get(name)
            if value is not None:
                return value
            scope = scope.parent
        return None if scope is None else scope.lookup(name)

    def assign(self, name: str, value: Any, merge: Callable[[Any, Any], Any]) -> bool:
        if name in self.names:
            self.names[name] = value
            return True
        scope = self.parent
        while isinstance(scope, Frame):
            if name in scope.names:
                scope.names[name] = merge(scope.names[name], value)
                return True
            scope = scope.parent
        return False if scope is None else scope.assign(name, value, merge)


class SubstitutedScope:
    """A scope seen through a substitution: what a closure that left its summary captures."""

    __slots__ = ("_apply", "_base", "_seen")

    def __init__(self, base: Scope, apply: Callable[[Any], Any]) -> None:
        self._base = base
        self._apply = apply
        self._seen: dict[str, Any] = {}

    def lookup(self, name: str) -> Any | None:
        if name in self._seen:
            return self._seen[name]
        value = self._base.lookup(name)
        if value is None:
            return None
        value = self._apply(value)
        self._seen[name] = value
        return value

    def assign(self, name: str, value: Any, merge: Callable[[Any, Any], Any]) -> bool:
        known = self.lookup(name)
        if known is None:
            return False
        self._seen[name] = merge(known, value)
        return True
