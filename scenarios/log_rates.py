"""What a message log says about channels without any trial: delivery, complaints, and how readily customers leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scenarios.fragment import Tables, fitted_line
from scenarios.outcome import Part
from sim.domain import Behaviour, Channel
from sim.fit import optout
from sim.fit.consent import wilson
from sim.messages import MessageLog


def log_rates(sent: MessageLog, channels: Sequence[Channel], behaviour: Behaviour) -> Part:
    """``channel_rates`` and ``optouts`` of a result, and ``warnings`` about what the log cannot tell."""
    weights = {channel.name: channel.fatigue_weight for channel in channels}
    half_life = behaviour.fatigue.half_life_days
    rates, found, warnings = [], [], []
    for row in sent.rates():
        name, messages = row["channel"], row["messages"]
        arrived = round(messages * row.get("delivered", 1.0))
        told = {"delivered": (row.get("delivered"), messages), "complained": (row.get("complained"), arrived)}
        each = {key: _share(share, n) for key, (share, n) in told.items() if share is not None and n}
        if each:
            rates.append({"channel": name, **each})
        if "unsubscribed" in sent.known and messages:
            fit = optout.fit(name, optout.risks_of(sent, name, weights, half_life))
            if fit is None:
                warnings.append(f"fewer than {optout.FEW} customers left {name}: how readily they do stays as it was")
            else:
                found.append(vars(fit) | {"assumed_half_life_days": half_life})
                warnings += _open_ends(fit)
    return {"channel_rates": rates, "optouts": found, "warnings": warnings}


def _share(share: float, n: int) -> dict[str, float]:
    low, high = wilson(share, n)
    return {"value": share, "low": low, "high": high}


def _open_ends(fit: optout.OptOut) -> list[str]:
    if fit.growth_known:
        return []
    return [
        f"how the readiness to leave {fit.channel} grows with pressure is not told by this log (gamma from "
        f"{fit.growth_low:g} upwards fits equally well): pressure hardly differed between customers. Arms with "
        "different frequencies, or a stop of some weeks, would tell"
    ]


def rates_tables(part: Part, known: Sequence[str]) -> Tables:
    """Keys of scenarios for what was fitted, for channels that scenarios know."""
    tables: Tables = {}
    for name in known:
        keys = [line for row in part["channel_rates"] if row["channel"] == name for line in _rate_lines(row)]
        keys += [_line("unsubscribe_per_contact", row, "hazard") for row in part["optouts"] if row["channel"] == name]
        tables[f"channels.{name}"] = keys
    told = [row for row in part["optouts"] if row["growth_known"] and row["channel"] in known]
    if told:
        most = max(told, key=lambda row: int(row["left"]))
        tables["optout"] = [f"# from {most['channel']}", _line("fatigue_growth", most, "growth")]
        tables["optout"] += [_line("frailty_shape", most, "frailty")] if most["frailty_known"] else []
    return tables


def _rate_lines(row: Part) -> list[str]:
    names = {"delivered": "delivered", "complained": "complaint_per_contact"}
    return [fitted_line(key, **row[told]) for told, key in names.items() if told in row]


def _line(key: str, row: dict[str, Any], told: str) -> str:
    return fitted_line(key, row[told], row[f"{told}_low"], row[f"{told}_high"])
