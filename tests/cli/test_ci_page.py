"""`docs/ci.md` names what there is."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import typer

from contend.evidence.baseline import parse_baseline
from contend.faces.cli.commands import ReportFormat, app


@pytest.fixture(scope="module")
def page(repository_root: Path) -> str:
    return (repository_root / "docs" / "ci.md").read_text(encoding="utf-8")


def test_every_option_of_every_command_exists(page: str) -> None:
    audit = typer.main.get_command(app).commands["audit"]  # type: ignore[attr-defined]
    known = {name for parameter in audit.params for name in parameter.opts}
    commands = re.findall(r"contend audit [^\n`#]*", page)
    used = {word for command in commands for word in shlex.split(command) if word.startswith("--")}
    assert {"--baseline", "--write-baseline", "--diff", "--format", "--output"} <= used
    assert used <= known


def test_every_format_exists(page: str) -> None:
    assert set(re.findall(r"--format (\w+)", page)) <= {each.value for each in ReportFormat}


def test_the_baseline_shown_is_one(page: str) -> None:
    shown = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert shown is not None
    assert set(json.loads(shown[1])["findings"][0]) == {"file", "function", "rule", "severity", "id", "likeness"}
    assert parse_baseline(shown[1], "docs/ci.md")[0].rule == "touch-on-every-request"
