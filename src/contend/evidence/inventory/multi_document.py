"""Mutations that write several documents: atomic all the same, and in conflict with whoever else writes one of them."""

from __future__ import annotations

from collections.abc import Iterator

from contend.evidence.inventory.contention import (
    Document,
    contention_of,
    cost_in_words,
    documents,
    other_writers,
    writers_in_words,
    writes_several,
)
from contend.evidence.inventory.listings import path_in
from contend.evidence.inventory.words import listed
from contend.evidence.inventory.world import Part, World
from contend.model.app import App
from contend.model.functions import Function
from contend.model.inventory import MultiDocumentEntry, WrittenRow

_MOST_READS = 3  # told of one mutation


def multi_document_entries(world: World, part: Part) -> Iterator[MultiDocumentEntry]:
    """One entry for each mutation that can write two documents in one run; code that is registered several times once,
    under the name that is called."""
    for function in part.app.functions:
        if function.kind != "mutation" or world.aliases[function.id] != function.id:
            continue
        found = documents(function)
        if writes_several(found):
            yield _entry(world, part.app, function, found)


def _entry(world: World, app: App, function: Function, found: tuple[Document, ...]) -> MultiDocumentEntry:
    contention = contention_of(world, function)
    rows = []
    told: list[str] = []
    for document in _by_table(found):
        writers = () if document.fresh else other_writers(world, function, document.table)
        paths = tuple([writer.function.path for writer in writers])
        hottest = tuple([(writer.function.path, world.hot(writer.id) or "") for writer in writers if writer.hot])
        rows.append(WrittenRow(document.table, document.words, paths, hottest, document.fresh))
        if not document.fresh:
            told.append(f"{document.words}: {writers_in_words(world, writers)}")
    if not told:
        told = ["it only inserts: nobody else holds its rows yet"]
    written = {document.table for document in found if not document.fresh}
    entered: dict[tuple[str, str], list[str]] = {}
    for pair in contention.pairs:
        if pair.table not in written or pair.write.operation == "insert":
            entered.setdefault((pair.table, pair.interval), []).append(path_in(app, pair.writer))
    for (table, interval), hot in sorted(entered.items())[:_MOST_READS]:
        told.append(f"its read of `{table}` ({interval}) is entered by {listed(hot)} (hot)")
    itself = world.hot(function.id)
    if itself is not None:
        told.append(f"it is hot itself ({itself})")
    told += [text for text in (cost_in_words(contention, app), world.called_words(function.id)) if text]
    lead = "Atomic, and no hot writer meets it" if contention.verdict == "safe" else "Atomic, but not free of conflicts"
    return MultiDocumentEntry(
        app=app.root,
        function=function.path,
        file=function.span.file,
        line=function.span.line,
        tables=tuple(sorted({document.table for document in found})),
        verdict=contention.verdict,
        reason=f"{lead}. {'; '.join(told)}.",
        rows=tuple(rows),
    )


def _by_table(found: tuple[Document, ...]) -> list[Document]:
    """One document for each way to find a row of a table; all that are inserted into one table count as one."""
    kept: dict[tuple[str, str], Document] = {}
    for document in found:
        kept.setdefault((document.table, "" if document.fresh else document.found_by), document)
    return list(kept.values())
