"""
How does the energy change while the noise falls?
=================================================

A diffusion memory has an energy for every noise level :math:`\\sigma`. At high noise it has one valley, about the mean
of the patterns. As the noise falls the valley splits, until every pattern has a valley of its own.

Here four patterns lie at the corners of a rectangle, :math:`(\\pm a, \\pm b)`. Then the energy is a sum over the two
axes, and each axis splits by itself: the long one at :math:`\\sigma = a`, the short one at :math:`\\sigma = b`.
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np

a, b = 1.5, 0.6
patterns = np.array([[x, y] for x in (-a, a) for y in (-b, b)])
memory = attractor.Diffusion(patterns)

x, y = np.linspace(-3, 3, 241), np.linspace(-2, 2, 161)
plane = np.stack(np.meshgrid(x, y), axis=-1)


def energy(sigma):
    return memory.energy(plane.reshape(-1, 2), sigma).reshape(len(y), len(x))


# %%
# A minimum is a point of the grid that lies below its eight neighbours. The levels that are tried stand on both sides
# of :math:`a` and :math:`b`.


def minima(values):
    inside = values[1:-1, 1:-1]
    shifts = [(i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    height, width = inside.shape
    lower = [inside < values[i : i + height, j : j + width] for i, j in shifts]
    return plane[1:-1, 1:-1][np.all(lower, axis=0)]


for sigma, expected in [(1.05 * a, 1), (0.95 * a, 2), (1.05 * b, 2), (0.95 * b, 4)]:
    assert len(minima(energy(sigma))) == expected, sigma

# %%
# The pictures show the energy above its lowest point, and the minima.

figure, panels = plt.subplots(1, 4, figsize=(11, 2.6), sharey=True)
for panel, sigma in zip(panels, [2.0, 1.2, 0.6, 0.3]):
    values = energy(sigma)
    panel.contourf(x, y, values - values.min(), levels=12, cmap="cividis_r")
    panel.scatter(*patterns.T, marker="+", color="black", label="pattern")
    panel.scatter(*minima(values).T, s=25, color="#D55E00", label="minimum")
    panel.set(title=f"σ = {sigma}", xlabel="unit 1", aspect="equal")
panels[0].set_ylabel("unit 2")
panels[0].legend(loc="lower left", fontsize=8, frameon=True)
plt.show()
