"""A simulation for the terminal: the variants side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contend.lab.experiment import Experiment, FunctionResult, VariantResult
from contend.lab.statistics import Estimate
from contend.reports.columns import add_columns
from contend.reports.numbers import duration
from contend.reports.page import Page

_COLUMNS: Final = (
    ("calls", "calls"),
    ("attempts", "attempts"),
    ("conflicts", "conflicts"),
    ("retries", "retries"),
    ("failures", "lost"),
    ("errors", "errors"),
    ("wasted_ms", "wasted"),
    ("p50_ms", "p50"),
    ("p99_ms", "p99"),
    ("writes", "writes"),
    ("query_reruns", "re-runs"),
)
_WITH_INTERVAL: Final = ("conflicts", "retries")
_MOST_LOSSES: Final = 3
_LONGEST_HEAD: Final = 12

Rows = list[tuple["_Row", FunctionResult]]


@dataclass(frozen=True, slots=True)
class _Row:
    """A variant with what tells it from the others: `cells`, one for each label column, and the same as `name`."""

    variant: VariantResult
    cells: tuple[str, ...]
    name: str


def add_simulation(page: Page, result: Experiment) -> None:
    """Writes the outcome to the page: a table per function, measures, whom conflicts were lost to, assumptions."""
    page.paragraph((f"{result.scenario}: ", "bold"), _what_numbers_are(result))
    names, swept = {found.variant for found in result.variants}, result.variants[0].swept
    if swept is not None:
        page.paragraph(("sweep: ", "dim"), (swept[0], "bold"))
        if len(names) == 1:
            page.paragraph(("variant: ", "dim"), (result.variants[0].variant, "bold"))
    for load in result.loads:
        if load is not None:
            page.blank()
            page.paragraph(("load: ", "dim"), (load, "bold"))
        _add_load(page, result.under(load))


def _what_numbers_are(result: Experiment) -> str:
    """Of which runs the numbers are, and what the signs beside them mean."""
    parts = [f"seed {result.seed}"]
    if result.seeds > 1:
        last = result.seed + result.seeds - 1
        parts = [f"means per run over seeds {result.seed} to {last}, ± half of the 95 % interval"]
    tables = [_rows(part, path) for part in map(result.under, result.loads) for path in _functions(part)]
    changes = [change for rows in tables for change in _changes([found for _, found in rows])[1:]]
    if changes:
        parts.append("change: of conflicts, against the first row")
    if any(change.startswith("(") for change in changes):
        parts.append("in brackets: may be chance")
    return "; ".join(parts)


def _add_load(page: Page, result: Experiment) -> None:
    head = _label_heads(result)
    for path in _functions(result):
        page.blank()
        rows = _rows(result, path)
        page.paragraph((path, "bold"), f" ({rows[0][1].kind})")
        _table(page, head, rows)
        _losses(page, path, rows)
    for name in dict.fromkeys(name for variant in result.variants for name in variant.measures):
        page.blank()
        page.paragraph((f"measure {name}", "bold"))
        _measure(page, head, name, _labelled(result))
    page.blank()
    _assumptions(page, result)


def _functions(result: Experiment) -> list[str]:
    return list(dict.fromkeys(found.function for variant in result.variants for found in variant.functions))


def _rows(result: Experiment, path: str) -> Rows:
    """The variants that have called the function."""
    rows = []
    for row in _labelled(result):
        found = next((found for found in row.variant.functions if found.function == path), None)
        if found is not None:
            rows.append((row, found))
    return rows


def _label_heads(result: Experiment) -> list[str]:
    """What tells the rows apart: the variant, where there are several, and in a sweep its value."""
    swept = result.variants[0].swept
    if swept is None:
        return ["variant"]
    last = swept[0].rpartition(".")[2]
    value = last if len(last) <= _LONGEST_HEAD else "value"
    return ["variant", value] if len({found.variant for found in result.variants}) > 1 else [value]


def _labelled(result: Experiment) -> list[_Row]:
    several = len({found.variant for found in result.variants}) > 1
    rows = []
    for found in result.variants:
        if found.swept is None:
            rows.append(_Row(found, (found.variant,), found.variant))
        else:
            value = str(found.swept[1])
            rows.append(_Row(found, (found.variant, value) if several else (value,), found.name if several else value))
    return rows


def _table(page: Page, labels: Sequence[str], rows: Rows) -> None:
    always = "conflicts" if rows[0][1].kind == "mutation" else "calls"
    used = [(name, title) for name, title in _COLUMNS if name == always or any(f.values[name].mean for _, f in rows)]
    if all(found.values["attempts"].mean == found.values["calls"].mean for _, found in rows):
        used = [(name, title) for name, title in used if name != "attempts"]
    columns = [[title, *[_cell(name, found.values[name]) for _, found in rows]] for name, title in used]
    changes = _changes([found for _, found in rows])
    if changes:
        columns.insert([name for name, _ in used].index("conflicts") + 1, changes)
    head, *body = [list(cells) for cells in zip(*columns, strict=True)]
    body = [[*row.cells, *cells] for (row, _), cells in zip(rows, body, strict=True)]
    add_columns(page, [*labels, *head], body, len(labels))


def _measure(page: Page, labels: Sequence[str], name: str, rows: Sequence[_Row]) -> None:
    parts = ("p50", "p95", "max")
    body = []
    for row in rows:
        if name in row.variant.measures:
            is_time = name.endswith("_ms") or name in row.variant.lags
            values = [row.variant.measures[name][part].mean for part in parts]
            body.append([*row.cells, *[_time(value) if is_time else _number(value) for value in values]])
    add_columns(page, [*labels, *parts], body, len(labels))


def _changes(found: Sequence[FunctionResult]) -> list[str]:
    """The column of changes, its head first; empty where there is nothing to compare with."""
    before = found[0].values["conflicts"]
    if len(found) < 2 or not before.mean:
        return []
    return ["change", "", *[_change(before, one.values["conflicts"]) for one in found[1:]]]


def _change(before: Estimate, now: Estimate) -> str:
    """How much more or less than before, in brackets where the intervals overlap."""
    text = f"{100 * (now.mean / before.mean - 1):+.0f} %"
    return f"({text})" if now.low <= before.high and before.low <= now.high else text


def _losses(page: Page, path: str, rows: Rows) -> None:
    """Whom the function lost to: in one line where it is the same for all variants, else with their numbers."""
    counts: dict[tuple[str, str], dict[str, float]] = {}
    documents: dict[tuple[str, str], int] = {}
    for row, found in rows:
        met: dict[tuple[str, str], int] = {}
        for loss, count in found.conflicts_by:
            key = ("itself" if loss.writer == path else loss.writer, loss.table or "a system table")
            counts.setdefault(key, {}).setdefault(row.name, 0.0)
            counts[key][row.name] += count
            met[key] = met.get(key, 0) + 1
        for key, number in met.items():
            documents[key] = max(documents.get(key, 0), number)
    for key in sorted(counts, key=lambda key: -sum(counts[key].values()))[:_MOST_LOSSES]:
        who, table = key
        on = f"up to {documents[key]} documents" if documents[key] > 1 else "one document"
        told = f"lost to {who}, on {on} of {table}"
        numbers = "; ".join(f"{name} {_number(count)}" for name, count in counts[key].items())
        page.paragraph(f"all {told}" if len(counts) == 1 else f"{told}: {numbers}", first="    ", rest="      ")
    for row, found in rows:
        for message, count in found.errors_by[:_MOST_LOSSES]:
            page.paragraph((f"{row.name}: {_number(count)} × {message}", "yellow"), first="    ", rest="      ")


def _assumptions(page: Page, result: Experiment) -> None:
    """What all variants rest on, then a line for each that rests on something else too. A swept value stands in the
    tables already."""
    page.paragraph(("assumptions", "bold"))
    shared = result.shared_assumptions
    for line in shared:
        page.paragraph(line, first="  ", rest="    ")
    own: dict[str, dict[str, str]] = {}
    for row in _labelled(result):
        key = row.variant.swept[0] if row.variant.swept else None
        lines = [line for line in row.variant.assumptions if line not in shared and not line.startswith(f"{key} = ")]
        own.setdefault(row.variant.variant, {})[row.name] = "; ".join(lines)
    for variant, told in own.items():
        same = len(set(told.values())) == 1 and len(own) > 1
        for name, text in [(variant, next(iter(told.values())))] if same else told.items():
            if text:
                page.paragraph(f"{name}: {text}", first="  ", rest="    ")
    for row in _labelled(result):
        if row.variant.stopped:
            why = "event_budget used up, or a moment that never ended"
            page.paragraph((f"{row.name}: {row.variant.stopped} runs stopped early: {why}", "yellow"), first="  ")


def _cell(name: str, found: Estimate) -> str:
    if name.endswith("_ms"):
        return _time(found.mean)
    if name in _WITH_INTERVAL and found.half_width:
        return f"{_number(found.mean)} ± {_number(found.half_width)}"
    return _number(found.mean)


def _time(milliseconds: float) -> str:
    return duration(milliseconds) if milliseconds else "0"


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}" if value < 1e9 else f"{value:.2e}"
    return f"{value:.3g}"
