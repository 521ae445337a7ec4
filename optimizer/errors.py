"""When no plan can satisfy the limits."""

from __future__ import annotations


class Infeasible(Exception):  # noqa: N818 - the word users know
    """The limits contradict each other; the message names them in the user's words."""
