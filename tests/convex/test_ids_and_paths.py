"""Document ids, and the forms of function paths."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contend.convex.errors import InvalidValueError
from contend.convex.ids import DocumentId, decode, encode, looks_like_id, new_id
from contend.convex.paths import FunctionPath, normalise, parse_path, parse_reference, parse_write_source


def test_an_id_as_convex_writes_it() -> None:
    internal = [251]
    for _ in range(15):
        internal.append(internal[-1] * 251 % 256)
    # The vector of Convex's own stability test (convex-backend: crates/value/src/id_v6.rs).
    assert encode(DocumentId(1017, bytes(internal))) == "z43zp6c3e75gkmz1kfwj6mbbx5sw281h"


@given(st.integers(1, 2**32 - 1), st.binary(min_size=16, max_size=16))
def test_ids_survive_their_text(table: int, internal: bytes) -> None:
    assert decode(encode(DocumentId(table, internal))) == DocumentId(table, internal)


def test_fresh_ids_name_their_table_and_differ() -> None:
    random = Random(1)
    ids = {new_id(10_001, random) for _ in range(100)}
    assert len(ids) == 100
    assert {decode(id).table_number for id in ids} == {10_001}


@given(st.text(max_size=40))
def test_other_text_is_no_id(text: str) -> None:
    assert not looks_like_id(text)


def test_a_changed_letter_is_noticed() -> None:
    id = new_id(3, Random(1))
    changed = ("1" if id[5] != "1" else "2").join([id[:5], id[6:]])
    with pytest.raises(InvalidValueError, match="expected"):
        decode(changed)


@pytest.mark.parametrize(
    ("text", "path", "canonical"),
    [
        ("auth/sessions:touch", "auth/sessions:touch", "auth/sessions.js:touch"),
        ("auth/sessions.js:touch", "auth/sessions:touch", "auth/sessions.js:touch"),
        ("sessions.ts:touch", "sessions:touch", "sessions.js:touch"),
        ("auth\\sessions:touch", "auth/sessions:touch", "auth/sessions.js:touch"),
        ("jobs", "jobs", "jobs.js:default"),
        ("jobs.js:default", "jobs", "jobs.js:default"),
    ],
)
def test_the_forms_of_a_path(text: str, path: str, canonical: str) -> None:
    assert normalise(text) == path
    assert parse_path(text).canonical == canonical


@given(st.lists(st.from_regex(r"[a-z][a-zA-Z0-9_]{0,8}", fullmatch=True), min_size=2, max_size=4))
def test_every_form_comes_back_to_the_same_path(names: list[str]) -> None:
    path = FunctionPath("", "/".join(names[:-1]), names[-1])
    assert parse_path(str(path)) == path
    assert parse_path(path.canonical) == path
    assert parse_write_source(path.write_source) == path


def test_a_write_source_of_a_known_component() -> None:
    source = FunctionPath("workpool/inner", "lib", "run").write_source
    assert source == "workpool/inner/lib.js:run"
    assert parse_write_source(source, ["workpool", "workpool/inner"]) == FunctionPath("workpool/inner", "lib", "run")
    assert parse_write_source(source) == FunctionPath("", "workpool/inner/lib", "run")


def test_a_system_label_is_no_function() -> None:
    assert parse_write_source("scheduled_job_mutation_success") is None


def test_references() -> None:
    assert parse_reference("internal.auth.sessions.touch") == FunctionPath("", "auth/sessions", "touch")
    assert parse_reference("components.workpool.lib.run") == FunctionPath("workpool", "lib", "run")
    for text in ("api.sessions", "sessions.touch", "api..touch"):
        with pytest.raises(InvalidValueError):
            parse_reference(text)


@pytest.mark.parametrize("text", ["", "sessions:", ":touch", ".js:touch"])
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(InvalidValueError):
        parse_path(text)
