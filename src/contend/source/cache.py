"""What is remembered between runs, in the user's cache directory and never inside an app.

A `Pack` is one file that holds many values by key: per audited repository one pack keeps the encoded syntax tree of
every parsed file, by content. Losing it costs time, nothing else: an unreadable, foreign or damaged pack is an empty
one, and where nothing can be written nothing is.
"""

from __future__ import annotations

import contextlib
import os
import time
import zlib
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

import msgspec

LARGEST_PACK = 256_000_000
"""Bytes above which a pack is not kept."""

OLDEST_PACK = 30 * 24 * 3600
"""Seconds after which a pack that no run has written is removed."""

_MAGIC = b"contend-pack-1\n"
_ENDING = ".pack"
_DECODER = msgspec.msgpack.Decoder(dict[bytes, bytes])
_KEY_SIZE = 20


def cache_directory() -> Path:
    """Where packs lie: `CONTEND_CACHE_DIR`, else the user's cache directory. It need not exist."""
    override = os.environ.get("CONTEND_CACHE_DIR")
    if override:
        return Path(override)
    import platformdirs

    return Path(platformdirs.user_cache_dir("contend", appauthor=False))


def content_key(*parts: bytes) -> bytes:
    """A key that is equal for equal parts."""
    digest = blake2b(digest_size=_KEY_SIZE)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


class Pack:
    """Values by key, as of the last run that saved them. Those that a run neither gets nor puts are not saved again."""

    def __init__(self, file: Path | None, entries: Mapping[bytes, bytes] | None = None) -> None:
        self._file = file
        self._entries = dict(entries or {})
        self._used: dict[bytes, bytes] = {}
        self._changed = False

    @classmethod
    def open(cls, subject: Path, purpose: str, directory: Path | None = None) -> Pack:
        """The pack kept for one audited path and purpose (`"syntax"` …)."""
        name = content_key(os.fsencode(os.path.abspath(subject)), purpose.encode()).hex()
        file = (directory if directory is not None else cache_directory()) / f"{purpose}-{name}{_ENDING}"
        return cls(file, _load(file))

    @classmethod
    def none(cls) -> Pack:
        """A pack that remembers nothing beyond this run."""
        return cls(None)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`, if it is known."""
        value = self._entries.get(key)
        if value is not None:
            self._used[key] = value
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Remember `value`."""
        self._entries[key] = self._used[key] = value
        self._changed = True

    def discard(self, key: bytes) -> None:
        """Forget `key`: its value turned out to be unusable."""
        self._entries.pop(key, None)
        self._used.pop(key, None)
        self._changed = True

    def save(self) -> bool:
        """Write the values that this run used, in place of the pack on disk. False where that was not possible."""
        if self._file is None:
            return False
        if not self._changed and len(self._used) == len(self._entries):
            return True
        payload = msgspec.msgpack.encode(self._used)
        if len(payload) > LARGEST_PACK:
            return False
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            _write(self._file, payload)
        except OSError:
            return False
        _remove_old(self._file.parent)
        return True


def _load(file: Path) -> dict[bytes, bytes]:
    try:
        with file.open("rb") as stored:
            if stored.read(len(_MAGIC)) != _MAGIC:
                return {}
            checksum = int.from_bytes(stored.read(4), "little")
            payload = stored.read()
    except OSError:
        return {}
    if zlib.crc32(payload) != checksum:
        return {}
    try:
        return _DECODER.decode(payload)
    except msgspec.DecodeError:
        return {}


def _write(file: Path, payload: bytes) -> None:
    """Put a whole file in place at once, so that another run reads the old pack or the new one."""
    import tempfile

    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.stem, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(_MAGIC + zlib.crc32(payload).to_bytes(4, "little"))
            out.write(payload)
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _remove_old(directory: Path) -> None:
    limit = time.time() - OLDEST_PACK
    with contextlib.suppress(OSError):
        for entry in os.scandir(directory):
            if entry.name.endswith((_ENDING, ".tmp")) and entry.stat().st_mtime < limit:
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)
