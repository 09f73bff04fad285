"""Who meets on an interval: the decision table, row by row."""

import pytest
from tests.conflicts.build import (
    FRESH,
    ME,
    arg,
    computed,
    const,
    eq,
    field,
    function,
    get,
    identifier,
    patch,
    read,
    table,
)

from contend.conflicts.sharing import sharing_of
from contend.model.findings import Sharing
from contend.model.functions import Access
from contend.model.schema import Validator
from contend.model.values import UNKNOWN, Origin, Value

TABLES = {
    "users": table("users"),
    "sessions": table("sessions", userId=identifier("users")),
    "messages": table("messages", roomId=identifier("rooms"), kind=Validator("union", items=(Validator("literal"),))),
    "flags": table("flags"),
}

ANY = Validator("any")


def meets(*accesses: Access, id: Validator = ANY) -> Sharing:
    """Who meets on the last of these accesses of one function."""
    found = function("m:f", *accesses, id=id)
    return sharing_of(found.accesses[-1], found, TABLES)


@pytest.mark.parametrize(
    ("access", "sharing"),
    [
        (read("flags", None, reach="whole"), Sharing.EVERYONE),
        (read("flags", None, reach="first", filtered=True), Sharing.EVERYONE),
        (read("flags", "by_name", eq("name", const("beta"))), Sharing.EVERYONE),
        (read("flags", "by_day", eq("day", Value(Origin.TIME, "today"))), Sharing.EVERYONE),
        (read("messages", "by_kind", eq("kind", arg("kind"))), Sharing.EVERYONE),
        (read("users", "by_subject", eq("subject", ME)), Sharing.USER),
        (read("sessions", "by_token", eq("token", arg("token"))), Sharing.SESSION),
        (read("sessions", "by_user", eq("userId", arg("id"))), Sharing.USER),
        (read("messages", "by_room", eq("roomId", arg("room"))), Sharing.TENANT),
        (read("flags", "by_slug", eq("slug", arg("x"))), Sharing.TENANT),
        (read("flags", "by_x", eq("x", UNKNOWN)), Sharing.UNKNOWN),
        (get("flags", FRESH), Sharing.NOBODY),
        (read("flags", "by_both", eq("a", const(1)), eq("userId", arg("u"))), Sharing.USER),
        (read("flags", "by_key", eq("key", computed("template", const("quota:"), ME))), Sharing.USER),
        (read("flags", "by_key", eq("key", computed("??", ME, const("global")))), Sharing.EVERYONE),
    ],
)
def test_keys_decide_who_meets(access: Access, sharing: Sharing) -> None:
    assert meets(access) is sharing


@pytest.mark.parametrize(
    ("table", "sharing"),
    [("users", Sharing.USER), ("sessions", Sharing.SESSION), ("messages", Sharing.TENANT)],
)
def test_a_row_found_by_its_own_id_is_what_its_table_means(table: str, sharing: Sharing) -> None:
    assert meets(patch(table, arg("id")), id=identifier(table)) is sharing


def test_a_row_found_by_identity_is_the_users() -> None:
    found = read("flags", "by_subject", eq("subject", ME), reach="first", row="flag")
    assert meets(found, patch("flags", field("flag", "_id", "flags"), row="flag")) is Sharing.USER


def test_a_row_found_by_scanning_everything_is_everyones() -> None:
    found = read("messages", None, reach="whole", row="message")
    assert meets(found, patch("messages", field("message", "_id", "messages"), row="message")) is Sharing.EVERYONE


def test_the_parent_of_a_users_row_is_the_tenants() -> None:
    found = read("messages", "by_author", eq("author", ME), reach="first", row="message")
    assert meets(found, get("rooms", field("message", "roomId", "messages"))) is Sharing.TENANT
