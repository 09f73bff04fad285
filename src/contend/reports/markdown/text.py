"""Other people's words in Markdown: escaped, so that a name can neither break a table nor turn into markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from contend.reports.encoding import fit

_MARKUP = re.compile(r"[\\`*\[\]<>~|]|(?<![^\W_])_|_(?![^\W_])")
_LINE_START = re.compile(r"^(\s*(?:(?=[#+\-=])|\d+(?=[.)](?:\s|$))))(.)")
_CODE = re.compile(r"`([^`\n]+)`")
_RUNS = re.compile(r"`+")


def clean(text: str) -> str:
    """`text` on one line, without control characters."""
    return " ".join(fit(text, "utf-8").split())


def plain(text: str) -> str:
    """`text` as it is, nothing in it markup, not even at the start of a line."""
    return _LINE_START.sub(lambda found: f"{found[1]}\\{found[2]}", _escaped(clean(text)))


def _escaped(text: str) -> str:
    escaped = _MARKUP.sub(lambda found: f"\\{found[0]}", text)
    return escaped.replace("&", "&amp;").replace("$", "&#36;")  # some code hosts set `$…$` as a formula


def code(text: str) -> str:
    """`text` as an inline code span, whatever backticks it holds."""
    inner = clean(text)
    if not inner:
        return ""
    fence = "`" * (max((len(run) for run in _RUNS.findall(inner)), default=0) + 1)
    pad = " " if inner.startswith("`") or inner.endswith("`") else ""
    return f"{fence}{pad}{inner}{pad}{fence}"


def prose(text: str) -> str:
    """A sentence of a report: what stands between backticks is code, the rest is plain."""
    parts = _CODE.split(clean(text))
    safe = (code(part) if number % 2 else _escaped(part) for number, part in enumerate(parts))
    return _LINE_START.sub(lambda found: f"{found[1]}\\{found[2]}", "".join(safe))


def clipped(text: str, longest: int) -> str:
    """`text` cut at a word's end, the cut marked."""
    if len(text) <= longest:
        return text
    cut = text[:longest]
    if cut.count("`") % 2:  # not within code
        cut = cut[: cut.rindex("`")]
    return cut[: cut.rfind(" ")].rstrip(" ,;:(") + " …" if " " in cut else f"{cut} …"


def fenced(text: str, language: str) -> list[str]:
    """A block of code, the fence longer than any run of backticks in it."""
    longest = max((len(run) for run in _RUNS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    lines = [fit(line.rstrip(), "utf-8") for line in text.split("\n")]
    return [f"{fence}{language}", *lines, fence]


def slug(heading: str) -> str:
    """The anchor that code hosts give a heading."""
    kept = "".join(character for character in heading.lower() if character.isalnum() or character in " -_")
    return kept.strip().replace(" ", "-")


def joined(items: Iterable[str], limit: int) -> str:
    """`a, b, c and 4 more`: of Markdown that is already safe."""
    every = list(items)
    if len(every) <= limit:
        return " and ".join([", ".join(every[:-1]), every[-1]]) if len(every) > 1 else "".join(every)
    return f"{', '.join(every[:limit])} and {len(every) - limit} more"


def target(path: str, line: int | None = None, end_line: int | None = None) -> str:
    """The address of a file, and of lines in it as code hosts have them."""
    lines = "" if line is None else f"#L{line}" + (f"-L{end_line}" if end_line and end_line > line else "")
    return quote(path, safe="/~-._") + lines
