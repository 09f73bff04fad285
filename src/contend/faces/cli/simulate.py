"""`contend simulate`: a scenario under load, its variants side by side."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contend.faces.cli import CLEAN

if TYPE_CHECKING:
    from contend.lab.experiment import Experiment
    from contend.lab.scenario_file import ScenarioFile
    from contend.reports.page import Page


class SimulationFormat(StrEnum):
    """How the outcome is written."""

    TERMINAL = "terminal"
    JSON = "json"


def simulate_command(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO", help="A scenario file (TOML).")],
    format: Annotated[
        SimulationFormat, typer.Option("--format", help="How the outcome is written.")
    ] = SimulationFormat.TERMINAL,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to FILE.")] = None,
    variant: Annotated[
        list[str] | None, typer.Option("--variant", metavar="NAME", help="Run this variant alone (repeat).")
    ] = None,
    load: Annotated[
        list[str] | None, typer.Option("--load", metavar="NAME", help="Run under this load alone (repeat).")
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option(metavar="KEY=VALUES", help="Run with each of these values, as in params.threshold_s=1,30,300."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The first seed. [the scenario's]")] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="How many seeds. [the scenario's]")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, metavar="N", help="Processes. [all cores]")] = None,
    witness: Annotated[
        str | None,
        typer.Option(metavar="VICTIM[,WRITER]", help="Show the shortest interleaving in which VICTIM conflicts."),
    ] = None,
    emit_events: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the log stream of one run (of the first seed) as JSON lines."),
    ] = None,
    charts: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write charts as SVG into FOLDER too (needs contend[lab]).")
    ] = None,
) -> int:
    """Run a scenario under load, and compare its variants."""
    from contend.faces.cli.output import write_page, write_text
    from contend.lab.experiment import parse_sweep, simulate
    from contend.lab.scenario_file import read_scenario

    source = read_scenario(scenario)
    if witness is not None:
        from rich.text import Text

        from contend.lab.witness import find_witness
        from contend.reports.encoding import fit

        victim, _, writer = witness.partition(",")
        chosen = source.variant(variant[0] if variant else source.baseline, load=load[0] if load else None)
        first = source.seed if seed is None else seed
        found, page = find_witness(chosen, victim, writer or None, first), lab_page(output)
        for line in found.text(page.width).splitlines():
            page.verbatim(Text(fit(line, page.encoding)))
        write_page(page, output)
        return CLEAN
    if emit_events is not None:
        _write_events(source, variant, load, seed, emit_events)
    from contend.faces.cli.progress import shown_progress

    with shown_progress() as progress:
        result = simulate(
            source,
            loads=tuple(load or ()),
            variants=tuple(variant or ()),
            sweep=None if sweep is None else parse_sweep(sweep),
            seed=seed,
            seeds=seeds,
            jobs=jobs,
            progress=progress,
        )
    if format is SimulationFormat.JSON:
        from contend.reports.simulation_json import render_simulation_json

        write_text(render_simulation_json(result), output)
    else:
        from contend.reports.simulation_terminal import add_simulation

        page = lab_page(output)
        add_simulation(page, result)
        write_page(page, output)
    if charts is not None:  # the result is told by now: what goes wrong here takes only the charts
        _write_charts(result, charts)
    return CLEAN


def lab_page(output: Path | None) -> Page:
    """An empty page for what the lab tells: as wide as the terminal, 80 cells where there is none."""
    from contend.faces.cli.output import new_page

    return new_page(output, piped=80)


def _write_charts(result: Experiment, folder: Path) -> None:
    from contend.faces.cli.output import write_text
    from contend.model.errors import InputError
    from contend.reports.simulation_charts import chart_specs, to_svg

    drawn = {name: to_svg(spec) for name, spec in chart_specs(result).items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make {folder}: {error.strerror or error}") from error
    for name, svg in drawn.items():
        write_text(svg, folder / f"{name}.svg")


def _write_events(
    source: ScenarioFile, variant: list[str] | None, load: list[str] | None, seed: int | None, file: Path
) -> None:
    from contend.lab.experiment import emit_events
    from contend.model.errors import InputError

    name, first = variant[0] if variant else source.baseline, source.seed if seed is None else seed
    try:
        with file.open("w", encoding="utf-8", newline="\n") as stream:
            emit_events(source, name, first, lambda line: stream.write(line + "\n"), load[0] if load else None)
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror or error}") from error
