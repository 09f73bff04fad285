"""What shells make of `npx convex insights --json --details`, and what is not that."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contend.telemetry.sources.insights import MAX_BYTES, Insights, InsightsError, decode_insights

ANSWER = {
    "deploymentName": "happy-otter-123",
    "dashboardUrl": "https://dashboard.convex.dev/d/happy-otter-123?view=insights",
    "insights": [
        {
            "kind": "occRetried",
            "severity": "warning",
            "functionId": "authSessions.js:touchSession",
            "componentPath": None,
            "occCalls": 36,
            "occTableName": "authSessions",
            "recentEvents": [
                {
                    "timestamp": "2025-11-14 08:12:33.5",
                    "id": "j1",
                    "request_id": "r1",
                    "occ_document_id": "k1",
                    "occ_write_source": "authSessions.js:touchSession",
                    "occ_retry_count": 1,
                },
                {"timestamp": "2025-11-13T23:30:00-02:00", "id": "j2", "request_id": "r2", "occ_retry_count": 0},
            ],
        },
        {
            "kind": "documentsReadThreshold",
            "severity": "warning",
            "functionId": "inbox.js:list",
            "componentPath": None,
            "count": 7,
        },
    ],
}
TEXT = json.dumps(ANSWER, indent=2)


def decoded(data: bytes) -> Insights:
    return decode_insights(data, "insights.json")


def test_the_command_s_output() -> None:
    insights = decoded(TEXT.encode())
    assert insights.deployment_name == "happy-otter-123"
    conflict, reads = insights.insights
    assert (conflict.function_id, conflict.occ_calls, conflict.occ_table_name) == (
        "authSessions.js:touchSession", 36, "authSessions",
    )  # fmt: skip
    assert [event.occ_write_source for event in conflict.recent_events or ()] == ["authSessions.js:touchSession", None]
    assert (reads.count, reads.recent_events) == (7, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encodings_that_shells_write(encoding: str) -> None:
    assert decoded(TEXT.replace("\n", "\r\n").encode(encoding)) == decoded(TEXT.encode())


@pytest.mark.parametrize(
    "before",
    ["✔ Selected deployment\n", "\x1b[32m{not json}\x1b[0m\n", "{broken\n", "[1, 2]\n", '{"level": "info"}\n\n'],
)
def test_lines_around_the_json_are_passed_over(before: str) -> None:
    assert decoded((before + TEXT + "\nDone.\n").encode()) == decoded(TEXT.encode())


def test_the_window_ends_with_the_last_event() -> None:
    assert decoded(TEXT.encode()).window == ("2025-11-11", "2025-11-14")


@pytest.mark.parametrize("stamp", ["", "yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_without_a_time_the_window_has_no_dates(stamp: str) -> None:
    insight = {**ANSWER["insights"][0], "recentEvents": [{"timestamp": stamp}]}  # type: ignore[dict-item]
    assert decoded(json.dumps({"insights": [insight]}).encode()).window == ("", "")


def test_no_conflict_at_all() -> None:
    assert decoded(b'{"deploymentName": "d", "insights": []}').insights == ()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \r\n ", "is empty"),
        (b"\xff\xfe", "is empty"),
        (
            b"Insights require user-level authentication.\n",
            "holds no JSON; it begins with: Insights require user-level",
        ),
        (b'{"insights": [', "ends too early"),
        (b'{"findings": [], "schema": 1}', "is JSON, but not of this command: it has 'findings', 'schema'"),
        (b"{}", "it has no keys"),
        (b"[[1]]", "it is a list"),
        (b'{"insights": {}}', r"not what Convex writes: Expected `array`"),
        (b'{"insights": [{"kind": "occRetried", "functionId": 3}]}', r"functionId"),
        (
            b'{"insights": [{"kind": "occRetried", "functionId": "a:b"}]}',
            r"insights\[0\] \(occRetried\) has no `occCalls`",
        ),
        (b'{"insights": [{"kind": "occRetried", "functionId": "a:b", "occCalls": -1}]}', "which is no count"),
        (b'{"insights": [{"kind": "occRetried", "functionId": " ", "occCalls": 1}]}', "names no function"),
        (b"\x80\x81\x82", "is no text"),
        (b"[" * 100_000, "ends too early"),
    ],
)
def test_what_is_no_insights_says_what_it_is_and_what_to_run(data: bytes, words: str) -> None:
    with pytest.raises(InsightsError, match=words) as error:
        decoded(data)
    assert "npx convex insights --json --details > insights.json" in str(error.value)


def test_more_than_any_insights() -> None:
    with pytest.raises(InsightsError, match="larger than 64 MiB"):
        decoded(b" " * (MAX_BYTES + 1))


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_sentence(data: bytes) -> None:
    with pytest.raises(InsightsError):
        decoded(data)
