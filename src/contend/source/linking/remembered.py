"""Linked repositories of earlier runs: an app in which nothing has changed is not read twice."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from hashlib import blake2b
from pathlib import Path

import msgspec

from contend.model.app import Repository
from contend.source.cache import Pack, content_key
from contend.source.sources import Survey

_PURPOSE = "linked"
_PACKAGE = Path(__file__).parents[2]
_ROOMS = ("convex", "model", "source")


def recalled(surveyed: Survey, cache: Path) -> Repository | None:
    """What an earlier run made of exactly these files, kept for the path `cache`; None where nothing is."""
    stored = Pack.open(cache, _PURPOSE).get(_key(surveyed))
    if stored is None:
        return None
    try:
        known = msgspec.msgpack.decode(stored, type=Repository)
        sources = {path: surveyed.texts[path].decode("utf-8", "replace") for path in known.sources}
    except (msgspec.DecodeError, KeyError, RecursionError):
        return None
    return replace(known, path=str(surveyed.root), sources=sources)


def remember(repository: Repository, surveyed: Survey, cache: Path) -> None:
    """Keep a repository for later runs on the path `cache`, in place of the one before."""
    bare = replace(repository, sources=dict.fromkeys(repository.sources, ""))  # the texts are read anyway
    try:
        encoded = msgspec.msgpack.encode(bare)
    except (UnicodeEncodeError, RecursionError):  # half of a surrogate pair
        return
    pack = Pack.open(cache, _PURPOSE)
    pack.put(_key(surveyed), encoded)
    pack.save()


def _key(surveyed: Survey) -> bytes:
    return content_key(surveyed.digest.encode(), _version())


@cache
def _version() -> bytes:
    """Identifies the code that reads and links."""
    digest = blake2b(digest_size=16)
    for room in _ROOMS:
        for file in sorted((_PACKAGE / room).rglob("*.py")):
            status = file.stat()
            digest.update(f"{file.relative_to(_PACKAGE).as_posix()} {status.st_size} {status.st_mtime_ns};".encode())
    return digest.digest()
