"""Recall of the classical Hopfield network, unit after unit until none changes.

Every contender has the same Hebbian couplings without self-coupling, up to a factor, which no sign depends on. They
differ in the order of units (ours, NumPy's and hopfieldkit's is fixed, that of the others random) and in what a field of 0 does
(ours and NumPy's keep the unit, the others make it +1). At this load every cue ends at its pattern either way, which is
what is compared.
"""

from functools import partial

import numpy as np
from contest import Case, NotHere, flipped, spins

CUES = 8
#: Units beyond which a library that walks down the columns of W stays out.
MOST_COLUMNS = 1_000


def data(units, count):
    """Random patterns; cues with a tenth of the units flipped."""
    generator = np.random.default_rng(0)
    patterns = spins(generator, count, units)
    return {"patterns": patterns, "cues": flipped(generator, patterns[:CUES], 0.1)}


def hebb(arrays, dtype):
    """Couplings, exact in both types: sums of 200 signs."""
    couplings = arrays["patterns"].T @ arrays["patterns"]
    np.fill_diagonal(couplings, 0)
    return couplings.astype(dtype, copy=False)


def attractor_recall(arrays):
    """With the report of each cue."""
    import attractor

    memory = attractor.Hopfield(arrays["patterns"], update="asynchronous", order="fixed")
    cues = arrays["cues"]
    return lambda: memory.recall(cues).states


def numpy_fields(arrays):
    """Fields of all cues by one product; then a flip adds a row of W, and the next unit that is not at rest is searched."""
    couplings, cues = hebb(arrays, np.float32), arrays["cues"]

    def settle(state, field):
        moved = True
        while moved:
            moved, unit = False, 0
            while unit < len(state):
                restless = state[unit:] * field[unit:] < 0
                step = int(restless.argmax())
                if not restless[step]:
                    break
                unit += step
                state[unit] = -state[unit]
                field += (2 * state[unit]) * couplings[unit]
                unit, moved = unit + 1, True
        return state

    def call():
        states = cues.copy()
        for state, field in zip(states, states @ couplings, strict=True):
            settle(state, field)
        return states

    return call


def numpy_textbook(arrays):
    """The loop of every tutorial: the field of each unit from all others."""
    couplings, cues = hebb(arrays, np.float32), arrays["cues"]

    def settle(state):
        moved = True
        while moved:
            moved = False
            for unit in range(len(state)):
                field = couplings[unit] @ state
                if field * state[unit] < 0:
                    state[unit] = -state[unit]
                    moved = True
        return state

    return lambda: np.stack([settle(cue.copy()) for cue in cues])


def hopfieldnetwork_recall(arrays):
    """Its asynchronous mode until settled: random order, W in f64, states in int8."""
    from hopfieldnetwork import HopfieldNetwork

    network = HopfieldNetwork(1)
    network.w = hebb(arrays, np.float64)
    network.N = len(network.w)
    cues = arrays["cues"].astype(np.int8)

    def settle(cue):
        network.set_initial_neurons_state(cue.copy())
        network.update_neurons(0, "async", run_max=True)
        return network.S

    return lambda: np.stack([settle(cue) for cue in cues])


def hopfieldkit_recall(arrays):
    """Its recall in sequential order, W and states in f64."""
    from hopfieldkit import HopfieldNetwork

    network = HopfieldNetwork(1)
    network.weights = hebb(arrays, np.float64)
    network.n_units = len(network.weights)
    cues = arrays["cues"].astype(np.float64)
    return lambda: np.stack([network.recall(cue, order="sequential") for cue in cues])


def neurodynex_recall(arrays):
    """Its asynchronous dynamics, sweep by sweep until nothing changes: random order, W in f64."""
    from neurodynex3.hopfield_network.network import HopfieldNetwork

    if len(arrays["cues"][0]) > MOST_COLUMNS:
        raise NotHere(f"takes minutes beyond {MOST_COLUMNS:,} units")
    network = HopfieldNetwork(1)
    network.weights = hebb(arrays, np.float64)
    network.nrOfNeurons = len(network.weights)
    network.set_dynamics_sign_async()
    cues = arrays["cues"].astype(np.float64)

    def settle(cue):
        network.set_state_from_pattern(cue)
        while True:
            before = network.state
            network.iterate()
            if (before == network.state).all():
                return before

    return lambda: np.stack([settle(cue) for cue in cues])


def case(units, count):
    """A case of so many units and patterns."""
    made = Case(
        name=f"classical-{units}",
        title=f"Asynchronous recall of {CUES} cues until settled, {units:,} units, {count} patterns, a tenth of the units flipped.",
        data=partial(data, units, count),
        best_of=3,
    )
    made.contender("attractor", "attractor")(attractor_recall)
    made.contender("NumPy, fields kept", "numpy")(numpy_fields)
    made.contender("NumPy, textbook", "numpy")(numpy_textbook)
    made.contender("hopfieldnetwork", "hopfieldnetwork")(hopfieldnetwork_recall)
    made.contender("hopfieldkit", "hopfieldkit")(hopfieldkit_recall)
    made.contender("neurodynex3", "neurodynex3")(neurodynex_recall)
    return made


CASES = [case(1_000, 20), case(10_000, 200)]
