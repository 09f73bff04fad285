"""`contend simulate`."""

from __future__ import annotations

import io
import json
import re
import sys

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
    """Narrow, with the beginnings of ids."""
    assert run(["simulate", file, "--witness", "counters:add"]) == 0
    out = capsys.readouterr().out
    assert "counters:add loses to another call of itself" in out
    assert max(map(len, out.splitlines())) <= 80
    assert set(re.findall(r"document (\S+)", out)) == set(re.findall(r"id: '(\S+)'", out))
    assert {len(id) for id in re.findall(r"document (\S+)", out)} == {len("j57165…")}


def test_a_terminal_without_the_sign_for_what_is_left_out_gets_dots(file, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert run(["simulate", file, "--witness", "counters:add"]) == 0
    sys.stdout.seek(0)
    assert re.search(r"document \w{6}\.\.\.", sys.stdout.read())


class TestWithoutTheRendererOfCharts:
    @pytest.fixture(autouse=True)
    def _no_renderer(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "vl_convert", None)

    def test_only_the_charts_are_missing(self, file, tmp_path, capsys):
        assert run(["simulate", file, "--seeds", "1", "--charts", str(tmp_path / "charts")]) == 2
        told = capsys.readouterr()
        assert "counters:add (mutation)" in told.out
        assert not (tmp_path / "charts").exists()

    def test_the_message_says_how_to_get_it(self, file, tmp_path, capsys):
        run(["simulate", file, "--seeds", "1", "--charts", str(tmp_path / "charts")])
        error = capsys.readouterr().err
        assert "pip install 'contend[lab]'" in error
        assert "pip install -c constraints.txt '.[lab]'" in error


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
