"""The whole program: modules, exports, and each function's summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from contend.model.schema import Validator
from contend.source import ir
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.annotations import CONTEXT, DATABASE, annotated
from contend.source.evaluation.barrels import exporters
from contend.source.evaluation.calls import annotated_result, bind_parameters, invoke
from contend.source.evaluation.effects import Catching, Effect, Setting, Site, Summary
from contend.source.evaluation.escapes import closures_in
from contend.source.evaluation.expressions import bind, evaluate
from contend.source.evaluation.frames import Frame, Scope
from contend.source.evaluation.members import Schema, type_of, typed
from contend.source.evaluation.modules import ModuleScope, bound_names
from contend.source.evaluation.registered import Handlers
from contend.source.evaluation.rendering_tree import NOT_READ, SVELTE_COMPONENT
from contend.source.evaluation.statements import execute, run_body
from contend.source.libraries.builders import generated_value
from contend.source.libraries.mounts import Mount
from contend.source.libraries.registry import library_value
from contend.source.libraries.triggers import Trigger
from contend.source.libraries.validators import type_in
from contend.source.resolution import Resolver

BUDGET = 4_000  # inner functions evaluated in place, for one function or module
TOO_DEEP = "nested too deep to be followed"


class Program:
    """All parsed modules of a repository, evaluated on demand."""

    def __init__(
        self,
        modules: Mapping[str, ir.Module],
        resolver: Resolver,
        functions_dirs: Sequence[str],
        texts: Mapping[str, bytes] | None = None,
    ) -> None:
        self.modules = modules
        self.texts: Mapping[str, bytes] = texts or {}
        self.resolver = resolver
        self.functions_dirs = tuple(sorted(functions_dirs, key=len, reverse=True))
        self._schemas = {directory: Schema() for directory in functions_dirs}
        self._no_schema = Schema()
        self._scopes: dict[str, ModuleScope] = {}
        self._summaries: dict[tuple[str | int, ...], Summary | None] = {}
        self._made: list[t.Closure] = []  # keeps what `_summaries` knows by identity alive
        self._types: dict[tuple[str, str], Validator | None] = {}
        self._exporting: set[tuple[str, str]] = set()
        self._owners = 0
        self._spent = 0
        self.handlers = Handlers(self)
        self.module_effects: dict[str, dict[str, list[Effect]]] = {}  # of declarations, by path and name
        self.names: dict[int, str] = {}
        self.catchings: dict[Site, Catching] = {}  # what each `try` does with a failure, read once
        self.ran: set[tuple[str, int]] = set()  # keys of the functions that some call has run
        self._members: dict[str, frozenset[str]] = {}
        self.triggers: dict[tuple[str, int], list[Trigger]] = {}
        self.mounts: dict[str, dict[str, Mount]] = {}  # components by name, by what installs them
        self.mounted: dict[tuple[str, int], dict[str, t.Value]] = {}  # live results handed to components, by prop
        self.provided: dict[tuple[str, int], t.Value] = {}
        self.abandoned: dict[Site, str] = {}  # code that was not followed to its end, and why

    # ── names ───────────────────────────────────────────────────────────────────────────────────────────────────

    def scope(self, path: str) -> ModuleScope | None:
        """The top level of a parsed module."""
        known = self._scopes.get(path)
        if known is None:
            module = self.modules.get(path)
            if module is None:
                return None
            known = self._scopes[path] = ModuleScope(module, self)
        return known

    def directory_of(self, module: str) -> str | None:
        """The functions directory that a module stands in."""
        for directory in self.functions_dirs:
            if module.startswith(f"{directory}/") or directory in ("", "."):
                return directory
        return None

    def schema_of(self, module: str) -> Schema:
        """The schema that a module's ids belong to; outside function directories the only app's, if there is one."""
        directory = self.directory_of(module)
        if directory is not None:
            return self._schemas[directory]
        if len(self._schemas) == 1:
            return next(iter(self._schemas.values()))
        return self._no_schema

    def schema_in(self, directory: str) -> Schema:
        """The schema of a functions directory, filled while schemas are read."""
        return self._schemas[directory]

    def imported(self, importer: str, entry: ir.Import) -> t.Value:
        """The value that an import binds."""
        return self._from(importer, entry.source, entry.imported)

    def _from(self, importer: str, specifier: str, name: str) -> t.Value:
        resolved = self.resolver.resolve(specifier, importer)
        if resolved.kind == "file":
            return t.Namespace(resolved.path) if name == "*" else self.export(resolved.path, name)
        if resolved.kind == "generated":
            return generated_value(resolved.part or "api", name, resolved.functions_dir)
        if resolved.kind == "package":
            return library_value(specifier, name)
        return t.Opaque(f"{specifier} not found")

    def namespace(self, importer: str, specifier: str) -> t.Value:
        """`require(specifier)`, `await import(specifier)`."""
        return self._from(importer, specifier, "*")

    def namespace_record(self, namespace: t.Namespace) -> t.Record:
        """All that a module exports, as an object."""
        names: dict[str, None] = {}
        waiting, seen = [namespace.path], set[str]()
        while waiting:
            path = waiting.pop()
            scope = self.scope(path)
            if scope is None or path in seen:
                continue
            seen.add(path)
            for entry in scope.module.exports:
                if entry.exported != "*":
                    if not entry.type_only and (entry.exported != "default" or path == namespace.path):
                        names[entry.exported] = None
                elif entry.source is not None:
                    resolved = self.resolver.resolve(entry.source, path)
                    if resolved.kind == "file":
                        waiting.append(resolved.path)
        return t.Record(tuple((name, self.export(namespace.path, name)) for name in names))

    def export(self, path: str, name: str) -> t.Value:
        """What the module at `path` exports as `name`."""
        scope = self.scope(path)
        if scope is None:
            return t.Opaque(f"{name} of {path}, {NOT_READ}")
        key = (path, name)
        if key in self._exporting:
            return t.Opaque(f"cyclic export of {name}")
        self._exporting.add(key)
        try:
            found = self._export(scope, path, name)
        finally:
            self._exporting.discard(key)
        return t.Opaque(f"{name}, not exported by {path}") if found is None else found

    def _export(self, scope: ModuleScope, path: str, name: str) -> t.Value | None:
        asked: list[tuple[str, str]] = []  # a lookup of the same name there is a cycle
        try:
            for at, package in exporters(path, self._exports_of, self.resolver):
                if package is not None:
                    return self._from(at, package, name)
                if at != path:
                    if (at, name) in self._exporting:
                        continue
                    self._exporting.add((at, name))
                    asked.append((at, name))
                found = self._exported_by(at, name)
                if found is not None:
                    return found
                if name == "default":
                    break  # which `export *` does not pass on
        finally:
            self._exporting.difference_update(asked)
        if name == "default" and "svelte" in scope.module.directives:
            return t.Bound(SVELTE_COMPONENT, path)
        return None

    def _exports_of(self, path: str) -> tuple[ir.Export, ...] | None:
        scope = self.scope(path)
        return scope.module.exports if scope is not None else None

    def _exported_by(self, path: str, name: str) -> t.Value | None:
        """What a module exports by that very name."""
        scope = self.scope(path)
        entry = scope.exported(name) if scope is not None else None
        if scope is None or entry is None:
            return None
        return scope.lookup(entry.local) if entry.source is None else self._from(path, entry.source, entry.local)

    # ── types ───────────────────────────────────────────────────────────────────────────────────────────────────

    def named_type(self, module: str, name: str, depth: int = 0) -> Validator | None:
        """The type alias or interface that `name` means in `module`."""
        key = (module, name)
        if key in self._types:
            return self._types[key]
        self._types[key] = None
        scope = self.scope(module)
        if scope is None or "." in name:
            return None
        found: Validator | None = None
        declared = scope.types.get(name)
        if declared is not None:
            found = annotated(self, module, declared.type, depth)
        else:
            entry = scope.imported(name)
            if entry is not None:
                found = self._imported_type(module, entry.source, entry.imported, depth)
        self._types[key] = found
        return found

    def _imported_type(self, module: str, specifier: str, name: str, depth: int) -> Validator | None:
        resolved = self.resolver.resolve(specifier, module)
        if resolved.kind != "file" or depth > 12:
            return None
        for at, package in exporters(resolved.path, self._exports_of, self.resolver):
            if package is not None:
                continue
            for entry in self._exports_of(at) or ():
                if entry.exported == name and entry.source is not None:
                    return self._imported_type(at, entry.source, entry.local, depth + 1)
                if entry.exported == name and entry.local != name:
                    return self.named_type(at, entry.local, depth + 1)
            found = self.named_type(at, name, depth + 1)
            if found is not None:
                return found
        return None

    def type_of_value(self, module: str, dotted: str) -> Validator | None:
        """`typeof a.b`, where that is a validator or a known value."""
        scope = self.scope(module)
        if scope is None:
            return None
        first, *rest = dotted.split(".")
        value = scope.lookup(first)
        if value is None:
            return None
        act = self.activation(module)
        for name in rest:
            value = act.member(value, name)
        return type_in(value)

    def result_type(self, module: str, dotted: str) -> Validator | None:
        """`ReturnType<typeof f>`: what `f` declares to return."""
        scope = self.scope(module)
        value = scope.lookup(dotted) if scope is not None and "." not in dotted else None
        if not isinstance(value, t.Closure):
            return None
        if value.function.result is not None:
            return annotated(self, value.module, value.function.result)
        summary = self.summary(value)
        return type_of(summary.result, self.schema_of(value.module)) if summary is not None else None

    # ── evaluation ──────────────────────────────────────────────────────────────────────────────────────────────

    def spend(self) -> bool:
        """Whether there is work left to do for the function at hand."""
        self._spent += 1
        return self._spent < BUDGET

    def abandon(self, site: Site, reason: str) -> None:
        """Note that the code at `site` was not followed to its end."""
        self.abandoned.setdefault(site, reason)

    def new_owner(self, name: str) -> int:
        """An identity for a function's parameters."""
        self._owners += 1
        self.names[self._owners] = name
        return self._owners

    def activation(self, module: str, frame: Frame | None = None, name: str = "") -> Activation:
        """A fresh evaluation at the top level of `module`."""
        if frame is None:
            frame = Frame(self.scope(module))
        return Activation(self, module, frame, self.new_owner(name), Site(module, 0, 0))

    def evaluate_in(self, module: str, scope: Scope, value: ir.Expr) -> t.Value:
        """The value of an expression that stands in a known scope; what it does is not recorded."""
        return evaluate(self.activation(module, Frame(scope)), value)

    def evaluate_declaration(self, scope: ModuleScope, statement: ir.Declare) -> dict[str, t.Value]:
        """The values of the names that a top-level declaration binds."""
        names = list(bound_names(statement.pattern))
        act = self.activation(scope.path, name=names[0] if names else "")
        try:
            self._declare(act, scope, statement)
        except RecursionError:
            self.abandon(act.site(statement), TOO_DEEP)
        if act.effects:
            own = self.module_effects.setdefault(scope.path, {})
            own.setdefault(names[0] if names else "", []).extend(act.effects)
        return {name: act.frame.names.get(name, t.UNKNOWN) for name in names}

    def _declare(self, act: Activation, scope: ModuleScope, statement: ir.Declare) -> None:
        if statement.value is None:
            type = annotated(self, scope.path, statement.type) if statement.type is not None else None
            for name in bound_names(statement.pattern):
                act.frame.names[name] = typed(t.Opaque(name), type)
            return
        value = evaluate(act, statement.value)
        if isinstance(value, t.Closure) and value.function is statement.value:
            value = t.Closure(value.function, value.module, scope)
        if statement.type is not None:
            value = typed(value, annotated(self, scope.path, statement.type))
        bind(act, statement.pattern, value)

    def run_module(self, path: str) -> list[Effect]:
        """Run a module's own statements (crons, routes, scripts, component markup); their effects. Those of its
        declarations are in `module_effects`."""
        scope = self.scope(path)
        if scope is None:
            return []
        self._spent = 0
        act = self.activation(path, name=path)
        for statement in scope.module.body:
            if isinstance(statement, ir.Declare):
                if statement.value is not None and not isinstance(statement.value, ir.Function):
                    for name in bound_names(statement.pattern):
                        scope.lookup(name)
                        break
            else:
                try:
                    execute(act, (statement,))
                except RecursionError:
                    self.abandon(act.site(statement), TOO_DEEP)
                for name, value in act.frame.names.items():
                    scope.extend(name, value)
        return act.effects

    def summary(self, closure: t.Closure) -> Summary | None:
        """A module's function in terms of its parameters; None while it is being summarised (recursion)."""
        key: tuple[str | int, ...] = closure.key
        if not isinstance(closure.scope, ModuleScope):  # `withAuth(handler)` makes another function for each handler
            key = (*key, id(closure.scope))
            self._made.append(closure)
        if key in self._summaries:
            return self._summaries[key]
        self._summaries[key] = None
        try:
            self._summaries[key] = self._summarise(closure)
        except RecursionError:
            self.abandon(Site(closure.module, closure.function.start, closure.function.end), TOO_DEEP)
        return self._summaries[key]

    def _summarise(self, closure: t.Closure) -> Summary:
        function = closure.function
        name = function.name or self._name_of(closure)
        act = self.activation(closure.module, Frame(closure.scope), name)
        act.body = Site(closure.module, function.start, function.end)
        act.active.add(closure.key)
        arguments = [self._parameter(act, closure, at, parameter) for at, parameter in enumerate(function.params)]
        bind_parameters(act, function, arguments)
        result = annotated_result(act, function, run_body(act, function, "returned"))
        if self.directory_of(closure.module) is None:
            self._run_unattached(act, result)
        effects, exits = tuple(act.effects), tuple(act.exits)
        return Summary(act.owner, closure.key, name, closure.module, effects, exits, result, act.epoch > 0)

    def _name_of(self, closure: t.Closure) -> str:
        scope = self.scope(closure.module)
        if scope is not None:
            for statement in scope.module.body:
                if (
                    isinstance(statement, ir.Declare)
                    and statement.start <= closure.function.start < statement.end
                    and isinstance(statement.pattern, ir.PName)
                ):
                    return statement.pattern.name if statement.pattern.name != "*default*" else "default"
        return "function"

    def _parameter(self, act: Activation, closure: t.Closure, at: int, parameter: ir.Parameter) -> t.Value:
        name = parameter.pattern.name if isinstance(parameter.pattern, ir.PName) else f"argument {at + 1}"
        value: t.Value = t.Param(act.owner, at, name)
        type = annotated(self, closure.module, parameter.type) if parameter.type is not None else None
        if type is CONTEXT or type is DATABASE:
            return typed(value, type)
        if self.directory_of(closure.module) is not None and isinstance(parameter.pattern, ir.PName):
            if name in ("ctx", "_ctx", "context"):
                return t.Context("", value)
            if name == "db":
                return t.Capability("db")
        return value

    def _run_unattached(self, act: Activation, result: t.Value) -> None:
        """Handlers that nothing seen here attaches still run some day."""
        escaped = closures_in(result)
        for key, closure in list(act.closures.items()):
            if key in act.ran or key in escaped or key in act.active:
                continue
            node = closure.function
            setting = Setting("callback", node.name or "", Site(closure.module, node.start, node.end))
            with act.run_by(replace(setting)):
                invoke(act, closure, [t.Opaque("argument") for _ in node.params], node)

    def budget(self) -> None:
        """Start the budget of a new function."""
        self._spent = 0

    def result_of(self, reference: t.Value, given: t.Value, act: Activation) -> t.Value:
        """What starting a Convex function returns. Clients get a value without rows: they cannot write to it."""
        if self.directory_of(act.module) is None:
            return t.Opaque("result")
        return self.handlers.result(reference, given, act)

    def context_value(self, key: tuple[str, int]) -> t.Value:
        """What the provider of a React context passes down, once some provider has been read."""
        if key not in self.provided:
            self.provided[key] = t.Opaque("context")
            scope = self.scope(key[0])
            for entry in scope.module.exports if scope is not None else ():
                value = self.export(key[0], entry.exported)
                if isinstance(value, t.Closure) and (value.function.name or entry.exported)[:1].isupper():
                    self.summary(value)  # the component that renders the provider
        return self.provided[key]

    def members_named(self, path: str) -> frozenset[str]:
        """Every `.name` that the module at `path` mentions."""
        known = self._members.get(path)
        if known is None:
            module = self.modules.get(path)
            known = frozenset(_member_names(module.body)) if module is not None else frozenset()
            self._members[path] = known
        return known

    def is_svelte(self, module: str) -> bool:
        """Whether a module is Svelte's: a component, or one with runes."""
        return module.endswith((".svelte", ".svelte.ts", ".svelte.js"))

    def is_vue(self, module: str) -> bool:
        """Whether a module is a Vue component."""
        return module.endswith(".vue")


def _member_names(root: tuple[ir.Stmt, ...]) -> Iterator[str]:
    """The property of every member expression below."""
    stack: list[object] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, ir.Node):
            if isinstance(node, ir.Member):
                yield node.property
            stack.extend(getattr(node, name) for name in node.__struct_fields__)
