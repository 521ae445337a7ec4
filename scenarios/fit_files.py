"""What files beside the orders say: who may be contacted, and what a contact costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from scenarios import build
from scenarios.base_files import read_customers
from scenarios.fragment import Tables, fitted_line
from scenarios.outcome import Part
from scenarios.shipped import shipped_assumptions
from sim.fit.consent import Consent, fit_consent
from sim.fit.day_grid import on_day_grid
from sim.fit.organic import OrganicFit
from sim.fit.unit_costs import UnitCost, read_unit_costs
from sim.orders import OrderLog


@dataclass(frozen=True)
class Beside:
    """Parts of a result, lines of its fragment, and what to know about them."""

    part: Part = field(default_factory=dict)
    tables: Tables = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def from_files(
    orders: OrderLog,
    plain: OrganicFit,
    until_day: int,
    *,
    consents: Path | None,
    costs: object,
    columns: Mapping[str, str] | None,
    encoding: str,
    decimal: Literal[".", ","],
) -> Beside:
    """Of the files that are given."""
    known = [channel.name for channel in build.channels(shipped_assumptions())]
    part: Part = {}
    tables: Tables = {}
    warnings: list[str] = []
    if consents is not None:
        told = read_customers(consents, orders.customer_ids, known).consent or {}
        summary = orders.summary(until_day)
        mine = {name: answers[summary.customer] for name, answers in told.items()}
        found = fit_consent(mine, plain.daily.parameters, on_day_grid(summary))
        part["consent"] = _consent_part(found, len(summary))
        for name, share in found.shares.items():
            tables[f"channels.{name}"] = [fitted_line("consent_share", share.value, share.low, share.high)]
        if found.correlation is not None:
            tables["base"] = [fitted_line("consent_rate_correlation", *found.correlation)]
        if not found.shares:
            warnings.append(f"{consents.name} tells the consent of no customer of these orders")
    if costs is not None:
        bills = read_unit_costs(costs, columns=columns, encoding=encoding, decimal=decimal)
        part["unit_costs"] = [_cost_row(bill) for bill in bills]
        for bill in bills:
            if bill.channel in known:
                line = fitted_line("unit_cost", bill.value, bill.low, bill.high)
                tables[f"channels.{bill.channel}"] = [*tables.get(f"channels.{bill.channel}", []), line]
        strange = [bill.channel for bill in bills if bill.channel not in known]
        if strange:
            warnings.append(f"bills for {', '.join(strange)} are not used: scenarios know {', '.join(known)}")
    return Beside(part, tables, tuple(warnings))


def _consent_part(found: Consent, customers: int) -> Part:
    shares = [{"channel": name} | vars(share) for name, share in found.shares.items()]
    part: Part = {"customers": customers, "shares": shares}
    if found.correlation is not None:
        part["rate_correlation"] = dict(zip(("value", "low", "high"), found.correlation, strict=True))
    return part


def _cost_row(bill: UnitCost) -> Part:
    return {key: value for key, value in vars(bill).items() if value is not None}
