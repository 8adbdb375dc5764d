"""How often the intervals of `attractor capacity` hold the true capacity, and how far the crossing is off on average.

    python bench/coverage.py [DRAWS]        (needs NumPy, SciPy and a C compiler; 4,000 draws take half an hour)

Pattern sets come from crates/attractor-capacity/src/fixtures/ceiling.c, which shares nothing with the program: the Bayes decoder
of each unit at θ = 0.68. All sets of a D are the population, and the crossing of its mean error is the truth. Each draw takes as
many sets from it as a measurement has, and searches as the program does. The search and the interval are written again here, in
NumPy.
"""

import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.stats import t as student

THRESHOLD = 0.03
NEAR, AIM, FAR = 64, 1.3, 2.0
SOURCE = Path(__file__).parents[1] / "crates" / "attractor-capacity" / "src" / "fixtures" / "ceiling.c"
#: D: the largest N, and the number of sets.
POPULATIONS = {
    10: (48, 20000),
    12: (48, 20000),
    14: (64, 20000),
    16: (80, 20000),
    18: (100, 12000),
    20: (140, 10000),
    24: (300, 4000),
}
#: Name, cues (0: each pattern once), sets, every N, D.
SETTINGS = [
    ("140 sets of 256 cues", 256, 140, False, list(POPULATIONS)),
    ("24 sets of 256 cues", 256, 24, False, list(POPULATIONS)),
    ("6 sets of 256 cues", 256, 6, False, list(POPULATIONS)),
    ("100 sets, each pattern cued", 0, 100, False, list(POPULATIONS)),
    ("140 sets, each pattern cued, grid", 0, 140, True, [10, 12, 14, 16, 18, 20]),
]


def population(program, dim, cues):
    """The errors of all sets, one row for each."""
    most, sets = POPULATIONS[dim]
    asked = [dim, 0.68, cues, most, sets, dim if cues else 9000 + dim]
    raw = subprocess.run([program, *map(str, asked)], check=True, capture_output=True).stdout
    numbers = np.arange(1, most + 1)
    return np.frombuffer(raw, np.uint32).reshape(sets, most) / (2 * dim * (cues or numbers))


def crossing(tried, means):
    """Where the means, made monotone, pass the threshold."""
    pools = []
    for n, mean in zip(tried, means, strict=True):
        pool = np.array([mean, math.log(n), 1.0])
        while pools and pools[-1][0] / pools[-1][2] >= pool[0] / pool[2]:
            pool = pool + pools.pop()
        pools.append(pool)
    errors, places = (np.array([pool[k] / pool[2] for pool in pools]) for k in (0, 1))
    passing = np.nonzero(errors <= THRESHOLD)[0]
    if len(passing) == 0:
        return 0.0
    i = passing[-1]
    if i + 1 == len(pools):
        return float(tried[-1])
    share = (THRESHOLD - errors[i]) / (errors[i + 1] - errors[i])
    return math.exp(places[i] + share * (places[i + 1] - places[i]))


def near(n, after):
    return after - n <= max(1, n // NEAR)


def further(tried, mean, error, quantile, most, grid):
    """The numbers to try next. `mean` and `error` (standard) are indexed by N."""
    t = {n: (mean[n] - THRESHOLD) / max(error[n], 1e-300) for n in tried}
    passes = max((n for n in tried if mean[n] <= THRESHOLD), default=0)
    fails = min((n for n in tried if n > passes), default=None)
    if grid:
        last = min(max(math.ceil(1.5 * passes), 4), most)
        missing = [n for n in range(1, last + 1) if n not in tried]
        end = max(tried, default=0)
        if not missing and end < most and t[end] < quantile:
            return list(range(end + 1, min(end + max(1, end // 8), most) + 1))
        return missing
    if fails is None:
        return [] if passes >= most else [min(max(1, 2 * passes), most)]
    if not near(passes, fails):
        return [passes + (fails - passes) // 2]

    def place(n, after, aim):
        start, low = math.log(max(n, 0.5)), mean[n] if n else 0.0
        share = min(max((aim - low) / (mean[after] - low), 0.0), 1.0)
        return math.exp(start + share * (math.log(after) - start))

    asked = []
    after = min((n for n in tried if t[n] > -quantile), default=None)
    if after is not None:
        n = max((n for n in tried if n < after), default=0)
        if not near(n, after) and (n == 0 or t[n] < -FAR * quantile):
            at = math.floor(place(n, after, THRESHOLD - AIM * quantile * error[after]))
            asked.append(min(max(at, n + 1), after - 1))
    n = max((n for n in tried if t[n] < quantile), default=0)
    after = min((m for m in tried if m > n), default=None)
    if after is None:
        asked += [] if n >= most else [min(max(n + n // 2, n + 1), most)]
    elif not near(n, after) and t[after] > FAR * quantile:
        at = math.ceil(place(n, after, THRESHOLD + AIM * quantile * error[max(n, 1) if n else after]))
        asked.append(min(max(at, n + 1), after - 1))
    return asked


def between(here, there, n, after, quantile, sign):
    """The N at which the t test just refuses the threshold; errors of sets are linear in ln N."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        errors = (1 - middle) * here + middle * there
        excess = errors.mean() - THRESHOLD + sign * quantile * errors.std(ddof=1) / math.sqrt(len(errors))
        low, high = (middle, high) if excess < 0 else (low, middle)
    return n * math.exp(high * math.log(after / n))


def measured(errors, grid):
    """The crossing and its interval from the errors of some sets."""
    sets, most = errors.shape
    quantile = student.ppf(0.975, sets - 1)
    mean = np.concatenate([[0.0], errors.mean(0)])
    error = np.concatenate([[0.0], errors.std(0, ddof=1) / math.sqrt(sets)])
    tried = set()
    while asked := further(tried, mean, error, quantile, most, grid):
        tried.update(asked)
    tried = sorted(tried)
    t = [(mean[n] - THRESHOLD) / max(error[n], 1e-300) for n in tried]
    first = min((i for i in range(len(t)) if t[i] > -quantile), default=None)
    last = max((i for i in range(len(t)) if t[i] < quantile), default=None)
    of = lambda i: errors[:, tried[i] - 1]
    low = 0.0 if not first else between(of(first - 1), of(first), tried[first - 1], tried[first], quantile, 1)
    if last is None:
        high = 0.0
    elif last + 1 == len(t):
        high = math.inf
    else:
        high = between(of(last), of(last + 1), tried[last], tried[last + 1], quantile, -1)
    return crossing(tried, mean[tried]), low, high


def main():
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/ceiling"
        options = ["-O3", "-march=native", "-ffast-math", str(SOURCE), "-o", program, "-lm"]
        subprocess.run(["cc", *options], check=True)
        known = {}
        for name, cues, sets, grid, dims in SETTINGS:
            for dim in dims:
                if (dim, cues) not in known:
                    all_sets = population(program, dim, cues)
                    known[dim, cues] = all_sets, crossing(range(1, all_sets.shape[1] + 1), all_sets.mean(0))
                errors, truth = known[dim, cues]
                found = np.array([measured(errors[rng.integers(0, len(errors), sets)], grid) for _ in range(draws)])
                at, low, high = found.T
                held = np.mean((low <= truth) & (truth <= high))
                print(
                    f"{name}, D = {dim}: coverage {held:.3f}, bias {100 * (at.mean() / truth - 1):+.1f} %", flush=True
                )


if __name__ == "__main__":
    main()
