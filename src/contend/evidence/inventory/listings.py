"""The lists that count and do not judge: functions, writes, crons, what could not be resolved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from contend.model.app import App, Repository
from contend.model.functions import Access, Guard
from contend.model.inventory import CronEntry, FunctionEntry, UnresolvedEntry, WriteEntry
from contend.model.places import Span

Entry = TypeVar("Entry", WriteEntry, UnresolvedEntry)
_READS = frozenset({"get", "query", "search"})
_NO_REASON = "its table could not be found"


class Sources:
    """The text of the audited files, by span."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._lines: dict[str, list[str]] = {}

    def text(self, span: Span) -> str | None:
        """What stands at `span`, on one line; None where the file's text is not at hand."""
        return self.between(span, span.end_line, span.end_column)

    def between(self, start: Span, end_line: int, end_column: int) -> str | None:
        """What stands from the start of a span up to a place in the same file, on one line."""
        lines = self._lines.get(start.file)
        if lines is None:
            text = self._texts.get(start.file)
            if text is None:
                return None
            lines = self._lines[start.file] = text.split("\n")
        if not 1 <= start.line <= end_line <= len(lines):
            return None
        if start.line == end_line:
            return lines[start.line - 1][start.column - 1 : end_column - 1]
        parts = [lines[start.line - 1][start.column - 1 :], *lines[start.line : end_line - 1]]
        parts.append(lines[end_line - 1][: end_column - 1])
        return " ".join(" ".join(parts).split())


def function_entries(app: App) -> Iterator[FunctionEntry]:
    """One entry for each registered function; `callers` counts places in the code, crons included."""
    places: dict[str, set[Span]] = defaultdict(set)
    for caller in app.callers:
        places[caller.function].add(caller.span)
    for function in app.functions:
        yield FunctionEntry(
            app=app.root,
            function=function.path,
            kind=function.kind,
            internal=function.internal,
            file=function.span.file,
            line=function.span.line,
            reads=_tables(access for access in function.accesses if access.operation in _READS),
            writes=_tables(access for access in function.accesses if access.writes),
            callers=len(places[function.id]),
            unread=function.unread,
        )


def write_entries(app: App, sources: Sources) -> Iterator[WriteEntry]:
    """Every write of every function: one that several functions reach stands under each of them, one that can reach
    several tables once for each."""
    for function in app.functions:
        found = (entry for access in function.writes for entry in _writes(app.root, function.path, access, sources))
        yield from dict.fromkeys(found)


def orphan_entries(
    repository: Repository, sources: Sources
) -> tuple[tuple[WriteEntry, ...], tuple[UnresolvedEntry, ...]]:
    """The writes, and the accesses of unknown table, in code that no registered function reaches."""
    writes: dict[WriteEntry, None] = {}
    unknown: dict[UnresolvedEntry, None] = {}
    for access in repository.orphans:
        root = _root_of(repository.apps, access.span.file)
        if access.writes:
            writes.update(dict.fromkeys(_writes(root, None, access, sources)))
        if not access.tables:
            unknown[_unresolved(root, None, access)] = None
    return tuple(writes), tuple(unknown)


def not_reached(orphans: Iterable[Entry], reached: Iterable[Entry]) -> Iterator[Entry]:
    """The orphans that stand at a place of their own: code that is read once by itself and once under a function, the
    generator of an effect say, is no orphan."""
    places = {(one.file, one.line, one.operation) for one in reached}
    return (one for one in orphans if (one.file, one.line, one.operation) not in places)


def cron_entries(app: App) -> Iterator[CronEntry]:
    """The entries of `crons.ts`."""
    for cron in app.crons:
        yield CronEntry(
            app=app.root,
            name=cron.name,
            function=path_in(app, cron.function),
            schedule=cron.schedule,
            period_ms=cron.period_ms,
            file=cron.span.file,
            line=cron.span.line,
        )


def unresolved_entries(app: App) -> Iterator[UnresolvedEntry]:
    """Accesses whose table is unknown."""
    for function in app.functions:
        found = (_unresolved(app.root, function.path, access) for access in function.accesses if not access.tables)
        yield from dict.fromkeys(found)


def path_in(app: App, id: str) -> str:
    """The path of a function within `app`; one of another app keeps its whole id."""
    return id.removeprefix(f"{app.root}#") if app.root else id


def as_written(guards: Iterable[Guard], sources: Sources) -> str | None:
    """The condition of guards in the words of the source, None where there is none."""
    parts: list[str] = []
    for guard in guards:
        text = sources.text(guard.span) or guard.condition.text
        parts.append(text if guard.holds else _negated(text))
    distinct = list(dict.fromkeys(parts))
    if len(distinct) > 1:
        distinct = [f"({part})" if "||" in part or "?" in part else part for part in distinct]
    return " && ".join(distinct) or None


def _negated(text: str) -> str:
    plain = text.removeprefix("!")
    simple = plain.replace(".", "").replace("_", "").replace("$", "").isalnum()
    if text.startswith("!") and simple:
        return plain
    return f"!{text}" if simple and not text.startswith("!") else f"!({text})"


def _tables(accesses: Iterable[Access]) -> tuple[str, ...]:
    return tuple(sorted({table for access in accesses for table in access.tables}))


def _writes(app: str, function: str | None, access: Access, sources: Sources) -> Iterator[WriteEntry]:
    guard = as_written(access.guards, sources)
    for table in access.tables or (None,):
        yield WriteEntry(
            app=app,
            function=function,
            table=table,
            operation=access.operation,
            file=access.span.file,
            line=access.span.line,
            fields=tuple(dict.fromkeys(field.name for field in access.fields)),
            guard=guard,
        )


def _unresolved(app: str, function: str | None, access: Access) -> UnresolvedEntry:
    return UnresolvedEntry(
        app=app,
        function=function,
        operation=access.operation,
        file=access.span.file,
        line=access.span.line,
        reason=access.unresolved or _NO_REASON,
    )


def _root_of(apps: Iterable[App], file: str) -> str:
    """The root of the app whose function directory holds `file`, the innermost one."""
    holding = [app for app in apps if file.startswith(f"{app.functions_dir}/") or not app.functions_dir]
    return max(holding, key=lambda app: len(app.functions_dir)).root if holding else ""
