"""How long a search may go on, and how it is stopped: by time, by simulated customer-days, or by Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class Stopped(Exception):  # noqa: N818 - not an error: the best plan so far is the answer
    """The search may not go on; the message says why."""


@dataclass
class Budget:
    """What a search may spend; the same for all of its parts."""

    seconds: float = float("inf")
    customer_days: float = float("inf")
    began: float = field(default_factory=time.perf_counter)
    spent: int = 0
    """Customer-days simulated."""
    interrupted: bool = False
    enforced: bool = True

    def spend(self, customer_days: int) -> None:
        """Count, and stop when nothing is left."""
        self.spent += customer_days
        self.check()

    def check(self) -> None:
        """Raise ``Stopped`` when nothing is left."""
        if self.enforced and (why := self.over()):
            raise Stopped(why)

    def over(self) -> str:
        """Why no more may be spent, "" if it may."""
        if self.interrupted:
            return "it was interrupted"
        if self.spent >= self.customer_days:
            return f"it had simulated {self.spent:,} customer-days"
        if time.perf_counter() - self.began >= self.seconds:
            return f"{self.seconds:g} seconds were over"
        return ""

    @contextmanager
    def regardless(self) -> Iterator[None]:
        """What must be done in any case is counted and never stopped."""
        before, self.enforced = self.enforced, False
        try:
            yield
        finally:
            self.enforced = before
