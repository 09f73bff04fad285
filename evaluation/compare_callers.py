"""The starts of functions that the audit finds, against a plain text search for `api.…` and `internal.…`.

    python evaluation/compare_callers.py --apps DIR [--list N] NAME…

A reference is `api.a.b.c` or `internal.a.b.c` (line breaks allowed) that names a function of the audit, in a source
file that is no test, not generated, and not in a comment or behind `typeof`. It is explained where a caller, a live
query or a cron of that function stands in that file or passes through it. Prints per app: references (one per file and
function), how many are explained, those of mutations, and mutations without any caller that some reference names.
`--list N` prints the first N unexplained ones. Text search cannot tell a start from a value that is only passed on, so
this is a list to read, not a score.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from contend.model.app import Repository
from contend.source.linking.repository import read_repository

EXTENSIONS = {".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".svelte", ".vue"}
SKIPPED = re.compile(
    r"(^|/)(node_modules|_generated|dist|build|\.[\w-]+|__tests__|tests?|e2e|__mocks__)/|\.(test|spec|stories)\.|\.d\.ts$"
)
REFERENCE = re.compile(r"(?<![\w.'\"/`])(?:api|internal)((?:\s*\.\s*[A-Za-z_$][\w$]*)+)")
COMMENT = re.compile(r"/\*.*?\*/|(?<![:'\"`\\])//[^\n]*", re.DOTALL)
TYPE_ONLY = re.compile(r"typeof\s*$")


def references(root: Path) -> Iterator[tuple[str, int, str]]:
    """File, line and dotted path of each reference below `root`."""
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root).as_posix()
        if path.suffix not in EXTENSIONS or SKIPPED.search(relative) or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        text = COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
        for match in REFERENCE.finditer(text):
            if not TYPE_ONLY.search(text, max(0, match.start() - 12), match.start()):
                yield relative, text.count("\n", 0, match.start()) + 1, re.sub(r"\s+", "", match[1]).lstrip(".")


def explained(repository: Repository) -> dict[str, set[str]]:
    """By function id, the files that its starts stand in or pass through."""
    files: dict[str, set[str]] = defaultdict(set)
    for app in repository.apps:
        for caller in app.callers:
            files[caller.function].update({caller.span.file, *(frame.file for frame in caller.chain)})
        for view in app.subscriptions:
            files[view.query].update({view.span.file, *(frame.file for frame in view.chain)})
        for cron in app.crons:
            files[cron.function].add(cron.span.file)
    return files


def main() -> int:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--apps", type=Path, required=True, help="directory with one checkout per name")
    parser.add_argument("--list", type=int, default=0, help="how many unexplained references to print per app")
    arguments = parser.parse_args()
    print(f"{'app':<14}{'references':>11}{'explained':>11}{'of mutations':>14}{'explained':>11}{'never started':>15}")
    for name in arguments.names:
        root = arguments.apps / name
        repository = read_repository(root)
        kinds: dict[str, dict[str, str]] = defaultdict(dict)
        for app in repository.apps:
            for function in app.functions:
                module, _, export = function.path.partition(":")
                dotted = ".".join([*module.split("/"), *([export] if export else [])])
                kinds[dotted][function.id] = function.kind
        files = explained(repository)
        found: dict[tuple[str, str], int] = {}
        for file, line, dotted in references(root):
            if dotted in kinds:
                found.setdefault((file, dotted), line)
        seen = {key for key in found if any(key[0] in files[id] for id in kinds[key[1]])}
        mutating = {key for key in found if "mutation" in kinds[key[1]].values()}
        dead = {key[1] for key in mutating if not any(files[id] for id in kinds[key[1]])}
        print(f"{name:<14}{len(found):>11}{len(seen):>11}{len(mutating):>14}{len(seen & mutating):>11}{len(dead):>15}")
        missed = sorted(found.keys() - seen, key=lambda key: (key not in mutating, key))
        for file, dotted in missed[: arguments.list]:
            print(f"    {file}:{found[file, dotted]} {dotted} ({'/'.join(sorted(set(kinds[dotted].values())))})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
