"""What a scenario may say about offers, campaigns, cascades, capacities and reputation."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from scenarios.names import Condition, Name, Names, PerWeek, SegmentName, SegmentNames, Text, TriggerKind
from scenarios.values import STRICT, NotNegative, Positive, Share, unit

FACTOR_1 = NotNegative(value=1, origin="user")
NONE = NotNegative(value=0, origin="user")
NO_SHARE = Share(value=0, origin="user")


class Offer(BaseModel):
    """[offers.NAME]: a discount that comes with a contact."""

    model_config = STRICT

    discount_share: Annotated[float, Field(ge=0, le=1), unit("share of the order value")]
    """Discount on every order in the window, those included that would have come anyway."""
    response_factor: Annotated[NotNegative, unit("factor")] = FACTOR_1
    """Factor on what the contact adds in orders."""
    valid_days: Annotated[int, Field(ge=1, le=365), unit("days")] = 7
    """Days the offer is open, from the day of the contact on."""
    pull_forward_share: Annotated[Share, unit("share of stimulated orders")] = NO_SHARE
    """Stimulated orders that are borrowed from the future: the next order of one's own accord does not take place."""


class Campaign(BaseModel):
    """[campaigns.NAME]: a regular campaign beside the plan."""

    model_config = STRICT

    channel: Name
    """Its channel."""
    per_week: Annotated[PerWeek, unit("contacts a week")]
    """How often."""
    segments: SegmentNames = ()
    """Segments it is for; empty = all."""
    message_class: Name = "info"
    """Class of its messages; rules may be about classes."""
    response_factor: Annotated[NotNegative, unit("factor")] = FACTOR_1
    """Factor on the channel's ``orders_per_contact``; 0 for messages that sell nothing."""
    offer: Name | None = None
    """The offer it carries."""


class Trigger(BaseModel):
    """{ kind = "registered" }, { kind = "entered_segment", segment = "At Risk" }, { kind = "days_since_order",
    days = 60 }, { kind = "birthday" }."""

    model_config = STRICT

    kind: TriggerKind
    """registered: the first day; entered_segment: on the morning of the change; days_since_order: on that very day;
    birthday: every year."""
    segment: SegmentName | None = None
    """The segment entered."""
    days: Annotated[int, Field(ge=1, le=3650), unit("days")] | None = None
    """Days since the latest order."""


class Step(BaseModel):
    """[[cascades.NAME.steps]]: one message of a cascade."""

    model_config = STRICT

    channel: Name
    """Its channel."""
    delay_days: Annotated[int, Field(ge=0, le=365), unit("days")] = 0
    """Days after the step before (the first step: after the cascade began)."""
    only_if: Condition = "always"
    """What the latest contact of this cascade must have been; else the step is left out."""
    response_factor: Annotated[NotNegative, unit("factor")] = FACTOR_1
    """Factor on the channel's ``orders_per_contact``."""
    offer: Name | None = None
    """The offer it carries."""
    message_class: Name = "promo"
    """Class of the message; rules may be about classes."""


class Cascade(BaseModel):
    """[cascades.NAME]: messages one after the other, started by a trigger; one cascade at a time per customer."""

    model_config = STRICT

    trigger: Trigger
    """What starts it."""
    steps: Annotated[tuple[Step, ...], Field(strict=False, min_length=1, max_length=16)]
    """Its messages, in order."""
    segments: SegmentNames = ()
    """Segments in which the trigger counts; empty = all."""
    ends_with_order: bool = True
    """An order ends it."""
    patience_days: Annotated[int, Field(ge=0, le=60), unit("days")] = 7
    """A step that rules forbid waits so long, then it is left out."""
    repeat_after_days: Annotated[int, Field(ge=1, le=3650), unit("days")] = 30
    """It does not begin again for the same customer before so many days."""


class Capacity(BaseModel):
    """[[capacities]]: how much of a shared resource contacts may use, on a day and in a week; for the whole base."""

    model_config = STRICT

    name: Text
    """The name that reports use."""
    channels: Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
    """Channels whose contacts use it."""
    per_day: Annotated[float, Field(ge=0), unit("units a day")] | None = None
    """Most on any day; left out = no daily limit."""
    per_week: Annotated[float, Field(ge=0), unit("units a week")] | None = None
    """Most in any week; left out = no weekly limit."""
    exceptions: dict[
        Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}$")], Annotated[float, Field(ge=0), unit("units in that week")]
    ] = {}
    """Named weeks, counted from 1: { 12 = 300, 13 = 0 }."""
    use_per_contact: Annotated[float, Field(ge=0), unit("units a contact")] = 1.0
    """What one contact uses."""
    use_per_click: Annotated[NotNegative, unit("units a click")] = NONE
    """What the response to a contact uses, like the minutes of a call that it causes."""


class Reputation(BaseModel):
    """[reputation]: complaints and dead addresses push a sender into the spam folder, for everybody on the channel."""

    model_config = STRICT

    channels: Names = ()
    """Channels it holds for, each by itself; empty = reputation is off."""
    tolerated_damage: Annotated[Positive, unit("complaints per contact")]
    """Damage at which half of the messages miss the inbox."""
    dead_weight: Annotated[NotNegative, unit("complaints")]
    """What a contact that was not delivered counts, relative to a complaint."""
    half_life_weeks: Annotated[Positive, unit("weeks")]
    """Time in which damage halves."""


Timing = dict[SegmentName, dict[Name, Annotated[NotNegative, unit("factor")]]]
