"""Code frames: the cause underlined, whatever the source looks like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from contend.model.places import Span
from contend.reports.code_frame import code_frame, source_line


def shown(source: str, span: Span, width: int = 80, encoding: str = "utf-8") -> list[str]:
    return [f"{line.gutter} {line.code}".rstrip() for line in code_frame(source, span, width, encoding)]


def test_the_cause_with_the_line_before() -> None:
    source = "const a = 1;\nawait patch(a);\nreturn;\n"
    assert shown(source, Span("f.ts", 2, 7, 2, 15)) == [
        "1 | const a = 1;",
        "2 | await patch(a);",
        "  |       ^^^^^^^^",
    ]


def test_a_tab_is_four_cells_and_common_indent_goes() -> None:
    source = "f() {\n\tif (x) {\n\t\tpatch(a);\n\t}\n}\n"
    assert shown(source, Span("f.ts", 3, 3, 3, 11)) == ["2 | if (x) {", "3 |     patch(a);", "  |     ^^^^^^^^"]


def test_wide_characters_before_the_cause_move_the_underline() -> None:
    assert shown("/* 部屋 */ patch(a);", Span("f.ts", 1, 10, 1, 18))[1] == "  |            ^^^^^^^^"


def test_a_cause_over_many_lines_is_cut_after_four() -> None:
    source = "\n".join(f"line {number}" for number in range(1, 20))
    assert shown(source, Span("f.ts", 1, 1, 12, 3)) == [
        "1 | line 1",
        "  | ^^^^^^",
        "2 | line 2",
        "3 | line 3",
        "4 | line 4",
        "  | ...",
    ]


def test_a_cause_far_to_the_right_is_brought_into_view() -> None:
    source = "x" * 200 + "patch(a)" + "y" * 200
    frame = shown(source, Span("f.ts", 1, 201, 1, 209), width=60)
    assert "patch(a)" in frame[0]
    assert frame[0].index("patch(a)") == frame[1].index("^")
    assert frame[1].count("^") == 8
    assert frame[0].startswith("1 | ...")
    assert frame[0].endswith("...")


def test_the_underline_ends_where_the_line_is_cut() -> None:
    code, underline = shown("patch(" + "a" * 200 + ");", Span("f.ts", 1, 1, 1, 208), width=40)
    assert code.endswith("a...")
    assert len(underline) == len(code) - len("...")


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (Span("f.ts", 1, 5, 1, 10), "a > b"),
        (Span("f.ts", 2, 5, 4, 2), "one && two"),
        (Span("f.ts", 9, 1, 9, 4), ""),
    ],
)
def test_a_span_on_one_line(span: Span, text: str) -> None:
    assert source_line(span, "if (a > b)\r\nif (one\r\n  && two\r\n )") == text
    assert source_line(span, None) == ""


def test_a_long_span_is_clipped() -> None:
    assert source_line(Span("f.ts", 1, 1, 1, 201), "x" * 200, longest=10) == "xxxxxxx..."


def test_windows_line_ends() -> None:
    assert shown("a;\r\npatch(a);\r\n", Span("f.ts", 2, 1, 2, 9)) == ["1 | a;", "2 | patch(a);", "  | ^^^^^^^^"]


def test_what_the_encoding_lacks_keeps_the_underline_in_place() -> None:
    assert shown("/* 部屋é */ patch(a);", Span("f.ts", 1, 11, 1, 19), encoding="ascii") == [
        "1 | /* ??e */ patch(a);",
        "  |           ^^^^^^^^",
    ]


def test_a_span_outside_the_text_has_no_frame() -> None:
    assert shown("one line", Span("f.ts", 7, 1, 7, 2)) == []


LINES = st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=120))


@given(LINES, st.integers(1, 40), st.integers(1, 150), st.integers(0, 5), st.integers(1, 150), st.integers(24, 120))
def test_any_source_fits_and_is_underlined_once(
    lines: list[str], line: int, column: int, more: int, end: int, width: int
) -> None:
    frame = code_frame("\n".join(lines), Span("f.ts", line, column, line + more, end), width)
    assert all(cell_len(f"{part.gutter} {part.code}") <= max(width, 26) for part in frame)
    if frame:
        assert sum("^" in part.code for part in frame if part.kind == "underline") == 1
