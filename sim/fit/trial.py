"""A trial: customers in arms, what they did before it and in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sim.errors import InputError

Floats = npt.NDArray[np.float64]
Groups = tuple[tuple[str, ...], npt.NDArray[np.int64]]
"""Names, and the group (n,) of each customer."""


@dataclass(frozen=True, eq=False)
class Trial:
    """n customers; arm 0 is the control."""

    arms: tuple[str, ...]
    arm: npt.NDArray[np.int64]
    """(n,) index into `arms`."""
    outcomes: Mapping[str, Floats]
    """Name -> (n,) what the customer did in the trial: orders, revenue, ..."""
    before: Mapping[str, Floats] = field(default_factory=dict)
    """Name -> (n,) what was known before it: covariates, and the test that the arms were alike."""
    groups: Mapping[str, Groups] = field(default_factory=dict)
    """Name -> groups formed before the trial."""
    contacts: Floats | None = None
    """(n,) contacts a customer got; None = one in every arm but the control."""
    customer: npt.NDArray[np.intp] | None = None
    """(n,) index into the customers of the order log; None where the trial came from no log."""

    def __post_init__(self) -> None:
        if len(self.arms) < 2:
            raise InputError.of("arm", "there is nothing to compare", ", ".join(self.arms), "a control and another arm")
        n = np.bincount(self.arm, minlength=len(self.arms))
        if n.min() < 2:
            raise InputError.of("arm", "fewer than two customers", self.arms[int(n.argmin())], "two or more in each")
        for name, values in {**self.outcomes, **self.before}.items():
            if values.shape != self.arm.shape or not np.isfinite(values).all():
                raise InputError.of(name, "must be one finite number per customer")

    @property
    def n(self) -> int:
        """Customers."""
        return int(self.arm.size)
