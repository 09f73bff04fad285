"""Whether a document is what the table's validator allows."""

from __future__ import annotations

from typing import Any

from contend.convex.errors import BadRequestError
from contend.convex.values import UNDEFINED, Document, same_value, to_json
from contend.model.schema import Validator

_SYSTEM_FIELDS = ("_id", "_creationTime")
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "id": (str,),
    "number": (float,),
    "bigint": (int,),
    "boolean": (bool,),
    "bytes": (bytes,),
    "null": (type(None),),
}


def check_document(table: str, validator: Validator, document: Document) -> None:
    """Raises `BadRequestError` where `document` (system fields aside) is not what `validator` allows."""
    fields = {name: value for name, value in document.items() if name not in _SYSTEM_FIELDS}
    _reject(table, mismatch(validator, fields))


def check_fields(table: str, validator: Validator, document: Document, fields: Document) -> None:
    """As `check_document`, for a document that was valid before `fields` were patched into it."""
    if validator.kind != "object":
        check_document(table, validator, document)
        return
    for name in fields:
        value = document.get(name, UNDEFINED)
        _reject(table, _field_mismatch(validator, name, value, ""))


def mismatch(validator: Validator, value: Any, path: str = "") -> str | None:
    """Why `value` is not what `validator` allows, None where it is. `path` leads to the value, dotted."""
    kind = validator.kind
    types = _TYPES.get(kind)
    if types is not None:
        return None if type(value) in types else _wrong(path, value, f"v.{_BUILDERS.get(kind, kind)}()")
    if kind == "literal":
        same = same_value(value, validator.literal) or (
            isinstance(value, float) and type(validator.literal) is int and value == validator.literal
        )
        return None if same else _wrong(path, value, f"v.literal({validator.literal!r})")
    if kind == "union":
        if any(mismatch(item, value, path) is None for item in validator.items):
            return None
        return _wrong(path, value, "v.union(…)")
    if kind == "array":
        if not isinstance(value, (list, tuple)):
            return _wrong(path, value, "v.array(…)")
        found = (mismatch(validator.items[0], item, f"{path}[{i}]") for i, item in enumerate(value))
        return next(filter(None, found), None) if validator.items else None
    if kind == "record":
        if not isinstance(value, dict):
            return _wrong(path, value, "v.record(…)")
        found = (mismatch(validator.items[-1], item, f"{path}.{name}") for name, item in value.items())
        return next(filter(None, found), None) if validator.items else None
    if kind == "object":
        if not isinstance(value, dict):
            return _wrong(path, value, "v.object(…)")
        names = dict.fromkeys([*value, *validator.fields])
        problems = (_field_mismatch(validator, name, value.get(name, UNDEFINED), path) for name in names)
        return next(filter(None, problems), None)
    return None  # any, doc, unknown: nothing to hold it against


_BUILDERS = {"bigint": "int64", "number": "float64"}


def _field_mismatch(validator: Validator, name: str, value: Any, path: str) -> str | None:
    field = validator.fields.get(name)
    if field is None:
        return None if value is UNDEFINED else f"Object contains extra field `{name}` that is not in the validator."
    if value is UNDEFINED:
        return None if field.optional else f"Object is missing the required field `{name}`."
    return mismatch(field, value, f"{path}.{name}")


def _wrong(path: str, value: Any, expected: str) -> str:
    return f"Value does not match validator.\nPath: {path or '.'}\nValue: {to_json(value)}\nValidator: {expected}"


def _reject(table: str, problem: str | None) -> None:
    if problem is not None:
        raise BadRequestError(
            f'Failed to insert or update a document in table "{table}" because it does not match the schema: {problem}',
            "SchemaValidationError",
        )
