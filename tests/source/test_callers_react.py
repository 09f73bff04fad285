"""Who starts a function from React: hooks, events, effects, timers, and what a failure means there."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

import pytest
from tests.source.apps import caller, callers
from tests.source.react_panels import API, HOOK, REACT, panel, read

TRIGGERS = {
    "an arrow in an event handler": (panel("", "<button onClick={() => touch({})}>x</button>"), "event", "click"),
    "an async arrow": (panel("", "<button onClick={async () => { await touch({}); }}>x</button>"), "event", "click"),
    "a named handler": (
        panel("const go = async () => { await touch({}); };", "<button onClick={go}>x</button>"),
        "event",
        "click",
    ),
    "a function declaration": (
        panel("async function go() { await touch({}); }", "<form onSubmit={go} />"),
        "event",
        "submit",
    ),
    "a handler that calls a handler": (
        panel("const inner = () => touch({});\nconst go = () => { inner(); };", "<button onClick={go}>x</button>"),
        "event",
        "click",
    ),
    "the mutation itself": (panel("", "<button onClick={touch}>x</button>"), "event", "click"),
    "useCallback": (
        panel("const go = useCallback(async () => { await touch({}); }, [touch]);", "<button onClick={go}>x</button>"),
        "event",
        "click",
    ),
    "useMemo": (
        panel("const actions = useMemo(() => ({ go: () => touch({}) }), []);", "<button onClick={actions.go}>x</button>"),
        "event",
        "click",
    ),
    "a change event": (panel("", "<input onChange={(e) => touch({ n: e.target.value })} />"), "keystroke", "change"),
    "a scroll event": (panel("", "<div onScroll={() => { void touch({}); }} />"), "keystroke", "scroll"),
    "a mouse that moves": (panel("", "<div onMouseMove={() => touch({})} />"), "keystroke", "mousemove"),
    "a form action": (panel("", "<form action={async () => { await touch({}); }} />"), "event", "action"),
    "an effect": (panel("useEffect(() => { touch({}); }, []);"), "effect", "useEffect"),
    "a layout effect": (panel("useLayoutEffect(() => { touch({}); }, []);"), "effect", "useLayoutEffect"),
    "an effect with an inner function": (
        panel("useEffect(() => { const go = async () => { await touch({}); }; go(); }, []);"),
        "effect",
        "useEffect",
    ),
    "an effect with an immediate function": (
        panel("useEffect(() => { (async () => { await touch({}); })(); }, []);"),
        "effect",
        "useEffect",
    ),
    "an effect that calls a callback": (
        panel("const go = useCallback(() => touch({}), [touch]);\nuseEffect(() => { go(); }, [go]);"),
        "effect",
        "useEffect",
    ),
    "an effect's clean-up": (panel("useEffect(() => { return () => { touch({}); }; }, []);"), "effect", "useEffect"),
    "the render itself": (panel("touch({});"), "render", "component Panel"),
    "an interval": (
        panel("useEffect(() => { const id = setInterval(() => touch({}), 5000); return () => clearInterval(id); }, []);"),
        "timer",
        "setInterval",
    ),
    "a timeout": (panel("useEffect(() => { setTimeout(() => touch({}), 500); }, []);"), "timer-once", "setTimeout"),
    "window.setInterval": (panel("useEffect(() => { window.setInterval(touch, 5000); }, []);"), "timer", "setInterval"),
    "a listener": (
        panel("useEffect(() => { const go = () => touch({}); window.addEventListener('beforeunload', go); "
              "return () => window.removeEventListener('beforeunload', go); }, []);"),
        "event",
        "beforeunload",
    ),
    "a listener of keys": (
        panel("useEffect(() => { document.addEventListener('keydown', () => touch({})); }, []);"),
        "keystroke",
        "keydown",
    ),
    "a debounced callback": (
        'import { useDebouncedCallback } from "use-debounce";\n'
        + panel("const go = useDebouncedCallback(() => touch({}), 300);", "<input onChange={() => go()} />"),
        "keystroke",
        "change",
    ),
    "a ref": (
        panel("const latest = useRef(touch);\nuseEffect(() => { latest.current({}); }, []);"),
        "effect",
        "useEffect",
    ),
    "a handler in an object": (
        panel("const handlers = { go: async () => { await touch({}); } };", "<button onClick={handlers.go}>x</button>"),
        "event",
        "click",
    ),
    "a handler of a library's component": (
        'import { Dialog } from "some-ui";\n' + panel("", "<Dialog onOpenChange={() => touch({})} />"),
        "event",
        "openchange",
    ),
    "a callback of a library's hook": (
        'import { useForm } from "some-form";\n'
        + panel("const form = useForm({ onSubmit: async () => { await touch({}); } });", "<form onSubmit={form.go} />"),
        "event",
        "useForm",
    ),
    "a row of a list": (
        panel("const rows = useQuery(api.users.list);", "<ul>{rows?.map((r) => <li onClick={() => touch({ n: r.count })} />)}</ul>"),
        "event",
        "click",
    ),
    "a conditional element": (panel("", "<div>{props.on && <button onClick={() => touch({})} />}</div>"), "event", "click"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "detail"), TRIGGERS.values(), ids=TRIGGERS.keys())
def test_what_sets_a_call_off(tmp_path, text, kind, detail):
    found = caller(read(tmp_path, text), "users:touch")
    assert (found.trigger.kind, found.trigger.detail) == (kind, detail)
    assert found.trigger.entry == "component Panel"
    assert found.client == "websocket"
    assert found.chain[-1].name == "users:touch"


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("setInterval(() => touch({}), 5000)", 5000),
        ("setInterval(() => touch({}), 30 * 1000)", 30000),
        ("setInterval(() => touch({}), PERIOD)", 60000),
        ("setTimeout(() => touch({}), 250)", 250),
        ("setInterval(() => touch({}), props.every)", None),
    ],
)
def test_the_period_of_a_timer(tmp_path, text, period):
    app = read(tmp_path, "const PERIOD = 60_000;\n" + panel(f"useEffect(() => {{ {text}; }}, []);"))
    assert caller(app, "users:touch").trigger.period_ms == period


class TestDependencies:
    """What wakes an effect, and which part of which live query that is."""

    def dependencies(self, root, files):
        (found,) = [one for one in callers(read(root, files), "users:touch") if one.trigger.kind == "effect"]
        if found.trigger.dependencies is None:
            return None
        return [(one.text, one.query, one.path) for one in found.trigger.dependencies]

    @pytest.mark.parametrize(
        ("before", "listed", "expected"),
        [
            ("", "", None),
            ("", ", []", []),
            ("", ", [touch]", [("touch", None, "")]),
            ("", ", [props.id]", [("props.id", None, "")]),
            ("const me = useQuery(api.users.me);", ", [me]", [("me", "users:me", "")]),
            ("const me = useQuery(api.users.me);", ", [me?.email]", [("me?.email", "users:me", "email")]),
            ("const me = useQuery(api.users.me);", ", [me?.settings.theme, touch]", [("me?.settings.theme", "users:me", "settings.theme"), ("touch", None, "")]),
            ("const me = useQuery(api.users.me);\nconst email = me?.email;", ", [email]", [("email", "users:me", "email")]),
            ("const { email } = useQuery(api.users.me) ?? {};", ", [email]", [("email", "users:me", "email")]),
            ("const me = useQuery(api.users.me);\nconst ready = me !== undefined;", ", [ready]", [("ready", "users:me", "")]),
            ("const me = useQuery(api.users.me);\nconst on = !!me?.seenAt;", ", [on]", [("on", "users:me", "seenAt")]),
            ("const list = useQuery(api.users.list);", ", [list?.length]", [("list?.length", "users:list", "")]),
            ("const list = useQuery(api.users.list);\nconst first = list?.[0];", ", [first]", [("first", "users:list", "[]")]),
            ("const list = useQuery(api.users.list);\nconst mine = list?.find((u) => u.count > 1);", ", [mine]", [("mine", "users:list", "[]")]),
            ("const list = useQuery(api.users.list);\nconst names = useMemo(() => list?.map((u) => u.email), [list]);", ", [names]", [("names", "users:list", "[].email")]),
        ],
    )  # fmt: skip
    def test_the_list_of_an_effect(self, tmp_path, before, listed, expected):
        assert self.dependencies(tmp_path, panel(f"{before}\nuseEffect(() => {{ touch({{}}); }}{listed});")) == expected

    def test_through_a_custom_hook(self, tmp_path):
        files = {
            "src/useUser.ts": REACT
            + "export function useUser() { const user = useQuery(api.users.me); const touch = useMutation(api.users.touch);\n"
            + "return { user, email: user?.email, touch: useCallback(async () => { await touch({}); }, [touch]) }; }",
            "src/Panel.tsx": 'import { useUser } from "./useUser";\nimport { useEffect } from "react";\n'
            + "export function Panel() { const { user, email, touch } = useUser();\n"
            + "useEffect(() => { if (!user) return; touch(); }, [user, email, user?.count, touch]); return <p />; }",
        }
        assert self.dependencies(tmp_path, files) == [
            ("user", "users:me", ""),
            ("email", "users:me", "email"),
            ("user?.count", "users:me", "count"),
            ("touch", None, ""),
        ]

    def test_the_effect_stands_in_the_hook(self, tmp_path):
        files = {
            "src/usePing.ts": REACT
            + "export function usePing(id) { const me = useQuery(api.users.me, { id }); const touch = useMutation(api.users.touch);\n"
            + "useEffect(() => { touch({}); }, [me, id]); }",
            "src/Panel.tsx": 'import { usePing } from "./usePing";\nexport function Panel() { usePing(1); return <p />; }',
        }
        assert self.dependencies(tmp_path, files) == [("me", "users:me", ""), ("id", None, "")]

    def test_through_a_context(self, tmp_path):
        files = {
            "src/user.tsx": REACT
            + "const UserContext = createContext(null);\n"
            + "export function UserProvider({ children }) { const user = useQuery(api.users.me);\n"
            + "return <UserContext.Provider value={{ user }}>{children}</UserContext.Provider>; }\n"
            + "export const useUser = () => useContext(UserContext);",
            "src/Panel.tsx": REACT
            + 'import { useUser } from "./user";\n'
            + f"export function Panel() {{ const {{ user }} = useUser(); {HOOK} useEffect(() => {{ touch({{}}); }}, [user?.count]); return <p />; }}",
        }
        assert self.dependencies(tmp_path, files) == [("user?.count", "users:me", "count")]

    def test_through_props(self, tmp_path):
        files = {
            "src/Page.tsx": REACT
            + 'import { Panel } from "./Panel";\n'
            + "export function Page() { const me = useQuery(api.users.me); return <Panel user={me} />; }",
            "src/Panel.tsx": REACT
            + f"export function Panel({{ user }}) {{ {HOOK} useEffect(() => {{ touch({{}}); }}, [user?.count]); return <p />; }}",
        }
        assert self.dependencies(tmp_path, files) == [("user?.count", "users:me", "count")]

    def test_a_guard_inside_the_effect(self, tmp_path):
        body = "const me = useQuery(api.users.me);\nuseEffect(() => { if (!me || me.count > 3) return; touch({}); }, [me]);"
        found = caller(read(tmp_path, panel(body)), "users:touch")
        (guard,) = found.guards
        assert (guard.holds, guard.early_exit) == (False, True)
        assert "count > 3" in guard.condition.text


REFERENCES = {
    "api": "useMutation(api.users.touch)",
    "a cast api": "useMutation((api as any).users.touch)",
    "a part of the api": "useMutation(users.touch)",
    "destructured": "useMutation(part)",
    "a string path": 'useMutation("users:touch" as any)',
    "makeFunctionReference": 'useMutation(makeFunctionReference<"mutation">("users:touch"))',
    "anyApi": "useMutation(anyApi.users.touch)",
    "an index": 'useMutation(api["users"]["touch"])',
    "cast to never": "useMutation(api.users.touch as never)",
    "optimistic": "useMutation(api.users.touch).withOptimisticUpdate((store, args) => { store.setQuery(api.users.me, {}, null); })",
}


@pytest.mark.parametrize("made", REFERENCES.values(), ids=REFERENCES.keys())
def test_however_a_function_is_named(tmp_path, made):
    text = (
        REACT
        + 'import { anyApi, makeFunctionReference } from "convex/server";\nconst users = api.users;\nconst { touch: part } = api.users;\n'
        + f"export function Panel() {{ const touch = {made}; return <button onClick={{() => touch({{}})}} />; }}"
    )
    assert caller(read(tmp_path, {"src/Panel.tsx": text}), "users:touch").trigger.kind == "event"


STARTERS = {
    "useMutation of a hook library": (
        'import { useSessionMutation } from "convex-helpers/react/sessions";\n',
        "const touch = useSessionMutation(api.users.touch);",
        "touch({})",
    ),
    "TanStack's useMutation": (
        'import { useMutation as useTanstack } from "@tanstack/react-query";\nimport { useConvexMutation } from "@convex-dev/react-query";\n',
        "const { mutate } = useTanstack({ mutationFn: useConvexMutation(api.users.touch) });",
        "mutate({})",
    ),
    "TanStack's mutateAsync": (
        'import { useMutation as useTanstack } from "@tanstack/react-query";\nimport { useConvexMutation } from "@convex-dev/react-query";\n',
        "const m = useTanstack({ mutationFn: useConvexMutation(api.users.touch), onSuccess: () => {} });",
        "m.mutateAsync({})",
    ),
    "TanStack, a function around it": (
        'import { useMutation as useTanstack } from "@tanstack/react-query";\nimport { useConvexMutation } from "@convex-dev/react-query";\n',
        "const run = useConvexMutation(api.users.touch);\nconst m = useTanstack({ mutationFn: async (n) => await run({ n }) });",
        "m.mutate(3)",
    ),
    "useConvexMutation alone": (
        'import { useConvexMutation } from "@convex-dev/react-query";\n',
        "const touch = useConvexMutation(api.users.touch);",
        "touch({})",
    ),
    "useConvex": ("", "const convex = useConvex();", "convex.mutation(api.users.touch, {})"),
    "a client in a module": (
        'import { convex } from "./client";\n',
        "",
        "convex.mutation(api.users.touch, {})",
    ),
    "a conditional hook variable": ("", "const touch = useMutation(props.a ? api.users.touch : api.users.touch);", "touch({})"),
}  # fmt: skip


@pytest.mark.parametrize(("imports", "before", "call"), STARTERS.values(), ids=STARTERS.keys())
def test_however_it_is_started(tmp_path, imports, before, call):
    files = {
        "src/client.ts": 'import { ConvexReactClient } from "convex/react";\nexport const convex = new ConvexReactClient("x");',
        "src/Panel.tsx": REACT
        + imports
        + f"export function Panel(props) {{ {before}\nreturn <button onClick={{() => {call}}} />; }}",
    }
    found = caller(read(tmp_path, files), "users:touch")
    assert (found.trigger.kind, found.client) == ("event", "websocket")


def test_an_action(tmp_path):
    app = read(
        tmp_path,
        "export function Panel() { const run = useAction(api.users.run); return <p onClick={() => run()} />; }",
    )
    assert caller(app, "users:run").trigger.kind == "event"


def test_a_function_that_nobody_calls_has_no_callers(tmp_path):
    app = read(tmp_path, "export function Panel() { const touch = useMutation(api.users.touch); return <p />; }")
    assert app.callers == ()


@pytest.mark.parametrize("path", ["src/Panel.test.tsx", "src/__tests__/Panel.tsx", "e2e/panel.ts", "tests/panel.ts"])
def test_a_test_is_no_caller_in_production(tmp_path, path):
    text = (
        'import { ConvexHttpClient } from "convex/browser";\n'
        + API.replace("../convex", "../" * path.count("/") + "convex")
        + "test('x', async () => { await new ConvexHttpClient('u').mutation(api.users.touch, {}); });"
    )
    assert all(one.trigger.kind == "script" for one in callers(read(tmp_path, {path: text}), "users:touch"))
