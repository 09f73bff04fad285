"""The baseline file: small, sorted, reviewable, and clear about what is wrong with it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contend.evidence.baseline import BaselineError, parse_baseline, render_baseline
from contend.model.comparison import EarlierFinding
from contend.model.findings import Severity

ENTRIES = (
    EarlierFinding("b2", "unbatched-sequence", "", "rooms:move", "convex/rooms.ts", Severity.LOW, "77aa"),
    EarlierFinding("a1", "touch-on-every-request", "apps/web", "sessions:touch", "apps/web/a.ts", Severity.HIGH),
)
TEXT = """\
{
  "contend_baseline": 1,
  "findings": [
    {"file": "convex/rooms.ts", "function": "rooms:move", "rule": "unbatched-sequence", "severity": "low", \
"id": "b2", "likeness": "77aa"},
    {"file": "apps/web/a.ts", "function": "sessions:touch", "rule": "touch-on-every-request", "severity": "high", \
"id": "a1", "app": "apps/web"}
  ]
}
"""


def test_one_line_a_finding_sorted_by_place() -> None:
    assert render_baseline(ENTRIES) == render_baseline(reversed(ENTRIES)) == TEXT


def test_an_empty_one_is_a_baseline_too() -> None:
    assert json.loads(render_baseline(())) == {"contend_baseline": 1, "findings": []}
    assert parse_baseline(render_baseline(()), "b.json") == ()


@given(
    st.lists(
        st.builds(
            EarlierFinding,
            id=st.text(min_size=1),
            rule=st.text(min_size=1),
            app=st.text(),
            function=st.text(),
            file=st.text(),
            severity=st.sampled_from(Severity),
            likeness=st.text(),
        )
    )
)
def test_what_is_written_is_what_is_read(entries: list[EarlierFinding]) -> None:
    text = render_baseline(entries)
    assert text.isascii()
    assert set(parse_baseline(text, "b.json")) == set(entries)
    assert render_baseline(parse_baseline(text, "b.json")) == text


def test_windows_line_ends_and_keys_of_later_versions_do_no_harm() -> None:
    text = TEXT.replace('"id": "b2"', '"id": "b2", "owner": "team"').replace("\n", "\r\n")
    assert set(parse_baseline(text, "b.json")) == set(ENTRIES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"b\.json: not valid JSON: .*; write it again with --write-baseline"),
        ('{"contend_baseline": 1, "findings": [', r"b\.json: not valid JSON: .* line 1 column"),
        (
            TEXT.replace("    {", "<<<<<<< HEAD\n    {", 1),
            r"b\.json: holds the marks of an unfinished merge; write it again",
        ),
        ("[]", r"b\.json: not a baseline \(no 'contend_baseline' version\); --write-baseline makes one"),
        ('{"schema": 1, "findings": []}', "not a baseline"),
        ('{"contend_baseline": true, "findings": []}', "not a baseline"),
        ('{"contend_baseline": 2, "findings": []}', "a baseline of version 2, .* reads version 1: update contend"),
        ('{"contend_baseline": 1}', "'findings' must be a list"),
        ('{"contend_baseline": 1, "findings": [3]}', r"findings\[0\] must be an object"),
        (
            '{"contend_baseline": 1, "findings": [{"rule": "r", "severity": "low"}]}',
            r"findings\[0\]: 'id' must be text",
        ),
        ('{"contend_baseline": 1, "findings": [{"id": "a", "rule": "r", "file": 1}]}', "'file' must be text"),
        (
            '{"contend_baseline": 1, "findings": [{"id": "a", "rule": "r", "severity": "bad"}]}',
            "'severity' must be one",
        ),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_what_is_no_baseline(text: str, message: str) -> None:
    with pytest.raises(BaselineError, match=message):
        parse_baseline(text, "b.json")
