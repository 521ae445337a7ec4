"""What a simulated world is made of: channels, behaviour, economics. Frozen, and each checks itself.

Every default is the shipped value; where it comes from stands in ``scenarios/library/base.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.checks import not_negative, positive, require, share


@dataclass(frozen=True)
class Channel:
    """A way to reach a customer: e-mail, push, SMS, messenger, call ..."""

    name: str
    unit_cost: float = 0.0
    """Cost of one contact, in the currency; paid for every send, delivered or not."""
    orders_per_contact: float = 0.0
    """Orders one delivered contact adds, summed over all days, for the rested reference customer."""
    fatigue_weight: float = 1.0
    """What one delivered contact adds to the fatigue stock (an e-mail is 1)."""
    unsubscribe_per_contact: float = 0.0
    """Chance that a rested customer of frailty 1 unsubscribes from this channel at a delivered contact."""
    complaint_per_contact: float = 0.0
    """Chance that a rested customer complains about a delivered contact."""
    delivered: float = 1.0
    """Share of sends that arrive."""
    seen: float = 1.0
    """Share of delivered contacts a rested customer sees; personal propensities spread around it."""
    clicked: float = 0.0
    """Share of delivered contacts a rested customer clicks (at most ``seen``)."""
    consent_share: float = 1.0
    """Share of customers who may be contacted here at the start: consent given and reachable."""
    message_class: str = "promo"
    """Class of the regular contacts that a plan sends here: rules may be about classes."""

    def __post_init__(self) -> None:
        here = f"channels.{self.name}"
        require(
            self.name.isidentifier() and len(self.name) <= 40,
            here,
            "a channel's name",
            self.name,
            "letters, digits and _, not starting with a digit, at most 40 characters",
        )
        not_negative(f"{here}.unit_cost", self.unit_cost)
        not_negative(f"{here}.fatigue_weight", self.fatigue_weight)
        for key in (
            "orders_per_contact",
            "unsubscribe_per_contact",
            "complaint_per_contact",
            "delivered",
            "seen",
            "clicked",
            "consent_share",
        ):
            share(f"{here}.{key}", getattr(self, key))
        require(
            self.unsubscribe_per_contact < 1,
            f"{here}.unsubscribe_per_contact",
            "must be below 1",
            self.unsubscribe_per_contact,
            "0 to below 1",
        )
        require(
            self.clicked <= self.seen,
            f"{here}.clicked",
            "more clicked than seen",
            self.clicked,
            f"at most seen = {self.seen}",
        )


@dataclass(frozen=True)
class Fatigue:
    """Contacts fill one stock shared by all channels; it drains by half every ``half_life_days``."""

    half_life_days: float = 7.0
    damping: float = 0.20
    """kappa: a contact at fatigue F stimulates exp(-kappa F) of what it does to a rested customer."""
    relief_at_order: float = 1.0
    """Factor on the stock when the customer orders (1 = no relief)."""
    dropout_growth: float = 0.0
    """Irritation: an order made at fatigue F is the last with chance 1 - (1 - p)^exp(dropout_growth F). 0 = off, the
    default: donors say that mailings irritate them (van Diepen, Donkers & Franses 2006); a field experiment of the
    same authors found no effect on giving (2009, IJRM 26:180-188)."""

    def __post_init__(self) -> None:
        positive("fatigue.half_life_days", self.half_life_days)
        not_negative("fatigue.damping", self.damping)
        share("fatigue.relief_at_order", self.relief_at_order)
        not_negative("fatigue.dropout_growth", self.dropout_growth)


@dataclass(frozen=True)
class Response:
    """What delivered contacts add in orders, and for whom."""

    half_life_days: float = 2.0
    """The stimulus of a contact fades by half in this time; its orders spread over the days accordingly."""
    rate_elasticity: float = 0.2
    """eta: the effect grows with the customer's own order rate as lambda^eta (0 = same for all)."""
    responsiveness_cv: float = 0.5
    """Spread between customers: responsiveness is lognormal with mean 1 and this coefficient of variation."""
    saturation_orders_per_day: float | None = None
    """Ceiling of the stimulated order rate of the reference customer; None = proportional to the stimulus.
    With s(A) = K (1 - exp(-A / K)) the ceiling is K; used by the preset without fatigue."""
    dormant_share: float = 0.5
    """Response of a customer who has dropped out, relative to an active one, on the day of the last order."""
    dormant_half_life_days: float = 180.0
    """... halving every so many days since the last order."""
    reference_shape: float = 0.55
    """Reference population of ``orders_per_contact``: order rates ~ Gamma(shape) ..."""
    reference_orders_per_year: float = 6.5
    """... with this mean. Fixed, so that effects never scale with the mean of the base at hand."""
    pull_forward_share: float = 0.0
    """Chance that a stimulated order is borrowed from the future: the next organic order then does not take place (no
    value, no effect on R, F and M), while its dropout draw runs all the same. In an offer's window the larger of
    this and the offer's own share holds."""
    waking_share: float = 0.0
    """Chance that a stimulated order of a customer who has dropped out brings the organic orders back (win-back)."""
    loyalty_gain: float = 0.0
    """State dependence: after a stimulated order an active customer orders by themselves at 1 + loyalty_gain times the
    rate, for ``loyalty_days`` days from the next one on. 0 = off, the default: differences between customers look just
    like it in data (Heckman 1981)."""
    loyalty_days: int = 60
    """How long; another stimulated order begins it anew."""

    def __post_init__(self) -> None:
        positive("response.half_life_days", self.half_life_days)
        share("response.rate_elasticity", self.rate_elasticity)
        not_negative("response.responsiveness_cv", self.responsiveness_cv)
        if self.saturation_orders_per_day is not None:
            positive("response.saturation_orders_per_day", self.saturation_orders_per_day)
        share("response.dormant_share", self.dormant_share)
        positive("response.dormant_half_life_days", self.dormant_half_life_days)
        share("response.pull_forward_share", self.pull_forward_share)
        share("response.waking_share", self.waking_share)
        not_negative("response.loyalty_gain", self.loyalty_gain)
        require(
            isinstance(self.loyalty_days, int) and 1 <= self.loyalty_days <= 3650,
            "response.loyalty_days", "not a number of days", self.loyalty_days, "a whole number of 1 to 3650",
        )  # fmt: skip
        positive("response.reference_shape", self.reference_shape)
        positive("response.reference_orders_per_year", self.reference_orders_per_year)


@dataclass(frozen=True)
class OptOut:
    """Unsubscribing: per channel, for good; the hazard grows with fatigue and differs between people."""

    fatigue_growth: float = 0.15
    """gamma_u: the hazard of one contact is u Z exp(gamma_u F), that of a complaint k exp(gamma_u F)."""
    frailty_shape: float = 1.0
    """k of the personal frailty Z ~ Gamma(k, k), mean 1; large k = everybody alike."""
    open_concentration: float = 2.0
    """How persistent seeing is: personal seen rates ~ Beta with this concentration (large = all alike)."""

    def __post_init__(self) -> None:
        not_negative("optout.fatigue_growth", self.fatigue_growth)
        positive("optout.frailty_shape", self.frailty_shape)
        positive("optout.open_concentration", self.open_concentration)


@dataclass(frozen=True)
class Seasonality:
    """Factors on the organic order rate by week of the year and by day of the week; () = none."""

    by_week: tuple[float, ...] = ()
    by_weekday: tuple[float, ...] = ()
    """Monday to Sunday."""

    def __post_init__(self) -> None:
        require(
            len(self.by_week) in (0, 52, 53),
            "seasonality.by_week",
            "one factor per week of the year",
            f"{len(self.by_week)} values",
            "52 or 53 factors, or none",
        )
        require(
            len(self.by_weekday) in (0, 7), "seasonality.by_weekday", "one factor per day of the week",
            f"{len(self.by_weekday)} values", "7 factors, Monday first, or none",
        )  # fmt: skip
        for key in ("by_week", "by_weekday"):
            for k, factor in enumerate(getattr(self, key)):
                positive(f"seasonality.{key}[{k}]", factor)


@dataclass(frozen=True)
class Reputation:
    """Complaints and dead addresses push a sender's messages into the spam folder, for everybody on the channel.

    Per channel, at the end of each week: damage = damage 2^(-1 / half_life_weeks) + (complaints + dead_weight x
    undelivered contacts of the week) / contacts of the week (0 without contacts). In the next week
    placement = 1 / (1 + (damage / tolerated_damage)^2) of what is delivered reaches the inbox: what a contact adds in
    orders, and the chances that it is seen and clicked, are multiplied by it. Fatigue, opt-outs and complaints are
    not: a message in the spam folder is no rest, and worse reputation must never pay. Damage starts at 0.
    """

    channels: tuple[str, ...] = ()
    """Channels it holds for, each with its own damage; () = none: reputation is off."""
    tolerated_damage: float = 0.01
    """Damage at which half of the messages miss the inbox."""
    dead_weight: float = 0.0
    """What an undelivered contact counts, relative to a complaint."""
    half_life_weeks: float = 4.0

    def __post_init__(self) -> None:
        positive("reputation.tolerated_damage", self.tolerated_damage)
        not_negative("reputation.dead_weight", self.dead_weight)
        positive("reputation.half_life_weeks", self.half_life_weeks)


@dataclass(frozen=True)
class Behaviour:
    """How customers react to contacts, and when they order anyway."""

    fatigue: Fatigue = field(default_factory=Fatigue)
    response: Response = field(default_factory=Response)
    optout: OptOut = field(default_factory=OptOut)
    seasonality: Seasonality = field(default_factory=Seasonality)
    reputation: Reputation = field(default_factory=Reputation)


@dataclass(frozen=True)
class Economics:
    """How orders become money."""

    margin: float = 0.40
    """Contribution of one unit of revenue, before contact costs."""
    discount_per_year: float = 0.10
    """Yearly discount rate of the value after the horizon."""

    def __post_init__(self) -> None:
        share("economics.margin", self.margin)
        share("economics.discount_per_year", self.discount_per_year)
