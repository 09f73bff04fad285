"""How long a cold audit takes beside parsing the same app's files and doing nothing else.

    python benchmarks/audit_against_parsing.py PATH [--runs N]

Both run in turn as fresh processes, so that a machine whose speed drifts does not favour one: `parse` reads every
source file that the audit would look at and parses it with tree-sitter in one process; `audit` is `contend audit`
without a cache. Prints each one's median in seconds of wall clock, and the median of the ratios pair by pair.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path


def parse_alone(root: Path) -> dict[str, float]:
    """Parse every source file below `root`; files, megabytes and seconds (reading included)."""
    import tree_sitter_typescript
    from tree_sitter import Language, Parser

    from contend.source.files import list_files, read_files

    typescript = Parser(Language(tree_sitter_typescript.language_typescript()))
    tsx = Parser(Language(tree_sitter_typescript.language_tsx()))
    started = time.perf_counter()
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
    options.add_argument("--parse-only", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.parse_only:
        print(json.dumps(parse_alone(chosen.path)))
        return
    parse = [sys.executable, __file__, str(chosen.path), "--parse-only"]
    audit = [sys.executable, "-m", "contend", "audit", str(chosen.path), "--no-cache", "--fail-on", "never"]
    audit += ["--format", "json"]
    parsing, auditing = [], []
    facts: dict[str, float] = {}
    for _ in range(chosen.runs):
        _, printed = seconds_of(parse)
        facts = json.loads(printed)
        parsing.append(facts["seconds"])
        auditing.append(seconds_of(audit)[0])
    ratios = [a / p for a, p in zip(auditing, parsing, strict=True)]
    print(f"{chosen.path}: {facts['files']:.0f} files, {facts['megabytes']:.1f} MB, {chosen.runs} runs")
    print(f"parse alone  {statistics.median(parsing):6.2f} s")
    print(f"cold audit   {statistics.median(auditing):6.2f} s")
    print(f"ratio        {statistics.median(ratios):6.2f}  ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
