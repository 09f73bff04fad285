"""The traffic table and its settings."""

import pytest

from contend.conflicts import Traffic, TrafficError


def test_the_defaults_say_what_small_app_they_assume() -> None:
    said = Traffic().say("users", "page_loads", "requests_per_load", "tabs", "transaction_ms")
    assert said == (
        "20 active users a day",
        "1.5 tabs per user, open 8 hours a day",
        "15 page loads per user and day",
        "4 server requests a page load, spread over 150 ms",
        "a transaction lasts 5 ms plus 2 ms per read or write",
    )


def test_settings_replace_single_numbers() -> None:
    assert Traffic.from_mapping({"users": 300, "tabs": 2}) == Traffic(users=300, tabs=2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"user": 3}, "no setting 'user'"),
        ({"users": "many"}, "users must be a number"),
        ({"users": True}, "users must be a number"),
        ({"clicks": -1}, "clicks must not be negative"),
        ({"clicks": float("nan")}, "clicks must not be negative or infinite"),
        ({"users": 0}, "users must be greater than 0"),
        ({"open_hours": 25}, "open_hours must be at most 24"),
        ({"branch": 2}, "branch is a share"),
        ({"tabs": 0.5}, "tabs must be at least 1"),
    ],
)
def test_settings_that_cannot_be_are_explained(settings: dict[str, object], message: str) -> None:
    with pytest.raises(TrafficError, match=message):
        Traffic.from_mapping(settings)
