"""The baseline: findings that a team has seen and lives with, as a file that is committed and reviewed.

One line a finding, sorted by place, without line numbers: the file changes only where findings come, go or change in
severity, so a diff of it reads as the list of those.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from contend.evidence.comparing import remembered
from contend.model.audit import Audit
from contend.model.comparison import EarlierFinding
from contend.model.errors import InputError
from contend.model.findings import Severity

VERSION = 1
_KEY = "contend_baseline"
_TEXTS = ("id", "rule", "app", "function", "file", "likeness")


class BaselineError(InputError):
    """A baseline that cannot be used; the message names the file and says what to do."""


def accepted(audit: Audit) -> tuple[EarlierFinding, ...]:
    """What a baseline of `audit` holds: every finding that no comment silences, known ones included. Raises
    `BaselineError` for an audit that holds only what a change introduces."""
    if any(comparison.against == "revision" for comparison in audit.comparisons):
        raise BaselineError(
            "a baseline holds all findings, and an audit compared with a revision has only what changed: "
            "write the baseline without --diff"
        )
    silenced = {finding.id for finding in audit.findings if finding.suppressed is not None}
    return tuple(one for one in remembered(audit) if one.id not in silenced)


def render_baseline(entries: Iterable[EarlierFinding]) -> str:
    """The text of a baseline file, ASCII with a final newline."""
    rows = sorted(entries, key=lambda one: (one.app, one.file, one.function, one.rule, one.id))
    lines = ",\n".join(f"    {json.dumps(_row(one))}" for one in rows)
    findings = f"[\n{lines}\n  ]" if rows else "[]"
    return f'{{\n  "{_KEY}": {VERSION},\n  "findings": {findings}\n}}\n'


def parse_baseline(text: str, name: str) -> tuple[EarlierFinding, ...]:
    """The entries of a baseline file; `name` is for messages. Raises `BaselineError`."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        if any(line.startswith(("<<<<<<< ", ">>>>>>> ")) for line in text.splitlines()):
            raise BaselineError(
                f"{name}: holds the marks of an unfinished merge; write it again with --write-baseline"
            ) from error
        raise BaselineError(f"{name}: not valid JSON: {error}; write it again with --write-baseline") from error
    version = data.get(_KEY) if isinstance(data, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BaselineError(f"{name}: not a baseline (no '{_KEY}' version); --write-baseline makes one")
    if version > VERSION:
        raise BaselineError(
            f"{name}: a baseline of version {version}, and this contend reads version {VERSION}: update contend, "
            "or write the baseline again with --write-baseline"
        )
    rows = data.get("findings")
    if not isinstance(rows, list):
        raise BaselineError(f"{name}: 'findings' must be a list")
    return tuple(_entry(row, f"{name}: findings[{at}]") for at, row in enumerate(rows))


def _row(entry: EarlierFinding) -> dict[str, str]:
    return {
        "file": entry.file,
        "function": entry.function,
        "rule": entry.rule,
        "severity": entry.severity.value,
        "id": entry.id,
        **({"app": entry.app} if entry.app else {}),
        **({"likeness": entry.likeness} if entry.likeness else {}),
    }


def _entry(row: object, where: str) -> EarlierFinding:
    if not isinstance(row, dict):
        raise BaselineError(f"{where} must be an object")
    texts = {key: row.get(key, "") for key in _TEXTS}
    for key, value in texts.items():
        if not isinstance(value, str) or (key in ("id", "rule") and not value):
            raise BaselineError(f"{where}: '{key}' must be text")
    try:
        severity = Severity(row.get("severity", ""))
    except ValueError:
        levels = ", ".join(level.value for level in Severity)
        raise BaselineError(f"{where}: 'severity' must be one of {levels}") from None
    return EarlierFinding(severity=severity, **texts)
