"""What a scenario file may say about red zones: rates of a channel that call for a look."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from scenarios.values import STRICT, unit

Rate = Annotated[float, Field(ge=0, le=1)]


class RedZone(BaseModel):
    """[red_zones.CHANNEL]: borders that results are held against; a key that is left out is not looked at."""

    model_config = STRICT

    delivered_below: Annotated[Rate, unit("share of contacts sent")] | None = None
    """Bounces and spam folders: the list or the sender is in trouble."""
    seen_below: Annotated[Rate, unit("share of contacts delivered")] | None = None
    """Messages that hardly anybody looks at."""
    clicked_below: Annotated[Rate, unit("share of contacts delivered")] | None = None
    """Messages that hardly anybody follows."""
    unsubscribes_above: Annotated[Rate, unit("per delivered contact")] | None = None
    """The base is being burnt."""
    complaints_above: Annotated[Rate, unit("per delivered contact")] | None = None
    """Providers begin to block the sender."""
