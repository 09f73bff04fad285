"""The baseline's file: its text, read and written."""

from __future__ import annotations

import os
from pathlib import Path

from contend.model.errors import InputError


def read_baseline_file(file: Path) -> str:
    """The text of a baseline. Raises `InputError` where there is none, or no text."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(f"{file}: no such baseline; --write-baseline {file} makes it") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not UTF-8; write the baseline again with --write-baseline") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def write_baseline_file(file: Path, text: str) -> None:
    """Write a baseline, with `\\n` on every system so that it is the same. Raises `InputError`."""
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except (OSError, ValueError) as error:
        raise InputError(f"cannot write {file}: {getattr(error, 'strerror', None) or error}") from error


def baseline_name(file: Path, root: Path) -> str:
    """What reports call the file: its path below the audited one, else its name; so the same on every machine."""
    try:
        return file.resolve().relative_to(root.resolve()).as_posix()
    except (OSError, ValueError):
        return os.path.basename(file)
