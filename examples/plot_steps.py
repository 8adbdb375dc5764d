"""
How many steps does a recall need?
==================================

The flow of Gaussian data is known in closed form: a component of variance *v* shrinks by :math:`\\sqrt{v/(v+\\sigma^2)}`.
So the error of a sampler can be measured exactly, here at the end of a recall from noise of ten deviations.
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np

variances = np.array([1.0, 0.3, 0.1])


def denoise(x, sigma):
    return x * variances / (variances + sigma[:, None] ** 2)


sigma = 10.0
cues = sigma * np.random.default_rng(0).normal(size=(200, 3))
exact = cues * np.sqrt(variances / (variances + sigma**2))

steps = np.array([8, 16, 32, 64, 128, 256, 512, 1024])
calls = {"ddim": 1, "heun": 2, "dpmpp-2m": 1}
errors = {}
for sampler in calls:
    ends = [
        attractor.Denoiser(denoise, dim=3, sampler=sampler, steps=n, last=1e-6)
        .recall(cues, sigma=sigma)
        .states
        for n in steps.tolist()
    ]
    errors[sampler] = np.array(
        [np.sqrt(((states - exact) ** 2).mean()) for states in ends]
    )

# %%
# Theory: the error falls as steps to the power −1 for ``ddim`` and −2 for the others. The slope between the two largest
# numbers of steps still has a term of the next order, which falls as 1/steps; a tenth leaves room for a factor of fifty.

for sampler, order in {"ddim": 1, "heun": 2, "dpmpp-2m": 2}.items():
    slope = np.log2(errors[sampler][-2] / errors[sampler][-1])
    print(f"{sampler}: order {slope:.2f}")
    assert abs(slope - order) < 0.1

# %%

figure, panel = plt.subplots(figsize=(6.2, 4))
for sampler, values in errors.items():
    panel.loglog(steps * calls[sampler], values, marker="o", label=sampler)
panel.set(xlabel="calls of the denoiser", ylabel="error of a unit (root mean square)")
panel.legend()
plt.show()
