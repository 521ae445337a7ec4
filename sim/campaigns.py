"""What is sent besides the plan's regular contacts: campaigns of their own, triggered cascades; and offers."""

from __future__ import annotations

from dataclasses import dataclass

from sim.checks import not_negative, require, share
from sim.errors import InputError

CONDITIONS = ("always", "seen", "not_seen", "clicked", "not_clicked")
TRIGGERS = ("registered", "entered_segment", "days_since_order", "birthday")


@dataclass(frozen=True)
class Offer:
    """A discount that comes with a contact.

    A delivered contact opens the customer's window of ``valid_days`` days from that day on (a newer offer replaces
    an older one). Every order in the window costs its discount, those included that would have come anyway.
    """

    name: str
    discount_share: float
    """Share of the order value."""
    response_factor: float = 1.0
    """Factor on what the contact adds in orders."""
    valid_days: int = 7
    pull_forward_share: float = 0.0
    """Chance that a stimulated order in the window is borrowed from the future: the next organic order then does not
    take place (no value, no effect on R, F and M), while its dropout draw runs all the same."""

    def __post_init__(self) -> None:
        here = f"offers.{self.name}"
        _name(here, self.name)
        share(f"{here}.discount_share", self.discount_share)
        not_negative(f"{here}.response_factor", self.response_factor)
        require(1 <= self.valid_days <= 365, f"{here}.valid_days", "out of range", self.valid_days, "1 to 365 days")
        share(f"{here}.pull_forward_share", self.pull_forward_share)


@dataclass(frozen=True)
class Campaign:
    """A regular campaign beside the plan: the same frequency in every segment it is for."""

    name: str
    channel: str
    per_week: float
    segments: tuple[str, ...] = ()
    """() = all."""
    message_class: str = "info"
    response_factor: float = 1.0
    """Factor on the channel's ``orders_per_contact``; 0 for messages that sell nothing."""
    offer: str | None = None

    def __post_init__(self) -> None:
        here = f"campaigns.{self.name}"
        _name(here, self.name)
        require(0 <= self.per_week <= 7, f"{here}.per_week", "out of range", self.per_week, "0 to 7 contacts a week")
        not_negative(f"{here}.response_factor", self.response_factor)


@dataclass(frozen=True)
class Trigger:
    """What starts a cascade, on the morning of the day it becomes true."""

    kind: str
    """"registered": the customer's first day; "entered_segment": the segment has changed to ``segment``;
    "days_since_order": the latest order was exactly ``days`` days ago; "birthday": a date of each year, the
    customer's own."""
    segment: str | None = None
    days: int | None = None

    def __post_init__(self) -> None:
        require(self.kind in TRIGGERS, "trigger", "unknown trigger", self.kind, ", ".join(TRIGGERS))
        require((self.segment is not None) == (self.kind == "entered_segment"), "trigger.segment",
                "the segment entered", self.segment, "a segment, with kind entered_segment only")  # fmt: skip
        require((self.days is not None) == (self.kind == "days_since_order"), "trigger.days",
                "days since the latest order", self.days, "a number, with kind days_since_order only")  # fmt: skip
        require(self.days is None or 1 <= self.days <= 3650, "trigger.days", "out of range", self.days, "1 to 3650")


@dataclass(frozen=True)
class Step:
    """One message of a cascade."""

    channel: str
    delay_days: int = 0
    """Days after the step before was sent (the first step: after the cascade began)."""
    only_if: str = "always"
    """What the latest contact that this run of the cascade has sent must have been: "seen", "not_seen", "clicked",
    "not_clicked"; a contact that was not delivered was not seen. Before the first contact nothing was seen. A step
    whose condition fails on the day it is due is left out, and the next one counts its delay from that day."""
    response_factor: float = 1.0
    """Factor on the channel's ``orders_per_contact``."""
    offer: str | None = None
    message_class: str = "promo"

    def __post_init__(self) -> None:
        require(0 <= self.delay_days <= 365, "step.delay_days", "out of range", self.delay_days, "0 to 365 days")
        require(self.only_if in CONDITIONS, "step.only_if", "unknown condition", self.only_if, ", ".join(CONDITIONS))
        not_negative("step.response_factor", self.response_factor)


@dataclass(frozen=True)
class Cascade:
    """Messages one after the other, started by a trigger, one cascade at a time per customer.

    On a morning, triggers are looked at in the order of the cascades (their priority). A cascade that is triggered
    while another runs (or together with one of higher priority) waits in the customer's queue; when none runs, the
    waiting one of highest priority begins, at the earliest on the morning after the one before has ended. It
    ends after its last step (sent or left out) or, with ``ends_with_order``, with an order on that day's
    evening, which also takes such cascades out of the queue. A customer who is already waiting for a cascade or in
    it, or who began it less than ``repeat_after_days`` days ago, is not triggered again. Nobody in the holdout is.
    """

    name: str
    trigger: Trigger
    steps: tuple[Step, ...]
    segments: tuple[str, ...] = ()
    """Segments in which the trigger counts; () = all."""
    ends_with_order: bool = True
    patience_days: int = 7
    """A step that rules forbid waits; if it has not gone out ``patience_days`` days after it was due, it is left out.
    A step on a channel without consent is left out at once."""
    repeat_after_days: int = 30

    def __post_init__(self) -> None:
        here = f"cascades.{self.name}"
        _name(here, self.name)
        require(1 <= len(self.steps) <= 16, f"{here}.steps", "number of steps", len(self.steps), "1 to 16")
        require(0 <= self.patience_days <= 60, f"{here}.patience_days", "out of range", self.patience_days, "0 to 60")
        require(1 <= self.repeat_after_days <= 3650, f"{here}.repeat_after_days", "out of range",
                self.repeat_after_days, "1 to 3650 days")  # fmt: skip


@dataclass(frozen=True)
class Program:
    """Everything that can run beside the plan's regular contacts."""

    offers: tuple[Offer, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    cascades: tuple[Cascade, ...] = ()
    """In order of priority, at most 30."""

    def __post_init__(self) -> None:
        require(len(self.cascades) <= 30, "cascades", "too many cascades", len(self.cascades), "at most 30")
        for kind, names in (
            ("offers", [offer.name for offer in self.offers]),
            ("campaigns and cascades", [c.name for c in self.campaigns] + [c.name for c in self.cascades]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise InputError.of(kind, "two share a name", ", ".join(twice), "unique names")
        known = {offer.name for offer in self.offers}
        for where, offer in self._offers_used():
            if offer is not None and offer not in known:
                raise InputError.of(where, "unknown offer", offer, ", ".join(sorted(known)) or "no offers are defined")

    def _offers_used(self) -> list[tuple[str, str | None]]:
        used = [(f"campaigns.{campaign.name}.offer", campaign.offer) for campaign in self.campaigns]
        for cascade in self.cascades:
            used += [(f"cascades.{cascade.name}.steps[{k}].offer", step.offer) for k, step in enumerate(cascade.steps)]
        return used


def _name(here: str, name: str) -> None:
    require(name.isidentifier() and len(name) <= 40, here, "a name", name,
            "letters, digits and _, not starting with a digit, at most 40 characters")  # fmt: skip
