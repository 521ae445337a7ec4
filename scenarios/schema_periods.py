"""What a scenario file may say about periods: [[optimize.periods]]."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from scenarios.names import Text
from scenarios.values import STRICT, unit


class Period(BaseModel):
    """[[optimize.periods]]: weeks of the horizon that get a plan of their own, until the next period begins."""

    model_config = STRICT

    name: Text
    """The name in reports, plan files and limits."""
    first_week: Annotated[int, Field(ge=1, le=260), unit("week of the horizon")]
    """Its first week, from 1; one of the periods begins in week 1."""
