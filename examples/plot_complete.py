"""
Can half a picture be completed?
================================

Of 100 digits the lower half is missing. The upper half is *clamped*: the recall keeps it as it is, and fills in the rest.
"""

import warnings

import attractor
import matplotlib.pyplot as plt
import numpy as np

# A memory warns of too many patterns. Here they are the point.
warnings.simplefilter("ignore", attractor.AttractorWarning)

images = attractor.digits().images[:100]
cut = attractor.corrupt(images, "block:bottom:0.5")

memories = {
    "classical Hopfield": attractor.Hopfield(images),
    "modern Hopfield": attractor.Modern(images, beta="auto"),
    "diffusion": attractor.Diffusion(images),
}
recalls = {
    name: memory.recall(cut.cues, clamp=cut.known) for name, memory in memories.items()
}

# %%
# What is possible? The upper halves of these digits are all different, so the nearest stored upper half is the right
# one. Diffusion finds all of them. The classical network is overloaded: 64 units hold about nine random patterns.

upper = images[:, :4].reshape(100, -1).astype(float)
distances = ((upper[:, None] - upper[None]) ** 2).sum(axis=2)
assert (distances + np.eye(100) > 0).all()

right = {
    name: (recall.memory == np.arange(100)).mean() for name, recall in recalls.items()
}
assert right["diffusion"] == 1.0
assert right["classical Hopfield"] < right["modern Hopfield"] < 1.0

# %%

chosen = [0, 3, 4, 6, 7, 9]
rows = {
    "stored": images,
    "cue": np.where(cut.known.reshape(-1, 8, 8), cut.cues.reshape(-1, 8, 8), np.nan),
}
rows |= {name: recall.states for name, recall in recalls.items()}
figure, panels = plt.subplots(len(rows), len(chosen), figsize=(6.5, 5.2))
for line, (name, shown) in zip(panels, rows.items()):
    for panel, n in zip(line, chosen):
        panel.imshow(
            np.reshape(shown[n], (8, 8)),
            cmap="gray",
            vmin=np.nanmin(shown),
            vmax=np.nanmax(shown),
        )
        panel.set(xticks=[], yticks=[])
        panel.set_facecolor("#56B4E9")
    note = f"\n{right[name]:.0%} right" if name in right else ""
    line[0].set_ylabel(name + note, rotation=0, ha="right", va="center")
plt.show()
