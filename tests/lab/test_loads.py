"""Loads: each variant of a scenario runs under each of them."""

from __future__ import annotations

import pytest
from tests.lab.build import CALLER, scenario

from contend.faces.cli import run
from contend.lab.errors import ScenarioError
from contend.lab.experiment import simulate
from contend.reports.simulation_charts import chart_specs

LOADS = (
    CALLER
    + """
    [variants."one by one"]
    callers.adder.client = "http-client"
    client_per_everyone = true

    [loads.alone]
    workload = [{ kind = "bursts", caller = "adder", size = 1, every = "1s" }]

    [loads.together]
    duration = "3s"
    workload = [{ kind = "bursts", caller = "adder", size = 4, every = "1s" }]
"""
).replace("    client_per_everyone = true\n", "")


@pytest.fixture
def file(tmp_path):
    return scenario(tmp_path, LOADS)


def test_every_variant_runs_under_every_load(file):
    result = simulate(file, seeds=2, jobs=1)
    assert [(found.load, found.name) for found in result.variants] == [
        ("alone", "baseline"), ("alone", "one by one"), ("together", "baseline"), ("together", "one by one"),
    ]  # fmt: skip
    conflicts = {
        (found.load, found.name): found.function("counters:add").values["conflicts"].mean for found in result.variants
    }
    assert conflicts["alone", "baseline"] == 0 < conflicts["together", "baseline"]
    assert conflicts["together", "one by one"] == 0


def test_a_load_changes_whatever_a_variant_may(file):
    assert file.variant("baseline", load="alone").duration_ms == 10_000
    assert file.variant("baseline", load="together").duration_ms == 3_000


def test_without_a_name_it_is_the_first(file):
    assert file.variant("baseline").workload == file.variant("baseline", load="alone").workload


def test_an_unknown_load_is_told(file):
    with pytest.raises(ScenarioError, match="no load 'none'; it has alone, together"):
        file.variant("baseline", load="none")


def test_a_mistake_in_a_load_is_told_with_its_line(tmp_path):
    with pytest.raises(ScenarioError, match=r"scenario\.toml:21: workload\[0\]\.size: 0 is impossible here"):
        scenario(tmp_path, LOADS.replace("size = 4", "size = 0"))


def test_the_command_takes_one(file, capsys):
    assert run(["simulate", str(file.file), "--load", "together", "--seeds", "1"]) == 0
    out = capsys.readouterr().out
    assert "load: together" in out
    assert "alone" not in out


def test_the_terminal_tells_what_a_variant_changes(file, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "120")
    assert run(["simulate", str(file.file), "--load", "together", "--seeds", "3"]) == 0
    rows = {line.split("  ")[1]: line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")}
    assert "change" in rows["variant"]
    assert "-100 %" in rows["one by one"]


def test_each_load_has_its_charts(file):
    names = chart_specs(simulate(file, seeds=2, jobs=1)).keys()
    assert {"together-conflicts", "alone-p95", "together-p95"} <= names


def test_a_sweep_of_numbers_is_drawn_as_lines(file):
    from contend.lab.scenario_file import Sweep

    result = simulate(file, loads=["together"], seeds=2, jobs=1, sweep=Sweep("workload.0.size", (1, 2, 4)))
    chart = chart_specs(result)["together-conflicts"]
    assert [layer["mark"]["type"] for layer in chart["spec"]["layer"]] == ["area", "line"]
    assert {row["value"] for row in chart["data"]["values"]} == {1, 2, 4}
