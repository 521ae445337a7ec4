"""Made-up results in the shape of result.json. No number here comes from a simulation or a customer."""

from __future__ import annotations

import math
from typing import Any

SEGMENTS = {
    "Champions": 1_840, "Loyal": 2_410, "Potential": 3_120, "New": 1_530,
    "Big Spenders": 960, "At Risk": 2_890, "Hibernating": 10_820, "VIP": 0,
}  # fmt: skip
CHANNELS = {"email": 20_035, "push": 10_607, "sms": 11_785, "messenger": 7_071}
CURRENT = {"email": 2.0, "push": 1.0, "sms": 0.25, "messenger": 0.0}
FOUND = {
    "Champions": (3, 2, 0.5, 0.5), "Loyal": (2, 2, 0.25, 0.25), "Potential": (2, 1, 0.125, 0.25),
    "New": (2, 1, 0, 0.5), "Big Spenders": (1, 1, 0.25, 0), "At Risk": (1, 0.5, 0.25, 0),
    "Hibernating": (0.5, 0, 0, 0), "VIP": (2, 1, 0.25, 0),
}  # fmt: skip
WEEKS, TAIL_WEEKS, BASE = 26, 52, 23_570

Result = dict[str, Any]


def est(mean: float, half: float) -> dict[str, float]:
    return {"mean": mean, "ci_low": mean - half, "ci_high": mean + half}


def inc(orders: float, revenue: float, contribution: float) -> Result:
    total = {"orders": orders, "revenue": revenue, "contribution": contribution}
    return {
        "total": {key: est(value, abs(value) * 0.011) for key, value in total.items()},
        "per_customer": {key: est(value / BASE, abs(value) / BASE * 0.011) for key, value in total.items()},
    }


def envelope(command: str) -> Result:
    return {
        "schema_version": 1,
        "command": command,
        "scenario": {
            "name": "Made-up shop: how often may we write?",
            "digest": "0f3a9c41d2",
            "files": ["base.toml", "made-up.toml"],
            "currency": "USD",
            "weeks": WEEKS,
            "tail_weeks": TAIL_WEEKS,
            "as_of": "1998-06-30",
            "start": "1998-07-01",
            "base_customers": BASE,
            "simulated_customers": 94_280,
            "changes": [{"key": "channels.sms.unit_cost", "old": 0.06, "new": 0.05, "file": "made-up.toml"}],
        },
        "provenance": {
            "seed": 20260101,
            "versions": {"python": "3.11.7", "numpy": "2.4.0", "numba": "0.65.0", "contactpolicy": "0.1.0"},
            "started": "2026-01-05T09:30:00Z",
            "seconds": 41.72,
            "machine": {"cores": 2, "system": "Linux"},
        },
    }


def decay(world: str, week: int) -> float:
    """Share of the base still reachable: heavier contact burns more."""
    rate = {"plan": 0.0022, "current": 0.0046, "no_contact": 0.0004}[world]
    if week <= WEEKS:
        return math.exp(-rate * week)
    return math.exp(-rate * WEEKS) * math.exp(-0.0016 * (week - WEEKS))


def weekly(tail: bool) -> list[Result]:
    rows = []
    for world in ("plan", "current", "no_contact"):
        for week in range(1, WEEKS + (TAIL_WEEKS if tail else 0) + 1):
            for channel, reach in CHANNELS.items():
                reachable = reach * decay(world, week)
                per_week = {"plan": 0.82, "current": 1.0, "no_contact": 0.0}[world] * max(CURRENT[channel], 0.1)
                wobble = 1 + 0.04 * math.sin(week * 1.7 + len(channel))
                contacts = round(0.9 * reachable * per_week * wobble)
                rows.append(
                    {
                        "world": world,
                        "week": week,
                        "channel": channel,
                        "contacts": contacts,
                        "reachable": round(reachable),
                    }
                )
    return rows


def segments(tail: bool) -> list[Result]:
    drift = {"Champions": 0.004, "Loyal": 0.003, "At Risk": -0.006, "Hibernating": 0.002, "New": -0.02}
    push = {"plan": 0.0028, "current": 0.0011, "no_contact": -0.002}
    rows = []
    for world in ("plan", "current", "no_contact"):
        for week in range(1, WEEKS + (TAIL_WEEKS if tail else 0) + 1):
            for name, size in SEGMENTS.items():
                sign = -1 if name in ("Hibernating", "At Risk") else 1
                pull = drift.get(name, 0.001) + sign * push[world]
                customers = round(size * math.exp(pull * min(week, WEEKS + 10)))
                rows.append(
                    {"world": world, "week": week, "segment": name, "customers": customers,
                     "contacts": round(customers * 1.4), "orders": round(customers * 0.03), "revenue": round(customers * 1.1)}
                )  # fmt: skip
    return rows


def flows() -> list[Result]:
    pairs = {
        ("Champions", "Loyal"): 21, ("Loyal", "Champions"): 18, ("Loyal", "At Risk"): 34, ("Potential", "Loyal"): 29,
        ("New", "Potential"): 41, ("New", "Hibernating"): 26, ("Potential", "Hibernating"): 63, ("At Risk", "Hibernating"): 57,
        ("At Risk", "Loyal"): 12, ("Hibernating", "Potential"): 24, ("Big Spenders", "At Risk"): 8, ("Hibernating", "Big Spenders"): 6,
    }  # fmt: skip
    rows = [
        {"week": week, "from": a, "to": b, "customers": n + week % 4}
        for week in range(1, WEEKS + 1)
        for (a, b), n in pairs.items()
    ]
    stays = [{"week": 1, "from": name, "to": name, "customers": n} for name, n in SEGMENTS.items()]
    return rows + stays


def assumptions() -> list[Result]:
    rows = []
    shipped = {
        "email": (0.0053, 0.003, 0.007), "push": (0.0027, 0.001, 0.006),
        "sms": (0.013, 0.004, 0.03), "messenger": (0.0065, 0.002, 0.015),
    }  # fmt: skip
    for channel, (value, low, high) in shipped.items():
        origin = "benchmark" if channel == "email" else "assumption"
        rows.append(
            {"key": f"channels.{channel}.orders_per_contact", "value": value, "unit": "orders per contact", "origin": origin, "low": low, "high": high, "source": "made-up study"}
        )  # fmt: skip
        rows.append(
            {"key": f"channels.{channel}.unit_cost", "value": 0.002, "unit": "USD per contact", "origin": "user"}
        )
    rows.append(
        {
            "key": "behaviour.fatigue.half_life_days",
            "value": 7,
            "unit": "days",
            "origin": "assumption",
            "low": 3,
            "high": 21,
        }
    )
    rows.append({"key": "organic.r", "value": 0.5251, "unit": "", "origin": "fitted", "low": 0.48, "high": 0.57})
    rows.append({"key": "margin", "value": 0.4, "unit": "share of revenue", "origin": "user"})
    return rows


def cells(plan: dict[str, tuple[float, ...]]) -> list[Result]:
    return [
        {"segment": name, "channel": channel, "per_week": per_week}
        for name, row in plan.items()
        for channel, per_week in zip(CHANNELS, row, strict=True)
    ]


def simulate_result(*, tail: bool = True) -> Result:
    value = inc(900, 31_000, 9_210), inc(3_850, 133_400, 47_310)
    sent = {"email": 621_400, "push": 214_900, "sms": 51_980, "messenger": 18_320}
    return envelope("simulate") | {
        "plan_name": "gentler.toml",
        "plan": cells(FOUND),
        "current_plan": cells(dict.fromkeys(SEGMENTS, tuple(CURRENT.values()))),
        "incremental": {"versus_current": value[0], "versus_none": value[1]},
        "tail_value": {"versus_current": inc(260, 8_900, 3_130), "versus_none": inc(-420, -14_300, -5_060)},
        "value": {"versus_current": est(12_340, 164), "versus_none": est(42_250, 480)},
        "outcome": {"versus_none": {"outcome_low": 39_800, "outcome_high": 54_700}},
        "baseline": {"orders": 14_260, "revenue": 497_800},
        "contacts": sent,
        "unsubscribes": {"email": 742, "push": 690, "sms": 241, "messenger": 88},
        "complaints": {"email": 318, "push": 0, "sms": 14, "messenger": 21},
        "funnel": {
            "email": {"sent": sent["email"], "delivered": 602_760, "seen": 126_580, "clicked": 16_900},
            "push": {"sent": sent["push"], "delivered": 204_150, "seen": 39_800, "clicked": 6_940},
            "sms": {"sent": sent["sms"], "delivered": 51_200, "seen": 51_200, "clicked": 3_410},
            "messenger": {"sent": sent["messenger"], "delivered": 17_770, "seen": 9_760, "clicked": 1_720},
        },
        "cost": 4_652.3,
        "weekly": weekly(tail),
        "segments": segments(tail),
        "flows": flows(),
        "assumptions": assumptions(),
    }


def measured(value: float, cost: float) -> Result:
    return {
        "value": est(value, 480), "contribution": est(value * 1.12, 510), "revenue": est(value * 3.1, 1_400),
        "orders": est(value * 0.09, 41), "cost": cost,
    }  # fmt: skip


def optimize_result(*, tail: bool = True) -> Result:
    promised, delivered = measured(43_120, 4_671.0), measured(42_250, 4_652.3)
    others = {
        "no_contact": ("No contact", 0.0, 0.0, True, 42_250.0),
        "current": ("Current policy", 29_910.0, 5_240.0, True, 12_340.0),
        "uniform_best": ("Best same-for-all plan", 38_460.0, 4_980.0, True, 3_790.0),
        "all_caps": ("As often as the caps allow", 21_300.0, 11_870.0, False, 20_950.0),
    }
    baselines = {
        key: {
            **measured(value, cost),
            "label": label,
            "feasible": feasible,
            "plan": [],
            "plan_minus_this": est(gain, 170),
        }
        for key, (label, value, cost, feasible, gain) in others.items()
    }
    baselines["no_contact"] |= {key: est(0, 0) for key in ("value", "contribution", "revenue", "orders")}
    history = [
        {"round": k + 1, "value": v, "changed": c, "accepted": a}
        for k, (v, c, a) in enumerate([(38_460, 0, True), (41_720, 9, True), (43_010, 4, True), (43_120, 1, True), (43_060, 2, False)])
    ]  # fmt: skip
    return simulate_result(tail=tail) | {
        "command": "optimize",
        "plan_name": "found",
        "promised": promised,
        "delivered": delivered,
        "promised_minus_delivered": est(870, 690),
        "baselines": baselines,
        "limits": [
            {"name": "budget", "measure": "cost", "unit": "USD", "limit": 4_700, "used": 4_652.3, "share_used": 0.98985, "binding": True},
            {"name": "SMS capacity", "measure": "contacts", "channel": "sms", "unit": "contacts a week", "limit": 2_000, "used": 1_998, "share_used": 0.999, "binding": True},
            {"name": "push capacity", "measure": "contacts", "channel": "push", "unit": "contacts a week", "limit": 20_000, "used": 8_310, "share_used": 0.4155, "binding": False},
        ],
        "certificate": {
            "statement": "No single change of one segment and channel, and none of the 214 most promising exchanges of two, improves the plan by more than its error."
        },
        "search": {"rounds": 5, "evaluations": 612, "customer_days": 41_300_000_000, "seconds": 37.4, "history": history},
    }  # fmt: skip


def fit_result() -> Result:
    weeks = 39
    rows = [
        {
            "week": k,
            "forecast": 118 * math.exp(-0.014 * k),
            "actual": round(118 * math.exp(-0.015 * k) + 13 * math.sin(2.3 * k)),
        }
        for k in range(1, weeks + 1)
    ]
    organic = {
        "model": "mbg_nbd", "time_unit": "week", "r": 0.5251, "alpha": 6.1834, "a": 0.8913, "b": 1.6135,
        "log_likelihood": -9_582.43, "se": {"r": 0.0414, "alpha": 0.5221, "a": 0.1742, "b": 0.4011},
    }  # fmt: skip
    counts = [1_411, 439, 214, 100, 62, 38, 29, 64]
    return envelope("fit") | {
        "organic": organic,
        "candidates": {"bg_nbd": organic | {"model": "bg_nbd", "log_likelihood": -9_595.29}, "mbg_nbd": organic},
        "spend": {"model": "gamma-gamma", "p": 6.25, "q": 3.744, "gamma": 15.447, "log_likelihood": -4_058.4, "se": {"p": 1.19, "q": 0.29, "gamma": 4.08}},
        "backtest": {
            "weeks": weeks, "forecast": 3_532, "actual": 3_478, "error_pct": 1.55, "weekly": rows,
            "by_frequency": [
                {"frequency": str(k) if k < 7 else "7+", "customers": n, "forecast_mean": 0.21 + 0.61 * k, "actual_mean": 0.23 + 0.58 * k + 0.1 * math.sin(k)}
                for k, n in enumerate(counts)
            ],
        },
        "warnings": ["No control group: the effect of a contact cannot be learned from this data."],
        "label": "under current contacts",
        "orders": {"customers": 2_357, "orders": 6_919, "merged": 45, "duplicates": 12},
    }  # fmt: skip
