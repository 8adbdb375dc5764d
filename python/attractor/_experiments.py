"""Experiments of the papers, and a search for the single-shot memory that suits your data."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from . import _attractor
from ._again import again
from ._arrays import Array, as_array, as_floats, as_rows, image_shape, precision, seed_of
from ._executor import Call, Executor, run_heard
from ._progress import Progress, followed
from ._results import frame
from ._values import count as whole
from ._values import count_if, numbers, one_of, scalar, several, words

if TYPE_CHECKING:
    import pandas
    import polars

    from .plot import AuditDisplay, CapacityDisplay


class Report:
    """The report of an experiment: its results, and pages to read.

    Attributes
    ----------
    title : str
    seconds : float
        Wall time.
    """

    def __init__(self, core: _attractor.Report) -> None:
        self._core = core
        self.title: str = core.title
        self.seconds: float = core.seconds

    @property
    def document(self) -> dict[str, Any]:
        """The content of ``results.json``: settings, seed, version, wall time, results."""
        return json.loads(self._core.json())

    @property
    def results(self) -> list[dict[str, Any]]:
        """The results at full precision, with one entry per row."""
        return self.document[self._core.table]

    @overload
    def to_frame(self, library: Literal["pandas"]) -> pandas.DataFrame: ...
    @overload
    def to_frame(self, library: Literal["polars"]) -> polars.DataFrame: ...
    @overload
    def to_frame(self, library: None = ...) -> Any: ...
    def to_frame(self, library: str | None = None) -> Any:
        """The results as a data frame.

        Parameters
        ----------
        library : {"pandas", "polars"}, optional
            The library of the data frame. Default: pandas, or polars if pandas is not installed.

        Returns
        -------
        pandas.DataFrame or polars.DataFrame
        """
        return frame(self.results, library)

    @property
    def again(self) -> str:
        """The call that makes this report again, to the same numbers. Arrays and functions are named in it, and a comment
        says what they were."""
        return self._core.command

    def markdown(self) -> str:
        """The report as Markdown. Its figures are the files that `write` makes beside it.

        Returns
        -------
        str
        """
        return self._core.markdown()

    def html(self) -> str:
        """The report as one self-contained HTML page.

        Returns
        -------
        str
        """
        return self._core.html()

    def write(self, folder: str | os.PathLike[str]) -> None:
        """Writes ``report.html``, ``report.md``, ``results.json``, ``results.csv`` and the figures into a folder.

        Parameters
        ----------
        folder : str or path
            The folder. It is created if it does not exist.
        """
        os.makedirs(folder, exist_ok=True)
        self._core.write(os.fspath(folder))

    def plot(self, ax: Any = None, **kwargs: Any) -> CapacityDisplay | AuditDisplay:
        """Draws the report of `capacity` or `audit`. The figures of other reports are in `html`.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw into. Default: a new figure.
        **kwargs
            As in `from_report` of the display.

        Returns
        -------
        attractor.plot.CapacityDisplay or attractor.plot.AuditDisplay

        Raises
        ------
        ImportError
            Matplotlib is not installed.
        TypeError
            The report is of something else.
        """
        from .plot import AuditDisplay, CapacityDisplay

        kind = self.document.get("experiment")
        if kind == "capacity":
            return CapacityDisplay.from_report(self, ax=ax, **kwargs)
        if kind == "audit":
            return AuditDisplay.from_report(self, ax=ax, **kwargs)
        raise TypeError(
            f"plot: expected a report of capacity or audit, found one of {kind}, whose figures are in html()"
        )

    def __repr__(self) -> str:
        return f"<Report: {self.title}, {len(self.results)} rows, {self.seconds:.1f} s>"

    def _repr_html_(self) -> str:
        return self._core.fragment()


def experiments() -> dict[str, str]:
    """Returns the experiments by name, with what each reproduces.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> import attractor
    >>> list(attractor.experiments())[:3]
    ['table1', 'fig1', 'fig2']
    """
    return {experiment["name"]: experiment["title"] for experiment in _attractor.experiments()}


def reproduce(
    name: str,
    *,
    random_state: Any = 0,
    progress: Progress | None = None,
    data: Any = None,
    shape: str | None = None,
    order: Any = None,
    store: str | os.PathLike[str] | None = None,
    executor: Executor | None = None,
    **settings: Any,
) -> Report:
    """Runs an experiment of the papers. The report shows published numbers beside ours.

    Parameters
    ----------
    name : str
        One of `experiments()`.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed.
    progress : bool or callable, optional
        True shows a bar: that of tqdm if it is installed, else lines on stderr. A callable is called with the parts that
        are done and the number of parts.
    data : array_like (N, D) or (N, H, W), optional
        Images, for the experiments on images: bytes, or values in [0, 1]. Default: the shipped digits.
    shape : str, optional
        "HxW" or "CxHxW" of the images. Default: the shape of the array, or a square.
    order : array_like of int, optional
        Rows of `data`, in the order in which they are used.
    store : str or path, optional
        A file that keeps the results of "fig3", or beside which the networks of "memorisation" are kept. A stopped run continues from it.
    executor : executor or callable, optional
        What computes the cells of "fig3", "learning", "dreaming", "memorisation", "replay" and "sequences", as for `capacity`: networks, pattern
        sets, or parts of a capacity. Default: this process.
    **settings
        Settings of the experiment, listed below. A setting that is None has its default.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        An unknown experiment or setting, a value outside its range, or an executor for an experiment without cells.
    RuntimeError
        A worker that is lost again and again, or that has another version.

    Examples
    --------
    >>> import attractor
    >>> report = attractor.reproduce("table1", repetitions=2)
    >>> len(report.results)
    30
    """
    rows: Array | None = None
    asked_shape = shape
    if data is not None:
        rows, shape = _images("data", data, shape)
    given = dict(name=name, data=data, shape=asked_shape, order=order, store=store, settings=settings)
    seed = seed_of(random_state)
    named = next((e for e in _attractor.experiments() if e["name"] == name), None)
    if named is not None:
        known = [setting["name"].replace("-", "_") for setting in named["settings"]]
        one_of("setting", name, settings, known)
    written = {setting: _written(setting, value) for setting, value in settings.items() if value is not None}
    options = {
        "seed": seed,
        "data": rows,
        "shape": shape,
        "order": None if order is None else [whole("order", row) for row in np.asarray(order).tolist()],
    }
    call = Call("reproduce", (name, written), options)
    more = {"again": again(reproduce, given, seed), "store": None if store is None else os.fspath(store)}
    if executor is not None and not call.study().divides:
        able = [other for other in experiments() if Call("reproduce", (other, {}), {"seed": 0}).study().divides]
        raise ValueError(f"executor: expected an experiment of independent cells ({', '.join(able)}), found {name}")
    with followed(progress, str(name)) as told:
        return Report(run_heard(call, executor, told, keeps=store is not None, **more))


def part_of(shard: Any) -> tuple[int, int]:
    """A part of the work, from a pair or from a text such as "auto"."""
    if isinstance(shard, str):
        return _attractor.part(shard)
    part = numbers("shard", shard, 2, 'a pair (i, n) or "auto"')
    return part[0], part[1]


def merge(parts: Iterable[str | os.PathLike[str]], out: str | os.PathLike[str]) -> int:
    """Puts the stores of parts of a run together in one store, with which the run's table is made.

    Parameters
    ----------
    parts : iterable of str or path
        Stores of `capacity` or `reproduce`, which may lie where nothing can be written. They are only read.
    out : str or path
        The store of all. It is made if it is not there, and results that it has already are kept.

    Returns
    -------
    int
        How many results were new.

    Raises
    ------
    ValueError
        A file of another kind, or results of another seed, version or number of cues.

    Examples
    --------
    >>> import attractor, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> parts = [folder / "1.sqlite", folder / "2.sqlite"]
    >>> for i, store in enumerate(parts):
    ...     _ = attractor.capacity("modern", dims=[8, 10], sets=10, shard=(i + 1, 2), store=store)
    >>> attractor.merge(parts, folder / "all.sqlite") > 0
    True
    >>> len(attractor.capacity("modern", dims=[8, 10], sets=10, store=folder / "all.sqlite").results)
    2
    """
    paths = [os.fspath(part) for part in several("parts", "paths", parts)]
    missing = next((path for path in paths if not os.path.isfile(path)), None)
    if missing is not None:
        raise FileNotFoundError(f"parts: expected stores of capacity or reproduce, found none at {missing}")
    return sum(_attractor.merge(paths, os.fspath(out)))


def _written(setting: str, value: Any) -> Any:
    """Checks a setting by its kind. Several whole numbers are joined as on the command line."""
    declared = (s for experiment in _attractor.experiments() for s in experiment["settings"])
    kind = next((s["kind"] for s in declared if s["name"].replace("-", "_") == setting), None)
    if kind == "count":
        return whole(setting, value)
    if kind == "number":
        return scalar(setting, value)
    if setting == "shard":
        return "/".join(map(str, part_of(value)))
    if kind == "form" and not isinstance(value, str):
        return ",".join(str(whole(setting, number)) for number in value) or "none"
    return value


def _settings() -> str:
    """The settings of every experiment, as a section of a docstring."""
    lines = ["Notes", "-----", "Settings of each experiment:", ""]
    for experiment in _attractor.experiments():
        if experiment["settings"]:
            lines.append(f'"{experiment["name"]}"')
        for setting in experiment["settings"]:
            keyword = setting["name"].replace("-", "_")
            takes, default = setting["takes"], setting["default"]
            lines.append(f"    {keyword} : {takes}; default {default}. {setting['help']}.")
    return "\n".join(f"    {line}".rstrip() for line in lines) + "\n\n"


if reproduce.__doc__ is not None:
    reproduce.__doc__ = reproduce.__doc__.replace("    Examples\n", _settings() + "    Examples\n", 1)


def recommend(
    patterns: Any,
    corruption: str | Iterable[str],
    *,
    count: int | None = None,
    cues: int | None = None,
    shape: str | None = None,
    executor: Executor | None = None,
    random_state: Any = 0,
    progress: Progress | None = None,
) -> Report:
    """Ranks every pair of similarity and separation by its recall of corrupted patterns, best first.

    Parameters
    ----------
    patterns : array_like (N, D) or (N, H, W)
        Bytes (uint8) are read as grey values from 0 to 1.
    corruption : str or iterable of str
        As in `corrupt`.
    count, cues : int, optional
        Number of patterns to store (default: all, up to 2,000), and of cues made from them (default: all, up to 1,000).
    shape : str, optional
        "HxW" or "CxHxW" of images. Default: the shape of the array, or a square.
    executor : executor or callable, optional
        What computes the cells, as for `capacity`: each is a similarity on the cues of a corruption. Default: this process.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed.
    progress : bool or callable, optional
        True shows a bar: that of tqdm if it is installed, else lines on stderr. A callable is called with the parts that
        are done and the number of parts.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        Patterns, corruptions or numbers that do not fit.
    RuntimeError
        A worker that is lost again and again, or that has another version.

    Examples
    --------
    >>> import attractor
    >>> report = attractor.recommend(attractor.digits().images[:50], "sigma:0.1")
    >>> report.results[0]["corruption"]
    'sigma:0.1'
    """
    asked = [corruption] if isinstance(corruption, str) else several("corruption", "texts", corruption)
    asked = [words("corruption", kind) for kind in asked]
    corruption = corruption if isinstance(corruption, str) else asked
    given = dict(patterns=patterns, corruption=corruption, count=count, cues=cues, shape=shape)
    rows, shape = _images("patterns", patterns, shape)
    seed = seed_of(random_state)
    options = {"count": count_if("count", count), "cues": count_if("cues", cues), "seed": seed, "shape": shape}
    call = Call("recommend", (rows, asked), options)
    with followed(progress, "recommend") as told:
        return Report(run_heard(call, executor, told, again=again(recommend, given, seed)))


def _images(what: str, values: Any, shape: str | None) -> tuple[Array, str | None]:
    """Rows of bytes or floats, and the shape of the images."""
    array = as_array(what, values)
    shape = image_shape(array) if shape is None else words("shape", shape)
    rows = as_rows(what, array, False)
    if rows.dtype == np.uint8:
        return np.ascontiguousarray(rows), shape
    return as_floats(rows, precision(array, None)), shape
