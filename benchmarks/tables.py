"""From last.json to RESULTS.md and to the terminal."""

from __future__ import annotations

from typing import Any

HEAD = """# Benchmarks: the last readings

Made by `python -m benchmarks` (or `make bench`). Middle, smallest and largest of several runs; the bar is what we
want, not what a test asserts. Nobody reserved the machine: the load is the number of running processes over the last
minute when the case began and ended, its own included. A load at the beginning well above 0 means a busy machine, and
times that are too long.
"""


def number(value: float) -> str:
    """Three digits that matter; from a thousand on a decimal, if there is one."""
    if abs(value) >= 1_000:
        return f"{value:,.0f}" if value == round(value) or abs(value) >= 20_000 else f"{value:,.1f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"


def verdict(reading: dict[str, Any]) -> str:
    """Whether the bar is met, or nothing."""
    if "bar" not in reading or "median" not in reading:
        return ""
    least = reading["bar_is"] == "at least"
    met = reading["median"] >= reading["bar"] if least else reading["median"] <= reading["bar"]
    return "met" if met else "missed"


def bar(reading: dict[str, Any]) -> str:
    """The bar in words."""
    return f"{reading['bar_is']} {number(reading['bar'])}" if "bar" in reading else ""


def case_table(case: dict[str, Any]) -> list[str]:
    """Markdown of one case."""
    lines = [f"## {case['title']} (`{case['name']}`)", ""]
    if case.get("not_run"):
        return [*lines, case["not_run"], ""]
    quick = "a quick look, " if case["quick"] else ""
    busy = " **The machine was busy.**" if is_busy(case) else ""
    lines += [f"{quick}{case['date']}, load {case['load_before']} before and {case['load_after']} after.{busy}", ""]
    lines += ["| what | middle | smallest | largest | runs | unit | bar | |", "|---|--:|--:|--:|--:|---|---|---|"]
    notes: list[str] = []
    for reading in case["readings"]:
        mark = ""
        if "note" in reading:
            notes.append(reading["note"])
            mark = f" ({len(notes)})"
        numbers = [number(reading[key]) if key in reading else "" for key in ("median", "min", "max")]
        cells = [
            reading["name"] + mark,
            *numbers,
            str(reading["runs"]),
            reading["unit"],
            bar(reading),
            verdict(reading),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    if notes:
        lines += ["", " · ".join(f"({k}) {note}" for k, note in enumerate(notes, 1))]
    return [*lines, ""]


def is_busy(case: dict[str, Any]) -> bool:
    """More running than this case brought along."""
    return bool(case["load_before"] > 0.5)


def page(last: dict[str, Any], names: list[str]) -> str:
    """RESULTS.md, cases in this order."""
    m = last["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in m["versions"].items())
    lines = [HEAD, f"{m['processor']}, {m['cores']} cores, {m['memory_gb']} GB, {m['system']}, Python {m['python']}"]
    lines += [f"({versions}).", ""]
    for name in names:
        if name in last["cases"]:
            lines += case_table(last["cases"][name])
    return "\n".join(lines).rstrip() + "\n"
