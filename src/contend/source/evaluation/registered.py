"""Registered functions: their handlers, summarised with `ctx` and validated arguments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from contend.model.schema import Validator
from contend.source.evaluation import terms as t
from contend.source.evaluation.calls import annotated_result, bind_parameters, call_value
from contend.source.evaluation.effects import Site, Summary
from contend.source.evaluation.frames import Frame
from contend.source.evaluation.members import typed
from contend.source.evaluation.statements import run_body
from contend.source.evaluation.substitution import Substitution
from contend.source.libraries import fluent, triggers
from contend.source.libraries.custom_functions import extended_args
from contend.source.libraries.validators import type_in

if TYPE_CHECKING:
    from contend.source.evaluation.activation import Activation
    from contend.source.evaluation.program import Program

ARGUMENTS = 1  # position of `args` among a handler's parameters


class Handlers:
    """Summaries of registered functions, made on demand."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known: dict[tuple[str, int, int, int], tuple[t.Value, Summary | None]] = {}

    def summary(self, registered: t.Registered) -> Summary | None:
        """What a registered function does; None where its handler is not a function of the app's source, or while it is
        being summarised."""
        handler = next((option for option in t.alternatives(registered.handler) if isinstance(option, t.Closure)), None)
        if handler is None:
            return None
        # A factory's functions stand at one place: the scope tells them apart. `_known` keeps it alive.
        key = (registered.module, registered.start, registered.end, id(handler.scope))
        if key in self._known:
            return self._known[key][1]
        self._known[key] = (handler, None)
        try:
            made = self._summarise(registered, handler)
        except RecursionError:
            from contend.source.evaluation.program import TOO_DEEP

            self._program.abandon(Site(handler.module, handler.function.start, handler.function.end), TOO_DEEP)
            return None
        self._known[key] = (handler, made)
        return made

    def _summarise(self, registered: t.Registered, handler: t.Closure) -> Summary | None:
        program = self._program
        program.budget()
        function = handler.function
        act = program.activation(handler.module, Frame(handler.scope), function.name or "handler")
        act.body = Site(handler.module, function.start, function.end)
        builder = registered.builder
        ctx: t.Value = t.Context(builder.kind)
        type = self.arguments(registered)
        raw: t.Value = t.Param(act.owner, ARGUMENTS, "args")
        arguments = typed(raw, type or Validator("object"))
        for spec in builder.inputs:
            ctx, arguments = _run_input(act, spec, ctx, arguments, registered)
        start = len(act.effects)
        act.active.add(handler.key)
        bind_parameters(act, function, [ctx, arguments])
        result = annotated_result(act, function, run_body(act, function, "returned"))
        places = triggers.fire(act, ctx, start)
        exits = tuple([replace(point, after=places[min(point.after, len(places) - 1)]) for point in act.exits])
        name = function.name or "handler"
        return Summary(act.owner, handler.key, name, handler.module, tuple(act.effects), exits, result)

    def arguments(self, registered: t.Registered) -> Validator | None:
        """The type of a function's arguments: its own, and those that its custom builders take."""
        own = type_in(registered.args) if registered.args not in (None, t.UNDEFINED) else None
        act = self._program.activation(registered.module)
        for spec in registered.builder.inputs:
            own = extended_args(own, spec, act)
        return own

    def result(self, reference: t.Value, given: t.Value, act: Activation) -> t.Value:
        """What a call of the referenced function returns here; opaque where that cannot be followed."""
        registered = self.registered(reference, act)
        summary = self.summary(registered) if registered is not None else None
        if summary is None:
            return t.Opaque("result")
        substitution = Substitution(summary.owner, {ARGUMENTS: given}, (summary.owner,), act.schema)
        return substitution.apply(summary.result)

    def registered(self, reference: t.Value, act: Activation) -> t.Registered | None:
        """The function that a reference names, where it stands in the repository. One of a component is no part of the
        app's own code (see `linking.components`)."""
        for option in t.alternatives(reference):
            if isinstance(option, t.Registered):
                return option
            if isinstance(option, t.Reference) and option.root != "components":
                found = self.exported(option)
                if found is not None:
                    return found if isinstance(found, t.Registered) else None
        return None

    def exported(self, reference: t.Reference) -> t.Value | None:
        """What the module that a reference names exports under its last name; None where there is no such module."""
        program = self._program
        if reference.directory is None or len(reference.parts) < 2:
            return None
        base = f"{reference.directory}/" if reference.directory not in ("", ".") else ""
        stem = base + "/".join(reference.parts[:-1])
        for ending in (".ts", ".js", ".tsx", ".mts", ".jsx"):
            if stem + ending in program.modules:
                return program.export(stem + ending, reference.parts[-1])
        return None


def _run_input(
    act: Activation, spec: t.Value, ctx: t.Value, arguments: t.Value, registered: t.Registered
) -> tuple[t.Value, t.Value]:
    """Run a custom builder's `input`: what it adds to `ctx` and `args`."""
    node = _Span(registered.start, registered.end)
    if isinstance(spec, t.Bound) and spec.library == "convex.custom-ctx":
        added = call_value(act, spec.data, [ctx], node)
        return t.Context(registered.builder.kind, _extended(ctx, added)), arguments
    if isinstance(spec, t.Bound) and spec.library == fluent.MIDDLEWARE:
        added = call_value(act, spec.data, [ctx, t.Bound(fluent.NEXT)], node)
        return t.Context(registered.builder.kind, _extended(ctx, added)), arguments
    function = act.member(spec, "input")
    if not isinstance(function, t.Closure):
        return ctx, arguments
    outcome = call_value(act, function, [ctx, arguments], node)
    added_ctx = act.member(outcome, "ctx")
    added_args = act.member(outcome, "args")
    if isinstance(added_ctx, t.Record):
        ctx = t.Context(registered.builder.kind, _extended(ctx, added_ctx))
    if isinstance(added_args, t.Record) and added_args.fields:
        arguments = t.Record(added_args.fields, (arguments,))
    return ctx, arguments


def _extended(ctx: t.Value, added: t.Value) -> t.Value:
    """What a builder adds to a `ctx` that another builder has already added to."""
    if not isinstance(ctx, t.Context) or ctx.extra is None:
        return added
    if isinstance(added, t.Record):
        return t.Record(added.fields, (ctx, *added.spreads), added.computed)
    return t.Record((), (ctx, added))


class _Span:
    """A bare span to stand at."""

    __slots__ = ("end", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end
