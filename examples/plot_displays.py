"""
What can be drawn with one call?
================================

``attractor.plot`` has displays as scikit-learn does: ``from_recall``, ``from_trace`` and ``from_estimator`` draw, and the
artists stay in reach as ``ax_`` and ``figure_``. ``recall.plot()`` and ``memory.plot()`` are the short forms. This page
shows four of them.
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np
from attractor.plot import EnergyDisplay, PosteriorDisplay, RecallDisplay, TraceDisplay

images = attractor.digits().images[:100]
memory = attractor.Diffusion(images)
cues = attractor.corrupt(images, "sigma:0.4").cues
recall = memory.recall(cues, sigma=0.4)

# %%
# Cues, what was recalled, the nearest stored digits, and the difference. The recalls end on stored digits to rounding of
# 32 bits, so the last row is empty.

assert recall.distance.max() < 1e-6
RecallDisplay.from_recall(recall, count=8)
plt.show()

# %%
# Energy, posterior and entropy of two recalls, step by step. In the end one memory has all of the posterior, so its weight
# is 1 and the entropy 0.

trace = memory.trace(cues[[2, 14]], sigma=0.4)
last = trace.weight[-2]
assert np.allclose(last, 1) and np.allclose(trace.entropy[-2], 0, atol=1e-9)
TraceDisplay.from_trace(trace)
plt.show()

# %%
# The most probable memories of a cue.

PosteriorDisplay.from_recall(memory.recall(cues[[14]], sigma=0.4))
plt.show()

# %%
# An energy in the plane, with its pull and the paths of two recalls. Each path ends on a stored point.

points = attractor.Diffusion([[1.0, 1.0], [-1.0, 0.5], [0.2, -1.0]])
starts = [[0.1, 0.3], [1.5, -0.5]]
assert points.recall(starts, sigma=0.4).distance.max() < 1e-6
EnergyDisplay.from_estimator(points, sigma=0.4, cues=starts)
plt.show()
