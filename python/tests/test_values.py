"""Values that exact arithmetic, a closed form or published code gives."""

from __future__ import annotations

import pickle
from fractions import Fraction

import attractor
import numpy as np
import pytest


def couplings(patterns: np.ndarray, rule: str) -> list[list[Fraction]]:
    """The couplings of a rule without the diagonal, in rational numbers."""
    count = patterns.shape[1]
    rows = [[Fraction(int(v)) for v in row] for row in patterns]
    w = [[Fraction(0)] * count for _ in range(count)]
    for y in rows:
        if rule == "storkey":
            full = [sum(w[i][k] * y[k] for k in range(count) if k != i) for i in range(count)]

            def field(i: int, j: int, full: list = full, y: list = y, w: list = w) -> Fraction:
                return full[i] - (0 if i == j else w[i][j] * y[j])

            change = [
                [(y[i] * y[j] - y[i] * field(j, i) - field(i, j) * y[j]) / count for j in range(count)]
                for i in range(count)
            ]
        else:
            fresh = [y[i] - sum(w[i][k] * y[k] for k in range(count)) for i in range(count)]
            square = sum(v * v for v in fresh)
            change = [[a * b / square if square else Fraction(0) for b in fresh] for a in fresh]
        w = [[w[i][j] + change[i][j] for j in range(count)] for i in range(count)]
    return [[Fraction(0) if i == j else w[i][j] for j in range(count)] for i in range(count)]


def recalled(w: list[list[Fraction]], cue: np.ndarray) -> list[int]:
    """The end of sweeps in fixed order. A field of 0 keeps the unit."""
    state = [int(v) for v in cue]
    for _ in range(100):
        before = list(state)
        for i, row in enumerate(w):
            field = sum(a * b for a, b in zip(row, state, strict=True))
            state[i] = state[i] if field == 0 else (1 if field > 0 else -1)
        if state == before:
            return state
    raise AssertionError("no rest")


@pytest.mark.parametrize(("rule", "shape"), [("storkey", (2, 6)), ("storkey", (3, 12)), ("pseudo-inverse", (4, 10))])
def test_ties_are_those_of_exact_arithmetic(rule: str, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(4):
        patterns = rng.choice([-1.0, 1.0], shape)
        cues = rng.choice([-1.0, 1.0], (60, shape[1]))
        memory = attractor.Hopfield(patterns, rule=rule, update="asynchronous", order="fixed")
        exact = couplings(patterns, rule)
        found = memory.recall(cues).states.astype(int).tolist()
        assert found == [recalled(exact, cue) for cue in cues]


def test_equal_weights_do_not_change_the_modern_energy() -> None:
    rng = np.random.default_rng(1)
    patterns, states = rng.normal(size=(8, 5)), rng.normal(size=(4, 5))
    plain = attractor.Modern(patterns, beta=2.0).energy(states)
    assert np.allclose(attractor.Modern(patterns, beta=2.0, weights=np.ones(8)).energy(states), plain, rtol=1e-12)
    direct = -np.log(np.exp(2.0 * states @ patterns.T).sum(1)) / 2.0 + 0.5 * (states**2).sum(1)
    assert np.allclose(plain, direct, rtol=1e-12)
    # A pattern of weight 2 is a pattern that is stored twice.
    weights = np.array([2.0, 1, 1, 1, 1, 1, 1, 1])
    twice = attractor.Modern(np.vstack([patterns, patterns[:1]]), beta=2.0).energy(states)
    once = attractor.Modern(patterns, beta=2.0, weights=weights).energy(states)
    assert np.allclose(once + np.log(8 / 9) / 2.0, twice, rtol=1e-9)


@pytest.mark.parametrize(
    ("separation", "weights"),
    [("identity", [0.4, 0.266667, 0.333333]), ("poly:2", [0.467532, 0.207792, 0.324675])],
)
def test_the_published_code_divides_by_sums_for_dot(separation: str, weights: list[float]) -> None:
    patterns = np.array([[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0.25] * 4])
    memory = attractor.Universal(
        patterns, values=np.eye(3), compat="uhn2022", similarity="dot", separation=separation, prepare="none"
    )
    found = memory.recall(np.array([0.1, 0.2, 0.25, 0.4]), updates=1).values
    assert np.allclose(found, weights, atol=1e-6)


#: The values are of order 1, and the steps are the same sums in another order.
ROUNDING = 1e-14


@pytest.mark.parametrize("prepare", ["none", "normalize"])
def test_noise_levels_of_ones_own(prepare: str) -> None:
    """Euler steps in sigma between the levels of a list, written out for two points at +1 and -1."""
    points, sigmas = np.array([[1.0], [-1.0]]), [0.2, 3.0, 1.0]
    memory = attractor.Diffusion(points, sampler="ddim", sigmas=sigmas, prepare=prepare, narrow=False)
    for first, path in ((3.0, [3.0, 1.0, 0.2, 0.0]), (2.0, [2.0, 1.0, 0.2, 0.0]), (0.1, [0.1, 0.0])):
        x = np.array([0.7, -1.3])
        trace = memory.trace(x[:, np.newaxis], sigma=first)
        assert np.allclose(trace.sigma[: len(path), 0], path, rtol=1e-14) and not trace.sigma[len(path) :].any()
        for k, (a, b) in enumerate(zip(path, path[1:], strict=False)):
            mean = np.tanh(x / a**2)
            x = mean + b / a * (x - mean)
            assert np.allclose(trace.states[k + 1, :, 0], x, atol=ROUNDING)
        assert np.allclose(trace.recall.states[:, 0], x, atol=ROUNDING)


#: The bridge draws from the memory itself, and has no use for a denoiser.
GRIDS = [name for name, facts in attractor.samplers().items() if facts["has_grid"] and name != "bridge"]


@pytest.mark.parametrize("sampler", GRIDS)
def test_a_list_of_a_grids_levels_is_that_grid(sampler: str) -> None:
    rng = np.random.default_rng(0)
    patterns, cues = rng.normal(size=(6, 5)), rng.normal(size=(4, 5))
    grid = attractor.Sampler(sampler, steps=9)
    sigmas = grid.levels(1.5, spread=attractor.Diffusion(patterns).spread_)[:-1]
    expected = attractor.Diffusion(patterns, sampler=grid).recall(cues, sigma=1.5)
    for memory in (
        attractor.Diffusion(patterns, sampler=attractor.Sampler(sampler, sigmas=sigmas)),
        attractor.Diffusion(patterns, sampler=sampler, sigmas=sigmas[::-1]),
        attractor.Denoiser(attractor.Diffusion(patterns), patterns=patterns, sampler=sampler, sigmas=list(sigmas)),
    ):
        assert np.array_equal(memory.recall(cues, sigma=1.5).states, expected.states)


def test_levels_that_make_no_sense() -> None:
    patterns = np.eye(3)
    for wrong, words in (
        ({"sigmas": [1.0, -0.1]}, "sigmas: expected a number >= 0"),
        ({"sigmas": [np.nan]}, "sigmas"),
        ({"sigmas": []}, "sigmas: expected a whole number from 1"),
        ({"sigmas": [1.0], "steps": 3}, "sigmas: expected a grid or levels of your own, not steps"),
        ({"sigmas": [1.0], "sampler": "one-step"}, "sigmas: expected a sampler that makes steps"),
    ):
        with pytest.raises(ValueError, match=words):
            attractor.Diffusion(patterns, **wrong)
    with pytest.raises(ValueError, match="sigmas: expected 0, or levels of at least 1e-12 spreads"):
        attractor.Diffusion(patterns, sigmas=[1e-200]).recall(patterns, sigma=1.0)
    with pytest.raises(TypeError, match="sigmas"):
        attractor.Diffusion(patterns, sigmas=3.0)
    memory = attractor.Diffusion(patterns, sigmas=[2.0, 0.5])
    assert pickle.loads(pickle.dumps(memory)).recall(patterns, sigma=2.0).steps.tolist() == [3, 3, 3]
