"""Times a call from Python: the smallest possible recall, and the same computation in NumPy.

cargo run --release --example call        # the recall alone, in Rust
python bench/call.py
"""

import timeit

import attractor
import numpy as np


def microseconds(call):
    """The best of ten times."""
    count = 5_000
    return 1e6 * min(timeit.repeat(call, number=count, repeat=10)) / count


one = np.ones((1, 1))
universal, modern = attractor.Universal(one), attractor.Modern(one, beta=1.0)
print(f"{'recall of 1 cue of 1 unit from 1 pattern':48} {microseconds(lambda: universal.recall(one)):8.2f} us")
print(f"{'energy of the same':48} {microseconds(lambda: modern.energy(one)):8.2f} us")

rng = np.random.default_rng(0)
patterns, cues = rng.choice([-1.0, 1.0], (100, 64)), rng.normal(size=(10, 64))
memory = attractor.Modern(patterns, beta=0.5)


def by_hand():
    logits = 0.5 * cues @ patterns.T
    logits -= logits.max(1, keepdims=True)
    weights = np.exp(logits)
    return weights / weights.sum(1, keepdims=True) @ patterns


print(
    f"{'10 cues, 100 x 64, one update, with report':48} {microseconds(lambda: memory.recall(cues, updates=1)):8.2f} us"
)
print(f"{'the update alone in NumPy':48} {microseconds(by_hand):8.2f} us")
