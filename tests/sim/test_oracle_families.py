"""The kernel against the oracle, family by family of the policy language, and in mixtures."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from tests import families
from tests.many import in_many_cases
from tests.sim.same import assert_same

pytestmark = pytest.mark.usefixtures("kernels")

MIXTURES = (
    ("classes", "calendar", "points", "cooldowns", "prerequisites", "personal", "reported"),
    ("household", "points", "campaigns"),
    ("campaigns", "cascades", "offers", "timing", "birthdays"),
    ("newcomers", "waking", "birthdays", "cascades"),
    ("pull_forward", "offers", "waking", "irritation", "loyalty", "regular", "weekdays"),
    ("capacity", "reputation", "arbitration"),
    ("floors", "switch_offs", "arbitration", "household"),
)


@pytest.mark.parametrize("family", families.FAMILIES)
def test_one_family(family: str) -> None:
    check((family,), examples=8)


@pytest.mark.parametrize("mixture", MIXTURES, ids=" ".join)
def test_mixtures(mixture: tuple[str, ...]) -> None:
    check(mixture, examples=15)


def test_everything_together() -> None:
    check(families.FAMILIES, examples=5)


@pytest.mark.slow
@pytest.mark.parametrize("mixture", [families.FAMILIES, *[(f,) for f in families.FAMILIES], *MIXTURES], ids="-".join)
def test_many_worlds(mixture: tuple[str, ...]) -> None:
    check(mixture, examples=200 if mixture == families.FAMILIES else 60)


def check(names: tuple[str, ...], examples: int) -> None:
    def same(case: families.Case, seed: int) -> None:
        assert_same(*case, seed)

    in_many_cases(same, families.full_worlds(names), st.integers(0, 2**31), examples=examples)
