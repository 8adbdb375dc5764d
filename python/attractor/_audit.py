"""Audits of generative models: are generated rows copies of training rows?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from . import _attractor
from ._again import again
from ._arrays import Array, as_array, as_floats, as_rows, image_shape, precision, seed_of, shown
from ._executor import Call, Executor, run_heard
from ._experiments import Report
from ._files import read
from ._foreign import Foreign, adapted
from ._interrupt import interruptible
from ._memory import Memory
from ._progress import Progress, followed
from ._values import count, scalar, several, words


def audit(
    train: Any,
    generated: Any = None,
    heldout: Any = None,
    *,
    denoiser: Any = None,
    features: Sequence[Any] | None = None,
    distance: str = "auto",
    score: str = "ratio",
    fdr: float = 0.05,
    swaps: int = 999,
    radius: float | None = None,
    copy_tolerance: float | None = None,
    level: float | None = None,
    windows: int = 4,
    local_window: int | None = None,
    local_rule: str = "local",
    local_rows: int | None = None,
    pictures: int = 24,
    examine: int = 128,
    draws: int = 8,
    levels: int = 16,
    sigma_min: float | None = None,
    sigma_max: float | None = None,
    probes: int = 8,
    generate: int = 256,
    references: int = 32,
    shape: str | None = None,
    calibrate: bool = False,
    executor: Executor | None = None,
    random_state: Any = 0,
    progress: Progress | None = None,
) -> Report:
    """Finds out whether a generative model's rows are copies of its training rows.

    Each generated row gets a verdict (copy, near copy, mosaic or new) with its reason, and the set gets the usual rates of
    memorisation with the values that they would have if the training rows were not special. See docs/how-to/audit.md.

    Parameters
    ----------
    train, generated : array_like (N, D) or (N, H, W), data frame, path
        The training rows and the rows that the model generated: an array, a tensor, a data frame, or a file or folder of pictures as for
        `read`. Bytes (uint8) are grey values from 0 to 1. A data frame with text, categories or missing values is compared by Gower's
        distance. `generated` can be left out if there is a `denoiser`, which then makes rows itself.
    heldout : the same, optional
        Rows of the same source that the model has not seen. Without them rates have no p-values.
    denoiser : memory or callable, optional
        The model itself, to look inside: a memory of this package with noise levels (`Network`, `Denoiser`, a fitted density), or a callable
        D(x, sigma) as for `Denoiser`, which maps rows (B, D) with noise of the levels (B,) to estimates of the rows without it. Images
        have the shape of the training rows, as (B, C, H, W), and a torch.nn.Module gets tensors.
    features : sequence of array_like (N, F), optional
        Features of the training rows, the generated rows and the held-out rows, if there are any. They are compared in place of the rows.
    distance : {"auto", "euclidean", "gower"}, default "auto"
        How rows are compared.
    score : {"ratio", "distance"}, default "ratio"
        What gives a row its p-value: d1/d2, with d2 to the nearest training row of another cluster, or d1.
    fdr : float, default 0.05
        False discovery rate of the lists of near copies and of mosaics, above 0 and below 1.
    swaps : int, default 999
        Random swaps of training and held-out rows, at least 19.
    radius : float, optional
        Rows within this distance are near-duplicates. Default: the 1 % quantile of the distances of rows that are no copies, at
        most half of their median.
    copy_tolerance : float, optional
        Largest distance at which a row is an exact copy. Default: 1e-4 of the default `radius`.
    level : float, optional
        Noise level of each row's posterior and local dimension. Default: the distance of honest rows from training rows, divided by the root of the
        data's dimension.
    windows : int, default 4
        Windows along each side of an image, of which mosaics are recognised; 0 looks for none.
    local_window : int, optional
        Side of the window of each pixel, from which mosaics of overlapping pieces are recognised, an odd number from 3. Default: that of one of
        the `windows`.
    local_rule : {"local", "equivariant-local"}, default "local"
        Whether the window of a pixel is compared in its place or at all places of the training images, which takes as many times
        longer as there are pixels.
    local_rows : int, optional
        Generated images, and honest ones, that are compared in this way at most, evenly spaced; 0 for none. Default: 1000, or
        as many as take 10^10 comparisons of pixels each, but at least 100.
    pictures : int, default 24
        How many generated images the report shows, worst first.
    examine : int, default 128
        With a denoiser: rows of each set that it denoises, evenly spaced.
    draws : int, default 8
        With a denoiser: noisy versions of each row and level.
    levels : int, default 16
        With a denoiser: noise levels, evenly spaced on a logarithmic scale.
    sigma_min, sigma_max : float, optional
        With a denoiser: lowest and highest level, in the units of the rows. Default: a quarter of the collapse level of the training rows,
        and three times their speciation level.
    probes : int, default 8
        With a denoiser: random directions for its local dimension. As many as units make it exact.
    generate : int, default 256
        With a denoiser: rows that it generates if none are given.
    references : int, default 32
        With a denoiser: noisy rows of each level, and samples, on which it is compared with the ideal, the local and the Wiener denoiser; 0 for
        none.
    shape : str, optional
        "HxW" or "CxHxW" of images. Default: the shape of the array, or a square for bytes.
    calibrate : bool, default False
        Whether copies of several kinds are planted in these data, and the report says how many of them are found.
    executor : executor or callable, optional
        What searches the nearest rows, as for `capacity`: most of the work where there are many rows without images. All rows go to each
        worker. Not with a denoiser.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed.
    progress : bool or callable, optional
        True shows a bar: that of tqdm if it is installed, else lines on stderr. A callable is called with the pairs of rows that are
        compared (in millions) and with all of them; with a denoiser, with thousandths of the work and 1,000.

    Returns
    -------
    Report
        `results` has one entry for each generated row; `document` also holds "rates", "verdicts" and, with a denoiser, "inside", in
        which "references" has r² of samples and "predicted" that of each level.

    Raises
    ------
    ValueError
        Rows that cannot be compared, NaN in an array, or a setting outside its range.
    RuntimeError
        A worker that is lost again and again, or that has another version.

    Examples
    --------
    >>> import attractor
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> train, heldout, generated = rng.normal(size=(3, 300, 10))
    >>> generated[:5] = train[:5] + 0.01 * rng.normal(size=(5, 10))
    >>> report = attractor.audit(train, generated, heldout)
    >>> [row["row"] for row in report.results if row["verdict"] == "near copy"]
    [0, 1, 2, 3, 4]
    """
    given = dict(locals())
    if generated is None and denoiser is None:
        raise ValueError("generated: expected rows that a model generated, or a denoiser, found neither")
    if executor is not None and denoiser is not None:
        raise ValueError("executor: expected none with a denoiser, which is asked here, found one; leave one away")
    if features is not None and denoiser is not None:
        raise ValueError(
            "features: expected none with a denoiser, which sees the rows themselves, found some; leave one away"
        )
    shape = None if shape is None else words("shape", shape)
    everything = {"train": train, "generated": generated, "heldout": heldout}
    sets = {what: values for what, values in everything.items() if values is not None}
    rows: dict[str, Any] = {}
    for what, values in sets.items():
        rows[what], own = _rows(what, values)
        shape = shape or own
    if any(isinstance(values, tuple) for values in rows.values()):
        rows = {what: _table(what, values) for what, values in rows.items()}
    own_features = None
    if features is not None:
        features = several("features", "arrays", features)
        if len(features) != len(sets):
            raise ValueError(
                f"features: expected an array for each of {', '.join(sets)}, found {len(features)}; give them in this order"
            )
        own_features = [_floats("features", values) for values in features]
    settings: dict[str, Any] = {
        "distance": words("distance", distance),
        "score": words("score", score),
        "fdr": scalar("fdr", fdr),
        "swaps": count("swaps", swaps),
        "windows": count("windows", windows),
        "local_rule": words("local_rule", local_rule),
        "pictures": count("pictures", pictures),
        "examine": count("examine", examine),
        "draws": count("draws", draws),
        "levels": count("levels", levels),
        "probes": count("probes", probes),
        "generate": count("generate", generate),
        "references": count("references", references),
    }
    for name, value in (("local_window", local_window), ("local_rows", local_rows)):
        if value is not None:
            settings[name] = count(name, value)
    found = {
        "radius": radius,
        "copy_tolerance": copy_tolerance,
        "level": level,
        "sigma_min": sigma_min,
        "sigma_max": sigma_max,
    }
    settings |= {name: scalar(name, value) for name, value in found.items() if value is not None}
    seed = seed_of(random_state)
    model = None if denoiser is None else _model(denoiser, rows["train"], shape)
    given_rows = (rows["train"], rows.get("generated"), rows.get("heldout"), own_features, settings)
    options: dict[str, Any] = {"shape": shape, "seed": seed, "calibrate": bool(calibrate)}
    call = again(audit, given, seed)
    with followed(progress, "audit") as told:
        if model is None:
            return Report(run_heard(Call("audit_of_rows", given_rows, options), executor, told, again=call))
        work = partial(_attractor.audit, *given_rows, **options, again=call, model=model)
        # A callable of the caller's is called on the caller's thread.
        direct = isinstance(denoiser, Foreign) or not isinstance(denoiser, Memory)
        return Report(work(progress=told) if direct else interruptible(lambda tell: work(progress=tell), told))


def inspect(
    patterns: Any,
    *,
    examine: int = 128,
    draws: int = 8,
    levels: int = 16,
    radius: float | None = None,
    random_state: Any = 0,
    progress: Progress | None = None,
) -> Report:
    """Finds out what patterns are like before a model is trained on them.

    Reports near-duplicates, the noise levels at which the landscape of the patterns changes (speciation and collapse), how
    many patterns return after noise of each level, and the local dimension of stored and of left-out patterns.

    Parameters
    ----------
    patterns : array_like (N, D) or (N, H, W), data frame of numbers, path
        The patterns, as for `audit`.
    examine : int, default 128
        Patterns whose levels and basins are measured, evenly spaced. Duplicates are looked for among all.
    draws : int, default 8
        Noisy cues of each pattern and level.
    levels : int, default 16
        Noise levels, from above speciation to below collapse; at least 4.
    radius : float, optional
        Patterns within this distance are near-duplicates. Default: from the distances of patterns that are no copies.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of the noise.
    progress : bool or callable, optional
        True shows a bar: that of tqdm if it is installed, else lines on stderr. A callable is called with the levels that are
        done and with their number.

    Returns
    -------
    Report
        `results` has one entry for each pattern; `document` also holds "sigma_speciation", "sigma_collapse" and "levels".

    Raises
    ------
    ValueError
        Fewer than two patterns, NaN, or a setting outside its range.

    Examples
    --------
    >>> import attractor
    >>> import numpy as np
    >>> patterns = np.random.default_rng(0).normal(size=(60, 10))
    >>> patterns[7] = patterns[3]
    >>> report = attractor.inspect(patterns, examine=20, levels=6)
    >>> [row["pattern"] for row in report.results if row["cluster_size"] > 1]
    [3, 7]
    """
    given = dict(locals())
    rows, _ = _rows("patterns", patterns)
    if isinstance(rows, tuple):
        raise TypeError("patterns: expected numbers, found a table with text or gaps; give its columns of numbers")
    settings: dict[str, Any] = {
        "examine": count("examine", examine),
        "draws": count("draws", draws),
        "levels": count("levels", levels),
    }
    if radius is not None:
        settings["radius"] = scalar("radius", radius)
    seed = seed_of(random_state)
    with followed(progress, "inspect") as told:
        work = partial(_attractor.inspect, rows, settings, again=again(inspect, given, seed), seed=seed)
        core = interruptible(lambda tell: work(progress=tell), told)
    return Report(core)


#: The names of a table's columns, and their cells: numbers with NaN for gaps, or texts with None for them.
Table = tuple[list[str] | None, list[Any]]


def _rows(what: str, values: Any) -> tuple[Array | Table, str | None]:
    """An array of bytes or floats with the shape of its images, or a table."""
    if isinstance(values, (str, os.PathLike)):
        found = read(values)
        return _floats(what, found.values), found.shape
    if hasattr(values, "columns") and hasattr(values, "shape"):
        table = _columns(values)
        mixed = any(isinstance(cells[0], str) or cells[0] is None for cells in table[1] if cells)
        gaps = any(None in cells or any(v != v for v in cells) for cells in table[1])
        if mixed or gaps:
            return table, None
    array = as_array(what, values)
    return _floats(what, array), image_shape(array)


def _model(denoiser: Any, train: Any, shape: str | None) -> _attractor.Memory:
    """A denoiser as a memory in float64. A callable gets images of the shape of the training rows."""
    if isinstance(denoiser, Memory):
        return denoiser._wide()
    if isinstance(train, tuple):
        raise TypeError(
            "denoiser: expected rows of numbers with it, found a table with text or gaps; leave denoiser away"
        )
    kind = np.dtype(np.float64)
    sizes = None if shape is None else tuple(int(size) for size in shape.split("x"))
    own = adapted(denoiser, kind, sizes)
    rows = as_floats(train, kind)
    return _attractor.Memory.foreign(own, rows.shape[1], {}, wide=True, spread=1.0, patterns=rows)


def _floats(what: str, values: Any) -> Array:
    """Rows of bytes or floats."""
    array = as_array(what, values)
    rows = as_rows(what, array, False)
    if rows.dtype == np.uint8:
        return np.ascontiguousarray(rows)
    return as_floats(rows, precision(array, None))


def _columns(frame: Any) -> Table:
    """The columns of a pandas or polars data frame."""
    names = [str(name) for name in frame.columns]
    return names, [_cells(frame[name]) for name in frame.columns]


def _cells(column: Any) -> list[Any]:
    """The cells of a column: numbers where all are, with NaN for gaps; otherwise texts, with None for gaps."""
    values = column.to_list()
    missing = [value is None or value != value or type(value).__name__ in ("NAType", "NaTType") for value in values]
    number = (int, float, np.integer, np.floating)
    present = [value for value, gap in zip(values, missing, strict=True) if not gap]
    if present and all(isinstance(value, number) and not isinstance(value, bool) for value in present):
        return [float("nan") if gap else float(value) for value, gap in zip(values, missing, strict=True)]
    if present and all(hasattr(value, "timestamp") for value in present):
        return [float("nan") if gap else float(value.timestamp()) for value, gap in zip(values, missing, strict=True)]
    return [None if gap else str(value) for value, gap in zip(values, missing, strict=True)]


def _table(what: str, values: Array | Table) -> Table:
    """Rows beside a table, as a table."""
    if isinstance(values, tuple):
        return values
    if values.ndim != 2:
        raise TypeError(f"{what}: expected a table as the others are, found {shown(values)}")
    return None, [column.tolist() for column in values.T.astype(np.float64)]
