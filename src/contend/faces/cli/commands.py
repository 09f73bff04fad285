"""The commands: each parses its request, calls the library, renders. Heavy imports wait until they are needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contend.faces.cli import CLEAN, FINDINGS
from contend.faces.cli.demo import demo_command
from contend.faces.cli.simulate import simulate_command
from contend.model.errors import InputError

if TYPE_CHECKING:
    from contend.model.audit import Audit

app = typer.Typer(
    name="contend",
    help="Finds, explains and predicts write conflicts in apps built on Convex.",
    epilog="Exit codes: 0 clean, 1 findings at or above --fail-on, "
    "2 wrong usage or unreadable input, 3 internal error.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class ReportFormat(StrEnum):
    """How a report is written."""

    TERMINAL = "terminal"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    MARKDOWN = "markdown"


class ViewFormat(StrEnum):
    """How one function is shown."""

    TERMINAL = "terminal"
    JSON = "json"


PathArgument = Annotated[Path, typer.Argument(metavar="PATH", help="The app, or a repository that holds apps.")]
FormatOption = Annotated[ReportFormat, typer.Option("--format", help="How the report is written.")]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to FILE.")]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings: a contend.toml or package.json.")
]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Neither read nor write the cache.")]
JobsOption = Annotated[int | None, typer.Option("--jobs", "-j", min=1, metavar="N", help="Processes that read files.")]


def invoke(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code. Errors of the library pass through."""
    command = typer.main.get_command(app)
    try:
        code = command.main(args=list(arguments), prog_name="contend", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        show, exit_code = getattr(error, "show", None), getattr(error, "exit_code", None)
        if callable(show) and isinstance(exit_code, int):  # a usage error says itself what is wrong
            message = getattr(error, "message", None)
            if isinstance(message, str):  # Typer lets the words of its validator through
                error.message = message.replace("Value error, ", "")  # type: ignore[attr-defined]
            show()
            return exit_code
        raise
    return code if isinstance(code, int) else CLEAN


def _print_version(wanted: bool) -> None:
    if wanted:
        from contend.reports.version import tool_version

        typer.echo(f"contend {tool_version()}")
        raise typer.Exit(CLEAN)


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Finds, explains and predicts write conflicts in apps built on Convex."""


@app.command("audit")
def audit_command(
    path: PathArgument = Path(),
    format: FormatOption = ReportFormat.TERMINAL,
    output: OutputOption = None,
    fail_on: Annotated[
        str | None,
        typer.Option(metavar="LEVEL", help="Exit 1 from critical, high, medium, low or info on; or never. [high]"),
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="Run these rules alone (repeat, or commas).")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="Leave these rules out (repeat, or commas).")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show every finding, not the ten worst.")] = False,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Leave out findings that FILE holds, unless they got worse.")
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Accept what is found: write it to FILE, for --baseline.")
    ] = None,
    diff: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Only what got worse since a git revision; REV...: since it branched."),
    ] = None,
    insights: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="What `npx convex insights --json --details` printed; - for standard input."),
    ] = None,
    seen: Annotated[
        list[str] | None,
        typer.Option(metavar="FUNCTION=N/day", help="A count from the dashboard: what traffic explains it (repeat)."),
    ] = None,
    no_cache: NoCacheOption = False,
    jobs: JobsOption = None,
    config: ConfigOption = None,
) -> int:
    """Find the write conflicts of an app."""
    from contend.model.settings import parse_fail_on

    level = None if fail_on is None else parse_fail_on(fail_on)
    if write_baseline is not None and diff is not None:
        raise InputError("--write-baseline accepts all findings, and --diff sees only what changed: use one of them")
    rules = _names(select, "--select"), _names(ignore, "--ignore")
    observed = None if insights is None else _insights(insights)
    result = _audit(path, *rules, config, no_cache, jobs, baseline, diff, observed, tuple(seen or ()))
    level = result.settings.fail_on if level is None else level
    failing = len(result.failing(level))
    if write_baseline is not None:
        _accept(result, write_baseline)
        failing = 0
    code = FINDINGS if failing else CLEAN
    if format is ReportFormat.TERMINAL:
        from contend.faces.cli.output import new_page, write_page
        from contend.reports.terminal import add_audit

        page = new_page(output)
        add_audit(page, result, path=_as_typed(path), everything=everything)
        write_page(page, output)
    else:
        from contend.faces.cli.output import speak_utf8, write_text

        speak_utf8()
        if format is ReportFormat.MARKDOWN:
            text = _markdown(result, _as_typed(path), output, everything)
        else:
            text = _rendered(result, format, code)
        write_text(text, output)
    if output is not None:
        from contend.reports.numbers import counted

        found = counted(len(result.open_findings), "finding")
        typer.echo(f"{output}: {found}, {failing} of them at or above --fail-on {level}", err=True)
    return code


@app.command("show")
def show_command(
    function: Annotated[
        str, typer.Argument(metavar="FUNCTION", help="module:export, a unique end of it, or a helper.")
    ],
    path: PathArgument = Path(),
    format: Annotated[ViewFormat, typer.Option("--format", help="How it is written.")] = ViewFormat.TERMINAL,
    output: OutputOption = None,
    no_cache: NoCacheOption = False,
    jobs: JobsOption = None,
    config: ConfigOption = None,
) -> int:
    """Show what a function reads and writes, who calls it, and whom it meets."""
    from contend.reports.function_view import function_view
    from contend.reports.helper_view import helper_view

    result = _audit(path, (), (), config, no_cache, jobs)
    helper = helper_view(result, function)
    view = function_view(result, function) if helper is None else None
    if format is ViewFormat.JSON:
        from contend.faces.cli.output import write_text
        from contend.reports.function_json import render_function_json
        from contend.reports.helper_view import render_helper_json
        from contend.reports.version import tool_version

        text = render_helper_json(helper, tool_version()) if helper is not None else ""
        write_text(render_function_json(view, tool_version()) if view is not None else text, output)
    else:
        from contend.faces.cli.output import new_page, write_page
        from contend.reports.function_terminal import add_function
        from contend.reports.helper_view import add_helper

        page = new_page(output)
        if helper is not None:
            add_helper(page, helper, _as_typed(path))
        if view is not None:
            add_function(page, view)
        write_page(page, output)
    return CLEAN


@app.command("rules")
def rules_command(
    rule: Annotated[str | None, typer.Argument(metavar="RULE", help="One rule, to read all about it.")] = None,
) -> int:
    """List the rules, or explain one."""
    from contend.faces.cli.output import new_page, write_page
    from contend.model.settings import check_rules
    from contend.reports.rule_pages import add_rule, add_rule_list
    from contend.rules import all_rules

    rules = {info.name: info for info in all_rules()}
    page = new_page(None)
    if rule is None:
        add_rule_list(page, list(rules.values()))
    else:
        check_rules([rule], rules, "rules")
        add_rule(page, rules[rule])
    write_page(page, None)
    return CLEAN


app.command("simulate")(simulate_command)
app.command("demo")(demo_command)


def _audit(
    path: Path,
    select: Sequence[str],
    ignore: Sequence[str],
    config: Path | None,
    no_cache: bool,
    jobs: int | None,
    baseline: Path | None = None,
    diff: str | None = None,
    insights: Path | bytes | None = None,
    seen: Sequence[str] = (),
) -> Audit:
    from contend import audit
    from contend.faces.cli.progress import shown_progress

    with shown_progress() as progress:
        result = audit(
            path,
            select=tuple(select),
            ignore=tuple(ignore),
            config=config,
            baseline=baseline,
            diff=diff,
            insights=insights,
            seen=seen,
            use_cache=not no_cache,
            jobs=jobs,
            progress=progress,
        )
    _tell_if_lifted(path, Path(result.repository.path))
    return result


def _rendered(result: Audit, format: ReportFormat, code: int) -> str:
    """The report for programs; `code` is what the command ends with."""
    from contend.reports.version import tool_version

    if format is ReportFormat.JSON:
        from contend.reports.json_report import render_json

        return render_json(result, tool_version())
    from contend.source.repository_root import repository_prefix

    prefix = repository_prefix(Path(result.repository.path))
    if format is ReportFormat.SARIF:
        from contend.reports.sarif import render_sarif

        return render_sarif(result, tool_version(), prefix, code)
    from contend.reports.github import render_github

    return render_github(result, prefix)


def _markdown(result: Audit, path: str, output: Path | None, everything: bool) -> str:
    """The document; its links lead from the folder that it will lie in."""
    from contend.faces.cli.output import link_prefix
    from contend.reports.markdown import render_markdown
    from contend.reports.version import tool_version

    prefix = link_prefix(Path(result.repository.path), output)
    return render_markdown(result, tool_version(), path=path, prefix=prefix, everything=everything)


def _insights(given: str) -> Path | bytes:
    """The file, or all of standard input."""
    if given != "-":
        return Path(given)
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("--insights -: nothing is piped in; npx convex insights --json --details | contend audit ...")
    return sys.stdin.buffer.read()


def _accept(result: Audit, file: Path) -> None:
    """Writes the baseline, and says so on stderr."""
    from contend import write_baseline
    from contend.reports.numbers import counted

    typer.echo(f"{file}: {counted(write_baseline(result, file), 'finding')} accepted", err=True)


def _tell_if_lifted(path: Path, root: Path) -> None:
    """Says on stderr which app is audited where that is another directory than the one named."""
    given = Path(os.path.abspath(path))
    if root == given or not given.is_relative_to(root):
        return
    here = Path.cwd()
    app = root.relative_to(here) if root != here and root.is_relative_to(here) else root
    typer.echo(f"auditing {app.as_posix()}, which {_as_typed(path) or given.name} lies in", err=True)


def _names(given: list[str] | None, option: str) -> tuple[str, ...]:
    """Rule names from a repeated option with commas, checked."""
    names = tuple(name.strip() for text in given or () for name in text.split(",") if name.strip())
    if names:
        from contend.model.settings import check_rules
        from contend.rules import all_rules

        check_rules(names, (info.name for info in all_rules()), option)
    return names


def _as_typed(path: Path) -> str:
    """The path as a command to copy needs it; nothing for the current directory."""
    return "" if path == Path() else str(path)
