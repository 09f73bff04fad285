"""Convex values in Python, their total order and their JSON form.

| Convex | Python |
|---|---|
| undefined (a missing field) | `UNDEFINED`; never stored |
| null | `None` |
| int64 (`bigint`) | `int` |
| float64 (`number`) | `float` |
| boolean | `bool` |
| string | `str` |
| bytes | `bytes` |
| array | `list` or `tuple` |
| object | `dict` with `str` keys |

`1` and `1.0` are different values, as in Convex: the first is an int64, the second a float64.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from contend.convex.errors import InvalidValueError

Document: TypeAlias = Mapping[str, Any]
Key: TypeAlias = tuple[Any, ...]

INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1


class Undefined:
    """The type of `UNDEFINED`, what a field that is not there is keyed as."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNDEFINED"


class CommitTs:
    """The type of `COMMIT_TS`, the placeholder `ctx.db.vars.commitTs`: at commit it becomes an int64 of nanoseconds
    (convex-backend: crates/database/src/committer.rs)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "COMMIT_TS"


UNDEFINED: Final = Undefined()
COMMIT_TS: Final = CommitTs()

# Order of types (convex-backend: crates/value/src/sorting.rs). A sort key is a tuple whose first part is the rank, so
# that Python's own tuple order is Convex's order.
_UNDEFINED_KEY: Final[Key] = (0,)
_NULL_KEY: Final[Key] = (1,)
_FALSE_KEY: Final[Key] = (4, False)
_TRUE_KEY: Final[Key] = (4, True)
_PLUS_ZERO_KEY: Final[Key] = (3, 0.0, 0)
_MINUS_ZERO_KEY: Final[Key] = (3, 0.0)
AFTER_EVERY_VALUE: Final[Key] = (9,)
"""A key part that sorts after every value's."""


def _float_key(value: float) -> Key:
    """-NaN < -inf < … < -0 < 0 < … < inf < NaN, NaNs by their bits (Rust's `f64::total_cmp`)."""
    if value != value:
        bits = int(struct.unpack(">Q", struct.pack(">d", value))[0])
        if bits >> 63:
            return (2.5, -(bits & (2**63 - 1)))  # after every int64, before every other float
        return (3, math.inf, bits)
    if value == 0.0:
        return _PLUS_ZERO_KEY if math.copysign(1.0, value) > 0 else _MINUS_ZERO_KEY
    return (3, value)


def _int_key(value: int) -> Key:
    return (2, value)


def _str_key(value: str) -> Key:
    return (5, value)  # code points order as UTF-8 bytes do


def _array_key(value: list[Any] | tuple[Any, ...]) -> Key:
    return (7, tuple([sort_key(item) for item in value]))


def _object_key(value: Mapping[str, Any]) -> Key:
    return (8, tuple([(name, sort_key(value[name])) for name in sorted(value)]))


_KEYS: Final[dict[type, Callable[[Any], Key]]] = {
    float: _float_key,
    str: _str_key,
    int: _int_key,
    bool: lambda value: _TRUE_KEY if value else _FALSE_KEY,
    type(None): lambda value: _NULL_KEY,
    Undefined: lambda value: _UNDEFINED_KEY,
    bytes: lambda value: (6, value),
    list: _array_key,
    tuple: _array_key,
    dict: _object_key,
    # Resolved at commit to a time later than any stored one: until then it sorts after every stored int64.
    CommitTs: lambda value: (2, 2**63),
}


def sort_key(value: object) -> Key:
    """A tuple that orders as Convex orders `value`: undefined < null < int64 < float64 < boolean < string < bytes <
    array < object. Equal keys mean equal values. Raises `InvalidValueError` for what is no Convex value."""
    make = _KEYS.get(type(value))
    if make is None:
        raise InvalidValueError(f"{type(value).__name__} is not a Convex value: {value!r}")
    return make(value)


def same_value(left: object, right: object) -> bool:
    """Equality by value and type: 0.0 is not -0.0, NaN is itself, 1 is not 1.0, field order does not matter, and a
    commit-timestamp placeholder equals nothing (convex-backend: crates/common/src/document.rs)."""
    kind = type(left)
    if kind is type(right):
        if kind is float:
            if left == right:
                return left != 0.0 or math.copysign(1.0, left) == math.copysign(1.0, right)  # type: ignore[arg-type]  # both are floats
            if left == left or right == right:  # not both NaN
                return False
        elif kind is str or kind is int or kind is bool or left is None:
            return left == right
        elif kind is CommitTs:
            return False
    elif kind not in (list, tuple):
        return False
    if holds_commit_ts(left) or holds_commit_ts(right):
        return False
    return sort_key(left) == sort_key(right)


def holds_commit_ts(value: object) -> bool:
    """Whether a commit-timestamp placeholder stands anywhere in `value`."""
    if isinstance(value, CommitTs):
        return True
    if isinstance(value, dict):
        return any(holds_commit_ts(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(holds_commit_ts(item) for item in value)


def resolve_commit_ts(value: Any, commit_ts: int) -> Any:
    """`value` with every commit-timestamp placeholder replaced by `commit_ts` (nanoseconds)."""
    if isinstance(value, CommitTs):
        return commit_ts
    if isinstance(value, dict):
        return {name: resolve_commit_ts(item, commit_ts) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolve_commit_ts(item, commit_ts) for item in value]
    return value


def copied(value: Any) -> Any:
    """A copy all the way down: of objects and arrays; other values do not change."""
    if type(value) is dict:
        return {name: copied(item) for name, item in value.items()}
    if type(value) is list:
        return [copied(item) for item in value]
    return value


def type_name(value: object) -> str:
    """Convex's name for the type of `value`: undefined, null, int64, float64, boolean, string, bytes, array, object."""
    names: dict[type, str] = {
        Undefined: "undefined",
        type(None): "null",
        int: "int64",
        float: "float64",
        bool: "boolean",
        str: "string",
        bytes: "bytes",
        list: "array",
        tuple: "array",
        dict: "object",
        CommitTs: "int64",
    }
    name = names.get(type(value))
    if name is None:
        raise InvalidValueError(f"{type(value).__name__} is not a Convex value: {value!r}")
    return name


def size(value: object) -> int:
    """Bytes that `value` counts against the limits (convex-backend: crates/value/src/lib.rs,
    crates/value/src/object.rs)."""
    kind = type(value)
    if kind is float or kind is int or kind is CommitTs:
        return 9
    if isinstance(value, str):
        return 2 + (len(value) if value.isascii() else len(value.encode()))
    if value is None or kind is bool:
        return 1
    if isinstance(value, bytes):
        return 2 + len(value)
    if isinstance(value, dict):
        total = 2
        for name, item in value.items():
            kind = type(item)
            if kind is float or kind is int:
                total += len(name) + 10
            elif kind is str and item.isascii():
                total += len(name) + 3 + len(item)
            else:
                total += len(name) + 1 + size(item)
        return total
    if isinstance(value, (list, tuple)):
        return 2 + sum([size(item) for item in value])
    raise InvalidValueError(f"{type(value).__name__} is not a Convex value: {value!r}")


def to_json(value: object) -> Any:
    """The JSON form: int64 as `{"$integer": base64 of 8 little-endian bytes}`, bytes as `{"$bytes": base64}`, floats
    that JSON cannot hold (-0, NaN, infinities) as `{"$float": …}` (convex-backend:
    npm-packages/convex/src/values/value.ts)."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value) or (value == 0 and math.copysign(1.0, value) < 0):
            return {"$float": base64.b64encode(struct.pack("<d", value)).decode()}
        return value
    if isinstance(value, int):
        if not INT64_MIN <= value <= INT64_MAX:
            raise InvalidValueError(f"{value} does not fit in an int64")
        return {"$integer": base64.b64encode(value.to_bytes(8, "little", signed=True)).decode()}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {name: to_json(item) for name, item in value.items() if item is not UNDEFINED}
    raise InvalidValueError(f"{type(value).__name__} is not a Convex value: {value!r}")


def from_json(value: Any) -> Any:
    """The value that `to_json` wrote. Plain numbers are float64. Raises `InvalidValueError` for a malformed one."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        raise InvalidValueError(f"{type(value).__name__} is not JSON: {value!r}")
    if len(value) == 1:
        (name, item), *_ = value.items()
        if name in ("$integer", "$float", "$bytes"):
            return _decode_special(name, item)
        if name.startswith("$"):
            raise InvalidValueError(f"{name!r} is no form of Convex value: expected $integer, $float or $bytes")
    return {name: from_json(item) for name, item in value.items()}


def _decode_special(name: str, item: object) -> int | float | bytes:
    if not isinstance(item, str):
        raise InvalidValueError(f"{name} needs a base64 string, not {item!r}")
    try:
        raw = base64.b64decode(item, validate=True)
    except ValueError as error:
        raise InvalidValueError(f"{name} needs a base64 string, not {item!r}") from error
    if name == "$bytes":
        return raw
    if len(raw) != 8:
        raise InvalidValueError(f"{name} needs 8 bytes, not {len(raw)}")
    return int.from_bytes(raw, "little", signed=True) if name == "$integer" else float(struct.unpack("<d", raw)[0])
