"""Memories under a potential."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import attractor
import numpy as np
import pytest

PATTERNS = np.random.default_rng(0).choice([-1.0, 1.0], (8, 6))
CUES = PATTERNS[:4] + 0.5 * np.random.default_rng(1).normal(size=(4, 6))


def coupled() -> np.ndarray:
    return 0.6 * np.eye(6) + 0.2 * np.cos(np.subtract.outer(np.arange(6), np.arange(6)))


def test_equal_curvatures_are_variance_preserving() -> None:
    # Rounding, carried through a recall that may amplify it tenfold a step while it decides.
    own = attractor.Diffusion(PATTERNS, process=attractor.Potential(np.full(6, 0.4), sigma=np.sqrt(0.8)))
    vp = attractor.Diffusion(PATTERNS, process="vp", gamma=0.8)
    for sigma in (0.8, None):
        a, b = own.recall(CUES, sigma=sigma), vp.recall(CUES, sigma=sigma)
        np.testing.assert_allclose(a.states, b.states, atol=1e-9)
        np.testing.assert_allclose(a.sigma, b.sigma, rtol=1e-9)


def test_score_is_that_of_correlated_noise() -> None:
    """The score is C^-1 (D - z) with the covariance C of the noise, computed here from the eigenvectors of H."""
    memory = attractor.Diffusion(PATTERNS, process=attractor.Potential(coupled(), sigma=1.0))
    h, vectors = np.linalg.eigh(coupled())
    time = 0.4
    squares = np.expm1(2 * h * time) / (2 * h)
    level = float(np.exp(np.log(squares).mean() / 2))
    inverse = (vectors / squares) @ vectors.T
    z = CUES[0]
    away = PATTERNS - z
    logits = -0.5 * np.einsum("ni,ij,nj->n", away, inverse, away)
    weights = np.exp(logits - logits.max())
    mean = weights @ PATTERNS / weights.sum()
    # Rounding of sums of 36 products, at a level found by Newton's method.
    np.testing.assert_allclose(memory.denoise([z], sigma=level)[0], mean, atol=1e-9)
    np.testing.assert_allclose(memory.score([z], sigma=level)[0], inverse @ (mean - z), atol=1e-8)


@pytest.mark.parametrize(
    "process",
    [
        attractor.Potential(coupled()),
        attractor.Potential(eigenvalues=[1.0, 2, 0, -0.5, 1, 1], sigma={"first": 0.5, "rate": 1.0}),
        attractor.Potential(np.ones(6), minimum=0.2, sigma={"times": [0, 1], "values": [0.5, 1.0]}),
        attractor.Potential.double_well(0.5),
    ],
)
def test_memories_are_copied_and_kept(process: attractor.Potential, tmp_path: Path) -> None:
    memory = attractor.Diffusion(PATTERNS, process=process)
    states = memory.recall(CUES, sigma=0.4).states
    assert (np.sign(states) == PATTERNS[:4]).all()
    memory.save(tmp_path / "memory")
    for other in (attractor.load(tmp_path / "memory"), pickle.loads(pickle.dumps(memory)), copy.deepcopy(memory)):
        np.testing.assert_array_equal(other.recall(CUES, sigma=0.4).states, states)


def test_functions_are_the_potential_that_they_compute() -> None:
    own = attractor.Potential.from_functions(
        6, lambda x: ((x**2 - 1) ** 2).sum() / 8, lambda x: 0.5 * x * (x**2 - 1), lambda x: 0.5 * (3 * x**2 - 1)
    )
    states = [
        attractor.Diffusion(PATTERNS, process=process).recall(CUES, sigma=0.4).states
        for process in (own, attractor.Potential.double_well(0.5))
    ]
    np.testing.assert_allclose(states[0], states[1], atol=1e-9)
    full = attractor.Potential.from_functions(
        6, lambda x: x @ coupled() @ x / 2, lambda x: coupled() @ x, lambda x: coupled()
    )
    assert attractor.Diffusion(PATTERNS, process=full).recall(CUES, sigma=0.3).memory.tolist() == [0, 1, 2, 3]


def test_a_file_describes_it(tmp_path: Path) -> None:
    (tmp_path / "pull.toml").write_text('hessian = "h.npy"\nsigma = 1.0\n')
    np.save(tmp_path / "h.npy", coupled())
    by_file = attractor.Diffusion(PATTERNS, process="potential", potential=str(tmp_path / "pull.toml"))
    by_object = attractor.Diffusion(PATTERNS, process=attractor.Potential.read(tmp_path / "pull.toml"))
    by_array = attractor.Diffusion(PATTERNS, process=attractor.Potential(coupled()))
    states = [memory.recall(CUES, sigma=0.5).states for memory in (by_file, by_object, by_array)]
    np.testing.assert_array_equal(states[0], states[1])
    np.testing.assert_array_equal(states[0], states[2])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: attractor.Potential([[1.0, 0.5], [-0.5, 1.0]]), ["symmetric", "Eq. 15"]),
        (lambda: attractor.Potential(), ["hessian", "neither"]),
        (lambda: attractor.Potential([1.0], eigenvalues=[1.0]), ["hessian", "both"]),
        (lambda: attractor.Potential([np.nan]), ["H", "NaN"]),
        (lambda: attractor.Potential([1.0], sigma=0.0), ["sigma"]),
        (lambda: attractor.Potential([1.0], sigma=lambda x: x), ["sigma", "depends on the state"]),
        (lambda: attractor.Diffusion(PATTERNS, process=attractor.Potential([1.0, 1.0])), ["potential", "6 units"]),
        (lambda: attractor.Diffusion(PATTERNS, process="potential"), ["potential"]),
        (
            lambda: attractor.Diffusion(
                PATTERNS,
                process=attractor.Potential.from_functions(
                    6, lambda x: (x**2).sum() / 2, lambda x: x + np.roll(x, 1), lambda x: np.ones(6)
                ),
            ),
            ["gradient", "turns"],
        ),
        (
            lambda: attractor.Diffusion(PATTERNS, process=attractor.Potential(np.ones(6))).recall(
                CUES, sigma=0.5, clamp=np.arange(6) < 3
            ),
            ["known units"],
        ),
    ],
)
def test_what_is_no_potential_is_refused(make: Any, words: list[str]) -> None:
    with pytest.raises((ValueError, TypeError)) as error:
        make()
    text = str(error.value)
    assert all(word in text for word in words), text
    assert "\n" not in text
