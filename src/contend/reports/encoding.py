"""Text that any terminal can take: nothing its encoding lacks, and no control characters out of other people's code."""

from __future__ import annotations

import unicodedata

_FALLBACKS = {"→": "->", "×": "x", "…": "...", "–": "-", "—": "-", "·": "-", "≥": ">=", "≤": "<=", "−": "-"}
_FALLBACKS |= {"‘": "'", "’": "'", "“": '"', "”": '"', "«": '"', "»": '"', "•": "*", "\u00a0": " "}
_KEPT_CONTROLS = frozenset("\t\n")


def fit(text: str, encoding: str) -> str:
    """`text` with everything replaced that `encoding` cannot say: by an ASCII spelling where there is one, the bare
    letter of an accented one, `?` otherwise. Control and direction-changing characters, which could rewrite what the
    reader sees, become `?` too."""
    if text.isascii() and text.isprintable():
        return text
    clean = "".join("?" if _is_hostile(character) else character for character in text)
    try:
        clean.encode(encoding)
    except UnicodeEncodeError:
        return "".join(_spelled(character, encoding) for character in clean)
    except LookupError:
        return fit(clean, "ascii")
    return clean


def _is_hostile(character: str) -> bool:
    if character in _KEPT_CONTROLS:
        return False
    category = unicodedata.category(character)
    return category in ("Cc", "Cs") or (category == "Cf" and unicodedata.bidirectional(character) not in ("BN", "L"))


def _spelled(character: str, encoding: str) -> str:
    for candidate in (character, _FALLBACKS.get(character), unicodedata.normalize("NFKD", character)[0]):
        if candidate is None:
            continue
        try:
            candidate.encode(encoding)
        except UnicodeEncodeError:
            continue
        return candidate
    return "?"
