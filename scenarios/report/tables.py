"""The rows of the tables: the result's numbers as text, in the order in which the page shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from scenarios.red_zones import base_of, by_measure, is_beyond
from scenarios.report.format import (
    Row,
    count,
    estimate_text,
    frequency,
    number,
    percent,
    scalar,
    words,
)
from scenarios.report.limits import limit_is_broken, price_texts


def cell(estimate: Row | None) -> Row:
    """A mean with its interval beneath; empty when the result does not have it."""
    if not estimate or "mean" not in estimate:
        return {"mean": "", "interval": ""}
    mean, interval = estimate_text(estimate)
    return {"mean": mean, "interval": interval}


def money_rows(result: Row, versions: list[str]) -> list[Row]:
    """One row for each measure; a total and a per-customer cell for each comparison."""
    weeks, tail_weeks = result["scenario"]["weeks"], result["scenario"].get("tail_weeks")
    currency = result["scenario"]["currency"]
    after = f"Value after the horizon ({tail_weeks} weeks)" if tail_weeks else "Value after the horizon"
    sources: list[tuple[str, str, str, str]] = [
        ("Value: the next two rows together", "value", "", currency),
        (f"Contribution in {weeks} weeks", "incremental", "contribution", currency),
        (after, "tail_value", "contribution", currency),
        (f"Revenue in {weeks} weeks", "incremental", "revenue", currency),
        (f"Orders in {weeks} weeks", "incremental", "orders", "orders"),
    ]
    rows = []
    for label, block, measure, unit in sources:
        cells = []
        for versus in versions:
            found = result.get(block, {}).get(versus, {})
            total = found.get("total", {}).get(measure) if measure else found
            each = found.get("per_customer", {}).get(measure) if measure else None
            cells.append({**cell(total), "each": cell(each)["mean"]})
        if any(item["mean"] for item in cells):
            rows.append({"label": label, "unit": unit, "cells": cells, "main": block == "value"})
    return rows


def in_order(*values: Iterable[Any]) -> list[str]:
    """Distinct values in the order in which they first appear."""
    return list(dict.fromkeys(str(item) for group in values for item in group))


def segment_names(result: Row) -> list[str]:
    plan, rows = result.get("plan", []), result.get("segments", [])
    return in_order((row["segment"] for row in plan), (row["segment"] for row in rows))


def channel_names(result: Row) -> list[str]:
    plan, now = result.get("plan", []), result.get("current_plan", [])
    return in_order(
        (row["channel"] for row in plan + now),
        result.get("contacts", {}),
        result.get("funnel", {}),
        (row["channel"] for row in result.get("weekly", [])),
    )


def by_period(result: Mapping[str, Any]) -> list[tuple[str, list[Row]]]:
    """What a plan by period does in each of them: ", autumn (weeks 1 to 8)" and its rows; [] of another plan."""
    parts: dict[str, list[Row]] = {}
    for row in result.get("plan_by_period", []):
        first, last = row["first_week"], row["last_week"]
        when = f"week {first}" if first == last else f"weeks {first} to {last}"
        parts.setdefault(f", {row['period']} ({when})", []).append(row)
    return list(parts.items())


def plan_heats(result: Row) -> list[Row]:
    """The plan, or that of each period with its name; tints are comparable between periods."""
    parts = by_period(result)
    if not parts:
        heat = plan_heat(result)
        return [] if heat is None else [{**heat, "title": ""}]
    most: dict[str, float] = {}
    for row in [*result["plan_by_period"], *result.get("current_plan", [])]:
        most[row["channel"]] = max(most.get(row["channel"], 0.0), row["per_week"])
    made = [(name.removeprefix(", "), plan_heat({**result, "plan": rows}, most)) for name, rows in parts]
    return [{**heat, "title": title} for title, heat in made if heat is not None]


def plan_heat(result: Row, most: dict[str, float] | None = None) -> Row | None:
    """Segment x channel: contacts per week, the current plan's number, how strong the tint is (0 to 1, of ``most`` by
    channel)."""
    plan = {(row["segment"], row["channel"]): row for row in result.get("plan", [])}
    if not plan:
        return None
    current = {(row["segment"], row["channel"]): row["per_week"] for row in result.get("current_plan", [])}
    segments, channels = in_order(s for s, _ in plan), in_order(c for _, c in plan)
    most = dict(most or {})
    for (_, channel), row in plan.items():
        most[channel] = max(most.get(channel, 0), row["per_week"])
    for (_, channel), now in current.items():
        most[channel] = max(most.get(channel, 0), now)
    starting = customers_at_start(result)
    rows: list[Row] = []
    for segment in segments:
        cells = [heat_cell(plan.get((segment, c)), current.get((segment, c)), most[c], bool(current)) for c in channels]
        size = starting.get(segment)
        customers = "" if size is None else f"{count(size)} customers" if size else "no customers now"
        rows.append({"segment": segment, "customers": customers, "cells": cells})
    changed = sum(item["change"] in ("up", "down") for row in rows for item in row["cells"])
    return {
        "channels": channels,
        "rows": rows,
        "changed": changed,
        "cells": len(segments) * len(channels),
        "compared": bool(current),
    }


def heat_cell(planned: Row | None, now: float | None, most: float, compared: bool) -> Row:
    if planned is None:
        return {"text": "", "tint": 0, "change": "", "note": "", "offer": ""}
    per_week = planned["per_week"]
    change, note = "", ""
    if compared and now is not None:
        change = "up" if per_week > now else "down" if per_week < now else "same"
        note = "as now" if change == "same" else f"from {frequency(now)}"
    tint = round(per_week / most, 3) if most else 0
    return {
        "text": frequency(per_week),
        "tint": tint,
        "change": change,
        "note": note,
        "offer": str(planned.get("offer", "")),
    }


def customers_at_start(result: Row) -> dict[str, float]:
    """Customers per segment in the first week of the plan's world."""
    rows = [row for row in result.get("segments", []) if row["world"] == "plan" and "customers" in row]
    first = min((row["week"] for row in rows), default=None)
    return {row["segment"]: row["customers"] for row in rows if row["week"] == first}


def limit_rows(result: Row) -> list[Row]:
    rows = []
    for row in result.get("limits", []):
        unit, limit, used = row.get("unit", ""), row.get("limit"), row.get("used")
        share = row.get("share_used")
        prices = price_texts(row, str(result["scenario"].get("currency", "")))
        floor = bool(row.get("at_least"))
        rows.append(
            {
                "name": row["name"],
                "unit": unit,
                "channel": row.get("channel", ""),
                "limit": "" if limit is None else number(limit),
                "used": "" if used is None else number(used),
                "share": "" if share is None else percent(share),
                "bar": 0 if share is None else round(min(max(share, 0), 1), 3),
                "binding": bool(row.get("binding")),
                "broken": limit_is_broken(row),
                "floor": floor,
                "price": prices[0],
                "sell": prices[1],
            }
        )
    return rows


def funnel_rows(result: Row) -> list[Row]:
    """One row per channel: how many, and which share of the step before; rates beyond a border are marked."""
    rows = []
    for channel in channel_names(result):
        steps = dict(result.get("funnel", {}).get(channel, {}))
        if "sent" not in steps and channel in result.get("contacts", {}):
            steps["sent"] = result["contacts"][channel]
        for key in ("unsubscribes", "complaints"):
            if channel in result.get(key, {}):
                steps[key] = result[key][channel]
        if steps:
            cells = [funnel_cell(steps, key, zone_of(result, channel)) for key in FUNNEL_STEPS]
            rows.append({"channel": channel, "cells": cells})
    return rows


FUNNEL_STEPS = ("sent", "delivered", "seen", "clicked", "unsubscribes", "complaints")


def zone_of(result: Mapping[str, Any], channel: str) -> dict[str, tuple[float, str]]:
    """Measure -> (border, side) of a channel, as the scenario states them."""
    return by_measure(result.get("red_zones", {}).get("borders", {}).get(channel, {}))


def red_zone_texts(result: Row) -> list[str]:
    """``email: unsubscribes 0.52% of delivered, above 0.4%``: every rate beyond its border."""
    return [
        f"{row['channel']}: {row['measure']} {percent(row['rate'])} of {row['of']}, {row['side']} "
        f"{percent(row['border'])}"
        for row in result.get("red_zones", {}).get("reached", [])
    ]


def funnel_cell(steps: dict[str, float], key: str, zone: dict[str, tuple[float, str]]) -> Row:
    if key not in steps:
        return {"count": "", "rate": "", "alarm": False}
    of = steps.get(base_of(key))
    if key == "sent" or not of:
        return {"count": count(steps[key]), "rate": "", "alarm": False}
    rate = steps[key] / of
    alarm = key in zone and is_beyond(rate, *zone[key])
    return {"count": count(steps[key]), "rate": percent(round(rate, 4)), "alarm": alarm}


def flow_matrix(result: Row) -> Row | None:
    """Moves between segments summed over the weeks of the horizon: rows from, columns to."""
    weeks = result["scenario"]["weeks"]
    moves: dict[tuple[str, str], float] = {}
    for row in result.get("flows", []):
        if row["from"] != row["to"] and row["week"] <= weeks:
            pair = (str(row["from"]), str(row["to"]))
            moves[pair] = moves.get(pair, 0) + row["customers"]
    if not any(moves.values()):
        return None
    named = in_order(segment_names(result), (name for pair in moves for name in pair))
    names = [name for name in named if any(name in pair for pair in moves)]
    most, largest = max(moves.values()), max(moves, key=lambda pair: moves[pair])
    rows = []
    for source in names:
        cells = []
        for target in names:
            moved = moves.get((source, target), 0)
            text = "" if source == target else count(moved) if moved >= 0.5 else "0"
            cells.append({"text": text, "tint": round(moved / most, 3), "self": source == target})
        leaving = sum(moves.get((source, target), 0) for target in names)
        rows.append({"segment": source, "cells": cells, "total": count(leaving)})
    entering = [count(sum(moves.get((source, target), 0) for source in names)) for target in names]
    return {
        "names": names,
        "rows": rows,
        "entering": entering,
        "largest": {"from": largest[0], "to": largest[1], "customers": count(moves[largest])},
    }


def baseline_rows(result: Row) -> list[Row]:
    """The found plan first, then every plan it was measured against."""
    rows = []
    if "delivered" in result:
        rows.append({"label": "This plan", "entry": result["delivered"], "feasible": True, "minus": ""})
    for key, entry in result.get("baselines", {}).items():
        label = str(entry.get("label", words(key)))
        minus = cell(entry.get("plan_minus_this"))
        rows.append({"label": label, "entry": entry, "feasible": entry.get("feasible", True), "minus": minus})
    measures = ("value", "contribution", "revenue", "orders")
    return [
        {
            "label": row["label"],
            "feasible": row["feasible"],
            "minus": row["minus"],
            "cells": [cell(row["entry"].get(measure)) for measure in measures],
            "cost": number(row["entry"]["cost"]) if "cost" in row["entry"] else "",
        }
        for row in rows
    ]


def change_rows(result: Row) -> list[Row]:
    return [
        {
            "key": row["key"],
            "old": scalar(row["old"]) if "old" in row else "",
            "new": scalar(row["new"]) if "new" in row else "",
            "file": row.get("file", ""),
        }
        for row in result["scenario"].get("changes", [])
        if "key" in row
    ]


def assumption_rows(result: Row) -> list[Row]:
    rows = []
    for row in result.get("assumptions", []):
        *place, name = str(row["key"]).split(".")
        low, high = row.get("low"), row.get("high")
        both = low is not None and high is not None
        rows.append(
            {
                "name": words(name),
                "place": " / ".join(map(words, place)),
                "value": scalar(row["value"]) if "value" in row else "",
                "unit": row.get("unit", ""),
                "origin": row.get("origin", ""),
                "range": f"{scalar(low)} to {scalar(high)}" if both else "",
                "source": row.get("source", ""),
            }
        )
    return rows


def origins(rows: list[Row]) -> str:
    """``9 benchmark, 4 fitted``: how many values stand on what."""
    names = in_order(row["origin"] for row in rows if row["origin"])
    return ", ".join(f"{sum(row['origin'] == name for row in rows)} {name}" for name in names)


def provenance_rows(result: Row) -> list[tuple[str, str]]:
    """What is needed to make the same numbers again."""
    scenario, made = result["scenario"], result.get("provenance", {})
    named: list[tuple[str, Any]] = [
        ("scenario", scenario.get("name")),
        ("scenario digest", scenario.get("digest")),
        ("files", scenario.get("files")),
        ("as of", scenario.get("as_of")),
        ("customers in the base", scenario.get("base_customers")),
        ("customers simulated", scenario.get("simulated_customers")),
        ("started", made.get("started")),
    ]
    rows = [(label, scalar(value)) for label, value in named if value is not None]
    if "seed" in made:
        rows.append(("seed", str(made["seed"])))
    if "seconds" in made:
        rows.append(("run time", f"{number(made['seconds'])} s"))
    for label in ("versions", "machine"):
        parts = [f"{words(str(key))} {plain(item)}" for key, item in made.get(label, {}).items()]
        if parts:
            rows.append((label, ", ".join(parts)))
    return rows


def plain(value: Any) -> str:
    """Versions and machine facts: numbers as they are."""
    return str(value) if isinstance(value, int) else scalar(value)


def search_rows(result: Row) -> list[Row]:
    return [
        {
            "round": scalar(row.get("round", index)),
            "value": number(row["value"]) if "value" in row else "",
            "changed": scalar(row["changed"]) if "changed" in row else "",
            "accepted": scalar(row["accepted"]) if "accepted" in row else "",
        }
        for index, row in enumerate(result.get("search", {}).get("history", []), start=1)
    ]
