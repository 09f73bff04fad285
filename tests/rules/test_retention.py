"""What kind of rows a table holds, by its name, its fields and how they are made."""

import pytest

from contend.model.schema import Table, Validator
from contend.rules.retention import nature_of

OF_A_USER = {"userId": Validator("id", table="users")}
OFTEN = 2_400.0  # a day, by no one's decision


@pytest.mark.parametrize(
    ("name", "fields", "looked_up", "logs"),
    [
        ("readings", {"value": Validator("number")}, False, True),
        ("readings", {"value": Validator("number")}, True, False),  # one row per something
        ("accountLinks", OF_A_USER, False, False),
        ("accountLinks", {**OF_A_USER, "expiresAt": Validator("number")}, False, True),
        ("loginEvents", OF_A_USER, False, True),  # its name says so
        ("emailDeliveries", OF_A_USER, True, True),
    ],
)
def test_many_rows_alone_do_not_lose_their_worth(
    name: str, fields: dict[str, Validator], looked_up: bool, logs: bool
) -> None:
    assert nature_of(Table(name, fields, ()), OFTEN, OFTEN, looked_up).logs is logs
