"""Locations of a SARIF result: where it stands, what its pairs read and write, and how a call gets there."""

from __future__ import annotations

from collections.abc import Mapping

from contend.model.callers import Caller
from contend.model.findings import Finding, Pair
from contend.model.places import Span
from contend.reports.names import path_in
from contend.reports.numbers import Json
from contend.reports.places import Places
from contend.reports.words import trigger_words

MOST_PAIRS = 20
"""Pairs of a result whose places are told."""
MOST_FLOWS = 10
"""Callers of a result whose chains are told."""


def place(span: Span, places: Places) -> dict[str, Json]:
    """A span as a physical location; without columns where the text is not at hand."""
    region: dict[str, Json] = {"startLine": span.line}
    columns = places.columns(span)
    if columns is not None:
        region["startColumn"] = columns[0]
    if span.end_line >= span.line:
        region["endLine"] = span.end_line
        if columns is not None:
            region["endColumn"] = columns[1]
    return physical(span.file, region, places)


def physical(file: str, region: Mapping[str, Json] | None, places: Places) -> dict[str, Json]:
    """A file, or a region of it, as a physical location."""
    location: dict[str, Json] = {"artifactLocation": {"uri": places.uri(file), "uriBaseId": "%SRCROOT%"}}
    if region is not None:
        location["region"] = dict(region)
    return location


def related_locations(finding: Finding, places: Places) -> tuple[list[Json], list[str]]:
    """The reads and writes of the worst pairs, each place once, numbered from 1; and the links by which a message
    speaks of those of the first pair."""
    found: dict[tuple[Span, str], int] = {}
    for pair in finding.pairs[:MOST_PAIRS]:
        for key in _sides(pair, finding.app):
            found.setdefault(key, len(found) + 1)
    locations: list[Json] = [
        {"id": id, "physicalLocation": place(span, places), "message": {"text": text}}
        for (span, text), id in found.items()
    ]
    links = []
    if finding.pairs:
        read, write = _sides(finding.pairs[0], finding.app)
        links = [f"[read]({found[read]})", f"[write]({found[write]})"]
    return locations, links


def code_flows(finding: Finding, places: Places) -> list[Json]:
    """One flow for each of the first callers: from the trigger down to the call, then the cause."""
    return [_flow(caller, finding, places) for caller in finding.callers[:MOST_FLOWS]]


def _sides(pair: Pair, app: str) -> tuple[tuple[Span, str], tuple[Span, str]]:
    victim, writer = path_in(app, pair.victim), path_in(app, pair.writer)
    interval = f" ({pair.interval})" if pair.interval else ""
    return (
        (pair.read.span, f"{victim} reads {pair.table}{interval}"),
        (pair.write.span, f"{writer} writes {pair.table}"),
    )


def _flow(caller: Caller, finding: Finding, places: Places) -> Json:
    steps: list[Json] = []
    for frame in caller.chain:
        steps.append(_step(physical(frame.file, {"startLine": frame.line}, places), frame.name, len(steps)))
    last = caller.chain[-1] if caller.chain else None
    if last is None or (last.file, last.line) != (caller.span.file, caller.span.line):
        name = path_in(finding.app, caller.function)
        steps.append(_step(place(caller.span, places), name, len(steps)))
    cause = finding.cause
    if (cause.file, cause.line) != (caller.span.file, caller.span.line):
        steps.append(_step(place(cause, places), "the cause", len(steps)))
    flow: dict[str, Json] = {"message": {"text": trigger_words(caller.trigger)}, "threadFlows": [{"locations": steps}]}
    if caller.consequence.text:
        flow["properties"] = {"consequence": caller.consequence.text}
    return flow


def _step(location: dict[str, Json], text: str, depth: int) -> Json:
    return {"location": {"physicalLocation": location, "message": {"text": text}}, "nestingLevel": depth}
