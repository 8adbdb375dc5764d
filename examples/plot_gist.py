"""
Event or gist?
==============

A memory can hold single events and, beside them, a density of what is usual: the gist. A recall then says how much of it is
event. The share is Bayes' rule, with the noise level of the cue.
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np

images, labels = attractor.digits()
grey = images.reshape(-1, 64) / 255
gist = attractor.fit(grey[:1500], components=10, rank=12)
events = grey[1500:1520]
memory = gist.with_events(events, weight=0.5)

noise = np.random.default_rng(0).normal(size=(20, 64))
others = grey[1520:1540]
levels = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.5])
shares = {
    name: np.array(
        [memory.recall(rows + s * noise, sigma=s).event_share for s in levels]
    )
    for name, rows in {
        "cues of an event": events,
        "cues of another digit": others,
    }.items()
}

# %%
# The same by Bayes' rule. ``gist.log_prob`` is :math:`\ln p_\sigma` of the density; that of the events is a sum of
# Gaussians, written out here.

for s, given in zip(levels, shares["cues of an event"]):
    cues = events + s * noise
    cost = -((cues[:, None] - events[None]) ** 2).sum(axis=2) / (2 * s**2)
    of_events = np.log(
        np.exp(cost - cost.max(axis=1, keepdims=True)).mean(axis=1)
    ) + cost.max(axis=1)
    of_events -= 32 * np.log(2 * np.pi * s**2)
    expected = 1 / (1 + np.exp(gist.log_prob(cues, s) - of_events))
    # The densities are sums over 64 units of numbers of a few hundred, so 1e-9 of them is 1e-7 of a share.
    assert np.allclose(given, expected, atol=1e-7)

# %%
# At little noise a cue of an event is an event, and any other cue is gist. At much noise nobody can tell, and the share is
# near the prior of one half.

assert (
    shares["cues of an event"][0].min() > 0.99
    and shares["cues of another digit"][0].max() < 0.01
)

figure, panel = plt.subplots(figsize=(6.5, 3.8))
for (name, values), color in zip(shares.items(), ["#0072B2", "#D55E00"]):
    panel.semilogx(levels, values, color=color, linewidth=0.5, alpha=0.4)
    panel.semilogx(
        levels,
        values.mean(axis=1),
        color=color,
        linewidth=2.5,
        label=f"{name} (thick: mean of 20)",
    )
panel.axhline(0.5, color="grey", linestyle=":", label="prior")
panel.set(
    xlabel="noise level σ of the cue",
    ylabel="share of the recall that is event",
    ylim=(-0.03, 1.03),
)
panel.legend(loc="center left")
plt.show()
