"""The end of the selection: more and more fresh customers, until it is decided which plan is best.

Two very different plans of nearly the same value differ by a few thousandths of it, which is what tens of thousands of
customers are unsure by; and whether a plan keeps a limit may be as close. So the plans that may still be best run again
on new customers, as many as there were so far, and all their customers are pooled. A plan drops out

- when it is surely beyond a limit, the search's margin included, or
- when it is surely not better than another one that surely keeps the limits, by more than is worth deciding;

surely: by 2.5 standard errors, which errs once in 160 times; with five looks, in 3 of 100 decisions. It ends
when one plan is left, or when the customer-days for it are spent: then the best one so far stays, and it is told how
many others may be better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from optimizer.budget import Stopped
from optimizer.evaluate import Evaluated, Evaluator
from optimizer.space import Choice

Further = Callable[[int, int], Evaluator]
"""(number, customers) -> the same question on new fresh customers, others for every number."""

_SURE = 2.5
"""Standard errors."""
_LEAD, _VALUE = 0.01, 0.0002
"""Not worth deciding: less than such a share of what the best plan is worth more than the best uniform one, or of its
value."""
_NEAR = 0.03
"""Share of a bound; farther from it, nobody needs to ask for the error of a plan's use."""
_SAFE = 2.8
"""Standard errors of a plan's use, here and on as many other customers as the first ones, that must fit below a limit
where the margin is not kept."""
_GROUPS = 10
"""Groups of customers that the standard error is taken from."""
_AT_ONCE = 240_000
"""Most customers simulated together: what is kept per customer must fit in memory."""
_WORTHWHILE = 0.25
"""New customers, of those there were so far; fewer decide little."""


@dataclass(frozen=True)
class Decision:
    """The best plan, as the pooled customers see it."""

    best: Evaluated
    customers: int
    rivals: int
    """How many other plans may still be better by more than is worth deciding, or may just keep the limits."""


@dataclass
class Pool:
    """Plans on the first fresh customers and on all that joined later."""

    first: Evaluator
    margin: float
    joined: list[Evaluator] = field(default_factory=list)
    _errors: npt.NDArray[np.float64] | None = None
    _groups: list[Evaluator] | None = None

    @property
    def samples(self) -> list[Evaluator]:
        return [self.first, *self.joined]

    @property
    def customers(self) -> int:
        return sum(sample.customers for sample in self.samples)

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        return np.array([sample.customers for sample in self.samples]) / self.customers

    def seen(self, choice: Choice) -> Evaluated:
        """A plan on all customers."""
        ones = [sample.evaluate([choice])[0] for sample in self.samples]

        def mean(name: str) -> npt.NDArray[np.float64]:
            return np.asarray(sum(s * getattr(e, name) for s, e in zip(self.shares, ones, strict=True)))

        return replace(
            ones[0], value=float(mean("value")), use=mean("use"), parts=mean("parts"),
            plain_parts=mean("plain_parts"), volume=mean("volume"), lost=float(mean("lost")),
        )  # fmt: skip

    def gains(self, choices: Sequence[Choice], over: Choice) -> list[tuple[float, float]]:
        """Of each plan: what it is worth more than another one, and the standard error of that."""
        by_sample = [[(gain, error) for _, gain, error in s.gain(choices, over)] for s in self.samples]
        table = np.array(by_sample).reshape(len(by_sample), len(choices), 2)
        gain = self.shares @ table[:, :, 0]
        error = np.sqrt(self.shares**2 @ table[:, :, 1] ** 2)
        return list(zip(gain.tolist(), error.tolist(), strict=True))

    def beyond(self, e: Evaluated) -> npt.NDArray[np.float64]:
        """(hard rows,) share of the bound that is used beyond what the margin, or a smaller one that is safe, leaves;
        negative = room."""
        with_margin = self.first.excess(e, self.margin)
        if not (np.abs(with_margin) < _NEAR).any():
            return with_margin
        here = self.error(e)
        there = here * np.sqrt(self.customers / self.first.customers)
        safe = self.first.excess(e) + np.where(here > 0, _SAFE * np.hypot(here, there), self.margin)
        return np.minimum(with_margin, safe)

    def error(self, e: Evaluated) -> npt.NDArray[np.float64]:
        """(hard rows,) standard error of a plan's use near a limit, share of the bound; 0 far from it.

        Measured on the first customers with the first plan that is near, and taken over for the others that are.
        """
        near = np.abs(self.first.excess(e, self.margin)) < _NEAR
        if self._errors is None:
            self._errors = np.full(len(near), np.nan)
        if np.isnan(self._errors[near]).any():
            names = [limit.name for limit, _ in self.first.rows().owner if limit.enforce == "hard"]
            close = {name for name, is_near in zip(names, near, strict=True) if is_near}
            new = np.isnan(self._errors) & np.array([name in close for name in names], dtype=bool)
            self._errors[new] = spread(self._parted(), e.choice)[new]
        return np.asarray(np.where(near, self._errors, 0.0) * np.sqrt(self.first.customers / self.customers))

    def _parted(self) -> list[Evaluator]:
        if self._groups is None:
            self._groups = groups_of(self.first)
        return self._groups


def groups_of(evaluator: Evaluator) -> list[Evaluator]:
    """The customers, dealt to groups."""
    rows = np.arange(evaluator.customers)
    return [
        evaluator.elsewhere(evaluator.started.take_sample(rows[n::_GROUPS])) for n in range(min(_GROUPS, len(rows)))
    ]


def spread(groups: Sequence[Evaluator], choice: Choice) -> npt.NDArray[np.float64]:
    """(hard rows,) standard error of a plan's use on all customers of the groups together, in shares of the bounds."""
    seen = np.array([group.excess(group.evaluate([choice])[0]) for group in groups])
    return np.asarray(seen.std(axis=0, ddof=1) / np.sqrt(len(groups)))


def decide(every: Evaluator, further: Further, uniform: Choice, margin: float, customer_days: float) -> Decision:
    """The best of the plans that ``every`` knows, after as many more customers as it takes.

    ``uniform``: the best plan common to all segments. ``margin``: share of every limit left unused.
    ``customer_days``: most that may be simulated for it.
    """
    pool, left = Pool(every, margin), customer_days
    with every.budget.regardless():
        every.evaluate([uniform])
        candidates = [e.choice for e in every.known.values()]
        last = _look(pool, candidates, uniform)
    try:
        while last.rivals and not every.budget.over():
            each = (len(last.field) + 1) * every.started.world.days  # no contact runs beside them
            customers = min(pool.customers, _AT_ONCE, int(left / each))
            if customers < _WORTHWHILE * min(pool.customers, _AT_ONCE):
                break
            left -= customers * each
            new = further(len(pool.joined), customers)
            new.evaluate(last.field)
            pool.joined.append(new)
            last = _look(pool, last.field, uniform)
    except Stopped:
        pass  # the plans stay as well known as they are
    except KeyboardInterrupt:
        every.budget.interrupted = True
    return Decision(last.best, pool.customers, last.rivals)


@dataclass(frozen=True)
class _Look:
    """What the customers so far tell."""

    best: Evaluated
    field: list[Choice]
    """Plans that run again: who may be best, and the one that they must beat."""
    rivals: int


def _look(pool: Pool, choices: Sequence[Choice], uniform: Choice) -> _Look:
    """Best first, down to a plan that surely keeps the limits; below it, only those that may be better after all."""
    by_value = sorted((pool.seen(choice) for choice in choices), key=lambda e: -e.value)
    possible = [e for e in by_value if not _surely_out(pool, e)]
    sure = next((n for n, e in enumerate(possible) if _surely_within(pool, e)), len(possible))
    open_plans = possible[: sure + 1]
    if sure < len(possible):
        below, least = possible[sure + 1 :], _worth_deciding(pool, possible[sure], uniform)
        gains = pool.gains([e.choice for e in below], possible[sure].choice)
        open_plans += [e for e, (gain, error) in zip(below, gains, strict=True) if gain + _SURE * error > least]
    allowed = [e for e in possible if np.all(pool.beyond(e) <= 0.0)]
    best = allowed[0] if allowed else min(by_value, key=lambda e: float(pool.beyond(e).clip(min=0.0).sum()))
    field = [e.choice for e in open_plans]
    return _Look(best, field, sum(choice.tobytes() != best.choice.tobytes() for choice in field))


def _surely_out(pool: Pool, e: Evaluated) -> bool:
    return bool((pool.beyond(e) > _SURE * pool.error(e)).any())


def _surely_within(pool: Pool, e: Evaluated) -> bool:
    return bool((pool.beyond(e) <= -_SURE * pool.error(e)).all())


def _worth_deciding(pool: Pool, best: Evaluated, uniform: Choice) -> float:
    """The smallest difference between plans that anybody cares for, in the unit of the objective."""
    ((_, lead, _),) = pool.first.gain([best.choice], uniform)
    return max(_LEAD * lead, _VALUE * abs(best.value))
