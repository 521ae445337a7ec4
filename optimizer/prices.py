"""What one unit more or less of each limit is worth, in money and in list loss.

A limit is loosened and tightened by some percent, the plan is sought again (program over the last effects table,
several widths and exchanges, and every plan the search has met), and the winners are simulated on customers the search
has not seen, beside the plan of the limit as it is. Buying: what a unit more brings. Selling: what a unit less costs.
Levels are steps, so a small change of a limit may change nothing: then the price is 0 up to that change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from optimizer.around import master_data
from optimizer.effects import Effects
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.exchanges import exchange_choices, promising_of
from optimizer.limits import Limit
from optimizer.search import best_of
from optimizer.settings import SearchSettings
from optimizer.solve import propose_several
from optimizer.space import Choice

_WIDTHS = (1, 2, 4, 1000)
_NEXT = 2


@dataclass(frozen=True)
class Side:
    """A limit moved one way."""

    units: float
    """How far the bound was moved, in its unit; positive = loosened."""
    value: float
    """Change of value, in the objective's unit; 0 where the plan stays."""
    value_se: float
    unsubscribes: float
    """Change of the customers lost to a channel during the horizon."""
    choice: Choice


@dataclass(frozen=True)
class Price:
    """Prices of a limit, per unit."""

    limit: str
    buy: Side
    sell: Side

    @property
    def money(self) -> float:
        """Worth of one unit more."""
        return self.buy.value / self.buy.units

    @property
    def reach(self) -> float:
        """Reachable customers gained (lost, if negative) with one unit more."""
        return -self.buy.unsubscribes / self.buy.units

    @property
    def sell_money(self) -> float:
        """Cost of one unit less."""
        return self.sell.value / self.sell.units + 0.0  # no -0

    @property
    def sell_reach(self) -> float:
        """Reachable customers lost (gained, if negative) with one unit less."""
        return -self.sell.unsubscribes / self.sell.units


def prices(
    evaluator: Evaluator,
    fresh: Evaluator,
    best: Evaluated,
    table: Effects | None,
    settings: SearchSettings,
    *,
    share: float = 0.05,
    scout: Evaluator | None = None,
) -> list[Price]:
    """Prices of all hard limits; ``best``: the plan as limits are, ``table``: effects around it on ``evaluator``.

    ``scout``: the same question on fewer customers, to sort out candidates.
    """
    found = []
    for limit in evaluator.limits:
        if limit.enforce != "hard" or limit.bound == 0.0:
            continue
        sign = 1.0 if limit.at_most else -1.0
        looser = _side(evaluator, scout, fresh, best, table, settings, limit, sign * share)
        tighter = _side(evaluator, scout, fresh, best, table, settings, limit, -sign * share)
        found.append(Price(limit.name, looser, tighter))
    return found


def _side(
    evaluator: Evaluator,
    scout: Evaluator | None,
    fresh: Evaluator,
    best: Evaluated,
    table: Effects | None,
    settings: SearchSettings,
    limit: Limit,
    change: float,
) -> Side:
    limits = [limit.at(1.0 + change) if one.name == limit.name else one for one in evaluator.limits]
    moved, scouting = under(evaluator, limits), None if scout is None else under(scout, limits)
    tighter = (change < 0) is limit.at_most
    if tighter and moved.feasible(best, settings.buffer):
        chosen = best  # of the plans that are left it was the best before
    else:
        chosen = _plan_under(moved, scouting, best, table, settings)
    evaluator.known.update(moved.known)  # what a plan does is the same under other bounds
    if scout is not None and scouting is not None:
        scout.known.update(scouting.known)
    (after, gain, error), *_ = fresh.gain([chosen.choice], best.choice)
    lost = after.lost - fresh.known[best.choice.tobytes()].lost
    units = abs(change) * limit.bound * (-1.0 if tighter else 1.0)
    return Side(units, gain, error, lost, after.choice)


def under(evaluator: Evaluator, limits: Sequence[Limit]) -> Evaluator:
    """The same customers and simulated plans under other bounds of the same hard limits."""
    moved = replace(evaluator.elsewhere(), limits=tuple(limits))
    moved.known, moved._nothing = dict(evaluator.known), evaluator._nothing
    moved.people, moved.calibration = dict(evaluator.people), evaluator.calibration
    return moved


def _plan_under(
    moved: Evaluator, scout: Evaluator | None, best: Evaluated, table: Effects | None, settings: SearchSettings
) -> Evaluated:
    """The best plan under moved limits: the old one, if it still fits and nothing is surely better."""
    choices: list[Choice] = []
    if table is not None:
        rows = moved.rows(settings.buffer)
        for width in _WIDTHS:
            data = master_data(moved, table, best, rows, width, settings.sure / 2)
            choices += [proposal.choice for proposal in propose_several(data, _NEXT)]
        choices += promising_of(moved, scout, exchange_choices(moved, table, best, settings), settings)
    moved.evaluate(choices)
    fitting = [e for e in moved.known.values() if moved.feasible(e, settings.buffer)]
    top = best_of(moved, fitting or list(moved.known.values()), settings)
    if not moved.feasible(best, settings.buffer) or top.choice.tobytes() == best.choice.tobytes():
        return top
    (_, gain, error), *_ = moved.gain([top.choice], best.choice)
    return top if gain > settings.sure * error else best
