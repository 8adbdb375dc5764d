"""
Does a random recall sample the posterior?
==========================================

An ambiguous cue fits several memories. The probability flow always ends in the same one. A *stochastic* recall should end
in each memory as often as its posterior probability says (Ambrogioni 2023, section 5.1). Here one cue is recalled 5,000
times.
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import chi2

images = attractor.digits().images[:100].reshape(100, 64) / 255
cue = images[[14]] + 0.5 * np.random.default_rng(8).normal(size=(1, 64))
sigma, repeats = 0.5, 5_000

# %%
# ``bridge`` draws from the posterior by construction. ``ancestral`` makes steps of the reverse equation, and is exact in
# the limit of small ones. Pearson's :math:`\chi^2` compares counts and posterior: an exact sampler is below the line at
# p = 0.001 with 999 of 1,000 seeds.

counts = {}
for sampler, steps in [("bridge", 24), ("ancestral", 200)]:
    memory = attractor.Diffusion(images, sampler=sampler, steps=steps)
    counts[sampler] = memory.repeat(cue, repeats, sigma=sigma)
    p = chi2.sf(counts[sampler].chi_square[0], counts[sampler].freedom[0])
    print(f"{sampler}: chi2 = {counts[sampler].chi_square[0]:.1f}, p = {p:.2f}")
    assert p > 0.001

posterior = counts["bridge"].posterior[0]
cost = ((cue - images) ** 2).sum(axis=1) / (2 * sigma**2)
expected = np.exp(cost.min() - cost)
assert np.allclose(posterior, expected / expected.sum(), atol=1e-9)

# %%

best = np.argsort(-posterior)[:12]
place = np.arange(len(best))
figure, panel = plt.subplots(figsize=(7.5, 3.6))
panel.bar(place - 0.27, posterior[best], 0.26, color="black", label="exact posterior")
for shift, (sampler, found) in zip((0, 0.27), counts.items()):
    share = found.ended[0, best] / repeats
    panel.bar(
        place + shift,
        share,
        0.26,
        yerr=np.sqrt(share / repeats),
        label=f"recalls, {sampler}",
    )
panel.set(
    xticks=place,
    xticklabels=[f"{attractor.digits().labels[n]}" for n in best],
    xlabel="memory (which digit it is)",
    ylabel="share",
)
panel.legend()
plt.show()
