"""Densities are fitted from Python, and events stand beside them."""

from __future__ import annotations

import pickle

import attractor
import numpy as np
import pytest


def clouds() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(-4, 1, (200, 3)), rng.normal(4, 0.5, (100, 3))])


def log_normal(x: np.ndarray, mean: np.ndarray, cov: np.ndarray) -> np.ndarray:
    away = x - mean
    square = np.sum(away * np.linalg.solve(cov, away.T).T, axis=1)
    return -0.5 * (len(mean) * np.log(2 * np.pi) + np.linalg.slogdet(cov)[1] + square)


def test_one_component_is_the_sample_mean_and_covariance() -> None:
    X = clouds()
    gist = attractor.fit(X, 1)
    assert isinstance(gist, attractor.Mixture) and len(gist) == 1
    assert np.allclose(gist.means_, X.mean(axis=0))
    sigma = 0.7
    expected = log_normal(X, X.mean(axis=0), np.cov(X.T, bias=True) + sigma**2 * np.eye(3))
    assert np.allclose(gist.log_prob(X, sigma), expected, rtol=1e-9)
    assert np.isclose(gist.log_likelihood_, log_normal(X, X.mean(axis=0), np.cov(X.T, bias=True)).mean())


def test_auto_finds_two() -> None:
    gist = attractor.fit(clouds(), labels=["low"] * 200 + ["high"] * 100)
    assert gist.weights.round(6).tolist() == [0.666667, 0.333333]
    assert gist.labels.tolist() == ["low", "high"]
    assert gist.converged_ and gist.responsibilities_.shape == (300, 2)
    assert max(gist.trials_, key=lambda trial: trial[2])[0] == 2
    samples = gist.sample(2000).states
    assert np.allclose(samples.mean(axis=0), clouds().mean(axis=0), atol=5 * 4 / np.sqrt(2000))


def test_events_and_gist_share_the_posterior(tmp_path) -> None:
    X = clouds()
    event = np.array([[0.0, 0.0, 0.0]])
    both = attractor.fit(X, 1, events=event, weight=0.3, event_labels=["party"])
    z, sigma = np.array([[0.1, -0.2, 0.3]]), 0.4
    point = 0.3 * np.exp(log_normal(z, event[0], sigma**2 * np.eye(3)))
    gist = 0.7 * np.exp(log_normal(z, X.mean(axis=0), np.cov(X.T, bias=True) + sigma**2 * np.eye(3)))
    recalled = both.recall(z, sigma=sigma)
    assert np.allclose(recalled.event_share, point / (point + gist), rtol=1e-10)
    assert recalled.label.tolist() == ["party"]
    assert attractor.fit(X, 1).recall(z, sigma=sigma).event_share is None
    both.save(tmp_path / "both.memory")
    for copy in (attractor.load(tmp_path / "both.memory"), pickle.loads(pickle.dumps(both))):
        # A file keeps the weight of the events, whose logarithm is taken anew.
        assert np.allclose(copy.recall(z, sigma=sigma).states, recalled.states, rtol=1e-12, atol=1e-15)
        assert (copy.recall(z, sigma=sigma).event_share == recalled.event_share).all()
        assert copy.labels.tolist() == ["party", ""]


def test_progress_can_stop() -> None:
    seen = []
    attractor.fit(clouds(), 3, tolerance=0, progress=lambda *at: seen.append(at) or len(seen) < 3)
    assert [at[:3] for at in seen] == [(3, 0, 1), (3, 0, 2), (3, 0, 3)]


def test_what_cannot_be_fitted_is_refused() -> None:
    X = clouds()
    for words, call in [
        ("components: expected at most 300", lambda: attractor.fit(X, 301)),
        ("rank: expected at most the 3 units", lambda: attractor.fit(X, 1, 4)),
        ("rows that differ", lambda: attractor.fit(np.ones((4, 2)), 1)),
        ("weight: expected", lambda: attractor.fit(X, 1, events=X[:1], weight=1.0)),
        ("event_labels: expected events", lambda: attractor.fit(X, 1, event_labels=["a"])),
        ("attractor.fit", lambda: attractor.Mixture([[0.0, 1.0]]).with_events([[0.0, 1.0]])),
    ]:
        with pytest.raises(ValueError, match=words):
            call()
    with pytest.raises(TypeError, match="components: expected a whole number"):
        attractor.fit(X, 2.5)
