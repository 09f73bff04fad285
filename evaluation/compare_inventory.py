"""The functions that the audit lists, against a plain text search for mutations.

    python evaluation/compare_inventory.py --apps DIR --found DIR [NAME…]

`--apps` holds one checkout per name, `--found` a file `NAME.builders.json` per app: what `oracle/builders.py` printed
for it. Prints per app how many mutations the search found, how many of them the audit has as a function (as a mutation,
or as another kind), how many it names in `unregistered`, and which are in neither. A mutation is the same where file
and export agree, or where the path does: a wrapper may register it from elsewhere. Exit code: 0, or 1 where one is
missing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from contend.model.app import Repository
from contend.model.functions import Function
from contend.source.linking.repository import read_repository


def functions_of(repository: Repository) -> dict[tuple[str, str], Function]:
    """Functions by file and export, and by path."""
    found: dict[tuple[str, str], Function] = {}
    for app in repository.apps:
        for function in app.functions:
            found[("", function.path)] = function
            found[(function.span.file, function.path.rpartition(":")[2])] = function
    return found


def main() -> int:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--apps", type=Path, required=True, help="directory with one checkout per name")
    parser.add_argument("--found", type=Path, required=True, help="directory with NAME.builders.json")
    arguments = parser.parse_args()
    names = arguments.names or sorted(
        path.name.removesuffix(".builders.json")
        for path in arguments.found.glob("*.builders.json")
        if (arguments.apps / path.name.removesuffix(".builders.json")).is_dir()
    )
    missing = 0
    print(f"{'app':<14}{'found':>8}{'mutation':>10}{'other kind':>12}{'unregistered':>14}{'neither':>9}")
    for name in names:
        text = (arguments.found / f"{name}.builders.json").read_text(encoding="utf-8")
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        repository = read_repository(arguments.apps / name)
        functions = functions_of(repository)
        named = {(one.span.file, one.span.line): one for one in repository.unregistered}
        counts = {"mutation": 0, "other": 0, "unregistered": 0}
        lines: list[str] = []
        for row in rows:
            path = row["function"].removesuffix(":default")
            function = functions.get((row["file"], path.rpartition(":")[2])) or functions.get(("", path))
            reason = named.get((row["file"], row["line"]))
            if function is not None and function.kind == "mutation":
                counts["mutation"] += 1
            elif function is not None:
                counts["other"] += 1
                lines.append(f"{row['file']}:{row['line']} {path} is listed as {function.kind}")
            elif reason is not None:
                counts["unregistered"] += 1
                lines.append(f"{row['file']}:{row['line']} {path} {row['builder']}: {reason.reason}")
            else:
                missing += 1
                lines.append(f"{row['file']}:{row['line']} {path} {row['builder']} from {row['from']}: in neither")
        neither = len(rows) - sum(counts.values())
        print(
            f"{name:<14}{len(rows):>8}{counts['mutation']:>10}{counts['other']:>12}{counts['unregistered']:>14}{neither:>9}"
        )
        for line in lines:
            print(f"    {line}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
