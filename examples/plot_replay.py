"""
Does replay keep a memory?
==========================

An event is stored once, beside 19 other patterns. The memory then recalls from noise 200 times, and learns each recall as if
it were a new experience. Is the event still there in the end?
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import betabinom

patterns = np.random.default_rng(0).choice([-1.0, 1.0], (20, 24))
memory = attractor.Diffusion(patterns[:19])
runs = 2000
plain = attractor.replay(memory, patterns[19], runs=runs)
cued = attractor.replay(memory, patterns[19], rule="cued", cue="sigma:2.5", runs=100)

# %%
# Plain replay is Pólya's urn. The number of replays that fall on the event has a beta-binomial distribution, so its mean
# weight never moves, and most runs lose: the median is 8/220.

urn = betabinom(200, 1, 19)
mean, deviation = (1 + urn.mean()) / 220, urn.std() / 220
assert np.isclose(mean, 1 / 20)
assert abs(plain.weight[-1] - mean) < 4 * deviation / np.sqrt(runs)
# A quantile of 2,000 runs may be off by one replay or two.
assert abs(plain.median[-1] - (1 + urn.median()) / 220) < 2.5 / 220
assert abs(plain.q95[-1] - (1 + urn.ppf(0.95)) / 220) < 4 / 220

# %%
# A replay that begins with a partial trace of the event recalls it more often than its weight says. Only that consolidates.
# Measured before, over 500 runs: .806 (:doc:`/ideas/replay`), with 5 and 95 % of runs at .755 and .855.

print(f"after 200 replays: plain {plain.weight[-1]:.3f}, cued {cued.weight[-1]:.3f}")
assert abs(cued.weight[-1] - 0.806) < 4 * (0.855 - 0.755) / 3.29 / np.sqrt(100)

figure, panel = plt.subplots(figsize=(6.8, 3.8))
for name, result, color in [
    ("plain replay", plain, "#0072B2"),
    ("replay with a cue", cued, "#D55E00"),
]:
    panel.fill_between(result.round, result.q05, result.q95, color=color, alpha=0.2)
    panel.plot(result.round, result.weight, color=color, label=f"{name}: mean")
    panel.plot(
        result.round,
        result.median,
        color=color,
        linestyle="--",
        label=f"{name}: median",
    )
panel.axhline(1 / 20, color="grey", linestyle=":")
panel.set(xlabel="replays", ylabel="weight of the event", ylim=(0, 1))
panel.legend(loc="center left", bbox_to_anchor=(0.02, 0.6))
plt.show()
