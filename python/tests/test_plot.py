"""Displays: what they draw, compared with stored pictures, and the numbers in their artists.

The pictures are drawn from numbers that are written here, so that they change with the drawing alone. To make them again after a wanted
change: ``python python/tests/test_plot.py``, and look at them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attractor
import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib", minversion="3.9") if __name__ != "__main__" else __import__("matplotlib")
matplotlib.use("Agg")
from attractor.plot import (  # noqa: E402
    AuditDisplay,
    CapacityDisplay,
    EnergyDisplay,
    PosteriorDisplay,
    RecallDisplay,
    SpectrumDisplay,
    TraceDisplay,
    WeightsDisplay,
)
from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.testing.compare import compare_images  # noqa: E402
from matplotlib.text import Text  # noqa: E402
from matplotlib.ticker import NullFormatter  # noqa: E402

PICTURES = Path(__file__).parent / "pictures"
#: The version that drew the stored pictures. Versions 3.9 and 3.10 place panels by fractions of a pixel otherwise, and hatch otherwise: they differ by
#: 3 to 34. So the development group of pyproject.toml asks for this one.
DRAWN_BY = "3.11"
#: Root mean square difference of grey values of 255. The same drawing differs by rounding alone (0.00 here); one without a curve, arrows or a
#: legend, or with another map of colours, by 12 to 51 (test_the_tolerance_tells_pictures_apart). Letters are left out, and compared as texts.
TOLERANCE = 4.0
#: Nothing of the user's own settings.
STYLE = {"figure.dpi": 60, "savefig.dpi": 60, "font.family": "DejaVu Sans"}


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def faces(count: int, shape: tuple[int, ...] = (6, 6)) -> np.ndarray:
    return rng().uniform(size=(count, int(np.prod(shape)))).round(2)


def recall_pictures() -> RecallDisplay:
    stored = faces(4)
    states = stored + np.array([0.0, 0.0, 0.0, 0.3])[:, None] * rng().normal(size=stored.shape)
    return RecallDisplay(
        cues=stored + 0.4 * rng().normal(size=stored.shape),
        states=states,
        nearest=stored,
        names=list("abcd"),
        shape=(6, 6),
    )


def recall_rows() -> RecallDisplay:
    stored = np.sign(rng().normal(size=(3, 20)))
    cues = stored * np.where(rng().random(stored.shape) < 0.2, -1, 1)
    return RecallDisplay(cues=cues, states=stored.copy(), nearest=stored, names=["memory 0", "memory 1", "memory 2"])


def energy() -> EnergyDisplay:
    x, y = np.linspace(-2, 2, 30), np.linspace(-1.5, 1.5, 25)
    a, b = np.meshgrid(x, y)
    wells = (a**2 - 1) ** 2 / 4 + b**2 / 2
    pull = -np.stack([a * (a**2 - 1), b], axis=-1)
    paths = [np.array([[0.2, 1.2], [0.6, 0.5], [0.9, 0.1], [1.0, 0.0]])]
    return EnergyDisplay(
        x=x,
        y=y,
        energy=wells,
        pull=pull,
        patterns=np.array([[1.0, 0], [-1, 0]]),
        paths=paths,
        names=["right", "left"],
        title="σ = 1",
    )


def trace() -> TraceDisplay:
    at = np.linspace(0, 1, 11)[:, None]
    energy = 4 * (1 - at) ** 2 * np.array([1.0, 1.5])
    weight = 0.5 + 0.5 * at ** np.array([1.0, 2.0])
    return TraceDisplay(
        columns={"energy": energy, "weight": weight},
        sigma=np.repeat(2 * (1 - at), 2, axis=1),
        speciates=np.array([2, 4]),
        commits=np.array([5, -1]),
        names=["cue 0: a", "cue 1: b"],
    )


def posterior() -> PosteriorDisplay:
    shares = np.array([[0.6, 0.25, 0.05], [0.4, 0.3, 0.3]])
    return PosteriorDisplay(posterior=shares, candidates=np.array([[4, 2, 1], [0, 1, 2]]), observed=shares[:, ::-1] / 2)


def capacity() -> CapacityDisplay:
    units = np.array([8.0, 16, 24])
    curve = lambda n: np.stack([units, n, 0.8 * n, 1.3 * n], axis=1)
    return CapacityDisplay(curves={"modern": curve(2 ** (units / 4)), "hopfield": curve(0.14 * units + 1)})


def audit() -> AuditDisplay:
    first = np.r_[rng().uniform(1, 2, 30), 0.1, 0.2, 0.0]
    second = np.r_[first[:30] + rng().exponential(0.3, 30), 1.5, 1.9, 1.2]
    return AuditDisplay(
        distance=first,
        second_distance=second,
        verdict=np.array(["new"] * 30 + ["near copy"] * 2 + ["copy"]),
        metric="euclidean",
    )


def couplings() -> WeightsDisplay:
    patterns = np.sign(rng().normal(size=(3, 12)))
    return WeightsDisplay(values=patterns.T @ patterns)


def patterns() -> WeightsDisplay:
    return WeightsDisplay(values=faces(10), kind="patterns", shape=(6, 6), names=[str(n) for n in range(10)])


def spectrum() -> SpectrumDisplay:
    falling = np.exp(-np.arange(8) / 2.0)
    return SpectrumDisplay(curves={"σ = 1": np.stack([1.4 * falling, falling]), "σ = 2": falling[None] / 4})


DISPLAYS: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "recall-pictures": (recall_pictures, {}),
    "recall-rows": (recall_rows, {}),
    "energy": (energy, {}),
    "trace": (trace, {}),
    "trace-sigma": (trace, {"x": "sigma"}),
    "posterior": (posterior, {}),
    "capacity": (capacity, {}),
    "audit": (audit, {}),
    "couplings": (couplings, {}),
    "patterns": (patterns, {}),
    "spectrum": (spectrum, {}),
}


def without_letters(figure: Any) -> None:
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(NullFormatter())
            axis.set_minor_formatter(NullFormatter())
    for text in figure.findobj(Text):
        text.set_text("")


def draw(name: str, path: Path, change: Callable[[Any], None] | None = None) -> None:
    make, options = DISPLAYS[name]
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        display = make().plot(**options)
        if change is not None:
            change(display)
        without_letters(display.figure_)
        # No version in the file, so that it is the same from day to day.
        display.figure_.savefig(path, metadata={"Software": None})
        plt.close(display.figure_)


same_version = pytest.mark.skipif(
    not matplotlib.__version__.startswith(DRAWN_BY + "."),
    reason=f"the stored pictures are of Matplotlib {DRAWN_BY}, found {matplotlib.__version__}",
)


@same_version
@pytest.mark.parametrize("name", DISPLAYS)
def test_pictures(name: str, tmp_path: Path) -> None:
    draw(name, tmp_path / "drawn.png")
    assert compare_images(str(PICTURES / f"{name}.png"), str(tmp_path / "drawn.png"), TOLERANCE) is None


#: What is written on each picture.
WRITTEN = {
    "recall-pictures": ["cue", "recall", "nearest", "recall\n− nearest", "value of a pixel", "a", "b", "c", "d"],
    "recall-rows": ["cue", "recall", "nearest", "recall − nearest", "unit", "value of a unit", "memory 2"],
    "energy": ["unit 0", "unit 1", "energy", "σ = 1", "left", "right", "stored", "recall, from its cue ●"],
    "trace": [
        "step",
        "energy",
        "posterior of the\nmost probable memory",
        "cue 0: a",
        "the symmetry breaks",
        "one memory has half",
    ],
    "trace-sigma": ["noise level σ", "0.5", "1", "2"],
    "posterior": ["posterior probability of memories, best first", "cue", "4", "recalls that ended there", "posterior"],
    "capacity": [
        "number of units D",
        "capacity: number of patterns N (95 % interval)",
        "modern",
        "hopfield",
        "2",
        "5",
        "10",
    ],
    "audit": [
        "distance to the nearest training row (euclidean)",
        "new (30)",
        "near copy (2)",
        "copy (1)",
        "equal distances",
    ],
    "couplings": ["unit i", "unit j", "coupling"],
    "patterns": ["0", "9", "value of a pixel"],
    "spectrum": [
        "rank of the eigenvalue",
        "eigenvalue of the posterior covariance / σ²",
        "σ = 1",
        "σ = 2",
        "1: noise is kept",
    ],
}


@pytest.mark.parametrize("name", DISPLAYS)
def test_what_is_written(name: str) -> None:
    make, options = DISPLAYS[name]
    display = make().plot(**options)
    display.figure_.canvas.draw()
    written = {text.get_text() for text in display.figure_.findobj(Text) if text.get_visible()}
    assert not set(WRITTEN[name]) - written, written


@same_version
def test_the_tolerance_tells_pictures_apart(tmp_path: Path) -> None:
    changes: list[tuple[str, Callable[[Any], None]]] = [
        ("capacity", lambda d: d.lines_[0].remove()),
        ("energy", lambda d: d.quiver_.remove()),
        ("trace", lambda d: d.figure_.legends[0].remove()),
        ("couplings", lambda d: d.image_.set_cmap("PuOr")),
        ("recall-pictures", lambda d: d.images_[0].set_cmap("viridis")),
    ]
    for name, change in changes:
        draw(name, tmp_path / "drawn.png", change)
        assert compare_images(str(PICTURES / f"{name}.png"), str(tmp_path / "drawn.png"), TOLERANCE), name


IMAGES = attractor.digits().images[:12]
#: Grey values of float32, centred and scaled and back.
ROUNDING = 1e-6


def test_a_recall_is_drawn_as_it_is() -> None:
    memory = attractor.Diffusion(IMAGES, labels=list("abcdefghijkl"))
    cues = attractor.corrupt(IMAGES[:3], "sigma:0.3").cues
    recall = memory.recall(cues, sigma=0.3)
    display = recall.plot()
    assert display.axes_.shape == (4, 3)
    drawn = [np.asarray(image.get_array()) for image in display.images_]
    for column in range(3):
        assert np.allclose(drawn[column], cues[column])
        assert np.allclose(drawn[3 + column], recall.states[column])
        assert np.allclose(drawn[6 + column], IMAGES[column] / 255.0, atol=ROUNDING)
        assert np.allclose(drawn[9 + column], recall.states[column] - IMAGES[column] / 255.0, atol=ROUNDING)
    assert [ax.get_title() for ax in display.axes_[0]] == ["a", "b", "c"]
    # Rows that are not known to be images can be said to be.
    flat = attractor.Diffusion(IMAGES.reshape(12, 64)).recall(cues.reshape(3, 64), sigma=0.3)
    assert flat.plot(shape=(8, 8)).axes_.shape == (4, 3) and flat.plot().axes_.shape == (4, 1)
    with pytest.raises(ValueError, match="shape: expected height x width"):
        flat.plot(shape=(7, 8))
    half = np.ma.masked_array(IMAGES / 255.0, mask=np.arange(64).reshape(8, 8) >= np.full((12, 1, 1), 32))
    drawn = memory.recall(half[:2]).plot()
    assert (
        np.isnan(drawn.images_[0].get_array().filled(np.nan)[4:]).all() and "unknown" in drawn.axes_[0, 0].get_ylabel()
    )
    assert memory.sample(2).plot().axes_.shape == (3, 2)
    colours = attractor.Modern(rng().uniform(size=(4, 5, 6, 3)), beta=50.0)
    assert colours.recall(colours.patterns.reshape(4, 5, 6, 3)[:2]).plot().images_[0].get_array().shape == (5, 6, 3)


def test_a_landscape_is_that_of_the_memory() -> None:
    points = np.array([[1.0, 0.0], [-1.0, 0.0]])
    memory = attractor.Diffusion(points)
    display = memory.plot(sigma=0.8, cues=[[0.1, 0.5]], grid=9)
    # At (x, y) the pull is D - z, with D = (tanh(x/sigma**2), 0).
    a, b = np.meshgrid(display.x, display.y)
    assert np.allclose(display.pull, np.stack([np.tanh(a / 0.64) - a, -b], axis=-1), atol=1e-12)
    states = memory.trace([[0.1, 0.5]], sigma=0.8).states[:, 0]
    assert np.allclose(display.lines_[0].get_xydata(), states)
    assert np.allclose(display.scatter_.get_offsets(), points)
    assert display.ax_.get_title() == "σ = 0.8" and display.colorbar_.ax.get_ylabel() == "energy"
    # Of many units, a plane: the first principal components.
    many = rng().normal(size=(20, 5)) * [1, 9, 1, 3, 1]
    plane = attractor.Modern(many, beta=1.0).plot(grid=5)
    assert np.allclose(abs(np.corrcoef(plane.patterns[:, 0], many[:, 1])[0, 1]), 1, atol=0.05)
    assert "PC 1 (" in plane.ax_.get_xlabel()
    # Of shapes, which are no patterns, where they are is to be said.
    road = attractor.Mixture([{"kind": "segment", "from": [-1.0, 0.0], "to": [1.0, 0.0]}])
    shape = road.plot(sigma=0.3, extent=(-2, 2, -1, 1), cues=[[0.2, 0.5]], grid=9)
    assert shape.scatter_ is None and shape.ax_.get_xlim() == (-2, 2) and len(shape.lines_) == 1
    lowest = np.unravel_index(shape.energy.argmin(), shape.energy.shape)
    assert shape.y[lowest[0]] == 0.0 and abs(shape.x[lowest[1]]) < 1.0
    for wrong in (None, (2, -2, -1, 1), (0, 1)):
        with pytest.raises(ValueError, match="extent: expected"):
            road.plot(sigma=0.3, extent=wrong)
    # Without a level there is no landscape to draw, and what is stored is drawn.
    assert isinstance(memory.plot(), WeightsDisplay)
    with pytest.raises(ValueError, match="expected stored patterns of at least two units"):
        attractor.Modern([[1.0], [2.0]]).plot(cues=[[1.0]])


def test_traces_posteriors_and_weights() -> None:
    memory = attractor.Diffusion(np.eye(4), labels=list("abcd"))
    trace = memory.trace(np.eye(4)[:2] + 0.1, sigma=1.0)
    display = trace.plot()
    assert np.array_equal(display.lines_[0].get_ydata(), trace.energy[:, 0])
    assert [ax.get_ylabel().split()[0] for ax in display.axes_] == ["energy", "posterior", "entropy"]
    with pytest.raises(ValueError, match="x: expected step"):
        attractor.Modern(np.eye(4)).trace(np.eye(4)).plot(x="sigma")
    with pytest.raises(ValueError, match="what: expected some of"):
        trace.plot(what=["heat"])
    recall = memory.recall(np.eye(4), sigma=0.6)
    bars = PosteriorDisplay.from_recall(recall).bars_
    assert np.allclose([bar.get_width() for bar in bars[0]], recall.posterior[:, 0])
    counts = attractor.Diffusion(np.eye(4), sampler="bridge").repeat(np.eye(4)[:1], 200, sigma=0.6)
    observed = counts.plot(top=2).observed_
    assert np.isclose(observed[0][0].get_width(), counts.ended[0, 0] / 200)
    with pytest.raises(ValueError, match="one with a posterior"):
        PosteriorDisplay.from_recall(attractor.Hopfield([[1.0, -1, 1, 1]]).recall([[1.0, 1, 1, 1]]))
    signs = np.sign(rng().normal(size=(3, 10)))
    hebb = signs.T @ signs
    np.fill_diagonal(hebb, 0)
    drawn = WeightsDisplay.from_estimator(attractor.Hopfield(signs)).values
    assert np.allclose(drawn - np.diag(np.diag(drawn)), hebb)
    # W = sum of y x' (Kosko 1988).
    values = np.sign(rng().normal(size=(3, 4)))
    pairs = WeightsDisplay.from_estimator(attractor.Bidirectional(signs, values=values))
    assert np.allclose(pairs.values, values.T @ signs)


def test_the_spectrum_is_that_of_the_posterior() -> None:
    points = rng().normal(size=(9, 4))
    memory, z, sigma = attractor.Diffusion(points), rng().normal(size=(2, 4)), 0.9
    display = SpectrumDisplay.from_estimator(memory, z, sigma=sigma)
    for row in range(2):
        weights = np.exp(-((points - z[row]) ** 2).sum(axis=1) / (2 * sigma**2))
        covariance = np.cov(points.T, aweights=weights, bias=True)
        assert np.allclose(display.curves["σ = 0.9"][row], np.linalg.eigvalsh(covariance)[::-1] / sigma**2, atol=1e-12)
    with pytest.raises(TypeError, match="expected couplings or a posterior"):
        SpectrumDisplay.from_estimator(attractor.Modern(points), z, sigma=1.0)
    with pytest.raises(ValueError, match="states: expected states and sigma"):
        SpectrumDisplay.from_estimator(memory)


def test_reports_have_pictures() -> None:
    report = attractor.capacity(["modern", "hopfield"], dims=[8, 12], sets=6)
    display = report.plot()
    own = [row for row in report.results if row["memory"] == "modern"]
    assert display.curves["modern"][:, 1].tolist() == [row["crossing"] for row in own]
    train, generated = rng().normal(size=(2, 60, 5))
    generated[:3] = train[:3]
    found = attractor.audit(train, generated).plot()
    assert isinstance(found, AuditDisplay) and found.scatters_["copy"].get_offsets().shape == (3, 2)
    with pytest.raises(TypeError, match="plot: expected a report of capacity or audit, found one of table1"):
        attractor.reproduce("table1", repetitions=2).plot()


def test_displays_are_drawn_where_they_are_told() -> None:
    figure, (left, right) = plt.subplots(1, 2)
    display = capacity().plot(left)
    assert display.ax_ is left and display.figure_ is figure and display.plot(right).ax_ is right
    panels = recall_pictures().plot(plt.subplots()[1])
    assert not panels.ax_.axison and panels.axes_.shape == (4, 4)
    with pytest.raises(TypeError, match="ax: expected Matplotlib axes"):
        capacity().plot(3)


def test_plots_need_matplotlib_and_nothing_else_does() -> None:
    code = (
        "import sys\n"
        "sys.modules['matplotlib'] = sys.modules['sklearn'] = sys.modules['pandas'] = sys.modules['tqdm'] = None\n"
        "import attractor, attractor.plot, numpy as np\n"
        "m = attractor.Modern(np.eye(4), labels=[0, 1, 0, 1], beta=9.0)\n"
        "assert m.predict(np.eye(4)).tolist() == [0, 1, 0, 1] and m.predict_proba(np.eye(4)).shape == (4, 2)\n"
        "assert m.score(np.eye(4), [0, 1, 0, 1]) == 1 and m.set_output(transform='default') is m\n"
        "m.partial_fit(np.eye(4)[:1], [0])\n"
        "try:\n    m.recall(np.eye(4)).plot()\n"
        "except ImportError as error:\n    print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert (
        run.stdout == "plots need Matplotlib, which is not installed; install it with: pip install 'attractor[plot]'\n"
    )


def test_the_import_is_light() -> None:
    code = (
        "import sys, attractor, attractor.plot\n"
        "print([n for n in ('matplotlib', 'sklearn', 'pandas', 'polars', 'scipy', 'torch', 'tqdm') if n in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert run.stdout.strip() == "[]"


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for made in DISPLAYS:
        draw(made, PICTURES / f"{made}.png")
