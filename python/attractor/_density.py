"""Densities as memories: mixtures of Gaussians that are fitted to data."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from . import _attractor
from ._arrays import as_array, as_floats, as_rows, is_raw, precision
from ._interrupt import interruptible
from ._models import Mixture
from ._progress import Progress, followed
from ._values import count, count_if, each, scalar, words


def fit(
    X: Any,
    components: int | str = "auto",
    rank: int | None = None,
    *,
    labels: Any = None,
    floor: float = 1e-3,
    restarts: int = 3,
    seed: int = 0,
    criterion: str = "held-out",
    held_out: float = 0.2,
    max_components: int = 20,
    tolerance: float = 1e-5,
    max_iterations: int = 500,
    events: Any = None,
    weight: float = 0.5,
    event_labels: Any = None,
    dtype: Any = None,
    progress: Progress | None = None,
    **options: Any,
) -> Mixture:
    """Fits a mixture of Gaussians to data: a semantic memory.

    The memory holds what the rows have in common. It recalls, samples, traces and has a log-density in closed form, as every
    `Mixture` does. One component is principal component analysis (probabilistic, Tipping & Bishop 1999).

    Parameters
    ----------
    X : array_like (N, D), or (N, ...) of images
        Rows to fit. Bytes (uint8) are read as grey values from 0 to 1.
    components : int or "auto", default "auto"
        Number of Gaussians. "auto" tries 1, 2, ... and takes the number that `criterion` prefers.
    rank : int from 0 to D, optional
        Principal directions of each Gaussian; in all other directions it has one variance. Default: D, which is a full
        covariance.
    labels : array_like (N,), optional
        Labels of the rows. Each Gaussian is named after most of its rows.
    floor : float from 0 to 1, default 0.001
        Smallest standard deviation of a Gaussian in any direction, in spreads of the data.
    restarts : int, default 3
        Random starts (k-means++), of which the most likely fit is kept.
    seed : int, default 0
        Seed of the starts and of the rows that are held out.
    criterion : {"held-out", "bic"}, default "held-out"
        What chooses the number of components: the log-likelihood of held-out rows, or BIC.
    held_out : float above 0 and below 1, default 0.2
        Share of rows that are held out to choose the number; the final fit uses all rows.
    max_components : int, default 20
        Largest number that "auto" tries.
    tolerance : float from 0 to 1, default 1e-5
        A fit ends when the mean log-likelihood of a row rises by at most this share of 1 + its size.
    max_iterations : int, default 500
        Most iterations from one start.
    events : array_like (M, D), optional
        Events to store beside the density; see `Mixture.with_events`.
    weight : float above 0 and below 1, default 0.5
        Prior probability of all events together.
    event_labels : array_like (M,), optional
        Labels of the events.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64 for float64 data, else float32. The fit is computed in float64.
    progress : bool or callable, optional
        True shows a bar: that of tqdm if it is installed, else lines on stderr. A callable is called as
        ``progress(components, start, iteration, log_likelihood)`` after each iteration. It returns False to stop; the best
        fit so far is then returned.
    **options
        Options of `Mixture`, such as `sampler`.

    Returns
    -------
    Mixture
        With the attributes `means_` (K, D), `responsibilities_` (N, K), `log_likelihood_` (mean per row, in nats), `bic_`,
        `trials_` (for "auto": tuples of components, log-likelihood of the rows that were fitted, of held-out rows, and BIC),
        `n_iter_`, `converged_` and `notes_` (sentences about the fit). Components are sorted by weight, largest first.

    Raises
    ------
    ValueError
        Rows are missing, not finite or all equal; there are more components than distinct rows; the rank is above D.

    Examples
    --------
    >>> import numpy as np
    >>> import attractor
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(-4, 1, (100, 2)), rng.normal(4, 1, (300, 2))])
    >>> gist = attractor.fit(X)
    >>> gist.weights
    array([0.75, 0.25])
    >>> both = attractor.fit(X, 2, events=[[0.0, 0.0]])
    >>> both.recall([[0.1, 0.0]], sigma=0.2).event_share.round(3)
    array([1.])
    """
    array = as_array("patterns", X)
    kind = precision(array, dtype)
    rows = as_floats(as_rows("patterns", array, False), np.dtype(np.float64))
    names = each("labels", labels, len(rows))
    memory = Mixture(dtype=dtype, **options)
    settings = {
        "components": components if isinstance(components, str) else count("components", components, 1),
        "rank": count_if("rank", rank),
        "floor": scalar("floor", floor),
        "restarts": count("restarts", restarts, 1),
        "seed": count("seed", seed),
        "criterion": words("criterion", criterion),
        "held_out": scalar("held_out", held_out),
        "max_components": count("max_components", max_components, 1),
        "tolerance": scalar("tolerance", tolerance),
        "max_iterations": count("max_iterations", max_iterations, 1),
    }
    with followed(progress, "fit") as told:
        work = partial(
            _attractor.Memory.fit,
            rows,
            {name: value for name, value in settings.items() if value is not None},
            memory._named(),
            raw=is_raw(array),
            wide=kind.itemsize == 8,
            labels=None if names is None else [str(name) for name in names.tolist()],
        )
        tell = _counted(told) if progress is True else told
        core, facts = interruptible(lambda tell: work(progress=tell), tell)
    memory._hold(core, image=array.shape[1:] if array.ndim > 2 else None)
    if events is not None:
        memory = memory.with_events(events, weight, labels=event_labels)
    elif event_labels is not None:
        raise ValueError("event_labels: expected events with them, found none; give events")
    for name, value in facts.items():
        setattr(memory, {"iterations": "n_iter"}.get(name, name) + "_", value)
    return memory


def _counted(told: Callable[..., Any] | None) -> Callable[..., Any]:
    """Counts the iterations of all starts, whose number is not known before."""
    done = 0

    def count(components: int, start: int, iteration: int, log_likelihood: float) -> None:
        nonlocal done
        done += 1
        if told is not None:
            told(done, None, components, log_likelihood)

    return count
