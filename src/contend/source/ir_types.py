"""Type annotations in the small syntax tree (see `source.ir`), and the base of all its nodes."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Node(msgspec.Struct, frozen=True, array_like=True, tag=True, tag_field="node", gc=False):
    """Base of all nodes: immutable, compared by value, encoded as an array headed by the class name."""


class TName(Node, frozen=True):
    """`Id<"users">`, `MutationCtx`, `z.infer<typeof x>`; `name` is dotted as written."""

    name: str
    args: tuple[Type, ...] = ()


class TArray(Node, frozen=True):
    item: Type


class TTuple(Node, frozen=True):
    items: tuple[Type, ...]


class TUnion(Node, frozen=True):
    items: tuple[Type, ...]


class TIntersection(Node, frozen=True):
    items: tuple[Type, ...]


class TField(Node, frozen=True):
    name: str
    type: Type
    optional: bool = False


class TObject(Node, frozen=True):
    fields: tuple[TField, ...]
    index: Type | None = None  # `{ [key: string]: T }`


class TLiteral(Node, frozen=True):
    value: str | float | bool | None


class TFunction(Node, frozen=True):
    params: tuple[Type, ...]
    result: Type


class TTypeof(Node, frozen=True):
    """`typeof a.b`; `name` is dotted."""

    name: str


class TIndexed(Node, frozen=True):
    """`Doc<"users">["orgId"]`, `T[number]`."""

    object: Type
    key: Type


class TOther(Node, frozen=True):
    """Anything else (conditional, mapped, keyof …), as text cut to 80 characters."""

    text: str


Type: TypeAlias = (
    TName | TArray | TTuple | TUnion | TIntersection | TObject | TLiteral | TFunction | TTypeof | TIndexed | TOther
)
