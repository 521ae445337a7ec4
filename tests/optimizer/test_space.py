"""What may be chosen."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.space import Space
from sim.errors import InputError

SPACE = Space.of(("a", "b"), ("email", "sms"), {"email": [1, 3], "sms": [0.5]})


def test_level_zero_is_added_and_levels_ascend() -> None:
    assert SPACE.levels == ((0.0, 1.0, 3.0), (0.0, 0.5))
    assert Space.of(("a",), ("email",), {"email": [3, 1, 0, 1]}).levels == ((0.0, 1.0, 3.0),)


def test_a_channel_without_levels_stays_silent() -> None:
    assert Space.of(("a",), ("email", "sms"), {"email": [1]}).levels == ((0.0, 1.0), (0.0,))


def test_size_counts_the_plans_that_are_enumerated() -> None:
    plans = [choice.tobytes() for choice in SPACE.all()]
    assert SPACE.size == (3 * 2) ** 2 == len(plans) == len(set(plans))


def test_uniform_plans_are_the_plans_common_to_all_segments() -> None:
    uniform = {choice.tobytes() for choice in SPACE.uniform()}
    same = {choice.tobytes() for choice in SPACE.all() if (choice[0] == choice[1]).all()}
    assert uniform == same
    assert len(uniform) == 6


def test_a_choice_stands_for_frequencies() -> None:
    plan = SPACE.plan(np.array([[2, 1], [0, 0]]), "p")
    assert plan.name == "p"
    np.testing.assert_array_equal(plan.per_week, [[3.0, 0.5], [0.0, 0.0]])


def test_nothing_is_no_contact() -> None:
    assert not SPACE.plan(SPACE.nothing(), "p").per_week.any()


@pytest.mark.parametrize(
    ("levels", "said"),
    [({"fax": [1]}, "unknown channel"), ({"email": [8]}, "must ascend"), ({"email": [float("nan")]}, "must ascend")],
)
def test_bad_levels_are_refused(levels: dict[str, list[float]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Space.of(("a",), ("email",), levels)
