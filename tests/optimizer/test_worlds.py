"""One plan for many worlds: three criteria that choose three plans, by hand; and worlds in which another plan is best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.evaluate import Evaluator
from optimizer.limits import Limit
from optimizer.settings import SearchSettings
from optimizer.space import Choice
from optimizer.worlds import Criterion, Worlds, merit
from tests.optimizer.worlds import EMAIL, TWO, evaluator_of, people, small_world, space_of

HAND = np.column_stack([[20.0] * 9 + [-50.0], [6.0] * 10, [12.0] * 9 + [0.0]])
"""Ten worlds, three plans: bold, careful, middling. Means 13, 6, 10.8. Worst tenth -50, 6, 0. Regret: the best of the
first nine worlds is 20, of the last 6; so 56, 14 and max(8, 6) = 8."""


@pytest.mark.parametrize(
    ("criterion", "merits"),
    [("mean", [13.0, 6.0, 10.8]), ("worst_decile", [-50.0, 6.0, 0.0]), ("regret", [-56.0, -14.0, -8.0])],
)
def test_three_criteria_choose_three_plans(criterion: Criterion, merits: list[float]) -> None:
    assert merit(HAND, criterion).tolist() == pytest.approx(merits)


def test_the_worst_tenth_of_few_worlds_is_at_least_one() -> None:
    value = np.array([[1.0], [2.0], [4.0]])
    assert merit(value, "worst_decile").tolist() == [1.0]
    assert merit(np.tile(value, (5, 1)), "worst_decile").tolist() == [1.0]
    assert merit(np.arange(20.0)[:, None], "worst_decile").tolist() == [0.5]


class Told(Evaluator):
    """An evaluator that knows what choices are worth."""

    def evaluate(self, choices, progress=None):  # type: ignore[no-untyped-def]
        return [replace(self.known[b"any"], value=float(self.told[int(choice[0, 0])])) for choice in choices]  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def any_world() -> Evaluator:
    world = small_world(people(50, 4), channels=(EMAIL,), weeks=4, tail_weeks=0)
    return evaluator_of(world, space_of(world))


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize(("criterion", "wanted"), [("mean", 0), ("worst_decile", 1), ("regret", 2)])
def test_the_chosen_plan_is_told_beside_the_one_for_the_stated_numbers(
    any_world: Evaluator, criterion: Criterion, wanted: int
) -> None:
    (one,) = any_world.evaluate([any_world.space.nothing()])
    evaluators = []
    for row in HAND:
        told = Told(**{**vars(any_world.elsewhere()), "known": {b"any": one}})
        told.told = row  # type: ignore[attr-defined]
        evaluators.append(told)
    choices: list[Choice] = [np.array([[n], [0]]) for n in range(3)]
    chosen, over = Worlds(evaluators, criterion).choose(choices, choices[2], lambda share, text: None)
    assert chosen[0, 0] == wanted == over.chosen
    assert over.stated == 2
    np.testing.assert_array_equal(over.value, HAND)
    assert over.merits(2) == pytest.approx({"mean": 10.8, "worst_decile": 0.0, "regret": 8.0})


@pytest.mark.usefixtures("kernels")
def test_short_searches_find_what_is_best_in_their_worlds() -> None:
    """In one world an e-mail brings orders, in the other it only costs; the candidates hold both answers, those that
    break the budget on more customers fall out, and the worst case is no contact."""
    settings = SearchSettings(buffer=0.0, exhaustive=0, sure=0.0)
    good, bad = (
        evaluator_of(
            small_world(
                people(400, 4), rfm=TWO, channels=(replace(EMAIL, orders_per_contact=per),), weeks=6, tail_weeks=0
            ),
            space_of(small_world(people(10, 1), channels=(EMAIL,)), {"email": (0.0, 1.0)}),
        )
        for per in (0.03, 0.0)
    )
    nothing, everything = good.space.nothing(), np.ones((2, 1), dtype=np.int64)
    worlds = Worlds([good, bad], "worst_decile")
    found = worlds.candidates(np.array([[1], [0]]), settings, lambda share, text: None)
    assert {choice.tobytes() for choice in found} == {nothing.tobytes(), everything.tobytes()}

    (all_cost,) = replace(good.elsewhere(), limits=(Limit("budget", "cost", 1e9),)).evaluate([everything])
    every = replace(good.elsewhere(), limits=(Limit("budget", "cost", 0.9 * float(all_cost.parts[0])),))
    fitting = worlds.fitting(nothing, found, every, 0.0)
    assert [choice.tobytes() for choice in fitting] == [nothing.tobytes()]
    free = worlds.fitting(nothing, found, good.elsewhere(), 0.0)
    assert len(free) == 2
    chosen, over = worlds.choose(free, everything, lambda share, text: None)
    np.testing.assert_array_equal(chosen, nothing)
    assert over.merits(over.stated)["worst_decile"] < 0.0 == over.merits(over.chosen)["worst_decile"]
    worlds.criterion = "mean"
    np.testing.assert_array_equal(worlds.choose(free, nothing, lambda share, text: None)[0], everything)
