"""How hard to search."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SearchSettings:
    """How hard to search."""

    rounds: int = 12
    """Most rounds of table, MILP and simulation."""
    buffer: float = 0.01
    """Share of every limit left unused, so that it holds on other customers too."""
    trust: tuple[int, ...] = (1, 2, 4, 8, 16, 1000)
    """Trust regions tried in every round: most cells changed at once."""
    exchanges: int = 48
    """Exchanges of two simulated before the search may end; 0 = it ends without any exchange, wider ones included."""
    next_best: int = 8
    """Before the end, so many of the program's next best plans are simulated for each width of trust region."""
    slack: tuple[float, ...] = (0.97, 1.03, 1.06, 1.12)
    """... and its plans for limits changed by these factors: effects do not add up exactly, so the best plan within the
    limits may look a little beyond them, or the other way round."""
    bundles: int = 64
    """Where single segments may get so many things, taken together, all of them are simulated before the end: several
    channels of a segment at once, which the table of single changes is far off for. 0 = never."""
    exhaustive: int = 1_024
    """Spaces of at most so many plans are simulated whole."""
    sure: float = 1.0
    """A plan is accepted if it gains more than so many standard errors of the gain: on few customers many changes
    look good by luck, and adding them up would leave the best plan behind."""
    thorough: bool = True
    """Every table holds all levels, and exchanges are tried before the end. Else, after the first table, neighbouring
    levels only: a sketch."""
    finalists: int = 12
    """Of many candidates, so many are simulated on all customers; the others are sorted out on fewer."""
