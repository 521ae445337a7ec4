"""Kinds of names and simple values in scenario files."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field

Text = Annotated[str, Field(min_length=1, max_length=200)]
Column = Annotated[str, Field(min_length=1, max_length=200)]
ChannelName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,39}$")]
SegmentName = Annotated[str, Field(pattern=r"^[^\W_][\w .,&/+-]{0,39}$")]
PerWeek = Annotated[float, Field(ge=0, le=7)]
"""Contacts a week on one channel: at most one a day."""
Frequencies = dict[ChannelName, PerWeek]
Scalar = str | int | float | bool | dt.date

Channels = Annotated[tuple[ChannelName, ...], Field(strict=False)]
Segments_ = Annotated[tuple[SegmentName, ...], Field(strict=False)]
