"""Throughput and seats that a plan needs, for ``require``: the same play through windows and calls as ``deliver``.

Seats are counted for messages that leave at the throughput that is needed, or that there is, if that is more.
"""

from __future__ import annotations

from scenarios.delivering import plan_delivery
from scenarios.load import LoadedScenario
from scenarios.outcome import Part
from scenarios.vary import varied
from scenarios.words import dotted
from sim.policy import Frequencies

WEEKS = 4
"""That are played through, or the horizon if it is shorter."""


def delivery_needs(loaded: LoadedScenario, plan: Frequencies, *, seed: int, threads: int | None) -> Part:
    """The ``delivery`` of the answer; nothing where the scenario says nothing about windows and seats."""
    scenario = loaded.scenario
    if not scenario.delivery and scenario.call_centre is None:
        return {}
    weeks = min(WEEKS, scenario.horizon.weeks)
    found = plan_delivery(loaded, plan=plan, weeks=weeks, seed=seed, threads=threads).result
    more = {
        row["channel"]: row["per_hour_needed"]
        for row in found["channels"]
        if row.get("per_hour_needed", 0) > row["per_hour"]
    }
    if more and scenario.call_centre is not None:  # messages that leave faster bring their calls closer together
        widened = [f"delivery.{dotted((name,))}.per_hour={rate!r}" for name, rate in more.items()]
        faster = varied(loaded, widened, "--target")
        found["calls"] = plan_delivery(faster, plan=plan, weeks=weeks, seed=seed, threads=threads).result["calls"]
    channels = ("channel", "on_time_hours", "per_hour", "per_hour_needed")
    calls = ("calls", "seats", "seats_needed", "service_level", "answer_within_minutes")
    needs: Part = {
        "weeks": weeks,
        "target_share": found["target_share"],
        "channels": [{key: row[key] for key in channels if key in row} for row in found["channels"]],
    }
    if "calls" in found:
        needs["calls"] = {key: found["calls"][key] for key in calls if key in found["calls"]}
    return {"delivery": needs}


def needs_in_words(needs: Part) -> str:
    """``8,000 messages an hour by email, 12 seats``; empty where there is nothing to say."""
    said = []
    for row in needs.get("channels", []):
        if "per_hour_needed" in row:
            said.append(f"{row['per_hour_needed']:,.0f} messages an hour by {row['channel']}")
        else:
            said.append(f"another send window for {row['channel']}")
    calls = needs.get("calls")
    if calls:
        said.append(
            f"{calls['seats_needed']} seat{'s' * (calls['seats_needed'] != 1)}"
            if "seats_needed" in calls
            else "more seats than can be tried"
        )
    return ", ".join(said)
