"""The registered functions of an app."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contend.model.app import Unregistered
from contend.model.functions import Access, Function, Projection
from contend.model.places import Span
from contend.source import ir
from contend.source.discovery import AppDirectory
from contend.source.evaluation import terms as t
from contend.source.evaluation.catching import dotted
from contend.source.evaluation.effects import DatabaseEffect, Effect, Site, Summary
from contend.source.evaluation.program import Program
from contend.source.linking.accesses import AccessReader, exits_of
from contend.source.linking.flattening import transaction_effects
from contend.source.linking.positions import Positions
from contend.source.linking.projections import projections_of

_BUILDERISH = ("mutation", "query", "action")


@dataclass(frozen=True, slots=True)
class Linked:
    """A function of the model with what else linking knows of it: its effects in order (sub-functions included)."""

    function: Function
    summary: Summary | None
    effects: tuple[Effect, ...]


def function_id(app: AppDirectory, path: str) -> str:
    """A function's id in its repository."""
    return f"{app.root}#{path}" if app.root else path


def link_functions(
    program: Program, app: AppDirectory, positions: Positions, unregistered: list[Unregistered]
) -> list[Linked]:
    """Every function that the app's modules register, in the order of their paths."""
    reader = AccessReader(positions, program.schema_in(app.functions_dir))
    linked: list[Linked] = []
    for module in app.modules:
        scope = program.scope(module)
        if scope is None:
            continue
        named = {entry.exported for entry in scope.module.exports}
        for entry in scope.module.exports:
            if entry.type_only:
                continue
            for name, value in _exported(program, module, entry):
                if entry.exported == "*" and name in named:
                    continue  # an export by name wins over `export *`
                if isinstance(value, t.Registered):
                    path = app.module_path(module)
                    path = path if name == "default" else f"{path}:{name}"
                    span = _declaration(program, positions, module, name, value)
                    linked.append(_link(program, app, positions, reader, value, path, span))
                else:
                    missed = _missed(program, positions, module, name, value)
                    if missed is not None:
                        unregistered.append(missed)
    return sorted(linked, key=lambda one: one.function.path)


def _exported(program: Program, module: str, entry: ir.Export) -> Iterator[tuple[str, t.Value]]:
    if entry.exported == "*":
        resolved = program.resolver.resolve(entry.source or "", module)
        inner = program.scope(resolved.path) if resolved.kind == "file" else None
        for below in inner.module.exports if inner is not None else ():
            if below.exported not in ("*", "default"):
                yield below.exported, program.export(module, below.exported)
        return
    value = program.export(module, entry.exported)
    for option in t.alternatives(value):
        yield entry.exported, option


def _declaration(program: Program, positions: Positions, module: str, name: str, value: t.Registered) -> Span:
    scope = program.scope(module)
    entry = next((e for e in scope.module.exports if e.exported == name), None) if scope is not None else None
    statement = scope.declaration(entry.local) if scope is not None and entry is not None else None
    if statement is not None:
        return positions.span(Site(module, statement.start, statement.end))
    return positions.span(Site(value.module, value.start, value.end))


def _link(
    program: Program,
    app: AppDirectory,
    positions: Positions,
    reader: AccessReader,
    value: t.Registered,
    path: str,
    span: Span,
) -> Linked:
    builder = value.builder
    module = program.modules.get(value.module)
    summary = program.handlers.summary(value)
    effects = transaction_effects(program, summary, builder.kind) if summary is not None else []
    accesses: list[Access] = []
    orders: dict[int, int] = {}
    for at, (_, effect) in enumerate(effects):
        if isinstance(effect, DatabaseEffect):
            orders[at] = len(accesses)
            accesses.append(reader.access(effect, len(accesses)))
    projections: tuple[Projection, ...] = ()
    results: tuple[tuple[str, str], ...] = ()
    if builder.kind == "query" and summary is not None:
        projections, results = projections_of(summary.result)
    function = Function(
        app=app.root,
        path=path,
        kind=builder.kind,  # type: ignore[arg-type]
        internal=builder.internal,
        span=span,
        builder=builder.name,
        runtime="node" if module is not None and "use node" in module.directives else "convex",
        args=program.handlers.arguments(value),
        custom_builder=builder.custom,
        accesses=tuple(accesses),
        exits=exits_of(summary.exits, effects, orders, reader) if summary is not None else (),
        projections=projections,
        result_fields=results,
        unread=None if summary is not None else "its handler is not a function that can be followed",
    )
    return Linked(function, summary, tuple(effect for _, effect in effects))


def _missed(program: Program, positions: Positions, module: str, name: str, value: t.Value) -> Unregistered | None:
    """An export made by something that looks like a builder and was not understood."""
    scope = program.scope(module)
    entry = next((e for e in scope.module.exports if e.exported == name), None) if scope is not None else None
    statement = scope.declaration(entry.local) if scope is not None and entry is not None else None
    if statement is None or not isinstance(statement.value, ir.Call):
        return None
    builder = dotted(statement.value.callee)
    last = builder.rsplit(".", 1)[-1].lower()
    if not last.endswith(_BUILDERISH) or isinstance(value, t.Builder):
        return None
    return Unregistered(
        positions.span(Site(module, statement.start, statement.end)),
        builder,
        f"what {builder} makes could not be followed",
    )
