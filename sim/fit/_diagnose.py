"""What a reader of a fit must be told: where it misses, and what the data do not determine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.fit._backtest import Backtest, GroupForecast
from sim.fit._dropout_model import DropoutModel
from sim.fit._maximize import FitResult
from sim.fit.gamma_gamma import GammaGamma
from sim.orders import RepeatSummary

MISS_PCT = 5.0
GROUP_MISS_PCT = 10.0
FAR = 1.5
"""Groups are warned of from 1.5 times their 95 % interval on: there are some fifteen of them."""
GROUP_SHARE = 0.05
"""Groups with fewer of the held-out orders than this share are not worth a warning."""
CORRELATION = 0.2
FEW_REPEAT_BUYERS = 200


def warnings_of(
    fit: FitResult[DropoutModel],
    spend: FitResult[GammaGamma],
    test: Backtest,
    summary: RepeatSummary,
    *,
    refitted: bool,
) -> tuple[str, ...]:
    """All warnings, the gravest first."""
    found = [
        _forecast_misses(test, refitted),
        _groups_miss(test.by_segment, "segments", test.actual),
        _groups_miss(test.by_frequency, "customers by repeat orders", test.actual),
        _few_repeat_buyers(summary),
        _not_determined(fit, fit.parameters.name),
        _not_determined(spend, "gamma-gamma"),
        _dropout_weak(fit),
        _spend_depends_on_frequency(summary),
        _endless_spend(spend.parameters),
    ]
    return tuple(warning for warning in found if warning)


def _forecast_misses(test: Backtest, refitted: bool) -> str | None:
    if abs(test.error_pct) <= MISS_PCT:
        return None
    low = test.error_pct < 0
    consequence = (
        "The parameters were fitted again on all orders since, and may still give"
        if refitted
        else "Expect a simulation with these parameters to give"
    )
    by_chance = "beyond" if abs(test.error_pct) > test.chance_pct else "within"
    return (
        f"the forecast of the held-out repeat orders is {abs(test.error_pct):.1f} % too {'low' if low else 'high'}: "
        f"{test.forecast:,.0f} against {test.actual:,} in {test.weeks} weeks after {test.calibrated_until}, "
        f"{by_chance} what chance explains (+-{test.chance_pct:.1f} %){_when(test)}. "
        f"{consequence} too {'few' if low else 'many'} orders. Season, contacts that changed, and customers whose "
        "habits change are not in the model"
    )


def _when(test: Backtest) -> str:
    """Whether the miss was there from the start or grew."""
    quarter = test.weekly[max(len(test.weekly) // 4 - 1, 0)]
    if quarter.week == len(test.weekly) or quarter.cumulative_actual == 0:
        return ""
    return f", after the first {quarter.week} weeks {quarter.cumulative_error_pct:+.1f} %"


def _groups_miss(groups: Sequence[GroupForecast], what: str, actual: int) -> str | None:
    """Groups that matter (a share of the orders) and are missed by much and beyond chance."""
    wrong = [
        g
        for g in groups
        if abs(g.forecast_mean - g.actual_mean) > FAR * g.chance_mean
        and abs(g.forecast_mean - g.actual_mean) > GROUP_MISS_PCT / 100 * g.actual_mean
        and g.customers * max(g.forecast_mean, g.actual_mean) > GROUP_SHARE * actual
    ]
    if not wrong:
        return None
    told = ", ".join(_miss(group) for group in wrong)
    return (
        f"held-out orders per customer are missed beyond chance for {what}: {told}. What a plan does there rests on "
        "order rates that are off by as much"
    )


def _miss(g: GroupForecast) -> str:
    if g.actual_mean == 0:
        return f"{g.group} ({g.forecast_mean:.3g} against none)"
    error = 100 * (g.forecast_mean / g.actual_mean - 1)
    return f"{g.group} {error:+.0f} % ({g.forecast_mean:.3g} against {g.actual_mean:.3g})"


def _few_repeat_buyers(summary: RepeatSummary) -> str | None:
    buyers = int((summary.frequency > 0).sum())
    if buyers >= FEW_REPEAT_BUYERS:
        return None
    fewer = f"with fewer than {FEW_REPEAT_BUYERS} the fit is a rough guess"
    return f"only {buyers} customers ordered twice or more: {fewer}"


def _not_determined(fit: FitResult[DropoutModel] | FitResult[GammaGamma], name: str) -> str | None:
    if fit.converged and not fit.at_bound:
        return None
    which = f" ({', '.join(fit.at_bound)} ran to the end of the range)" if fit.at_bound else ""
    return f"{name}: the data do not determine all parameters{which}; their errors are missing or unreliable"


def _dropout_weak(fit: FitResult[DropoutModel]) -> str | None:
    model, correlation = fit.parameters, float(fit.log_correlation[2, 3])
    relative = max(fit.se["a"] / model.a, fit.se["b"] / model.b)
    if not (correlation > 0.9 or relative > 0.3):
        return None
    return (
        f"a and b are weakly determined one by one (standard errors {100 * fit.se['a'] / model.a:.0f} % and "
        f"{100 * fit.se['b'] / model.b:.0f} %, correlation {correlation:.2f}); their ratio, the mean dropout "
        f"probability a/(a+b) = {model.mean_dropout:.3f}, is known better"
    )


def _spend_depends_on_frequency(summary: RepeatSummary) -> str | None:
    used = summary.n_positive > 0
    x, z = summary.frequency[used], summary.mean_value[used]
    if np.ptp(x) == 0:
        return None
    correlation = float(np.corrcoef(x, z)[0, 1])
    if abs(correlation) <= CORRELATION:
        return None
    more = "more" if correlation > 0 else "less"
    return (
        f"customers who order more often spend {more} per order (correlation {correlation:.2f}), but the spend model "
        "takes the two as independent: revenue of frequent customers is misjudged"
    )


def _endless_spend(spend: GammaGamma) -> str | None:
    if spend.q > 1:
        return None
    return f"q = {spend.q:.2f} is not above 1: the mean order value of new customers is infinite under this fit"
