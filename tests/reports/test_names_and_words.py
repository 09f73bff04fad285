"""How functions are found by name, and how facts are put in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contend.model.audit import Audit
from contend.model.callers import Dependency, Trigger
from contend.model.function_names import UnknownFunction, matching
from contend.reports.encoding import fit
from contend.reports.finding_block import quoted
from contend.reports.function_terminal import render_function
from contend.reports.function_view import function_view
from contend.reports.names import path_in
from contend.reports.numbers import duration, significant, spoken
from contend.reports.words import trigger_words

IDS = ["auth/sessions:touch", "apps/web#auth/sessions:touch", "sessions:touchSession", "http", "users:me", "teams:me"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("sessions:touchSession", ["sessions:touchSession"]),
        ("touchSession", ["sessions:touchSession"]),
        ("touchsession", ["sessions:touchSession"]),
        ("api.sessions.touchSession", ["sessions:touchSession"]),
        ("http", ["http"]),
        ("me", ["teams:me", "users:me"]),
        ("apps/web#auth/sessions:touch", ["apps/web#auth/sessions:touch"]),
        ("sessions:touch", ["apps/web#auth/sessions:touch", "auth/sessions:touch"]),
        ("internal.auth.sessions.touch", ["apps/web#auth/sessions:touch", "auth/sessions:touch"]),
        ("touchS", ["sessions:touchSession"]),
        ("zzz", []),
        ("", []),
    ],
)
def test_names_that_a_user_types(wanted: str, found: list[str]) -> None:
    assert matching(wanted, IDS) == found


def test_a_path_is_seen_from_its_app() -> None:
    assert path_in("apps/web", "apps/web#users:me") == "users:me"
    assert path_in("", "users:me") == "users:me"
    assert path_in("apps/web", "packages/mail#queue:send") == "packages/mail#queue:send"


def test_an_unknown_name_suggests_the_nearest(audit: Audit) -> None:
    with pytest.raises(UnknownFunction, match=r"no function matches 'touchSesion' .*did you mean 'sessions:touchSessi"):
        function_view(audit, "touchSesion")


def test_a_function_on_a_terminal(audit: Audit) -> None:
    text = render_function(function_view(audit, "touchSession"), width=100)
    assert "reads sessions via by_session, sessionId = args.sessionId: up to the first match" in text
    assert "returns at line 7 after 1 read, nothing written" in text
    assert "touchSession × itself on sessions via by_session: one session's row" in text


def test_a_live_query_re_runs_and_never_loses(audit: Audit) -> None:
    text = render_function(function_view(audit, "users:me"), width=100)
    assert "Re-runs\n  me re-runs when sessions:touchSession writes sessions" in text
    assert "Loses" not in text
    assert "Layout by useQuery (app/layout.tsx:12)" in text


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        (Trigger("server-request", entry="src/hooks.server.ts"), "every server request"),
        (Trigger("timer", period_ms=30_000), "a timer every 30 s"),
        (Trigger("cron", "clean up", period_ms=300_000), "a cron every 5 min (clean up)"),
        (Trigger("scheduler", period_ms=1500), "the scheduler after 1.5 s"),
        (Trigger("event", "click"), "the user's `click`"),
        (Trigger("event", "next"), "a user event (`next`)"),
        (Trigger("effect", dependencies=None), "an effect after every render (no dependency list)"),
        (Trigger("effect", dependencies=(Dependency("user"), Dependency("room"))), "an effect on [user, room]"),
        (Trigger("webhook", "POST /stripe"), "an HTTP route (POST /stripe)"),
    ],
)
def test_triggers_in_words(trigger: Trigger, words: str) -> None:
    assert trigger_words(trigger) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0"),
        (0.0004, "< 0.01"),
        (0.3, "0.3"),
        (4.812, "4.8"),
        (120.04, "120"),
        (999.7, "1,000"),
        (18234, "18,200"),
    ],
)
def test_counts_in_words(number: float, words: str) -> None:
    assert spoken(number) == words


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(0, "0 ms"), (150, "150 ms"), (1500, "1.5 s"), (3_600_000, "1 h"), (86_400_000, "1 day"), (172_800_000, "2 days")],
)
def test_durations_in_words(milliseconds: float, words: str) -> None:
    assert duration(milliseconds) == words


def test_a_report_holds_no_infinity() -> None:
    with pytest.raises(ValueError, match="inf"):
        significant(float("inf"))


@pytest.mark.parametrize(
    ("text", "encoding", "fitted"),
    [
        ("a → b × c …", "ascii", "a -> b x c ..."),
        ("a → b × c …", "cp1252", "a -> b × c …"),
        ("Zürich 部屋", "ascii", "Zurich ??"),
        ("tab\tand\x07bell", "utf-8", "tab\tand?bell"),
    ],
)
def test_text_in_an_encoding(text: str, encoding: str, fitted: str) -> None:
    assert fit(text, encoding) == fitted


@given(st.text(), st.sampled_from(["ascii", "cp1252", "utf-8", "cp437"]))
def test_every_text_fits_every_encoding(text: str, encoding: str) -> None:
    fit(text, encoding).encode(encoding)


def test_arguments_that_a_shell_would_split_are_quoted() -> None:
    assert quoted("apps/web") == "apps/web"
    assert quoted("my app") == '"my app"'


def test_a_name_that_several_functions_have_lists_them(audit: Audit) -> None:
    (app,) = audit.apps
    twin = replace(app.functions[1], path="teams:me")
    both = replace(app, functions=(*app.functions, twin))
    with pytest.raises(UnknownFunction, match=r"'me' can mean 2 functions; name one of them:\n  teams:me\n  users:me"):
        function_view(replace(audit, repository=replace(audit.repository, apps=(both,))), "me")
