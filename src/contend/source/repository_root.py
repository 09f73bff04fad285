"""Where an audited path lies in its repository."""

from __future__ import annotations

import os
from pathlib import Path


def repository_prefix(path: Path) -> str:
    """The way from the root of the repository (the nearest directory with `.git`) down to `path`, with `/`; "" for the
    root itself, and outside of a repository. Code hosts name files from there."""
    start = Path(os.path.abspath(path))
    for directory in (start, *start.parents):
        if os.path.exists(directory / ".git"):
            inside = start.relative_to(directory).as_posix()
            return "" if inside == "." else inside
    return ""
