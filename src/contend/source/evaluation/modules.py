"""Module scopes: the names of a file, evaluated when first looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from contend.source import ir
from contend.source.evaluation.terms import Closure, Opaque

if TYPE_CHECKING:
    from contend.source.evaluation.program import Program


class ModuleScope:
    """The top level of one file. A name's value is evaluated on first use; a cycle answers with an opaque value."""

    __slots__ = ("_declared", "_exports", "_imports", "_program", "_values", "module", "types")

    def __init__(self, module: ir.Module, program: Program) -> None:
        self.module = module
        self._program = program
        self._values: dict[str, Any] = {}
        self._declared: dict[str, ir.Declare] = {}
        for statement in module.body:
            if isinstance(statement, ir.Declare):
                for name in bound_names(statement.pattern):
                    self._declared[name] = statement
        self._imports = {entry.local: entry for entry in module.imports}
        self._exports = {entry.exported: entry for entry in reversed(module.exports)}
        self.types = {entry.name: entry for entry in module.types}

    @property
    def path(self) -> str:
        return self.module.path

    def imported(self, name: str) -> ir.Import | None:
        """The import that binds `name`."""
        return self._imports.get(name)

    def exported(self, name: str) -> ir.Export | None:
        """The export of that very name."""
        return self._exports.get(name)

    def declaration(self, name: str) -> ir.Declare | None:
        """The top-level declaration of `name`."""
        return self._declared.get(name)

    def lookup(self, name: str) -> Any | None:
        known = self._values.get(name)
        if known is not None:
            return known
        statement = self._declared.get(name)
        if statement is not None:
            if isinstance(statement.value, ir.Function) and isinstance(statement.pattern, ir.PName):
                value: Any = Closure(statement.value, self.module.path, self)
                self._values[name] = value
                return value
            for bound in bound_names(statement.pattern):
                self._values[bound] = Opaque(f"cyclic definition of {bound}")
            for bound, value in self._program.evaluate_declaration(self, statement).items():
                self._values[bound] = value
            return self._values[name]
        entry = self._imports.get(name)
        if entry is not None:
            self._values[name] = Opaque(f"cyclic import of {name}")
            value = self._program.imported(self.module.path, entry)
            self._values[name] = value
            return value
        return None

    def assign(self, name: str, value: Any, merge: Callable[[Any, Any], Any]) -> bool:
        """Module variables keep their first value, joined with what functions assign to them."""
        known = self.lookup(name)
        if known is None:
            return False
        self._values[name] = merge(known, value)
        return True

    def extend(self, name: str, value: Any) -> None:
        """Set a top-level name while the module's own statements run."""
        self._values[name] = value


def bound_names(pattern: ir.Pattern) -> Iterator[str]:
    """The names that a pattern binds."""
    if isinstance(pattern, ir.PName):
        yield pattern.name
    elif isinstance(pattern, ir.PObject):
        for entry in pattern.properties:
            yield from bound_names(entry.target)
        if pattern.rest:
            yield pattern.rest
    elif isinstance(pattern, ir.PArray):
        for item in pattern.items:
            if item is not None:
                yield from bound_names(item)
        if pattern.rest:
            yield pattern.rest
