"""Draws `docs/audit.svg`, the picture in the README, from a real run: `python docs/picture.py`."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 100
COMMAND = ["audit", "examples/session-app/before", "--fail-on", "never"]


def main() -> None:
    """Run the audit of the example and save what it prints as an SVG."""
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    run = [sys.executable, "-m", "contend", *COMMAND]
    printed = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=True).stdout
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.from_ansi(printed.rstrip("\n")))
    drawn = console.export_svg(title=f"contend {' '.join(COMMAND[:2])}")
    drawn = re.sub(r",\s*url\([^;]*;", ";", drawn)  # the fonts that the reader has: no picture should ask the network
    (ROOT / "docs" / "audit.svg").write_text(drawn, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
