"""Memories in and out: patterns added and removed, couplings and addresses given and taken, ties, updates of dense memories."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import attractor
import numpy as np
import pytest
from zoo import signs

PATTERNS = signs(6, 24, seed=0)
CUES = signs(20, 24, seed=1)


def same(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a.recall(CUES).states, b.recall(CUES).states))


@pytest.mark.parametrize("kind", [attractor.Hopfield, attractor.Dense, attractor.Modern, attractor.SparseDistributed])
def test_patterns_come_and_go(kind: Any) -> None:
    memory = kind(PATTERNS[:4], labels=list("abcd"))
    assert same(memory.append(PATTERNS[4:], list("ef")), kind(PATTERNS, labels=list("abcdef")))
    assert memory.remove([1, -1]) is memory
    left = [0, 2, 3, 4]
    assert np.array_equal(memory.patterns, PATTERNS[left]) and memory.labels.tolist() == list("acde")
    assert same(memory, kind(PATTERNS[left]))
    mask = np.array([True, False, False, True])
    assert memory.remove(mask).labels.tolist() == list("cd")
    assert memory.remove(0).labels.tolist() == ["d"]
    for rows, error, words in (
        (0, ValueError, "at least one pattern to stay"),
        (5, ValueError, "indices of 1 patterns, found 5"),
        ([0.5], TypeError, "whole numbers or a mask"),
        ([True, False], ValueError, "a mask of 1 patterns"),
    ):
        with pytest.raises(error, match=words):
            memory.remove(rows)
    with pytest.raises(Exception, match="expected patterns, found none"):
        kind().append(PATTERNS)


def test_weights_and_values_come_and_go() -> None:
    values = signs(6, 3, seed=2)
    memory = attractor.Diffusion(PATTERNS[:4], weights=[1.0, 2, 3, 4], values=values[:4])
    memory.append(PATTERNS[4:], sample_weight=[5.0, 6], values=values[4:]).remove(2)
    kept = [0, 1, 3, 4, 5]
    # Those before count as weights of mean 1.
    assert np.allclose(memory.weights, np.array([0.4, 0.8, 1.6, 5, 6]) / 13.8)
    found = memory.recall(PATTERNS[kept], sigma=0.1)
    assert found.memory.tolist() == [0, 1, 2, 3, 4] and np.allclose(found.values, values[kept])


def test_couplings_are_taken_and_given(tmp_path: Path) -> None:
    learned = attractor.Hopfield(PATTERNS, rule="pseudo-inverse")
    couplings = learned.couplings_
    # The projection on the patterns, without its diagonal.
    projection = np.linalg.pinv(PATTERNS) @ PATTERNS
    assert np.allclose(couplings, projection - np.diag(np.diag(projection)), atol=1e-12)
    assert np.allclose(attractor.Hopfield(PATTERNS, self_coupling=True).couplings_, PATTERNS.T @ PATTERNS)
    given = attractor.Hopfield(PATTERNS[:1], couplings=couplings)
    assert same(given, learned) and np.array_equal(given.couplings_, couplings)
    # They stay when patterns come and go, and in files and copies.
    assert np.array_equal(given.append(PATTERNS[1:]).remove(0).couplings_, couplings)
    given.save(tmp_path / "given.memory")
    read = attractor.load(tmp_path / "given.memory")
    for copy in (read, pickle.loads(pickle.dumps(given))):
        assert copy.get_params()["rule"] in (None, "given")
        assert np.array_equal(copy.couplings_, couplings)
        assert np.array_equal(copy.append(PATTERNS[:1]).couplings_, couplings)
    np.save(tmp_path / "w.npy", couplings)
    assert same(attractor.Hopfield(PATTERNS, couplings=tmp_path / "w.npy"), learned)
    wrong = couplings.copy()
    wrong[0, 1] += 1
    for matrix, words in (
        (wrong, "symmetric"),
        (couplings[:5], "24 × 24"),
        (couplings * np.nan, "finite"),
        (couplings[0], "rows"),
    ):
        with pytest.raises(ValueError, match=words):
            attractor.Hopfield(PATTERNS, couplings=matrix)
    with pytest.raises(ValueError, match="the rule given"):
        attractor.Hopfield(PATTERNS, couplings=couplings, rule="hebb")
    with pytest.raises(ValueError, match="couplings of the rule given"):
        attractor.Hopfield(PATTERNS, rule="given")


def test_addresses_are_given_and_counters_taken(tmp_path: Path) -> None:
    addresses = signs(300, 24, seed=5)
    memory = attractor.SparseDistributed(PATTERNS, addresses=addresses, radius=9)
    assert np.array_equal(memory.addresses_, addresses) and memory.radius_ == 9
    # Kanerva's memory by its definition.
    near = lambda states: (states @ addresses.T >= 24 - 2 * 9).astype(int)
    counters = near(PATTERNS).T @ PATTERNS
    assert np.array_equal(memory.counters_, counters)
    assert np.array_equal(memory.sums(CUES), near(CUES) @ counters)
    assert np.array_equal(memory.sums(CUES[0]), near(CUES)[0] @ counters)
    once = memory.recall(CUES, updates=1).states
    sums = memory.sums(CUES)
    assert np.array_equal(once, np.where(sums == 0, CUES, np.sign(sums)))
    # Bits are the same addresses, and files and copies keep them.
    bits = attractor.SparseDistributed(PATTERNS, addresses=(addresses + 1) / 2, radius=9)
    memory.save(tmp_path / "given.memory")
    for other in (bits, attractor.load(tmp_path / "given.memory"), pickle.loads(pickle.dumps(memory))):
        assert np.array_equal(other.addresses_, addresses) and np.array_equal(other.counters_, counters)
        less = near(PATTERNS[1:]).T @ PATTERNS[1:]
        assert np.array_equal(other.remove(0).counters_, less)
    # Random ones can be taken and given again.
    random = attractor.SparseDistributed(PATTERNS, locations=200)
    again = attractor.SparseDistributed(PATTERNS, addresses=random.addresses_)
    assert np.array_equal(again.counters_, random.counters_)
    values = signs(6, 5, seed=2)
    paired = attractor.SparseDistributed(PATTERNS, values=values, addresses=addresses, radius=9)
    assert np.array_equal(paired.counters_[:, 24:], near(PATTERNS).T @ values)
    for options, words in (
        ({"addresses": addresses * 2}, "addresses of"),
        ({"addresses": np.array([[0.0, -1, 1] * 8])}, "0 and -1 among them"),
        ({"addresses": addresses[:, :5]}, "24"),
        ({"addresses": addresses, "locations": 300}, "not locations"),
    ):
        with pytest.raises(ValueError, match=words):
            attractor.SparseDistributed(PATTERNS, **options)


def test_ties_are_what_is_asked_for() -> None:
    # The unit in which two patterns differ is coupled to none.
    pair, cue = np.array([[1.0, 1, 1], [1, -1, 1]]), np.array([[1.0, -1, 1]])
    for tie, expected in ((None, [1, -1, 1]), ("+1", [1, 1, 1]), ("0", [1, 0, 1])):
        memory = attractor.Hopfield(pair, tie=tie)
        assert memory.recall(cue, updates=1).states.tolist() == [expected]
    # Those of NumPy and of np.where(h >= 0, 1, -1).
    couplings, states = attractor.Hopfield(signs(4, 24, seed=3)).couplings_, CUES
    for tie, sign in (("0", np.sign), ("+1", lambda h: np.where(h >= 0, 1.0, -1.0))):
        ours = attractor.Hopfield(signs(4, 24, seed=3), tie=tie).recall(states, updates=1).states
        assert np.array_equal(ours, sign(states @ couplings))
    with pytest.raises(ValueError, match="tie"):
        attractor.Hopfield(PATTERNS, tie="-1")


def test_dense_memories_move_in_every_way() -> None:
    overlaps = CUES @ PATTERNS.T
    memory = attractor.Dense(PATTERNS, interaction="poly:3", update="synchronous")
    without = overlaps[:, :, None] - CUES[:, None, :] * PATTERNS[None]
    drive = ((without + PATTERNS[None]) ** 3 - (without - PATTERNS[None]) ** 3).sum(1)
    assert np.array_equal(memory.recall(CUES, updates=1).states, np.where(drive == 0, CUES, np.sign(drive)))
    hot = attractor.Dense(PATTERNS, update="glauber", temperature=1e9).recall(CUES, updates=3).states
    cold = attractor.Dense(PATTERNS, update="glauber", temperature=1e-6).recall(PATTERNS, updates=3).states
    assert abs((hot * CUES).mean()) < 5 / np.sqrt(CUES.size) and np.array_equal(cold, PATTERNS)
    for options, words in (
        ({"update": "synchronous", "order": "fixed"}, "order"),
        ({"temperature": 1.0}, "temperature"),
        ({"update": "glauber"}, "temperature"),
        ({"update": "glauber", "temperature": 1.0, "tie": "0"}, "tie"),
    ):
        with pytest.raises(ValueError, match=words):
            attractor.Dense(PATTERNS, **options)
