"""What the contacts of each alternative do: price of an order, rates and red zones by channel, steps of cascades."""

from __future__ import annotations

from scenarios.report.format import count, percent
from scenarios.report.sections import Cell, Result, Section, Table, cell
from scenarios.report.tables import funnel_cell, zone_of

WORDS = {"seen": "opened", "clicked": "clicked", "unsubscribes": "unsubscribe", "complaints": "complain"}
"""Shares of what was delivered."""


def prices(result: Result) -> Section | None:
    """Money for one order more, and where discounts went."""
    rows = [row for row in result["alternatives"] if "cost_per_order" in row or "offer_cost" in row]
    if not rows:
        return None
    currency, offers = result["scenario"]["currency"], any("offer_cost" in row for row in rows)
    columns = ["alternative", f"cost of an additional order, {currency}"]
    columns += [f"discounts, {currency}", "of it on orders that would have come anyway", "share"] if offers else []
    table = [
        [row["name"], cell(row.get("cost_per_order")), *(_offer_cells(row.get("offer_cost")) if offers else [])]
        for row in rows
    ]
    note = "Contacts" + (" and discounts" if offers else "") + " of the horizon by orders more than without contact."
    return Section("What an order costs", "", Table(columns, table, note))


def _offer_cells(spent: Result | None) -> list[Cell | str]:
    if not spent:
        return ["", "", ""]
    total, organic = spent["total"]["mean"], spent["organic"]["mean"]
    return [cell(spent["total"]), cell(spent["organic"]), percent(organic / total) if total else ""]


def messages(result: Result) -> Section | None:
    """Rates by channel, and who can still be reached; values in a red zone are marked."""
    rows, alarm = [], False
    for row in result["alternatives"]:
        for channel, steps in row.get("funnel", {}).items():
            if not steps["sent"]:
                continue
            known = steps | {
                "unsubscribes": row["unsubscribes_by_channel"][channel],
                "complaints": row["complaints_by_channel"][channel],
            }
            found = {key: funnel_cell(known, key, zone_of(result, channel)) for key in WORDS}
            alarm |= any(item["alarm"] for item in found.values())
            rates = [f"{item['rate']}{' !' if item['alarm'] else ''}" for item in found.values()]
            ends = row["reachable_by_channel"][channel]
            rows.append([row["name"], channel, count(steps["sent"]), *rates, _left(ends["end"], ends["start"])])
    if not rows:
        return None
    columns = ("alternative", "channel", "contacts", *WORDS.values(), "still reachable")
    zones = "; ".join(f"{channel}: {_borders(result, channel)}" for channel in dict.fromkeys(row[1] for row in rows))
    note = "Shares of what was delivered; reachable at the end of the horizon, of those at its start."
    title = "What the messages do" + (" (! = in a red zone)" if alarm else "")
    return Section(title, "", Table(columns, rows, f"{note} Red zones: {zones}." if alarm else note))


def _borders(result: Result, channel: str) -> str:
    zone = zone_of(result, channel)
    return ", ".join(f"{word} {zone[key][1]} {percent(zone[key][0])}" for key, word in WORDS.items() if key in zone)


def _left(end: float, start: float) -> str:
    return percent(end / start) if start else ""


def campaigns(result: Result) -> Section | None:
    """Contacts of campaigns and of each step of cascades."""
    rows = [[row["name"], *line.values()] for row in result["alternatives"] for line in campaign_rows(row)]
    if not rows:
        return None
    columns = ("alternative", "campaign or cascade", "channel", "contacts", "of the first step")
    return Section("Campaigns and cascades", "", Table(columns, rows))


def campaign_rows(result: Result) -> list[dict[str, str]]:
    """{name, channel, contacts, share} of each campaign and each step, as text; of a result or of an alternative."""
    return [
        {
            "name": line["campaign"] + (f", step {line['step']}" if "step" in line else ""),
            "channel": line["channel"],
            "contacts": count(line["contacts"]),
            "share": percent(line["share_of_first_step"]) if "share_of_first_step" in line else "",
        }
        for line in result.get("campaign_contacts", [])
    ]
