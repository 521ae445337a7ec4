"""The answer of ``experiment``: designs by duration, segments, variance reduction, regions."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.report import charts
from scenarios.report.figures import Figure, Panel
from scenarios.report.format import Row, count, money, number, percent, stated
from scenarios.report.sections import Cell, Result, Section, Table, cell


def sections(result: Result) -> Sequence[Section]:
    """How long, whom, how to need less."""
    against = "no contact" if result["versus"] == "no_contact" else "the current policy"
    terms = result["terms"]
    text = (
        f"Treated customers get the plan, held-out ones {against}. The effect is judged by {result['metric']}. "
        f"A design proves it if a two-sided test at {stated(terms['alpha'])} finds it with a chance of "
        f"{stated(terms['power'])} or more. Acceptable: at most {stated(terms['most_share'])} held out, "
        f"{terms['most_weeks']} weeks at most."
    )
    return [
        Section("How long, and how many held out", text, _durations(result), [lambda: _price_figure(result)]),
        Section("Segment by segment", "", _segments(result)),
        Section("How to need less", "", _others(result)),
    ]


def _durations(result: Result) -> Table:
    currency, unit = result["scenario"]["currency"], _unit(result)
    design = result["design"]["weeks"]
    rows = [
        [
            Cell(f"{row['weeks']} weeks", strong=row["weeks"] == design),
            percent(row["share"]),
            count(row["held_out"]),
            _spanned(row, "effect"),
            number(row["mde"]),
            percent(row["power"]),
            count(row["buyers_held_out"]),
            _spanned(row, "forgone"),
            "yes" if row["provable"] else "with CUPED" if row["cuped"]["provable"] else "no",
        ]
        for row in result["durations"]
    ]
    columns = (
        "duration", "held out", "customers", f"effect, {unit}", f"detectable, {unit}", "power", "buyers",
        f"price, {currency}", "proves it",
    )  # fmt: skip
    note = (
        "Effect and smallest detectable effect per customer over the duration. Power: chance that the experiment finds "
        "the effect. Buyers: of the held-out customers; with fewer than 60 no interval is given, because single orders "
        "would decide it. Price: contribution that the held-out customers do not bring. The noise is that of the "
        f"simulated customers: the spread of {result['metric']} over customers is "
        f"{number(result['design']['cv_control'])} times its mean. Beneath effect and price: 95% interval of the "
        "simulation; the experiment itself knows the effect far less well, which is what power is about."
    )
    return Table(columns, rows, note)


def _segments(result: Result) -> Table:
    unit = _unit(result)
    rows = [
        [
            row["segment"],
            count(row["customers"]),
            _spanned(row, "effect"),
            number(row["mde"]),
            percent(row["power"]),
            count(row["buyers_held_out"]),
            "yes" if row["interval_allowed"] and row["power"] >= result["terms"]["power"] else "no",
        ]
        for row in result["segments"]
    ]
    columns = (
        "segment on the first day", "customers", f"effect, {unit}", f"detectable, {unit}", "power", "buyers",
        "proves it",
    )  # fmt: skip
    note = (
        f"The same {percent(result['design']['share'])} held out of each segment, {result['design']['weeks']} weeks. "
        "Looking at many segments finds something by chance: fix beforehand which one counts. Beneath: 95% interval of "
        "the simulation."
    )
    return Table(columns, rows, note)


def _others(result: Result) -> Table:
    currency, geo, design = result["scenario"]["currency"], result["geo"], result["design"]
    cuped = design["cuped"]
    needed = percent(cuped["share_needed"]) if "share_needed" in cuped else "not reached"
    price = money(cuped["forgone"], currency) if "forgone" in cuped else ""
    plain = percent(design["share_needed"]) if "share_needed" in design else "not reached"
    rows: list[list[Cell | str]] = [
        ["customers, plain", percent(design["power"]), plain, money(design["forgone"], currency)],
        [f"customers, CUPED (rho {cuped['rho']:.2f})", percent(cuped["power"]), needed, price],
        [f"{geo['regions']} regions, half held out", percent(geo["power"]), "50%", money(geo["forgone"], currency)],
    ]
    note = (
        "CUPED takes off what was to be expected of each customer before the experiment, here what the model of orders "
        "and spend expects from the customer's own past; it leaves 1 − rho² of the variance. The model is true for "
        "simulated customers: expect less of real ones. Regions differ by more than their customers: each has a shock, "
        f"with a spread of {stated(geo['region_cv'])} of what customers bring (an assumption)."
    )
    return Table(("split by", "power", "share held out that is needed", "price"), rows, note)


def _price_figure(result: Result) -> Figure:
    """A power of 80 % in every row would be a flat line: what differs is the price."""
    currency, terms = result["scenario"]["currency"], result["terms"]
    rows: list[Row] = [
        {
            "label": f"{row['weeks']} weeks, "
            + (f"{percent(row['share'])} held out" if _proves(row) else f"power {percent(row['power'])}"),
            "tone": "plan" if row["weeks"] == result["design"]["weeks"] else "grey" if _proves(row) else "faint",
            **_price(row),
        }
        for row in result["durations"]
    ]
    spec = charts.bars(rows, f"Contribution not earned, {currency}", "Price by duration")
    caption = (
        f"What the proof costs, by duration: contribution that held-out customers do not bring, in {currency}, with "
        "its 95% interval. Each with the smallest share held out that finds the effect with a power of "
        f"{stated(terms['power'])}; the chosen design is coloured, and durations that prove nothing at an acceptable "
        "share say their power."
    )
    return Figure("The price of a proof", caption, [Panel("price", spec)])


def _price(row: Row) -> Row:
    """A bar, with the numbers as the table rounds them."""
    told = _spanned(row, "forgone")
    mean = float(row["forgone"])
    low, high = (float(row.get(key, mean)) for key in ("forgone_low", "forgone_high"))
    span = {"low": low, "high": high, "span": told.interval} if low < high else {}
    return {"mean": mean, "text": told.text, **span}


def _spanned(row: Row, key: str) -> Cell:
    """A number with its interval, where the result has one."""
    ends = {
        end: row[f"{key}_{name}"] for end, name in (("ci_low", "low"), ("ci_high", "high")) if f"{key}_{name}" in row
    }
    return cell({"mean": row[key], **ends})


def _proves(row: Row) -> bool:
    return bool(row["provable"] or row["cuped"]["provable"])


def _unit(result: Result) -> str:
    return "orders" if result["metric"] == "orders" else str(result["scenario"]["currency"])
