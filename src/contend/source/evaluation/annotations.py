"""TypeScript annotations to the types that the analysis uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contend.model.schema import Validator
from contend.source import ir

if TYPE_CHECKING:
    from contend.source.evaluation.program import Program

_SCALARS = {
    "string": Validator("string"),
    "number": Validator("number"),
    "bigint": Validator("bigint"),
    "boolean": Validator("boolean"),
    "Date": Validator("date"),
}
_WRAPPERS = frozenset(
    {
        "Promise",
        "Readonly",
        "Partial",
        "Required",
        "NonNullable",
        "Awaited",
        "Exclude",
        "Extract",
        "Ref",
        "ReadonlyDeep",
    }
)
_LISTS = frozenset({"Array", "ReadonlyArray", "Set", "ReadonlySet", "Iterable", "AsyncIterable", "Iterator"})
_DATABASES = frozenset({"DatabaseReader", "DatabaseWriter", "GenericDatabaseReader", "GenericDatabaseWriter"})
_CLIENTS = {"ConvexHttpClient": "http", "ConvexClient": "websocket", "ConvexReactClient": "websocket"}
CONTEXT = Validator("context")  # Convex's `ctx`
DATABASE = Validator("database")  # Convex's `ctx.db`
MAX_DEPTH = 12


def annotated(program: Program, module: str, type: ir.Type, depth: int = 0) -> Validator | None:
    """What an annotation says, None where it says nothing of use."""
    if depth > MAX_DEPTH:
        return None
    below = depth + 1
    if isinstance(type, ir.TName):
        return _named(program, module, type, below)
    if isinstance(type, ir.TArray):
        item = annotated(program, module, type.item, below)
        return Validator("array", items=(item,)) if item is not None else None
    if isinstance(type, ir.TUnion):
        return _union(program, module, type.items, below)
    if isinstance(type, ir.TIntersection):
        return _intersection(program, module, type.items, below)
    if isinstance(type, ir.TObject):
        fields = {
            field.name: found
            for field in type.fields
            if (found := annotated(program, module, field.type, below)) is not None
        }
        if type.index is not None and not fields:
            value = annotated(program, module, type.index, below)
            return Validator("record", items=(value,)) if value is not None else None
        return Validator("object", fields=fields)
    if isinstance(type, ir.TLiteral):
        return Validator("null") if type.value is None else Validator("literal", literal=type.value)
    if isinstance(type, ir.TIndexed):
        return _indexed(program, module, type, below)
    if isinstance(type, ir.TTuple):
        return _union(program, module, type.items, below, array=True)
    if isinstance(type, ir.TTypeof):
        return program.type_of_value(module, type.name)
    return None


def _named(program: Program, module: str, type: ir.TName, depth: int) -> Validator | None:
    name = type.name.rsplit(".", 1)[-1]
    args = type.args
    if name.endswith(("MutationCtx", "QueryCtx", "ActionCtx")) or name in ("Ctx", "ConvexContext", "RunMutationCtx"):
        return CONTEXT
    if name in _DATABASES:
        return DATABASE
    if name in _CLIENTS:
        return Validator("client", literal=_CLIENTS[name])
    if name in ("Id", "GenericId", "Doc", "DocumentByName", "WithoutSystemFields", "TableId") and args:
        kind = "doc" if name in ("Doc", "DocumentByName") else "id"
        if name == "WithoutSystemFields":
            return annotated(program, module, args[0], depth)
        tables = _literals(args[-1])
        if tables:
            found = [Validator(kind, table=table) for table in tables]
            return found[0] if len(found) == 1 else Validator("union", items=tuple(found))
        return None
    if name in ("TableNames", "TableNamesInDataModel"):
        names = [Validator("literal", literal=table) for table in program.schema_of(module).tables]
        return Validator("union", items=tuple(names)) if names else None
    if name in _SCALARS and not args:
        return _SCALARS[name]
    if name in ("null", "undefined", "void"):
        return Validator("null")
    if name in _LISTS and args:
        item = annotated(program, module, args[0], depth)
        return Validator("array", items=(item,)) if item is not None else None
    if name in ("Map", "Record", "ReadonlyMap") and len(args) == 2:
        value = annotated(program, module, args[1], depth)
        return Validator("record", items=(value,)) if value is not None else None
    if name in _WRAPPERS and args:
        return annotated(program, module, args[0], depth)
    if name in ("Omit", "Pick") and args:
        return annotated(program, module, args[0], depth)
    if name in ("Infer", "ObjectType", "infer", "FunctionReturnType", "ReturnType", "FunctionArgs") and args:
        return _inferred(program, module, name, args[0], depth)
    return program.named_type(module, type.name, depth)


def annotated_with(
    program: Program, module: str, result: ir.Type | None, given: tuple[ir.Type, ...]
) -> Validator | None:
    """What a result declared as `Id<T>` or `Id<T>[]` is where a call names `T`: `toId<"users">(text)`."""
    if isinstance(result, ir.TArray):
        item = annotated_with(program, module, result.item, given)
        return Validator("array", items=(item,)) if item is not None else None
    if not isinstance(result, ir.TName) or result.name.rsplit(".", 1)[-1] not in ("Id", "GenericId", "Doc"):
        return None
    of_parameter = bool(result.args) and isinstance(result.args[-1], ir.TName)
    return annotated(program, module, ir.TName(result.name, given[:1])) if of_parameter else None


def _inferred(program: Program, module: str, name: str, argument: ir.Type, depth: int) -> Validator | None:
    if isinstance(argument, ir.TTypeof) and name in ("Infer", "ObjectType", "infer"):
        return program.type_of_value(module, argument.name)
    if isinstance(argument, ir.TTypeof) and name in ("ReturnType", "FunctionReturnType"):
        return program.result_type(module, argument.name)
    return annotated(program, module, argument, depth)


def _literals(type: ir.Type) -> list[str]:
    if isinstance(type, ir.TLiteral) and isinstance(type.value, str):
        return [type.value]
    if isinstance(type, ir.TUnion):
        return [table for item in type.items for table in _literals(item)]
    return []


def _union(
    program: Program, module: str, items: tuple[ir.Type, ...], depth: int, *, array: bool = False
) -> Validator | None:
    found = [
        one for item in items if (one := annotated(program, module, item, depth)) is not None and one.kind != "null"
    ]
    if not found:
        return None
    if CONTEXT in found:
        return CONTEXT
    if DATABASE in found:
        return DATABASE
    joined = found[0] if len(found) == 1 else Validator("union", items=tuple(found))
    return Validator("array", items=(joined,)) if array else joined


def _intersection(program: Program, module: str, items: tuple[ir.Type, ...], depth: int) -> Validator | None:
    found = [one for item in items if (one := annotated(program, module, item, depth)) is not None]
    if len(found) <= 1:
        return found[0] if found else None
    fields: dict[str, Validator] = {}
    table = None
    for one in found:
        if one.kind in ("id", "context"):
            return one
        if one.kind == "doc":
            table = one.table
        fields.update(one.fields)
    return Validator("doc" if table else "object", table=table, fields=fields)


def _indexed(program: Program, module: str, type: ir.TIndexed, depth: int) -> Validator | None:
    from contend.source.evaluation.members import element_type, field_type

    object = annotated(program, module, type.object, depth)
    if object is None:
        return None
    if object is CONTEXT:
        return DATABASE if isinstance(type.key, ir.TLiteral) and type.key.value == "db" else None
    if isinstance(type.key, ir.TLiteral) and isinstance(type.key.value, str):
        return field_type(object, type.key.value, program.schema_of(module))
    return element_type(object)
