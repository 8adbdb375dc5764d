"""
Hebb's rule or the pseudo-inverse?
==================================

Hebb's rule adds up :math:`y_n y_n^T`. Patterns disturb each other, and at 0.138 patterns per unit recall breaks down. The
pseudo-inverse removes the overlap of the patterns, so any number of independent ones up to D is at rest.
"""

import warnings

import attractor
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm

# A memory warns of too many patterns. Here they are the point.
warnings.simplefilter("ignore", attractor.AttractorWarning)

units, sets = 200, 10
loads = np.array([0.05, 0.1, 0.138, 0.2, 0.3, 0.5, 0.7, 0.9])
rng = np.random.default_rng(0)


def wrong(rule, patterns, updates=None):
    """Share of units that change when recall starts from the patterns themselves."""
    memory = attractor.Hopfield(patterns, rule=rule)
    return (memory.recall(patterns, updates=updates).states != patterns).mean()


table = {
    "Hebb, one update": [],
    "Hebb, at the end": [],
    "pseudo-inverse, at the end": [],
}
for load in loads:
    stores = [
        rng.choice([-1.0, 1.0], (round(load * units), units)) for _ in range(sets)
    ]
    table["Hebb, one update"].append([wrong("hebb", s, 1) for s in stores])
    table["Hebb, at the end"].append([wrong("hebb", s) for s in stores])
    table["pseudo-inverse, at the end"].append(
        [wrong("pseudo-inverse", s) for s in stores]
    )
means = {name: np.mean(values, axis=1) for name, values in table.items()}

# %%
# Theory for one update: a unit sees its own pattern D − 1 times, and (N − 1)(D − 1) random signs of the others. It flips
# with probability :math:`\Phi(-\sqrt{(D-1)/(N-1)})`. The mean over ten sets may lie four standard errors off. (Within a
# set, units are correlated, so the error is taken from the sets.)

number = np.round(loads * units)
theory = norm.cdf(-np.sqrt((units - 1) / (number - 1)))
error = np.std(table["Hebb, one update"], axis=1, ddof=1) / np.sqrt(sets)
assert (np.abs(means["Hebb, one update"] - theory) < 4 * error + 1e-4).all()
assert (means["pseudo-inverse, at the end"] == 0).all()

# %%

figure, panel = plt.subplots(figsize=(6.5, 4))
for name, values in means.items():
    panel.plot(loads, values, marker="o", label=name)
fine = np.linspace(0.02, 0.95, 200)
panel.plot(
    fine,
    norm.cdf(-1 / np.sqrt(fine)),
    color="black",
    linewidth=0.9,
    label="theory, one update",
)
panel.axvline(0.138, color="grey", linestyle=":", label="0.138 (Amit et al. 1985)")
panel.set(
    xlabel="patterns per unit, N/D", ylabel="share of wrong units", ylim=(-0.01, 0.4)
)
panel.legend(loc="center right")
plt.show()
