"""What can be wrong with what a lab is given, and how a handler can end badly."""

from __future__ import annotations

from pathlib import Path

from contend.model.errors import InputError


class ScenarioError(InputError):
    """A scenario, or a handler file that it names, cannot be run. The message has file, line and key."""

    def __init__(self, file: Path | str, line: int | None, key: str, message: str) -> None:
        place = f"{file}:{line}" if line is not None else str(file)
        super().__init__(f"{place}: {key}: {message}" if key else f"{place}: {message}")
        self.line = line
        self.key = key


class CallError(Exception):
    """A call that came back with an error: the handler's, a limit's, or a conflict that ran out of retries.
    `conflict` tells the last."""

    def __init__(self, message: str, conflict: bool = False) -> None:
        super().__init__(message)
        self.conflict = conflict


class EndlessError(BaseException):
    """A handler that did not come to an end. Not an `Exception`: a handler's own `except` must not hold it up."""
