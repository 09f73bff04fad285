"""Document ids as Convex writes them: a table number and 16 random bytes, checksummed, in 31 to 37 characters
(convex-backend: crates/value/src/id_v6.rs)."""

from __future__ import annotations

from operator import mul
from random import Random
from typing import Final, NamedTuple

from contend.convex.errors import InvalidValueError

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case
_VALUES: Final = {letter: number for number, letter in enumerate(_ALPHABET)}
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHORTEST: Final = 31
_LONGEST: Final = 37


class DocumentId(NamedTuple):
    """An id taken apart: the number of its table (from 1), and its 16 bytes."""

    table_number: int
    internal_id: bytes


def new_id(table_number: int, random: Random) -> str:
    """A fresh id of the table."""
    return encode(DocumentId(table_number, random.randbytes(16)))


def encode(id: DocumentId) -> str:
    """The id's text."""
    raw = _variable_length(id.table_number) + id.internal_id
    raw += _checksum(raw).to_bytes(2, "little")
    length = (len(raw) * 8 + 4) // 5
    raw += bytes(-len(raw) % 5)
    text = []
    for position in range(0, len(raw), 5):  # 40 bits make 8 letters
        bits = int.from_bytes(raw[position : position + 5], "big")
        text += [_PAIRS[bits >> 30], _PAIRS[bits >> 20 & 1023], _PAIRS[bits >> 10 & 1023], _PAIRS[bits & 1023]]
    return "".join(text)[:length]


def decode(text: str) -> DocumentId:
    """The parts of an id. Raises `InvalidValueError` where `text` is none."""
    if not _SHORTEST <= len(text) <= _LONGEST:
        raise InvalidValueError(f"Unable to decode ID: Invalid ID length {len(text)}")
    bits = 0
    for letter in text:
        value = _VALUES.get(letter)
        if value is None:
            raise InvalidValueError("Unable to decode ID: ID wasn't valid base32")
        bits = bits << 5 | value
    byte_count = len(text) * 5 // 8
    raw = (bits >> (len(text) * 5 - byte_count * 8)).to_bytes(byte_count, "big")
    number, used = _read_variable_length(raw)
    if len(raw) != used + 18:
        raise InvalidValueError(f"Unable to decode ID: Invalid ID length {len(text)}")
    if number == 0:
        raise InvalidValueError("Unable to decode ID: Invalid table number")
    expected = _checksum(raw[: used + 16])
    found = int.from_bytes(raw[used + 16 :], "little")
    if found != expected:
        raise InvalidValueError(f"Unable to decode ID: Invalid ID version {found} (expected {expected})")
    return DocumentId(number, raw[used : used + 16])


def looks_like_id(text: str) -> bool:
    """Whether `text` is a well-formed id, checksum included."""
    try:
        decode(text)
    except InvalidValueError:
        return False
    return True


def _variable_length(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_variable_length(raw: bytes) -> tuple[int, int]:
    number = 0
    for position, byte in enumerate(raw[:5]):
        number |= (byte & 0x7F) << 7 * position
        if byte < 0x80:
            return number & 0xFFFFFFFF, position + 1
    raise InvalidValueError("Unable to decode ID: Invalid table number")


def _checksum(raw: bytes) -> int:
    """Fletcher-16 with modulus 256."""
    low = sum(raw) & 0xFF
    high: int = sum(map(mul, raw, range(len(raw), 0, -1))) & 0xFF  # the sum of all running sums
    return high << 8 | low
