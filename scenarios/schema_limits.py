"""What a scenario file may say about limits and price lists: the tables under [optimize]."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from scenarios.names import ChannelName, SegmentNames, Text
from scenarios.values import STRICT, unit

MeasureName = Literal[
    "contacts", "cost", "delivered", "seen", "clicks", "unsubscribes", "complaints", "reachable", "orders", "revenue",
    "extra_orders", "extra_revenue", "customers",
]  # fmt: skip


class Limit(BaseModel):
    """[[optimize.limits]]: a rule on what a plan uses or does; exactly one ``max_``, ``min_`` or ``at_`` key."""

    model_config = STRICT

    name: Text
    """The name that reports and prices use."""
    max_cost: Annotated[float, Field(ge=0), unit("{currency} over the horizon")] | None = None
    """Contact cost over the horizon."""
    max_contacts_per_week: Annotated[float, Field(ge=0), unit("contacts a week")] | None = None
    """Contacts in every single week of the horizon: a capacity."""
    max_contacts: Annotated[float, Field(ge=0), unit("contacts over the horizon")] | None = None
    """Contacts over the horizon."""
    min_contacts: Annotated[float, Field(ge=0), unit("contacts over the horizon")] | None = None
    """Contacts over the horizon, at least: a volume that was promised."""
    max_unsubscribes: Annotated[float, Field(ge=0), unit("unsubscribes over the horizon")] | None = None
    """Unsubscribes over the horizon."""
    max_complaints: Annotated[float, Field(ge=0), unit("complaints over the horizon")] | None = None
    """Complaints over the horizon."""
    at_most: Annotated[float, Field(ge=0), unit("of the measure")] | None = None
    """Ceiling of ``measure``, or of ``measure`` / ``per``."""
    at_least: Annotated[float, Field(ge=0), unit("of the measure")] | None = None
    """Floor of ``measure``, or of ``measure`` / ``per``."""
    measure: MeasureName | None = None
    """What ``at_most`` and ``at_least`` count; ``extra_`` = over no contact."""
    per: MeasureName | None = None
    """What it is divided by: an average or a ratio."""
    channel: ChannelName | None = None
    """Only contacts on this channel count; left out = all."""
    weights: dict[ChannelName, Annotated[float, Field(ge=0)]] = {}
    """Channel -> how much one contact, click ... counts (minutes, pressure points); left out = not at all."""
    segments: SegmentNames = ()
    """Only what happens to customers while they are in these segments; left out = everybody."""
    per_segments: SegmentNames = ()
    """The denominator counts these segments: the ratio compares two groups."""
    per_all_channels: bool = False
    """The denominator counts all channels: the rule is a share."""
    every: Literal["horizon", "week"] = "horizon"
    """week: the rule holds in every single week."""
    weeks: Annotated[tuple[int, int], Field(strict=False)] | None = None
    """First and last week it holds for, counted from 1; left out = all."""
    period: Text | None = None
    """Only the weeks of this one of the periods: a budget or a capacity of a season."""
    exceptions: dict[Annotated[str, Field(pattern=r"^[1-9][0-9]*$")], Annotated[float, Field(ge=0)]] = {}
    """Week -> its own bound, of a weekly limit: { 12 = 300, 13 = 0 }."""
    enforce: Literal["hard", "soft", "report"] = "hard"
    """hard: never exceeded. soft: costs ``price_per_unit``. report: only measured."""
    price_per_unit: Annotated[float, Field(gt=0), unit("{currency} per unit beyond")] | None = None
    """Of a soft limit: what a unit beyond it costs."""


class Tier(BaseModel):
    """A step of a price list."""

    model_config = STRICT

    from_contacts: Annotated[float, Field(ge=0), unit("contacts over the horizon")]
    """From so many contacts on ..."""
    unit_cost: Annotated[float, Field(ge=0), unit("{currency} per contact")]
    """... each further one costs this."""


class Tariff(BaseModel):
    """[optimize.tariffs.CHANNEL]: what the contacts of the horizon cost, where that is not volume x unit cost."""

    model_config = STRICT

    tiers: Annotated[tuple[Tier, ...], Field(strict=False)] = ()
    """Steps of volume, ascending from 0; left out: the channel's own unit cost at any volume."""
    setup_cost: Annotated[float, Field(ge=0), unit("{currency}")] = 0.0
    """Paid once if the channel is used at all."""
    minimum_fee: Annotated[float, Field(ge=0), unit("{currency}")] = 0.0
    """The least the bill can be if the channel is used at all."""
