"""From an app to its conflict pairs, and from those to what they cost: sharing, heat, impact, severity."""

from contend.conflicts.closed_form import Contention, against_writes, burst, guarded_burst, passing_share, steady
from contend.conflicts.heat import Heat, Source, heats
from contend.conflicts.impact import Estimator, Judgement, estimate, severity, total
from contend.conflicts.pairs import PairIndex, derive_pairs, interval_in_words
from contend.conflicts.sharing import sharing_of
from contend.conflicts.traffic import Traffic, TrafficError

__all__ = [
    "Contention",
    "Estimator",
    "Heat",
    "Judgement",
    "PairIndex",
    "Source",
    "Traffic",
    "TrafficError",
    "against_writes",
    "burst",
    "derive_pairs",
    "estimate",
    "guarded_burst",
    "heats",
    "interval_in_words",
    "passing_share",
    "severity",
    "sharing_of",
    "steady",
    "total",
]
