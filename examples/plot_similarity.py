"""
Which similarity should a memory use?
=====================================

It depends on what happens to the cues. Eight similarities, four kinds of damage, 500 digits. The memory returns the
stored image that is most similar to the cue.
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np

images = attractor.digits().images[:500].reshape(500, 64)
grey = images / 255
cues = {
    "noise, clipped": attractor.corrupt(grey, "sigma:0.3:clip").cues,
    "noise, folded": attractor.corrupt(grey, "sigma:0.3:fold").cues,
    "half of the pixels": attractor.corrupt(grey, "mask:0.5").cues,
    "paler and brighter": 0.4 * grey + 0.5,
}
similarities = [
    "dot",
    "cosine",
    "pearson",
    "euclidean",
    "manhattan",
    "kl",
    "jensen-shannon",
    "l1-dot",
]

right = np.zeros((len(similarities), len(cues)))
for i, similarity in enumerate(similarities):
    memory = attractor.Universal(grey, similarity=similarity, separation="max")
    for j, damaged in enumerate(cues.values()):
        right[i, j] = (
            memory.recall(damaged, updates=1).memory == np.arange(500)
        ).mean()

# %%
# Pearson's correlation does not change when a cue is scaled and shifted, so it finds every paler and brighter image.
# Folded noise brightens dark pixels, which it ignores for the most part. Manhattan distances are large at the removed
# pixels, but squared ones are larger, so few removed bright pixels spoil the Euclidean distance.

best = {name: similarities[n] for name, n in zip(cues, right.argmax(axis=0))}
for damage, similarity in best.items():
    print(f"{damage}: {similarity}")
assert right[similarities.index("pearson"), 3] == 1.0
assert right[:, 1].argmax() == similarities.index("pearson")
assert right[:, 2].argmax() == similarities.index("manhattan")
assert right[similarities.index("dot")].max() < 0.2

# %%
# ``attractor.recommend`` makes such a comparison of your own patterns, with intervals, and adds the separations. It finds
# the same similarity for folded noise.

report = attractor.recommend(grey, "sigma:0.3:fold")
assert report.results[0]["similarity"] == "pearson"

figure, panel = plt.subplots(figsize=(7, 4.2))
picture = panel.imshow(right, cmap="cividis", vmin=0, vmax=1, aspect="auto")
panel.set(
    xticks=range(len(cues)),
    xticklabels=list(cues),
    yticks=range(len(similarities)),
    yticklabels=similarities,
)
panel.set_title("Share of 500 digits that are found")
for (i, j), value in np.ndenumerate(right):
    panel.text(
        j,
        i,
        f"{value:.0%}",
        ha="center",
        va="center",
        color="white" if value < 0.6 else "black",
    )
panel.spines[:].set_visible(False)
plt.show()
