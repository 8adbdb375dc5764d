"""
Can my own denoiser be a memory?
================================

Any function that removes noise is a memory: ``attractor.Denoiser`` recalls from it with every sampler. A network of PyTorch
is given in the same way, and gets tensors. Here the denoiser is that of correlated Gaussian data, the Wiener filter, because
then the answer is known.
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np

# Smooth curves of 64 units: neighbours go together.
place = np.arange(64)
covariance = np.exp(
    -((place[:, None] - place[None]) ** 2) / (2 * 6.0**2)
) + 1e-6 * np.eye(64)
values, vectors = np.linalg.eigh(covariance)


def wiener(x, sigma):
    """The posterior mean. x is (B, 64), sigma is (B,)."""
    shrink = values / (values + sigma[:, None] ** 2)
    return (x @ vectors * shrink) @ vectors.T


memory = attractor.Denoiser(wiener, dim=64, sampler="dormand-prince", accuracy=1e-10)
rng = np.random.default_rng(0)
truth = rng.multivariate_normal(np.zeros(64), covariance, size=3)
sigma = 0.8
cues = truth + sigma * rng.normal(size=truth.shape)
recalled = memory.recall(cues, sigma=sigma).states

# %%
# The probability flow of a Gaussian multiplies each component by :math:`\sqrt{v/(v + \sigma^2)}`, where *v* is its
# variance. The solver has an error of 1e-10 a step. The last level, 0.002, is left in one step, which costs a component of
# variance *v* at most :math:`0.002^2/2v` of its size and less than 0.002 itself.

expected = (cues @ vectors * np.sqrt(values / (values + sigma**2))) @ vectors.T
assert np.abs(recalled - expected).max() < 2e-3

# %%
# The flow does not give the posterior mean. It keeps as much variation as the data have, where the mean is smoother.

mean = wiener(cues, np.full(3, sigma))
figure, panels = plt.subplots(1, 3, figsize=(10.5, 3), sharey=True)
for n, panel in enumerate(panels):
    panel.plot(place, cues[n], ".", color="lightgrey", label="cue")
    panel.plot(place, truth[n], color="black", label="truth")
    panel.plot(place, recalled[n], label="recall")
    panel.plot(place, mean[n], linestyle="--", label="posterior mean")
    panel.set_xlabel("unit")
panels[0].set_ylabel("value")
panels[0].legend(fontsize=8, ncols=2)
plt.show()
