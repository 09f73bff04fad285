"""What the tests of `source` share: apps written to disk from a few lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

WriteTree: TypeAlias = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def write_tree(tmp_path: Path) -> WriteTree:
    """Writes files (path → text) below a fresh directory that no repository surrounds, and returns it."""
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)

    def write(files: Mapping[str, str | bytes]) -> Path:
        for path, text in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return root

    return write
