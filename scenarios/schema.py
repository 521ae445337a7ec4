"""What a scenario file may say: every table and key, with meaning, unit and range.

Fields have no default where ``library/base.toml`` ships a value: there is one place for shipped numbers.
Relations between keys are in ``scenarios/relations.py``; this file holds one key at a time.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from scenarios.names import ChannelName, Column, Name, PerWeek, Scalar, SegmentName, Text
from scenarios.schema_delivery import CallCentre, Delivery
from scenarios.schema_limits import Limit, Tariff
from scenarios.schema_periods import Period
from scenarios.schema_program import Campaign, Capacity, Cascade, Offer, Reputation, Timing
from scenarios.schema_red_zones import RedZone
from scenarios.schema_rules import Policy
from scenarios.values import (
    STRICT,
    AboveOne,
    Correlation,
    Factors,
    Hazard,
    NotNegative,
    Positive,
    Share,
    unit,
)

OrderModelName = Literal["bg-nbd", "mbg-nbd", "mbg-cnbd"]


class Columns(BaseModel):
    """[base.columns]: what the order file calls its columns."""

    model_config = STRICT

    customer_id: Column = "customer_id"
    """Column that identifies the customer."""
    order_date: Column = "order_date"
    """Column with the day of the order."""
    order_value: Column = "order_value"
    """Column with the value of the order, in the scenario's currency."""


class OrderModel(BaseModel):
    """Parameters of the order process, (M)BG/NBD or MBG/CNBD-k, and of spend, Gamma-Gamma. Time is counted in weeks."""

    model_config = STRICT

    model: OrderModelName
    """bg-nbd: customers may leave after a repeat order; mbg-nbd: also after the first; mbg-cnbd: so, and orders come
    evenly (``k``)."""
    r: Annotated[Positive, unit("")]
    """Shape of the order rates, lambda ~ Gamma(r, alpha)."""
    alpha: Annotated[Positive, unit("weeks")] | None = None
    """Rate of the order rates: their mean is r / alpha orders a week. Or give ``mean_orders_per_year``."""
    mean_orders_per_year: Annotated[Positive, unit("orders a year")] | None = None
    """Mean order rate of the customers, instead of ``alpha`` (a year has 365 days)."""
    k: Annotated[int, Field(ge=1, le=20), unit("ticks")] = 1
    """With mbg-cnbd: every k-th tick of a customer's clock is an order, and lambda is the rate of the ticks: r / alpha
    a week on average, k to an order. 1 = orders as if by chance, 4 = quite even."""
    a: Annotated[Positive, unit("")]
    """Dropout after an order, p ~ Beta(a, b)."""
    b: Annotated[Positive, unit("")]
    """Dropout after an order, p ~ Beta(a, b)."""
    p: Annotated[Positive, unit("")]
    """Shape of order values around the customer's own mean, Gamma(p, nu); 1 is exponential."""
    q: Annotated[AboveOne, unit("")]
    """Shape of nu ~ Gamma(q, gamma); above 1, or the mean order value is infinite. Large = all alike."""
    gamma: Annotated[Positive, unit("{currency}")]
    """Rate of nu ~ Gamma(q, gamma): the mean order value is p gamma / (q - 1)."""


class Base(BaseModel):
    """[base]: whose customers: real ones from ``orders``, or ``synthetic = N``."""

    model_config = STRICT

    orders: Text | None = None
    """File of orders, CSV or Parquet, relative to the scenario's file; ``library:`` names bundled data."""
    columns: Columns = Columns()
    """What the file calls its columns."""
    where: dict[Column, Scalar] = {}
    """Keep only rows in which every column named here has this value."""
    as_of: dt.date | None = None
    """Last day of the data; the simulation starts the day after."""
    until: dt.date | None = None
    """Last day of the orders that are fitted; later ones, up to ``as_of``, test the fit. Default ``as_of``."""
    duplicates: Literal["keep", "drop", "refuse"] = "keep"
    """Rows that are equal in every column: counted and kept, dropped, or refused."""
    refunds: Literal["refuse", "net", "drop"] = "refuse"
    """Negative order values: refused, netted against the customer's orders, or dropped."""
    model: Literal["best", "bg-nbd", "mbg-nbd", "mbg-cnbd"] = "best"
    """Order process: the one that wins on held-out orders, or this one."""
    history_contacts: Literal["none", "current", "messages"] = "current"
    """Past orders: all taken as the customers' own; or the current policy was in force and caused its part of them; or
    ``messages`` did, a log of all messages since the first order."""
    fitted_model: OrderModel | None = None
    """Parameters to take instead of fitting the orders; ``contactpolicy fit`` writes them."""
    synthetic: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    """Number of customers of an invented base (instead of ``orders``)."""
    synthetic_model: OrderModel | None = None
    """Order process and spend of an invented base."""
    tenure_days: Annotated[int, Field(ge=0, le=3650)] = 0
    """Invented base: days since everybody's first order when the simulation starts; 0 = ordered today."""
    simulated_customers: Annotated[int, Field(ge=1, le=1_000_000_000)] = 100_000
    """Customers simulated: whole copies of the base with independent draws. Totals mean the base itself."""
    customers: Text | None = None
    """File of what is known of customers, CSV or Parquet, relative to the scenario's file: ``customer_id`` and any of
    ``birthday``, ``household_id``, ``consent_CHANNEL`` (yes or no; empty = unknown, drawn by ``consent_share``)."""
    messages: Text | None = None
    """File of past messages, CSV or Parquet: ``customer_id``, ``sent_at``, ``channel`` (and ``delivered``,
    ``unsubscribed``, ``holdout``). Customers start where these leave them: caps, gaps, fatigue, stimulus, consent."""
    message_columns: dict[Column, Column] = {}
    """Our name -> the name in that file, where they differ."""
    new_customers_per_week: Annotated[NotNegative, unit("customers a week")] | None = None
    """Customers who register during the simulation, with a first order; left out = none."""
    assumed_birthdays: bool = False
    """true: birthdays that no file tells are spread evenly over the year."""
    assumed_household_size: Annotated[int, Field(ge=1, le=100), unit("customers")] = 1
    """Customers that no file puts into a household form households of so many; 1 = they live alone."""
    start: Literal["current_policy", "rested"] = "current_policy"
    """Fatigue, stimulus and cap windows on day 0: as ``messages`` and, before them, the current policy leave them; or
    nobody contacted."""
    consent_rate_correlation: Annotated[Correlation, unit("correlation")]
    """Correlation between a customer's order rate and being reachable (0 = unrelated)."""


class Horizon(BaseModel):
    """[horizon]: how long a plan runs and how long its consequences are followed."""

    model_config = STRICT

    weeks: Annotated[int, Field(ge=1, le=260), unit("weeks")]
    """Weeks of the plan."""
    tail_weeks: Annotated[int, Field(ge=0, le=520), unit("weeks")]
    """Weeks after it, in which every world goes on under the plan in question: they value what each leaves behind."""
    start: dt.date | None = None
    """First simulated day; default the day after ``base.as_of``."""


class Segments(BaseModel):
    """[segments]: recency, frequency and monetary scores, 1 (worst) to 3 (best), and names for the cells."""

    model_config = STRICT

    borders: Literal["fixed", "quantiles"] = "fixed"
    """fixed: the three lists below. quantiles: from the customers with an order in the window."""
    scores: Annotated[int, Field(ge=2, le=5)] = 3
    """Number of scores per letter when borders are quantiles."""
    recency_borders_days: (
        Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False), unit("days")] | None
    ) = None
    """Days since the last order, ascending: up to the first border is the best score."""
    frequency_borders: (
        Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False), unit("orders in the window")] | None
    ) = None
    """Orders in the window, ascending: from border k on the score is k + 2."""
    monetary_borders: (
        Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(strict=False), unit("{currency}")] | None
    ) = None
    """Order value in the window, ascending: from border k on the score is k + 2."""
    window_days: Annotated[int, Field(ge=7, le=3650), unit("days")] = 365
    """Rolling window of frequency and monetary value."""
    monetary: Literal["mean", "total"] = "mean"
    """Monetary value of a customer: mean or total order value in the window."""
    recompute_days: Annotated[int, Field(ge=1, le=364), unit("days")] = 1
    """Segments are recomputed every so many days."""
    map: dict[SegmentName, Annotated[tuple[Text, ...], Field(strict=False)]]
    """Name -> patterns of R, F, M scores: "323", "3*2", "[12]1*". Every cell exactly once, in report order."""


class Channel(BaseModel):
    """[channels.NAME]: a way to reach a customer."""

    model_config = STRICT

    enabled: bool = True
    """false: as if the channel were not there; what caps, plans and levels say about it is passed over."""
    unit_cost: Annotated[NotNegative, unit("{currency} per contact")]
    """Cost of one contact; paid for every send, delivered or not."""
    orders_per_contact: Annotated[Share, unit("orders per delivered contact")]
    """Orders that one delivered contact adds, over all days, for the rested reference customer."""
    fatigue_weight: Annotated[NotNegative, unit("e-mails")]
    """Fatigue of one delivered contact, in e-mails (an e-mail is 1)."""
    unsubscribe_per_contact: Annotated[Hazard, unit("per delivered contact")]
    """Chance that a rested customer unsubscribes from this channel at one delivered contact."""
    complaint_per_contact: Annotated[Share, unit("per delivered contact")]
    """Chance that a rested customer complains about one delivered contact; it grows with fatigue as opt-outs do."""
    delivered: Annotated[Share, unit("share of contacts sent")]
    """Share of contacts that arrive."""
    seen: Annotated[Share, unit("share of contacts delivered")]
    """Share of delivered contacts that a rested customer sees."""
    clicked: Annotated[Share, unit("share of contacts delivered")]
    """Share of delivered contacts that a rested customer clicks; at most ``seen``."""
    consent_share: Annotated[Share, unit("share of customers")]
    """Customers who may be contacted here at the start: consent given and reachable."""
    message_class: Name = "promo"
    """Class of the plan's regular contacts here; rules may be about classes."""


class Fatigue(BaseModel):
    """[fatigue]: contacts of all channels fill one stock that drains by half every ``half_life_days``."""

    model_config = STRICT

    half_life_days: Annotated[Positive, unit("days")]
    """Time in which fatigue halves without contacts."""
    damping: Annotated[NotNegative, unit("per e-mail of fatigue")]
    """kappa: at fatigue F a contact has exp(-kappa F) of its rested effect."""
    relief_at_order: Annotated[Share, unit("factor")]
    """Factor on the fatigue of a customer who orders (1 = no relief)."""
    dropout_growth: Annotated[NotNegative, unit("per e-mail of fatigue")]
    """Irritation: the hazard to drop out at an order grows as exp(dropout_growth F) with fatigue F (0 = off)."""


class Response(BaseModel):
    """[response]: what delivered contacts add in orders, and for whom."""

    model_config = STRICT

    half_life_days: Annotated[Positive, unit("days")]
    """Time in which the stimulus of a contact halves."""
    rate_elasticity: Annotated[Share, unit("elasticity")]
    """eta: the effect grows with the customer's own order rate as rate^eta (0 = the same for all)."""
    responsiveness_cv: Annotated[NotNegative, unit("coefficient of variation")]
    """Spread of responsiveness between customers, lognormal with mean 1."""
    saturation_orders_per_day: Annotated[Positive, unit("orders a day")] | None = None
    """Ceiling of the stimulated order rate of the reference customer; left out = proportional."""
    dormant_share: Annotated[Share, unit("share of the response of an active customer")]
    """Response of a customer who has dropped out, on the day of the last order."""
    dormant_half_life_days: Annotated[Positive, unit("days")]
    """... halving every so many days since the last order."""
    pull_forward_share: Annotated[Share, unit("share of stimulated orders")]
    """Stimulated orders borrowed from the future: the next order of one's own accord does not take place."""
    waking_share: Annotated[Share, unit("share of stimulated orders of the dormant")]
    """Stimulated orders of customers who had dropped out that bring them back to ordering by themselves."""
    loyalty_gain: Annotated[NotNegative, unit("share of the own order rate")]
    """What a stimulated order adds to the rate of orders of one's own accord (0 = off) ..."""
    loyalty_days: Annotated[int, Field(ge=1, le=3650), unit("days")] = 60
    """... for so many days."""
    reference_shape: Annotated[Positive, unit("")]
    """Reference population of ``orders_per_contact``: order rates ~ Gamma(shape) ..."""
    reference_orders_per_year: Annotated[Positive, unit("orders a year")]
    """... with this mean."""


class OptOut(BaseModel):
    """[optout]: unsubscribing, per channel and for good."""

    model_config = STRICT

    fatigue_growth: Annotated[NotNegative, unit("per e-mail of fatigue")]
    """gamma_u: the chances to unsubscribe and to complain grow as exp(gamma_u F) with fatigue F."""
    frailty_shape: Annotated[Positive, unit("")]
    """k of the personal factor Z ~ Gamma(k, k), mean 1; large = everybody alike."""
    open_concentration: Annotated[Positive, unit("")]
    """How persistent seeing is: personal shares ~ Beta with this concentration; large = all alike."""


class Seasonality(BaseModel):
    """[seasonality]: factors on the organic order rate."""

    model_config = STRICT

    by_week: Annotated[Factors, unit("factor")] = Factors(value=())
    """One factor per week of the year, 52 or 53 of them; empty = no seasons. ``contactpolicy fit`` writes them."""
    by_weekday: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(strict=False), unit("factor")] = ()
    """One factor per day of the week, Monday first; empty = all days alike."""


class Economics(BaseModel):
    """[economics]: how orders become money."""

    model_config = STRICT

    margin: Annotated[Share, unit("share of revenue")]
    """Contribution of one unit of revenue, before contact costs."""
    discount_per_year: Annotated[Share, unit("per year")]
    """Discount rate of the value after the horizon."""


class Optimize(BaseModel):
    """[optimize]: what the best plan is sought among, and what it must obey."""

    model_config = STRICT

    objective: Literal["contribution", "revenue", "orders", "reach"]
    """What is maximized, over no contact: margin minus contact costs, revenue, orders, or customers kept reachable."""
    levels_per_week: dict[
        ChannelName, Annotated[tuple[PerWeek, ...], Field(strict=False, min_length=1), unit("contacts a week")]
    ]
    """Channel -> the frequencies a plan may choose, ascending."""
    tail: Literal["found", "current"] = "found"
    """The plan that goes on after the horizon, in all worlds alike: the found one, or the current policy again."""
    under: Literal["stated", "mean", "worst_decile", "regret"] = "stated"
    """What the plan must be best under: the stated numbers; or, over ``worlds`` drawn from the intervals of the numbers
    and the fatigue presets, in the mean, in the worst tenth, or in the greatest regret."""
    worlds: Annotated[int, Field(ge=4, le=200)] = 20
    """Worlds drawn, where ``under`` asks for them."""
    search_customers: Annotated[int, Field(ge=1, le=100_000_000)]
    """Customers simulated during the search; the found plan is valued on fresh ones."""
    periods: Annotated[tuple[Period, ...], Field(strict=False)] = ()
    """Weeks or seasons with plans of their own; they join the inherited ones, by name; left out or ``periods = []``:
    one plan for the whole horizon."""
    limits: Annotated[tuple[Limit, ...], Field(strict=False)] = ()
    """Limits. A scenario's limits join the inherited ones, by name; ``limits = []`` removes them all."""
    tariffs: dict[ChannelName, Tariff] = {}
    """Channel -> price list, where the price depends on the volume."""


class Scenario(BaseModel):
    """A complete scenario: the file, everything it extends, and the overrides."""

    model_config = STRICT

    name: Annotated[str, Field(max_length=200)] = ""
    """The question this scenario asks, in a few words; default the file's name."""
    notes: str = ""
    """Anything a reader should know."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """ISO code of the one currency of all money, like USD."""
    base: Base
    horizon: Horizon
    segments: Segments
    channels: Annotated[dict[ChannelName, Channel], Field(min_length=1, max_length=16)]
    """Name -> channel, in order of precedence: where a rule leaves room for one contact, the first one gets it."""
    fatigue: Fatigue
    response: Response
    optout: OptOut
    seasonality: Seasonality = Seasonality()
    economics: Economics
    reputation: Reputation
    """What complaints and dead addresses do to delivery."""
    timing: Timing = {}
    """Segment -> channel -> factor on what a contact adds in orders, for the time of day that suits them; else 1."""
    offers: dict[Name, Offer] = {}
    """Name -> discount that contacts may carry."""
    campaigns: dict[Name, Campaign] = {}
    """Name -> regular campaign beside the plan; it runs where a plan names it."""
    cascades: Annotated[dict[Name, Cascade], Field(max_length=30)] = {}
    """Name -> triggered chain of messages, in order of priority; it runs where a plan names it."""
    capacities: Annotated[tuple[Capacity, ...], Field(strict=False)] = ()
    """Shared resources; they join the inherited ones, by name; ``capacities = []`` removes them all."""
    policy: Policy
    optimize: Optimize
    delivery: dict[ChannelName, Delivery] = {}
    """Channel -> throughput and send window; a channel that is not named leaves at once."""
    red_zones: dict[ChannelName, RedZone] = {}
    """Channel -> rates that call for a look; reports mark them."""
    call_centre: CallCentre | None = None
    """Left out = contacts cause no calls."""
