"""What is asked of an experiment's design, and what is acceptable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scenarios.experiment_outcomes import Metric
from sim.errors import InputError

Versus = Literal["no_contact", "current"]


@dataclass(frozen=True)
class Terms:
    """What is asked of a design, and what is acceptable."""

    metric: Metric = "contribution"
    versus: Versus = "no_contact"
    """What the control group gets: nothing, or the current policy."""
    share: float | None = None
    """Share held out; None = the smallest that proves the effect."""
    weeks: int | None = None
    """Duration; None = the one that proves it at the lowest price."""
    power: float = 0.8
    alpha: float = 0.05
    most_share: float = 0.2
    """More held out is not acceptable ..."""
    most_weeks: int = 52
    """... nor a longer time."""
    regions: int = 20
    region_cv: float = 0.05
    """Spread of regional shocks, as a share of what a customer brings (assumption)."""
    experiments: int = 400
    """Simulated experiments that check the stated coverage and power; 0 = none."""

    def __post_init__(self) -> None:
        checks = (
            ("--share", self.share is None or 0 < self.share <= 0.5, self.share, "above 0, up to 0.5"),
            ("--weeks", self.weeks is None or 1 <= self.weeks <= 104, self.weeks, "1 to 104"),
            ("--power", 0.5 <= self.power < 1, self.power, "0.5 to below 1"),
            ("--most-share", 0 < self.most_share <= 0.5, self.most_share, "above 0, up to 0.5"),
            ("--most-weeks", 1 <= self.most_weeks <= 104, self.most_weeks, "1 to 104"),
            ("--regions", self.regions >= 4 and self.regions % 2 == 0, self.regions, "an even number, 4 or more"),
            ("--region-cv", 0 <= self.region_cv <= 1, self.region_cv, "0 to 1"),
            ("--experiments", 0 <= self.experiments <= 100_000, self.experiments, "0 to 100,000"),
        )
        for where, fine, given, allowed in checks:
            if not fine:
                raise InputError.of(where, "is out of range", given, allowed)
