"""
Where do new images come from?
==============================

The exact denoiser of stored images can only give back stored images. If each pixel sees nothing but a window, the best
denoiser makes mosaics of stored pieces: new images (Kamb & Ganguli 2024). The memory here holds 1,797 digits, and
recalls from noise alone.
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np

images = attractor.digits().images
count = 80
rules = {
    "whole images": attractor.Local(images, rule="ideal"),
    "windows of 5 × 5": attractor.Local(images, window="5"),
    "windows of 3 × 3": attractor.Local(images, window="3"),
}
made = {name: memory.sample(count) for name, memory in rules.items()}

# %%
# A recall ends on a stored digit if it is within half a spread of it (root mean square of a unit). The shares were
# measured before, with 200 recalls each: 100 %, 17 % and 0.5 % (:doc:`/ideas/local`). Four standard errors of both counts
# are allowed.

spread = rules["whole images"].spread_
share = {name: np.mean(recall.distance < 0.5 * spread) for name, recall in made.items()}
for name, value in share.items():
    print(f"{name}: {value:.1%} of recalls end on a stored digit")
assert share["whole images"] == 1.0
for name, before in [("windows of 5 × 5", 0.17), ("windows of 3 × 3", 0.005)]:
    assert abs(share[name] - before) < 4 * np.sqrt(
        before * (1 - before) * (1 / count + 1 / 200)
    )

# %%

figure, panels = plt.subplots(3, 10, figsize=(8, 2.9))
for line, (name, recall) in zip(panels, made.items()):
    for panel, image in zip(line, recall.states.reshape(-1, 8, 8)):
        panel.imshow(image, cmap="gray", vmin=0, vmax=1)
        panel.set(xticks=[], yticks=[])
    line[0].set_ylabel(
        f"{name}\n{share[name]:.1%} stored", rotation=0, ha="right", va="center"
    )
plt.show()
