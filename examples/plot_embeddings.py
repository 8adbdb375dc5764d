"""
Is one bit per unit enough for embeddings?
==========================================

Embeddings are often compared by the angle between them. A random projection keeps the angle in its signs: two vectors
at angle :math:`\\alpha` have a different sign with probability :math:`\\alpha/\\pi` (Goemans & Williamson 1995). So a memory of
signs, at one bit per unit, can stand in for one of numbers.
"""

import attractor
import matplotlib.pyplot as plt
import numpy as np

rng = np.random.default_rng(0)
count, dim = 5000, 128


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


# Fifty topics with a hundred texts each, and questions that lie near one text.
topics = np.repeat(rng.normal(size=(50, dim)), count // 50, axis=0)
texts = unit(topics + 0.9 * rng.normal(size=(count, dim)))
asked = rng.choice(count, 500, replace=False)
questions = unit(texts[asked] + 0.055 * rng.normal(size=(500, dim)))
angle = np.arccos((texts[asked] * questions).sum(axis=1))

full = (questions @ texts.T).argmax(axis=1)
print(f"by the angle itself, {np.mean(full == asked):.1%} are found")

# %%
# The same with signs of 32 to 1,024 projections. ``prepare="packed"`` stores each sign in one bit.

bits = np.array([32, 64, 128, 256, 512, 1024])
found, overlaps = [], []
for number in bits:
    projection = rng.normal(size=(dim, number))
    keys, cues = np.sign(texts @ projection), np.sign(questions @ projection)
    memory = attractor.Modern(keys, beta=1.0, prepare="packed")
    found.append(np.mean(memory.recall(cues, updates=1).memory == asked))
    overlaps.append((keys[asked] * cues).mean())

# The mean overlap is 1 - 2 alpha / pi. It averages 500 questions of `bits` signs; questions of one run share the
# projection, so only the bits count as independent.
expected = np.mean(1 - 2 * angle / np.pi)
assert (
    np.abs(np.array(overlaps) - expected) < 4 * np.sqrt((1 - expected**2) / bits)
).all()
assert found[-1] > 0.99 * np.mean(full == asked)

# %%

figure, panel = plt.subplots(figsize=(6.5, 3.8))
panel.plot(bits, found, marker="o", label="signs, one bit each")
panel.axhline(
    np.mean(full == asked),
    color="grey",
    linestyle=":",
    label="128 numbers of 32 bits (4,096 bits)",
)
panel.set(
    xscale="log",
    xlabel="bits per text",
    ylabel="share of questions that find their text",
    ylim=(0, 1.03),
)
panel.set_xticks(bits, bits)
panel.legend(loc="lower right")
plt.show()
