"""The inventory of an audit: what the apps hold, counted and judged."""

from contend.evidence.inventory.build import build_inventory

__all__ = ["build_inventory"]
