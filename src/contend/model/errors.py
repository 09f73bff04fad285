"""Errors that a person can act on."""

from __future__ import annotations


class InputError(Exception):
    """What was asked for cannot be done with what was given: a missing path, an unknown rule, a broken configuration.

    The message is for the reader: what is wrong, where, and what to do. Faces show it alone and exit with 2.
    """
