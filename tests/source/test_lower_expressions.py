"""Expressions as the small syntax tree holds them, written the way `lowered.render` writes trees."""

import pytest
from tests.source.lowered import expression, module, render

from contend.source import ir

UNCHANGED = [
    "a",
    "this.b",
    "super.b()",
    "a.b.c",
    "a?.b",
    "a[i]",
    "a[0]",
    "f(a, ...b)",
    "f<Id<\"users\">>(a)",
    "new X<T>(a)",
    "[a, ...b]",
    "-x",
    "!x",
    "typeof x",
    "void 0",
    "delete x.y",
    "await f()",
    "await f<T>(a).b",
    "typeof f<T>(a)",
    "a ??= b",
    "a += 2",
    "import(\"./x\")",
    "import.meta.env.X",
    "/a+/g",
    "10n",
    "true",
    "null",
    "undefined",
    "`a${b}c${d.e}`",
    "(a) => b",
    "async (a: T, b = 1, ...c) => a",
    "<p/>",
]  # fmt: skip


@pytest.mark.parametrize("text", UNCHANGED)
def test_these_come_back_as_written(text: str) -> None:
    assert expression(text) == text


@pytest.mark.parametrize(
    ("text", "lowered"),
    [
        # What does not change what happens is dropped.
        ("(((a)))", "a"),
        ("a!.b![0]!", "a.b[0]"),
        ("x as const", "x"),
        ("a /* why */ . /* oh */ b", "a.b"),
        ("f(/* none */)", "f()"),
        # Kept: casts, for the types in them.
        ("x as Doc<'users'>", '(x as Doc<"users">)'),
        ("x satisfies T", "(x satisfies T)"),
        ("(api as any).a.b", "(api as any).a.b"),
        # One shape for two ways of writing.
        ("a['b']", "a.b"),
        ('a?.["b c"]', "a?.b c"),
        ("a?.[i]", "a[i]"),
        ("f?.(a)", "f(a)"),
        ("new X", "new X()"),
        ("x++", "x += 1"),
        ("--x.y", "x.y -= 1"),
        ("`plain`", '"plain"'),
        ("sql`a ${b}`", "sql(`a ${b}`)"),
        ("tag`plain`", "tag(`plain`)"),
        # Operators group as they bind.
        ("a + b * c - d", "((a + (b * c)) - d)"),
        ("a ?? b ?? c", "((a ?? b) ?? c)"),
        ("2 ** 3 ** 2", "(2 ** (3 ** 2))"),
        ("a && !b || c", "((a && !b) || c)"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("(a, b, c)", "(a, b, c)"),
        ("#p in o", "(#p in o)"),
        # Generators wait like async functions.
        ("function* () { yield* x; yield; }", "function* () { await x; await undefined }"),
        ("a = b = c", "a = b = c"),
        ("[a, b.c] = d", "[a, b.c] = d"),
        ("({ a, b: c.d = 1, ...e } = f)", "{a: a, b: c.d = 1, ...e} = f"),
    ],
)
def test_these_come_back_simpler(text: str, lowered: str) -> None:
    assert expression(text) == lowered


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("1_000.5", 1000.5),
        (".5e1", 5.0),
        ("0xFF", 255.0),
        ("0b11", 3.0),
        ("0o17", 15.0),
        (r'"a\n\t\"\\"', 'a\n\t"\\'),
        (r'"\u0041\x41\u{1F600}\q"', "AA😀q"),
        ('"a\\\nb"', "ab"),
        (r'"\ud800"', "\N{REPLACEMENT CHARACTER}"),
        ("'ü'", "ü"),
        ("`a\\`b\\${c}`", "a`b${c}"),
        ("12n", "12"),
    ],
)
def test_literals_carry_their_value(text: str, value: object) -> None:
    (statement,) = module(f"_ = {text}").body
    assert isinstance(statement, ir.Evaluate)
    assert isinstance(statement.value, ir.Assign)
    literal = statement.value.value
    assert isinstance(literal, ir.Literal_)
    assert literal.value == value


def test_objects_keep_their_entries_in_order() -> None:
    text = """{
        a, b: 1, "c-d": 2, 3: 4, [e.f]: 5, ["g"]: 6, ...h, // a comment
        i() { return 1 }, async j() {}, get k() { return 2 }, set k(v) {}, *l() {},
    }"""
    assert expression(text) == (
        "{a: a, b: 1, c-d: 2, 3: 4, [e.f]: 5, g: 6, ...h, "
        "i: function i() { return 1 }, j: async function j() {}, k: function k() { return 2 }, l: function* l() {}}"
    )


def test_parameters() -> None:
    text = (
        "function f<T>(this: X, { a, b: c = 1, ['d']: e, ...r }: Args, [g, , h]: [A, B], i?: number, ...j: T[]): R {}"
    )
    assert expression(text) == (
        "function f({a: a, b: c = 1, d: e, ...r}: Args, [g, , h]: [A, B], i: number, ...j: T[]): R {}"
    )


def test_classes_hold_methods_and_fields_by_name() -> None:
    text = """class Store extends base.Store<T> implements I {
        static count = 0;
        @observable private readonly items: Item[] = [];
        untouched: string;
        declare ctx: Ctx;
        save = async () => 1;
        constructor(private db: Db) { super(db); }
        get size() { return this.items.length }
        set size(value) {}
        static of() { return new Store() }
        static { setUp() }
        overloaded(a: string): void;
        overloaded(a: unknown) {}
    }"""
    assert expression(text) == (
        "class Store extends base.Store { items: []; save: async () => 1; "
        "constructor: function constructor(db: Db) { this.db = db; super(db) }; "
        "size: function size() { return this.items.length }; overloaded: function overloaded(a: unknown) {}; "
        "static count: 0; static of: function of() { return new Store() } }"
    )


def test_elements_keep_attributes_and_expressions_and_lose_text() -> None:
    text = """<List.Item a="x &amp; y" b={c} d {...e} on:click={f} g=<b/> h={/* nothing */}>
        text {child} {/* a comment */} {items.map((item) => <Row key={item} />)}
        {open && <><p>more text</p></>}
    </List.Item>"""
    assert expression(text) == (
        '<List.Item a={"x & y"} b={c} d={true} {...e} on:click={f} g={<b/>} h={undefined}>'
        "{child}{items.map((item) => <Row key={item}/>)}{(open && <><p/></>)}</List.Item>"
    )


def test_angle_brackets_are_a_cast_where_the_language_has_no_elements() -> None:
    assert render(module("<T>value; <const>[1]").body[0]) == "(value as T)"


def steps_to_name(node: ir.Node) -> int:
    """How many members, calls and operators lie between a chain and the name it starts with."""
    steps = 0
    while not isinstance(node, ir.Name):
        assert isinstance(node, (ir.Member, ir.Call, ir.Binary)), node
        node = node.callee if isinstance(node, ir.Call) else node.left if isinstance(node, ir.Binary) else node.object
        steps += 1
    return steps


@pytest.mark.parametrize(
    ("text", "steps"), [("z" + ".string()" * 290, 580), ("a" + " + a" * 590, 590), ("x" + ".y" * 590, 590)]
)
def test_long_chains_are_whole(text: str, steps: int) -> None:
    found = module(text)
    (statement,) = found.body
    assert isinstance(statement, ir.Evaluate)
    assert steps_to_name(statement.value) == steps
    assert not found.problems


def test_a_prefix_covers_a_call_with_type_arguments() -> None:
    """The grammar reads `await f<T>(x)` as `(await f)<T>(x)`; JavaScript does not."""
    from contend.source import ir
    from contend.source.lower import lower

    statement = lower("a.ts", b"await save<null>('a', 1).then(done);").body[0]
    assert isinstance(statement, ir.Evaluate)
    assert isinstance(statement.value, ir.Await)
    assert isinstance(statement.value.value, ir.Call)
    assert (statement.value.start, statement.value.end) == (0, 35)
