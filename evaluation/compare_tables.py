"""The tables that the audit finds, against the TypeScript compiler's and against tables read by eye.

    python evaluation/compare_tables.py --apps DIR --truth DIR [--eye FILE] [--list] [NAME…]

`--apps` holds one checkout per name, `--truth` a file `NAME.json` per app: what `oracle/tables.mjs` printed for it.
`--eye` has the same lines with an `app` each, read by a person: they win over the compiler's. Without names every app
that has both is compared. Only calls by id alone (`form: "id"`) count, and none in files that register no functions.

A call is one place in the source. Several functions can reach it with different ids, so what the audit finds for it is
the union over all accesses with its span, those in helpers that no function reaches included. Per app, writes
(`patch`, `replace`, `delete`) and reads (`get`) apart:

    calls        by id alone
    seen         the audit has an access there
    resolved     with at least one table
    one          with exactly one
    equal        the same tables as the truth
    wider        those and more        narrower     fewer        other        some that the truth does not have
    no truth     neither the compiler nor a person knows the table
    invented     accesses by id alone where the truth has no call

`--list` also prints each call that is not equal, with its place. Exit code: 0, or 1 where a call contradicts the truth.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from contend.model.app import Repository
from contend.model.functions import Access
from contend.source.linking.repository import read_repository

WRITES = frozenset({"patch", "replace", "delete"})
COLUMNS = ("calls", "seen", "resolved", "one", "equal", "wider", "narrower", "other", "no truth", "invented")
LISTED = ("unseen", "unresolved", "partly", "other", "narrower", "wider", "no truth", "invented")


@dataclass(frozen=True, slots=True)
class Call:
    """One `db.get`, `patch`, `replace` or `delete` of the truth; `tables` is None where nobody knows."""

    file: str
    line: int
    column: int
    operation: str
    id: str
    tables: frozenset[str] | None

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.operation}({self.id})"


@dataclass(slots=True)
class Comparison:
    """The counts of one app and one group of operations, and what to list."""

    counts: Counter[str] = field(default_factory=Counter)
    listed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, what: str, line: str) -> None:
        """List a call under `what`."""
        self.listed[what].append(line)


def rows(path: Path) -> list[dict[str, object]]:
    """The JSON lines of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def truth_of(name: str, compiler: Path, eye: Path | None) -> tuple[list[Call], set[tuple[str, int]]]:
    """The calls by id alone of one app, and the places of every call it knows."""
    by_eye = {
        (row["file"], row["line"], row["column"]): row["tables"]
        for row in (rows(eye) if eye is not None else ())
        if row["app"] == name
    }
    calls: list[Call] = []
    places: set[tuple[str, int]] = set()
    for row in rows(compiler):
        file, line, column = str(row["file"]), int(str(row["line"])), int(str(row["column"]))
        places.add((file, line))
        if row["form"] != "id" or row["test"]:
            continue
        tables = by_eye.get((row["file"], row["line"], row["column"]), row["tables"])
        known = frozenset(str(table) for table in tables) if isinstance(tables, list) else None
        calls.append(Call(file, line, column, str(row["op"]), str(row["id"]), known))
    return calls, places


def accesses_of(repository: Repository) -> Iterator[Access]:
    """Every access of every function, and those that no function reaches."""
    for app in repository.apps:
        for function in app.functions:
            yield from function.accesses
    yield from repository.orphans


def at(call: Call, candidates: Iterable[Access]) -> list[Access]:
    """The accesses that stand where the call stands: the smallest span around the operation's name."""
    here = (call.line, call.column)
    around = [
        access
        for access in candidates
        if access.operation == call.operation
        and (access.span.line, access.span.column) <= here < (access.span.end_line, access.span.end_column)
    ]
    if not around:
        return []
    closest = max((access.span.line, access.span.column) for access in around)
    return [access for access in around if (access.span.line, access.span.column) == closest]


def compare(calls: list[Call], places: set[tuple[str, int]], repository: Repository) -> dict[str, Comparison]:
    """What the audit says about each call, for writes and for reads."""
    by_file: dict[str, list[Access]] = defaultdict(list)
    for access in accesses_of(repository):
        by_file[access.span.file].append(access)
    groups = {"writes": Comparison(), "reads": Comparison()}
    matched: set[tuple[str, int, int]] = set()
    for call in calls:
        group = groups["writes" if call.operation in WRITES else "reads"]
        found = at(call, by_file[call.file])
        matched.update((one.span.file, one.span.line, one.span.column) for one in found)
        _judge(call, found, group)
    for file, accesses in by_file.items():
        for access in accesses:
            place = (file, access.span.line, access.span.column)
            lines = range(access.span.line, access.span.end_line + 1)
            if (
                access.operation in (*WRITES, "get")
                and not access.explicit_table
                and place not in matched
                and not any((file, line) in places for line in lines)
            ):
                matched.add(place)
                group = groups["writes" if access.operation in WRITES else "reads"]
                group.counts["invented"] += 1
                group.note("invented", f"{access.span} {access.snippet[:80]}")
    return groups


def _judge(call: Call, found: list[Access], group: Comparison) -> None:
    group.counts["calls"] += 1
    if not found:
        group.note("unseen", str(call))
        return
    group.counts["seen"] += 1
    tables = frozenset(table for access in found for table in access.tables)
    reasons = sorted({access.unresolved for access in found if access.unresolved})
    if not tables:
        group.note("unresolved", f"{call}  truth {_shown(call.tables)}  {'; '.join(reasons)}")
        return
    group.counts["resolved"] += 1
    group.counts["one"] += len(tables) == 1
    if reasons:
        group.note("partly", f"{call}  audit {_shown(tables)}, but for some function: {'; '.join(reasons)}")
    verdict = _verdict(tables, call.tables)
    group.counts[verdict] += 1
    if verdict != "equal":
        group.note(verdict, f"{call}  audit {_shown(tables)}  truth {_shown(call.tables)}")


def _verdict(found: frozenset[str], truth: frozenset[str] | None) -> str:
    if truth is None:
        return "no truth"
    if found == truth:
        return "equal"
    if found > truth:
        return "wider"
    return "narrower" if found < truth else "other"


def _shown(tables: frozenset[str] | None) -> str:
    if tables is None:
        return "unknown"
    names = sorted(tables)
    return "|".join(names) if len(names) <= 4 else f"{'|'.join(names[:4])}|… ({len(names)})"


def main() -> int:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--apps", type=Path, required=True, help="directory with one checkout per name")
    parser.add_argument("--truth", type=Path, required=True, help="directory with NAME.json of oracle/tables.mjs")
    parser.add_argument("--eye", type=Path, help="tables read by eye")
    parser.add_argument("--list", action="store_true", help="print the calls that are not equal")
    arguments = parser.parse_args()
    names = arguments.names or sorted(
        path.stem for path in arguments.truth.glob("*.json") if (arguments.apps / path.stem).is_dir()
    )
    total = {"writes": Counter[str](), "reads": Counter[str]()}
    print(f"{'app':<12}{'':<8}" + "".join(f"{column:>10}" for column in COLUMNS))
    for name in names:
        calls, places = truth_of(name, arguments.truth / f"{name}.json", arguments.eye)
        for what, group in compare(calls, places, read_repository(arguments.apps / name)).items():
            total[what].update(group.counts)
            print(f"{name:<12}{what:<8}" + "".join(f"{group.counts[column]:>10}" for column in COLUMNS))
            if arguments.list:
                for kind in LISTED:
                    for line in group.listed[kind]:
                        print(f"    {kind}: {line}")
    for what, counts in total.items():
        print(f"{'all':<12}{what:<8}" + "".join(f"{counts[column]:>10}" for column in COLUMNS))
    return 1 if any(counts["other"] for counts in total.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
