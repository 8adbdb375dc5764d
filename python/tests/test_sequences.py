"""Sequences: what a recall reports of their order."""

import attractor
import numpy as np
import pytest


def signs(count, dim, seed=0):
    return np.random.default_rng(seed).choice([-1.0, 1.0], (count, dim))


def test_a_recall_says_what_was_visited():
    patterns = signs(10, 100)
    recall = attractor.Sequence(patterns, dwell=3).recall(patterns[[0, 7]])
    assert recall.visited[0, :28].tolist() == [step // 3 for step in range(28)]
    assert recall.visited[1, :7].tolist() == [7, 7, 7, 8, 8, 8, 9]
    assert recall.held[0, :9].tolist() == [3] * 9
    assert recall.ordered.tolist() == [27 + 0, 6]
    assert not recall.lost.any() and "ordered" in repr(recall)
    assert {"ordered", "lost"} <= set(recall.to_dict()) and "visited" not in recall.to_dict()


def test_other_memories_have_none():
    recall = attractor.Hopfield(signs(3, 20)).recall(signs(1, 20))
    assert recall.visited is None and recall.ordered is None
    assert "ordered" not in recall.to_dict()


def test_several_sequences():
    patterns = signs(9, 60, 1)
    memory = attractor.Sequence(patterns, starts=[4], closed=True)
    assert memory.recall(patterns[[2, 7]], updates=3).visited.tolist() == [[2, 3, 0, 1], [7, 8, 4, 5]]
    with pytest.raises(ValueError, match="starts"):
        attractor.Sequence(patterns, starts=[9]).recall(patterns)


def test_a_trace_draws_the_order():
    pytest.importorskip("matplotlib")
    patterns = signs(5, 40, 2)
    display = attractor.ContinuousSequence(patterns).trace(patterns[:2]).plot()
    assert "memory" in display.columns


def test_noise_skips():
    patterns = signs(30, 64, 3)
    quiet, noisy = (
        attractor.ContinuousSequence(patterns, noise=noise, closed=True).recall(patterns, updates=20)
        for noise in (1.0, 4.0)
    )
    assert quiet.ordered.sum() == 600
    assert noisy.skips.sum() + noisy.backs.sum() + noisy.lost.sum() > 30
