"""scikit-learn's conventions."""

from __future__ import annotations

import attractor
import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")
from sklearn.base import clone, is_classifier  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.validation import check_is_fitted  # noqa: E402

IMAGES, LABELS = attractor.digits()
X, Y = IMAGES.reshape(-1, 64)[:300] / 255.0, LABELS[:300]


def test_parameters() -> None:
    for kind in attractor._models.MODELS:
        memory = kind()
        assert memory.get_params().keys() == memory.set_params(**memory.get_params()).get_params().keys()
        assert type(clone(memory)) is kind
    exact = attractor.Diffusion(X)
    denoiser = clone(attractor.Denoiser(exact, patterns=X, sampler="heun"))
    assert denoiser.denoiser is exact and denoiser.sampler == "heun"
    grid = GridSearchCV(
        attractor.Hopfield(prepare="center"), {"self_coupling": np.array([True, False])}, cv=2, refit=False
    )
    grid.fit(X[:60], Y[:60])
    assert grid.cv_results_["mean_test_score"][0] != grid.cv_results_["mean_test_score"][1]
    memory = attractor.Modern(X, labels=Y, beta=3.0)
    copy = clone(memory)
    assert copy.get_params() == memory.get_params() and not copy.__sklearn_is_fitted__()
    check_is_fitted(memory)
    with pytest.raises(sklearn.exceptions.NotFittedError):
        check_is_fitted(copy)
    assert is_classifier(memory) and memory.n_features_in_ == 64
    process = attractor.Process("vp", gamma=1.0)
    assert clone(attractor.Diffusion(process=process)).process == process


def test_a_digit_recalls_its_class() -> None:
    memory = attractor.Modern(beta=8.0, prepare="center").fit(X[:200], Y[:200])
    assert memory.classes_.tolist() == list(range(10))
    assert memory.predict(X[:200]).tolist() == Y[:200].tolist() and memory.score(X[:200], Y[:200]) == 1.0
    # Nearest neighbours reach the same on these data; a constant guess reaches a tenth.
    assert memory.score(X[200:], Y[200:]) > 0.85
    assert memory.transform(X[200:]).shape == (100, 64)
    assert attractor.Modern(prepare="center").fit(X).predict(X[:3]).tolist() == [0, 1, 2]


def test_grid_search_and_pipelines() -> None:
    pipeline = make_pipeline(StandardScaler(), attractor.Modern())
    search = GridSearchCV(pipeline, {"modern__beta": [0.01, 1.0, "auto"]}, cv=3, error_score="raise").fit(X, Y)
    # At beta = 0.01 every cue recalls the average.
    assert search.best_params_["modern__beta"] != 0.01 and search.best_score_ > 0.85
    assert search.cv_results_["mean_test_score"][0] < 0.5
    pairs = GridSearchCV(
        attractor.Universal(), {"similarity": ["manhattan", "cosine"], "separation": ["max"]}, cv=3, n_jobs=2
    ).fit(X, Y)
    assert pairs.best_score_ > 0.85
    # Recall can denoise the input of another classifier.
    denoised = make_pipeline(attractor.Modern(beta=8.0, prepare="center"), attractor.Universal(similarity="euclidean"))
    assert cross_val_score(denoised, X, Y, cv=3).min() > 0.8
