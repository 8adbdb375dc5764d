"""scikit-learn's conventions."""

from __future__ import annotations

import copy
import pickle
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


#: A memory of each class, as small as it goes.
def zoo_of_labels() -> list[attractor.Memory]:
    from test_estimator_checks import shrink

    x, y = X[:40], Y[:40]
    return [
        attractor.Hopfield(x, labels=y, prepare="center"),
        attractor.Bidirectional(x, labels=y, prepare="center"),
        attractor.Sequence(x, labels=y, prepare="center"),
        attractor.SparseDistributed(x, labels=y, prepare="center", locations=200),
        attractor.Dense(x, labels=y, prepare="center"),
        attractor.Modern(x, labels=y),
        attractor.LogSumRelu(x, labels=y),
        attractor.ContinuousSequence(x, labels=y),
        attractor.Universal(x, labels=y),
        attractor.Diffusion(x, labels=y),
        attractor.Local(x.reshape(-1, 8, 8), labels=y, window="3"),
        attractor.Mixture().fit(x, y),
        attractor.Network(x, labels=y, training={"steps": 20, "width": 16}),
        attractor.Denoiser(shrink, patterns=x, labels=y, sigma=0.3),
    ]


def test_every_class_can_be_cloned_pickled_and_joblibbed(tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    zoo = zoo_of_labels()
    # Random features keep no labels: see test_random_features.py.
    assert {type(memory) for memory in zoo} == {*attractor._models.MODELS, attractor.Denoiser} - {
        attractor.RandomFeatures
    }
    for memory in zoo:
        cues = X[:3].reshape(-1, 8, 8) if isinstance(memory, attractor.Local) else X[:3]
        expected = memory.predict(cues), memory.decision_function(cues)
        joblib.dump(memory, tmp_path / "m.joblib")
        for same in (pickle.loads(pickle.dumps(memory)), joblib.load(tmp_path / "m.joblib"), copy.deepcopy(memory)):
            assert same.predict(cues).tolist() == expected[0].tolist(), memory
            assert np.array_equal(same.decision_function(cues), expected[1]), memory
            assert same.classes_.tolist() == memory.classes_.tolist()
        bare = clone(memory)
        assert bare.get_params() == memory.get_params()
        with pytest.raises(sklearn.exceptions.NotFittedError):
            bare.predict(cues)


def test_probabilities_of_labels_are_the_posterior() -> None:
    # Points at distance d from a cue have weights exp(-d**2/(2 sigma**2)).
    points, labels, cue, sigma = np.array([[0.0], [1.0], [3.0]]), ["a", "b", "a"], np.array([[0.8]]), 0.9
    weights = np.exp(-((points[:, 0] - cue[0, 0]) ** 2) / (2 * sigma**2))
    share = (weights[0] + weights[2]) / weights.sum()
    for kind in (attractor.Diffusion, attractor.Mixture):
        memory = kind().fit(points, labels)
        assert np.allclose(memory.predict_proba(cue, sigma=sigma), [[share, 1 - share]], atol=1e-12)
        assert np.allclose(memory.decision_function(cue, sigma=sigma), np.log((1 - share) / share), atol=1e-12)
    # Attention: softmax of beta times the products.
    beta = 1.3
    weights = np.exp(beta * points[:, 0] * cue[0, 0])
    share = (weights[0] + weights[2]) / weights.sum()
    memory = attractor.Modern(points, labels=labels, beta=beta, norm_bias=False)
    assert np.allclose(memory.predict_proba(cue), [[share, 1 - share]], atol=1e-12)
    prior = attractor.Diffusion().fit(points, labels, sample_weight=[1.0, 3.0, 1.0])
    weights = np.exp(-((points[:, 0] - cue[0, 0]) ** 2) / (2 * sigma**2)) * [1, 3, 1]
    assert np.allclose(prior.predict_proba(cue, sigma=sigma)[0, 1], weights[1] / weights.sum(), atol=1e-12)


def test_probabilities_at_the_edges() -> None:
    memory = attractor.Diffusion([[1.0, 0], [-1, 0], [1, 0]], labels=["a", "b", "c"])
    # Without noise the cue is the memory; two memories in one place share it.
    assert memory.predict_proba([[1.0, 0.0]], sigma=0.0).tolist() == [[0.5, 0.0, 0.5]]
    assert np.allclose(memory.predict_proba([[9.0, 9.0]], sigma=1e9), 1 / 3)
    for kind in (memory, attractor.Modern(memory.patterns, labels=list("abc"))):
        assert kind.predict_proba(np.zeros((0, 2))).shape == kind.decision_function(np.zeros((0, 2))).shape == (0, 3)
    # A known unit is exact, so that the memory at -1 is out.
    half = np.ma.masked_array([[1.0, 0.0]], mask=[[False, True]])
    assert memory.predict_proba(half, sigma=0.5).tolist() == [[0.5, 0.0, 0.5]]
    silent = attractor.Universal(np.eye(2), labels=["a", "b"], similarity="dot", separation="threshold:5")
    assert silent.predict(np.eye(2)).tolist() == [None, None] and np.isfinite(silent.decision_function(np.eye(2))).all()


def test_only_probabilities_are_called_so() -> None:
    for memory in (*zoo_of_labels(), attractor.Universal(similarity="dot", separation="poly:3")):
        soft = (
            attractor.Modern,
            attractor.LogSumRelu,
            attractor.ContinuousSequence,
            attractor.Diffusion,
            attractor.Mixture,
        )
        has = isinstance(memory, soft) or (isinstance(memory, attractor.Universal) and memory.separation is None)
        assert hasattr(memory, "predict_proba") is has, memory
        assert hasattr(clone(memory), "predict_proba") is has, memory
    with pytest.raises(AttributeError, match="Hopfield has no predict_proba: .*decision_function"):
        attractor.Hopfield(X[:3], labels=Y[:3], prepare="center").predict_proba(X)
    with pytest.raises(ValueError, match="predict_proba: expected a memory with labels"):
        attractor.Modern(X[:3]).predict_proba(X)
    with pytest.raises(TypeError, match="sigma: expected none"):
        attractor.Modern(X[:3], labels=Y[:3]).predict_proba(X, sigma=1.0)


def test_what_speaks_for_each_label() -> None:
    patterns = np.array([[1.0, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1]])
    memory = attractor.Hopfield(patterns, labels=["a", "b", "c"], rule="pseudo-inverse")
    # Two units differ by 2 each: (4 + 4)/4.
    assert memory.decision_function(patterns).round(12).tolist() == [[0, -2, -2], [-2, 0, -2], [-2, -2, 0]]
    for held in zoo_of_labels():
        cues = X[40:60].reshape(-1, 8, 8) if isinstance(held, attractor.Local) else X[40:60]
        if not hasattr(held, "predict_proba"):
            assert held.classes_[held.decision_function(cues).argmax(axis=1)].tolist() == held.predict(cues).tolist()


def test_patterns_that_come_bit_by_bit_make_the_same_memory(tmp_path: Path) -> None:
    x, y = X[:30], Y[:30]
    for kind, more in (
        (attractor.Hopfield, {"prepare": "center"}),
        (attractor.Bidirectional, {"prepare": "center"}),
        (attractor.SparseDistributed, {"prepare": "center", "locations": 200}),
        (attractor.Dense, {"prepare": "center"}),
        (attractor.Modern, {}),
        (attractor.Universal, {}),
        (attractor.Diffusion, {"prepare": "normalize"}),
        (attractor.Local, {"image": "8x8"}),
    ):
        whole, parts = kind(**more).fit(x, y), kind(**more)
        for part in (slice(0, 1), slice(1, 12), slice(12, 30)):
            parts.partial_fit(x[part], y[part], classes=np.arange(10))
        assert np.array_equal(parts.recall(x).states, whole.recall(x).states), kind
        assert parts.classes_.tolist() == list(range(10)) and parts.labels.tolist() == y.tolist()
        with pytest.raises(ValueError, match=f"X has 3 features, but {kind.__name__} is expecting 64"):
            parts.partial_fit(x[:2, :3], y[:2])
        with pytest.raises(ValueError, match="y: expected rows with it"):
            parts.partial_fit(x[:2])
    began = attractor.Modern(x[:10], labels=y[:10], weights=np.arange(1.0, 11.0), beta=3.0)
    began.partial_fit(x[10:], y[10:], sample_weight=np.full(20, 2.0))
    expected = np.concatenate([np.arange(1.0, 11.0) / 5.5, np.full(20, 2.0)])
    assert np.allclose(began.weights, expected / expected.sum())
    assert attractor.Modern(x[:3], weights=[1, 2, 1]).weights.tolist() == [0.25, 0.5, 0.25]
    # What a file keeps, with values and weights, goes on as if it had been given.
    began = attractor.Modern(x[:9], weights=np.arange(1.0, 10.0) / 5, values=x[:9, :2], beta=3.0)
    began.save(tmp_path / "m.memory")
    for held in (began, attractor.load(tmp_path / "m.memory")):
        held.partial_fit(x[9:], sample_weight=np.ones(21), values=x[9:, :2])
        whole = attractor.Modern(x, weights=np.r_[np.arange(1.0, 10.0) / 5, np.ones(21)], values=x[:, :2], beta=3.0)
        assert np.allclose(held.recall(x).values, whole.recall(x).values, atol=1e-12)
        assert np.allclose(held.weights, whole.weights)
    assert not any(hasattr(kind, "partial_fit") for kind in (attractor.Mixture, attractor.Network, attractor.Denoiser))


def test_fit_shows_what_it_takes() -> None:
    import inspect

    takes = lambda kind: set(inspect.signature(kind.fit).parameters) - {"self", "X", "y"}
    assert takes(attractor.Hopfield) == takes(attractor.Dense) == takes(attractor.Denoiser) == set()
    assert takes(attractor.Bidirectional) == takes(attractor.Universal) == {"values"}
    assert takes(attractor.Local) == takes(attractor.Mixture) == {"sample_weight"}
    assert takes(attractor.Modern) == takes(attractor.Diffusion) == {"sample_weight", "values"}
    assert takes(attractor.Network) == {"progress"}


def test_pairs_of_patterns_and_classes() -> None:
    memory = attractor.Bidirectional(prepare="center").fit(X[:3], ["a", "b", "a"])
    assert memory.recall(X[:3]).values.tolist() == [[1, -1], [-1, 1], [1, -1]]
    with pytest.raises(ValueError, match="give values, or labels"):
        attractor.Bidirectional(prepare="center").fit(X[:3])


def test_parameters_of_parameters() -> None:
    memory = attractor.Diffusion(process=attractor.Process("vp", gamma=0.8), sampler=attractor.Sampler("heun"))
    known = memory.get_params()
    assert known["process__gamma"] == 0.8 and known["sampler__name"] == "heun"
    assert "process__gamma" not in memory.get_params(deep=False)
    assert clone(memory).set_params(process__gamma=0.5, sampler__steps=4).process.gamma == 0.5
    assert memory.process.gamma == 0.8
    both = memory.set_params(sampler="ddim", process=attractor.Process("flow"), process__name="edm")
    assert both.process.name == "edm" and both.sampler == "ddim"
    search = GridSearchCV(
        attractor.Diffusion(sampler=attractor.Sampler("ancestral")),
        {"sampler__steps": [1, 8]},
        cv=2,
        error_score="raise",
    ).fit(X[:60], Y[:60])
    assert search.best_params_.keys() == {"sampler__steps"}
    inner = attractor.Denoiser(attractor.Diffusion(X[:5]), sigma=0.3)
    assert inner.get_params()["denoiser__steps"] is None
    with pytest.raises(ValueError, match="did you mean gamma"):
        memory.set_params(process__gama=0.5)
    with pytest.raises(ValueError, match=r"attractor\.Process\(\.\.\.\) first"):
        attractor.Diffusion(process="vp").set_params(process__gamma=0.5)


def test_metadata_is_routed_where_it_is_requested() -> None:
    from sklearn import config_context

    x, y, weights = X[:40], Y[:40], np.ones(40)
    weights[20:] = 0.0
    with pytest.raises(RuntimeError, match="enable_metadata_routing=True"):
        attractor.Modern().set_fit_request(sample_weight=True)
    with config_context(enable_metadata_routing=True):
        memory = attractor.Modern(beta=9.0).set_fit_request(sample_weight=True)
        assert clone(memory).get_metadata_routing().fit.requests["sample_weight"] is True
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), memory).fit(
            x, y, sample_weight=weights
        )
        assert len(pipeline[-1]) == 20
        sampled = attractor.Diffusion().set_predict_request(sigma=True)
        noisy = make_pipeline(StandardScaler(), sampled).fit(x, y)
        assert noisy.predict(x, sigma=0.1).tolist() == y.tolist()
        with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError):
            make_pipeline(StandardScaler(), attractor.Modern()).fit(x, y, sample_weight=weights)
        with pytest.raises(TypeError, match="found sample_weight"):
            attractor.Hopfield().set_fit_request(sample_weight=True)


def test_meta_estimators() -> None:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import BaggingClassifier, VotingClassifier
    from sklearn.metrics import roc_auc_score

    x, y = X[:200], Y[:200]
    soft = VotingClassifier([("modern", attractor.Modern()), ("diffusion", attractor.Diffusion())], voting="soft").fit(
        x, y
    )
    assert soft.score(X[200:], Y[200:]) > 0.85
    for memory in (attractor.Modern(), attractor.Hopfield(prepare="center", rule="pseudo-inverse")):
        calibrated = CalibratedClassifierCV(memory, cv=2).fit(x, y)
        shares = calibrated.predict_proba(X[200:])
        assert np.allclose(shares.sum(axis=1), 1) and roc_auc_score(Y[200:], shares, multi_class="ovr") > 0.8
    bag = BaggingClassifier(attractor.Modern(), n_estimators=3, random_state=0, n_jobs=2).fit(x, y)
    assert bag.score(X[200:], Y[200:]) > 0.8
    text = make_pipeline(StandardScaler(), attractor.Modern())._repr_html_()
    assert "Modern" in text and "StandardScaler" in text
