"""
What does noise see: single points or a curve?
==============================================

The *local dimension* at noise :math:`\\sigma` is :math:`\\sum_n w_n \\|z - y_n\\|^2 / \\sigma^2`, with the posterior weights
:math:`w`. Where the noise is wider than the gaps between patterns it is the dimension of the surface on which they lie.
Where it is narrower, each pattern stands alone: the dimension falls to 0 at a stored point, and grows without limit beside
one.

Here 400 points lie on a circle in 10 dimensions. The circle has dimension 1.
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np

count, dim = 400, 10
plane = np.linalg.qr(np.random.default_rng(0).normal(size=(dim, 2)))[0].T


def circle(angles):
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) @ plane


step = 2 * np.pi / count
memory = attractor.Diffusion(circle(step * np.arange(count)), sampler="one-step")
points = {
    "stored": circle(np.array([0.0])),
    "new, midway between two": circle(np.array([step / 2])),
}

levels = np.geomspace(3e-4, 3, 60)
dimension = {
    name: np.array(
        [memory.recall(point, sigma=sigma).local_dimension[0] for sigma in levels]
    )
    for name, point in points.items()
}

# %%
# In between, from three gaps to a tenth of the radius, both are 1: by then the sum over points is the integral over a
# line, to :math:`2\pi^2 \cdot` a Gaussian factor of :math:`e^{-2\pi^2 \cdot 9}`, and the circle bends by at most
# :math:`\sigma^2`, which is 1 %. At small noise the nearest points decide: 0 for the stored one, and
# :math:`(\text{gap}/2)^2/\sigma^2` for the new one. At large noise it falls to :math:`2/\sigma^2`, the mean squared
# distance on the circle.

between = (levels > 3 * step) & (levels < 0.1)
for values in dimension.values():
    assert np.abs(values[between] - 1).max() < 0.01
assert dimension["stored"][0] < 1e-6
gap = np.linalg.norm(points["stored"] - points["new, midway between two"])
assert np.isclose(
    dimension["new, midway between two"][0], (gap / levels[0]) ** 2, rtol=1e-4
)
far = memory.recall(points["stored"], sigma=100.0).local_dimension[0]
assert np.isclose(far, 2 / 100.0**2, rtol=1e-3)

# %%

figure, panel = plt.subplots(figsize=(7, 3.8))
for name, values in dimension.items():
    panel.semilogx(levels, values, label=name)
panel.axhline(1, color="grey", linestyle=":", label="the circle")
panel.axvline(step, color="grey", linewidth=0.8)
panel.text(step, 2.6, " gap between points", fontsize=8)
panel.axvline(1, color="grey", linewidth=0.8)
panel.text(1, 2.6, " radius", fontsize=8)
panel.set(xlabel="noise level σ", ylabel="local dimension", ylim=(-0.1, 3))
panel.legend(loc=(0.5, 0.6))
plt.show()
