"""
What are false memories?
========================

A classical Hopfield network has minima that nobody stored. The best known are mixtures of three memories,
:math:`\\mathrm{sign}(y_1 + y_2 + y_3)`. With few patterns, each unit of a mixture agrees with a given memory with
probability 3/4, so their overlap is 1/2. The energy of the mixture is 3/4 of that of a memory (Amit, Gutfreund &
Sompolinsky 1985).
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np

units = 600
patterns = np.random.default_rng(0).choice([-1.0, 1.0], (3, units))
memory = attractor.Hopfield(patterns, update="asynchronous")

mixture = np.sign(patterns.sum(axis=0))
at_rest = memory.recall(mixture)
assert (at_rest.states == mixture).all()

# An overlap is a mean over units: its standard deviation is below 1/sqrt(D).
overlap = patterns @ mixture / units
assert np.abs(overlap - 0.5).max() < 4 / np.sqrt(units)
# Without self-coupling, the energy of both lacks the same constant, N D / 2.
constant = 3 * units / 2
ratio = (memory.energy(mixture) - constant) / (
    memory.energy(patterns).mean() - constant
)
assert abs(ratio.item() - 0.75) < 4 / np.sqrt(units)

# %%
# Where does recall from random states end? A memory and its negative are the same thing to the network. Every end is one
# of them or a mixture.

ends = memory.sample(1000).states
overlaps = np.sort(np.abs(ends @ patterns.T) / units, axis=1)[:, ::-1]
stored = overlaps[:, 0] > 0.99
mixed = np.abs(overlaps - 0.5).max(axis=1) < 4 / np.sqrt(units)
print(f"memories {stored.mean():.1%}, mixtures {mixed.mean():.1%}")
assert (stored | mixed).all() and mixed.any()

# %%

signed = ends @ patterns.T / units
energies = (memory.energy(ends) - constant) / units**2
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), width_ratios=[1, 1.2])
jitter = np.random.default_rng(1).normal(scale=0.015, size=signed.shape)
for which, name in [
    (stored, f"a memory ({stored.mean():.0%})"),
    (mixed, f"a mixture of three ({mixed.mean():.0%})"),
]:
    left.scatter(*(signed + jitter)[which, :2].T, s=6, alpha=0.5, label=name)
    right.hist(energies[which], bins=np.arange(-0.5125, -0.34, 0.005), label=name)
left.set(
    xlabel="overlap with memory 1",
    ylabel="overlap with memory 2",
    aspect="equal",
    title="where 1,000 free recalls end",
)
right.set(
    xlabel="energy / D²", ylabel="recalls", title="mixtures lie at 3/4 of the depth"
)
right.axvline(-0.5, color="grey", linestyle=":")
right.axvline(-0.375, color="grey", linestyle=":")
right.legend()
plt.show()
