"""What is remembered between runs, and that losing it is harmless."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contend.source.cache import OLDEST_PACK, Pack, cache_directory, content_key


def open_pack(directory: Path, subject: str = "app") -> Pack:
    return Pack.open(Path(subject), "syntax", directory)


def the_file(directory: Path) -> Path:
    (file,) = directory.iterdir()
    return file


def test_what_was_put_is_there_in_the_next_run(tmp_path):
    pack = open_pack(tmp_path)
    pack.put(b"key", b"value")
    assert pack.save()
    assert open_pack(tmp_path).get(b"key") == b"value"


def test_each_audited_path_has_a_pack_of_its_own(tmp_path):
    pack = open_pack(tmp_path)
    pack.put(b"key", b"value")
    pack.save()
    assert open_pack(tmp_path, "another app").get(b"key") is None


def test_entries_that_a_run_did_not_use_are_dropped(tmp_path):
    first = open_pack(tmp_path)
    first.put(b"old", b"1")
    first.put(b"kept", b"2")
    first.save()
    second = open_pack(tmp_path)
    second.get(b"kept")
    second.put(b"new", b"3")
    second.save()
    third = open_pack(tmp_path)
    assert [third.get(key) for key in (b"old", b"kept", b"new")] == [None, b"2", b"3"]


def test_a_run_that_changes_nothing_writes_nothing(tmp_path):
    first = open_pack(tmp_path)
    first.put(b"key", b"value")
    first.save()
    before = the_file(tmp_path).stat().st_mtime_ns
    second = open_pack(tmp_path)
    second.get(b"key")
    assert second.save()
    assert the_file(tmp_path).stat().st_mtime_ns == before


def test_a_discarded_value_is_gone(tmp_path):
    first = open_pack(tmp_path)
    first.put(b"key", b"value")
    first.save()
    second = open_pack(tmp_path)
    second.get(b"key")
    second.discard(b"key")
    second.save()
    assert open_pack(tmp_path).get(b"key") is None


@given(at=st.integers(min_value=0), byte=st.integers(min_value=1, max_value=255))
def test_a_damaged_pack_is_an_empty_one(tmp_path_factory, at, byte):
    directory = tmp_path_factory.mktemp("packs")
    pack = open_pack(directory)
    pack.put(b"key", b"value")
    pack.save()
    data = bytearray(the_file(directory).read_bytes())
    data[at % len(data)] ^= byte
    the_file(directory).write_bytes(data)
    assert open_pack(directory).get(b"key") is None


@pytest.mark.parametrize("data", [b"", b"something else", b"contend-pack-1\n", b"contend-pack-1\n\0\0\0\0\x01"])
def test_a_foreign_or_cut_file_is_an_empty_pack(tmp_path, data):
    pack = open_pack(tmp_path)
    pack.put(b"key", b"value")
    pack.save()
    the_file(tmp_path).write_bytes(data)
    assert open_pack(tmp_path).get(b"key") is None


def test_where_nothing_can_be_written_the_run_goes_on(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    pack = open_pack(blocked)
    pack.put(b"key", b"value")
    assert not pack.save()
    assert pack.get(b"key") == b"value"


def test_packs_that_nobody_wrote_for_long_are_removed(tmp_path):
    abandoned = tmp_path / "syntax-abandoned.pack"
    abandoned.write_bytes(b"")
    long_ago = time.time() - OLDEST_PACK - 60
    os.utime(abandoned, (long_ago, long_ago))
    foreign = tmp_path / "notes.txt"
    foreign.write_text("")
    os.utime(foreign, (long_ago, long_ago))
    pack = open_pack(tmp_path)
    pack.put(b"key", b"value")
    pack.save()
    assert (abandoned.exists(), foreign.exists()) == (False, True)


def test_saving_leaves_no_temporary_file(tmp_path):
    pack = open_pack(tmp_path)
    pack.put(b"key", b"value")
    pack.save()
    assert the_file(tmp_path).suffix == ".pack"


def test_the_directory_can_be_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("CONTEND_CACHE_DIR", str(tmp_path))
    assert cache_directory() == tmp_path


def test_by_default_it_is_the_user_s_cache(monkeypatch):
    monkeypatch.delenv("CONTEND_CACHE_DIR")
    assert cache_directory().is_absolute()
    assert cache_directory().name in ("contend", "Cache")


@given(st.lists(st.binary(max_size=4), max_size=4), st.lists(st.binary(max_size=4), max_size=4))
def test_keys_are_equal_for_equal_parts_only(left, right):
    assert (content_key(*left) == content_key(*right)) is (left == right)
