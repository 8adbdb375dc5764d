"""Networks are trained from Python, saved, and behave as any other memory."""

from __future__ import annotations

import pickle

import attractor
import numpy as np
import pytest

PATTERNS = np.random.default_rng(3).choice([-1.0, 1.0], (5, 9))
TRAINING = {"steps": 600, "width": 96}


@pytest.fixture(scope="module")
def memory() -> attractor.Network:
    return attractor.Network(PATTERNS, labels=list("abcde"), training=TRAINING)


def test_it_recalls_what_it_was_trained_on(memory: attractor.Network) -> None:
    cues = PATTERNS + 0.3 * np.random.default_rng(4).normal(size=PATTERNS.shape)
    recalled = memory.recall(cues, sigma=0.3)
    exact = attractor.Diffusion(PATTERNS).recall(cues, sigma=0.3)
    assert recalled.memory.tolist() == exact.memory.tolist() == list(range(5))
    assert recalled.label.tolist() == list("abcde")
    assert recalled.energy is None and recalled.posterior is None
    assert (np.sign(recalled.states) == np.sign(exact.states)).all()
    with pytest.raises(TypeError, match="energy"):
        memory.energy(cues, sigma=0.3)


def test_copies_are_the_same_network(memory: attractor.Network, tmp_path) -> None:
    memory.save(tmp_path / "a.network")
    loaded = attractor.load(tmp_path / "a.network")
    assert isinstance(loaded, attractor.Network)
    states = memory.recall(PATTERNS, sigma=0.5).states
    for copy in (loaded, pickle.loads(pickle.dumps(memory))):
        assert (copy.recall(PATTERNS, sigma=0.5).states == states).all()
    assert not (
        attractor.load(tmp_path / "a.network", sampler="heun").recall(PATTERNS, sigma=0.5).states == states
    ).all()


def test_equal_seeds_train_equal_networks(memory: attractor.Network) -> None:
    again = attractor.Network(training=TRAINING).fit(PATTERNS)
    other = attractor.Network(PATTERNS, training={**TRAINING, "seed": 1})
    states = memory.recall(PATTERNS, sigma=0.5).states
    assert (again.recall(PATTERNS, sigma=0.5).states == states).all()
    assert not (other.recall(PATTERNS, sigma=0.5).states == states).all()


def test_progress_is_told_and_can_stop() -> None:
    seen: list[tuple[int, int, float]] = []
    attractor.Network(training={"steps": 4, "width": 8}).fit(PATTERNS, progress=lambda *told: seen.append(told))
    assert [(step, steps) for step, steps, _ in seen] == [(k, 4) for k in range(1, 5)]
    assert all(np.isfinite(loss) for *_, loss in seen)

    def stop(step: int, steps: int, loss: float) -> None:
        raise RuntimeError("enough")

    memory = attractor.Network(training={"steps": 10**6, "width": 8})
    with pytest.raises(RuntimeError, match="enough"):
        memory.fit(PATTERNS, progress=stop)
    with pytest.raises(ValueError, match="expected patterns"):
        memory.recall(PATTERNS)


@pytest.mark.parametrize(
    ("training", "error", "words"),
    [
        ({"steps": 0}, ValueError, "steps: expected a whole number from 1"),
        ({"step": 3}, ValueError, "unknown setting of training: 'step'"),
        ({"rate": float("nan")}, ValueError, "rate"),
        ({"cosine": "yes"}, TypeError, "cosine: expected True or False"),
        ({"architecture": "deep"}, ValueError, "paper, residual"),
        ([3], TypeError, "training: expected a dictionary"),
        ({"nonsense": 1}, ValueError, "expected one of: .*batch_repeats"),
    ],
)
def test_settings_are_checked(training, error, words) -> None:
    with pytest.raises(error, match=words):
        attractor.Network(PATTERNS, training=training)
    with pytest.raises(TypeError, match="sample_weight"):
        attractor.Network(training={"steps": 2}).fit(PATTERNS, sample_weight=[1.0] * 5)
