"""Types as the small syntax tree holds them."""

import pytest
from tests.source.lowered import module, render, type_of

UNCHANGED = [
    "string",
    "Id<\"users\">",
    "z.infer<typeof schema>",
    "A[]",
    "[A, B]",
    "(A | B)",
    "(A & B)",
    "(A | B)[]",
    '("a" | 1 | -2 | true | null)',
    "typeof a.b",
    "Doc<\"users\">[\"orgId\"]",
    "T[number]",
    "(A, B) => Promise<void>",
    "{a: string; b?: A}",
    "this",
]  # fmt: skip


@pytest.mark.parametrize("text", UNCHANGED)
def test_these_come_back_as_written(text: str) -> None:
    lowered = type_of(text.replace("(A, B) =>", "(a: A, b: B) =>"))
    assert lowered == text


@pytest.mark.parametrize(
    ("text", "lowered"),
    [
        ("| A | B | C", "(A | B | C)"),
        ("readonly A[]", "A[]"),
        ("(A)", "A"),
        ("[a: A, b?: B, ...c: C[]]", "[A, B, C[]]"),
        ("undefined", "undefined"),
        ("{ readonly a: A, 'b-c': B; [key: string]: C }", "{a: A; b-c: B; []: C}"),
        ("{ f(a: A): B; get g(): C; (a: A): B; new (): D }", "{f: (A) => B; g: () => C}"),
        ('import("./schema").Doc', "Doc"),
        ('import("./schema").Id<"users">', 'Id<"users">'),
        ("keyof T", "«keyof T»"),
        ("A extends B ? C : D", "«A extends B ? C : D»"),
        ("{ [K in keyof T]: T[K] }", "«{ [K in keyof T]: T[K] }»"),
        ("`a${b}`", "«`a${b}`»"),
        ("abstract new () => X", "«abstract new () => X»"),
        ("(a: unknown) => a is A", "(unknown) => «a is A»"),
    ],
)
def test_these_come_back_simpler(text: str, lowered: str) -> None:
    assert type_of(text) == lowered


def test_what_is_kept_as_text_is_short() -> None:
    assert type_of(f"keyof {'A' * 200}") == f"«{'keyof ' + 'A' * 74}»"


def test_aliases_and_interfaces_of_the_top_level_are_types() -> None:
    text = """
        type Pair<A, B extends X = Y> = [A, B];
        export interface Row extends Base<T>, Other.Base { id: string }
        interface Empty {}
        function f() { type Local = string }
    """
    assert [(each.name, each.params, render(each.type)) for each in module(text).types] == [
        ("Pair", ("A", "B"), "[A, B]"),
        ("Row", (), "(Base<T> & Other.Base & {id: string})"),
        ("Empty", (), "{}"),
    ]
