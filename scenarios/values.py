"""Numbers with an origin: every model parameter is a plain number or { value, origin, low, high, source }."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

STRICT = ConfigDict(
    extra="forbid",
    frozen=True,
    strict=True,
    allow_inf_nan=False,
    use_attribute_docstrings=True,
    validate_default=True,
)
"""What every table of a scenario obeys: no unknown key, no silent conversion, no NaN, no later change."""

Origin = Literal["benchmark", "fitted", "user", "assumption"]
"""Where a number comes from: published, estimated from the data, stated by the user, or merely assumed."""


def unit(text: str) -> Any:
    """The unit of a key, as reports print it; ``{currency}`` stands for the scenario's currency."""
    return Field(json_schema_extra={"unit": text})


class Quantity(BaseModel):
    """A number that knows its origin; a plain number in the file is one the user states."""

    model_config = STRICT
    limits: ClassVar[dict[str, float]] = {}
    """Range of the number, in the words of JSON Schema."""

    value: float
    """The number itself, in the unit of its key."""
    origin: Origin = "user"
    """benchmark (published), fitted (from data), user (stated) or assumption."""
    low: float | None = None
    """Lower end of the plausible interval, same unit."""
    high: float | None = None
    """Upper end of the plausible interval, same unit."""
    source: str | None = None
    """Where the number comes from, for a reader who wants to check it."""
    unit: str | None = None
    """The unit, if you like to see it in the file; it must be the unit of the key (nothing is converted)."""

    @model_validator(mode="before")
    @classmethod
    def _from_plain_number(cls, given: object) -> object:
        if isinstance(given, (int, float)) and not isinstance(given, bool):
            return {"value": given}
        return given

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        table = handler.resolve_ref_schema(handler(core_schema))
        return {"anyOf": [{"type": "number", **cls.limits}, table]}


class NotNegative(Quantity):
    """0 or more."""

    limits = {"minimum": 0}
    value: Annotated[float, Field(ge=0)]
    low: Annotated[float, Field(ge=0)] | None = None
    high: Annotated[float, Field(ge=0)] | None = None


class Positive(Quantity):
    """More than 0."""

    limits = {"exclusiveMinimum": 0}
    value: Annotated[float, Field(gt=0)]
    low: Annotated[float, Field(gt=0)] | None = None
    high: Annotated[float, Field(gt=0)] | None = None


class AboveOne(Quantity):
    """More than 1."""

    limits = {"exclusiveMinimum": 1}
    value: Annotated[float, Field(gt=1)]
    low: Annotated[float, Field(gt=1)] | None = None
    high: Annotated[float, Field(gt=1)] | None = None


class Share(Quantity):
    """A share or probability, 0 to 1."""

    limits = {"minimum": 0, "maximum": 1}
    value: Annotated[float, Field(ge=0, le=1)]
    low: Annotated[float, Field(ge=0, le=1)] | None = None
    high: Annotated[float, Field(ge=0, le=1)] | None = None


class Hazard(Quantity):
    """A chance that is never certain, 0 to below 1."""

    limits = {"minimum": 0, "exclusiveMaximum": 1}
    value: Annotated[float, Field(ge=0, lt=1)]
    low: Annotated[float, Field(ge=0, lt=1)] | None = None
    high: Annotated[float, Field(ge=0, lt=1)] | None = None


class Correlation(Quantity):
    """A correlation, above -1 and below 1."""

    limits = {"exclusiveMinimum": -1, "exclusiveMaximum": 1}
    value: Annotated[float, Field(gt=-1, lt=1)]
    low: Annotated[float, Field(gt=-1, lt=1)] | None = None
    high: Annotated[float, Field(gt=-1, lt=1)] | None = None


Factor = Annotated[float, Field(gt=0)]
FactorList = Annotated[tuple[Factor, ...], Field(strict=False)]


class Factors(BaseModel):
    """Several factors that know their origin together; a plain list in the file is one the user states."""

    model_config = STRICT

    value: FactorList
    """The factors themselves, in order."""
    origin: Origin = "user"
    """benchmark (published), fitted (from data), user (stated) or assumption."""
    low: FactorList | None = None
    """Lower ends of their plausible intervals, as many."""
    high: FactorList | None = None
    """Upper ends of their plausible intervals, as many."""
    source: str | None = None
    """Where they come from, for a reader who wants to check them."""

    @model_validator(mode="before")
    @classmethod
    def _from_plain_list(cls, given: object) -> object:
        return {"value": given} if isinstance(given, (list, tuple)) else given

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        table = handler.resolve_ref_schema(handler(core_schema))
        return {"anyOf": [table["properties"]["value"], table]}
