"""How long a cold audit takes beside parsing the same app's files and doing nothing else.

    python benchmarks/audit_against_parsing.py PATH [--runs N]

All run in turn as fresh processes, so that a machine whose speed drifts does not favour one: `parse all` reads every
TypeScript and JavaScript file below PATH (`node_modules` apart) and parses it with tree-sitter in one process; `parse
looked at` only those that the audit looks at, which leaves out bundles and generated files; `audit` is `contend audit`
without a cache, `again` with one, nothing changed. Prints each one's median in seconds of wall clock, and the median of
the ratios round by round.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

ENDINGS = (".ts", ".tsx", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs", ".svelte", ".vue")


def parse_alone(root: Path, everything: bool) -> dict[str, float]:
    """Parse the source files below `root`; files, megabytes and seconds (reading included)."""
    import tree_sitter_typescript
    from tree_sitter import Language, Parser

    from contend.source.files import list_files, read_files

    typescript = Parser(Language(tree_sitter_typescript.language_typescript()))
    tsx = Parser(Language(tree_sitter_typescript.language_tsx()))
    started = time.perf_counter()
    if everything:
        found = (file for file in root.rglob("*") if file.suffix in ENDINGS and "node_modules" not in file.parts)
        texts = {str(file): file.read_bytes() for file in found if file.is_file()}
    else:
        listing = list_files(root)
        texts, _ = read_files(listing.root, (file.path for file in listing.sources))
    for path, data in texts.items():
        parser = typescript if path.endswith((".ts", ".mts", ".cts", ".svelte", ".vue")) else tsx
        parser.parse(data)
    seconds = time.perf_counter() - started
    return {"files": len(texts), "megabytes": sum(map(len, texts.values())) / 1e6, "seconds": seconds}


def seconds_of(command: list[str]) -> tuple[float, str]:
    """Wall-clock seconds of a whole process, and what it printed."""
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return seconds, done.stdout


def main() -> None:
    """Compare, and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("path", type=Path)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--parse-only", choices=["all", "looked-at"], help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.parse_only:
        print(json.dumps(parse_alone(chosen.path, chosen.parse_only == "all")))
        return
    parse = [sys.executable, __file__, str(chosen.path), "--parse-only"]
    audit = [sys.executable, "-m", "contend", "audit", str(chosen.path), "--fail-on", "never", "--format", "json"]
    seconds_of(audit)  # fills the cache
    seconds: dict[str, list[float]] = {"parse all": [], "parse looked at": [], "audit": [], "again": []}
    sizes: dict[str, str] = {}
    for _ in range(chosen.runs):
        for what in ("all", "looked-at"):
            facts = json.loads(seconds_of([*parse, what])[1])
            name = f"parse {what.replace('-', ' ')}"
            seconds[name].append(facts["seconds"])
            sizes[name] = f"{facts['files']:.0f} files, {facts['megabytes']:.1f} MB"
        seconds["audit"].append(seconds_of([*audit, "--no-cache"])[0])
        seconds["again"].append(seconds_of(audit)[0])
    print(f"{chosen.path}, {chosen.runs} runs\n{'':<18}{'seconds':>8}   of parsing all   of parsing what is looked at")
    for name, measured in seconds.items():
        of = [ratio(measured, seconds[base]) for base in ("parse all", "parse looked at")]
        print(f"{name:<18}{statistics.median(measured):>8.2f}   {of[0]:<16} {of[1]:<20}{sizes.get(name, '')}")


def ratio(measured: list[float], base: list[float]) -> str:
    """The median of the ratios, and their range."""
    ratios = [one / other for one, other in zip(measured, base, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.1f}–{max(ratios):.1f})"


if __name__ == "__main__":
    main()
