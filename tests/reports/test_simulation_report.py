"""A simulation on a terminal: what a row is can be read, and nothing is wider than the terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.lab.build import scenario

from contend.lab.experiment import parse_sweep, simulate
from contend.lab.statistics import estimate
from contend.reports.columns import add_columns
from contend.reports.page import Page, plain_text
from contend.reports.simulation_terminal import add_simulation

WORK = """
    [params]
    write_if_older_than_s = -inf
    users = 1
    [population]
    users = 1
    [callers.adder]
    steps = [{ call = "counters:add", args = { id = "$setup.id" } }]
    [[workload]]
    kind = "bursts"
    caller = "adder"
    size = 8
    every = "1s"
    [measures.lag_ms]
    lag_of = "adder"
    key = "$session"
    stored = "counters.value"
    match = "name"
    every = "1s"
    [variants."a threshold of thirty seconds, which is long"]
    params.write_if_older_than_s = 30
    [variants."eight servers"]
    population.instances = 8
"""
VALUES = (1, 5, 30, 60, 120, 300)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return scenario(tmp_path_factory.mktemp("scenario"), WORK)


@pytest.fixture(scope="module")
def swept(file):
    values = ",".join(map(str, VALUES))
    return simulate(file, sweep=parse_sweep(f"params.write_if_older_than_s={values}"), seeds=2, jobs=1)


@pytest.fixture(scope="module")
def compared(file):
    return simulate(file, seeds=2, jobs=1)


def told(result, width: int = 80) -> str:
    page = Page(width=width)
    add_simulation(page, result)
    return plain_text(page)


def only(result, variant: str):
    return replace(result, variants=tuple(found for found in result.variants if found.variant == variant))


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(swept, compared, width):
    for result in (swept, compared):
        assert max(map(len, told(result, width).splitlines())) <= width


def test_every_swept_value_begins_a_row_of_its_own(swept):
    """The name that all rows have in common stands above, once."""
    text = told(only(swept, "baseline"))
    assert "sweep: params.write_if_older_than_s" in text
    assert text.count("baseline") == 1
    table = text.partition("counters:add (mutation)\n")[2].splitlines()
    assert [int(line.split()[0]) for line in table[1 : 1 + len(VALUES)]] == list(VALUES)


def test_where_variants_are_swept_each_row_has_both(swept):
    rows = told(swept, 100).splitlines()
    for value in VALUES:
        assert any(line.startswith("  eight servers ") and f" {value} " in line for line in rows)


def test_retries_stand_beside_conflicts(compared):
    head = next(line for line in told(compared, 200).splitlines() if "conflicts" in line and "calls" in line)
    assert head.index("conflicts") < head.index("retries")


def test_times_are_told_in_words(compared):
    """A measure of times too."""
    lag = {"p50": 0.0, "p95": 335.0, "max": 40_424_575.0}
    measures = {"lag": {part: estimate([value]) for part, value in lag.items()}}
    result = replace(compared, variants=(replace(compared.variants[0], measures=measures, lags=("lag",)),))
    text = told(result)
    assert "335 ms" in text
    assert "11.2 h" in text
    assert "40,424,575" not in text


def test_an_assumption_is_told_once(compared):
    """In one line for all, or in the line of its variant."""
    lines = told(compared, 200).partition("assumptions\n")[2].splitlines()
    assert "  1 user; their requests come from 1.5 tabs each on average" in lines
    assert "  params.users = 1" in lines
    assert lines[-3:] == [
        "  baseline: 1 server; params.write_if_older_than_s = -inf (lower than any number)",
        "  a threshold of thirty seconds, which is long: 1 server; params.write_if_older_than_s = 30",
        "  eight servers: 8 servers; params.write_if_older_than_s = -inf (lower than any number)",
    ]
    assert len(lines) == len(set(lines))


def test_a_swept_value_is_no_assumption_of_its_own(swept):
    assert "write_if_older_than_s = " not in told(swept).partition("assumptions\n")[2]


def test_signs_are_explained_only_where_they_stand(compared):
    assert "in brackets" in told(compared)
    assert "change" not in told(only(compared, "baseline"))


def test_a_table_too_wide_goes_on_below_with_its_labels():
    page = Page(width=30)
    add_columns(page, ["variant", "value", "calls", "conflicts"], [["one", "1", "1,000", "34.9 ± 8.69"]], labels=2)
    assert plain_text(page).splitlines() == [
        "  variant  value  calls",
        "  one      1      1,000",
        "",
        "  variant  value    conflicts",
        "  one      1      34.9 ± 8.69",
    ]
