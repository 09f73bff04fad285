"""Validators: `v.*` of `convex/values`, and the part of zod that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contend.model.schema import Validator
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.members import split, union

_SCALARS = {
    "string": "string",
    "number": "number",
    "float64": "number",
    "int64": "bigint",
    "bigint": "bigint",
    "boolean": "boolean",
    "bytes": "bytes",
    "null": "null",
    "any": "any",
    "date": "number",
    "email": "string",
    "url": "string",
    "uuid": "string",
}
_UNKNOWN = Validator("any")


def call(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """A validator constructor: `v.id("users")`, `z.object({…})`."""
    kind = name.rsplit(".", 1)[-1]
    if kind in _SCALARS:
        return t.ValidatorTerm(Validator(_SCALARS[kind]))
    first = arguments[0] if arguments else t.UNDEFINED
    if kind in ("id", "zid"):
        tables = [option.value for option in split(first) if isinstance(option, t.Const)]
        if tables and isinstance(tables[0], str):
            return t.ValidatorTerm(Validator("id", table=tables[0]))
        return t.ValidatorTerm(_UNKNOWN)
    if kind in ("object", "strictObject", "looseObject"):
        return t.ValidatorTerm(type_in(first) or Validator("object"))
    if kind in ("array", "set"):
        return t.ValidatorTerm(Validator("array", items=(type_in(first) or _UNKNOWN,)))
    if kind == "record":
        return t.ValidatorTerm(
            Validator("record", items=((type_in(arguments[1]) if len(arguments) > 1 else None) or _UNKNOWN,))
        )
    if kind == "union":
        members = list(arguments)
        if len(members) == 1 and isinstance(members[0], t.Listing):
            members = list(members[0].items or (members[0].item,))
        found = union([type for member in members if (type := type_in(member)) is not None])
        return t.ValidatorTerm(found or _UNKNOWN)
    if kind == "literal":
        return t.ValidatorTerm(Validator("literal", literal=first.value if isinstance(first, t.Const) else None))
    if kind in ("optional", "nullable", "nullish", "defaulted"):
        return t.ValidatorTerm(replace(type_in(first) or _UNKNOWN, optional=True))
    if kind in ("enum", "nativeEnum"):
        return t.ValidatorTerm(Validator("string"))
    return t.ValidatorTerm(_UNKNOWN) if name.startswith(("v.", "z.")) else None


def call_method(
    act: Activation, validator: t.ValidatorTerm, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """`.optional()`, `.extend({…})`, `.omit("a")` and the refinements, which keep the type."""
    type = validator.type
    if name in ("optional", "nullable", "nullish"):
        return t.ValidatorTerm(replace(type, optional=True))
    if name in ("extend", "merge", "and", "safeExtend") and arguments:
        more = type_in(arguments[0])
        if more is not None:
            return t.ValidatorTerm(replace(type, fields={**type.fields, **more.fields}))
    if name == "array":
        return t.ValidatorTerm(Validator("array", items=(type,)))
    if name == "partial":
        return t.ValidatorTerm(
            replace(type, fields={key: replace(inner, optional=True) for key, inner in type.fields.items()})
        )
    if name in ("parse", "safeParse", "parseAsync") and arguments:
        return t.Typed(arguments[0], type) if name != "safeParse" else t.Opaque("safeParse()")
    return validator


def type_in(term: t.Value) -> Validator | None:
    """The type that a validator, or an object of validators, stands for."""
    found: list[Validator] = []
    for option in split(term):
        if isinstance(option, t.ValidatorTerm | t.TableTerm):
            found.append(option.type)
        elif isinstance(option, t.Record):
            fields: dict[str, Validator] = {}
            for spread in option.spreads:
                inner = type_in(spread)
                if inner is not None:
                    fields.update(inner.fields)
            for name, value in option.fields:
                type = type_in(value)
                fields[name] = type if type is not None else _UNKNOWN
            found.append(Validator("object", fields=fields))
        elif isinstance(option, t.Typed):
            found.append(option.type)
    return union(found)
