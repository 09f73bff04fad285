"""The audit over every app of the corpus: does it finish, how long does it take, and what does it leave open?

    python evaluation/corpus_run.py --apps DIR [NAME…]

`--apps` holds one check-out per name of `corpus.toml`. Per app, in a process of its own and without the cache: files
and functions, writes by id alone (`patch`, `replace`, `delete`) with one table, with several, and unresolved; findings
at medium and above, all findings; processor seconds and peak memory. Exit code 1 where an audit fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).with_name("corpus.toml")
COLUMNS = ("files", "functions", "one", "several", "open", "medium", "all", "seconds", "MB")


def main() -> int:
    """Run all, and print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("names", nargs="*")
    options.add_argument("--apps", type=Path, required=True)
    options.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.one:
        print(json.dumps(facts(chosen.apps)))
        return 0
    corpus = tomllib.loads(CORPUS.read_text(encoding="utf-8"))
    print(f"{'app':<14}" + "".join(f"{name:>10}" for name in COLUMNS))
    total = dict.fromkeys(COLUMNS, 0.0)
    failed = 0
    for name in chosen.names or corpus:
        if not (chosen.apps / name).is_dir():
            continue
        command = [sys.executable, __file__, "--apps", str(chosen.apps / name), "--one"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            failed += 1
            print(f"{name:<14}FAILED: {done.stderr.strip().splitlines()[-1:]}")
            continue
        row = json.loads(done.stdout)
        for column in COLUMNS:
            total[column] = max(total[column], row[column]) if column == "MB" else total[column] + row[column]
        print_row(name, row)
    print_row("all", total)
    return 1 if failed else 0


def facts(root: Path) -> dict[str, Any]:
    """One app's row."""
    import contend

    started = time.process_time()
    audit = contend.audit(root, use_cache=False, jobs=1)
    seconds = time.process_time() - started
    places: dict[object, tuple[int, bool]] = {}
    accesses = [access for app in audit.apps for function in app.functions for access in function.writes]
    for access in (*accesses, *(access for access in audit.repository.orphans if access.writes)):
        by_name = "/" in "".join(access.tables) or access.operation == "insert"
        if not by_name:
            known = places.get(access.span, (0, True))
            places[access.span] = (max(known[0], len(access.tables)), known[1] and not access.tables)
    levels = [finding.severity.value for finding in audit.findings]
    return {
        "files": audit.repository.files_parsed,
        "functions": len(audit.functions),
        "one": sum(count == 1 for count, _ in places.values()),
        "several": sum(count > 1 for count, _ in places.values()),
        "open": sum(count == 0 for count, _ in places.values()),
        "medium": sum(level in ("critical", "high", "medium") for level in levels),
        "all": len(levels),
        "seconds": round(seconds, 1),
        "MB": peak_megabytes(),
    }


def peak_megabytes() -> int:
    """The most memory that this process has had; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1_048_576 if sys.platform == "darwin" else 1_024))


def print_row(name: str, row: dict[str, Any]) -> None:
    """One line of the table."""
    print(
        f"{name:<14}"
        + "".join(f"{row[column]:>10.1f}" if column == "seconds" else f"{row[column]:>10.0f}" for column in COLUMNS),
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
