"""The hazards that an audit looks for: one rule, one file."""

from contend.rules.registry import all_rules
from contend.rules.rule import Case, Rule

__all__ = ["Case", "Rule", "all_rules"]
