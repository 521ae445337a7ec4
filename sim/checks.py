"""Range checks of the domain objects, phrased so that NaN fails too."""

from __future__ import annotations

from sim.errors import InputError


def require(condition: bool, where: str, what: str, given: object, allowed: str) -> None:
    """Refuse a value: ``condition`` must be written so that NaN makes it false."""
    if not condition:
        raise InputError.of(where, what, given, allowed)


def positive(where: str, value: float) -> None:
    require(0 < value < float("inf"), where, "must be greater than 0", value, "a finite number > 0")


def not_negative(where: str, value: float) -> None:
    require(0 <= value < float("inf"), where, "must not be negative", value, "a finite number >= 0")


def share(where: str, value: float) -> None:
    require(0 <= value <= 1, where, "is a share", value, "0 to 1")
