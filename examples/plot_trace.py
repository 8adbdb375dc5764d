"""
When does a recall decide?
==========================

A trace shows a recall step by step. Two moments matter. The recall *speciates* where the energy first curves downward at
the state: the largest posterior variance exceeds :math:`\\sigma^2` (by 1 %, so that rounding does not count). It
*commits* at the step from which one memory keeps more than half of the posterior.
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np

images = attractor.digits().images[:100].reshape(100, 64) / 255
memory = attractor.Diffusion(images)
cue = images[[36]] + 0.8 * np.random.default_rng(0).normal(size=(1, 64))
trace = memory.trace(cue, sigma=0.8)
print(trace)

# %%
# The same from the definitions, with NumPy alone: weights, covariance and its largest eigenvalue at each state.

weights, variances = [], []
for state, sigma in zip(trace.states[:-1, 0], trace.sigma[:-1, 0]):
    cost = ((state - images) ** 2).sum(axis=1) / (2 * sigma**2)
    w = np.exp(cost.min() - cost)
    w /= w.sum()
    spread = images - w @ images
    weights.append(w)
    variances.append(np.linalg.eigvalsh((spread.T * w) @ spread)[-1])
weights, variances, sigma = np.array(weights), np.array(variances), trace.sigma[:-1, 0]

speciates = int(np.argmax(variances > 1.01 * sigma**2))
doubtful = np.flatnonzero(weights.max(axis=1) <= 0.5)
commits = int(doubtful[-1]) + 1
assert (trace.speciates[0], trace.commits[0]) == (speciates, commits)
assert np.allclose(trace.weight[:-1, 0], weights.max(axis=1), atol=1e-6)

# %%

figure, (top, bottom) = plt.subplots(2, 1, figsize=(7, 5), sharex=True)
for n in np.argsort(-weights.max(axis=0))[:6]:
    top.plot(sigma, weights[:, n], marker=".")
top.set(ylabel="posterior of a memory", ylim=(0, 1.02))
bottom.semilogy(sigma, variances / sigma**2, color="black", marker=".")
bottom.axhline(1, color="grey", linewidth=0.8)
bottom.set(
    xlabel="noise level σ (recall goes to the right)",
    ylabel="largest variance / σ²",
    ylim=(1e-3, 20),
)
for panel in (top, bottom):
    panel.axvline(sigma[speciates], color="#0072B2", linestyle=":", label="speciates")
    panel.axvline(sigma[commits], color="#D55E00", linestyle="--", label="commits")
bottom.invert_xaxis()
bottom.legend()
plt.show()
