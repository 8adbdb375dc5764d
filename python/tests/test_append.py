"""Appends to the file of a memory, and vectors that come from other programs."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import attractor
import numpy as np
import pytest

ROWS = np.random.default_rng(0).normal(size=(30, 6))


def test_a_file_that_grew_is_the_memory_that_was_fitted_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.memory"
    labels = [f"row {n}" for n in range(30)]
    for kind in (np.float32, np.float64):
        rows = ROWS.astype(kind)
        attractor.Modern(rows[:10], labels=labels[:10], beta=3.0).save(path)
        assert attractor.append(path, rows[10:11], labels[10:11]) == 11
        assert attractor.append(path, rows[11:].tolist(), labels[11:]) == 30
        grown, once = attractor.load(path), attractor.Modern(rows, labels=labels, beta=3.0)
        assert np.array_equal(grown.recall(ROWS).states, once.recall(ROWS).states)
        assert np.array_equal(grown.patterns, once.patterns)
        assert grown.labels is not None and grown.labels.tolist() == labels
        assert attractor.compact(path) == 2
        assert attractor.compact(path) == 0
        assert np.array_equal(attractor.load(path).patterns, once.patterns)


def test_images_of_bytes_are_prepared_as_those_before(tmp_path: Path) -> None:
    images = attractor.digits().images[:40].astype(np.uint8)
    path = tmp_path / "digits.memory"
    memory = attractor.Diffusion(images[:20])
    memory.save(path)
    attractor.append(path, images[20:])
    scale = images.reshape(40, -1) / 255
    # The file keeps the mean and the scale of the first images, in f32.
    assert np.abs(attractor.load(path).patterns.reshape(40, -1) - scale).max() < 1e-6


def test_models_that_learn_are_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "h.memory"
    spins = np.sign(ROWS)
    attractor.Hopfield(spins[:2]).save(path)
    assert attractor.append(path, spins[2:4]) == 4
    assert attractor.compact(path) == 0
    assert np.allclose(attractor.load(path).couplings_, attractor.Hopfield(spins[:4]).couplings_)


def test_what_does_not_go_with_the_file_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.memory"
    attractor.Modern(ROWS[:10]).save(path)
    before = path.read_bytes()
    bad: list[tuple[dict[str, Any], str]] = [
        ({"X": ROWS[:, :3]}, "3"),
        ({"X": np.full((1, 6), np.nan)}, "row 0"),
        ({"X": ROWS[:0]}, "at least one"),
        ({"X": ROWS, "sample_weight": np.ones(30)}, "weights"),
        ({"X": ROWS, "values": np.ones((30, 2))}, "values"),
        ({"X": ROWS, "y": ["one"]}, "30"),
    ]
    for given, words in bad:
        with pytest.raises(ValueError, match=words):
            attractor.append(path, **given)
        assert path.read_bytes() == before
    with pytest.raises(ValueError, match="stored memory"):
        attractor.append(tmp_path / "none.memory", ROWS)


def _append(path: str, row: int) -> None:
    attractor.append(path, np.full((2, 6), float(row)))


def test_processes_append_at_the_same_time(tmp_path: Path) -> None:
    path = os.fspath(tmp_path / "a.memory")
    attractor.Modern(np.zeros((1, 6)), beta=1.0).save(path)
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.starmap(_append, [(path, row) for row in range(1, 9)])
    firsts = sorted(attractor.load(path).patterns[:, 0].tolist())
    assert firsts == [0.0] + [float(row) for row in range(1, 9) for _ in range(2)]


def test_columns_of_vectors_are_rows() -> None:
    vectors = [[1.0, 2.0], [3.0, 4.0]]
    column = np.empty(2, dtype=object)
    column[:] = [np.array(vector) for vector in vectors]
    for held in (column, column[:, np.newaxis]):
        assert attractor.Modern(held).patterns.tolist() == vectors
    column[1] = np.array([3.0])
    with pytest.raises(ValueError, match="rows of equal length"):
        attractor.Modern(column)
    pandas = pytest.importorskip("pandas")
    assert attractor.Modern(pandas.Series(vectors)).patterns.tolist() == vectors
    pyarrow = pytest.importorskip("pyarrow")
    assert attractor.Modern(pyarrow.array(vectors)).patterns.tolist() == vectors


def test_indexes_of_faiss_are_read() -> None:
    fixtures = Path(__file__).parents[2] / "crates/attractor-data/tests/fixtures"
    if not fixtures.is_dir():
        pytest.skip("the sources are not here")
    rows = attractor.read(fixtures / "faiss/ids.faiss")
    assert np.array_equal(rows.values, np.arange(24).reshape(4, 6)) and rows.values.dtype == np.float32
    assert rows.labels == ["7", "-3", "1099511627776", "9"]
    assert np.array_equal(attractor.read(fixtures / "zarr/v3-zstd").values, rows.values)
