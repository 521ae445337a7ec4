"""Names of the order processes."""

from __future__ import annotations

MODELS = ("bg-nbd", "mbg-nbd", "mbg-cnbd")
"""Dropout after repeat orders; after the first too; that, and even gaps."""
MOST_TICKS = 20
"""Largest k of mbg-cnbd: gaps vary by 22 % of their mean then."""
