"""Where reports go: a terminal, a pipe, a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from contend.model.errors import InputError

if TYPE_CHECKING:
    from contend.reports.page import Page

PIPE_WIDTH = 100
"""Cells of a line where there is no terminal to measure; `COLUMNS` overrides."""


class ReaderLeft(Exception):
    """Whoever reads the output (head, less) has seen enough. Not an `OSError`: click would end the process on one."""


def write_text(text: str, output: Path | None) -> None:
    """Write a finished report to `output` (UTF-8, `\\n`), or to stdout."""
    if output is None:
        _write_to_stdout(text)
        return
    try:
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror or error}") from error


def link_prefix(root: Path, output: Path | None) -> str:
    """The way from the folder of `output` (the current one for stdout) to the audited `root`: `../app/`, empty for the
    same folder. Empty too where there is no way: another drive on Windows."""
    folder = Path.cwd() if output is None else Path(os.path.abspath(output)).parent
    try:
        way = Path(os.path.relpath(os.path.realpath(root), os.path.realpath(folder))).as_posix()
    except ValueError:
        return ""
    return "" if way == "." else f"{way}/"


def _write_to_stdout(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise ReaderLeft from error
    except OSError as error:
        discard_output()
        raise InputError(f"cannot write the report: {error.strerror or error}") from error


def speak_utf8() -> None:
    """Write to stdout in UTF-8 from here on, whatever the console's encoding: for documents that are read as such."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace")


def discard_output() -> None:
    """Have nothing written to standard output any more, nor at interpreter exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def new_page(output: Path | None, piped: int = PIPE_WIDTH) -> Page:
    """An empty page for `output`, or for stdout: as wide as the terminal (`piped` where there is none), in its
    encoding."""
    from contend.reports.page import Page

    if output is not None:
        return Page(width=_columns() or piped)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if sys.stdout.isatty():
        from rich.console import Console

        return Page(width=Console().width, encoding=encoding)
    return Page(width=_columns() or piped, encoding=encoding)


def write_page(page: Page, output: Path | None) -> None:
    """Write `page` to `output`, or to stdout: coloured on a terminal that takes colours, plain elsewhere."""
    from contend.reports.page import plain_text

    if output is not None or not sys.stdout.isatty():
        write_text(plain_text(page), output)
        return
    from rich.console import Console

    page.print(Console(highlight=False))


def _columns() -> int | None:
    text = os.environ.get("COLUMNS", "")
    return max(40, int(text)) if text.isdecimal() else None
