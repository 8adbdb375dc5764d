"""Protocols of replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attractor
import numpy as np
import pytest


@pytest.fixture
def patterns() -> Any:
    return np.random.default_rng(0).choice([-1.0, 1.0], (20, 24))


def test_plain_replay_is_a_martingale_and_cued_replay_is_not(patterns: Any) -> None:
    memory = attractor.Diffusion(patterns[:19])
    plain = attractor.replay(memory, patterns[19], rounds=100, runs=2000)
    # A Beta-binomial share: sd .0475 * sqrt(100/120), so five standard errors are .005.
    assert abs(plain.weight[-1] - 0.05) < 0.005
    assert plain.fallen[-1] > 0.5 and plain.round.tolist() == list(range(101))
    cued = attractor.replay(memory, patterns[19], rule="cued", rounds=10)
    assert cued.weight == pytest.approx((1 + np.arange(11)) / (20 + np.arange(11)))
    assert cued.weights.shape == (11, 1)
    assert cued.memory.weights[cued.events[0]].sum() == pytest.approx(11 / 30)
    assert cued.memory.recall(patterns[19]).memory == 19
    # The memory that was given is as before.
    assert len(memory) == 19


def test_a_stopped_protocol_goes_on(patterns: Any, tmp_path: Path) -> None:
    memory = attractor.Diffusion(patterns[:15])
    state = tmp_path / "state"
    settings: dict[str, Any] = {"rule": "cued", "cue": "sigma:1.5", "rounds": 8, "runs": 3}
    settings |= {"stream": np.random.default_rng(1).normal(size=(8, 24))}
    whole = attractor.replay(memory, patterns[15], **settings)

    def stop(done: int, rounds: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attractor.replay(memory, patterns[15], **settings, state=state, progress=stop)
    resumed = attractor.replay(memory, patterns[15], **settings, state=state, resume=True)
    for name in ("weight", "entropy", "reached"):
        np.testing.assert_array_equal(getattr(resumed, name), getattr(whole, name))
    np.testing.assert_array_equal(resumed.memory.weights, whole.memory.weights)
    with pytest.raises(ValueError, match=r"strength: expected 1, as .* found 2"):
        attractor.replay(memory, patterns[15], **settings, strength=2, state=state, resume=True)
    with pytest.raises(ValueError, match="give state"):
        attractor.replay(memory, patterns[15], resume=True)


def test_a_core_leaves_other_units_to_semantic_memory(patterns: Any) -> None:
    memory = attractor.Diffusion(patterns[:19])
    core = np.arange(24) < 12
    made = attractor.replay(memory, patterns[19], rule="cued", rounds=50, core=core, core_sigma=2.0)
    family = made.memory.patterns[made.events[0]]
    assert len(family) > 2 and (family[:, core] == patterns[19][core]).all()
    assert made.weight[-1] == pytest.approx(51 / 70) and made.whole[-1] == pytest.approx(1 / 70)
    for rest in family[1:, ~core]:
        assert (rest == patterns[:19][:, ~core]).all(axis=1).any()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"events": np.zeros((0, 24))}, "events: expected at least one row, found none"),
        ({"events": np.zeros((1, 5))}, "events: expected rows of 24 units.*found 5"),
        ({"events": np.full((1, 24), np.nan)}, "events: expected finite numbers"),
        ({"rule": "power:nan"}, "rule: expected self, cued, or power"),
        ({"rule": "power:0"}, "rule: expected self, cued, or power"),
        ({"rounds": 0}, "rounds: expected a whole number from 1"),
        ({"keep": -0.1}, "keep: expected a number from 0 to 1"),
        ({"fresh": 2}, "stream: expected 400 rows.*found 0"),
        ({"core": np.ones(24)}, "core: expected some of the 24 units"),
        ({"core": np.full(24, 0.5)}, "core: expected True"),
        ({"disrupt_rounds": "5"}, "disrupt_rounds: expected rounds"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(patterns: Any, given: dict[str, Any], words: str) -> None:
    memory = attractor.Diffusion(patterns[:19])
    with pytest.raises(ValueError, match=words) as refused:
        attractor.replay(memory, **{"events": patterns[19], **given})
    assert "\n" not in str(refused.value)


def test_models_without_weights_are_refused(patterns: Any) -> None:
    with pytest.raises(ValueError, match="weighs what it holds"):
        attractor.replay(attractor.Hopfield(patterns), patterns[0])
    with pytest.raises(TypeError, match="memory: expected a memory"):
        attractor.replay(patterns, patterns[0])
