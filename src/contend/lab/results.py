"""What a function may return."""

from __future__ import annotations

from typing import Any, Final

from contend.convex.errors import DatabaseError, InvalidValueError
from contend.convex.values import UNDEFINED, size, to_json

RESULT_BYTES: Final = 16 * 2**20
"""The most that a function may return (convex-backend: npm-packages/docs/docs/production/state/limits.mdx)."""
_DEEPEST: Final = 64


def check_result(value: Any) -> None:
    """Raises `InvalidValueError` for what Convex cannot encode (convex-backend:
    npm-packages/convex/src/values/value.ts), and `DatabaseError` for more than it lets through."""
    if type(value) is not str:
        _check_names(value, 0)
        to_json(value)
    found = len(value.encode()) if type(value) is str else size(value)
    if found > RESULT_BYTES:
        raise DatabaseError(
            f"Function return value is too large ({found:,} bytes; the limit is {RESULT_BYTES:,} bytes)"
        )


def _check_names(value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise InvalidValueError(f"The value is nested more than {_DEEPEST} deep, or holds itself")
    if isinstance(value, dict):
        for name, item in value.items():
            if type(name) is not str:
                raise InvalidValueError(f"{name!r} is no field name of a Convex object: names are strings")
            if name.startswith("$") or not name:
                raise InvalidValueError(f"Field name {name!r} is reserved: a name is not empty and starts without '$'")
            if item is not UNDEFINED:
                _check_names(item, depth + 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check_names(item, depth + 1)
