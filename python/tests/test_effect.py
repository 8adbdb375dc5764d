"""What a change of a memory does to its other patterns, counted again with NumPy."""

import attractor
import numpy as np
import pytest

DIGITS = attractor.digits().images.reshape(-1, 64) / 255.0


def recalled(memory, cues, own, sigma):
    """Whether each cue ends within 0.316 spreads of its own pattern, and no pattern is nearer."""
    ends = memory.recall(cues, sigma=sigma).states
    apart = ((ends[:, None, :] - memory.patterns[None]) ** 2).mean(axis=2)
    mine = apart[np.arange(len(cues)), own]
    return (mine <= apart.min(axis=1) + 1e-9) & (mine <= 0.1 * memory.patterns.var(axis=0).mean())


@pytest.mark.parametrize("sigma", [0.3, 0.5])
def test_counts_are_those_of_recalls(sigma):
    each, rows = 6, DIGITS[:40]
    before, memory = attractor.Diffusion(rows), attractor.Diffusion(rows)
    memory.append(DIGITS[40:80], check_cues=each, corruption=f"sigma:{sigma}", random_state=3)
    effect, own = memory.effect_, np.repeat(np.arange(40), each)
    assert effect.before.tolist() == effect.after.tolist() == list(range(40)) and set(effect.cues) == {each}
    cues = attractor.corrupt(before.patterns[own], f"sigma:{sigma}", random_state=3).cues
    old, new = recalled(before, cues, own, sigma), recalled(memory, cues, own, sigma)
    for name, of in (("recalled_before", old), ("recalled", new), ("lost", old & ~new), ("gained", new & ~old)):
        assert getattr(effect, name).tolist() == of.reshape(40, each).sum(axis=1).tolist(), name
    assert effect.lost.sum() > 0
    assert list(effect.to_dict()) == [name for name, _, _ in attractor._attractor.EFFECT]


def test_a_refused_change_changes_nothing():
    memory = attractor.Modern([[0.0, 0], [9, 9]], beta=12.0, norm_bias=True)
    before = memory.patterns
    with pytest.raises(ValueError, match="protect: expected no pattern to lose more than 0 "):
        memory.append([[0.5, 0]], protect=0.0, corruption="sigma:0.3")
    assert np.array_equal(memory.patterns, before) and len(memory) == 2
    assert memory.recall([[0.4, 0.0]]).memory.tolist() == [0]
    assert not hasattr(memory, "effect_")
    memory.append([[0.5, 0]], protect=0.9, corruption="sigma:0.3")
    assert len(memory) == 3 and memory.effect_.lost[0] > 0 and memory.effect_.cues[0] == 10
    # What was lost comes back.
    lost = memory.effect_.lost.tolist()
    memory.remove(-1, check_cues=10, corruption="sigma:0.3")
    assert memory.effect_.gained.tolist() == lost and memory.effect_.after.tolist() == [0, 1]
    assert not hasattr(memory.fit(before), "effect_")


@pytest.mark.parametrize(
    "asked, words",
    [
        ({"corruption": "flip:0.1"}, "check_cues or protect"),
        ({"check_cues": 0}, "check_cues"),
        ({"check_cues": 3, "check_patterns": 0}, "check_patterns"),
        ({"protect": 1.0}, "protect"),
        ({"protect": float("nan")}, "protect"),
        ({"protect": 0.1, "corruption": "fog:1"}, "fog"),
    ],
)
def test_settings_are_checked(asked, words):
    memory = attractor.Modern([[0.0, 1], [9, 9]])
    for change in (lambda: memory.append([[5.0, 5]], **asked), lambda: memory.remove(0, **asked)):
        with pytest.raises(ValueError, match=words):
            change()
        assert len(memory) == 2
