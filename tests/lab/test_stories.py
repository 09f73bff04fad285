"""A small part of both stories, and which way it points: what `docs/stories/` tells at length."""

from __future__ import annotations

from functools import cache

import pytest

from contend.lab.scenario_file import Override, ScenarioFile, read_scenario
from contend.lab.simulation import RunResult, run_once
from contend.lab.stories import BUSY_LOAD, SEED_LOAD, story_file

TOUCH, UPDATE = "sessions:touch", "onboarding:update_step"
SEEDS = (1, 2, 3, 4)


@cache
def story(name: str) -> ScenarioFile:
    return read_scenario(story_file(name))


@cache
def touch(variant: str, load: str = SEED_LOAD, client: str = "fetch-mutation") -> tuple[RunResult, ...]:
    changes: list[Override] = [(("callers", "request", "client"), client)]
    if load == BUSY_LOAD:
        changes.append((("duration",), "3m"))
    scenario = story("touch").variant(variant, changes, load)
    return tuple([run_once(scenario, seed) for seed in SEEDS])


@cache
def onboarding(variant: str) -> RunResult:
    return run_once(story("onboarding").variant(variant), 1)


def total(runs: tuple[RunResult, ...], name: str) -> int:
    return sum(getattr(run.functions[TOUCH], name) for run in runs if TOUCH in run.functions)


def behind_ms(runs: tuple[RunResult, ...]) -> float:
    """How far lastSeenAt lagged behind the last page load, at worst."""
    return max(run.measures["staleness_ms"].max for run in runs)


class TestTouch:
    def test_the_load_is_that_of_the_teams_dashboard(self):
        """12 a day."""
        assert 8 < total(touch("unconditional"), "retries") / len(SEEDS) < 17

    def test_newer_than_stored_hardly_helps(self):
        before, after = total(touch("unconditional"), "retries"), total(touch("newer than stored"), "retries")
        assert after > 0.85 * before

    def test_the_threshold_alone_stays_below_its_promise_at_that_load(self):
        """Each burst after a pause is stale as a whole."""
        before, after = total(touch("unconditional"), "retries"), total(touch("30 s threshold"), "retries")
        assert 0.2 * before < after < 0.6 * before

    def test_the_threshold_keeps_its_promise_where_stamps_are_seldom_stale(self):
        before, after = (total(touch(variant, BUSY_LOAD), "retries") for variant in ("unconditional", "30 s threshold"))
        assert after < 0.1 * before

    @pytest.mark.parametrize("load", [SEED_LOAD, BUSY_LOAD])
    def test_the_pair_keeps_it_everywhere_and_the_stamp_fresh(self, load):
        before, after = touch("unconditional", load), touch("30 s + once per load", load)
        assert total(after, "retries") <= 0.02 * total(before, "retries")
        assert total(after, "writes") < 0.5 * total(before, "writes")
        assert behind_ms(after) <= 30_000 + 50  # the threshold, and one call

    def test_a_debounce_forgets_users(self):
        assert behind_ms(touch("debounce, 1 server")) > 3_600_000
        assert total(touch("debounce, 1 server"), "retries") == 0

    def test_a_debounce_on_eight_servers_brings_conflicts_back(self):
        assert total(touch("debounce, 8 servers"), "retries") > 0

    def test_an_action_changes_nothing_over_http_and_loses_the_queue_of_a_socket(self):
        assert total(touch("an action"), "retries") == total(touch("unconditional"), "retries")
        assert total(touch("unconditional", client="websocket"), "retries") == 0
        assert total(touch("an action", client="websocket"), "retries") > 0


class TestOnboarding:
    @pytest.mark.parametrize("variant", ["consecutive calls", "parallel calls", "loop removed, two tabs"])
    def test_these_never_conflict(self, variant):
        assert onboarding(variant).functions[UPDATE].conflicts == 0

    def test_one_tab_loops_without_a_conflict(self):
        update = onboarding("loop, one tab").functions[UPDATE]
        assert update.conflicts == 0
        assert update.calls > 20
        assert onboarding("loop, one tab").functions["onboarding:me"].query_reruns > 20

    def test_two_tabs_drive_each_other(self):
        one, two = (onboarding(f"loop, {tabs}").functions[UPDATE] for tabs in ("one tab", "two tabs"))
        assert two.calls > 10 * one.calls
        assert two.retries > 5

    def test_few_attempts_of_the_loop_conflict(self):
        """The loser waits, and the other tab runs alone meanwhile."""
        update = onboarding("loop, two tabs").functions[UPDATE]
        assert 0 < update.conflicts < 0.05 * update.attempts

    def test_the_batch_leaves_the_loop_as_it_was(self):
        before, after = (
            onboarding(name).functions[UPDATE].retries for name in ("loop, two tabs", "batch, loop stays, two tabs")
        )
        assert after > 0.5 * before
