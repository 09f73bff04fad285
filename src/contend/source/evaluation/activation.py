"""The state of one evaluation: scope, conditions, loops, and the effects recorded so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from contend.source import ir
from contend.source.evaluation import terms as t
from contend.source.evaluation.certainty import is_impossible
from contend.source.evaluation.effects import (
    Catching,
    Condition,
    DatabaseEffect,
    DeferredEffect,
    Effect,
    EscapeEffect,
    ExitPoint,
    FlagEffect,
    InvokeEffect,
    Mode,
    MountEffect,
    Place,
    RegisterEffect,
    Round,
    Setting,
    Site,
    Step,
    SubscribeEffect,
    Summary,
)
from contend.source.evaluation.frames import Frame
from contend.source.evaluation.members import Schema, element, member, tables_of
from contend.source.evaluation.substitution import Substitution

if TYPE_CHECKING:
    from contend.source.evaluation.program import Program

MAX_EFFECTS = 1500
MAX_DEFERRED = 120
_TELLING = frozenset(
    [
        "mutation",
        "query",
        "action",
        "runMutation",
        "runQuery",
        "runAction",
        "runAfter",
        "runAt",
        "mutate",
        "mutateAsync",
        "get",
        "patch",
        "replace",
        "delete",
        "insert",
        "collect",
        "first",
        "unique",
        "take",
        "paginate",
        "withIndex",
        "withSearchIndex",
        "order",
        "filter",
        "call",
        "bind",
        "apply",
    ]
)
MAX_STEPS = 12


class Restored:
    """A change of an activation's state that ends with its `with` block. (A class: it is entered at every expression,
    and a generator costs three times as much.)"""

    __slots__ = ("_act", "_name", "_value")

    def __init__(self, act: Activation, name: str, value: Any) -> None:
        self._act = act
        self._name = name
        self._value = value

    def __enter__(self) -> None:
        return None

    def __exit__(self, *failure: object) -> None:
        setattr(self._act, self._name, self._value)


class Activation:
    """One function (or module) being evaluated. Inner functions called in place share it with a frame of their own."""

    def __init__(self, program: Program, module: str, frame: Frame, owner: int, body: Site) -> None:
        self.program = program
        self.module = module
        self.frame = frame
        self.owner = owner
        self.body = body
        self.schema: Schema = program.schema_of(module)
        self.effects: list[Effect] = []
        self.exits: list[ExitPoint] = []
        self.returns: list[t.Value] = []
        self.yields: list[t.Value] = []  # what the generator at hand hands out
        self.jumps: list[dict[str, t.Value]] = []  # names as they are at each `break` and `continue` of the loop
        self.guards: tuple[Condition, ...] = ()
        self.loops: tuple[Round, ...] = ()
        self.tries: tuple[Catching, ...] = ()
        self.settings: tuple[Setting, ...] = ()
        self.steps: tuple[Step, ...] = ()
        self.mode: Mode = "value"
        self.epoch = 0
        self.return_mode: Mode = "returned"
        self.inlined = 0  # depth of inner functions evaluated in place
        self.active: set[tuple[str, int]] = set()
        self.closures: dict[tuple[str, int], t.Closure] = {}  # made here and not yet run
        self.ran: set[tuple[str, int]] = set()
        self._rows = 0
        self._pending = 0

    # ── places ──────────────────────────────────────────────────────────────────────────────────────────────────

    def site(self, node: Any) -> Site:
        """Where `node` stands."""
        return Site(self.module, node.start, node.end)

    def place(self, node: Any) -> Place:
        """`node` under the current conditions."""
        return Place(
            Site(self.module, node.start, node.end),
            self.body,
            self.guards,
            self.loops if self.mode != "dropped" else side_by_side(self.loops),
            self.tries,
            self.settings,
            self.steps,
            self.mode,
            self.epoch,
            self.mode != "dropped",
        )

    def new_row(self) -> t.RowId:
        """An identity for a row about to be read."""
        self._rows += 1
        return (self.owner, self._rows)

    def record(self, effect: Effect) -> None:
        """Append an effect; a function with absurdly many keeps the first ones."""
        if not self._is_full():
            self.effects.append(effect)

    def _is_full(self) -> bool:
        full = len(self.effects) >= MAX_EFFECTS
        if full:
            self.program.abandon(self.body, f"does more than {MAX_EFFECTS} things, of which the first are followed")
        return full

    # ── shapes ──────────────────────────────────────────────────────────────────────────────────────────────────

    def member(self, term: t.Value, name: str) -> t.Value:
        """`term.name`, namespaces included."""
        if isinstance(term, t.Namespace):
            return self.program.export(term.path, name)
        if name == "value" and self.program.is_vue(self.module) and _is_live(term):
            return term  # a ref of a live result
        if isinstance(term, t.Choice) and any(isinstance(item, t.Namespace) for item in term.items):
            return t.choice([self.member(item, name) for item in term.items])
        if isinstance(term, t.ClassTerm):
            return self._static(term, name)
        return member(term, name, self.schema)

    def _static(self, term: t.ClassTerm | None, name: str) -> t.Value:
        while term is not None:
            for prop in term.node.static:
                if prop.key == name and isinstance(prop.value, ir.Function):
                    return t.Closure(prop.value, term.module, term.scope, term)
                if prop.key == name:
                    return self.program.evaluate_in(term.module, term.scope, prop.value)
            term = term.base
        return t.Opaque(f"static {name}")

    def element(self, term: t.Value) -> t.Value:
        """Any element of `term`."""
        return element(term, self.schema)

    def tables_of(self, term: t.Value) -> tuple[str, ...]:
        """The tables that an id or document belongs to."""
        return tables_of(term, self.schema)

    # ── circumstances ───────────────────────────────────────────────────────────────────────────────────────────

    def under(self, condition: Condition) -> Restored:
        """Evaluate where `condition` holds."""
        restored = Restored(self, "guards", self.guards)
        self.guards = (*self.guards, condition)
        return restored

    def within(self, loop: Round) -> Restored:
        """Evaluate inside a loop."""
        restored = Restored(self, "loops", self.loops)
        self.loops = (*self.loops, loop)
        return restored

    @contextmanager
    def run_by(self, setting: Setting) -> Iterator[None]:
        """Evaluate code that something runs later: no enclosing `try` reaches it."""
        saved = self.settings, self.tries, self.mode
        self.settings = (*self.settings, setting)
        self.tries = ()
        self.mode = "value"
        try:
            yield
        finally:
            self.settings, self.tries, self.mode = saved

    def as_mode(self, mode: Mode) -> Restored:
        """Evaluate an expression whose promise is awaited, returned, dropped or kept."""
        restored = Restored(self, "mode", self.mode)
        self.mode = mode
        return restored

    def caught(self, catching: Catching) -> Restored:
        """Evaluate inside a `try`."""
        restored = Restored(self, "tries", self.tries)
        self.tries = (catching, *self.tries)
        return restored

    # ── calls of the app's own functions ────────────────────────────────────────────────────────────────────────

    def defer(self, callee: t.Value, arguments: Sequence[t.Value], node: Any, text: str) -> t.Value:
        """Record a call whose callee is not known before the caller's arguments are."""
        if self._pending >= MAX_DEFERRED or (
            isinstance(callee, t.Method) and callee.name not in _TELLING and _distance(callee.object) > 1
        ):
            return t.Opaque(text)  # `event.url.pathname.match()` starts nothing, whatever `event` is
        self._pending += 1
        self.record(DeferredEffect(self.place(node), callee, tuple(arguments), self._pending))
        return t.Pending(self.owner, self._pending, text)

    def instantiate(
        self, summary: Summary, arguments: Sequence[t.Value], node: Any, place: Place | None = None
    ) -> t.Value:
        """The effects of a summarised function, called here; its result."""
        outer = place if place is not None else self.place(node)
        self.program.ran.add(summary.key)
        if len(outer.steps) > MAX_STEPS:
            return t.Opaque(f"{summary.name}: call chain too deep")
        substitution = Substitution(
            summary.owner, dict(enumerate(arguments)), (outer.site.start, *_tail(outer)), self.schema
        )
        for effect in summary.effects:
            self.record_below(effect, outer, summary.name, substitution)
        if summary.waits:
            self.epoch += 1
        return substitution.apply(summary.result)

    def record_below(self, effect: Effect, outer: Place, name: str, substitution: Substitution) -> None:
        """Record a callee's effect as one of this function's, with the arguments put in."""
        if self._is_full() or len(outer.steps) + len(effect.place.steps) > MAX_STEPS:
            return
        place = substituted_place(effect.place.below(outer, name), len(outer.guards), len(outer.loops), substitution)
        if any(is_impossible(guard) for guard in place.guards[len(outer.guards) :]):
            return  # `if (kind === "a")` in a helper called with "b"
        apply = substitution.apply
        if isinstance(effect, DatabaseEffect):
            self.record(
                DatabaseEffect(
                    place,
                    effect.operation,
                    apply(effect.target),
                    substitution.row(effect.row),
                    effect.index,
                    tuple([(field, operator, apply(value)) for field, operator, value in effect.keys]),
                    effect.reach,
                    apply(effect.limit),
                    effect.descending,
                    effect.filtered,
                    tuple([apply(part) for part in effect.filters]),
                    apply(effect.patch),
                    effect.explicit,
                    effect.stale,
                )
            )
        elif isinstance(effect, InvokeEffect):
            self.record(
                InvokeEffect(
                    place,
                    effect.via,
                    effect.kind,
                    apply(effect.reference),
                    apply(effect.arguments),
                    apply(effect.delay),
                    effect.stale,
                    effect.last,
                )
            )
        elif isinstance(effect, SubscribeEffect):
            self.record(SubscribeEffect(place, apply(effect.reference), effect.hook, apply(effect.arguments)))
        elif isinstance(effect, DeferredEffect):
            callee = apply(effect.callee)
            arguments = [apply(argument) for argument in effect.arguments]
            with self.at(place):
                from contend.source.evaluation.calls import call_value

                substitution.pending[effect.number] = call_value(self, callee, arguments, place.site)
        elif isinstance(effect, MountEffect):
            self.record(MountEffect(place, effect.component, effect.name))
        elif isinstance(effect, RegisterEffect):
            self.record(
                RegisterEffect(place, effect.what, effect.name, apply(effect.reference), effect.detail, effect.period)
            )
        elif isinstance(effect, FlagEffect):
            self.record(FlagEffect(place, effect.flag))
        else:
            self.record(EscapeEffect(place, effect.callee))

    @contextmanager
    def at(self, place: Place) -> Iterator[None]:
        """Act at `place` of a callee's code."""
        saved = (
            self.guards,
            self.loops,
            self.tries,
            self.settings,
            self.steps,
            self.mode,
            self.module,
            self.body,
        )
        self.guards, self.loops, self.tries = place.guards, place.loops, place.tries
        self.settings, self.steps, self.mode = place.settings, place.steps, place.mode
        self.module, self.body = place.site.module, place.body
        try:
            yield
        finally:
            (
                self.guards,
                self.loops,
                self.tries,
                self.settings,
                self.steps,
                self.mode,
                self.module,
                self.body,
            ) = saved


def side_by_side(loops: tuple[Round, ...]) -> tuple[Round, ...]:
    """The loops around something that nobody waits for: the rounds of the innermost do not wait for each other."""
    return (*loops[:-1], replace(loops[-1], parallel=True)) if loops and not loops[-1].parallel else loops


def _is_live(term: t.Value) -> bool:
    return isinstance(term.value if isinstance(term, t.Typed) else term, t.Live)


def _distance(term: t.Value) -> int:
    """How many members lie between a parameter and `term`."""
    steps = 0
    while isinstance(term, t.Field | t.Typed):
        if isinstance(term, t.Field):
            steps += 1
            term = term.object
        else:
            term = term.value
    if isinstance(term, t.Choice):  # a parameter or its default
        return steps + min(_distance(item) for item in term.items)
    return steps if isinstance(term, t.Param) else steps + 2


def _tail(place: Place) -> t.RowId:
    """Distinguishes two instantiations of one call site reached by different ways."""
    return tuple(step.site.start for step in place.steps[-2:])


def substituted_place(place: Place, own_guards: int, own_loops: int, substitution: Substitution) -> Place:
    """`place` with arguments put into the guards and loops that the callee brought (those after the caller's own)."""
    if len(place.guards) == own_guards and len(place.loops) == own_loops and not place.settings:
        return place
    apply = substitution.apply
    guards = place.guards[:own_guards] + tuple(
        [Condition(apply(guard.term), guard.holds, guard.site, guard.early) for guard in place.guards[own_guards:]]
    )
    loops = place.loops[:own_loops] + tuple(
        [Round(apply(loop.over), loop.site, loop.parallel, loop.bound) for loop in place.loops[own_loops:]]
    )
    settings = tuple(
        [
            Setting(
                setting.kind,
                setting.detail,
                setting.site,
                apply(setting.period),
                None
                if setting.dependencies is None
                else tuple([(text, apply(value)) for text, value in setting.dependencies]),
            )
            for setting in place.settings
        ]
    )
    return replace(place, guards=guards, loops=loops, settings=settings)
