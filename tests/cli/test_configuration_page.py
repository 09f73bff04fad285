"""`docs/configuration.md` says what the code does."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from contend.conflicts.traffic import Traffic
from contend.faces.cli import BROKEN_PIPE, CLEAN, FINDINGS, INTERNAL, INTERRUPTED, USAGE
from contend.faces.cli.commands import ReportFormat
from contend.model.findings import Severity
from contend.model.settings import KEYS, settings_from


@pytest.fixture(scope="module")
def page(repository_root: Path) -> str:
    return (repository_root / "docs" / "configuration.md").read_text(encoding="utf-8")


def rows(page: str, title: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    section = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_key_of_the_file(page: str) -> None:
    assert [row[0].strip("`") for row in rows(page, "The file")] == list(KEYS)
    assert all(f"`{severity.value}`" in page for severity in Severity)


def test_every_traffic_setting_with_its_default(page: str) -> None:
    told = [(name.strip("`"), float(default)) for name, default, _ in rows(page, "Traffic")]
    assert told == [(field.name, field.default) for field in fields(Traffic)]
    assert all(meaning for *_, meaning in rows(page, "Traffic"))


def test_every_exit_code(page: str) -> None:
    told = [int(code) for row in rows(page, "Exit codes") for code in row[0].split(", ")]
    assert told == [CLEAN, FINDINGS, USAGE, INTERNAL, INTERRUPTED, BROKEN_PIPE]


def test_every_format(page: str) -> None:
    told = [row[0].strip("`").removeprefix("--format ") for row in rows(page, "Formats")]
    assert told == [each.value for each in ReportFormat]


def test_the_example_is_a_configuration(page: str) -> None:
    match = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert match is not None
    settings = settings_from(tomllib.loads(match[1]), "contend.toml")
    assert settings.fail_on is Severity.MEDIUM
    assert Traffic.from_mapping(settings.traffic).users == 2000


def test_every_environment_variable(page: str, repository_root: Path) -> None:
    source = "".join(file.read_text(encoding="utf-8") for file in (repository_root / "src" / "contend").rglob("*.py"))
    read = re.findall(r'environ(?:\.get\(|\[)"(CONTEND_\w+)"', source)
    assert {row[0].strip("`") for row in rows(page, "Environment variables")} == set(read)
