"""
Is denoising the same as Hopfield recall?
=========================================

Yes, if all patterns have the same norm. A step of a modern Hopfield network with inverse temperature
:math:`\\beta` goes to :math:`\\sum_n w_n y_n` with :math:`w = \\mathrm{softmax}(\\beta\\, x \\cdot y_n)`. The exact denoiser
of a diffusion model at noise :math:`\\sigma` goes to the same sum, with :math:`\\beta = 1/\\sigma^2` (Ambrogioni 2023,
Eq. 14). So the noise level is a knob that turns one into the other.
"""

import warnings

import attractor
import matplotlib.pyplot as plt
import numpy as np

# A memory warns where patterns blend. Here it is the point.
warnings.simplefilter("ignore", attractor.AttractorWarning)

angles = 2 * np.pi * np.arange(5) / 5 + 0.3
patterns = np.stack([np.cos(angles), np.sin(angles)], axis=1)
diffusion = attractor.Diffusion(patterns)

side = np.linspace(-1.4, 1.4, 13)
states = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)

# %%
# The moves of both, at three noise levels. They are equal to rounding: at most :math:`\beta = 16` multiplies the
# rounding of a dot product, so :math:`10^{-13}` leaves room for a few hundred units in the last place.

moves = {}
for sigma in [1.0, 0.5, 0.25]:
    denoised = diffusion.denoise(states, sigma)
    hopfield = (
        attractor.Modern(patterns, beta=1 / sigma**2).recall(states, updates=1).states
    )
    assert np.abs(denoised - hopfield).max() < 1e-13
    moves[sigma] = hopfield - states, denoised - states

# %%
# How many memories share in the answer? :math:`1/\sum_n w_n^2` is 5 if all have equal weight and 1 if one has it all.

cue = np.array([[0.9, 0.2]])
levels = np.geomspace(0.05, 20, 60)
share = np.array([1 / (diffusion.posterior(cue, sigma) ** 2).sum() for sigma in levels])
assert abs(share[0] - 1) < 1e-6 and abs(share[-1] - 5) < 0.01
assert (np.diff(share) > -1e-12).all()

# %%

figure, panels = plt.subplots(1, 4, figsize=(11, 2.9))
for panel, (sigma, (hopfield, denoised)) in zip(panels, moves.items()):
    for move, width, color in [
        (hopfield, 0.011, "#56B4E9"),
        (denoised, 0.004, "black"),
    ]:
        panel.quiver(
            *states.T,
            *move.T,
            angles="xy",
            scale_units="xy",
            scale=4,
            width=width,
            color=color,
        )
    panel.scatter(*patterns.T, color="#D55E00", zorder=3)
    panel.set(
        title=f"σ = {sigma}, β = {1 / sigma**2:g}", aspect="equal", xticks=[], yticks=[]
    )
panels[0].set_xlabel("blue: Hopfield update\nblack: denoising")
panels[3].semilogx(levels, share)
panels[3].set(
    title="a cue near one memory",
    xlabel="σ",
    ylabel="memories in the answer",
    ylim=(0, 5.3),
)
plt.show()
