"""One rule for shapes: one vector or image in, one out; arrays with a number for each cue have one entry for it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import attractor
import numpy as np
import pytest

IMAGES = attractor.digits().images[:30]
FLOATS = IMAGES / 255.0
COLOUR = np.random.default_rng(0).normal(size=(6, 3, 4, 5))


@pytest.mark.parametrize("patterns", [IMAGES, FLOATS, COLOUR, COLOUR[:, :1]])
def test_one_image_is_one_cue(patterns: np.ndarray) -> None:
    memory = attractor.Diffusion(patterns)
    image, count = patterns[4], len(patterns)
    every = memory.recall(patterns, sigma=0.2)
    assert every.states.shape == patterns.shape
    one = memory.recall(image, sigma=0.2)
    assert one.states.shape == image.shape and np.array_equal(one.states, every.states[4])
    assert one.memory.tolist() == [4] and len(one) == 1 and one.posterior.shape == (1, 5)
    flat = memory.recall(image.ravel(), sigma=0.2)
    assert flat.states.shape == (image.size,) and np.array_equal(flat.states, one.states.ravel())
    hidden = np.ma.MaskedArray(image, np.arange(image.size).reshape(image.shape) % 2 == 0)
    assert memory.recall(hidden).states.shape == image.shape
    known = ~np.ma.getmaskarray(hidden)
    assert np.array_equal(memory.recall(image, clamp=known).states, memory.recall(hidden).states)
    assert memory.energy(image, 0.2).shape == (1,) and memory.posterior(image, 0.2).shape == (1, count)
    for call in (memory.denoise, memory.gradient, lambda x, s: memory.score(x, sigma=s)):
        assert call(image, 0.2).shape == image.shape and call(patterns, 0.2).shape == patterns.shape
    assert memory.trace(image, sigma=0.2).states.shape[1:] == (1, image.size)
    assert memory.trace(image, sigma=0.2).recall.states.shape == image.shape
    assert memory.repeat(image, 3, sigma=0.2).ended.shape == (1, count)
    assert memory.predict(image, sigma=0.2).tolist() == [4]


@pytest.mark.parametrize("patterns", [IMAGES, FLOATS, COLOUR])
def test_a_file_knows_that_rows_are_images(patterns: np.ndarray, tmp_path: Path) -> None:
    memory = attractor.Modern(patterns, prepare="center")
    memory.save(tmp_path / "images.memory")
    for other in (attractor.load(tmp_path / "images.memory"), pickle.loads(pickle.dumps(memory))):
        assert other.recall(patterns[2]).states.shape == patterns[2].shape


def test_values_of_one_cue_are_one_vector() -> None:
    patterns, values = np.eye(5), np.arange(15.0).reshape(5, 3)
    memory = attractor.Modern(patterns, values=values, beta=50.0)
    assert memory.recall(patterns).values.shape == (5, 3)
    assert memory.recall(patterns[:1]).values.shape == (1, 3)
    one = memory.recall(patterns[2])
    assert one.states.shape == (5,) and one.values.shape == (3,) and np.allclose(one.values, values[2])


def test_two_rows_of_two_units_are_a_batch() -> None:
    memory = attractor.Diffusion([[1.0, 1.0], [-1.0, -1.0]])
    assert memory.recall([[1.0, 1.0], [-1.0, -1.0]], sigma=0.1).memory.tolist() == [0, 1]
    # Images of one row: (1, 2) is one image, and a batch of one vector, which has the same result.
    memory = attractor.Diffusion([[[1.0, 1.0]], [[-1.0, -1.0]]])
    assert memory.recall([[1.0, 1.0]], sigma=0.1).states.shape == (1, 2)
    assert memory.recall([[1.0, 1.0], [-1.0, -1.0]], sigma=0.1).states.shape == (2, 2)
    for wrong in (np.zeros((3, 3)), np.zeros((2, 2, 2))):
        with pytest.raises(ValueError, match="2 units"):
            memory.recall(wrong, sigma=0.1)


def test_replay_of_one_image() -> None:
    memory = attractor.Modern(FLOATS[:5], prepare="center")
    replayed = attractor.replay(memory, FLOATS[3], rounds=3)
    assert [place.tolist() for place in replayed.events] == [[3]]


def mistyped(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_mistyped_names_get_a_suggestion(tmp_path: Path) -> None:
    memory = attractor.Modern(np.eye(3))
    memory.save(tmp_path / "m.memory")
    mistyped(lambda: memory.set_params(btea=2.0), r"unknown parameter of Modern: 'btea'; did you mean beta\?")
    mistyped(lambda: attractor.load(tmp_path / "m.memory", normbias=True), r"did you mean norm_bias\?")
    mistyped(
        lambda: attractor.reproduce("table1", repetition=2), r"of table1: 'repetition'; did you mean repetitions\?"
    )
    mistyped(lambda: attractor.Network(np.eye(3), training={"step": 2}), r"of training: 'step'; did you mean steps\?")
    mistyped(lambda: memory.set_params(colour=2.0), r"unknown parameter of Modern: 'colour'; expected one of: beta")
