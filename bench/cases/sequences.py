"""Recall of sequences: x <- sign sum_n y_(n+1) exp((D - 1)(x . y_n / D - 1)), twenty steps from noisy patterns of the sequence."""

import numpy as np
from contest import Case, flipped, spins

UNITS, CUES, STEPS = 1_000, 200, 20


def data(count):
    """A sequence of random patterns; cues are some of them with a tenth of the units flipped."""
    generator = np.random.default_rng(0)
    patterns = spins(generator, count, UNITS)
    return {"patterns": patterns, "cues": flipped(generator, patterns[: CUES * 5 : 5], 0.1)}


def attractor_recall(arrays):
    """With the report of each cue."""
    import attractor

    memory = attractor.Sequence(arrays["patterns"], closed=True)
    return lambda: memory.recall(arrays["cues"], updates=STEPS).states


def numpy_recall(arrays):
    """Two products a step. A unit also sees itself, which changes nothing at this load."""
    y, cues = arrays["patterns"], arrays["cues"]
    after = np.roll(y, -1, 0)

    def call():
        x = cues
        for _ in range(STEPS):
            overlaps = x @ y.T
            overlaps -= overlaps.max(1, keepdims=True)
            np.exp(overlaps, out=overlaps)
            x = np.sign(overlaps @ after)
        return x

    return call


def torch_recall(arrays):
    """The same."""
    import torch

    y, cues = torch.from_numpy(arrays["patterns"]), torch.from_numpy(arrays["cues"])
    after = y.roll(-1, 0)

    @torch.inference_mode()
    def call():
        x = cues
        for _ in range(STEPS):
            x = torch.sign(torch.softmax(x @ y.T, dim=1) @ after)
        return x.numpy()

    return call


def case(count):
    """The case of this many patterns."""
    made = Case(
        name=f"sequences-{count}",
        title=f"{STEPS} steps of {CUES} cues along a sequence of {count:,} patterns of {UNITS:,} units, weights exp, f32.",
        data=lambda: data(count),
        best_of=2,
    )
    made.contender("attractor", "attractor")(attractor_recall)
    made.contender("NumPy", "numpy")(numpy_recall)
    made.contender("PyTorch", "torch")(torch_recall)
    return made


CASES = [case(2_000), case(20_000)]
