"""Warnings appear where a recall will surprise, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import attractor
import numpy as np
import pytest
from zoo import signs


def table(rows: int = 60) -> np.ndarray:
    """A table with columns on scales as different as those of the wine data: alcohol about 13, proline about 750."""
    rng = np.random.default_rng(0)
    return rng.normal([13.0, 2.0, 100.0, 750.0], [0.8, 1.0, 14.0, 315.0], (rows, 4))


@pytest.mark.parametrize(
    ("words", "make"),
    [
        ("not fixed points at any beta", lambda: attractor.Modern(table())),
        ('norm_bias="on"', lambda: attractor.Modern(table())),
        ("unit 3 holds 100 % of the variance of all 4 units", lambda: attractor.Diffusion(table())),
        ("unit 3 holds", lambda: attractor.Universal(table(), similarity="euclidean")),
        ('prepare="normalize" thresholds', lambda: attractor.Hopfield(table())),
        ('prepare="center" takes it out', lambda: attractor.Modern(5.0 + np.eye(4))),
        ('rule="pseudo-inverse"', lambda: attractor.Hopfield(signs(60, 100, 1))),
        ('interaction="exp"', lambda: attractor.Dense(signs(400, 20, 1), interaction="poly:3")),
        ("too much alike", lambda: attractor.Bidirectional(signs(60, 80, 1), values=signs(60, 80, 2))),
        ('beta="auto" separates them', lambda: attractor.Modern(signs(20, 30, 1), beta=0.01)),
        ("which hold", lambda: attractor.SparseDistributed(signs(300, 64, 1), locations=100)),
        ("unit 3 holds", lambda: attractor.Modern().fit(table())),
    ],
)
def test_what_will_surprise_is_said(words: str, make: Any) -> None:
    with pytest.warns(attractor.AttractorWarning) as caught:
        memory = make()
    texts = [str(warning.message) for warning in caught]
    assert any(words in text for text in texts), texts
    assert all("--" not in text and "\n" not in text for text in texts)
    assert all(warning.filename == __file__ for warning in caught)
    # They are notes, too, and come first.
    assert memory.notes()[: len(texts)] == texts


@pytest.mark.parametrize(
    "make",
    [
        lambda: attractor.Modern([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]]),
        lambda: attractor.Hopfield([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]]),
        lambda: attractor.Hopfield(signs(13, 100, 1)),
        lambda: attractor.Hopfield(signs(60, 100, 1), rule="pseudo-inverse"),
        lambda: attractor.Hopfield(signs(60, 100, 1), update="glauber", temperature=5.0),
        lambda: attractor.Dense(signs(20, 50, 1), interaction="exp"),
        lambda: attractor.Modern(np.eye(5)),
        lambda: attractor.Modern(attractor.digits().images[:200]),
        lambda: attractor.Modern(attractor.digits().images[:200] / 255.0, prepare="center"),
        lambda: attractor.Diffusion(attractor.digits().images[:200] / 255.0),
        lambda: attractor.Diffusion(signs(100, 8, 1)),
        lambda: attractor.Diffusion(np.random.default_rng(0).normal(size=(50, 2)) * [1.0, 1000.0]),
        lambda: attractor.Universal(np.random.default_rng(0).normal(size=(50, 6))),
        lambda: attractor.Modern([[1.0, 2.0]]),
        lambda: attractor.Mixture([{"kind": "points", "at": [[2.0, 0.0]]}]),
        lambda: attractor.Denoiser(np.tanh, 3),
        lambda: attractor.Network(signs(4, 6, 1), training={"steps": 5, "width": 8}),
    ],
)
def test_normal_use_is_quiet(make: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        memory = make()
        if memory.patterns is not None:
            memory.recall(memory.patterns[:3])


def test_a_warning_is_shown_once_for_a_line() -> None:
    code = (
        "import attractor, numpy\n"
        "x = numpy.random.default_rng(0).normal([1, 1, 1], [1, 1, 20], (99, 3))\n"
        "for n in range(5):\n"
        "    attractor.Diffusion(x[n * 9 :])\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr.count("AttractorWarning") == 1 and "<string>:4" in run.stderr
    quiet = "import warnings, attractor\nwarnings.simplefilter('ignore', attractor.AttractorWarning)\n" + code
    assert subprocess.run([sys.executable, "-c", quiet], capture_output=True, text=True, check=True).stderr == ""


def test_the_wine_data() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    model_selection = pytest.importorskip("sklearn.model_selection")
    x, y = datasets.load_wine(return_X_y=True)
    with pytest.warns(attractor.AttractorWarning, match="recall will see little else"):
        assert model_selection.cross_val_score(attractor.Modern(), x, y).mean() < 0.5


def test_the_last_level_is_what_was_asked_for() -> None:
    patterns = np.random.default_rng(0).normal(size=(6, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        memory = attractor.Diffusion(patterns, sampler="ddim", steps=4, last=0.5)
        last = 0.5 * memory.spread_
        assert np.allclose(memory.trace(patterns, sigma=1.0).sigma[-2], last)
        # A cue with less noise makes one step, which is D itself.
        close = memory.recall(patterns + 0.01, sigma=0.9 * last)
        assert np.allclose(close.states, memory(patterns + 0.01, 0.9 * last))
        # Without it, levels fall at least tenfold.
        usual = attractor.Diffusion(patterns, sampler="ddim", steps=4).trace(patterns, sigma=1e-4)
        assert np.allclose(usual.sigma[-2], 1e-5)
