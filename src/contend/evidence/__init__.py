"""Joins what the source says, what the lab predicts and what telemetry saw."""
