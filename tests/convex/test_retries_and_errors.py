"""Retry policies now and before, clients, limits, texts of conflicts."""

from __future__ import annotations

from datetime import date

import pytest

from contend.convex.clients import CLIENTS, always_checked
from contend.convex.errors import SYSTEM_OCC_MESSAGE, occ_message
from contend.convex.limits import DEPLOYMENT_CLASSES, TransactionLimits
from contend.convex.retries import POLICIES, policy


def test_a_client_call_has_five_attempts() -> None:
    client = policy("http")
    assert [client.retries_after(failures) for failures in range(1, 6)] == [True] * 4 + [False]
    assert [client.sleep_limit_ms(failures) for failures in range(1, 7)] == [100, 200, 400, 800, 1600, 2000]
    assert client.waits_for_write


def test_scheduled_and_cron_mutations_never_give_up() -> None:
    for runner in ("scheduler", "cron"):
        assert policy(runner).retries_after(10**6)
        assert not policy(runner).waits_for_write
    assert policy("scheduler").sleep_limit_ms(10**6) == 60_000


@pytest.mark.parametrize(
    ("runner", "day", "initial", "longest", "resends"),
    [
        ("http", date(2026, 2, 2), 10, 2_000, 0),
        ("http", date(2026, 2, 3), 100, 2_000, 0),
        ("node-action", date(2026, 2, 2), 10, 2_000, 0),
        ("node-action", date(2026, 7, 7), 100, 2_000, 0),
        ("node-action", date(2026, 7, 8), 100, 2_000, 4),
        ("scheduler", date(2026, 4, 21), 100, 10_000, 0),
        ("scheduler", date(2026, 4, 22), 100, 60_000, 0),
    ],
)
def test_policies_of_other_days(runner: str, day: date, initial: int, longest: int, resends: int) -> None:
    found = policy(runner, day)  # type: ignore[arg-type]
    assert (found.initial_ms, found.max_ms, found.resends) == (initial, longest, resends)


def test_every_client_has_a_runner_with_a_policy() -> None:
    assert {client.runner for client in CLIENTS.values()} <= set(POLICIES)
    assert [always_checked(runner) for runner in ("websocket", "node-action", "scheduler", "cron")] == [True] * 4
    assert not always_checked("http")
    assert not always_checked("action")


def test_limits() -> None:
    assert DEPLOYMENT_CLASSES["D1024"].concurrent_mutations == 512
    assert TransactionLimits().ranges_read == 4096


def test_texts_of_conflicts() -> None:
    start = 'Documents read from or written to the "users" table changed while this mutation was being run'
    own = occ_message("users", "k1", "users.js:touch", same_source=True)
    assert own.startswith(start)
    assert 'Another call to this mutation changed the document with ID "k1". See https://docs.convex.dev' in own
    assert 'A call to "a.js:b" changed' in occ_message("users", "k1", "a.js:b", same_source=False)
    gone = occ_message(None, None, "a.js:b", same_source=False)
    assert "some table changed" in gone
    assert "document with ID" not in gone
    assert SYSTEM_OCC_MESSAGE.startswith("Data read or written in this mutation changed")
