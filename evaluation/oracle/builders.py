"""Mutations of an app found by plain text search, to hold the audit's list of functions against.

    python evaluation/oracle/builders.py APP [--functions convex] [--at FILE]

A definition is `export const NAME = BUILDER(` or `export default BUILDER(` where the builder's name contains
"mutation" (any import, any case: `mutation`, `internalMutation`, `authedMutation`, `zMutation`), in a file that
registers functions. Prints one JSON object per line: `function` (`module:export`; a default export is
`module:default`), `builder`, `from` (module specifier the builder is imported from, null where it is made in the same
file), `file`, `line`.

Text search knows no types: a builder whose name hides what it is (`withAuth(…)`) is missed, and a call inside a comment
or a string is stripped only where it stands at the start of a line.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

EXTENSIONS = {".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"}
DEFINITION = re.compile(
    r"^[ \t]*export\s+(?:(?:const|let|var)\s+(?P<name>\w+)\s*(?::[^=]*?)?=|default)\s*"
    r"(?P<builder>(?:\w+\.)*\w*[mM]utation\w*)\s*(?:<[^()]*>)?\(",
    re.MULTILINE,
)
IMPORT = re.compile(r"import\s+(?:type\s+)?(?P<what>[^;'\"]+?)\s+from\s+['\"](?P<specifier>[^'\"]+)['\"]")
BUILDER_MAKERS = re.compile(r"z?custom|create|make|define", re.IGNORECASE)


def function_files(directory: Path) -> Iterator[Path]:
    """Files below the function directory that register functions, sorted by path."""
    for path in sorted(directory.rglob("*")):
        relative = path.relative_to(directory)
        if path.suffix not in EXTENSIONS or not path.is_file() or "node_modules" in relative.parts:
            continue
        if relative.parts[0] == "_generated" or path.name.count(".") > 1 or path.stem == "schema":
            continue
        nested = [directory.joinpath(*relative.parts[:depth]) for depth in range(1, len(relative.parts))]
        if any((folder / "convex.config.ts").exists() for folder in nested):
            continue
        yield path


def imported_names(text: str) -> dict[str, str]:
    """Local name to module specifier, for every import of a file."""
    names: dict[str, str] = {}
    for match in IMPORT.finditer(text):
        for part in re.split(r"[{},]", match["what"]):
            words = part.split()
            if words:
                names[words[-1]] = match["specifier"]
    return names


def definitions(directory: Path, app: Path) -> Iterator[dict[str, object]]:
    """Every mutation defined below the function directory, by file and line."""
    for path in function_files(directory):
        text = path.read_text(encoding="utf-8", errors="replace")
        names = imported_names(text)
        module = path.relative_to(directory).with_suffix("").as_posix()
        for match in DEFINITION.finditer(text):
            builder = match["builder"]
            if match["name"] and BUILDER_MAKERS.match(builder):
                continue  # `export const authedMutation = customMutation(…)` makes a builder, not a function
            yield {
                "function": f"{module}:{match['name'] or 'default'}",
                "builder": builder,
                "from": names.get(builder.split(".")[0]),
                "file": path.relative_to(app).as_posix(),
                "line": text.count("\n", 0, match.start() + len(match[0]) - len(match[0].lstrip())) + 1,
            }


def main() -> int:
    """Write the list for one app."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("app", type=Path)
    parser.add_argument("--functions", default=None, help="function directory, relative to APP")
    parser.add_argument("--at", type=Path, help="file to write (default: standard output)")
    arguments = parser.parse_args()
    app: Path = arguments.app.resolve()
    config = app / "convex.json"
    configured = json.loads(config.read_text(encoding="utf-8")).get("functions") if config.exists() else None
    directory = app / (arguments.functions or configured or "convex")
    if not directory.is_dir():
        print(f"no function directory at {directory}: name it with --functions", file=sys.stderr)
        return 2
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in definitions(directory, app))
    if arguments.at:
        arguments.at.write_text(text, encoding="utf-8", newline="\n")
    else:
        sys.stdout.write(text)
    print(f"{text.count(chr(10))} mutations", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
