"""JSON as configuration files write it: with comments, trailing commas and a byte order mark."""

from __future__ import annotations

import re

import msgspec

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING = re.compile(r'"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])')


def decode_object(data: bytes) -> dict[str, object]:
    """The object that `data` holds; an empty one where it holds anything else."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = data.decode("utf-8-sig", "replace")
        text = _TOKEN.sub(lambda found: found[0] if found[0][0] == '"' else " ", text)
        text = _TRAILING.sub(lambda found: found[0] if found[0][0] == '"' else "", text)
        try:
            value = msgspec.json.decode(text.encode())
        except (msgspec.DecodeError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}
