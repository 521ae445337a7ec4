"""The recipe behind ``contactpolicy effects``: what contacts add, from a trial; without one, that one is needed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.finished import RunResult
from scenarios.fit_segments import shipped_segments_at
from scenarios.outcome import Part
from scenarios.provenance import SCHEMA_VERSION, Clock, provenance_part
from scenarios.recovery import recovery_fragment, recovery_part
from scenarios.run_fit import message_facts
from sim.errors import InputError
from sim.fit.effects import Z95, TrialEffects, trial_effects
from sim.fit.trial import Trial
from sim.fit.trial_file import read_trial
from sim.fit.trial_log import is_trial, naive, trial_of_log
from sim.messages import MessageLog, read_messages
from sim.orders import OrderLog, read_orders

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[float, float, str], None]
POWER = 2.8016
"""z(.975) + z(.80): a true effect this many standard errors from zero is found in 80 % of trials."""
SHARES = (0.05, 0.1, 0.2, 0.5)


def effects_of_file(
    source: object,
    *,
    outcomes: Mapping[str, str],
    before: Sequence[str] = (),
    by: Sequence[str] = (),
    control: str | None = None,
    channel: str | None = None,
    columns: Mapping[str, str] | None = None,
    decisions: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Effects of a trial with one row per customer (`sim.fit.trial_file.read_trial`).

    ``channel``: the arms were one contact through this channel; a fragment then states its orders per contact, if
    "orders" is among the outcomes.
    """
    clock, say = Clock(), progress or _silent
    say(0.0, 1.0, "reading the trial")
    name = Path(str(source)).name if isinstance(source, (str, Path)) else "data frame"
    trial, findings = read_trial(
        source, outcomes=outcomes, before=before, by=by, control=control, columns=columns, decisions=decisions
    )
    say(0.3, 1.0, "comparing arms")
    result = _head(name, trial.n) | _trial_part(trial, trial_effects(trial))
    result["findings"] = [finding.to_dict() for finding in findings]
    return _finish(result, channel, name, clock, say)


def effects_of_log(
    orders: object,
    messages: object,
    *,
    control: str | None = None,
    columns: Mapping[str, str] | None = None,
    message_columns: Mapping[str, str] | None = None,
    decisions: Mapping[str, str] | None = None,
    encoding: str = "auto",
    refunds: str = "refuse",
    preset: str | None = None,
    message_preset: str | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Effects of a message log with a holdout or arms; without one, rates only, and the trial that would tell."""
    clock, say = Clock(), progress or _silent
    say(0.0, 1.0, "reading orders")
    log = read_orders(orders, columns=columns, refunds=refunds, preset=preset)  # type: ignore[arg-type]
    say(0.2, 1.0, "reading messages")
    sent = read_messages(
        messages, log, columns=message_columns, decisions=decisions, encoding=encoding, preset=message_preset
    )
    name = Path(str(messages)).name if isinstance(messages, (str, Path)) else "data frame"
    result = _head(name, log.n_customers) | {"messages": message_facts(sent)}
    if not is_trial(sent):
        return _finish(result | _no_trial(log, sent), None, name, clock, say)
    say(0.5, 1.0, "comparing arms")
    trial, days = trial_of_log(log, sent, control=control, segments=shipped_segments_at)
    result |= _trial_part(trial, trial_effects(trial)) | {"days": days}
    if result["claimed"]:
        result["recovery"] = recovery_part(
            log, sent, control, lambda share: say(0.6 + 0.3 * share, 1.0, "half-life of fatigue")
        )
    return _finish(result, sent.channels[0] if len(sent.channels) == 1 else None, name, clock, say)


def _head(name: str, customers: int) -> Part:
    scenario: Part = {"name": name, "files": [name], "base_customers": customers}
    return {"schema_version": SCHEMA_VERSION, "command": "effects", "scenario": scenario}


def _trial_part(trial: Trial, found: TrialEffects) -> Part:
    arms = []
    for index, arm in enumerate(trial.arms):
        mine = trial.arm == index
        contacts = float(index > 0) if trial.contacts is None else float(trial.contacts[mine].mean())
        arms.append({"arm": arm, "customers": int(mine.sum()), "contacts_per_customer": contacts})
    part: Part = {
        "claimed": found.claimed,
        "arms": arms,
        "effects": [effect.to_dict() for effect in found.effects],
        "variance_saved": found.saved,
        "elasticities": [{"outcome": o, "by": by, **eta._asdict()} for (o, by), eta in found.elasticities.items()],
        "warnings": list(found.warnings),
    }
    if found.balance is not None:
        part["balance"] = vars(found.balance) | {"random": found.balance.random}
    return part


def _no_trial(orders: OrderLog, sent: MessageLog) -> Part:
    """What may be said without a trial, and which one to run."""
    contacted, others = naive(orders, sent)
    return {
        "claimed": False,
        "naive": {"contacted": contacted, "not_contacted": others},
        "needed": _needed(orders, sent),
        "warnings": [
            "the log has neither a holdout nor arms: whom one contacts depends on what they order, so the difference "
            "between contacted and not contacted is no effect, and neither is that between those who open and those "
            "who do not. No effect is claimed; simulations keep the published or assumed value of their scenario"
        ],
    }


def _needed(orders: OrderLog, sent: MessageLog, effect_per_contact: float = 0.0053) -> Part:
    """The smallest holdout that would show an effect as large as published for e-mail (80 % power, 5 % two-sided)."""
    days = int(sent.day.max()) - int(sent.day.min()) + 1
    customers = sent.n_contacted
    per_week = float(sent.sent.sum()) / customers / max(days / 7, 1.0)
    summary = orders.summary(orders.last_day)
    weeks_seen = float(summary.age_weeks.sum())
    rate = float(summary.frequency.sum()) / max(weeks_seen, 1.0)
    spread = float(summary.frequency.var()) / max(float(summary.age_weeks.mean()), 1.0)  # variance of orders, a week
    for weeks in (4, 8, 13, 26, 52):
        for held in SHARES:
            noise = math.sqrt(max(spread, rate) * weeks / (customers * held * (1 - held)))
            if POWER * noise <= effect_per_contact * per_week * weeks:
                return {"weeks": weeks, "holdout_share": held, "holdout_customers": round(customers * held),
                        "orders_per_contact": effect_per_contact}  # fmt: skip
    return {"orders_per_contact": effect_per_contact}


def _finish(result: Part, channel: str | None, name: str, clock: Clock, say: Progress) -> RunResult:
    texts = {}
    fragment = _fragment(result, channel) if channel is not None and result["claimed"] else None
    if "recovery" in result:
        fragment = (fragment or "") + recovery_fragment(result["recovery"])
    if fragment:
        texts["scenario_fragment.toml"] = fragment
        if channel is not None:
            result["channel"] = channel
    result["provenance"] = provenance_part(clock)
    frames = {"effects": _frame(result["effects"])} if result.get("effects") else {}
    say(1.0, 1.0, "done")
    return RunResult(result, frames, None, texts, name.split(".")[0].replace(" ", "-"))


def _fragment(result: Part, channel: str) -> str | None:
    """Orders per contact of the channel: the arms together, weighted by their precision."""
    contacts = {arm["arm"]: arm["contacts_per_customer"] for arm in result["arms"]}
    control = contacts[result["arms"][0]["arm"]]
    rows = [e for e in result["effects"] if e["outcome"] == "orders" and e["by"] == ""]
    rows = [(e["effect"], e["se"], contacts[e["arm"]] - control) for e in rows if contacts[e["arm"]] > control]
    if not rows:
        return None
    weights = [(more / se) ** 2 for _, se, more in rows]
    value = sum(w * effect / more for w, (effect, _, more) in zip(weights, rows, strict=True)) / sum(weights)
    if value <= 0:
        return None
    low = max(min((effect - Z95 * se) / more for effect, se, more in rows), 0.0)
    high = max((effect + Z95 * se) / more for effect, se, more in rows)
    return (
        f"# Measured by contactpolicy effects in {result['scenario']['name']}: orders that a contact added, as the\n"
        "# customers of the trial stood (tired or rested), arms together. low and high: 95% intervals of all arms.\n"
        f"[channels.{channel}]\n"
        f'orders_per_contact = {{ value = {value:.6g}, origin = "fitted", low = {low:.6g}, high = {high:.6g} }}\n'
    )


def _frame(rows: list[Part]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(rows, infer_schema_length=None)


def _silent(done: float, total: float, text: str) -> None:
    """Nobody wants to know."""


def run_effects(
    experiment: Path | None = None,
    *,
    orders: Path | None = None,
    messages: Path | None = None,
    out: Path | None = None,
    **options: Any,
) -> RunResult:
    """One of the two recipes, written to a run directory."""
    if experiment is not None and orders is None and messages is None:
        return effects_of_file(experiment, **options).write(out)
    if experiment is None and orders is not None and messages is not None:
        return effects_of_log(orders, messages, **options).write(out)
    raise InputError.of("effects", "needs a trial", None, "a file of one, or --orders and --messages")
