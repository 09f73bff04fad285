"""From linked apps to their inventory."""

from __future__ import annotations

from collections.abc import Callable

from contend.conflicts import Estimator, derive_pairs
from contend.evidence.inventory.frontend import frontend_entries
from contend.evidence.inventory.listings import (
    Sources,
    cron_entries,
    function_entries,
    not_reached,
    orphan_entries,
    unresolved_entries,
    write_entries,
)
from contend.evidence.inventory.multi_document import multi_document_entries
from contend.evidence.inventory.scheduler import scheduler_entries
from contend.evidence.inventory.tables import table_entries
from contend.evidence.inventory.world import Part, World
from contend.model.app import App, Repository
from contend.model.inventory import Inventory


def _estimated(app: App) -> Estimator:
    return Estimator(derive_pairs(app))


def build_inventory(repository: Repository, estimator_of: Callable[[App], Estimator] = _estimated) -> Inventory:
    """The inventory of every app of `repository`.

    `estimator_of` gives the pairs, the heat and the traffic of an app: the ones that the rest of the audit uses, so
    that they are derived once and all verdicts rest on the same assumptions. Rates and retries in the reasons are
    predictions from those.
    """
    world = World([Part(app, estimator_of(app)) for app in repository.apps])
    sources = Sources(repository.sources)
    apps = repository.apps
    orphans, unknown = orphan_entries(repository, sources)
    written = [entry for app in apps for entry in write_entries(app, sources)]
    unresolved = [entry for app in apps for entry in unresolved_entries(app)]
    orphans = tuple(not_reached(orphans, written))
    unknown = tuple(not_reached(unknown, unresolved))
    by_place = lambda entry: (entry.app, entry.file, entry.line, entry.function or "")  # noqa: E731
    return Inventory(
        functions=tuple(sorted((e for app in apps for e in function_entries(app)), key=by_place)),
        writes=tuple(sorted((*written, *orphans), key=by_place)),
        multi_document=tuple(
            sorted((e for part in world.parts for e in multi_document_entries(world, part)), key=by_place)
        ),
        frontend=tuple(
            sorted(
                (e for part in world.parts for e in frontend_entries(world, part, sources)),
                key=lambda entry: (entry.app, entry.page),
            )
        ),
        scheduler=tuple(sorted((e for part in world.parts for e in scheduler_entries(world, part)), key=by_place)),
        crons=tuple(sorted((e for app in apps for e in cron_entries(app)), key=by_place)),
        tables=tuple(
            sorted(
                (e for part in world.parts for e in table_entries(world, part)),
                key=lambda entry: (entry.app, entry.name),
            )
        ),
        unresolved=tuple(sorted((*unresolved, *unknown), key=by_place)),
    )
