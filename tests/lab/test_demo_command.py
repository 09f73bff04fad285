"""`contend demo`, as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import contend
from contend.faces.cli import run


@pytest.fixture(scope="module")
def told() -> str:
    """What it says with two seeds, in 80 columns."""
    return printed("--seeds", "2")


def printed(*options: str) -> str:
    command = [sys.executable, "-m", "contend", "demo", "--jobs", "1", *options]
    environment = {**os.environ, "COLUMNS": "80"}
    found = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, env=environment)
    assert found.stderr == ""
    return found.stdout


def test_it_tells_both_stories(told):
    assert "1. Every request stamps its session" in told
    assert "2. An effect sets itself off" in told
    assert told.count("What to do:") == 2


@pytest.mark.parametrize("variant", ["unconditional", "newer than stored", "30 s + once per load", "loop, two tabs"])
def test_every_variant_has_its_line(told, variant):
    assert any(line.startswith(f"  {variant}  ") for line in told.splitlines())


def test_no_line_is_longer_than_the_terminal(told):
    """Commands neither: they are never wrapped."""
    assert max(map(len, told.splitlines())) <= 80


def test_its_words_agree_with_its_numbers(told):
    text = " ".join(told.split())
    calls = int(text.partition(" unconditional ")[2].split()[0])
    loads = int(text.partition(" page loads a day that is ")[0].split()[-1])
    assert loads == pytest.approx(calls / 4, abs=0.5)
    assert "1 users" not in text


def test_it_says_what_the_numbers_rest_on(told):
    text = " ".join(told.split())
    assert text.count("Predicted, mean of seeds 1 to 2.") == 2
    assert "5 ms plus 2 ms per read or write" in text
    assert "contend simulate stories/touch.toml" in text


def test_json_holds_the_same_and_every_number():
    value = json.loads(printed("--seeds", "1", "--seed", "3", "--format", "json"))
    assert (value["seed"], value["seeds"]) == (3, 1)
    touch, onboarding = value["stories"]
    assert [row["variant"] for row in touch["table"]] == [v["name"] for v in touch["experiments"][0]["variants"]]
    assert {"seed", "assumptions", "variants"} <= onboarding["experiments"][0].keys()


def test_the_library_does_it_in_one_call():
    touch, onboarding = contend.demo(seeds=1, jobs=1)
    assert (touch.name, onboarding.name) == ("touch", "onboarding")
    assert [row[0] for row in onboarding.rows] == [variant.name for variant in onboarding.experiments[0].variants]


def test_its_scenarios_can_be_taken_and_changed(tmp_path, capsys):
    folder = tmp_path / "stories"
    assert run(["demo", "--save", str(folder)]) == 0
    assert run(["demo", "--save", str(folder)]) == 0
    touch = folder / "touch.toml"
    options = ["--load", "12 a day, few users", "--variant", "30 s threshold", "--seeds", "1"]
    assert run(["simulate", str(touch), *options]) == 0
    assert "12 a day, few users" in capsys.readouterr().out
    touch.write_text("duration = '1h'\n", encoding="utf-8")
    assert run(["demo", "--save", str(folder)]) == 2
    assert "name another folder" in capsys.readouterr().err
