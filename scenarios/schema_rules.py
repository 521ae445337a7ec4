"""[policy]: what a scenario may say about rules of contact, and about what is sent today."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from scenarios.names import (
    Calendar,
    Days,
    Frequencies,
    Name,
    Names,
    Reaction,
    SegmentName,
    SegmentNames,
    Text,
)
from scenarios.values import STRICT, unit


class Window(BaseModel):
    """The time a cap looks at: { rolling_days = 7 }, or { calendar = "week" }."""

    model_config = STRICT

    rolling_days: Days | None = None
    """Any so many consecutive days; today is one of them."""
    calendar: Calendar | None = None
    """Instead: each week from Monday, or each month."""


class RollingWindow(BaseModel):
    """{ rolling_days = n }."""

    model_config = STRICT

    rolling_days: Days
    """Any so many consecutive days; today is one of them."""


class Contacts(BaseModel):
    """Which contacts a rule is about: those of these channels and of these message classes."""

    model_config = STRICT

    channels: Names = ()
    """Channels; empty = all."""
    classes: Names = ()
    """Message classes; empty = all but the exempt ones."""


class Cap(BaseModel):
    """[[policy.caps]]: at most ``max_contacts`` in the window."""

    model_config = STRICT

    name: Text
    """The name that reports, prices and overrides use."""
    max_contacts: Annotated[int, Field(ge=0, le=256), unit("contacts")]
    """Contacts allowed in the window; with ``points``: points."""
    window: Window
    """{ rolling_days = n }, or { calendar = "week" } or "month"."""
    channels: Names = ()
    """Channels that count, together; empty = all."""
    classes: Names = ()
    """Message classes that count; empty = all but the exempt ones."""
    segments: SegmentNames = ()
    """Segments it holds for; empty = all."""
    points: dict[Name, Annotated[int, Field(ge=0, le=256), unit("points a contact")]] = {}
    """Channel -> pressure points of one contact; channels that are not named count 1."""
    enforced: bool = True
    """false: the rule forbids nothing; contacts that break it are counted."""
    household: bool = False
    """true: contacts to all members of a household count together."""


class Cooldown(BaseModel):
    """[[policy.cooldowns]]: no contact of one kind soon after one of another kind."""

    model_config = STRICT

    name: Text
    """The name that reports use."""
    days: Days
    """Days that must have passed; 1 = not on the same day."""
    after: Contacts
    """After a contact of this kind ..."""
    forbids: Contacts
    """... none of this kind."""
    segments: SegmentNames = ()
    """Segments it holds for; empty = all."""
    enforced: bool = True
    """false: only counted."""


class Exclusion(BaseModel):
    """[[policy.exclusions]]: never one kind of contact with the other."""

    model_config = STRICT

    name: Text
    """The name that reports use."""
    between: Annotated[tuple[Contacts, ...], Field(strict=False, min_length=2, max_length=2)]
    """The two kinds of contact."""
    days: Days = 1
    """Within so many days; 1 = never on the same day."""
    segments: SegmentNames = ()
    """Segments it holds for; empty = all."""
    enforced: bool = True
    """false: only counted."""


class Prerequisite(BaseModel):
    """[[policy.prerequisites]]: contacts of one kind only soon after one of another kind."""

    model_config = STRICT

    name: Text
    """The name that reports use."""
    days: Days
    """The other contact was less than so many days ago; 1 = the same day."""
    needs: Contacts
    """Only after a contact of this kind ..."""
    allows: Contacts
    """... one of this kind may go out."""
    segments: SegmentNames = ()
    """Segments it holds for; empty = all."""
    enforced: bool = True
    """false: only counted."""


class PersonalCap(BaseModel):
    """[[policy.personal_caps]]: a cap whose limit is the customer's own."""

    model_config = STRICT

    name: Text
    """The name that reports use."""
    window: RollingWindow
    """{ rolling_days = n }."""
    shares: Annotated[
        dict[
            Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}$")],
            Annotated[float, Field(ge=0, le=1), unit("share of customers")],
        ],
        Field(min_length=1),
    ]
    """Contacts that are tolerated in the window -> share of customers who tolerate so many; the shares sum to 1."""
    channels: Names = ()
    """Channels that count, together; empty = all."""
    classes: Names = ()
    """Message classes that count; empty = all but the exempt ones."""
    segments: SegmentNames = ()
    """Segments it holds for; empty = all."""
    enforced: bool = True
    """false: only counted."""


class Floor(BaseModel):
    """[[policy.floors]]: at least so many contacts on a channel, as far as the other rules allow."""

    model_config = STRICT

    name: Text
    """The name that reports use."""
    channel: Name
    """Its regular contacts come earlier than their frequency says when the minimum asks for it."""
    min_contacts: Annotated[int, Field(ge=1, le=63), unit("contacts")]
    """Contacts in any window, at least."""
    window: RollingWindow
    """{ rolling_days = n }."""
    segments: SegmentNames = ()
    """Segments it holds for; empty = all."""


class SwitchOff(BaseModel):
    """[[policy.switch_offs]]: regular contacts stop for those who never react, until their next order."""

    model_config = STRICT

    name: Text
    """The name that reports use."""
    after_contacts: Annotated[int, Field(ge=1, le=10_000), unit("contacts")]
    """Contacts in a row without a reaction, counted channel by channel from the first simulated day."""
    channels: Names = ()
    """Channels that are switched off, each by itself; empty = all."""
    reaction: Reaction = "clicked"
    """What counts as a reaction, besides an order."""


class Current(BaseModel):
    """[policy.current]: what is sent today; a channel that is not named gets none."""

    model_config = STRICT

    default: Frequencies = {}
    """Contacts a week per channel, for every segment without an entry of its own."""
    by_segment: dict[SegmentName, Frequencies] = {}
    """Segment -> channel -> contacts a week; channels left out fall back to ``default``."""
    campaigns: Names = ()
    """Campaigns and cascades that run today."""
    offers: dict[SegmentName, dict[Name, Name]] = {}
    """Segment -> channel -> the offer that its regular contacts carry."""


class Policy(BaseModel):
    """[policy]: everything that can forbid a contact, and what is sent today."""

    model_config = STRICT

    caps: Annotated[tuple[Cap, ...], Field(strict=False)] = ()
    """Frequency caps. A scenario's caps join the inherited ones, by name; ``caps = []`` removes them all."""
    cooldowns: Annotated[tuple[Cooldown, ...], Field(strict=False)] = ()
    """B not within so many days after A."""
    exclusions: Annotated[tuple[Exclusion, ...], Field(strict=False)] = ()
    """Never A with B."""
    prerequisites: Annotated[tuple[Prerequisite, ...], Field(strict=False)] = ()
    """B only after A."""
    personal_caps: Annotated[tuple[PersonalCap, ...], Field(strict=False)] = ()
    """Caps whose limit is the customer's own."""
    floors: Annotated[tuple[Floor, ...], Field(strict=False)] = ()
    """Minimum contacts."""
    switch_offs: Annotated[tuple[SwitchOff, ...], Field(strict=False)] = ()
    """Silence for those who never react."""
    exempt_classes: Names = ("transactional",)
    """Message classes that no rule binds or counts unless it names them."""
    arbitration: Literal["priority", "arrival", "value"] = "priority"
    """What goes first where rules leave room for one: priority (cascades, campaigns, channels in their order), arrival
    (due for longer), value (larger expected contribution)."""
    suppress: Text | None = None
    """File of customers who must not be contacted, CSV or Parquet, relative to the scenario's file: ``customer_id``,
    and ``channel`` where only one channel is meant."""
    min_gap_days: Annotated[int, Field(ge=1, le=63), unit("days")]
    """Days from one contact to the next on the same channel (1 = daily is allowed)."""
    quiet_days_after_order: Annotated[int, Field(ge=0, le=365), unit("days")]
    """Full days without contact after the day of an order."""
    holdout_share: Annotated[float, Field(ge=0, lt=1), unit("share of customers")]
    """Customers who are never contacted, chosen by a hash of their id."""
    holdout_salt: Annotated[int, Field(ge=0, le=2**62)] = 0
    """Changes who is in the holdout."""
    current: Current
    """What is sent today."""
