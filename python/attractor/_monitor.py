"""A monitor of the checkpoints of a training: from which step on does the model copy its training rows?"""

from __future__ import annotations

from typing import Any, NamedTuple

from . import _attractor
from ._again import again
from ._arrays import seed_of
from ._audit import _model, _rows, _table
from ._experiments import Report
from ._memory import Memory
from ._results import frame
from ._values import count, scalar, words


class TauMem(NamedTuple):
    """The step from which a model memorises.

    Attributes
    ----------
    step : float
        The first checkpoint that memorises, as all later ones do.
    after : float or None
        The checkpoint before it, which does not. Memorisation begins between the two. None if it is the first.
    """

    step: float
    after: float | None


class Monitor:
    """Watches a model while it is trained, and says from which step on it copies its training rows.

    Call it with the step and the rows that the model generates then, or with the model itself. See docs/how-to/audit.md.

    Parameters
    ----------
    train : array_like (N, D) or (N, H, W), data frame, path
        The training rows, as for `audit`.
    heldout : the same, optional
        Rows of the same source that the model has not seen. Without them there are no p-values, and rates are compared with those of training
        rows.
    distance, swaps, radius : see `audit`
    examine, draws : int, default 128 and 8
        For a model: rows of each set that it denoises, and noisy versions of each.
    generate : int, default 256
        For a model: rows that it generates at each checkpoint.
    shape : str, optional
        "HxW" or "CxHxW" of images, which a callable gets. Default: the shape of the training rows.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed.

    Raises
    ------
    ValueError
        Rows that cannot be compared, or a setting outside its range.

    Examples
    --------
    >>> import attractor
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> train, heldout = rng.normal(size=(2, 100, 4))
    >>> monitor = attractor.Monitor(train, heldout)
    >>> for step, share in [(100, 0), (200, 0), (300, 0.5), (400, 1)]:
    ...     generated = rng.normal(size=(50, 4))
    ...     copied = int(share * 50)
    ...     generated[:copied] = train[:copied] + 0.001
    ...     row = monitor(step, generated)
    >>> monitor.tau_mem
    TauMem(step=300.0, after=200.0)
    >>> [row["copies"] for row in monitor.table]
    [0, 0, 25, 50]
    """

    def __init__(
        self,
        train: Any,
        heldout: Any = None,
        *,
        distance: str = "auto",
        swaps: int = 999,
        radius: float | None = None,
        examine: int = 128,
        draws: int = 8,
        generate: int = 256,
        shape: str | None = None,
        random_state: Any = 0,
    ) -> None:
        self._given = {name: value for name, value in locals().items() if name != "self"}
        own, found = _rows("train", train)
        other = None if heldout is None else _rows("heldout", heldout)[0]
        self._tables = isinstance(own, tuple) or isinstance(other, tuple)
        if self._tables:
            own = _table("train", own)
            other = None if other is None else _table("heldout", other)
        settings: dict[str, Any] = {
            "distance": words("distance", distance),
            "swaps": count("swaps", swaps),
            "examine": count("examine", examine),
            "draws": count("draws", draws),
            "generate": count("generate", generate),
        }
        if radius is not None:
            settings["radius"] = scalar("radius", radius)
        self._train, self._shape = own, shape or found
        self._seed = seed_of(random_state)
        self._core = _attractor.Monitor(own, other, settings, self._seed)

    def __call__(self, step: float, generated_or_denoiser: Any) -> dict[str, Any]:
        """Looks at a checkpoint.

        Parameters
        ----------
        step : float
            The step, above that of the last checkpoint.
        generated_or_denoiser : array_like, data frame, path, memory or callable
            The rows that the model generates, or the model: a memory or a callable D(x, sigma), as for `audit`. A model generates
            rows itself, and its errors on training and held-out rows are compared, too.

        Returns
        -------
        dict
            The row of this checkpoint in `table`.

        Raises
        ------
        ValueError
            A step that is not above the last; rows that cannot be compared; what is no denoiser.
        """
        given = generated_or_denoiser
        where = scalar("step", step)
        if isinstance(given, Memory) or callable(given) or hasattr(given, "denoise"):
            self._core.look_inside(where, _model(given, self._train, self._shape))
        else:
            rows, _ = _rows("generated", given)
            self._core.look(where, _table("generated", rows) if self._tables else rows)
        return self.table[-1]

    @property
    def table(self) -> list[dict[str, Any]]:
        """What was found at each checkpoint: f_mem, f_mem by clusters, DCR share and, of a model, its errors on training and held-out rows, each with its
        95 % interval ("_low", "_high") and p-value."""
        return self.report().results

    def to_frame(self, library: str | None = None) -> Any:
        """The table as a data frame.

        Parameters
        ----------
        library : {"pandas", "polars"}, optional
            The library of the data frame. Default: pandas, or polars if pandas is not installed.

        Returns
        -------
        pandas.DataFrame or polars.DataFrame
        """
        return frame(self.table, library)

    @property
    def tau_mem(self) -> TauMem | None:
        """The first checkpoint from which on f_mem by clusters exceeds its null (p <= .05) at every checkpoint. None if it does not at the last."""
        found = self._core.tau_mem()
        return None if found is None else TauMem(*found)

    def report(self) -> Report:
        """The report of all checkpoints, with a figure.

        Returns
        -------
        Report
        """
        return Report(self._core.report(again(type(self), self._given, self._seed)))

    def __repr__(self) -> str:
        return f"<Monitor: {len(self.table)} checkpoints, tau_mem {self.tau_mem}>"
