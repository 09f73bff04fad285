"""What a file imports, as the scan sees it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contend.source.imports import scan_imports


def scan(text: str) -> list[tuple[str, str]]:
    return [(reference.specifier, reference.kind) for reference in scan_imports(text.encode())]


@pytest.mark.parametrize(
    ("text", "specifier", "kind"),
    [
        ('import a from "x"', "x", "import"),
        ("import * as a from 'x'", "x", "import"),
        ('import a, { b as c } from "x";', "x", "import"),
        ('import {\n  a,\n  b,\n} from "x"', "x", "import"),
        ('import{a}from"x"', "x", "import"),
        ('import "x"', "x", "import"),
        ('const a = await import("x")', "x", "import"),
        ('import(/* webpackChunkName: "c" */ "x")', "x", "import"),
        ("import(`x`)", "x", "import"),
        ('const a = require("x")', "x", "import"),
        ('export { a } from "x"', "x", "export"),
        ('export * from "x"', "x", "export"),
        ('import type { A } from "x"', "x", "type"),
        ('import { type A, type B } from "x"', "x", "type"),
        ('import { type A, b } from "x"', "x", "import"),
        ('import type from "x"', "x", "import"),
        ('export type { A } from "x"', "x", "export-type"),
        ('<script lang="ts">\n\timport a from "x";\n</script>', "x", "import"),
        ('import a from "x"\r\n', "x", "import"),
    ],
)
def test_every_form_of_import_is_seen(text, specifier, kind):
    assert scan(text) == [(specifier, kind)]


def test_imports_come_once_in_order():
    text = 'import a from "one";\nimport type { B } from "two";\nexport { c } from "three";\nimport a2 from "one";'
    assert [specifier for specifier, _ in scan(text)] == ["one", "two", "three", "one"]
    assert len(scan('import a from "one";\nimport a from "one";')) == 1


def test_words_that_only_look_like_imports_do_not_confuse_the_next():
    text = 'const from = important("y");\nArray.from("abc");\nimport { a } from "x";'
    assert ("x", "import") in scan(text)


def test_a_query_chain_called_from_is_not_cut_from_its_clause():
    assert scan("export const a = 1;\nimport type { T } from 'x';") == [("x", "type")]


NAMES = st.text("abcxyz_$", min_size=1, max_size=8)
SPECIFIERS = st.text("abc./-@#$ ", min_size=1, max_size=20)


@given(st.lists(st.tuples(NAMES, SPECIFIERS), max_size=8), st.sampled_from(["'", '"']), st.sampled_from(["\n", "\r\n"]))
def test_no_import_is_missed_whatever_stands_around_it(imports, quote, newline):
    lines = [f"import {{ {name} }} from {quote}{specifier}{quote};{newline}use({name});" for name, specifier in imports]
    found = {reference.specifier for reference in scan_imports(newline.join(lines).encode())}
    assert found == {specifier for _, specifier in imports}


@given(st.binary(max_size=300))
def test_any_bytes_can_be_scanned(data):
    scan_imports(data + b' from "x"')
