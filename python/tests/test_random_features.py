"""A memory of fixed size: against the sums by their definition, and as it changes."""

from __future__ import annotations

import pickle
from pathlib import Path

import attractor
import numpy as np
import pytest

RNG = np.random.default_rng(3)
PATTERNS = RNG.choice([-1.0, 1.0], (30, 24))


def memory(**options: object) -> attractor.RandomFeatures:
    return attractor.RandomFeatures(PATTERNS, features=3000, beta=0.3, **options)


def test_energy_is_near_the_exact_one() -> None:
    held = memory()
    states = PATTERNS[:10] + 0.3 * RNG.normal(size=(10, 24))
    exact = attractor.Modern(PATTERNS, beta=0.3, norm_bias=True)
    kernel = np.exp(-0.3 * exact.energy(states))
    error = np.abs(0.3 * (held.energy(states) - exact.energy(states)))
    # Six standard deviations of ln K, and its curvature.
    assert (error < 6 * held.noise_ / kernel + (6 * held.noise_ / kernel) ** 2).all()
    assert held.noise_ == pytest.approx(np.sqrt(30 / 6000), rel=0.1)
    assert held.distinct_ == pytest.approx(30, rel=0.15)
    assert len(held) == 30 and held.patterns is None and held.beta_ == 0.3 and held.labels is None
    step = 1e-5 * RNG.normal(size=24)
    slope = (held.energy(states + step) - held.energy(states - step)) / 2
    assert held.gradient(states) @ step == pytest.approx(slope, rel=1e-5)


def test_patterns_come_and_go(tmp_path: Path) -> None:
    held = memory()
    cosines, sines = held.cosines_, held.sines_
    more = RNG.choice([-1.0, 1.0], (5, 24))
    assert held.append(more) is held and len(held) == 35
    assert np.array_equal(
        held.cosines_, attractor.RandomFeatures(np.concatenate([PATTERNS, more]), features=3000, beta=0.3).cosines_
    )
    assert len(held.remove(more[::-1])) == 30
    assert np.array_equal(held.cosines_, cosines) and np.array_equal(held.sines_, sines)
    parts = attractor.RandomFeatures(features=3000, beta=0.3).partial_fit(PATTERNS[:10]).partial_fit(PATTERNS[10:])
    assert np.array_equal(parts.cosines_, cosines)
    held.save(tmp_path / "m.memory")
    cues = PATTERNS[:4] + 0.4
    for same in (pickle.loads(pickle.dumps(held)), attractor.load(tmp_path / "m.memory")):
        assert np.array_equal(same.cosines_, cosines) and len(same) == 30
        assert np.array_equal(same.recall(cues).states, held.recall(cues).states)
    assert (np.sign(held.transform(cues)) == PATTERNS[:4]).all()


def test_what_sums_cannot_do_is_refused() -> None:
    held = memory()
    cosines = held.cosines_
    with pytest.raises(ValueError, match="those that were added, found row 0"):
        held.remove(RNG.choice([-1.0, 1.0], (1, 24)))
    with pytest.raises(ValueError, match="at most 29 of the 30"):
        held.remove(PATTERNS)
    with pytest.raises(ValueError, match="24 features"):
        held.append(PATTERNS[:, :5])
    assert len(held) == 30 and np.array_equal(held.cosines_, cosines)
    for name in ("predict", "decision_function", "score", "predict_proba"):
        with pytest.raises(AttributeError, match=name):
            getattr(held, name)
    with pytest.raises(ValueError, match="weights"):
        attractor.RandomFeatures(PATTERNS, weights=np.full(30, 1e-9))


def test_bytes_and_images_keep_their_preparation() -> None:
    images = attractor.digits().images[:40]
    held = attractor.RandomFeatures(images, features=8000)
    before = held.cosines_
    held.append(images[:3]).remove(images[:3])
    assert np.array_equal(held.cosines_, before)
    assert held.recall(images[:2]).states.shape == (2, 8, 8)
    rows, recalled = images.reshape(40, -1) / 255, held.recall(images).states.reshape(40, -1)
    nearest = ((recalled[:, np.newaxis] - rows) ** 2).sum(axis=-1).argmin(axis=1)
    assert (nearest == np.arange(40)).mean() > 0.8


def test_too_few_features_are_a_warning() -> None:
    with pytest.warns(attractor.AttractorWarning, match="100 features tell about 2 patterns"):
        attractor.RandomFeatures(PATTERNS, features=100)
