"""Reconstructive memories: held to the conditional density, computed with NumPy."""

import pickle

import attractor
import numpy as np
import pytest

COVARIANCE = np.array([[1.0, 0.8, 0.3], [0.8, 1.0, 0.1], [0.3, 0.1, 0.5]])
MEAN = np.array([0.5, -0.2, 0.1])


def density(**options):
    values, vectors = np.linalg.eigh(COVARIANCE)
    gaussian = {"kind": "gaussian", "mean": MEAN, "directions": vectors.T, "deviations": np.sqrt(values)}
    return attractor.Mixture([gaussian], **options)


def conditional(a, core):
    """Mean and covariance given A y = core."""
    gain = COVARIANCE @ a.T @ np.linalg.inv(a @ COVARIANCE @ a.T)
    return MEAN + gain @ (core - a @ MEAN), COVARIANCE - gain @ a @ COVARIANCE


@pytest.mark.parametrize(
    ("core", "matrix"),
    [
        ("units:1", [[0.0, 1.0, 0.0]]),
        ([[1]], [[0.0, 1.0, 0.0]]),
        (np.array([[1.0, 1.0, -2.0]]), [[1.0, 1.0, -2.0]]),
        ("components:1", None),
    ],
)
def test_recalls_are_samples_of_the_conditional(core, matrix):
    event = np.array([[1.0, 0.7, -0.3]])
    memory = density(sampler="bridge").with_cores(event, core)
    states = memory.sample(4000, random_state=1).states
    a = np.linalg.eigh(COVARIANCE)[1][:, -1:].T if matrix is None else np.array(matrix)
    mean, covariance = conditional(a, a @ event[0])
    assert np.abs((states - event) @ a.T).max() < 1e-9
    # Five standard errors of means, and of variances (relative error sqrt(2/n)).
    assert (np.abs(states.mean(0) - mean) < 5 * np.sqrt(np.diag(covariance).clip(0) / 4000) + 1e-9).all()
    assert (np.abs(states.var(0) - np.diag(covariance)) < 5 * np.sqrt(2 / 4000) * np.diag(covariance) + 1e-9).all()


def test_what_surprises_leaves_no_larger_error():
    rng = np.random.default_rng(0)
    gist = density()
    events = rng.multivariate_normal(MEAN, COVARIANCE, 20)
    for event, (units, errors) in zip(events, gist.surprise(events, 0.3), strict=True):
        assert len(errors) == len(units) + 1 and errors[-1] <= 0.3 and (errors[:-1] > 0.3).all()
        a = np.eye(3)[units]
        mean = conditional(a, a @ event)[0] if len(units) else MEAN
        free = np.setdiff1d(np.arange(3), units)
        assert (np.abs(mean - event)[free] <= 0.3 + 1e-12).all()


def test_a_file_and_a_pickle_keep_everything(tmp_path):
    events = np.array([[1.0, 0.7, -0.3], [-1.0, 0.2, 0.4]])
    memory = density().with_cores(events, "surprise:0.2", labels=["one", "two"], weight=0.75)
    memory.save(tmp_path / "events.memory")
    cues = events + 0.1
    first = memory.recall(cues, sigma=0.3)
    assert (first.event_share > 0).all() and (first.event_share < 1).all()
    for other in (attractor.load(tmp_path / "events.memory", dtype="float64"), pickle.loads(pickle.dumps(memory))):
        again = other.recall(cues, sigma=0.3)
        np.testing.assert_allclose(again.states, first.states, atol=1e-12)
        assert list(other.labels[:2]) == ["one", "two"]


def test_blocks_need_images():
    rng = np.random.default_rng(1)
    images = rng.random((30, 4, 4))
    gist = attractor.fit(images, 1, rank=3)
    memory = gist.with_cores(images[:2], "blocks:2", form="conditioned")
    assert memory.recall(images[:2].reshape(2, -1), sigma=0.1).memory.tolist() == [0, 1]
    with pytest.raises(TypeError, match="image"):
        gist.with_cores(images[:2].reshape(2, -1), "blocks:2")


@pytest.mark.parametrize(
    ("core", "options", "words"),
    [
        ("surprise:0", {}, "surprise:X"),
        ("patches:2", {}, "patches:2"),
        ("units:3", {}, "from 0 to 2"),
        ([[0, 0]], {}, "every unit once"),
        ([[0], [1]], {}, "2"),
        (np.ones((2, 3)), {}, "follows from the others"),
        (np.ones((1, 4)), {}, "3 columns"),
        ("units:0", {"form": "printed"}, "conditioned"),
        ("units:0", {"odds": "even"}, "evidence"),
        ("units:0", {"weight": 0.0}, "weight"),
    ],
)
def test_bad_input_is_refused(core, options, words):
    with pytest.raises(ValueError, match=words):
        density().with_cores([[1.0, 0.7, -0.3]], core, **options)
