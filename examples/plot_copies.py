"""
Are my samples copies?
======================

Two generative models of the same 600 digits. One is a diffusion model whose denoiser is exact, so it can only remember.
The other is a mixture of Gaussians. ``attractor.audit`` compares what they made with the digits they were fitted to.
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np

images = attractor.digits().images.reshape(-1, 64)
order = np.random.default_rng(0).permutation(len(images))
train, heldout = images[order[:600]], images[order[600:1200]]

samples = {
    "exact diffusion": attractor.Diffusion(train).sample(300).states,
    "mixture of Gaussians": attractor.fit(train, 10, rank=8)
    .sample(300, random_state=0)
    .states,
}
reports = {
    name: attractor.audit(train, made, heldout) for name, made in samples.items()
}

# %%
# The exact denoiser of 600 points returns those points, so all of its samples are copies. The mixture makes new digits. A
# model that knows nothing of the training rows would have a share of about 5 % on the list of near copies at most.

verdicts = {
    name: [row["verdict"] for row in report.results] for name, report in reports.items()
}
for name, given in verdicts.items():
    print(name, "|", ", ".join(f"{given.count(v)} {v}" for v in sorted(set(given))))
assert set(verdicts["exact diffusion"]) == {"copy"}
assert "copy" not in verdicts["mixture of Gaussians"]
assert verdicts["mixture of Gaussians"].count("near copy") <= 0.05 * 300

# %%
# The verdicts rest on a ratio: the distance to the nearest training row over that to the nearest row of another cluster.
# It is near 0 for a copy. For an honest row it is below 1, but not by much.


def ratios(rows):
    nearest = np.sort(
        np.sqrt(((rows[:, None] - train[None]) ** 2.0).sum(axis=2)), axis=1
    )
    return nearest[:, 0] / nearest[:, 1]


figure, panel = plt.subplots(figsize=(7, 3.8))
bins = np.linspace(0, 1, 41)
for name, made in samples.items():
    panel.hist(ratios(255 * made), bins=bins, alpha=0.75, label=name)
panel.hist(
    ratios(heldout[:300]),
    bins=bins,
    histtype="step",
    color="black",
    label="held-out digits",
)
panel.set(
    xlabel="distance to the nearest training digit / to the second nearest",
    ylabel="samples",
)
panel.legend()
plt.show()
