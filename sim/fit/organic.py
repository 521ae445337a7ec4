"""From orders to the organic model: order rate, dropout and spend, tested on held-out orders.

The candidates are fitted on the orders before the holdout, and the better one on the holdout is taken. "Better" is
the sum over customers of ln P(number of held-out orders | own orders before), exact under all models. BG/NBD is
taken only if its sum exceeds that of MBG/NBD by more than two standard errors of the difference (over customers);
in doubt it is MBG/NBD, because BG/NBD holds every one-time buyer alive for certain (Batislam, Denizel and
Filiztekin 2007). Where gaps between orders are more even than chance makes them, MBG/CNBD-k is a third candidate, and
is taken if it is ahead of the better of the two by more than two standard errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from sim.errors import InputError
from sim.fit import bg_nbd, gamma_gamma, mbg_cnbd, mbg_nbd
from sim.fit._backtest import Backtest, Holdout, Segments, backtest, hold_out, log_score
from sim.fit._diagnose import warnings_of
from sim.fit._dropout import Floats
from sim.fit._dropout_model import DropoutModel, fit_model
from sim.fit._maximize import MEAN_DROPOUT, FitResult
from sim.fit.day_grid import History, as_published, on_day_grid
from sim.fit.gamma_gamma import GammaGamma
from sim.fit.mbg_cnbd import MbgCnbd
from sim.fit.season import FEWEST_WEEKS
from sim.fit.season_ahead import SeasonAhead, season_ahead
from sim.order_models import MODELS
from sim.orders import OrderLog, RepeatSummary
from sim.units import DAYS_PER_WEEK

ModelName = Literal["bg-nbd", "mbg-nbd", "mbg-cnbd"]
REGULAR = "mbg-cnbd"
Fits = dict[str, FitResult[DropoutModel]]

UNDER_CURRENT_CONTACTS = "under current contacts"
"""Without a message log, past orders include those that contacts caused."""
_SAMPLE = 2_000
"""Customers whose orders are looked at for regularity."""
_FEW_REPEATS = 100
"""With fewer repeat orders among them nothing is said about it."""
_TWO_YEARS, _QUARTER = FEWEST_WEEKS * DAYS_PER_WEEK, 13 * DAYS_PER_WEEK
"""What it takes to tell seasons before the held-out orders; a hold-out that is long enough, days."""
_DOUBT = 2.0
"""Standard errors by which BG/NBD must be ahead on the held-out orders."""


@dataclass(frozen=True)
class Choice:
    """How the model was chosen."""

    by: str
    """"held-out orders" or "user"."""
    log_scores: dict[str, float]
    """Model -> sum over customers of ln P(held-out count | own orders); higher is better."""
    difference: float
    """MBG/NBD minus BG/NBD."""
    difference_se: float
    """Its standard error over customers."""
    regular_difference: float | None = None
    """MBG/CNBD-k minus the better of the two; None where orders come as if by chance."""
    regular_difference_se: float | None = None
    """Its standard error over customers."""


@dataclass(frozen=True)
class OrganicFit:
    """Fitted order and spend models with their test; time in weeks, money in the currency of the orders."""

    model: str
    """The chosen one, a key of `candidates`: "bg-nbd", "mbg-nbd" or "mbg-cnbd"."""
    candidates: Fits
    spend: FitResult[GammaGamma]
    backtest: Backtest
    """Of the chosen model, fitted on the orders up to `backtest.calibrated_until` only."""
    choice: Choice
    fitted_until: str
    """Last day of the orders behind `candidates` and `spend`, YYYY-MM-DD."""
    refitted: bool
    """True if these are fitted on the held-out orders too (no `until_day` was given, or nothing came after it)."""
    warnings: tuple[str, ...]
    regularity: dict[int, float]
    """k -> log-likelihood of MBG/CNBD-k on a sample of the calibration: the greatest says how evenly orders come.
    Empty where there are too few repeat orders to say."""
    daily: FitResult[DropoutModel]
    """The chosen model once more, by the likelihood of the day grid (`sim.fit.day_grid`): what the simulation lives."""
    label: str = UNDER_CURRENT_CONTACTS

    @property
    def organic(self) -> FitResult[DropoutModel]:
        """The chosen model's fit by the published method."""
        return self.candidates[self.model]

    @property
    def irregular(self) -> FitResult[DropoutModel]:
        """The better of the two irregular ones: what other estimates (seasons, past contacts) begin from."""
        return self.candidates[_irregular(self.choice) if self.model == REGULAR else self.model]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON; a number that does not exist is absent."""
        candidates = {name.replace("-", "_"): organic_numbers(fit) for name, fit in self.candidates.items()}
        return {
            "organic": candidates[self.model.replace("-", "_")],
            "day_grid": organic_numbers(self.daily),
            "candidates": candidates,
            "choice": {key: value for key, value in vars(self.choice).items() if value is not None},
            "spend": {"model": "gamma-gamma"} | _numbers(self.spend, gamma_gamma.NAMES),
            "backtest": self.backtest.to_dict(),
            "fitted_until": self.fitted_until,
            "refitted": self.refitted,
            "warnings": list(self.warnings),
            "label": self.label,
        } | self._regularity_part()

    def _regularity_part(self) -> dict[str, Any]:
        """k that makes the orders most likely; nothing where there are too few of them to say."""
        if not self.regularity:
            return {}
        rows = [{"k": k, "log_likelihood": value} for k, value in self.regularity.items()]
        return {"regularity": {"k": max(self.regularity, key=lambda k: self.regularity[k]), "log_likelihoods": rows}}


def fit_organic(
    orders: OrderLog,
    *,
    until_day: int | None = None,
    model: Literal["best", "bg-nbd", "mbg-nbd", "mbg-cnbd"] = "best",
    segments: Callable[[OrderLog, int], Segments | None] | None = None,
    level: float | None = None,
    seasons: bool = False,
) -> OrganicFit:
    """Fit, choose and test the organic model.

    Parameters
    ----------
    orders : the log; customers without a repeat order belong in it.
    until_day : last day to fit to, days since 1970-01-01. Orders after it are the holdout. If there are none, or it
        is not given, the last third of the period is held out for the choice and the test, and the parameters are
        then fitted again on everything; but no more is held out than leaves two years before it, if that is a
        quarter at least.
    model : "best" on the held-out orders, or the one to use.
    segments : of a log, the segment of each customer of its summary on a day; the test is then shown by segment.
    level : of profile-likelihood intervals of the chosen model; None = none.
    seasons : whether the test is with seasons, where the calibration lasts two years and tells them (`sim.fit.season`).

    Raises
    ------
    InputError
        The orders cannot determine the parameters (no repeat order, one customer, nothing in the holdout).
    """
    if model not in ("best", *MODELS):
        raise InputError.of("model", "unknown organic model", repr(model), ", ".join(("best", *MODELS)))
    calibrate_until, end, refit = _split(orders, until_day)
    holdout = hold_out(orders, calibrate_until, end)
    even = _regularity(orders, holdout.summary)
    ticks = max(even, key=lambda k: even[k], default=1)
    tested = _fit_all(orders, holdout.summary, ticks if ticks > 1 or model == REGULAR else None)
    choice = _choose(tested, holdout, model)
    chosen = model if model != "best" else _better(choice)
    summary = orders.summary(end) if refit else holdout.summary
    candidates = {name: _again(fit, orders, summary, as_published, None) for name, fit in tested.items()}
    candidates = candidates if refit else tested
    published = candidates[chosen]
    if level is not None:
        candidates[chosen] = _again(published, orders, summary, as_published, level)
    daily = _again(published, orders, summary, on_day_grid, level)
    spend = gamma_gamma.fit(summary.n_positive, summary.mean_value)
    named = None if segments is None else segments(orders, calibrate_until)
    test = backtest(
        tested[chosen].parameters, holdout, named, _seasons_before(orders, tested[chosen], holdout) if seasons else None
    )
    warnings = (
        _doubt(choice) + warnings_of(candidates[chosen], spend, test, summary, refitted=refit) + _too_even(even, chosen)
    )
    until = str(np.datetime64(summary.until_day, "D"))
    return OrganicFit(chosen, candidates, spend, test, choice, until, refit, warnings, even, daily)


def _split(orders: OrderLog, until_day: int | None) -> tuple[int, int, bool]:
    """Last day of the calibration, last day of the holdout, and whether to fit again on everything."""
    if until_day is not None and until_day < orders.last_day:
        return until_day, orders.last_day, False
    end = orders.last_day if until_day is None else until_day
    period = end - orders.first_day + 1
    calibration = (2 * period) // 3
    if period - _TWO_YEARS >= _QUARTER:
        calibration = max(calibration, _TWO_YEARS)
    return orders.first_day + calibration - 1, end, True


def _seasons_before(orders: OrderLog, tested: FitResult[DropoutModel], holdout: Holdout) -> SeasonAhead | None:
    """Seasons that the orders before the held-out ones tell; of irregular customers only."""
    if tested.parameters.name == REGULAR:
        return None
    return season_ahead(orders, tested.parameters, until_day=holdout.summary.until_day, days=holdout.days)


def _fit_all(orders: OrderLog, s: RepeatSummary, ticks: int | None) -> Fits:
    """All candidates; the regular one if there are ``ticks``."""
    history = as_published(s)
    fits: dict[str, Any] = {"bg-nbd": bg_nbd.fit(*history), "mbg-nbd": mbg_nbd.fit(*history)}
    if ticks is not None:
        fits[REGULAR] = mbg_cnbd.fit(ticks, *history, mbg_cnbd.log_gaps(orders, s.until_day))
    return fits


def _again(
    near: FitResult[DropoutModel],
    orders: OrderLog,
    s: RepeatSummary,
    dated: Callable[[RepeatSummary], History],
    level: float | None,
) -> FitResult[DropoutModel]:
    """The same model by another likelihood, or with intervals (those of the regular one are of the standard errors);
    ``near``: where to begin."""
    model = near.parameters
    if isinstance(model, MbgCnbd):
        start = model if near.converged else None
        fit: FitResult[Any] = mbg_cnbd.fit(model.k, *dated(s), mbg_cnbd.log_gaps(orders, s.until_day), start)
        return fit
    return fit_model(type(model), *dated(s), level, model if near.converged else None)


def _regularity(orders: OrderLog, s: RepeatSummary) -> dict[int, float]:
    """Of an even sample of the customers with a repeat order or without."""
    rows = np.unique(np.linspace(0, len(s) - 1, min(len(s), _SAMPLE)).round().astype(np.intp))
    if s.frequency[rows].sum() < _FEW_REPEATS:
        return {}
    gaps = mbg_cnbd.log_gaps(orders, s.until_day)
    fits = mbg_cnbd.regularity(s.frequency[rows], s.recency_weeks[rows], s.age_weeks[rows], gaps[rows])
    return {fit.parameters.k: fit.log_likelihood for fit in fits}


def _too_even(even: dict[int, float], chosen: str) -> tuple[str, ...]:
    k = max(even, key=lambda k: even[k], default=1)
    if k == 1 or chosen == REGULAR:
        return ()
    return (
        f"orders come more evenly than by chance (gaps like Erlang-{k}, log-likelihood {even[k] - even[1]:+.0f} "
        "against irregular ones): silence for long means more than this model hears, and others are due sooner; the "
        "regular model mbg-cnbd does not tell the held-out orders better by more than chance, and was not taken",
    )


def _choose(tested: Fits, holdout: Holdout, model: str) -> Choice:
    scores = {name: log_score(fit.parameters, holdout) for name, fit in tested.items()}
    choice = Choice(
        "held-out orders" if model == "best" else "user",
        {name: float(score.sum()) for name, score in scores.items()},
        *_ahead(scores["mbg-nbd"], scores["bg-nbd"]),
    )
    if REGULAR not in scores:
        return choice
    regular, se = _ahead(scores[REGULAR], scores[_irregular(choice)])
    return replace(choice, regular_difference=regular, regular_difference_se=se)


def _ahead(one: Floats, other: Floats) -> tuple[float, float]:
    """Difference of two scores, and its standard error over customers."""
    each = one - other
    return float(each.sum()), float(np.sqrt(each.size) * each.std(ddof=1))


def _doubt(choice: Choice) -> tuple[str, ...]:
    if choice.by == "user" or abs(choice.difference) > _DOUBT * choice.difference_se:
        return ()
    return (
        "the held-out orders do not decide between BG/NBD and MBG/NBD (log score of MBG/NBD less that of BG/NBD "
        f"{choice.difference:+.1f}, standard error {choice.difference_se:.1f}); MBG/NBD was taken",
    )


def _better(choice: Choice) -> str:
    regular, se = choice.regular_difference, choice.regular_difference_se
    if regular is not None and se is not None and regular > _DOUBT * se:
        return REGULAR
    return _irregular(choice)


def _irregular(choice: Choice) -> str:
    return "bg-nbd" if choice.difference < -_DOUBT * choice.difference_se else "mbg-nbd"


def organic_numbers(fit: FitResult[DropoutModel]) -> dict[str, Any]:
    """An order process ready for JSON."""
    part: dict[str, Any] = {"model": fit.parameters.name, "time_unit": "week"}
    if isinstance(fit.parameters, MbgCnbd):
        part["k"] = fit.parameters.k
    part |= _numbers(fit, ("r", "alpha", "a", "b"))
    low, high = fit.profile.get(MEAN_DROPOUT, (math.nan, math.nan))
    mean = {"value": fit.parameters.mean_dropout}
    return part | {"mean_dropout": mean | ({"low": low, "high": high} if low == low else {})}


def _numbers(fit: FitResult[Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Parameters, log-likelihood, standard errors and 95 % intervals: of the profile likelihood where there are any."""
    known = [name for name in names if math.isfinite(fit.se[name])]
    intervals = {name: fit.profile.get(name, fit.interval(name)) for name in known}
    return {name: float(getattr(fit.parameters, name)) for name in names} | {
        "log_likelihood": fit.log_likelihood,
        "customers": fit.n,
        "se": {name: fit.se[name] for name in known},
        "low": {name: low for name, (low, _) in intervals.items() if low > 0},
        "high": {name: high for name, (_, high) in intervals.items() if math.isfinite(high)},
    }
