"""Names, counts and simple values that several tables of a scenario share."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from scenarios.values import unit

Text = Annotated[str, Field(min_length=1, max_length=200)]
Column = Annotated[str, Field(min_length=1, max_length=200)]
Scalar = str | int | float | bool | dt.date

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,39}$")]
"""Of what plans and rules refer to: a channel, a campaign, a cascade, an offer, a message class."""
ChannelName = Name
SegmentName = Annotated[str, Field(pattern=r"^[^\W_][\w .,&/+-]{0,39}$")]
Names = Annotated[tuple[Name, ...], Field(strict=False)]
SegmentNames = Annotated[tuple[SegmentName, ...], Field(strict=False)]

PerWeek = Annotated[float, Field(ge=0, le=7)]
"""Contacts a week on one channel: at most one a day."""
Frequencies = dict[ChannelName, PerWeek]
Days = Annotated[int, Field(ge=1, le=63), unit("days")]
"""As far back as contacts are remembered."""

Calendar = Literal["week", "month"]
Reaction = Literal["seen", "clicked"]
Condition = Literal["always", "seen", "not_seen", "clicked", "not_clicked"]
TriggerKind = Literal["registered", "entered_segment", "days_since_order", "birthday"]
