"""From result.json to one HTML page that needs nothing from outside."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from scenarios.report import figures, tables, verdict
from scenarios.report.answers import ANSWERS, TITLES, answer_view
from scenarios.report.beside import beside_tables
from scenarios.report.bundle import chart_library
from scenarios.report.charts import CONFIG
from scenarios.report.compared_messages import campaign_rows
from scenarios.report.effects_page import effects_view
from scenarios.report.format import (
    Row,
    cost_text,
    count,
    duration,
    estimate_text,
    large,
    money,
    number,
    percent,
    scalar,
    signed_text,
    without_holes,
    words,
)
from scenarios.report.scripts import DRAW, MARK_WIDE
from scenarios.report.seasonal import season_figure
from scenarios.report.started import start_sentence

KINDS = {
    "optimize": "Optimized contact plan",
    "simulate": "Simulated contact plan",
    "fit": "Fitted customer model",
    "effects": "What contacts add",
    **TITLES,
}
"""Commands that have a page, and what the page calls itself."""


def write_report(result: dict[str, Any], path: Path) -> None:
    """Write the page of a result; an interrupted run leaves no half page."""
    page = render_report(result)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(page)
        Path(unfinished).chmod(0o644)
        os.replace(unfinished, path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def render_report(result: dict[str, Any]) -> str:
    """The page of a result as text: the same result gives the same page, byte for byte."""
    command = result.get("command")
    if command not in KINDS:
        raise ValueError(f"no report for command {command!r}; allowed: {', '.join(sorted(KINDS))}")
    shown: Row = without_holes(result) or {}
    shown.setdefault("scenario", {})
    if command == "fit":
        return render("fit.html.j2", fit_view(shown))
    if command == "effects":
        return render("effects.html.j2", {**frame(shown), **effects_view(shown)})
    if command in ANSWERS:
        return render("answer.html.j2", answer_view(shown, frame(shown)))
    return render("plan.html.j2", plan_view(shown))


def frame(result: Row) -> Row:
    """What every page has: title, line of facts, provenance."""
    scenario = result["scenario"]
    facts = []
    if "base_customers" in scenario:
        facts.append(f"{count(scenario['base_customers'])} customers")
    if "weeks" in scenario and result["command"] != "fit":
        facts.append(f"{scenario['weeks']} weeks" + (f" from {scenario['start']}" if "start" in scenario else ""))
    if scenario.get("tail_weeks") and result["command"] != "fit":
        facts.append(f"{scenario['tail_weeks']} weeks valued after that")
    if "currency" in scenario and result["command"] != "fit":
        facts.append(f"money in {scenario['currency']}")
    return {
        "title": scenario.get("name", "unnamed scenario"),
        "kind": KINDS[result["command"]],
        "facts": facts,
        "provenance": tables.provenance_rows(result),
        "changes": tables.change_rows(result),
    }


def plan_view(result: Row) -> Row:
    """Everything the page of `simulate` and `optimize` shows, top-down: money, plan, channels, segments, basis."""
    result["scenario"].setdefault("currency", "")
    versions = [v for v in verdict.COMPARED_WITH if v in result.get("value", {}) or v in result.get("incremental", {})]
    assumptions = tables.assumption_rows(result)
    drawn = {
        "money": figures.money_figure(result),
        "baselines": figures.baselines_figure(result),
        "doubt": figures.doubt_figure(result),
        "contacts": figures.contacts_figure(result),
        "reachable": figures.reachable_figure(result),
        "segments": figures.segments_figure(result),
    }
    return {
        **frame(result),
        "currency": result["scenario"]["currency"],
        "weeks": result["scenario"]["weeks"],
        "plan_name": result.get("plan_name", ""),
        "verdict": verdict.plan_verdict(result),
        "kept": verdict.limits_sentence(result),
        "delivery": verdict.delivery_sentence(result),
        "cards": cards(result),
        "versions": versions,
        "money": tables.money_rows(result, versions),
        "baseline": no_contact_sentence(result),
        "offers": offers_sentence(result),
        "baselines": tables.baseline_rows(result) if "baselines" in result else [],
        "plans": tables.plan_heats(result),
        "limits": tables.limit_rows(result),
        "certificate": result.get("certificate", {}).get("statement", ""),
        "assumed": " ".join(str(result[part]["statement"]) for part in ("over_worlds", "doubt") if part in result),
        "search": search_sentence(result),
        "rounds": tables.search_rows(result),
        "flows": tables.flow_matrix(result),
        "funnel": tables.funnel_rows(result),
        "red_zones": tables.red_zone_texts(result),
        "start": start_sentence(result),
        "warnings": [str(text) for text in result.get("warnings", [])],
        "campaigns": campaign_rows(result),
        "assumptions": assumptions,
        "origins": tables.origins(assumptions),
        "has_parameters": "parameter_low" in json.dumps(result.get("value", {})),
        "figures": drawn,
        "specs": figures.specs_of(list(drawn.values())),
    }


def cards(result: Row) -> list[Row]:
    """At most six numbers a director looks for first."""
    currency, weeks = result["scenario"]["currency"], result["scenario"]["weeks"]
    versus, found = verdict.comparison(result), []
    if versus:
        beside = verdict.COMPARED_WITH[versus]
        total = result.get("incremental", {}).get(versus, {}).get("total", {})
        named = [
            ("Value", result.get("value", {}).get(versus), currency),
            (f"Contribution, {weeks} weeks", total.get("contribution"), currency),
            (f"Revenue, {weeks} weeks", total.get("revenue"), currency),
            (f"Orders, {weeks} weeks", total.get("orders"), "orders"),
        ]
        for label, estimate, unit in named:
            if estimate:
                mean, interval = estimate_text(estimate)
                text = ("+" if estimate["mean"] > 0 else "") + mean
                note = f"95% interval {interval}" if interval else ""
                found.append({"label": label, "text": text, "unit": unit, "note": note, "beside": f"beside {beside}"})
    if "cost" in result:
        now = result.get("baselines", {}).get("current", {}).get("cost")
        text, interval = cost_text(result)
        notes = [f"95% interval {interval}"] if interval else []
        notes += [f"current policy: {money(now, currency)}"] if now is not None else []
        found.append(
            {
                "label": f"Cost of contacts, {weeks} weeks",
                "text": text,
                "unit": currency,
                "note": "; ".join(notes),
                "beside": "in all",
            }
        )
    if result.get("unsubscribes"):
        lost = sum(result["unsubscribes"].values())
        sent = sum(result.get("contacts", {}).values())
        note = f"with {count(sent)} contacts" if sent else ""
        found.append(
            {
                "label": f"Unsubscribes, {weeks} weeks",
                "text": count(lost),
                "unit": "",
                "note": note,
                "beside": "in all, all channels",
            }
        )
    return found


def no_contact_sentence(result: Row) -> str:
    """The world without any contact, as the measure of what the increments stand on."""
    baseline = result.get("baseline", {})
    parts = []
    if "orders" in baseline:
        parts.append(f"{number(baseline['orders'])} orders")
    if "revenue" in baseline:
        parts.append(f"{money(baseline['revenue'], result['scenario']['currency'])} of revenue")
    if not parts:
        return ""
    return f"Without any contact the model expects {' and '.join(parts)} in {result['scenario']['weeks']} weeks."


def offers_sentence(result: Row) -> str:
    """What discounts cost, and how much of them bought nothing."""
    spent = result.get("offer_cost")
    if not spent or not spent["total"]["mean"]:
        return ""
    currency, total, organic = result["scenario"]["currency"], spent["total"]["mean"], spent["organic"]["mean"]
    return (
        f"Discounts cost {money(total, currency)} in {result['scenario']['weeks']} weeks, which the contribution above "
        f"already bears: {money(organic, currency)} of it ({percent(organic / total)}) went to orders that would have "
        "come anyway."
    )


def search_sentence(result: Row) -> str:
    search = result.get("search", {})
    names = {"rounds": "rounds", "evaluations": "plans simulated", "customer_days": "customer-days"}
    parts = [f"{large(search[key])} {_one(name, search[key])}" for key, name in names.items() if key in search]
    if "seconds" in search:
        parts.append(f"{duration(search['seconds'])}")
    return f"The search took {', '.join(parts)}." if parts else ""


def _one(name: str, many: float) -> str:
    return name.replace("rounds", "round").replace("plans", "plan") if many == 1 else name


def fit_view(result: Row) -> Row:
    """Everything the page of `fit` shows: verdict, warnings, backtest, parameters."""
    season = season_figure(result)
    drawn = [*figures.fit_figures(result), *([season] if season else [])]
    organic = result.get("organic", {})
    return {
        **frame(result),
        "verdict": verdict.fit_verdict(result),
        "label": result.get("label", ""),
        "seasons": result.get("seasonality", {}).get("statement", ""),
        "warnings": [str(text) for text in result.get("warnings", [])],
        "figures": drawn,
        "model": verdict.model_name(organic.get("model", "")),
        "time_unit": organic.get("time_unit", ""),
        "organic": parameter_rows(organic),
        "spend": parameter_rows(result.get("spend", {})),
        "spend_model": result.get("spend", {}).get("model", ""),
        "candidates": candidate_rows(result),
        "orders": [(words(key), scalar(value)) for key, value in result.get("orders", {}).items()],
        "specs": figures.specs_of(list(drawn)),
        "beside": beside_tables(result),
    }


def parameter_rows(fitted: Row) -> list[Row]:
    """Parameter, estimate, standard error."""
    errors = fitted.get("se", {})
    return [
        {
            "name": "log-likelihood" if key == "log_likelihood" else words(key),
            "value": signed_text(value, 1) if key == "log_likelihood" else scalar(float(value)),
            "error": scalar(float(errors[key])) if key in errors else "",
        }
        for key, value in fitted.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    ]


def candidate_rows(result: Row) -> list[Row]:
    """Every model that was tried, best log-likelihood first."""
    chosen = verdict.model_name(result.get("organic", {}).get("model", ""))
    tried = [
        (verdict.model_name(name), entry["log_likelihood"])
        for name, entry in result.get("candidates", {}).items()
        if "log_likelihood" in entry
    ]
    tried.sort(key=lambda pair: -pair[1])
    return [{"name": name, "fit": signed_text(value, 1), "chosen": name == chosen} for name, value in tried]


def render(template: str, view: Row) -> str:
    """Fill a template; everything is escaped, scripts are allowed by their digest only."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    scripts = [chart_library(), DRAW, MARK_WIDE] if view["specs"] else [MARK_WIDE]
    return environment.get_template(template).render(
        **view,
        data=script_json({"config": CONFIG, "specs": view["specs"]}),
        scripts=scripts,
        digests=" ".join(f"'sha256-{digest(script)}'" for script in scripts),
    )


def script_json(value: Any) -> str:
    """JSON that cannot leave its script element, whatever the names in it are."""
    text = json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
