"""What the command says when it fails through its own fault."""

from __future__ import annotations

import traceback
from pathlib import Path


def describe(error: Exception, *, debug: bool) -> str:
    """One line: what broke, where in the package, and how to report it; with `debug` the traceback before it."""
    kind = type(error).__name__
    text = " ".join(str(error).split())
    if len(text) > 200:
        text = text[:197] + "..."
    what = f"{kind}: {text}" if text else kind
    line = f"contend: internal error{_place(error)}: {what}. {_how_to_report(debug)}"
    return f"{''.join(traceback.format_exception(error))}{line}" if debug else line


def _place(error: Exception) -> str:
    """` in conflicts/pairs.py:31`: the innermost line of this package."""
    package = Path(__file__).parents[2]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if file.is_relative_to(package):
            return f" in {file.relative_to(package).as_posix()}:{frame.lineno}"
    return ""


def _how_to_report(debug: bool) -> str:
    tracker = _tracker()
    place = f" at {tracker}" if tracker else ""
    if debug:
        return f"Please report it{place} with the traceback above."
    return f"Please report it{place}; run again with CONTEND_DEBUG=1 for the traceback."


def _tracker() -> str | None:
    """The issue tracker that the installed package names."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        urls = metadata("contend").get_all("Project-URL") or []
    except PackageNotFoundError:
        return None
    named = (url.partition(",") for url in urls)
    return next((url.strip() for name, _, url in named if name.strip().lower() in ("issues", "tracker")), None)
