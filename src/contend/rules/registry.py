"""All rules, in the order of their names."""

from __future__ import annotations

from functools import cache

from contend.rules.coarse_contention_key import CoarseContentionKey
from contend.rules.fan_out_convergence import FanOutConvergence
from contend.rules.ineffective_guard import IneffectiveGuard
from contend.rules.mixed_churn_document import MixedChurnDocument
from contend.rules.parallel_server_mutations import ParallelServerMutations
from contend.rules.queue_head_claim import QueueHeadClaim
from contend.rules.reactive_feedback_loop import ReactiveFeedbackLoop
from contend.rules.rule import Rule
from contend.rules.shared_counter import SharedCounter
from contend.rules.touch_on_every_request import TouchOnEveryRequest
from contend.rules.unbatched_sequence import UnbatchedSequence
from contend.rules.unbounded_log_table import UnboundedLogTable
from contend.rules.unconditional_upsert import UnconditionalUpsert
from contend.rules.unprotected_check import UnprotectedCheck
from contend.rules.wide_read_before_write import WideReadBeforeWrite


@cache
def all_rules() -> tuple[Rule, ...]:
    """One instance of each rule."""
    return (
        CoarseContentionKey(),
        FanOutConvergence(),
        IneffectiveGuard(),
        MixedChurnDocument(),
        ParallelServerMutations(),
        QueueHeadClaim(),
        ReactiveFeedbackLoop(),
        SharedCounter(),
        TouchOnEveryRequest(),
        UnbatchedSequence(),
        UnboundedLogTable(),
        UnconditionalUpsert(),
        UnprotectedCheck(),
        WideReadBeforeWrite(),
    )
