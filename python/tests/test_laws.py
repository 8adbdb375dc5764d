"""Laws that every memory must obey, over shapes, layouts and number types."""

from __future__ import annotations

import copy
import pickle

import attractor
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zoo import ZOO, Specimen, bits, signs

#: Memories with noise levels.
NOISY = (attractor.Diffusion, attractor.Local, attractor.Mixture, attractor.Network)

every = pytest.mark.parametrize("specimen", ZOO, ids=str)
shapes = st.tuples(st.integers(1, 9), st.integers(2, 17), st.integers(0, 5), st.integers(0, 1000))
dtypes = st.sampled_from([np.float32, np.float64])


def recalled(specimen: Specimen, memory: attractor.Memory, cues: np.ndarray, **asked: object) -> attractor.Recall:
    if specimen.kind not in NOISY:
        asked.setdefault("updates", 1 if specimen.options.get("update") is None else 3)
    return memory.recall(cues, **asked)


@every
@given(shape=shapes, dtype=dtypes)
@settings(max_examples=15, deadline=None)
def test_layouts_and_batches_change_no_bit(specimen: Specimen, shape: tuple[int, ...], dtype: type) -> None:
    n, d, b, seed = shape
    patterns = specimen.world(signs(n, d, seed, dtype))
    cues = specimen.world(signs(b, d, seed + 1, dtype))
    memory = specimen.build(patterns)
    asked = {"sigma": 0.7} if specimen.kind in NOISY else {}
    whole = recalled(specimen, memory, cues, **asked)
    assert whole.states.shape == (b, d) and len(whole) == b
    wide = dtype is np.float64 or specimen.kind is attractor.Mixture
    assert whole.states.dtype == (np.float64 if wide else np.float32)
    assert np.isfinite(whole.states).all() and (whole.memory < n).all()

    spread = np.zeros((2 * b, 3 * d), dtype)
    spread[::2, ::3] = cues
    for other in (np.asfortranarray(cues), spread[::2, ::3], cues[::-1][::-1], cues[:, ::-1][:, ::-1]):
        assert bits(recalled(specimen, memory, other, **asked)) == bits(whole)
    swapped = cues.astype(cues.dtype.newbyteorder())
    assert bits(recalled(specimen, memory, swapped, **asked)) == bits(whole)
    if not wide:
        assert bits(recalled(specimen, memory, cues.astype(np.float64), **asked)) == bits(whole)
    for row in range(b):
        alone = recalled(specimen, memory, cues[row : row + 1], first_row=row, **asked)
        assert alone.states.tobytes() == whole.states[row : row + 1].tobytes()
        vector = recalled(specimen, memory, cues[row], first_row=row, **asked)
        assert vector.states.shape == (d,) and vector.states.tobytes() == alone.states.tobytes()


@every
def test_patterns_are_copied(specimen: Specimen) -> None:
    patterns = specimen.world(signs(5, 12, 1))
    memory, cues = specimen.build(patterns), patterns.copy()
    before = bits(memory.recall(cues))
    patterns[:] = 0
    assert bits(memory.recall(cues)) == before


@every
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masked_cues_are_clamped(specimen: Specimen, dtype: type) -> None:
    patterns = specimen.world(signs(3, 24, 2, dtype))
    known = np.arange(24) < 18
    cues = patterns.copy()
    cues[:, ~known] = 0
    masked = np.ma.MaskedArray(np.where(known, patterns, np.nan), mask=np.broadcast_to(~known, patterns.shape))
    memory = specimen.build(patterns)
    if specimen.kind is attractor.SparseDistributed:
        cues[:, ~known] = 1
        masked = np.ma.MaskedArray(np.where(known, patterns, 1), mask=masked.mask)
        masked.data[:, ~known] = 1
    one, each = memory.recall(cues, clamp=known), memory.recall(cues, clamp=np.broadcast_to(known, cues.shape))
    assert bits(one) == bits(each)
    assert np.allclose(one.states[:, known], patterns[:, known])
    if specimen.kind is not attractor.SparseDistributed:
        assert bits(memory.recall(masked)) == bits(one)
    with pytest.raises(ValueError, match="leave one away"):
        memory.recall(masked, clamp=known)


@every
def test_copies_are_the_same_memory(specimen: Specimen, tmp_path) -> None:
    patterns = specimen.world(signs(6, 16, 3, np.float32))
    memory = specimen.build(patterns, **({"labels": list("abcdef")} if specimen.labelled else {}))
    cues = specimen.world(signs(4, 16, 4))
    expected = bits(memory.recall(cues))
    for other in (pickle.loads(pickle.dumps(memory)), copy.deepcopy(memory)):
        assert bits(other.recall(cues)) == expected and other.get_params() == memory.get_params()
    memory.save(tmp_path / "memory")
    loaded = attractor.load(tmp_path / "memory")
    assert type(loaded) is type(memory) and bits(loaded.recall(cues)) == expected
    # A saved network does not keep its training settings.
    given = {name: value for name, value in specimen.options.items() if name != "training"}
    assert {name: value for name, value in loaded.get_params().items() if name in given} == given
    assert bits(pickle.loads(pickle.dumps(loaded)).recall(cues)) == expected
    assert loaded.labels.tolist() == list("abcdef") if specimen.labelled else loaded.labels is None


@every
def test_states_read_alike(specimen: Specimen) -> None:
    memory = specimen.build(specimen.world(signs(5, 10, 5)))
    states = specimen.world(signs(3, 10, 6)) * 1.0
    if specimen.kind not in NOISY:
        for call in (memory.denoise, memory.log_prob):
            with pytest.raises(TypeError, match="noise levels"):
                call(states, 1.0)
        return
    sigma = np.array([0.5, 1.0, 2.0])
    denoised = memory.denoise(states, sigma)
    assert np.allclose(memory.score(states, sigma=sigma), (denoised - states) / sigma[:, None] ** 2)
    if specimen.kind in (attractor.Local, attractor.Network):
        for call in (memory.gradient, memory.posterior):
            with pytest.raises(TypeError, match=f"{specimen.kind.__name__.lower()} has no"):
                call(states, sigma)
        return
    assert np.allclose(memory.gradient(states, sigma), states - denoised)
    weights = memory.posterior(states, sigma)
    # All points have equal prior weight, so ln p has a closed form.
    distances = ((states[:, None] - memory_points(memory, specimen)[None]) ** 2).sum(-1)
    logits = -distances / (2 * sigma[:, None] ** 2)
    total = np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1)) + logits.max(1)
    assert np.allclose(weights, np.exp(logits - total[:, None]))
    exact = total - np.log(5) - 5 * np.log(2 * np.pi * sigma**2)
    assert np.allclose(memory.log_prob(states, sigma), exact)
    assert np.allclose(memory.log_prob(states, sigma, method="flow"), exact, atol=1e-5)
    assert np.allclose(memory.energy(states, sigma), -(sigma**2) * (total - np.log(5)))
    # One level for all states; a single state; states that are images.
    assert np.array_equal(memory.denoise(states, 1.0)[1], denoised[1])
    assert np.array_equal(memory.denoise(states[1], 1.0), denoised[1])
    assert np.array_equal(memory(states.reshape(3, 2, 5), sigma), denoised.reshape(3, 2, 5))


def memory_points(memory: attractor.Memory, specimen: Specimen) -> np.ndarray:
    return specimen.world(signs(5, 10, 5)) if memory.patterns is None else memory.patterns


def test_energies_and_slopes_in_closed_form() -> None:
    patterns, states = signs(4, 6, 1), np.random.default_rng(2).normal(size=(3, 6))
    modern = attractor.Modern(patterns, beta=0.7)
    logits = 0.7 * states @ patterns.T
    weights = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert np.allclose(modern.energy(states), -np.log(np.exp(logits).sum(1)) / 0.7 + 0.5 * (states**2).sum(1))
    assert np.allclose(modern.gradient(states), states - weights @ patterns)
    assert np.allclose(modern.posterior(states), weights)
    hopfield = attractor.Hopfield(patterns)
    couplings = patterns.T @ patterns
    np.fill_diagonal(couplings, 0)
    assert np.allclose(hopfield.energy(states), -0.5 * np.einsum("bi,ij,bj->b", states, couplings, states))
    assert np.allclose(hopfield.gradient(states), -states @ couplings)
    dense = attractor.Dense(patterns, interaction="poly:3")
    assert np.allclose(dense.energy(states), -((states @ patterns.T) ** 3).sum(1))
    assert np.allclose(dense.gradient(states), -3 * (states @ patterns.T) ** 2 @ patterns)
    with pytest.raises(TypeError, match="no energy"):
        attractor.SparseDistributed(patterns, locations=100).energy(states)


def test_number_types() -> None:
    bytes_ = np.random.default_rng(0).integers(0, 256, (6, 4, 4), dtype=np.uint8)
    memory = attractor.Modern(bytes_)
    assert memory.patterns.dtype == np.float32 and np.allclose(memory.patterns, bytes_.reshape(6, -1) / 255, atol=1e-6)
    recall = memory.recall(bytes_)
    assert recall.states.shape == (6, 4, 4) and recall.memory.tolist() == list(range(6))
    assert attractor.Modern(bytes_, dtype="float64").recall(bytes_).states.dtype == np.float64
    whole = np.array([[1, -1, 1], [-1, -1, 1]])
    for kind in (np.int8, np.int64, np.uint16, np.float32):
        recall = attractor.Modern((whole + (2 if kind is np.uint16 else 0)).astype(kind)).recall(
            whole.astype(np.float32)
        )
        assert recall.states.dtype == np.float32
    assert attractor.Modern(whole.tolist()).recall([[1, -1, 1]]).memory.tolist() == [0]
    assert attractor.Modern([[1.0, -1.0]]).recall(memoryview(np.ones((1, 2)))).states.dtype == np.float64


def test_dlpack() -> None:
    class OnlyDlpack:
        """An array of another library."""

        def __init__(self, array: np.ndarray) -> None:
            self.array = array

        def __dlpack__(self, **options: object) -> object:
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self) -> tuple[int, int]:
            return self.array.__dlpack_device__()

    patterns = signs(4, 8, 1)
    expected = attractor.Modern(patterns).recall(patterns)
    assert bits(attractor.Modern(OnlyDlpack(patterns)).recall(OnlyDlpack(patterns))) == bits(expected)


def test_random_states() -> None:
    memory = attractor.Diffusion(signs(20, 12, 1), sampler="euler-maruyama")
    cues = np.zeros((50, 12))
    draw = lambda random_state: memory.recall(cues, sigma=1.0, random_state=random_state).memory.tolist()
    assert draw(0) == memory.recall(cues, sigma=1.0).memory.tolist() and draw(0) == draw(np.int64(0)) != draw(1)
    assert draw(np.random.default_rng(3)) == draw(np.random.default_rng(3)) != draw(np.random.default_rng(4))
    assert draw(np.random.RandomState(3)) == draw(np.random.RandomState(3))
    np.random.seed(5)
    first = draw(None)
    assert first != draw(None)
    np.random.seed(5)
    assert first == draw(None)
    memory.random_state = 1
    assert memory.recall(cues, sigma=1.0).memory.tolist() == draw(1)
    for wrong, error in ((-1, ValueError), (2**64, ValueError), ("0", TypeError), (1.0, TypeError), (True, TypeError)):
        with pytest.raises(error, match="random_state"):
            draw(wrong)


def test_threads_change_no_bit() -> None:
    patterns, cues = signs(3000, 256, 1, np.float32), signs(64, 256, 2, np.float32)
    before, results = attractor.get_threads(), []
    for count in (1, 2, 5):
        attractor.set_threads(count)
        assert attractor.get_threads() == count
        results.append(bits(attractor.Diffusion(patterns, steps=4).recall(cues, sigma=2.0)))
    attractor.set_threads(before)
    assert results[0] == results[1] == results[2]
    for wrong in (0, 513):
        with pytest.raises(ValueError, match="1 to 512"):
            attractor.set_threads(wrong)


def test_more_cues_than_a_batch() -> None:
    patterns = signs(8, 16, 1)
    cues = np.random.default_rng(2).normal(size=(2500, 16))
    memory = attractor.Diffusion(patterns, sampler="ancestral", steps=20)
    whole = memory.recall(cues, sigma=1.0)
    part = memory.recall(cues[1500:], sigma=1.0, first_row=1500)
    assert whole.states[1500:].tobytes() == part.states.tobytes()
    seen = []
    watched = memory.recall(cues, sigma=1.0, observer=lambda frame: seen.append(len(frame.rows)))
    assert bits(watched) == bits(whole) and seen == [2500] * 21
    free = memory.sample(1500)
    assert free.states[1100:].tobytes() == memory.sample(400, first_row=1100).states.tobytes()


def test_extras() -> None:
    patterns = signs(4, 8, 1)
    memory = attractor.Diffusion(patterns, labels=["a", "b", "c", "d"], weights=[1, 1, 1, 5], values=np.eye(4))
    assert memory.labels.tolist() == list("abcd") and np.allclose(memory.weights, [0.125] * 3 + [0.625])
    recall = memory.recall(patterns, sigma=0.1)
    assert recall.label.tolist() == list("abcd") and np.allclose(recall.values, np.eye(4))
    assert np.allclose(memory.posterior(np.zeros((1, 8)), 1e3), memory.weights, atol=1e-4)
    refused = memory.recall(np.full((2, 8), 9.0), sigma=0.1, reject=0.05)
    assert refused.refused.all() and refused.memory.tolist() == [-1, -1] and refused.label.tolist() == [None, None]
    assert (memory.recall(patterns, sigma=0.1, match=True).match > 0.05).all()
    counts = attractor.Diffusion(patterns, sampler="bridge").repeat(patterns[:2] * 0, 500, sigma=1.0)
    assert counts.ended.sum(1).tolist() == [500, 500] and np.allclose(counts.posterior.sum(1), 1)


def test_a_trace_is_the_recall() -> None:
    memory = attractor.Diffusion(signs(6, 8, 1), steps=10)
    cues = np.random.default_rng(2).normal(size=(3, 8))
    trace = memory.trace(cues, sigma=1.0)
    assert trace.states.shape == (11, 3, 8) and np.array_equal(trace.states[0], cues)
    assert np.array_equal(trace.states[-1], memory.recall(cues, sigma=1.0).states)
    assert np.allclose(trace.energy[0], memory.energy(cues, 1.0)) and trace.sigma[-1].tolist() == [0, 0, 0]
    assert len(trace.to_frame()) == 33
    hopfield = attractor.Hopfield(signs(2, 16, 1)).trace(signs(2, 16, 3))
    assert hopfield.variance is None and hopfield.time is None and (np.diff(hopfield.energy, axis=0) <= 1e-12).all()


def test_results_are_frozen_and_tell_what_they_are() -> None:
    memory = attractor.Modern(signs(3, 8, 1), labels=[7, 8, 9])
    recall = memory.recall(signs(3, 8, 1))
    for change in (lambda: setattr(recall, "states", 0), lambda: delattr(recall, "memory")):
        with pytest.raises(AttributeError, match="result"):
            change()
    assert "Recall of 3 cues by modern" in repr(recall) and "settled 3" in repr(recall)
    assert recall.outcome.tolist() == ["settled"] * 3 and recall.regime.tolist() == ["one pattern"] * 3
    frame = recall.to_frame()
    assert frame.label.tolist() == [7, 8, 9] and frame.outcome.tolist() == ["settled"] * 3
    assert "Modern" in repr(memory) and "3 memories of 8 units" in repr(memory) and len(memory) == 3
    assert repr(attractor.Modern(beta=2.0)) == "Modern(beta=2.0)"


def test_labels_are_kept() -> None:
    patterns, labels = signs(4, 8, 1), np.array([1, 2, 3, 4])
    memory = attractor.Modern(patterns, labels=labels)
    labels[:] = 9
    assert memory.predict(patterns).tolist() == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="read-only"):
        memory.labels[0] = 99


def test_files_keep_what_was_said(tmp_path) -> None:
    patterns = signs(4, 8, 1) * 2 + 1
    memory = attractor.Modern(patterns, labels=[1, 2, 3, 4], prepare="center", beta=0.5)
    memory.save(tmp_path / "memory")
    loaded = attractor.load(tmp_path / "memory")
    assert loaded.score(patterns, [1, 2, 3, 4]) == 1.0 and loaded.score(patterns, list("1234")) == 1.0
    assert loaded.prepare == "center" and loaded.get_params() == memory.get_params()
    again = attractor.Modern(**loaded.get_params()).fit(patterns)
    assert again.energy(patterns).tobytes() == memory.energy(patterns).tobytes()
    hopfield = attractor.Hopfield(np.sign(patterns), self_coupling=np.True_)
    hopfield.save(tmp_path / "hopfield")
    assert attractor.load(tmp_path / "hopfield").self_coupling is True
    without = attractor.Hopfield(np.sign(patterns))
    assert not np.array_equal(hopfield.energy(patterns), without.energy(patterns))
    other = attractor.load(tmp_path / "hopfield", self_coupling=False)
    assert np.array_equal(other.energy(patterns), without.energy(patterns))
    diffusion = attractor.Diffusion(patterns)
    diffusion.save(tmp_path / "diffusion")
    heun = attractor.load(tmp_path / "diffusion", sampler=attractor.Sampler("heun", steps=3))
    assert heun.trace(patterns, sigma=1.0).states.shape[0] == 4


def test_a_failed_fit_changes_nothing() -> None:
    memory = attractor.Mixture(signs(3, 4, 1))
    expected = bits(memory.recall(signs(2, 4, 2), sigma=0.5))
    with pytest.raises(ValueError):
        memory.fit([{"kind": "cube"}])
    assert bits(pickle.loads(pickle.dumps(memory)).recall(signs(2, 4, 2), sigma=0.5)) == expected
    assert len(attractor.Mixture([[1.0, 2.0], [3.0, 4.0]])) == len(attractor.Mixture(np.ones((2, 2)))) == 2


def test_no_cues_are_reported_as_some_are() -> None:
    memory = attractor.Diffusion(signs(3, 4, 1))
    none, some = memory.recall(np.zeros((0, 4)), sigma=1.0), memory.recall(np.zeros((2, 4)), sigma=1.0)
    assert set(some.to_dict()) <= set(none.to_dict()) and len(none.to_frame()) == 0 and "0 cues" in repr(none)


@pytest.mark.parametrize("kind", [attractor.Modern, attractor.Diffusion])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_patterns_at_one_bit_a_unit_recall_the_same(kind: type, dtype: type, tmp_path) -> None:
    patterns = signs(1500, 100, 1)
    # Bytes of 0 and 1 are read as 0 and 1/255.
    middle, half = (0.5 / 255, 0.5 / 255) if dtype is np.uint8 else (0.0, 1.0)
    given = ((patterns + 1) / 2 if dtype is np.uint8 else patterns).astype(dtype)
    states = 0.8 * patterns[:5].astype(np.float64)
    cues = (middle + half * states).astype(np.float64 if dtype is np.float64 else np.float32)
    options = {"beta": 1.0} if kind is attractor.Modern else {"narrow": "off"}
    asked = {} if kind is attractor.Modern else {"sigma": 0.1 * half}
    packed = kind(given, prepare="packed", **options)
    held = kind(patterns.astype(np.float64), **options)
    assert packed.prepare == "packed"
    expected = held.recall(states, **{name: value / half for name, value in asked.items()})
    found = packed.recall(cues, **asked)
    assert np.abs((found.states - middle) / half - expected.states).max() < 1e-4
    assert (found.memory == expected.memory).all()
    packed.save(tmp_path / "packed.memory")
    again = attractor.load(tmp_path / "packed.memory").recall(cues, **asked)
    assert (again.states == found.states).all()
    assert (pickle.loads(pickle.dumps(packed)).recall(cues, **asked).states == found.states).all()
