"""scikit-learn's conventions."""

from __future__ import annotations

from pathlib import Path

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


def test_labels_of_any_type_are_equal_to_themselves() -> None:
    x, y = np.eye(6), np.array([0, 1, 2, 0, 1, 2])
    words = np.array(["cat", "dog", "cow"])[y]
    pandas = pytest.importorskip("pandas")
    pairs = [
        (y, y.astype(float)),
        (y.astype(float), y.astype(np.uint8)),
        (y > 0, (y > 0).astype(int)),
        (y, pandas.Series(y, dtype="Int64")),
        (y, pandas.Series(y).astype("category")),
        (y, y[:, np.newaxis]),
        (words, words.astype(object)),
        (words, words.astype("S")),
        (words.astype("S"), words),
        (np.array([2**53 + 1, 2**53, 2**53 + 1]).repeat(2), np.array([2**53 + 1, 2**53, 2**53 + 1]).repeat(2)),
    ]
    for stored, truth in pairs:
        memory = attractor.Modern(x, labels=stored, beta=9.0)
        assert memory.score(x, truth) == 1.0, (stored, truth)
    with pytest.raises(ValueError, match="expected labels as in the memory"):
        attractor.Modern(x, labels=words, beta=9.0).score(x, y)
    with pytest.raises(ValueError, match="expected a label for each row"):
        attractor.Modern(x, labels=pandas.Series([0, 1, 2, 0, 1, None], dtype="Int64"))
    with pytest.raises(ValueError, match="NaN"):
        attractor.Modern(x, labels=[np.nan] * 6)


@pytest.mark.parametrize("labels", [[3, 1], [0.5, 2.0], [True, False], ["007", "08"], ["cat", "dog"], [2**53 + 1, 0]])
def test_labels_keep_their_type_in_a_file(labels: list[object], tmp_path: Path) -> None:
    memory = attractor.Modern(np.eye(2), labels=labels, beta=9.0)
    memory.save(tmp_path / "m.memory")
    back = attractor.load(tmp_path / "m.memory")
    assert back.labels.dtype.kind == memory.labels.dtype.kind and back.labels.tolist() == labels
    assert back.score(np.eye(2), labels) == 1.0


def test_columns_are_those_of_fit() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.random.default_rng(0).normal(size=(8, 4)), columns=list("abcd"))
    memory = attractor.Modern(beta=50.0, prepare="center").fit(frame, np.arange(8))
    assert memory.feature_names_in_.tolist() == list("abcd")
    assert memory.predict(frame).tolist() == list(range(8))
    for other in (frame[list("dcba")], frame.rename(columns={"a": "e"}), frame.assign(e=1.0)):
        with pytest.raises(ValueError, match="feature_names_in_"):
            memory.predict(other)
    assert not hasattr(memory.fit(frame.to_numpy()), "feature_names_in_")


def test_frames_that_may_have_gaps_and_sparse_matrices() -> None:
    pandas = pytest.importorskip("pandas")
    values = np.array([[0.5, 1.0], [2.0, -1.0]])
    frame = pandas.DataFrame(values, columns=["a", "b"])
    for kind in (frame, frame.astype("Float64"), frame.convert_dtypes(), frame.astype({"a": "Float64"})):
        assert np.array_equal(attractor.Modern(kind).patterns, values)
    flags = pandas.DataFrame(values > 0).convert_dtypes()
    assert attractor.Hopfield(flags).patterns.shape == (2, 2)
    gap = frame.astype("Float64")
    gap.iloc[1, 0] = pandas.NA
    with pytest.raises(ValueError, match=r"missing value at \(1, 0\)"):
        attractor.Modern(gap)
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match=r"toarray\(\)"):
        attractor.Modern(sparse.csr_matrix(values))


def test_a_weight_of_zero_leaves_a_row_out() -> None:
    from sklearn.ensemble import BaggingClassifier

    weights = np.ones(30)
    weights[3] = 0.0
    whole = attractor.Modern(X[:30], labels=Y[:30], weights=weights, beta=3.0)
    without = attractor.Modern(X[:30][weights > 0], weights=np.ones(29), beta=3.0)
    assert len(whole) == 29 and np.array_equal(whole.recall(X[:30]).states, without.recall(X[:30]).states)
    with pytest.raises(ValueError, match="zeros alone"):
        attractor.Modern(X[:2], weights=[0.0, 0.0])
    # Models with weights and without them.
    for kind in (attractor.Modern, attractor.Hopfield, attractor.Universal):
        bag = BaggingClassifier(kind(), n_estimators=3, random_state=0).fit(X[:100], Y[:100])
        assert bag.predict(X[:5]).shape == (5,)


def test_transform_returns_what_set_output_asks_for() -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    from sklearn import config_context
    from sklearn.compose import ColumnTransformer

    rng = np.random.default_rng(0)
    table = pandas.DataFrame(rng.normal(size=(8, 3)), columns=list("abc"), index=range(10, 18))
    memory = attractor.Modern(beta=9.0, prepare="center").fit(table)
    states = memory.transform(table)
    assert isinstance(states, np.ndarray)
    assert memory.get_feature_names_out().tolist() == list("abc")
    made = memory.set_output(transform="pandas").transform(table)
    assert made.columns.tolist() == list("abc") and made.index.tolist() == list(range(10, 18))
    assert np.array_equal(made.to_numpy(), states)
    assert clone(memory).fit_transform(table).equals(made)
    assert isinstance(memory.set_output(transform="polars").transform(table), polars.DataFrame)
    memory.set_output(transform=None)
    assert isinstance(memory.transform(table), polars.DataFrame)
    assert isinstance(memory.set_output(transform="default").transform(table), np.ndarray)
    with config_context(transform_output="pandas"):
        plain = attractor.Modern(table.to_numpy(), beta=9.0, prepare="center")
        assert plain.transform(table.to_numpy()).columns.tolist() == ["x0", "x1", "x2"]
    pipeline = make_pipeline(StandardScaler(), attractor.Modern(beta=9.0, prepare="center"))
    assert pipeline.set_output(transform="pandas").fit(table).transform(table).columns.tolist() == list("abc")
    assert pipeline.get_feature_names_out().tolist() == list("abc")
    columns = ColumnTransformer([("m", attractor.Modern(beta=9.0, prepare="center"), ["a", "b"])], remainder="drop")
    columns.set_output(transform="pandas")
    assert columns.fit_transform(table).columns.tolist() == ["m__a", "m__b"]
    with pytest.raises(ValueError, match="transform: expected default, pandas or polars"):
        memory.set_output(transform="arrow")
    with pytest.raises(ValueError, match="input_features: expected the columns that fit saw"):
        memory.get_feature_names_out(["a", "c", "b"])


def test_what_is_not_fitted_says_so_to_scikit_learn() -> None:
    with pytest.raises(sklearn.exceptions.NotFittedError):
        attractor.Modern().predict(X)
    assert "beta=array" in repr(attractor.Modern(beta=np.array([1.0, 2.0])))
