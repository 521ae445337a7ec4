"""``credit``: which channel, offer or campaign brings the money, and what only their being together brings.

Every part is simulated in all combinations with the others, or, where there are too many parts, alone and left out;
always the same plan, past, customers and luck. Alone a part brings more than its removal costs where parts do the same
work (or tire the same people), and less where they help each other. The fair share is Shapley's: the mean of what a
part adds over all orders in which the parts could be put together; it adds up to the whole.

Shapley, L. S. (1953), A value for n-person games, *Contributions to the Theory of Games* II, 307-317.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from scenarios import build
from scenarios.alternatives import Alternative, Valued, Valuer, unit_of
from scenarios.basis import assumption_rows
from scenarios.finished import RunResult
from scenarios.kept_values import KeptValuer
from scenarios.load import LoadedScenario
from scenarios.outcome import Part, estimate
from scenarios.planfile import plan_part
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part, scenario_part
from scenarios.report.format import MINUS, estimate_text
from sim.compare import Estimate, base_total
from sim.errors import InputError
from sim.periods import changed_rates
from sim.policy import Frequencies

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[float, float, str], None]
Chosen = frozenset[str]
MEASURES = ("value", "contribution", "cost", "unsubscribes")
MOST_SHARED = 5
"""Parts up to which all combinations are simulated (32 of them)."""


@dataclass(frozen=True)
class Piece:
    """Something a plan can be without."""

    of: str
    """Its name in the plan."""
    kind: str
    """channel, offer or campaign"""

    @property
    def name(self) -> str:
        """As the answer calls it."""
        return self.of if self.kind == "channel" else f"{self.kind} {self.of}"


def credit_parts(
    loaded: LoadedScenario,
    *,
    plan: Frequencies | None = None,
    seed: int = 1,
    customers: int | None = None,
    threads: int | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """What every channel, offer and campaign of the plan (default: the current policy) brings over no contact.

    ``folder``: where finished simulations are kept until the run is written (see ``PointStore``)."""
    clock, say = Clock(), progress or (lambda done, total, text: None)
    chosen = plan or replace(build.current_plan(loaded), name="current")
    pieces = pieces_of(chosen)
    if not pieces:
        raise InputError.of(
            "--plan", "contacts nobody: there is nothing to credit", chosen.name, "a plan with contacts"
        )
    valuer = Valuer(loaded, seed=seed, customers=customers, threads=threads)
    wanted = combinations([piece.name for piece in pieces])
    found: dict[Chosen, Valued] = {}
    with KeptValuer(valuer, folder) as keeper:
        for place, kept in enumerate(wanted):
            say(place, len(wanted), "with " + (", ".join(sorted(kept)) or "nothing"))
            found[kept] = keeper.value(Alternative("part", loaded, only(chosen, pieces, kept)))
    say(len(wanted), len(wanted), "done")
    whole = found[frozenset(piece.name for piece in pieces)]
    rows = [_row(piece, pieces, found) for piece in pieces]
    together = {measure: estimate(whole.estimate(measure)) for measure in MEASURES}
    unique = sum(float(row["left_out"]["value"]["mean"]) for row in rows)
    result: Part = {
        "schema_version": SCHEMA_VERSION,
        "command": "credit",
        "scenario": scenario_part(loaded, whole.population),
        "plan_name": chosen.name,
        **plan_part(chosen),
        "parts": rows,
        "sums": _sums(pieces, found),
        "whole": together,
        "contacts": whole.contacts,
        "shared": {"mean": together["value"]["mean"] - unique, **_shared_interval(whole, pieces, found)},
        "all_combinations": len(pieces) <= MOST_SHARED,
        "assumptions": assumption_rows(valuer.base(loaded)),
    }
    result["verdict"] = _verdict(result)
    result["provenance"] = provenance_part(clock, seed=seed)
    return RunResult(result, {"parts": _frame(rows)}, chosen, {}, loaded.slug)


def pieces_of(plan: Frequencies) -> list[Piece]:
    """Channels with regular contacts, then offers and campaigns, in the plan's order."""
    used = [name for lane, name in enumerate(plan.channels) if plan.per_week[:, lane].any()]
    offers = list(dict.fromkeys(cell[2] for cell in plan.offers))
    return [
        *(Piece(name, "channel") for name in used),
        *(Piece(name, "offer") for name in offers),
        *(Piece(name, "campaign") for name in plan.campaigns),
    ]


def only(plan: Frequencies, pieces: Sequence[Piece], kept: Iterable[str]) -> Frequencies:
    """The plan with these parts alone. Without its offer a contact goes out all the same."""
    kept = set(kept)
    gone = {(piece.kind, piece.of) for piece in pieces if piece.name not in kept}
    silent = [lane for lane, name in enumerate(plan.channels) if ("channel", name) in gone]
    return changed_rates(
        plan,
        lambda rates: np.where(np.isin(np.arange(rates.shape[1]), silent), 0.0, rates),
        name="part",
        offers=tuple(cell for cell in plan.offers if ("offer", cell[2]) not in gone),
        campaigns=tuple(name for name in plan.campaigns if ("campaign", name) not in gone),
    )


def combinations(names: Sequence[str]) -> list[Chosen]:
    """All subsets if they are few, else nothing, each alone, all but each, all."""
    everything = frozenset(names)
    if len(names) <= MOST_SHARED:
        sizes = range(len(names) + 1)
        return [frozenset(part) for size in sizes for part in itertools.combinations(names, size)]
    singles = [frozenset([name]) for name in names]
    return list(dict.fromkeys([frozenset(), *singles, *(everything - {name} for name in names), everything]))


def shapley_weights(name: str, names: Sequence[str]) -> dict[Chosen, float]:
    """Combination -> its weight in the fair share of ``name``: what it adds, averaged over all orders."""
    others, many = [other for other in names if other != name], len(names)
    weights: dict[Chosen, float] = {}
    for size in range(many):
        weight = math.factorial(size) * math.factorial(many - size - 1) / math.factorial(many)
        for before in itertools.combinations(others, size):
            weights[frozenset((*before, name))] = weight
            weights[frozenset(before)] = -weight
    return weights


def _ways(name: str, names: Sequence[str]) -> dict[str, dict[Chosen, float]]:
    """Way of crediting -> the weighted sum of simulations that it is."""
    everything, alone = frozenset(names), frozenset([name])
    ways = {"alone": {alone: 1.0, frozenset(): -1.0}, "left_out": {everything: 1.0, everything - alone: -1.0}}
    return ways | ({"fair": shapley_weights(name, names)} if len(names) <= MOST_SHARED else {})


def _row(piece: Piece, pieces: Sequence[Piece], found: Mapping[Chosen, Valued]) -> Part:
    ways = _ways(piece.name, [other.name for other in pieces])
    return {"part": piece.name, "kind": piece.kind} | {
        way: {measure: estimate(_weighted(weights, found, measure)) for measure in MEASURES}
        for way, weights in ways.items()
    }


def _sums(pieces: Sequence[Piece], found: Mapping[Chosen, Valued]) -> Part:
    """Of all parts together: value by way, with the error of the sum."""
    names = [piece.name for piece in pieces]
    added: dict[str, dict[Chosen, float]] = {}
    for name in names:
        for way, weights in _ways(name, names).items():
            total = added.setdefault(way, {})
            for kept, weight in weights.items():
                total[kept] = total.get(kept, 0.0) + weight
    return {way: {"value": estimate(_weighted(weights, found, "value"))} for way, weights in added.items()}


def _weighted(weights: Mapping[Chosen, float], found: Mapping[Chosen, Valued], measure: str) -> Estimate:
    """A weighted sum of simulations, customer by customer: luck that they share cancels."""
    parts: list[npt.NDArray[np.float64]] = [
        weight * found[kept].measures[measure].astype(np.float64) for kept, weight in weights.items() if kept in found
    ]
    total = np.rint(np.sum(parts, axis=0)).astype(np.int64)
    return base_total(total, next(iter(found.values())).population, unit_of(measure))


def _shared_interval(whole: Valued, pieces: Sequence[Piece], found: Mapping[Chosen, Valued]) -> Part:
    """Of whole minus the sum of what each one's removal costs."""
    everything = frozenset(piece.name for piece in pieces)
    weights = {everything: 1.0 - len(pieces), **{everything - {piece.name}: 1.0 for piece in pieces}}
    if len(pieces) == 1:
        weights = {everything: 0.0, frozenset(): 1.0}
    found_ = estimate(_weighted(weights, found, "value"))
    return {key: found_[key] for key in ("ci_low", "ci_high") if key in found_}


def _verdict(result: Part) -> str:
    currency, rows, whole = result["scenario"]["currency"], result["parts"], result["whole"]["value"]["mean"]
    way = "fair" if result["all_combinations"] else "left_out"
    most = max(rows, key=lambda row: float(row[way]["value"]["mean"]))
    share = most[way]["value"]["mean"]
    said = "its fair share is" if way == "fair" else "without it would be missing"
    text = (
        f"The plan is worth {_told(result['whole']['value'], currency)} over no contact. Most comes "
        f"through {most['part']}: {said} {_told(most[way]['value'], currency)}"
        f"{f' ({100 * share / whole:.0f}%)' if whole > 0 else ''}"
    )
    idle = [row["part"] for row in rows if row["left_out"]["value"].get("ci_high", 0.0) < 0]
    if idle:
        text += f". Without {', '.join(idle)} the plan would be worth more"
    shared = result["shared"]
    if len(rows) > 1 and shared.get("ci_low", 0) * shared.get("ci_high", 0) > 0:
        more = shared["mean"] > 0
        kind = "can be had through more than one part" if more else "is counted twice if removals are added up"
        text += f". {_told(shared, currency, size=True)} {kind}"
    return text + "."


def _told(value: Mapping[str, float], currency: str, *, size: bool = False) -> str:
    """As the table rounds it, so that shares can be worked out from the sentence; ``size``: without its sign."""
    text = estimate_text(value)[0]
    return f"{currency} {text.removeprefix(MINUS) if size else text}"


def _frame(rows: Sequence[Part]) -> pl.DataFrame:
    import polars as pl

    flat: list[dict[str, Any]] = [
        {"part": row["part"], "kind": row["kind"]}
        | {
            f"{way}_{measure}_{end}": row[way][measure].get(end)
            for way in ("alone", "left_out", "fair")
            if way in row
            for measure in MEASURES
            for end in ("mean", "ci_low", "ci_high")
        }
        for row in rows
    ]
    return pl.DataFrame(flat, infer_schema_length=None)
