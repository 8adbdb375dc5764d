"""The minima of landscapes."""

from __future__ import annotations

import itertools
from typing import Any

import attractor
import numpy as np
import pytest


def test_every_minimum_of_the_supports_is_listed() -> None:
    points = np.random.default_rng(1).normal(size=(8, 2))
    memory = attractor.LogSumRelu(points, beta=2.0)
    found = attractor.minima(memory, starts=200)
    groups = [g for k in range(1, 9) for g in itertools.combinations(range(8), k)]
    covered = lambda mean: set(np.flatnonzero(((points - mean) ** 2).sum(axis=1) < 1.0))
    exact = [g for g in groups if covered(points[list(g)].mean(axis=0)) == set(g)]
    assert found.listed == len(found) == len(exact)
    assert {tuple(sorted(n for n, _ in parts)) for parts in found.memories} == set(exact)
    assert found.found.sum() == found.rested == found.starts - found.undefined


def test_all_stable_states_of_a_network_are_listed() -> None:
    patterns = np.random.default_rng(2).choice([-1.0, 1.0], (3, 10))
    couplings = patterns.T @ patterns * (1 - np.eye(10))
    states = np.array(list(itertools.product([-1.0, 1.0], repeat=10)))
    stable = states[(states * (states @ couplings) >= 0).all(axis=1)]
    found = attractor.minima(attractor.Hopfield(patterns, update="asynchronous"), starts=300)
    assert found.listed == len(stable)
    assert {tuple(row) for row in found.states} == {tuple(row) for row in stable}
    energies = -0.5 * np.einsum("bi,ij,bj->b", found.states, couplings, found.states)
    np.testing.assert_allclose(found.energy, energies)
    # If y is stable, so is -y.
    kinds = found.relation.tolist()
    assert kinds.count("stored") == kinds.count("negative") > 0


def test_shares_are_repeatable_and_add_up() -> None:
    memory = attractor.Diffusion(np.random.default_rng(3).normal(size=(6, 3)))
    first, second = (attractor.minima(memory, sigma=0.3, starts=150, random_state=4) for _ in range(2))
    np.testing.assert_array_equal(first.states, second.states)
    assert first.share.sum() == pytest.approx(1.0)
    assert (first.share_low <= first.share).all() and (first.share <= first.share_high).all()
    assert len(first.to_frame()) == len(first) and "minima" in repr(first).lower()
    assert len(attractor.minima(memory, sigma=30.0, starts=50)) == 1


@pytest.mark.parametrize(
    ("error", "word", "options"),
    [
        (TypeError, "sigma", {"sigma": 1.0}),
        (ValueError, "within", {"within": -1.0}),
        (ValueError, "exact", {"exact": "maybe"}),
        (TypeError, "list", {"exact": "on"}),
    ],
)
def test_what_has_no_meaning_is_refused(error: type[Exception], word: str, options: dict[str, Any]) -> None:
    with pytest.raises(error, match=word):
        attractor.minima(attractor.Modern([[1.0, 2.0], [3.0, -1.0]]), **options)


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    attractor.minima(attractor.Modern([[1.0, 2.0], [3.0, -1.0]]), starts=20, progress=lambda *at: told.append(at))
    assert told[0] == (0, 20) and told[-1] == (20, 20)
