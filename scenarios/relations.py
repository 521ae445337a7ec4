"""What must hold between keys of a scenario: exactly one of these, no unknown names, dates in order.

Works on the merged tables as they are, valid or not, so that these problems are told together with the others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from scenarios.findings import Finding, node_at
from scenarios.locate import Path
from scenarios.lookups import items as _items
from scenarios.lookups import number as _number
from scenarios.lookups import table as _table
from scenarios.lookups import twice as _twice
from scenarios.lookups import unknown as _unknown
from scenarios.lookups import unknown_all as _unknown_all
from scenarios.merge import RIVALS
from scenarios.periods import period_findings
from scenarios.program_relations import program_findings
from scenarios.rule_relations import rule_findings
from scenarios.schema import Scenario
from scenarios.season_relations import seasons
from scenarios.words import nearest, shown
from sim.errors import InputError

Table = dict[str, Any]
LIMIT_KEYS = (
    "max_cost", "max_contacts_per_week", "max_contacts", "min_contacts", "max_unsubscribes", "max_complaints",
    "at_most", "at_least",
)  # fmt: skip


def relation_findings(data: Table, today: dt.date) -> list[Finding]:
    """Every broken relation in the merged tables."""
    checks: tuple[Callable[[Table], Iterator[Finding]], ...] = (
        lambda tables: _dates(tables, today),
        _base,
        _segments,
        _channels,
        rule_findings,
        program_findings,
        _current,
        _levels,
        _limits,
        period_findings,
        seasons,
        _delivery,
        lambda tables: _quantities(tables, (), str(data.get("currency", ""))),
    )
    return [finding for check in checks for finding in check(data)]


def _dates(data: Table, today: dt.date) -> Iterator[Finding]:
    base, horizon = _table(data, "base"), _table(data, "horizon")
    as_of, until, start = (_date(base, "as_of"), _date(base, "until"), _date(horizon, "start"))
    if as_of and as_of > today:
        yield Finding(("base", "as_of"), "is in the future", shown(as_of), f"at most today, {today}")
    if as_of and until and until > as_of:
        given, also = f"until = {until}, as_of = {as_of}", (("base", "as_of"),)
        yield Finding(("base", "until"), "until is after as_of", given, "until at most as_of", also)
    if as_of and start and start <= as_of:
        what, also = "the start is not after the last day of the data", (("base", "as_of"),)
        given, allowed = f"start = {start}, as_of = {as_of}", "a day after as_of; left out, it is the next day"
        yield Finding(("horizon", "start"), what, given, allowed, also)


def _delivery(data: Table) -> Iterator[Finding]:
    known, centre = _table(data, "channels"), _table(data, "call_centre")
    named: list[Path] = [(table, name) for table in ("delivery", "red_zones") for name in _table(data, table)]
    named += [("call_centre", "calls_per_contact", name) for name in _table(centre, "calls_per_contact")]
    for path in named:
        name = str(path[-1])
        if known and name not in known:
            close = nearest(name, known)
            hint = f"; did you mean '{close}'" if close else ""
            yield Finding(path, f"unknown channel{hint}", shown(name), ", ".join(known))
    for path in [("call_centre",), *(("delivery", name) for name in _table(data, "delivery"))]:
        table = _table(data, *path)
        opens, closes = table.get("opens_hour", 9), table.get("closes_hour", 21)
        if isinstance(opens, (int, float)) and isinstance(closes, (int, float)) and not opens < closes:
            given = f"opens_hour = {shown(opens)}, closes_hour = {shown(closes)}"
            allowed = "closes_hour above opens_hour"
            yield Finding((*path, "closes_hour"), "does not close after it opens", given, allowed)


def _date(table: Table, key: str) -> dt.date | None:
    value = table.get(key)
    return value if isinstance(value, dt.date) and not isinstance(value, dt.datetime) else None


def _base(data: Table) -> Iterator[Finding]:
    base = _table(data, "base")
    given = [key for key in ("orders", "synthetic") if key in base]
    if base and len(given) != 1:
        text = " and ".join(given) or "neither"
        yield Finding(("base",), "needs exactly one of orders, synthetic", text, "orders or synthetic")
    for key, needs in (("as_of", "orders"), ("synthetic_model", "synthetic")):
        if needs in base and key not in base:
            yield Finding(("base", key), f"is missing: a base with {needs} needs it", None, _what(key))
    for key, needs in (("synthetic_model", "synthetic"), ("fitted_model", "orders"), ("until", "orders")):
        if key in base and needs not in base:
            yield Finding(("base", key), f"is only for a base with {needs}", None, f"{needs}, or no {key}")
    for key in ("synthetic_model", "fitted_model"):
        rates = [name for name in ("alpha", "mean_orders_per_year") if name in _table(base, key)]
        if _table(base, key) and len(rates) != 1:
            text = " and ".join(rates) or "neither"
            allowed = "alpha or mean_orders_per_year"
            yield Finding(("base", key), "needs exactly one of alpha, mean_orders_per_year", text, allowed)
        model = _table(base, key)
        if model.get("k", 1) != 1 and model.get("model") != "mbg-cnbd":
            yield Finding(("base", key, "k"), "is only for mbg-cnbd", str(model["k"]), 'model = "mbg-cnbd", or no k')
    stated = {"model": base.get("model"), "fitted_model": _table(base, "fitted_model").get("model")}
    regular = [key for key, name in stated.items() if name == "mbg-cnbd"]
    if regular and base.get("history_contacts", "none") != "none":
        what = "past contacts cannot be taken out of regular orders"
        yield Finding(("base", regular[0]), what, "mbg-cnbd", 'bg-nbd or mbg-nbd, or history_contacts = "none"')


def _what(key: str) -> str:
    return "a date like 1998-06-30" if key == "as_of" else "a table with model, r, alpha, a, b, p, q, gamma"


def _segments(data: Table) -> Iterator[Finding]:
    table = _table(data, "segments")
    lists = ("recency_borders_days", "frequency_borders", "monetary_borders")
    if table.get("borders", "fixed") == "fixed":
        for key in lists:
            if table and key not in table:
                yield Finding(("segments", key), "is missing: fixed borders need it", None, "ascending numbers")
    cells = _table(table, "map")
    if not cells or not all(_texts(patterns) for patterns in cells.values()):
        return
    try:
        _try_map(table, {str(name): list(patterns) for name, patterns in cells.items()})
    except InputError as error:
        for problem in error.problems:
            yield Finding(_key_path(problem.where, cells), problem.what, problem.given, problem.allowed)
    except TypeError:
        pass  # borders that are no numbers: told elsewhere


def _texts(node: object) -> bool:
    return isinstance(node, list) and all(isinstance(item, str) for item in node)


def _try_map(table: Table, cells: dict[str, list[str]]) -> None:
    from sim.rfm import RfmScheme

    scores = table.get("scores", 3)
    dummy = tuple(range(1, scores)) if isinstance(scores, int) and 2 <= scores <= 5 else (1, 2)
    quantiles = table.get("borders") == "quantiles"
    borders: Any = {
        key: dummy if quantiles else tuple(table.get(key, dummy))
        for key in ("recency_borders_days", "frequency_borders", "monetary_borders")
    }
    RfmScheme.from_map(cell_map=cells, **borders)


def _key_path(where: str, cells: Table) -> Path:
    """The path of a problem that a domain object names, like segments.map.At Risk."""
    name = where.removeprefix("segments.map.")
    return ("segments", "map", name) if name in cells else tuple(where.split("."))


def _channels(data: Table) -> Iterator[Finding]:
    for name, channel in _table(data, "channels").items():
        seen, clicked = (_number(_table(channel) and channel.get(key)) for key in ("seen", "clicked"))
        if seen is not None and clicked is not None and clicked > seen:
            path, also = ("channels", name, "clicked"), (("channels", name, "seen"),)
            given = f"clicked = {clicked:g}, seen = {seen:g}"
            yield Finding(path, "more clicked than seen", given, "clicked at most seen", also)
    channels = _table(data, "channels")
    if channels and not any(_table(channel).get("enabled", True) for channel in channels.values()):
        yield Finding(("channels",), "no channel is enabled", None, "at least one channel")


def _current(data: Table) -> Iterator[Finding]:
    current, path = _table(data, "policy", "current"), ("policy", "current")
    yield from _unknown_all(data, "channel", current.get("default"), (*path, "default"))
    for segment, row in _table(current, "by_segment").items():
        yield from _unknown(data, "segment", segment, (*path, "by_segment", segment))
        yield from _unknown_all(data, "channel", row, (*path, "by_segment", segment))


def _levels(data: Table) -> Iterator[Finding]:
    path = ("optimize", "levels_per_week")
    levels = _table(data, *path)
    yield from _unknown_all(data, "channel", levels, path)
    for channel, given in levels.items():
        numbers = [_number(level) for level in given] if isinstance(given, list) else []
        known = [number for number in numbers if number is not None]
        if known != sorted(set(known)):
            yield Finding((*path, channel), "levels must ascend", shown(given), "each level once, ascending")
    for channel, table in _table(data, "channels").items():
        if levels and channel not in levels and _table(table).get("enabled", True):
            allowed = "a list of contacts a week, like [0, 0.5, 1, 2]"
            yield Finding((*path, channel), "is missing: the channel has no levels", None, allowed)


def _limits(data: Table) -> Iterator[Finding]:
    limits = list(_items(data, "optimize", "limits"))
    for path, limit in limits:
        given = [key for key in LIMIT_KEYS if key in limit]
        if len(given) != 1:
            text = " and ".join(given) or "none"
            yield Finding(path, "a limit has exactly one measure", text, " or ".join(LIMIT_KEYS))
        else:
            yield from _one_limit(data, path, limit, given[0])
        yield from _unknown(data, "channel", limit.get("channel"), (*path, "channel"))
        yield from _unknown_all(data, "channel", limit.get("weights"), (*path, "weights"))
        for key in ("segments", "per_segments"):
            yield from _unknown_all(data, "segment", limit.get(key), (*path, key))
    yield from _twice(limits, "limits")
    path = ("optimize", "tariffs")
    tariffs = _table(data, *path)
    yield from _unknown_all(data, "channel", tariffs, path)
    for channel, tariff in tariffs.items():
        starts = [_number(tier.get("from_contacts")) for tier in _table(tariff).get("tiers", []) if _table(tier)]
        known = [start for start in starts if start is not None]
        if known and (known[0] != 0 or known != sorted(set(known))):
            yield Finding((*path, channel, "tiers"), "tiers must ascend from 0", shown(known), "the first from 0")


def _one_limit(data: Table, path: Path, limit: Table, bound: str) -> Iterator[Finding]:
    """What a single limit must obey beyond its keys: told by the object the search will use."""
    if bound in ("at_most", "at_least") and "measure" not in limit:
        yield Finding((*path, "measure"), f"is missing: {bound} needs it", None, "what is counted, like contacts")
        return
    if bound not in ("at_most", "at_least") and "measure" in limit:
        yield Finding(
            (*path, "measure"), f"is for at_most and at_least: {bound} says it", shown(limit["measure"]), bound
        )
        return
    if "price_per_unit" in limit and limit.get("enforce") != "soft":
        yield Finding((*path, "price_per_unit"), "is for soft limits", None, 'enforce = "soft"')
    weeks = _number(_table(data, "horizon").get("weeks"))
    named: list[tuple[Path, int]] = [(("weeks",), week) for week in limit.get("weeks") or () if isinstance(week, int)]
    named += [(("exceptions", str(w)), int(w)) for w in _table(limit, "exceptions") if str(w).isdigit()]
    for key, week in named:
        if weeks is not None and not 1 <= week <= weeks:
            yield Finding((*path, *key), "outside the horizon", str(week), f"weeks 1 to {weeks:g}")
    try:
        from scenarios.limits import limit_of

        limit_of(limit)
    except InputError as error:
        for problem in error.problems:
            name = problem.where.rpartition("'.")[2] if "'." in problem.where else ""
            yield Finding((*path, name) if name in limit else path, problem.what, problem.given, problem.allowed)
    except (TypeError, ValueError, KeyError, AttributeError):
        pass  # of the wrong type: told elsewhere


def _quantities(node: Any, path: Path, currency: str) -> Iterator[Finding]:
    """{ value, low, high, unit }: an interval around the value, and the unit of the key."""
    if not isinstance(node, dict):
        return
    if "value" not in node or isinstance(node["value"], dict):
        for key, inside in node.items():
            yield from _quantities(inside, (*path, key), currency)
        return
    low, value, high = (_number(node.get(key)) for key in ("low", "value", "high"))
    if value is not None and low is not None and not low <= value:
        yield Finding((*path, "low"), "low is above the value", f"{low:g}", f"at most value = {value:g}")
    if value is not None and high is not None and not high >= value:
        yield Finding((*path, "high"), "high is below the value", f"{high:g}", f"at least value = {value:g}")
    unit = str((node_at(Scenario, path) or {}).get("unit", "")).replace("{currency}", currency)
    if isinstance(node.get("unit"), str) and node["unit"] != unit:
        what = "is not the unit of this key, and nothing is converted"
        yield Finding((*path, "unit"), what, shown(node["unit"]), shown(unit))


assert frozenset(LIMIT_KEYS) in RIVALS
