"""
Can a classifier say that it does not know?
===========================================

A memory of labelled patterns is a classifier. With ``reject`` it refuses cues that match nothing: those less likely than a
share *p* of true cues. So *p* is the share of true cues that you are willing to lose.
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np

images, labels = attractor.digits()
grey = images.reshape(-1, 64) / 255
memory = attractor.Diffusion(grey[:1000], labels=labels[:1000])
rng = np.random.default_rng(0)
sigma = 0.25

noise = sigma * rng.normal(size=(1000, 64))
cues = {
    "stored digits, noisy": grey[:1000] + noise,
    "other digits, noisy": np.tile(grey[1000:1500], (2, 1)) + noise,
    "negatives": 1 - grey[:1000] + noise,
    "noise alone": rng.uniform(size=(1000, 64)) + noise,
}

# %%
# The share of refused cues for several *p*. Of true cues, *p* should be refused. The count is binomial, and the limit
# itself is found from 100/p true cues, which leaves it uncertain by a tenth: four standard deviations of both are allowed.

shares = np.array([0.01, 0.03, 0.1, 0.3])
refused = {
    name: np.array(
        [memory.recall(given, sigma=sigma, reject=p).refused.mean() for p in shares]
    )
    for name, given in cues.items()
}
deviation = np.sqrt(shares * (1 - shares) / 1000 + (0.1 * shares) ** 2)
assert (np.abs(refused["stored digits, noisy"] - shares) < 4 * deviation).all()
assert (refused["negatives"] == 1).all() and (refused["noise alone"] == 1).all()

# What is not refused gets the right label.
recall = memory.recall(cues["stored digits, noisy"], sigma=sigma, reject=0.01)
accepted = ~recall.refused
accuracy = np.mean(recall.label[accepted] == np.asarray(labels[:1000])[accepted])
print(f"{accepted.mean():.1%} accepted, {accuracy:.1%} of them with the right label")
assert accuracy > 0.99

# %%

figure, panel = plt.subplots(figsize=(6.5, 4))
for name, values in refused.items():
    panel.plot(shares, values, marker="o", label=name)
panel.plot(shares, shares, color="grey", linestyle=":", label="p of true cues")
panel.set(
    xscale="log",
    xlabel="p, the share of true cues to refuse",
    ylabel="share refused",
    ylim=(-0.03, 1.05),
)
panel.set_xticks(shares, [f"{p:g}" for p in shares])
panel.legend(loc="center left")
plt.show()
