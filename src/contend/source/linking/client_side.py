"""The code outside the function directories, followed on its own: who starts which function, which queries are live.

It knows a Convex function by its name only, so it can be followed before, after or beside the functions themselves
(`linking.client_process` does so in another process). Helpers that both sides call each reads for itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from contend.model.app import ReadError, Suppression
from contend.model.callers import Caller, Subscription
from contend.source.evaluation.program import Program
from contend.source.linking.accesses import AccessReader
from contend.source.linking.callers import CallerReader
from contend.source.linking.positions import Positions
from contend.source.linking.references import References
from contend.source.linking.roots import find_roots, root_candidates
from contend.source.linking.schemas import read_schema
from contend.source.sources import Sources, problems_of


@dataclass(frozen=True, slots=True)
class ClientLinks:
    """What the client side adds to a repository."""

    callers: tuple[Caller, ...]
    subscriptions: tuple[Subscription, ...]
    errors: tuple[ReadError, ...]
    suppressions: tuple[Suppression, ...]


class ClientSide:
    """Everything outside the function directories, evaluated."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._program = program_of(sources)
        self._positions = Positions(sources.modules, sources.texts)
        for app in sources.apps:
            read_schema(self._program, app.schema_file, app.functions_dir, self._positions)
        self._paths = sources.of_clients()
        supporting = frozenset(sources.relevance.support)  # evaluated where callers call into them
        self._candidates = root_candidates(self._program, [path for path in self._paths if path not in supporting])

    def link(self, ids: Sequence[str], ran: Collection[tuple[str, int]]) -> ClientLinks:
        """What starts the functions named by `ids`. `ran` are the functions that those call, which are no starts."""
        program, positions = self._program, self._positions
        references = References(self._sources.apps, ids)
        reader = CallerReader(positions, references, AccessReader(positions, program.schema_of("")))
        roots = find_roots(program, self._candidates, frozenset(ran))
        callers = tuple(caller for root in roots for caller in reader.of_root(root))
        subscriptions = tuple(one for root in roots for one in reader.subscriptions(root))
        errors = (*problems_of(self._sources.modules, self._paths), *abandoned(program, positions, self._paths))
        return ClientLinks(callers, subscriptions, errors, suppressions_in(self._sources, self._paths))


def program_of(sources: Sources) -> Program:
    """A program over all that was read, nothing of it evaluated yet."""
    directories = [app.functions_dir for app in sources.apps]
    return Program(sources.modules, sources.resolver, directories, sources.texts)


def abandoned(program: Program, positions: Positions, paths: Collection[str]) -> list[ReadError]:
    """Code of the modules at `paths` that was not followed to its end."""
    of = frozenset(paths)
    return [
        ReadError(site.module, f"line {positions.line(site)}: {reason}")
        for site, reason in program.abandoned.items()
        if site.module in of
    ]


def suppressions_in(sources: Sources, paths: Collection[str]) -> tuple[Suppression, ...]:
    """The `contend-ignore` comments of the modules at `paths`."""
    return tuple(
        Suppression(path, comment.line, comment.target_line, comment.rules, comment.reason)
        for path in sorted(paths)
        for comment in sources.modules[path].suppressions
    )
