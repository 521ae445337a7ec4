"""How far a fit may be off that was not told of past contacts: orders that contacts caused count as the customers' own.

In a steady state with f e-mails a week, each at the shipped effect e and damped by the fatigue of those before it, a
subscriber has f e exp(-kappa F) m orders a week of them, m the response of these customers relative to the reference.
Times the share who are still subscribed, on average over the history, and divided by the orders there were, that is
the share which is not their own; a world without contacts comes out too rich by it.
"""

from __future__ import annotations

import numpy as np

from scenarios.outcome import Part
from scenarios.past_contacts import moment_of
from sim.behaviour.fatigue import daily_decay
from sim.behaviour.response import reference_moment
from sim.domain import Behaviour, Channel, Response
from sim.fit._dropout_model import DropoutModel
from sim.orders import RepeatSummary
from sim.units import DAYS_PER_WEEK

PER_WEEK = (1, 2, 3)


def unknown_contacts(summary: RepeatSummary, model: DropoutModel, email: Channel, behaviour: Behaviour) -> Part:
    """Share of the repeat orders that would be due to 1, 2 or 3 e-mails a week to everybody, at the shipped effect."""
    response, fatigue = behaviour.response, behaviour.fatigue
    eta = response.rate_elasticity
    own = reference_moment(model.r, model.r / model.alpha / DAYS_PER_WEEK, eta) / moment_of(response)
    reacting = own * _reacting(summary, model, response)
    observed = float(summary.frequency.sum()) / max(float(summary.age_weeks.sum()), 1e-9)
    shares = {}
    for f in PER_WEEK:
        kept = daily_decay(fatigue.half_life_days) ** (DAYS_PER_WEEK / f)
        stock = email.delivered * email.fatigue_weight * kept / (1 - kept)
        caused = f * email.delivered * email.orders_per_contact * np.exp(-fatigue.damping * stock) * reacting
        hazard = f * email.delivered * email.unsubscribe_per_contact * np.exp(behaviour.optout.fatigue_growth * stock)
        here = _subscribed(hazard, behaviour.optout.frailty_shape, float(summary.age_weeks.max()))
        shares[str(f)] = min(float(caused * here / observed), 1.0) if observed > 0 else 1.0
    return {"orders_per_contact": email.orders_per_contact, "share_by_emails_per_week": shares}


def _subscribed(hazard: float, k: float, weeks: float) -> float:
    """Share of subscribers who have not left, on average over so many weeks of this hazard, frailty Gamma(k, k)."""
    return float(np.mean((1 + hazard * np.linspace(0.0, weeks, 101) / k) ** -k))


def _reacting(summary: RepeatSummary, model: DropoutModel, response: Response) -> float:
    """Response over the history relative to customers who are all active: some have left, and fade since."""
    ends = model.alive_probability(summary.frequency, summary.recency_weeks, summary.age_weeks)
    active = (1 - model.s * model.mean_dropout + ends) / 2  # halfway between the first order and the end
    halvings = (summary.age_days - summary.recency_days) / response.dormant_half_life_days
    faded = -np.expm1(-np.log(2) * halvings) / np.maximum(np.log(2) * halvings, 1e-9)
    weight = summary.age_weeks / max(float(summary.age_weeks.sum()), 1e-9)
    return float(weight @ (active + (1 - active) * response.dormant_share * faded))


def said(part: Part) -> str:
    """The size of the bias in words."""
    shares = part["share_by_emails_per_week"]
    told = ", ".join(f"{100 * share:.0f} %" for share in shares.values())
    return (
        "past contacts are not known: orders that they caused count as the customers' own, and a world without "
        f"contacts comes out too rich. If all had got {', '.join(shares)} e-mails a week until they left "
        f"({part['orders_per_contact']:g} orders each, at rest), about {told} of the repeat orders would be theirs; "
        "--messages takes them out"
    )
