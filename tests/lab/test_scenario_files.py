"""Scenario files are read strictly: what is wrong is told with file, line and key."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest
from tests.lab.build import CALLER, HEAD, scenario

from contend.lab.errors import ScenarioError
from contend.lab.scenario_file import read_scenario
from contend.lab.toml_lines import TomlLines

WORK = '[[workload]]\nkind = "poisson"\ncaller = "adder"\n'

WRONG = {
    "an unknown key": ("sedes = 3", "sedes: unknown key; did you mean 'seeds'?"),
    "an impossible rate": (CALLER + WORK + "rate_per_s = -1", "workload[0].rate_per_s: -1 is impossible here"),
    "no rate": (CALLER + WORK, "workload[0]: exactly one of rate_per_s, per_day, per_user_per_day"),
    "an infinite rate": (CALLER + WORK + "rate_per_s = inf", "inf is impossible here"),
    "a rate that would never be through": (
        CALLER + WORK + 'rate_per_s = 1e6\n[loads.long]\nduration = "30d"',
        "workload[0]: about 2.6e+12 starts, and event_budget lets 50,000,000 events happen",
    ),
    "repeats of repeats": (
        "[callers.x]\nsteps = [{ repeat = 1000000, do = { repeat = 1000000, do = [] } }]",
        "callers.x: it does 1e+12 steps each time",
    ),
    "callers that run each other many times": (
        "".join(f'[callers.c{n}]\nsteps = [{{ run = "c{n + 1}" }}, {{ run = "c{n + 1}" }}]\n' for n in range(40))
        + "[callers.c40]\nsteps = [{ wait_ms = 1 }]",
        "callers.c0: it does 3.3e+12 steps each time",
    ),
    "a missing handler": (
        '[callers.x]\nsteps = [\n  { call = "counters:ad", args = {} },\n]',
        "callers.x.steps[0].call: 'counters:ad' is not known; did you mean 'counters:add'?",
    ),
    "callers in a circle": (
        '[callers.x]\nsteps = [{ run = "y" }]\n[callers.y]\nsteps = [{ run = "x" }]',
        "callers.x: a circle: x → y → x",
    ),
    "a caller that is not there": ('[callers.x]\nsteps = [{ run = "y" }]', "there is no such caller"),
    "a step of no kind": ('[callers.x]\nsteps = [{ cal = "counters:add" }]', "a step is a table with one of call"),
    "a step of two kinds": (
        '[callers.x]\nsteps = [{ call = "counters:add", args = {}, per = "tab" }]',
        "callers.x.steps[0].per: unknown",
    ),
    "a view of a mutation": (
        '[callers.x]\nviews.v = { query = "counters:add" }',
        "counters:add is a mutation; a query is expected here",
    ),
    "a reference to nothing": (
        '[callers.x]\nsteps = [{ call = "counters:add", args = { id = "$setupp.id" } }]',
        "$setupp.id stands for nothing",
    ),
    "a time without a unit": ('[crons.c]\nfunction = "counters:add"\nevery = 60', "a time with its unit is expected"),
    "a client that is not there": ('[callers.x]\nclient = "web-socket"\nsteps = []', "did you mean 'websocket'?"),
    "an impossible chance": (
        "[callers.x]\nsteps = [{ debounce_ms = 1, survives = 1.5, do = [] }]",
        "1.5 is impossible here: it must be at",
    ),
    "a variant's mistake": (CALLER + "[variants.more]\npopulation.users = 0", "population.users: 0 is impossible here"),
    "an unknown variant key": ("[variants.more]\nseeds = 3", "variants.more.seeds: unknown key"),
    "a distribution of no kind": ("[timing]\nrun_ms = { normal = 3 }", "timing.run_ms: a distribution is a number"),
    "a curve of zeros": (CALLER + WORK + "per_day = 1\ncurve = [0, 0]", "a curve has 24 weights, one for each hour"),
}


@pytest.mark.parametrize(("toml", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_told_with_its_line(tmp_path, toml, message):
    head = HEAD.replace("[timing]\n    network_ms = 0\n", "")
    text = dedent(head) + dedent(toml)
    if "sedes" in toml:
        text = toml + "\n" + dedent(head)
    with pytest.raises(ScenarioError) as caught:
        scenario(tmp_path, text, head="")
    assert message in str(caught.value)
    line = re.match(r".*scenario\.toml:(\d+): ", str(caught.value))
    assert line
    last_key = re.findall(r"[\w]+", str(caught.value).split(": ")[1])[-1]
    assert last_key.isdecimal() or last_key in text.splitlines()[int(line[1]) - 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("duration = ", "this is no TOML"),
        ('[handlers]\nx = "gone.py"', "there is no file gone.py"),
        ("", "'handlers' is"),
    ],
)
def test_a_file_that_is_no_scenario(tmp_path, text, message):
    file = tmp_path / "scenario.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=message):
        read_scenario(file)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ScenarioError, match="cannot read this scenario"):
        read_scenario(tmp_path / "gone.toml")


def test_a_variant_changes_table_by_table(tmp_path):
    found = scenario(tmp_path, "[params]\na = 1\nb = 2\n[variants.other.params]\nb = 3\n")
    assert found.variants == ("baseline", "other")
    assert found.variant("baseline").params == {"a": 1, "b": 2}
    assert found.variant("other").params == {"a": 1, "b": 3}
    assert found.variant("other", [(("params", "a"), 9)]).params == {"a": 9, "b": 3}


def test_a_value_of_a_sweep_must_have_a_place(tmp_path):
    with pytest.raises(ScenarioError, match="nothing at this place"):
        scenario(tmp_path, "").variant("baseline", [(("callers", "x", "steps"), 1)])


def test_a_trace_comes_from_a_file(tmp_path):
    (tmp_path / "trace.csv").write_text("at_ms,user\n5,1\n1,0\n", encoding="utf-8")
    (tmp_path / "bad.jsonl").write_text('{"at_ms": 1}\n{"at": 2}\n', encoding="utf-8")
    trace = CALLER + '[[workload]]\nkind = "trace"\ncaller = "adder"\nfile = "FILE"\n'
    found = scenario(tmp_path, trace.replace("FILE", "trace.csv")).variant("baseline")
    assert [at for at, _ in found.workload[0].trace] == [1.0, 5.0]
    with pytest.raises(ScenarioError, match=r"bad\.jsonl:2: at_ms"):
        scenario(tmp_path, trace.replace("FILE", "bad.jsonl"))


TOML = """
a = 1
"b c" = { d = 2, e = [
  { f = 3 },
  { f = 4, g = "]" },
] }  # } not here
[t.u]
x.y = \"\"\"
[not.a.header]
\"\"\"
z = 1

[[w]]
k = 1
[[w]]
k = 2
[w.inner]
m = 3
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 2),
        (("b c", "d"), 3),
        (("b c", "e", 1, "g"), 5),
        (("t", "u"), 7),
        (("t", "u", "x", "y"), 8),
        (("t", "u", "z"), 11),
        (("w", 0, "k"), 14),
        (("w", 1, "k"), 16),
        (("w", 1, "inner", "m"), 18),
        (("t", "u", "missing"), 7),
    ],
)
def test_the_line_of_a_key(path, line):
    assert TomlLines(TOML).line_of(path) == line
