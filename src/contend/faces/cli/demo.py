"""`contend demo`: two true stories, simulated here and now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contend.faces.cli import CLEAN
from contend.faces.cli.simulate import SimulationFormat, lab_page


def demo_command(
    format: Annotated[
        SimulationFormat, typer.Option("--format", help="How the stories are written.")
    ] = SimulationFormat.TERMINAL,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write them to FILE.")] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Copy the stories' scenarios to FOLDER, to change and simulate them."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The first seed. [1]")] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="How many seeds. [10]")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, metavar="N", help="Processes. [all cores]")] = None,
) -> int:
    """Tell two stories of write conflicts, simulated offline in seconds."""
    if save is not None:
        _save(save)
        return CLEAN
    from contend import demo
    from contend.faces.cli.output import write_page, write_text
    from contend.faces.cli.progress import shown_progress

    with shown_progress() as progress:
        stories = demo(seed=seed, seeds=seeds, jobs=jobs, progress=progress)
    if format is SimulationFormat.JSON:
        from contend.reports.demo_json import render_demo_json

        write_text(render_demo_json(stories), output)
    else:
        from contend.reports.demo_terminal import add_demo

        page = lab_page(output)
        add_demo(page, stories)
        write_page(page, output)
    return CLEAN


def _save(folder: Path) -> None:
    from contend.faces.cli.output import write_text
    from contend.lab.stories import story_files
    from contend.model.errors import InputError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make {folder}: {error.strerror or error}") from error
    for name, text in story_files():
        file = folder / name
        if file.exists() and file.read_text(encoding="utf-8") != text:
            raise InputError(f"{file} is there already, and is another one; name another folder")
        write_text(text, file)
    typer.echo(f"the stories are in {folder}: contend simulate {(folder / 'touch.toml').as_posix()}", err=True)
