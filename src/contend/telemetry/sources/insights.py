"""The output of `npx convex insights --json --details`, decoded.

The command asks for the last 72 hours and prints one JSON object: `deploymentName`, `dashboardUrl` and `insights`, each
with `kind`, `functionId`, `componentPath`, and `occCalls` and `occTableName` (conflicts) or `count` (reads near a
limit); with `--details` also up to five `recentEvents`. (convex-backend: npm-packages/convex/src/cli/lib/insights.ts)
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from contend.model.errors import InputError

COMMAND: Final = "npx convex insights --json --details"
WINDOW_DAYS: Final = 3.0
"""The command looks back over this many days."""
MAX_BYTES: Final = 64 * 1024 * 1024
CONFLICTS: Final = frozenset({"occRetried", "occFailedPermanently"})
READ_LIMITS: Final = frozenset({"documentsReadLimit", "bytesReadLimit", "documentsReadThreshold", "bytesReadThreshold"})
_MOST_STARTS = 100  # lines before the JSON that may look like its start
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class InsightsError(InputError):
    """Insights that cannot be read; the message says what came instead, and what to run."""


class RecentEvent(msgspec.Struct, frozen=True):
    """One of the last conflicts of a function. `timestamp` is as Convex prints it; `occ_write_source` names who wrote,
    in the form of `contend.convex.paths`."""

    timestamp: str = ""
    occ_write_source: str | None = None
    occ_document_id: str | None = None
    occ_retry_count: int = 0


class Insight(msgspec.Struct, frozen=True, rename="camel"):
    """One line of the list: `occ_calls` for conflicts, `count` for reads near a limit."""

    kind: str
    function_id: str
    component_path: str | None = None
    occ_calls: int | None = None
    occ_table_name: str | None = None
    count: int | None = None
    recent_events: tuple[RecentEvent, ...] | None = None


class Insights(msgspec.Struct, frozen=True, rename="camel"):
    """The whole answer."""

    insights: tuple[Insight, ...]
    deployment_name: str = ""

    @property
    def window(self) -> tuple[str, str]:
        """The first and the last day, as ISO dates: the command's window up to the last event; two empty texts where
        there are no events, since the output does not say when it was made."""
        last = max(
            (day for insight in self.insights for event in insight.recent_events or () if (day := _time(event))),
            default=None,
        )
        if last is None:
            return "", ""
        return (last - timedelta(days=WINDOW_DAYS)).date().isoformat(), last.date().isoformat()


def decode_insights(data: bytes, name: str) -> Insights:
    """The insights in `data`; `name` is for messages.

    Takes what shells make of the output: a byte order mark, UTF-16 (PowerShell), lines of the command before the JSON.
    Raises `InsightsError`.
    """
    if len(data) > MAX_BYTES:
        raise InsightsError(f"{name} is larger than {MAX_BYTES >> 20} MiB; insights have a few kB. {_run(name)}")
    text = _text(data, name)
    if not text.strip():
        raise InsightsError(f"{name} is empty. {_run(name)}")
    found: Any = None
    for value in _json_values(text):
        found = value
        if isinstance(value, dict) and "insights" in value:
            break
    else:
        raise InsightsError(f"{name} {_what(text, found)}. {_run(name)}")
    try:
        insights = msgspec.convert(found, Insights)
    except msgspec.ValidationError as error:
        raise InsightsError(f"{name} is not what Convex writes: {error}. {_run(name)}") from None
    for number, insight in enumerate(insights.insights):
        _check(insight, f"{name}: insights[{number}]", name)
    return insights


def _check(insight: Insight, where: str, name: str) -> None:
    if insight.kind in CONFLICTS and insight.occ_calls is None:
        raise InsightsError(f"{where} ({insight.kind}) has no `occCalls`. {_run(name)}")
    for field, number in (("occCalls", insight.occ_calls), ("count", insight.count)):
        if number is not None and not 0 <= number <= 10**15:
            raise InsightsError(f"{where}: `{field}` is {number}, which is no count. {_run(name)}")
    if not insight.function_id.strip(" :/\\"):
        raise InsightsError(f"{where} names no function. {_run(name)}")


def _text(data: bytes, name: str) -> str:
    encoding = next((encoding for mark, encoding in _BOMS if data.startswith(mark)), None)
    if encoding is None:  # PowerShell without a mark: every other byte of ASCII is zero
        head = data[:200]
        zeros = (head[0::2].count(0), head[1::2].count(0))
        half = len(head) // 3
        encoding = "utf-16-le" if zeros[1] > half else "utf-16-be" if zeros[0] > half else "utf-8"
    try:
        return data.decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise InsightsError(f"{name} is no text: not {encoding} at byte {error.start}. {_run(name)}") from None


def _json_values(text: str) -> Iterator[Any]:
    """What can be read as JSON from the start of a line on. A value that ends where other lines start counts."""
    decoder = json.JSONDecoder()
    position = tried = 0
    while position < len(text) and tried < _MOST_STARTS:
        line_end = text.find("\n", position)
        line_end = len(text) if line_end < 0 else line_end
        start = position + len(text[position:line_end]) - len(text[position:line_end].lstrip())
        next_line = line_end + 1
        if start < len(text) and text[start] in "{[":
            tried += 1
            try:
                value, end = decoder.raw_decode(text, start)
            except (json.JSONDecodeError, RecursionError):
                position = next_line
                continue
            yield value
            next_line = max(next_line, end)
        position = next_line


def _what(text: str, found: Any) -> str:
    """What stands in a file that holds no insights."""
    if isinstance(found, dict):
        keys = ", ".join(f"'{str(key)[:40]}'" for key in list(found)[:4])
        return f"is JSON, but not of this command: it has {keys or 'no keys'} and no list 'insights'"
    if isinstance(found, list):
        return "is JSON, but not of this command: it is a list"
    if text.lstrip()[0] in "{[" or "\n{" in text.replace("\r", ""):
        return "holds JSON that ends too early or is broken"
    said = next(line.strip() for line in text.splitlines() if line.strip())
    shown = "".join(character for character in said[:120] if character.isprintable())
    return f"holds no JSON; it begins with: {shown}"


def _run(name: str) -> str:
    target = "insights.json" if name == "standard input" else name
    return (
        f"Run `{COMMAND} > {target}` in the app (add `--prod` for production; it needs a user login, and a cloud "
        "deployment)"
    )


def _time(event: RecentEvent) -> datetime | None:
    try:
        moment = datetime.fromisoformat(event.timestamp)
        moment = moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return moment if moment.year >= 2000 else None
    except (ValueError, OverflowError):
        return None
