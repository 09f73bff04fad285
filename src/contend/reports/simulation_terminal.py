"""A simulation for the terminal: the variants side by side."""

from __future__ import annotations

from collections.abc import Sequence

from contend.lab.experiment import Experiment, FunctionResult, VariantResult
from contend.lab.statistics import Estimate
from contend.reports.columns import add_columns, columns_width
from contend.reports.page import Page

_COLUMNS = (
    ("calls", "calls"),
    ("attempts", "attempts"),
    ("conflicts", "conflicts"),
    ("failures", "lost"),
    ("wasted_ms", "wasted ms"),
    ("p50_ms", "p50 ms"),
    ("p99_ms", "p99 ms"),
    ("writes", "writes"),
    ("query_reruns", "re-runs"),
)
_MOST_LOSSES = 3


def add_simulation(page: Page, result: Experiment) -> None:
    """Writes the outcome to the page: a table per function, measures, whom conflicts were lost to, assumptions."""
    seeds = f"seeds {result.seed} to {result.seed + result.seeds - 1}" if result.seeds > 1 else f"seed {result.seed}"
    page.paragraph(
        (f"{result.scenario}: ", "bold"),
        f"means per run over {seeds}, ± half of the 95 % interval; a change in brackets may be chance",
    )
    for load in result.loads:
        if load is not None:
            page.blank()
            page.paragraph(("load: ", "dim"), (load, "bold"))
        _add_load(page, result.under(load))


def _add_load(page: Page, result: Experiment) -> None:
    for path in _functions(result):
        page.blank()
        rows = [(variant, _find(variant, path)) for variant in result.variants]
        page.paragraph((path, "bold"), f" ({next(found.kind for _, found in rows if found is not None)})")
        _table(page, rows)
        for variant, found in rows:
            if found is not None:
                _losses(page, variant, found)
    for name in dict.fromkeys(name for variant in result.variants for name in variant.measures):
        page.blank()
        page.paragraph((f"measure {name}", "bold"))
        head = ["variant", "p50", "p95", "max"]
        body = [
            [variant.name, *[_plain(variant.measures[name][part]) for part in head[1:]]]
            for variant in result.variants
            if name in variant.measures
        ]
        add_columns(page, head, body)
    page.blank()
    page.paragraph(("assumptions", "bold"))
    shared = [line for line in result.variants[0].assumptions if all(line in v.assumptions for v in result.variants)]
    for line in shared:
        page.paragraph(line, first="  ")
    for variant in result.variants:
        for line in variant.assumptions:
            if line not in shared:
                page.paragraph(f"{variant.name}: {line}", first="  ")
        if variant.stopped:
            why = "event_budget used up, or a moment that never ended"
            page.paragraph((f"{variant.name}: {variant.stopped} runs stopped early: {why}", "yellow"), first="  ")


def _functions(result: Experiment) -> list[str]:
    return list(dict.fromkeys(found.function for variant in result.variants for found in variant.functions))


def _find(variant: VariantResult, path: str) -> FunctionResult | None:
    return next((found for found in variant.functions if found.function == path), None)


def _table(page: Page, rows: Sequence[tuple[VariantResult, FunctionResult | None]]) -> None:
    used = [
        (name, title)
        for name, title in _COLUMNS
        if any(found is not None and found.values[name].mean for _, found in rows) or name == "conflicts"
    ]
    head = ["variant", *[title for _, title in used]]
    body = []
    for variant, found in rows:
        if found is not None:
            cells = [_estimate(found.values[n]) if n == "conflicts" else _plain(found.values[n]) for n, _ in used]
            body.append([variant.name, *cells])
    changes = _changes([found for _, found in rows if found is not None])
    if changes:
        after = head.index("conflicts") + 1
        wider = [[*row[:after], change, *row[after:]] for row, change in zip([head, *body], changes, strict=True)]
        if columns_width(wider) <= page.width:
            head, *body = wider
    add_columns(page, head, body)


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


def _losses(page: Page, variant: VariantResult, found: FunctionResult) -> None:
    writers: dict[tuple[str, str], float] = {}
    documents: dict[tuple[str, str], int] = {}
    for loss, count in found.conflicts_by:
        key = (loss.writer, loss.table or "a system table")
        writers[key] = writers.get(key, 0.0) + count
        documents[key] = documents.get(key, 0) + 1
    for (writer, table), count in sorted(writers.items(), key=lambda item: -item[1])[:_MOST_LOSSES]:
        who = "itself" if writer == found.function else writer
        on = f"{documents[writer, table]} documents" if documents[writer, table] > 1 else "one document"
        page.paragraph(f"{variant.name}: {_number(count)} lost to {who}, on {on} of {table}", first="    ")
    for message, count in found.errors_by[:_MOST_LOSSES]:
        page.paragraph((f"{variant.name}: {_number(count)} × {message}", "yellow"), first="    ")


def _estimate(found: Estimate) -> str:
    if not found.half_width:
        return _number(found.mean)
    return f"{_number(found.mean)} ± {_number(found.half_width)}"


def _plain(found: Estimate) -> str:
    return _number(found.mean)


def _number(value: float) -> str:
    if value >= 1_000_000:
        return f"{value:,.0f}" if value < 1e9 else f"{value:.2e}"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
