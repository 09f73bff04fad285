"""From a count on the dashboard back to the traffic that explains it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import contend
from contend.evidence.seen import parse_seen, with_seen
from contend.model.audit import Audit
from contend.model.errors import InputError
from contend.model.observations import SeenAnswer

MESSAGES = """
import { mutation, query } from "./_generated/server";
import { v } from "convex/values";
export const list = query({ args: {}, handler: async (ctx) => ctx.db.query("counters").collect() });
export const add = mutation({ args: { text: v.string() }, handler: async (ctx, { text }) => {
  await ctx.db.insert("messages", { text });
} });
export const bump = mutation({ args: { id: v.id("counters") }, handler: async (ctx, { id }) => {
  const counter = await ctx.db.get(id);
  await ctx.db.patch(id, { total: counter.total + 1 });
} });
export const sweep = mutation({ args: {}, handler: async (ctx) => {
  for (const row of await ctx.db.query("counters").collect()) await ctx.db.patch(row._id, { total: 0 });
} });
"""
CRONS = """
import { cronJobs } from "convex/server";
import { api } from "./_generated/api";
const crons = cronJobs();
crons.interval("sweep", { minutes: 1 }, api.messages.sweep, {});
export default crons;
"""


@pytest.fixture(scope="module")
def sessions(examples: Path) -> Audit:
    """The example that touches its session on every request."""
    return contend.audit(examples / "session-app" / "before", select="touch-on-every-request")


@pytest.fixture
def messages(tmp_path: Path) -> Audit:
    """An app that nothing but a cron calls."""
    folder = tmp_path / "convex"
    folder.mkdir()
    (tmp_path / "package.json").write_text("{}", encoding="utf-8")
    (folder / "messages.ts").write_text(MESSAGES, encoding="utf-8")
    (folder / "crons.ts").write_text(CRONS, encoding="utf-8")
    return contend.audit(tmp_path)


def answer(audit: Audit, text: str) -> SeenAnswer:
    (found,) = with_seen(audit, [parse_seen(text)]).seen
    return found


@pytest.mark.parametrize(
    ("text", "function", "per_day"),
    [
        ("authSessions:touchSession=12/day", "authSessions:touchSession", 12),
        ("authSessions.js:touchSession = 0.5 / hour", "authSessions:touchSession", 12),
        ("touchSession=7/WEEK", "touchSession", 1),
    ],
)
def test_how_a_count_is_written(text: str, function: str, per_day: float) -> None:
    seen = parse_seen(text)
    assert (seen.function, seen.per_day) == (function, per_day)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "touch",
        "touch=12",
        "touch=/day",
        "touch=0/day",
        "touch=-1/day",
        "touch=1.2.3/day",
        "=3/day",
        "a=1/month",
        "a=nan/day",
        f"a={'9' * 400}/day",
    ],
)
def test_anything_else_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(InputError, match="write it as FUNCTION=NUMBER/day"):
        parse_seen(text)


def test_the_traffic_that_explains_a_count_predicts_it(sessions: Audit) -> None:
    found = answer(sessions, "sessions:touchSession=12/day")
    assert "is explained by about" in found.text
    assert "page loads a day with 4 parallel requests, spread over 150 ms" in found.text
    assert len(found.explanations) == 2
    for explanation in found.explanations:
        settings = replace(sessions.settings, traffic=dict(explanation.settings))
        again = answer(replace(sessions, settings=settings), "sessions:touchSession=12/day")
        assert again.predicted_per_day == pytest.approx(12, rel=0.01)
        assert "is what the audit's traffic explains" in again.text


def test_slow_transactions_that_start_together_need_few_page_loads(sessions: Audit) -> None:
    text = answer(sessions, "sessions:touchSession=12/day").explanations[1].text
    assert text.startswith("about 2.") or text.startswith("about 3 ")
    assert text.endswith("if those start within 5 ms and a transaction lasts 50 ms")


def test_what_the_audit_s_own_traffic_predicts_is_told_with_it(sessions: Audit) -> None:
    found = answer(sessions, "touchSession=12/day")
    assert f"(300 page loads a day) predicts {float(f'{found.predicted_per_day:.2g}'):.0f} a day" in found.text


def test_more_conflicts_need_more_traffic(sessions: Audit) -> None:
    loads = [
        dict(answer(sessions, f"touchSession={number}/day").explanations[0].settings)["page_loads"]
        for number in (1, 10, 100, 1000)
    ]
    assert loads == sorted(loads)
    assert len(set(loads)) == 4


def test_no_plausible_traffic(sessions: Audit) -> None:
    found = answer(sessions, "sessions:touchSession=9000000/day")
    assert found.explanations == ()
    assert found.text.startswith("No plausible traffic explains 9,000,000/day: even 30,000 page loads a day, 100 times")


def test_a_function_that_nothing_calls(messages: Audit) -> None:
    found = answer(messages, "messages:bump=12/day")
    assert found.predicted_per_day == 0
    assert found.text.startswith("Nothing in this repository calls messages:bump, so its traffic is not known.")
    assert "groups of 4 calls a day on one row" in found.text


def test_a_function_that_reads_what_nobody_writes(messages: Audit) -> None:
    found = answer(messages, "messages:add=12/day")
    assert found.explanations == ()
    assert "nothing in this repository writes what messages:add reads" in found.text


def test_a_cron_has_no_traffic_to_guess(messages: Audit) -> None:
    assert answer(messages, "messages:sweep=12/day").explanations == ()


def test_a_function_that_is_not_there_is_refused_with_the_nearest(sessions: Audit) -> None:
    with pytest.raises(InputError, match="did you mean 'sessions:touchSession'"):
        answer(sessions, "sessions:tuchSession=12/day")


def test_a_query_cannot_conflict(messages: Audit) -> None:
    with pytest.raises(InputError, match="messages:list: it is a query, which has no transaction to conflict"):
        answer(messages, "messages:list=12/day")
