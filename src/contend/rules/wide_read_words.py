"""What is said of a wide read, and what helps."""

from __future__ import annotations

from collections.abc import Sequence

from contend.model.findings import Fix
from contend.rules.lookups import bound_fields
from contend.rules.wide_reads import WideRead


def message_of(wide: WideRead) -> str:
    """What a function looks for, and what it reads to find it."""
    read, lookup, table = wide.read, wide.lookup, wide.table.name
    by = _names(lookup.telling or lookup.equal or lookup.fields)
    where = "the whole table" if not bound_fields(read) else f"all rows with one {_names(bound_fields(read))}"
    upto = f", reading {where} up to it" if read.extent.reach == "first" else f", reading {where}"
    although = f", although the index `{wide.index.name}` exists" if wide.index is not None else ""
    what = {
        "one": f"looks for one `{table}` row by {by}",
        "some": f"picks `{table}` rows by {by}",
        "extreme": f"asks for the largest or smallest {by} of `{table}`",
        "count": f"counts `{table}` rows",
    }[lookup.purpose]
    return f"{what}{upto}{although}"


def fixes_of(wide: WideRead, pairs: int) -> tuple[Fix, ...]:
    """How to read less; `pairs` is the number of those that go with it."""
    lookup, bound = wide.lookup, bound_fields(wide.read)
    removes = f"{pairs:,} pair{'s' if pairs > 1 else ''} with writes of rows that it is not after"
    again = "writes of the very rows it is after, and inserts of such a row (also while there is none)"
    if lookup.purpose == "count":
        how = (
            "keep the number in a row of its own that only inserts and deletes change, or read it with "
            "`useStaleSnapshot` where a limit may be passed by a little"
        )
        return (Fix(how, "guided", removes, "inserts and deletes, which change the number"),)
    if lookup.purpose == "extreme":
        fields = (*bound, *lookup.fields)
        again = "calls that add at the same end: each reads the row that stands there, or the gap before it"
        if wide.index is not None:
            how = f"read the first row of `{wide.index.name}` in the order wanted (`.order(…).first()`)"
            return (Fix(how, "mechanical", removes, again),)
        how = f"add an index on ({', '.join(fields)}) and read its first row in the order wanted (`.order(…).first()`)"
        return (Fix(how, "guided", removes, again),)
    if "_id" in lookup.equal:
        return (Fix("read the row by its id, with `ctx.db.get`", "mechanical", removes, "writes of that very row"),)
    if wide.index is not None:
        how = f"read through `{wide.index.name}` ({', '.join(wide.index.fields)}) and check the rest in code"
        return (Fix(how, "mechanical", removes, again),)
    if not lookup.equal and not lookup.in_query:
        how = (
            "find the rows in a query, and change each in a mutation of its own by its id, which asks again whether it "
            "is one of them"
        )
        return (Fix(how, "guided", removes, "writes of the very row that is changed"),)
    fields = tuple(dict.fromkeys((*bound, *(lookup.telling or lookup.equal or lookup.fields))))
    how = f"add an index on ({', '.join(fields)}) and read through it; check the rest in code"
    return (Fix(how, "guided", removes, again),)


def _names(fields: Sequence[str]) -> str:
    return ", ".join(f"`{field}`" for field in fields)
