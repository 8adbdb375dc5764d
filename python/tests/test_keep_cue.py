"""Cues that stay on: formulas in NumPy, other inputs, and refusals."""

import attractor
import numpy as np
import pytest

#: Rounding of a few exponentials and sums.
ROUNDING = 1e-12


def softmax(logits):
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def test_the_prior_is_in_the_logits():
    rng = np.random.default_rng(1)
    patterns, x, u = rng.normal(size=(7, 5)), rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    memory = attractor.Modern(patterns, beta=1.3)
    found = memory.recall(x, updates=1, keep_cue=0.6, input=u)
    expected = softmax(1.3 * (x + 0.6 * u) @ patterns.T) @ patterns
    assert np.abs(found.states - expected).max() < ROUNDING
    # Without an input, the cue itself stays on; one input serves all cues.
    assert np.array_equal(memory.recall(x, keep_cue=0.6).states, memory.recall(x, keep_cue=0.6, input=x).states)
    one, all_of_it = memory.recall(x, keep_cue=0.6, input=u[0]), memory.recall(x, keep_cue=0.6, input=u[[0, 0, 0]])
    assert np.array_equal(one.states, all_of_it.states)


def test_diffusion_has_both_observations():
    rng = np.random.default_rng(2)
    patterns, z, u = rng.normal(size=(4, 6)), rng.normal(size=(2, 6)), rng.normal(size=(2, 6))
    sigma, gain = 0.9, 2.5
    found = attractor.Diffusion(patterns).recall(z, sigma=sigma, keep_cue=gain, input=u, top=4)

    def far(x):
        return ((x[:, None] - patterns) ** 2).sum(-1) / (2 * sigma**2)

    expected = softmax(-far(z) - gain * far(u))
    listed = np.take_along_axis(expected, found.candidates, 1)
    assert np.abs(found.posterior - listed).max() < ROUNDING


def test_off_is_to_the_bit_and_batches_are_the_same():
    patterns = np.random.default_rng(3).choice([-1.0, 1.0], (60, 128))
    memory = attractor.Hopfield(patterns)
    assert np.array_equal(memory.recall(patterns).states, memory.recall(patterns, keep_cue=0).states)
    kept = memory.recall(patterns, keep_cue=1.0)
    assert np.array_equal(kept.states, patterns)
    inputs = np.roll(patterns, 1, axis=0)
    together = memory.recall(patterns, keep_cue=0.7, input=inputs)
    told = memory.recall(patterns, keep_cue=0.7, input=inputs, progress=lambda done, of: None)
    assert np.array_equal(together.states, told.states)


def test_traces_and_counts():
    patterns = np.random.default_rng(4).choice([-1.0, 1.0], (5, 16))
    memory = attractor.Diffusion(patterns, sampler="bridge")
    trace = memory.trace(patterns[:2], sigma=1.0, keep_cue=1.0, input=patterns[2])
    assert trace.energy.shape[1] == 2
    counts = memory.repeat(patterns[:1], 200, sigma=3.0, keep_cue=1000.0, input=patterns[2])
    assert counts.ended[0, 2] == 200
    dense = attractor.Dense(patterns).trace(patterns[:2], keep_cue=1.0)
    assert (np.diff(dense.energy, axis=0) <= 0).all()


def test_refusals():
    patterns = np.random.default_rng(5).choice([-1.0, 1.0], (5, 16))
    with pytest.raises(TypeError, match="keep_cue"):
        attractor.Universal(patterns).recall(patterns, keep_cue=1.0)
    with pytest.raises(ValueError, match="keep_cue: expected a number from 0 to 1e9"):
        attractor.Modern(patterns).recall(patterns, keep_cue=-1.0)
    with pytest.raises(ValueError, match="input: expected one row for each of 5 cues, found 2"):
        attractor.Modern(patterns).recall(patterns, keep_cue=1.0, input=patterns[:2])
    with pytest.raises(TypeError, match="known units"):
        attractor.Diffusion(patterns).recall(patterns, keep_cue=1.0, clamp=patterns > 0)
