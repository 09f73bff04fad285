"""What a read looks for, as far as its source and what the function does with the rows tell."""

from __future__ import annotations

import pytest

from contend.model.functions import Access, Extent, Function, Key
from contend.model.places import Span
from contend.model.schema import Index, Table, Validator
from contend.model.values import Origin, Value
from contend.rules.lookups import filtered_by, is_narrow, lookup_of, serving_index

HERE = Span("convex/x.ts", 1, 1, 1, 10)
TABLE = Table(
    "members",
    {
        "teamId": Validator("id", table="teams"),
        "email": Validator("string"),
        "active": Validator("boolean"),
        "joined": Validator("number"),
    },
    (Index("by_team", ("teamId",)), Index("by_email", ("email",)), Index("by_joined", ("joined",))),
)


def reading(snippet: str, *keys: str, reach: str = "first") -> Access:
    return Access(
        operation="query",
        tables=("members",),
        span=HERE,
        order=0,
        index="by_team" if keys else "by_creation_time",
        keys=tuple(Key(name, "eq", Value(Origin.ARGUMENT, f"args.{name}")) for name in keys),
        extent=Extent(reach, 1 if reach == "first" else None, filtered=".filter" in snippet),  # type: ignore[arg-type]
        row="row:1",
        snippet=snippet,
    )


def of(read: Access) -> Function:
    return Function("", "members:find", "mutation", False, HERE, "mutation", accesses=(read,))


@pytest.mark.parametrize(
    ("predicate", "equal", "telling"),
    [
        ('q.eq(q.field("email"), args.email)', ("email",), ("email",)),
        ('q.eq(args.email, q.field("email"))', ("email",), ("email",)),
        ("q.and(q.eq(q.field('email'), email), q.eq(q.field('active'), true))", ("email", "active"), ("email",)),
        ('q.eq(q.field("email"), "system@example.com")', ("email",), ()),  # one row for all
        ('q.or(q.eq(q.field("email"), a), q.eq(q.field("email"), b))', (), ("email",)),  # a read by index for each
        ('q.or(q.eq(q.field("email"), a), q.gt(q.field("joined"), b))', (), ()),
        ('q.lt(q.field("joined"), before)', (), ()),
    ],
)
def test_what_a_filter_compares(predicate: str, equal: tuple[str, ...], telling: tuple[str, ...]) -> None:
    read = reading(f'ctx.db.query("members").filter((q) => {predicate}).first()')
    lookup = lookup_of(of(read), read, TABLE)
    assert lookup is not None
    assert (lookup.equal, lookup.telling) == (equal, telling)


def test_the_tenant_of_rows_that_are_one_parents_narrows_nothing() -> None:
    read = reading(
        '…withIndex("by_team", …).filter((q) => q.eq(q.field("userId"), userId)).collect()', "teamId", reach="range"
    )
    assert lookup_of(of(read), read, TABLE) is None


@pytest.mark.parametrize(
    ("predicate", "index"),
    [
        ('q.eq(q.field("email"), email)', "by_email"),
        ('q.lt(q.field("joined"), before)', "by_joined"),
        ('q.eq(q.field("active"), true)', None),
    ],
)
def test_an_index_serves_where_it_starts_with_what_is_looked_for(predicate: str, index: str | None) -> None:
    read = reading(f'ctx.db.query("members").filter((q) => {predicate}).first()')
    lookup = lookup_of(of(read), read, TABLE)
    assert lookup is not None
    found = serving_index(read, lookup, TABLE)
    assert (found.name if found else None) == index


def test_unique_expects_one_row_and_is_no_search() -> None:
    read = reading('ctx.db.query("members").withIndex("by_team", …).unique()', "teamId", reach="range")
    assert lookup_of(of(read), read, TABLE) is None


ROLES = Table(
    "members",
    {"teamId": Validator("id", table="teams"), "roleId": Validator("id", table="roles"), "email": Validator("string")},
    (Index("by_team", ("teamId",)), Index("by_role", ("roleId",)), Index("by_email", ("email",))),
)


@pytest.mark.parametrize(("field", "index"), [("roleId", None), ("email", "by_email")])
def test_an_index_that_drops_the_bound_field_serves_only_where_few_rows_share_its_own(
    field: str, index: str | None
) -> None:
    """The rows of all teams with one role are more than those of one team."""
    read = reading(f'ctx.db.query("members").filter((q) => q.eq(q.field("{field}"), value)).first()', "teamId")
    lookup = lookup_of(of(read), read, ROLES)
    assert lookup is not None
    found = serving_index(read, lookup, ROLES)
    assert (found.name if found else None) == index


@pytest.mark.parametrize(
    ("fields", "narrow"),
    [(("teamId",), False), (("teamId", "email"), False), (("roleId", "email"), True), (("hash",), True)],
)
def test_how_few_rows_a_range_has(fields: tuple[str, ...], narrow: bool) -> None:
    assert is_narrow(reading("…", *fields, reach="range"), ROLES) is narrow


def test_a_filter_by_literals_is_no_key() -> None:
    assert filtered_by(reading('….filter((q) => q.eq(q.field("isDefault"), true)).first()')) == ()
    assert filtered_by(reading('….filter((q) => q.eq(q.field("userId"), userId)).first()')) == ("userId",)
    assert filtered_by(reading("….filter((q) => matches(q)).first()")) is None
