"""
What comes next?
================

Patterns can be values of each other. If the value of each pattern is the next one, and is fed back, a cue brings back a
whole sequence. How long it can be depends on how steeply the overlap with a pattern becomes the weight of the next one
(Chaudhry et al. 2023). Here the next pattern of the digits is the next digit: 0, 1, 2, to 9, and again.
"""

import warnings

import attractor
import matplotlib.pyplot as plt
import numpy as np

# The memory with u^1 warns that it holds too many patterns.
warnings.simplefilter("ignore", attractor.AttractorWarning)

patterns = np.random.default_rng(0).choice([-1.0, 1.0], (100, 300))
recalls = {
    f"u^{d}": attractor.Sequence(patterns, separation=f"poly:{d}").recall(
        patterns[:1], updates=99
    )
    for d in (1, 2)
}
assert recalls["u^1"].ordered[0] < 20 and recalls["u^2"].ordered[0] == 99

# %%
# The update in plain NumPy: no unit sees itself.

state = patterns[7]
overlaps = (patterns @ state - patterns.T * state[:, np.newaxis]) / 299
fields = (np.vstack([patterns[1:], patterns[-1:]]).T * overlaps**2).sum(axis=1)
assert np.array_equal(
    np.sign(fields),
    attractor.Sequence(patterns, separation="poly:2").recall(state, updates=1).states,
)

# %%
# With dwell, each memory is held for some steps, here five.

digits = attractor.digits()
order = [int(np.flatnonzero(digits.labels == label)[0]) for label in range(10)]
images = (digits.images[order].reshape(10, 64) / 255 > 0.5) * 2.0 - 1
memory = attractor.Sequence(
    images, separation="poly:10", rule="pseudo-inverse", dwell=5, closed=True
)
noisy = images[:1] * np.where(np.random.default_rng(1).random((1, 64)) < 0.1, -1, 1)
trace = memory.trace(noisy, updates=59)
assert trace.recall.held[0].tolist() == [5] * 12
assert trace.recall.visited[0].tolist() == [step // 5 % 10 for step in range(60)]

# %%

figure = plt.figure(figsize=(11, 6))
top, bottom = figure.subfigures(2, 1, height_ratios=[2, 1])
left, right = top.subplots(1, 2)
for name, recall in recalls.items():
    left.plot(recall.visited[0], label=f"f(u) = {name}")
left.set(xlabel="step", ylabel="nearest memory", title="100 patterns of 300 units")
left.legend()
right.plot(trace.recall.visited[0], marker=".")
right.set(xlabel="step", title="digits, held for five steps", yticks=range(0, 10, 3))
for step, panel in zip(range(0, 60, 5), bottom.subplots(1, 12)):
    panel.imshow(trace.states[step, 0].reshape(8, 8), cmap="gray")
    panel.set_title(step, fontsize="small")
    panel.axis("off")
plt.show()
