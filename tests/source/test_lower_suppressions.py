"""`contend-ignore` comments and the line that each silences."""

import pytest
from tests.source.lowered import module

from contend.source.ir import Suppression


def suppressions(text: str, path: str = "app.tsx") -> list[tuple[tuple[str, ...], str, int, int]]:
    found = module(text, path).suppressions
    assert all(isinstance(each, Suppression) for each in found)
    return [(each.rules, each.reason, each.line, each.target_line) for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("// contend-ignore[a]: because\nf()", (("a",), "because", 1, 2)),
        ("// contend-ignore[a, b]: two: of them\nf()", (("a", "b"), "two: of them", 1, 2)),
        ("/* contend-ignore[a]: because */\nf()", (("a",), "because", 1, 2)),
        ("/* contend-ignore[a]: because */ f()", (("a",), "because", 1, 1)),
        ("f() // contend-ignore[a]: because\ng()", (("a",), "because", 1, 1)),
        ("/**\n * contend-ignore[a]: because\n * of this\n */\nf()", (("a",), "because", 2, 5)),
        ("// contend-ignore[a]\nf()", (("a",), "", 1, 2)),
        ("// contend-ignore: all\nf()", ((), "all", 1, 2)),
        ("// contend-ignore[a]: because\r\n\r\nf()\r\n", (("a",), "because", 1, 3)),
        ("// contend-ignore[a]: because\n\n// about f\n/* more\n */\nf()", (("a",), "because", 1, 6)),
        ("<a>{/* contend-ignore[a]: because */}\n<b/></a>", (("a",), "because", 1, 1)),
        ("<a>\n{/* contend-ignore[a]: because */}\n<b/></a>", (("a",), "because", 2, 3)),
        ("// contend-ignore[a]: nothing follows", (("a",), "nothing follows", 1, 1)),
        ("// contend-ignore[a]: größer\nf()", (("a",), "größer", 1, 2)),
    ],
)
def test_where_a_suppression_points(text: str, expected: tuple[object, ...]) -> None:
    assert suppressions(text) == [expected]


def test_stacked_suppressions_point_to_the_same_line() -> None:
    text = "// contend-ignore[a]: one\n// contend-ignore[b]: two\n/* contend-ignore[c]: three */\nf()"
    assert [(rules, target) for rules, _, _, target in suppressions(text)] == [(("a",), 4), (("b",), 4), (("c",), 4)]


@pytest.mark.parametrize(
    "text",
    [
        'f("// contend-ignore[a]: in a string")',
        "f(`\n// contend-ignore[a]: in a template\n`)",
        "contend-ignore[a]",
        "// see contend-ignore[a]",
    ],
)
def test_what_is_no_comment_of_its_own_silences_nothing(text: str) -> None:
    assert suppressions(text) == []


@pytest.mark.parametrize("path", ["App.svelte", "App.vue"])
def test_components_have_suppressions_in_script_and_markup(path: str) -> None:
    text = """<script>
  // contend-ignore[a]: in the script
  f();
</script>
<template>
  <!-- contend-ignore[b]: in the markup -->
  <p>text</p>
</template>"""
    assert suppressions(text, path) == [
        (("a",), "in the script", 2, 3),
        (("b",), "in the markup", 6, 7),
    ]
