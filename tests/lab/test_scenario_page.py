"""The example of `docs/scenarios.md` and its commands run as they stand there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from contend.faces.cli import run
from contend.lab.experiment import simulate

PAGE = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


COMMANDS = [shlex.split(line, comments=True) for line in block("sh").splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the page's example."""
    (tmp_path / "touch.py").write_text(block("python"), encoding="utf-8")
    (tmp_path / "touch.toml").write_text(block("toml"), encoding="utf-8")
    return tmp_path


def test_the_example_shows_what_a_guard_saves(folder):
    result = simulate(folder / "touch.toml", seeds=2, loads=["small app"], jobs=1)
    every, newer, guarded = (variant.function("sessions:touch").values for variant in result.variants)
    assert every["writes"].mean == every["calls"].mean
    assert 0.8 * every["writes"].mean < newer["writes"].mean < every["writes"].mean
    assert every["writes"].mean > 3 * guarded["writes"].mean
    assert every["conflicts"].mean > 2 * guarded["conflicts"].mean


@pytest.mark.parametrize("command", [pytest.param(words, id=" ".join(words)) for words in COMMANDS])
def test_every_command_of_the_page_runs(command, folder, monkeypatch, capsys):
    if "--charts" in command:
        pytest.importorskip("vl_convert")
    monkeypatch.chdir(folder)
    assert command[:2] == ["contend", "simulate"]
    assert run([*command[1:], "--seeds", "1", "--jobs", "1"]) == 0
    assert "sessions:touch" in capsys.readouterr().out
