"""What a scenario file may say about delivery: throughput, send windows, call-centre seats."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from scenarios.names import ChannelName
from scenarios.values import STRICT, unit

Weekday = Annotated[int, Field(ge=1, le=7)]
Hour = Annotated[float, Field(ge=0, le=24)]


class Delivery(BaseModel):
    """[delivery.CHANNEL]: how fast and when messages of this channel can leave."""

    model_config = STRICT

    per_hour: Annotated[float, Field(gt=0), unit("messages an hour")]
    """Throughput of the sending platform, attempts that fail included."""
    opens_hour: Annotated[Hour, unit("hour of the day")] = 9
    """Sends from this hour on ..."""
    closes_hour: Annotated[Hour, unit("hour of the day")] = 21
    """... until this one; the rest of the day is quiet."""
    weekdays: Annotated[tuple[Weekday, ...], Field(strict=False, min_length=1)] = (1, 2, 3, 4, 5, 6, 7)
    """Days with sends, 1 = Monday."""
    failure_share: Annotated[float, Field(ge=0, lt=1), unit("share of attempts")] = 0.0
    """Attempts that fail for a passing reason."""
    retries: Annotated[int, Field(ge=0, le=20)] = 2
    """How often a failed attempt is tried again."""
    retry_after_minutes: Annotated[float, Field(gt=0), unit("minutes")] = 30
    """Pause before the next attempt."""
    on_time_hours: Annotated[float, Field(gt=0), unit("hours")] = 12
    """A message is on time if it leaves within so many hours after it was due (at the day's opening)."""


class CallCentre(BaseModel):
    """[call_centre]: calls that contacts cause, and the people who answer them."""

    model_config = STRICT

    seats: Annotated[int, Field(ge=1, le=10_000)]
    """People who answer at the same time."""
    call_minutes: Annotated[float, Field(gt=0), unit("minutes")]
    """Mean length of a call, with the work after it."""
    calls_per_contact: dict[ChannelName, Annotated[float, Field(ge=0, le=1)]]
    """Channel -> calls that one delivered contact causes."""
    patience_minutes: Annotated[float, Field(gt=0), unit("minutes")] | None = None
    """Mean time after which a waiting caller gives up; left out = nobody does."""
    call_delay_hours: Annotated[float, Field(gt=0), unit("hours")] = 2
    """Mean time from the contact to the call."""
    answer_within_minutes: Annotated[float, Field(gt=0), unit("minutes")] = 1
    """A call is answered well within so many minutes ..."""
    service_level: Annotated[float, Field(gt=0, lt=1), unit("share of calls")] = 0.8
    """... and this share of calls should be."""
    opens_hour: Annotated[Hour, unit("hour of the day")] = 9
    """Calls are taken from this hour on ..."""
    closes_hour: Annotated[Hour, unit("hour of the day")] = 21
    """... until this one."""
    weekdays: Annotated[tuple[Weekday, ...], Field(strict=False, min_length=1)] = (1, 2, 3, 4, 5, 6, 7)
    """Days with service, 1 = Monday."""
