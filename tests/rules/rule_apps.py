"""What rules say of a small app, given as file name to text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import contend
from contend.model.findings import Finding


def findings_of(files: Mapping[str, str], directory: Path, *rules: str) -> tuple[Finding, ...]:
    """The findings of these rules (none: of all) in an app that is written to `directory`."""
    for path, text in files.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip("\n"), encoding="utf-8")
    return contend.audit(directory, select=list(rules), use_cache=False, jobs=1).findings
