"""
How many patterns does a memory hold?
=====================================

The capacity is the largest number of random patterns at which at most 3 % of the units are recalled wrong. The cues here
carry a signal of :math:`\\theta = 0.68` in noise. The *ceiling* is the best that any memory can do with such cues.
"""

import attractor
import matplotlib.pyplot as plt

report = attractor.capacity(
    ["ceiling", "diffusion", "modern", "hopfield"],
    dims=[8, 10, 12, 14, 16],
    sets=40,
    signal=0.68,
)
rows = report.to_frame("pandas")
print(
    rows[["memory", "dim", "crossing", "low", "high"]].round(2).to_string(index=False)
)

# %%
# The true capacities of the ceiling are known from long runs of an independent program (``bench/coverage.py``). An
# interval of 95 % misses one time in twenty, so twice its width is allowed here.

truth = {10: 4.75, 12: 7.38, 14: 11.8, 16: 19.3}
for row in rows[rows.memory == "ceiling"].itertuples():
    if row.dim in truth:
        assert abs(row.crossing - truth[row.dim]) < row.high - row.low, row
# Nothing passes the ceiling by more than chance.
for row in rows[rows.memory != "ceiling"].itertuples():
    assert (
        row.low <= rows[(rows.memory == "ceiling") & (rows.dim == row.dim)].high.item()
    )

# %%

figure, panel = plt.subplots(figsize=(6.5, 4))
for name, line in rows.groupby("memory", sort=False):
    error = [line.crossing - line.low, line.high - line.crossing]
    panel.errorbar(
        line.dim, line.crossing, yerr=error, marker="o", capsize=3, label=name
    )
dims = rows.dim.unique()
panel.plot(
    dims, 0.138 * dims, color="grey", linestyle=":", label="0.138 D (Amit et al. 1985)"
)
panel.set(yscale="log", xlabel="units D", ylabel="patterns N", xticks=dims)
panel.legend()
plt.show()
