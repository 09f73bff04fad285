"""`contend simulate`."""

from __future__ import annotations

import json

import pytest
from tests.lab.build import CALLER, scenario

from contend.faces.cli import run

WORK = (
    CALLER
    + """
    [[workload]]
    kind = "bursts"
    caller = "adder"
    size = 4
    every = "1s"
    [variants.fewer]
    workload = [{ kind = "bursts", caller = "adder", size = 2, every = "1s" }]
"""
)


@pytest.fixture
def file(tmp_path):
    return str(scenario(tmp_path, WORK).file)


def test_it_compares_the_variants(file, capsys):
    assert run(["simulate", file, "--seeds", "2"]) == 0
    out = capsys.readouterr().out
    assert "counters:add" in out
    assert "baseline" in out
    assert "fewer" in out
    assert "seeds 1 to 2" in out


def test_json_is_the_same_each_time(file, capsys):
    assert run(["simulate", file, "--seeds", "2", "--format", "json", "--variant", "fewer"]) == 0
    first = capsys.readouterr().out
    assert run(["simulate", file, "--seeds", "2", "--format", "json", "--variant", "fewer"]) == 0
    assert capsys.readouterr().out == first
    assert [variant["name"] for variant in json.loads(first)["variants"]] == ["fewer"]


def test_it_sweeps(file, capsys):
    arguments = ["simulate", file, "--seeds", "1", "--variant", "baseline", "--format", "json"]
    assert run([*arguments, "--sweep", "workload.0.size=1,2"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [variant["name"] for variant in found["variants"]] == ["baseline, size = 1", "baseline, size = 2"]


def test_it_shows_a_witness(file, capsys):
    assert run(["simulate", file, "--witness", "counters:add"]) == 0
    assert "counters:add loses to another call of itself" in capsys.readouterr().out


def test_it_writes_the_log_stream(file, tmp_path, capsys):
    events = tmp_path / "events.jsonl"
    assert run(["simulate", file, "--seeds", "1", "--emit-events", str(events)]) == 0
    topics = {json.loads(line)["topic"] for line in events.read_text(encoding="utf-8").splitlines()}
    assert topics == {"function_execution"}


def test_a_mistake_is_one_message(file, capsys):
    assert run(["simulate", file, "--variant", "none"]) == 2
    assert "no variant 'none'; it has baseline, fewer" in capsys.readouterr().err
    assert run(["simulate", file, "--witness", "counters:none"]) == 2
    assert "there is no such mutation" in capsys.readouterr().err
