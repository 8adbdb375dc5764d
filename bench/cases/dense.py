"""Recall of a dense associative memory, unit after unit in fixed order until none changes.

A unit takes the sign of sum_n F(o_n + y_n) - F(o_n - y_n), where o_n is the overlap of pattern n with all other units and
y_n its value at this one (Krotov & Hopfield 2016). Overlaps are kept from unit to unit.
"""

from functools import partial

import numpy as np
from contest import Case, flipped, spins

UNITS, PATTERNS, CUES = 10_000, 200, 8


def data():
    """Random patterns; cues with a tenth of the units flipped."""
    generator = np.random.default_rng(0)
    patterns = spins(generator, PATTERNS, UNITS)
    return {"patterns": patterns, "cues": flipped(generator, patterns[:CUES], 0.1)}


def attractor_recall(interaction, arrays):
    """With the report of each cue."""
    import attractor

    memory = attractor.Dense(arrays["patterns"], interaction=interaction, order="fixed")
    cues = arrays["cues"]
    return lambda: memory.recall(cues).states


def numpy_recall(gain, arrays):
    """Sweeps of one cue after the other; `gain` is the sum above, of others' overlaps and of values at the unit."""
    patterns, cues = arrays["patterns"].astype(np.float64), arrays["cues"]
    columns = np.ascontiguousarray(patterns.T)

    def settle(state):
        overlaps = patterns @ state
        moved = True
        while moved:
            moved = False
            for unit, values in enumerate(columns):
                others = overlaps - state[unit] * values
                drive = gain(others, values)
                if drive * state[unit] < 0:
                    state[unit] = -state[unit]
                    overlaps = others + state[unit] * values
                    moved = True
        return state

    return lambda: np.stack([settle(cue.astype(np.float64)) for cue in cues])


def cubes(others, values):
    """F(u) = u^3 as it stands."""
    up, down = others + values, others - values
    return (up * up * up - down * down * down).sum()


def expanded_cubes(others, values):
    """The same, multiplied out: 6 o^2 y + 2 y^3, of which y^3 = y."""
    return 3 * ((others * others) @ values) + values.sum()


def exponentials(others, values):
    """F = exp as it stands, less the largest exponent."""
    up, down = others + values, others - values
    top = max(up.max(), down.max())
    return np.exp(up - top).sum() - np.exp(down - top).sum()


def expanded_exponentials(others, values):
    """The same, multiplied out: 2 sinh(1) exp(o) y."""
    return np.exp(others - others.max()) @ values


def case(interaction, plain, expanded):
    """A case of one interaction function."""
    made = Case(
        name=f"dense-{interaction.replace(':', '')}",
        title=f"Asynchronous recall of {CUES} cues until settled by a dense associative memory, F = {interaction}, "
        f"{UNITS:,} units, {PATTERNS} patterns, a tenth of the units flipped.",
        data=data,
        best_of=3,
    )
    made.contender("attractor", "attractor")(partial(attractor_recall, interaction))
    made.contender("NumPy", "numpy")(partial(numpy_recall, plain))
    made.contender("NumPy, F multiplied out", "numpy")(partial(numpy_recall, expanded))
    return made


CASES = [case("poly:3", cubes, expanded_cubes), case("exp", exponentials, expanded_exponentials)]
