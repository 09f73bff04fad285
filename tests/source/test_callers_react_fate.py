"""What becomes of calls from React: awaited or not, caught or not, together or in turn."""

import pytest
from tests.source.apps import caller, callers
from tests.source.react_panels import panel, read


class TestConsequences:
    """Is a call awaited, is its failure caught, and what then."""

    @pytest.mark.parametrize(
        ("body", "awaited", "caught", "catch"),
        [
            ("await touch({});", True, False, ""),
            ("touch({});", False, False, ""),
            ("void touch({});", False, False, ""),
            ("return touch({});", True, False, ""),
            ("const r = await touch({}); console.log(r);", True, False, ""),
            ("try { await touch({}); } catch (e) { console.error(e); }", True, True, "logs"),
            ("try { await touch({}); } catch (e) { toast.error('x'); }", True, True, "reports"),
            ("try { await touch({}); } catch { return; }", True, True, "returns"),
            ("try { const [, b] = await touch({}); } catch { return; }", True, True, "returns"),
            ("try { await touch({}); } catch {}", True, True, "swallows"),
            ("try { await touch({}); } catch (e) { throw e; }", True, False, "rethrows"),
            ("try { await touch({}); } catch (e) { await save({}); }", True, True, "calls"),
            ("try { await touch({}); } catch (e) { await touch({}); }", True, True, "retries"),
            ("try { await touch({}); } finally { setBusy(false); }", True, False, ""),
            (
                "try { try { await touch({}); } catch (e) { throw e; } } catch (e) { console.error(e); }",
                True,
                True,
                "logs",
            ),
            ("touch({}).catch(console.error);", False, True, "logs"),
            ("touch({}).catch((e) => { console.error(e); });", False, True, "logs"),
            ("touch({}).catch(() => {});", False, True, "swallows"),
            ("touch({}).then(() => setBusy(false)).catch(() => toast.error('x'));", False, True, "reports"),
            ("touch({}).then(() => {}, (e) => console.error(e));", False, True, "logs"),
            ("touch({}).then(() => setBusy(false));", False, False, ""),
            ("touch({}).finally(() => setBusy(false));", False, False, ""),
            ("await touch({}).catch(console.error);", True, True, "logs"),
            ("await Promise.all([touch({})]);", True, False, ""),
            ("const p = touch({}); await p;", True, False, ""),
        ],
    )
    def test_a_call(self, tmp_path, body, awaited, caught, catch):
        text = 'import { toast } from "sonner";\n' + panel(
            "const save = useMutation(api.users.save);\nconst [busy, setBusy] = useState(false);\n"
            + f"const go = async () => {{ {body} }};",
            "<button onClick={go} />",
        )
        found = callers(read(tmp_path, text), "users:touch")[0]
        assert (found.consequence.awaited, found.consequence.caught, found.consequence.catch) == (
            awaited,
            caught,
            catch,
        )

    def test_the_catch_knows_what_it_starts_and_what_shares_its_try(self, tmp_path):
        body = (
            "const save = useMutation(api.users.save);\n"
            "const go = async () => { try { await charge(); await touch({}); } catch (e) { await save({}); } };"
        )
        found = caller(read(tmp_path, panel(body, "<button onClick={go} />")), "users:touch")
        assert found.consequence.catch_calls == ("save",)
        assert "charge" in found.consequence.shares_try_with
        assert found.consequence.catch_span is not None

    def test_a_try_around_a_helper_catches_what_the_helper_starts(self, tmp_path):
        body = (
            "const inner = async () => { await touch({}); };\n"
            "const go = async () => { try { await inner(); } catch (e) { console.error(e); } };"
        )
        found = caller(read(tmp_path, panel(body, "<button onClick={go} />")), "users:touch")
        assert (found.consequence.awaited, found.consequence.catch) == (True, "logs")

    def test_a_try_around_a_dropped_helper_catches_nothing(self, tmp_path):
        body = (
            "const inner = async () => { await touch({}); };\n"
            "const go = async () => { try { inner(); } catch (e) { console.error(e); } };"
        )
        found = caller(read(tmp_path, panel(body, "<button onClick={go} />")), "users:touch")
        assert not found.consequence.caught


class TestTogether:
    """Calls that start together, in turn or in a loop."""

    def test_side_by_side(self, tmp_path):
        body = (
            "const save = useMutation(api.users.save);\n"
            "const go = async () => { await Promise.all([touch({ n: 1 }), touch({ n: 2 }), save({})]); };"
        )
        app = read(tmp_path, panel(body, "<button onClick={go} />"))
        found = [*callers(app, "users:touch"), *callers(app, "users:save")]
        assert [[(loop.parallel, loop.bound) for loop in one.loops] for one in found] == [[(True, 3)]] * 3

    @pytest.mark.parametrize(
        ("body", "parallel"),
        [
            ("for (const n of props.all) await touch({ n });", False),
            ("for (const n of props.all) { touch({ n }); }", True),
            ("await Promise.all(props.all.map((n) => touch({ n })));", True),
            ("props.all.forEach((n) => { touch({ n }); });", True),
            ("props.all.forEach(async (n) => { await touch({ n }); });", True),
            ("for (let i = 0; i < 5; i++) { await touch({ n: i }); }", False),
            ("await Promise.allSettled(props.all.map(async (n) => { await touch({ n }); }));", True),
        ],
    )
    def test_in_a_loop(self, tmp_path, body, parallel):
        found = caller(
            read(tmp_path, panel(f"const go = async () => {{ {body} }};", "<p onClick={go} />")), "users:touch"
        )
        (loop,) = found.loops
        assert loop.parallel is parallel

    def test_one_after_the_other(self, tmp_path):
        body = "const save = useMutation(api.users.save);\nconst go = async () => { await touch({}); await save({}); };"
        app = read(tmp_path, panel(body, "<button onClick={go} />"))
        first, second = caller(app, "users:touch"), caller(app, "users:save")
        assert first.scope == second.scope
        assert first.order < second.order
        assert first.epoch == second.epoch

    def test_work_outside_convex_between_two_calls_parts_them(self, tmp_path):
        body = (
            "const save = useMutation(api.users.save);\n"
            "const go = async () => { await touch({}); await fetch('/x'); await save({}); };"
        )
        app = read(tmp_path, panel(body, "<button onClick={go} />"))
        first, second = caller(app, "users:touch"), caller(app, "users:save")
        assert first.scope == second.scope
        assert first.epoch < second.epoch

    def test_at_once(self, tmp_path):
        body = "const save = useMutation(api.users.save);\nconst go = () => { touch({}); save({}); };"
        app = read(tmp_path, panel(body, "<button onClick={go} />"))
        first, second = caller(app, "users:touch"), caller(app, "users:save")
        assert first.scope == second.scope
        assert (first.consequence.awaited, second.consequence.awaited) == (False, False)
