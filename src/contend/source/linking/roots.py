"""Where code starts: entries that frameworks call, components, scripts, and functions that nobody seen here calls."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from contend.source import ir
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import substituted_place
from contend.source.evaluation.effects import Effect, InvokeEffect, MountEffect, Site, SubscribeEffect, moved
from contend.source.evaluation.modules import bound_names
from contend.source.evaluation.program import Program
from contend.source.evaluation.substitution import Substitution
from contend.source.linking.frameworks import Entry, entry_of, handler_of, is_component

MODULE = "module "  # how the label of a module's own statements begins


@dataclass(frozen=True, slots=True)
class Root:
    """A place where execution starts: its entry, where it stands, and everything that happens from there."""

    entry: Entry
    name: str
    site: Site
    effects: tuple[Effect, ...]
    key: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is a root unless something calls it: `owner` identifies its summary, `entry` says that it is one anyway."""

    root: Root
    owner: int
    entry: bool


def root_candidates(program: Program, paths: Sequence[str]) -> list[Candidate]:
    """What may be a root in the modules at `paths` (those outside function directories)."""
    return [candidate for path in paths for candidate in _in_module(program, path)]


def find_roots(program: Program, candidates: Sequence[Candidate], ran: Set[tuple[str, int]]) -> list[Root]:
    """The roots among the candidates. `ran` are functions that code elsewhere calls."""
    called = program.ran | ran
    roots: list[Root] = []
    for candidate in candidates:
        root = candidate.root
        if not any(isinstance(effect, InvokeEffect | SubscribeEffect | MountEffect) for effect in root.effects):
            continue
        if candidate.entry or root.key not in called:
            roots.append(_with_props(program, root, candidate.owner))
    return roots


def _with_props(program: Program, root: Root, owner: int) -> Root:
    """A component as those who render it do: with the live results that they hand to it."""
    props = program.mounted.get(root.key) if root.key is not None else None
    if not props:
        return root
    given = t.Record(tuple(props.items()), (t.Param(owner, 0, "props"),))
    substitution = Substitution(owner, {0: given}, (), program.schema_of(root.site.module))
    effects = [
        moved(effect, substituted_place(effect.place, 0, 0, substitution)) if effect.place.settings else effect
        for effect in root.effects
    ]
    return replace(root, effects=tuple(effects))


def _in_module(program: Program, path: str) -> list[Candidate]:
    found: list[Candidate] = []
    module = program.modules[path]
    scope = program.scope(path)
    if scope is None:
        return found
    exported = {entry.local: entry.exported for entry in module.exports if entry.source is None}
    own = list(program.run_module(path))
    for name, effects in program.module_effects.get(path, {}).items():
        entry = entry_of(path, module, exported[name], None) if name in exported else None
        if entry is None or entry.kind == "render":
            own.extend(effects)
        else:
            found.append(Candidate(Root(entry, name, Site(path, 0, 0), tuple(effects)), -1, True))
    if own:
        entry = entry_of(path, module, "default", None) or Entry("script", f"{MODULE}{path.rsplit('/', 1)[-1]}")
        found.append(Candidate(Root(entry, path.rsplit("/", 1)[-1], Site(path, 0, 0), tuple(own)), -1, True))
    for statement in _telling(program, module):
        for name in bound_names(statement.pattern):
            export = exported.get(name, "")
            for closure, label in _closures(program, scope.lookup(name), name):
                if closure.module != path and not _wrapped_entry(path, module, export, statement.value):
                    continue
                summary = program.summary(closure)
                if summary is None or not summary.effects:
                    continue
                entry = entry_of(path, module, export or name, closure.function) if export else None
                entry = entry or handler_of(label)
                if entry is None and is_component(name, closure.function):
                    entry = Entry("render", f"component {name}")
                site = Site(closure.module, closure.function.start, closure.function.end)
                root = Root(entry or _unknown(path, label), label, site, summary.effects, closure.key)
                found.append(Candidate(root, summary.owner, entry is not None and entry.kind != "script"))
    return found


_MARK = re.compile(
    rb"\b(?:api|internal|anyApi|components)\b|[mM]utation|[cC]onvex|[qQ]uery|[aA]ction|[\w/]:\w+[\"'`]|fetch|preload|subscri"
)
_WORD = re.compile(rb"[A-Za-z_$][\w$]*")


def _telling(program: Program, module: ir.Module) -> list[ir.Declare]:
    """The top-level declarations that can matter: those that name something of Convex, something of another file that
    was read, or a declaration of this file that does. The rest of a page is look and layout."""
    text = program.texts.get(module.path)
    declared = [one for one in module.body if isinstance(one, ir.Declare) and one.value is not None]
    if text is None or module.path.endswith((".svelte", ".vue")):
        return declared
    known = {
        entry.local.encode()
        for entry in module.imports
        if not entry.type_only and program.resolver.resolve(entry.source, module.path).path in program.modules
    }
    words = [(one, set(_WORD.findall(text, one.start, one.end))) for one in declared]
    chosen = {id(one) for one, _ in words if _MARK.search(text, one.start, one.end)}
    known |= {name.encode() for one, _ in words if id(one) in chosen for name in bound_names(one.pattern)}
    growing = True
    while growing:
        growing = False
        for one, used in words:
            if id(one) not in chosen and not known.isdisjoint(used):
                chosen.add(id(one))
                known |= {name.encode() for name in bound_names(one.pattern)}
                growing = True
    return [one for one in declared if id(one) in chosen]


def _wrapped_entry(path: str, module: ir.Module, export: str, value: ir.Expr | None) -> bool:
    """Whether an export is an entry that a wrapper of another module makes (`POST = withRateLimit(async () => …)`)."""
    return bool(export) and isinstance(value, ir.Call) and entry_of(path, module, export, None) is not None


def _unknown(path: str, name: str) -> Entry:
    if path.endswith((".svelte", ".vue")):
        return Entry("event", name)
    return Entry("unknown", name)


def _closures(program: Program, value: t.Value, name: str) -> list[tuple[t.Closure, str]]:
    """The functions that a top-level name stands for: itself, wrapped ones, and those in an object or a class."""
    found: list[tuple[t.Closure, str]] = []
    for option in t.alternatives(value):
        if isinstance(option, t.Bound) and option.library == "react.wrapped":
            option = option.data
        if isinstance(option, t.Closure):
            found.append((option, name if name != "*default*" else option.function.name or "default"))
        elif isinstance(option, t.Record):
            found.extend((inner, f"{name}.{key}") for key, inner in option.fields if isinstance(inner, t.Closure))
        elif isinstance(option, t.ClassTerm):
            instance = t.Instance(option, {})
            for prop in option.node.members:
                if prop.key and isinstance(prop.value, ir.Function) and prop.key != "constructor":
                    method = t.Closure(prop.value, option.module, option.scope, instance)
                    found.append((method, f"{name}.{prop.key}"))
    return found
