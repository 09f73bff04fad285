"""A repository, linked: what an audit is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path

from contend.model.app import App, Repository, Unregistered
from contend.model.callers import Caller, Cron, Subscription
from contend.model.functions import Access, Function
from contend.model.schema import Table
from contend.source import ir
from contend.source.cache import Pack
from contend.source.discovery import AppDirectory
from contend.source.evaluation import terms as t
from contend.source.evaluation.effects import DatabaseEffect, Effect
from contend.source.evaluation.modules import bound_names
from contend.source.evaluation.program import Program
from contend.source.extraction import available_jobs
from contend.source.linking.accesses import AccessReader
from contend.source.linking.callers import CallerReader, registrations
from contend.source.linking.client_process import ClientProcess, client_process
from contend.source.linking.client_side import ClientSide, abandoned, program_of, suppressions_in
from contend.source.linking.component_functions import mounted_tables, with_components
from contend.source.linking.consequences import of_action
from contend.source.linking.functions import Linked, link_functions
from contend.source.linking.positions import Positions
from contend.source.linking.references import References
from contend.source.linking.remembered import recalled, remember
from contend.source.linking.schemas import read_schema
from contend.source.recursion import deep_recursion
from contend.source.sources import Sources, prepare, problems_of, survey

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class _Parts:
    """An app under construction."""

    directory: AppDirectory
    tables: dict[str, Table]
    linked: list[Linked]
    callers: list[Caller]
    crons: list[Cron]
    subscriptions: list[Subscription]


def read_repository(
    path: Path,
    *,
    use_cache: bool = True,
    jobs: int | None = None,
    progress: Progress | None = None,
    cache_of: str | Path | None = None,
) -> Repository:
    """Read and link everything below `path`, with what is remembered of earlier runs if `use_cache`, in up to `jobs`
    processes. `cache_of` names the path of which it is another state: what is remembered of that one is used, and left
    as it is.

    Raises `PathNotFound` where there is nothing at `path`, `NotAConvexApp` where there is no function directory. Files
    that cannot be read or parsed are `errors`, never exceptions.
    """
    surveyed = survey(path, progress)
    cache = Path(cache_of or surveyed.root) if use_cache else None
    known = recalled(surveyed, cache) if cache is not None else None
    if known is not None:
        return known
    remembers = cache is not None and cache_of is None
    jobs = available_jobs() if jobs is None else jobs
    with client_process(surveyed, jobs) as beside:  # it loads while imports are resolved
        sources = prepare(surveyed, Pack.open(cache, "syntax") if cache is not None else None)
        here = [*sources.of_functions(), *(sources.of_clients() if beside is None else ())]
        if beside is not None:
            beside.start(sources, cache, remembers, jobs // 2)
            jobs -= jobs // 2
        sources.modules.parse(here, jobs, None if progress is None else lambda *done: progress("parsing", *done))
        repository = link(sources, progress, beside)
    if cache is not None and remembers:
        sources.modules.remember()
        remember(repository, surveyed, cache)
    return repository


def link(sources: Sources, progress: Progress | None = None, beside: ClientProcess | None = None) -> Repository:
    """The apps of what was read, with their functions, callers and views; the client side from `beside`, if it can."""
    with deep_recursion():
        return _link(sources, progress, beside)


def _link(sources: Sources, progress: Progress | None, beside: ClientProcess | None) -> Repository:
    program = program_of(sources)
    positions = Positions(sources.modules, sources.texts)
    unregistered: list[Unregistered] = []
    parts = [
        _Parts(app, read_schema(program, app.schema_file, app.functions_dir, positions), [], [], [], [])
        for app in sources.apps
    ]
    for at, part in enumerate(parts):
        if progress is not None:
            progress("linking", at, len(parts) + 1)
        part.linked = link_functions(program, part.directory, positions, unregistered)
        part.linked.extend(_routes(program, part, positions))
        part.linked = with_components(program, part.directory, part.linked, positions)
    schemas = {part.directory.functions_dir: dict(part.tables) for part in parts}
    for part in parts:
        part.tables.update(mounted_tables(program, part.directory, part.linked, schemas))
    references = References(sources.apps, [one.function.id for part in parts for one in part.linked])
    by_id = {one.function.id: part for part in parts for one in part.linked}
    for part in parts:
        _call_from_convex(program, part, positions, references, by_id)
    outside = beside.link(list(by_id), program.ran) if beside is not None else None
    if outside is None:
        outside = ClientSide(sources).link(list(by_id), program.ran)
    for caller in outside.callers:
        by_id[caller.function].callers.append(caller)
    for subscription in outside.subscriptions:
        by_id[subscription.query].subscriptions.append(subscription)
    if progress is not None:
        progress("linking", len(parts) + 1, len(parts) + 1)
    inside = sources.of_functions()
    errors = (*problems_of(sources.modules, inside), *abandoned(program, positions, inside))
    orphans = tuple(access for part in parts for access in _orphans(program, part.directory, positions))
    return Repository(
        path=str(sources.root),
        apps=tuple(_app(part) for part in parts),
        errors=tuple(sorted((*sources.errors, *errors, *outside.errors), key=attrgetter("path", "reason"))),
        suppressions=tuple(sorted((*suppressions_in(sources, inside), *outside.suppressions), key=attrgetter("file"))),
        sources={path: data.decode("utf-8", "replace") for path, data in sources.texts.items()},
        unregistered=tuple(unregistered),
        orphans=orphans,
        files_seen=sources.files_seen,
        files_parsed=sources.files_parsed,
    )


def _routes(program: Program, part: _Parts, positions: Positions) -> list[Linked]:
    """HTTP actions written inline in `http.ts`: functions without a path of their own."""
    app = part.directory
    exported = {id(one.summary) for one in part.linked if one.summary is not None}
    found: list[Linked] = []
    for module in app.modules:
        if app.module_path(module) != "http" or program.scope(module) is None:
            continue
        for effect in registrations(_module_effects(program, module), "route"):
            value = effect.reference
            if not isinstance(value, t.Registered):
                continue
            summary = program.handlers.summary(value)
            if id(summary) in exported:
                continue
            function = Function(
                app=app.root,
                path=effect.name or "http",
                kind="httpAction",
                internal=False,
                span=positions.span(effect.place.site),
                builder=value.builder.name,
                unread=None if summary is not None else "its handler is not a function that can be followed",
            )
            found.append(Linked(function, summary, summary.effects if summary is not None else ()))
    return found


def _module_effects(program: Program, module: str) -> list[Effect]:
    own = program.run_module(module)
    declared = [effect for effects in program.module_effects.get(module, {}).values() for effect in effects]
    return [*declared, *own]


def _call_from_convex(
    program: Program, part: _Parts, positions: Positions, references: References, by_id: dict[str, _Parts]
) -> None:
    app = part.directory
    reader = CallerReader(positions, references, AccessReader(positions, program.schema_in(app.functions_dir)))
    for one in part.linked:
        for caller in reader.of_function(one):
            by_id[caller.function].callers.append(caller)
    for module in app.modules:
        if program.scope(module) is not None and app.module_path(module) == "http":
            for caller in reader.of_router(_module_effects(program, module)):
                by_id[caller.function].callers.append(caller)
        if program.scope(module) is None or app.module_path(module) != "crons":
            continue
        for effect in registrations(_module_effects(program, module), "cron"):
            for caller, cron in reader.of_cron(effect):
                by_id[caller.function].callers.append(caller)
                by_id[caller.function].crons.append(cron)


def _orphans(program: Program, app: AppDirectory, positions: Positions) -> list[Access]:
    """Accesses in helpers that no registered function reaches."""
    reader = AccessReader(positions, program.schema_in(app.functions_dir))
    found: list[Access] = []
    for path, module in program.modules.items():
        if program.directory_of(path) != app.functions_dir:
            continue
        scope = program.scope(path)
        for statement in module.body:
            if not isinstance(statement, ir.Declare) or not isinstance(statement.value, ir.Function) or scope is None:
                continue
            for name in bound_names(statement.pattern):
                value = scope.lookup(name)
                if not isinstance(value, t.Closure):
                    continue
                summary = program.summary(value)
                if summary is None or summary.key in program.ran:
                    continue
                own = [effect for effect in summary.effects if isinstance(effect, DatabaseEffect)]
                found.extend(reader.access(effect, at) for at, effect in enumerate(own))
    return found


def _app(part: _Parts) -> App:
    app = part.directory
    order = lambda caller: (caller.function, caller.span, caller.chain[0].file, caller.chain[0].line)  # noqa: E731
    actions = {one.function.id for one in part.linked if one.function.kind == "action"}
    callers = [_started(caller) if caller.function in actions else caller for caller in part.callers]
    return App(
        root=app.root,
        functions_dir=app.functions_dir,
        component=app.component,
        tables={**part.tables, **_undeclared(part)},
        functions=tuple(one.function for one in part.linked),
        callers=tuple(_distinct(sorted(callers, key=order))),
        subscriptions=tuple(dict.fromkeys(sorted(part.subscriptions, key=lambda s: (s.query, s.span, s.component)))),
        crons=tuple(part.crons),
        schema_file=app.schema_file,
    )


def _started(caller: Caller) -> Caller:
    return replace(caller, consequence=of_action(caller.consequence, caller.client))


def _distinct(callers: list[Caller]) -> list[Caller]:
    seen: set[tuple[object, ...]] = set()
    kept: list[Caller] = []
    for caller in callers:
        key = (caller.function, caller.span, caller.chain, caller.trigger.kind, caller.trigger.detail)
        if key not in seen:
            seen.add(key)
            kept.append(caller)
    return kept


def _undeclared(part: _Parts) -> dict[str, Table]:
    """Tables that code uses and no schema declares."""
    found: dict[str, Table] = {}
    for one in part.linked:
        for access in one.function.accesses:
            for name in access.tables:
                if name not in part.tables and not name.startswith("_"):
                    found.setdefault(name, Table(name, {}, (), None, declared=False))
    return dict(sorted(found.items()))
