"""Sobol indices against the Ishigami function, value of information against integrals by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sim.sensitivity import saltelli_design, sobol_shares, value_of_information


def test_the_published_indices_of_ishigami() -> None:
    """f = sin x1 + 7 sin^2 x2 + .1 x3^4 sin x1 on [-pi, pi]^3: .3139 .4424 0, totals .5576 .4424 .2437."""
    design = saltelli_design(2**14, [[0], [1], [2]], seed=1)
    x1, x2, x3 = (2 * np.pi * design.rows - np.pi).T
    found = sobol_shares(np.sin(x1) + 7 * np.sin(x2) ** 2 + 0.1 * x3**4 * np.sin(x1), design, seed=1)
    assert found is not None
    assert found.first == pytest.approx([0.3139, 0.4424, 0.0], abs=0.01)
    assert found.total == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.01)
    for mean, (low, high) in ((found.first, found.first_interval), (found.total, found.total_interval)):
        assert (low <= mean + 1e-9).all()
        assert (mean <= high + 1e-9).all()


def test_inputs_can_be_taken_together() -> None:
    """Of x + 2 y + 3 z the pair (x, y) explains 5 / 14."""
    design = saltelli_design(1_024, [[0, 1], [2]], seed=2)
    found = sobol_shares(design.rows @ [1.0, 2.0, 3.0], design, seed=2)
    assert found is not None
    assert found.first == pytest.approx([5 / 14, 9 / 14], abs=0.02)
    assert found.total == pytest.approx(found.first, abs=0.02)
    again = sobol_shares(design.rows @ [1.0, 2.0, 3.0], design, seed=2)
    assert again is not None
    assert (again.total_interval == found.total_interval).all()
    assert sobol_shares(np.ones(len(design.rows)), design, seed=2) is None


def test_information_by_hand() -> None:
    """Choose 0 for sure or x + z - 1 with x, z uniform: all is worth 1/6, x alone E max(0, x - 1/2) = 1/8."""
    rng = np.random.default_rng(4)
    x, z, idle = rng.random((3, 4_000))
    found = value_of_information(np.stack([0 * x, x + z - 1], axis=1), np.stack([x, z, idle], axis=1), seed=1)
    assert found.everything == pytest.approx(1 / 6, abs=0.01)
    assert found.single == pytest.approx([1 / 8, 1 / 8, 0], abs=0.01)
    assert found.changes[:2] == pytest.approx([0.5, 0.5], abs=0.05)
    for gain, (low, high) in zip(found.single, found.single_interval, strict=True):
        assert low <= gain <= high
        assert gain <= found.everything


def test_what_changes_no_choice_is_worth_nothing_however_much_it_moves_the_value() -> None:
    x = np.random.default_rng(5).random(500)
    found = value_of_information(np.stack([100 * x, 100 * x + 1], axis=1), x[:, None], seed=1)
    assert (found.best, found.everything, found.single) == (1, 0, (0,))


def test_noise_is_not_taken_for_information() -> None:
    """A hundred times worlds that nothing explains: hardly ever is an input worth anything."""
    rng = np.random.default_rng(6)
    claimed = 0
    for trial in range(100):
        worth = np.stack([np.zeros(128), rng.normal(size=128)], axis=1)
        claimed += value_of_information(worth, rng.random((128, 1)), seed=trial, resamples=2).single[0] > 0
    assert claimed <= 10


def test_explanations_are_told_apart() -> None:
    """Four explanations under which the second choice brings -3, 1, -1, 2: knowing is worth (1 + 2) / 4, all else 0."""
    rng = np.random.default_rng(8)
    which, idle = rng.random((2, 2_000))
    gain = np.array([-3.0, 1.0, -1.0, 2.0])[(4 * which).astype(int)] + rng.normal(size=2_000)
    worth = np.stack([np.zeros_like(gain), gain], axis=1)
    found = value_of_information(worth, np.stack([which, idle], axis=1), seed=1, kinds=[4, 0])
    assert found.best == 0
    assert found.single == pytest.approx([0.75, 0], abs=0.06)
    assert found.changes[0] == pytest.approx(0.5, abs=0.05)


def test_a_curved_dependence_is_seen() -> None:
    """Worth 4 (x - 1/2)^2 - 1/3: positive at both ends only; E max = integral of the positive part."""
    x = np.random.default_rng(7).random(2_000)
    worth = np.stack([np.zeros_like(x), 4 * (x - 0.5) ** 2 - 1 / 3], axis=1)
    found = value_of_information(worth, x[:, None], seed=1)
    edge = 1 / np.sqrt(12)
    by_hand = 2 * ((4 / 3) * (0.125 - edge**3) - (0.5 - edge) / 3)
    assert found.single[0] == pytest.approx(by_hand, abs=0.01)
