"""Progress on stderr, for people who wait."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from contend.model.audit import Progress as Report

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 1.0
"""Seconds before anything is shown."""


@contextmanager
def shown_progress() -> Iterator[Report | None]:
    """A callback that shows a bar once the work has taken a second; None where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    bar = _Bar()
    try:
        yield bar.report
    finally:
        bar.close()


class _Bar:
    """A transient Rich bar that comes into being when it is first needed."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._progress: Progress | None = None

    def report(self, stage: str, done: int, total: int) -> None:
        if self._progress is None:
            if time.monotonic() - self._start < PATIENCE:
                return
            self._progress = self._begin()
        known = total > 0
        self._progress.update(
            self._progress.task_ids[0],
            description=stage,
            completed=done,
            total=total if known else None,
            count=f"{done}/{total}" if known else "",
        )

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()

    @staticmethod
    def _begin() -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[count]}"),
            console=Console(stderr=True),
            transient=True,
        )
        progress.add_task("starting", total=None, count="")
        progress.start()
        return progress
