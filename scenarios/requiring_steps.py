"""The steps of ``require``: one budget each, the best plan within it, and what that is worth on fresh customers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from optimizer.errors import Infeasible
from scenarios import build
from scenarios.alternatives import Alternative, Valued, Valuer
from scenarios.kept_values import Kept, plan_facts, plan_of_facts, point_of, valued_of
from scenarios.load import LoadedScenario
from scenarios.planfile import toml_text
from scenarios.pointstore import PointStore, question_digest
from scenarios.run import optimize_scenario
from scenarios.stopping import whole
from scenarios.vary import varied
from sim.policy import Frequencies

UNLIMITED = 1e12
"""A budget that no plan spends."""
LIST_LIMIT = "list loss"
CLOSE = 0.02
"""The budget is found to 2 %."""


@dataclass(frozen=True, eq=False)
class Step:
    """One budget: the best plan within it and what it is worth on fresh customers."""

    budget: float
    plan: Frequencies
    found: Valued
    binding: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Steps:
    """Searches the best plan for a budget, or finds it among those kept from an interrupted run."""

    loaded: LoadedScenario
    most_unsubscribes: float | None
    """Of the horizon; None = as many as come."""
    valuer: Valuer
    seed: int
    customers: int | None
    threads: int | None
    store: PointStore

    def take(self, budget: float) -> Step | None:
        """None where no plan fits the other limits with so little money."""
        key = question_digest(["require", budget, self.most_unsubscribes])
        kept = self.store.get(key)
        if kept is None:
            kept = self._computed(budget)
            self.store.put(key, *kept)
        return self._restored(budget, kept)

    def _computed(self, budget: float) -> Kept:
        limits = _limits_text(self.loaded, budget, self.most_unsubscribes)
        within = varied(self.loaded, [limits], "--target")
        try:
            done = whole(optimize_scenario(within, seed=self.seed, customers=self.customers, threads=self.threads))
        except Infeasible:
            if budget >= UNLIMITED:  # other limits contradict each other: that is the answer
                raise
            return {}, {"infeasible": True}
        if done.plan is None:
            raise ValueError("a search ends with a plan")
        arrays, facts = point_of(self.valuer.value(Alternative("plan", self.loaded, done.plan)))
        binding = [row["name"] for row in done.result["limits"] if row.get("binding")]
        return arrays, facts | {"plan": plan_facts(done.plan), "binding": binding}

    def _restored(self, budget: float, kept: Kept) -> Step | None:
        facts = kept[1]
        if "infeasible" in facts:
            return None
        people = self.valuer.population(self.valuer.base(self.loaded))
        plan = plan_of_facts(facts["plan"], build.current_plan(self.loaded))
        return Step(budget, plan, valued_of(kept, people), tuple(facts["binding"]))


def bisect(
    free: Step, reaches: Callable[[Step], bool], take: Callable[[float], Step | None]
) -> tuple[Step, list[Step]]:
    """Smallest budget whose plan ``reaches`` the goal, to 2 %; the steps in order of budget. ``free`` reaches it."""
    best, low, high, steps = free, 0.0, spent(free), [free]
    while high - low > CLOSE * high and high > 0:
        middle = (low + high) / 2
        step = take(middle)
        steps += [] if step is None else [step]
        if step is not None and reaches(step):
            best, high = step, min(middle, spent(step))
        else:
            low = middle
    return best, sorted(steps, key=lambda step: step.budget)


def spent(step: Step) -> float:
    """Cost of its contacts."""
    return step.found.estimate("cost").mean


def budget_name(loaded: LoadedScenario) -> str:
    """Of the limit that is varied: the scenario's own total budget, if it has one."""
    limits = loaded.scenario.optimize.limits
    total = [limit.name for limit in limits if limit.max_cost is not None and not limit.channel]
    return total[0] if total else "required budget"


def _limits_text(loaded: LoadedScenario, budget: float, loss: float | None) -> str:
    """The scenario's own budget is replaced by this one; its other limits stay."""
    items = [f"{{name = {toml_text(budget_name(loaded))}, max_cost = {budget!r}}}"]
    if loss is not None:
        items.append(f'{{name = "{LIST_LIMIT}", max_unsubscribes = {loss!r}}}')
    return f"optimize.limits=[{', '.join(items)}]"
