"""All rules, in the order of their names."""

from __future__ import annotations

from functools import cache

from contend.rules.ineffective_guard import IneffectiveGuard
from contend.rules.reactive_feedback_loop import ReactiveFeedbackLoop
from contend.rules.rule import Rule
from contend.rules.touch_on_every_request import TouchOnEveryRequest
from contend.rules.unbatched_sequence import UnbatchedSequence


@cache
def all_rules() -> tuple[Rule, ...]:
    """One instance of each rule."""
    return (IneffectiveGuard(), ReactiveFeedbackLoop(), TouchOnEveryRequest(), UnbatchedSequence())
