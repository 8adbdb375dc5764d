"""Mixtures of Gaussians with full covariances, fitted by expectation-maximisation from one start of k-means.

Clusters overlap, so that a fit goes on for hundreds of iterations and ends in a different place after each random start. So every
contender makes the same number of iterations, and the answer is the mean log-likelihood of a row after them.
"""

import numpy as np
from contest import Case

ROWS, UNITS, COMPONENTS, ITERATIONS = 20_000, 64, 10, 15
#: Variance that is added to every direction by contenders that need it; the data have 1.
FLOOR = 1e-6


def data():
    """Rows with unit variance about centres that differ in eight of the units."""
    generator = np.random.default_rng(0)
    centres = np.zeros((COMPONENTS, UNITS))
    centres[:, :8] = 2 * generator.standard_normal((COMPONENTS, 8))
    own = generator.integers(0, COMPONENTS, ROWS)
    return {"rows": centres[own] + generator.standard_normal((ROWS, UNITS))}


mixtures = Case(
    name="mixtures",
    title=f"{ITERATIONS} iterations of a mixture of {COMPONENTS} Gaussians with full covariances, fitted to {ROWS:,} rows of {UNITS} units "
    f"from one start, f64.",
    data=data,
    # After their starts fits differ: three programs differed by 0.006. A missing constant or factor changes them by more than 10.
    tolerance=0.1,
    best_of=3,
)


@mixtures.contender("attractor", "attractor")
def attractor_fit(arrays):
    """With responsibilities, and the check of rows."""
    import attractor

    rows = arrays["rows"]
    settings = {"restarts": 1, "tolerance": 0.0, "max_iterations": ITERATIONS}
    return lambda: np.array([attractor.fit(rows, COMPONENTS, **settings).log_likelihood_])


def clusters_of(rows, generator):
    """The cluster of each row after k-means++ and ten rounds of k-means."""
    squares = (rows * rows).sum(1)

    def distances(centres):
        return squares[:, None] - 2 * rows @ centres.T + (centres * centres).sum(1)

    centres = rows[generator.integers(len(rows))][None]
    while len(centres) < COMPONENTS:
        nearest = np.maximum(distances(centres).min(1), 0)
        centres = np.vstack([centres, rows[generator.choice(len(rows), p=nearest / nearest.sum())]])
    for _ in range(10):
        clusters = distances(centres).argmin(1)
        centres = np.stack([rows[clusters == k].mean(0) for k in range(COMPONENTS)])
    return clusters


@mixtures.contender("NumPy", "numpy")
def numpy_fit(arrays):
    """All rows against one component at a time: triangular factors, and two products of matrices."""
    rows = arrays["rows"]

    def maximised(shares):
        totals = shares.sum(0)
        means = (shares.T @ rows) / totals[:, None]
        factors = []
        for k in range(COMPONENTS):
            centred = rows - means[k]
            covariance = (shares[:, k, None] * centred).T @ centred / totals[k]
            covariance[np.diag_indices(UNITS)] += FLOOR
            factors.append(np.linalg.inv(np.linalg.cholesky(covariance)))
        return totals / len(rows), means, factors

    def expected(weights, means, factors):
        logs = np.empty((len(rows), COMPONENTS))
        for k in range(COMPONENTS):
            white = (rows - means[k]) @ factors[k].T
            logs[:, k] = -0.5 * np.einsum("nd,nd->n", white, white) + np.log(np.diag(factors[k])).sum()
        logs += np.log(weights) - UNITS / 2 * np.log(2 * np.pi)
        peak = logs.max(1, keepdims=True)
        shares = np.exp(logs - peak)
        mass = shares.sum(1, keepdims=True)
        return shares / mass, (peak + np.log(mass)).mean()

    def call():
        shares = np.eye(COMPONENTS)[clusters_of(rows, np.random.default_rng(1))]
        for _ in range(ITERATIONS + 1):
            shares, likelihood = expected(*maximised(shares))
        return np.array([likelihood])

    return call


@mixtures.contender("scikit-learn", "scikit-learn")
def sklearn_fit(arrays):
    """`GaussianMixture`, which starts from k-means run to its end."""
    import warnings

    from sklearn.mixture import GaussianMixture

    model = GaussianMixture(COMPONENTS, tol=0, reg_covar=FLOOR, max_iter=ITERATIONS + 1, random_state=1)
    # It warns that it has not converged.
    warnings.simplefilter("ignore")
    return lambda: np.array([model.fit(arrays["rows"]).lower_bound_])


CASES = [mixtures]
