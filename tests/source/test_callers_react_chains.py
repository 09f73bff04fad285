"""From a trigger in React down to the call, through hooks, props, contexts and files."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

import pytest
from tests.source.apps import caller
from tests.source.react_panels import API, HOOK, REACT, panel, read


class TestChains:
    """From the trigger down to the call, through files."""

    def test_a_custom_hook(self, tmp_path):
        files = {
            "src/useTouch.ts": REACT + f"export function useTouch() {{ {HOOK} return async () => {{ await touch({{ n: 1 }}); }}; }}",
            "src/Panel.tsx": 'import { useTouch } from "./useTouch";\n'
            "export function Panel() { const go = useTouch(); return <button onClick={() => go()}>x</button>; }",
        }  # fmt: skip
        found = caller(read(tmp_path, files), "users:touch")
        assert (found.trigger.kind, found.trigger.detail, found.trigger.entry) == ("event", "click", "component Panel")
        assert found.chain[0].file == "src/Panel.tsx"
        assert found.chain[-1].file == found.span.file == "src/useTouch.ts"
        assert [(name, value.text) for name, value in found.arguments] == [("n", "1")]

    def test_a_hook_that_returns_the_mutation(self, tmp_path):
        files = {
            "src/useTouch.ts": REACT + "export const useTouch = () => useMutation(api.users.touch);",
            "src/Panel.tsx": 'import { useTouch } from "./useTouch";\n'
            "export function Panel() { const touch = useTouch(); return <button onClick={() => touch({})}>x</button>; }",
        }
        assert caller(read(tmp_path, files), "users:touch").span.file == "src/Panel.tsx"

    def test_a_hook_that_takes_the_reference(self, tmp_path):
        files = {
            "src/useSafe.ts": REACT
            + "export function useSafe(ref) { const run = useMutation(ref); return async (args) => { try { await run(args); } catch (e) { console.error(e); } }; }",
            "src/Panel.tsx": API
            + 'import { useSafe } from "./useSafe";\n'
            + "export function Panel() { const go = useSafe(api.users.touch); return <button onClick={() => go({})}>x</button>; }",
        }
        found = caller(read(tmp_path, files), "users:touch")
        assert (found.trigger.kind, found.consequence.caught, found.consequence.catch) == ("event", True, "logs")

    @pytest.mark.parametrize(
        ("child", "use"),
        [
            ("export function Row({ onGo }) { return <button onClick={onGo}>x</button>; }", "onGo={() => touch({})}"),
            (
                "export function Row({ onGo }) { return <button onClick={() => onGo()}>x</button>; }",
                "onGo={() => touch({})}",
            ),
            (
                "export function Row(props) { return <button onClick={() => props.onGo()}>x</button>; }",
                "onGo={() => touch({})}",
            ),
            (
                "export const Row = ({ onGo }) => { const go = async () => { await onGo({}); }; return <p onClick={go} />; };",
                "onGo={touch}",
            ),
            ("export const Row = memo(({ onGo }) => <button onClick={onGo}>x</button>);", "onGo={() => touch({})}"),
            (
                "export const Row = memo(function Row({ onGo }) { return <button onClick={onGo}>x</button>; });",
                "onGo={() => touch({})}",
            ),
        ],
    )
    def test_a_prop_one_level_down(self, tmp_path, child, use):
        files = {
            "src/Row.tsx": 'import { memo, useEffect } from "react";\n' + child,
            "src/Panel.tsx": REACT + 'import { Row } from "./Row";\n' + panel("", f"<Row {use} />"),
        }
        found = caller(read(tmp_path, files), "users:touch")
        assert (found.trigger.kind, found.trigger.detail) == ("event", "click")
        assert found.trigger.entry == "component Panel"

    def test_a_child_that_was_not_worth_reading_runs_it_on_the_event_that_the_prop_names(self, tmp_path):
        files = {
            "src/Row.tsx": "export function Row({ onGo }) { return <button onClick={onGo}>x</button>; }",
            "src/Panel.tsx": REACT + 'import { Row } from "./Row";\n' + panel("", "<Row onGo={() => touch({})} />"),
        }
        found = caller(read(tmp_path, files), "users:touch")
        assert (found.trigger.kind, found.trigger.detail) == ("event", "go")

    def test_a_prop_that_an_effect_of_the_child_calls(self, tmp_path):
        files = {
            "src/Row.tsx": 'import { useEffect } from "react";\n'
            "export function Row({ onSeen }) { useEffect(() => { onSeen(); }, []); return <p />; }",
            "src/Panel.tsx": REACT + 'import { Row } from "./Row";\n' + panel("", "<Row onSeen={() => touch({})} />"),
        }
        found = caller(read(tmp_path, files), "users:touch")
        assert found.trigger.kind == "effect"

    def test_actions_of_a_context(self, tmp_path):
        files = {
            "src/store.tsx": REACT
            + "const Store = createContext(null);\n"
            + f"export function StoreProvider({{ children }}) {{ {HOOK} const go = useCallback(() => touch({{}}), [touch]);\n"
            + "const value = useMemo(() => ({ go }), [go]); return <Store.Provider value={value}>{children}</Store.Provider>; }\n"
            + "export function useStore() { const s = useContext(Store); if (!s) throw new Error('x'); return s; }",
            "src/Panel.tsx": 'import { useStore } from "./store";\n'
            + "export function Panel() { const { go } = useStore(); return <button onClick={() => go()}>x</button>; }",
        }
        found = caller(read(tmp_path, files), "users:touch")
        assert (found.trigger.kind, found.trigger.detail, found.trigger.entry) == ("event", "click", "component Panel")

    def test_a_page_of_next(self, tmp_path):
        files = {
            "src/app/(main)/settings/page.tsx": '"use client";\n'
            + REACT.replace("../convex", "../../../../convex")
            + f"export default function Settings() {{ {HOOK} return <button onClick={{() => touch({{}})}} />; }}"
        }
        assert caller(read(tmp_path, files), "users:touch").trigger.entry == "page /settings"

    def test_a_helper_that_takes_the_mutation(self, tmp_path):
        files = {
            "src/retry.ts": "export async function retry(run, n) { await run({ n }); }",
            "src/Panel.tsx": REACT
            + 'import { retry as go } from "./retry";\n'
            + panel("", "<button onClick={() => go(touch, 2)} />"),
        }
        found = caller(read(tmp_path, files), "users:touch")
        assert [(name, value.text) for name, value in found.arguments] == [("n", "2")]
        assert [frame.file for frame in found.chain][-1] == "src/retry.ts"
