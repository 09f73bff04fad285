"""A simulation for the terminal: the variants side by side."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from contend.lab.experiment import Experiment, FunctionResult, VariantResult
from contend.lab.statistics import Estimate
from contend.reports.encoding import fit
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
    page.paragraph((f"{result.scenario}: ", "bold"), f"means per run over {seeds}, ± half of the 95 % interval")
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
        _aligned(page, head, body)
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
            page.paragraph(
                (f"{variant.name}: {variant.stopped} runs stopped early, at the scenario's event_budget", "yellow"),
                first="  ",
            )


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
    body = []
    for variant, found in rows:
        if found is not None:
            cells = [_estimate(found.values[n]) if n == "conflicts" else _plain(found.values[n]) for n, _ in used]
            body.append([variant.name, *cells])
    _aligned(page, ["variant", *[title for _, title in used]], body)


def _aligned(page: Page, head: Sequence[str], body: Sequence[Sequence[str]]) -> None:
    widths = [max(cell_len(row[column]) for row in [head, *body]) for column in range(len(head))]
    widths[0] = min(widths[0], max(12, page.width - sum(widths[1:]) - 2 * len(widths)))
    for number, row in enumerate([head, *body]):
        first = Text(fit(row[0], page.encoding))
        first.truncate(widths[0], overflow="ellipsis", pad=True)
        rest = "".join(
            "  " + " " * (width - cell_len(cell)) + fit(cell, page.encoding)
            for cell, width in zip(row[1:], widths[1:], strict=True)
        )
        line = Text.assemble("  ", first, rest)
        if number == 0:
            line.stylize("dim")
        page.verbatim(line)


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
