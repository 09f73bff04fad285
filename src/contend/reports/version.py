"""Which version of the tool writes a report."""

from __future__ import annotations

UNKNOWN = "0+unknown"


def tool_version() -> str:
    """The version of the installed package; `0+unknown` where it runs from a source tree that is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("contend")
    except PackageNotFoundError:
        return UNKNOWN
