"""The searches of an audit: are generated rows copies of training rows?

An audit needs the nearest training rows of each generated row, those of each training row (whose distances say what is near), and
the nearest other generated row of each. Every contender does all of this. The answer is the distance of each generated row from the
nearest training row.
"""

import numpy as np
from contest import Case

UNITS, NEAREST = 784, 64


def data(train, generated):
    """Random images in [0, 1] that are mixtures of 100 parts, with noise; a tenth of what was generated are near copies."""
    generator = np.random.default_rng(0)
    parts = generator.random((100, UNITS), np.float32) ** 8

    def rows(count):
        shares = generator.dirichlet(np.full(100, 0.1), count).astype(np.float32)
        return np.clip(shares @ parts * 4 + 0.05 * generator.standard_normal((count, UNITS), np.float32), 0, 1)

    own, made = rows(train), rows(generated)
    made[::10] = own[: len(made[::10])] + 0.01 * generator.standard_normal(made[::10].shape, np.float32)
    return {"train": own, "generated": made}


def attractor_audit(arrays):
    """The whole audit with its report: also clusters, rates, verdicts, local dimensions and the posterior of each row."""
    import attractor

    def call():
        report = attractor.audit(arrays["train"], arrays["generated"])
        return np.array([row["distance"] for row in report.results], np.float32)

    return call


def nearest(product, rows, pool, count, itself):
    """The distances of the nearest rows of a pool, by blocks of 1,000 rows: a product and a partition."""
    squares = (pool * pool).sum(1)
    found = []
    for start in range(0, len(rows), 1000):
        some = rows[start : start + 1000]
        distances = product(some, pool)
        distances *= -2
        distances += squares
        distances += (some * some).sum(1)[:, None]
        if itself:
            distances[np.arange(len(some)), start + np.arange(len(some))] = np.inf
        least = np.partition(distances, count - 1, axis=1)[:, :count]
        found.append(np.sqrt(np.maximum(least, 0)))
    return np.concatenate(found)


def numpy_audit(arrays):
    """A product and a partition for each of the three searches, and nothing else."""
    train, generated = arrays["train"], arrays["generated"]

    def call():
        near = nearest(lambda a, b: a @ b.T, generated, train, NEAREST, False)
        nearest(lambda a, b: a @ b.T, train, train, NEAREST, True)
        nearest(lambda a, b: a @ b.T, generated, generated, 1, True)
        return near.min(1)

    return call


def torch_audit(arrays):
    """The same with the product and the choice of the least of PyTorch."""
    import torch

    train, generated = (torch.from_numpy(arrays[name]) for name in ("train", "generated"))

    def of(rows, pool, count, itself):
        squares, found = (pool * pool).sum(1), []
        for start in range(0, len(rows), 1000):
            some = rows[start : start + 1000]
            distances = torch.addmm(squares, some, pool.T, alpha=-2)
            if itself:
                distances[torch.arange(len(some)), start + torch.arange(len(some))] = torch.inf
            least = distances.topk(count, dim=1, largest=False).values + (some * some).sum(1)[:, None]
            found.append(least.clamp(min=0).sqrt())
        return torch.cat(found)

    @torch.inference_mode()
    def call():
        near = of(generated, train, NEAREST, False)
        of(train, train, NEAREST, True)
        of(generated, generated, 1, True)
        return near.amin(1).numpy()

    return call


def case(train, generated, default):
    """The case of these numbers of rows."""
    made = Case(
        name=f"audit-{train}",
        title=f"Audit of {generated:,} generated rows against {train:,} training rows of {UNITS} units, f32.",
        data=lambda: data(train, generated),
        # The squared distance of a near copy is a difference of squared norms up to 200, whose errors in f32 are 1e-4: so the
        # root of 0.08, which is the distance of a copy, has errors up to 2e-3.
        tolerance=2e-3,
        best_of=1,
        most_rounds=3,
        default=default,
    )
    made.contender("attractor", "attractor")(attractor_audit)
    made.contender("NumPy", "numpy")(numpy_audit)
    made.contender("PyTorch", "torch")(torch_audit)
    return made


CASES = [case(6_000, 1_000, True), case(60_000, 10_000, False)]
