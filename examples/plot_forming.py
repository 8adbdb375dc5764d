"""
How does a memory form in training?
===================================

A score network learns to remove noise from five patterns. It is stopped after 10 to 3,000 steps, and asked to recall 300
times from noise alone. At first recalls end anywhere. Blends
of the patterns come next, and single memories last.
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np

angles = 2 * np.pi * np.arange(5) / 5 + 0.3
patterns = np.stack([np.cos(angles), np.sin(angles)], axis=1)
exact = attractor.Diffusion(patterns)
rng = np.random.default_rng(0)
truth = patterns[rng.integers(5, size=2000)]
sigma = 0.4
noisy = truth + sigma * rng.normal(size=truth.shape)

steps = [10, 100, 300, 1000, 3000]
networks = [attractor.Network(patterns, training={"steps": n}) for n in steps]
ends = [network.sample(300) for network in networks]

# %%
# No denoiser has a smaller error than the exact one, since it is the posterior mean. So the error of a network beyond that
# of the exact model is its mean squared distance from the exact denoiser. It must fall.

error = lambda memory: ((memory.denoise(noisy, sigma) - truth) ** 2).sum(axis=1).mean()
best = error(exact)
excess = np.array([error(network) - best for network in networks])
distance = np.array(
    [
        ((n.denoise(noisy, sigma) - exact.denoise(noisy, sigma)) ** 2)
        .sum(axis=1)
        .mean()
        for n in networks
    ]
)
# The two differ by chance: by the cross term of 2,000 cues, at most 2 sqrt(best * distance / 2000) at one deviation.
assert (np.abs(excess - distance) < 4 * 2 * np.sqrt(best * distance / 2000)).all()
# Measured on three seeds: the ratio is .08 to .10.
assert distance[-1] < 0.15 * distance[0]

stored = [np.mean(recall.distance < 0.1) for recall in ends]
for n, share in zip(steps, stored):
    print(f"{n:5} steps: {share:.0%} of recalls end on a memory")
# Measured on three seeds: .01 to .02 after 10 steps, and .79 to .85 after 3,000.
assert stored[0] < 0.05 and stored[-1] > 0.7

# %%

figure, panels = plt.subplots(1, 5, figsize=(11, 2.8), sharey=True)
for panel, n, recall, share in zip(panels, steps, ends, stored):
    panel.scatter(*recall.states.T, s=6, alpha=0.5)
    panel.scatter(*patterns.T, marker="+", s=90, color="#D55E00")
    panel.set(
        title=f"{n:,} steps",
        xlabel=f"{share:.0%} on a memory",
        aspect="equal",
        xlim=(-1.5, 1.5),
        ylim=(-1.5, 1.5),
    )
plt.show()
