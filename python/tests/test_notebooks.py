"""What notebooks, data frames and readers of a terminal see."""

from __future__ import annotations

import base64
import builtins
import io
import pickle
import sys
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import attractor
import numpy as np
import pytest
from zoo import ZOO, Specimen, bits, signs


class Page(HTMLParser):
    """The elements of a page, and what they load."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.sources += [
            value or "" for name, value in attributes if name in ("src", "href", "srcset", "data", "poster")
        ]


def reports() -> list[attractor.Report]:
    images = attractor.digits().images[:40]
    return [
        attractor.capacity("modern", dims=[8, 12], sets=4),
        attractor.recommend(images, "sigma:0.2"),
        attractor.reproduce("fig1"),
    ]


def test_reports_in_notebooks_hold_their_pictures() -> None:
    pictures = 0
    for report in reports():
        assert not hasattr(report, "_repr_markdown_")
        page = Page()
        page.feed(report._repr_html_())
        assert not {"script", "link", "iframe", "style", "svg"} & set(page.names)
        for source in page.sources:
            kind, data = source.split(";base64,")
            assert kind == "data:image/svg+xml", kind
            drawn = ElementTree.fromstring(base64.b64decode(data))
            assert drawn.tag == "{http://www.w3.org/2000/svg}svg" and len(list(drawn.iter())) > 20
            pictures += 1
    assert pictures >= 2


def pictures_of(text: str) -> list[np.ndarray]:
    """The pictures in a piece of HTML, as another program reads them."""
    image = pytest.importorskip("matplotlib.image")
    page = Page()
    page.feed(text)
    assert not {"script", "link", "iframe", "style"} & set(page.names)
    found = []
    for source in page.sources:
        kind, data = source.split(";base64,")
        assert kind == "data:image/png"
        found.append(image.imread(io.BytesIO(base64.b64decode(data)), format="png"))
    return found


def test_memories_and_recalls_of_images_are_pictures() -> None:
    images = attractor.digits().images[:20]
    memory = attractor.Diffusion(images, labels=["<b>"] * 20, steps=8)
    text = memory._repr_html_()
    for words in ("memories", "20", "8 x 8", "steps", "float32", "&lt;b&gt;"):
        assert words in text
    assert "<b>" not in text
    shown = pictures_of(text)
    assert len(shown) == 12
    # One scale for all: the largest grey value is white.
    for drawn, stored in zip(shown, images, strict=False):
        assert np.abs(drawn * 255 - stored).max() <= 1.0
    recall = memory.recall(images[:3] / 255.0, sigma=0.3)
    shown = pictures_of(recall._repr_html_())
    assert len(shown) == 9 and np.abs(shown[0] * 255 - images[0]).max() <= 1.0
    assert "Recall of 3 cues" in recall._repr_html_() and "settled" in recall._repr_html_()
    # A recall from a file has its states, and no memory to compare them with.
    assert len(pictures_of(pickle.loads(pickle.dumps(recall))._repr_html_())) == 6
    assert len(pictures_of(memory.sample(2)._repr_html_())) == 4
    colours = np.random.default_rng(0).uniform(size=(4, 3, 6, 5))
    assert pictures_of(attractor.Modern(colours)._repr_html_())[0].shape[:2] == (6, 5)


def test_other_memories_are_facts() -> None:
    for memory in (
        attractor.Modern(beta=3.0),
        attractor.Modern(np.eye(4)),
        attractor.Hopfield(np.sign(np.eye(4) - 0.5)),
        attractor.Denoiser(lambda x, s: x, 3),
        attractor.Mixture([{"kind": "points", "at": [[2.0, 0.0]], "label": "<i>"}]),
        attractor.Network(np.eye(4), training={"steps": 5, "width": 8}),
    ):
        text = memory._repr_html_()
        assert not pictures_of(text) and type(memory).__name__ in text
        ElementTree.fromstring(text)
    assert "call fit" in attractor.Modern(beta=3.0)._repr_html_()
    recall = attractor.Diffusion(np.eye(4), labels=["<b>x</b>", "&", "c", "d"]).recall(np.eye(4), sigma=0.1)
    text = recall._repr_html_()
    ElementTree.fromstring(text)
    assert "&lt;b&gt;x" in text and "<b>" not in text
    assert "The first 12 of 30 cues" in attractor.Modern(np.eye(30)).recall(np.eye(30))._repr_html_()
    assert "0 cues" in attractor.Modern(np.eye(3)).recall(np.zeros((0, 3)))._repr_html_()


def test_a_notebook_that_is_executed_shows_the_picture() -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    nbconvert = pytest.importorskip("nbconvert")
    pytest.importorskip("ipykernel")
    source = 'import attractor\nattractor.capacity("modern", dims=[8, 12], sets=4)'
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    assert "text/html" in notebook.cells[0].outputs[-1]["data"]
    text, _ = nbconvert.HTMLExporter(template_name="basic").from_notebook_node(notebook)
    page = Page()
    page.feed(text)
    shown = [source for source in page.sources if not source.startswith("#")]
    assert len(shown) == 1 and shown[0].startswith("data:image/svg+xml;base64,")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_the_library_that_is_asked_for(library: str) -> None:
    module = pytest.importorskip(library)
    memory = attractor.Diffusion(np.eye(4))
    recall = memory.recall(np.eye(4), sigma=0.1)
    trace = memory.trace(np.eye(4), sigma=0.1)
    report = attractor.capacity("modern", dims=[8], sets=2)
    for result in (recall, trace, report, memory.repeat(np.eye(4), 10, sigma=0.1)):
        made = result.to_frame(library)
        assert isinstance(made, module.DataFrame) and len(made) > 0
    assert recall.to_frame(library)["memory"].to_list() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="library: expected pandas or polars"):
        recall.to_frame("arrow")


def test_progress_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    calls = [
        lambda **more: attractor.capacity("modern", dims=[8], sets=4, **more),
        lambda **more: attractor.reproduce("table1", repetitions=2, **more),
        lambda **more: attractor.recommend(np.eye(6), "sigma:0.1", **more),
        lambda **more: attractor.fit(np.random.default_rng(0).normal(size=(40, 2)), 2, **more),
        lambda **more: attractor.replay(attractor.Modern(np.eye(4)), np.eye(4)[0], rounds=5, **more),
        lambda **more: attractor.Network(training={"steps": 5, "width": 8}).fit(np.eye(4), **more),
    ]
    for call in calls:
        told: list[Any] = []
        call(progress=lambda *said, told=told: told.append(said))
        assert told
        with pytest.raises(TypeError, match="progress: expected True, False or a callable"):
            call(progress=3)
    call(progress=False)
    assert capsys.readouterr().err == ""

    plain = builtins.__import__
    without = lambda name, *rest, **more: (
        (_ for _ in ()).throw(ImportError(name)) if name.startswith("tqdm") else plain(name, *rest, **more)
    )
    with monkeypatch.context() as patched:
        patched.setattr(builtins, "__import__", without)
        for call in calls:
            call(progress=True)
            lines = capsys.readouterr().err.splitlines()
            assert 1 <= len(lines) <= 11 or "fit:" in lines[0], lines
            assert all(": " in line and " s" in line for line in lines), lines
    pytest.importorskip("tqdm")
    for call in calls:
        call(progress=True)
        text = capsys.readouterr().err
        assert "100%" in text or "fit:" in text, text


@pytest.mark.parametrize("specimen", ZOO, ids=str)
def test_a_recall_that_is_followed_is_the_same(specimen: Specimen) -> None:
    patterns = specimen.world(signs(6, 16, 1))
    memory = specimen.build(patterns, labels=list("abcdef")) if specimen.labelled else specimen.build(patterns)
    cues = specimen.world(signs(70, 16, 2))
    levels = (
        {"sigma": 0.5}
        if isinstance(memory, (attractor.Diffusion, attractor.Local, attractor.Network, attractor.Mixture))
        else {}
    )
    told: list[Any] = []
    followed = memory.recall(cues, **levels, first_row=3, progress=lambda *said: told.append(said))
    assert bits(followed) == bits(memory.recall(cues, **levels, first_row=3))
    assert told[0] == (16, 70) and told[-1] == (70, 70)
    known = np.arange(16) < 8
    if specimen.kind is not attractor.Bidirectional:
        one = memory.recall(cues, **levels, clamp=known, progress=lambda *_: None)
        assert bits(one) == bits(memory.recall(cues, **levels, clamp=known))
    assert bits(memory.sample(40, progress=lambda *_: None)) == bits(memory.sample(40))
    cues[50, 3] = np.nan
    with pytest.raises(ValueError, match="row 50, unit 3"):
        memory.recall(cues, **levels, progress=True)
    cues[50, 3] = cues[0, 0]
    with pytest.raises(ValueError, match="progress: expected an observer or progress, found both"):
        memory.recall(cues, **levels, observer=lambda frame: None, progress=True)


def test_repeated_recalls_that_are_followed_are_the_same() -> None:
    memory = attractor.Diffusion(signs(6, 16, 1), sampler="bridge")
    cues, told = signs(5, 16, 2), []
    followed = memory.repeat(cues, 40, sigma=1.5, first_row=2, progress=lambda *said: told.append(said))
    plain = memory.repeat(cues, 40, sigma=1.5, first_row=2)
    assert all(np.array_equal(column, plain.to_dict()[name]) for name, column in followed.to_dict().items())
    assert np.array_equal(followed.ended, plain.ended) and told == [(n, 5) for n in range(1, 6)]


def test_a_bar_ends_where_the_work_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tqdm")
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with pytest.raises(ValueError):
        attractor.reproduce("table1", repetitions=0, progress=True)
    attractor.reproduce("table1", repetitions=2, progress=True)
    assert stream.getvalue().endswith("\n")


def test_what_a_recall_prints() -> None:
    memory = attractor.Diffusion(np.eye(4))
    text = repr(memory.recall(np.eye(4)[[0, 1, 1]], sigma=0.1))
    assert "memory    0, 1, 1 (2 different)" in text
    # Numbers that are all equal are said once.
    assert "sigma     0.1\n" in text and " to " not in text and "posterior 1\n" in text
    text = repr(memory.recall([[0.6, 0.5, 0.4, 0.0], [1.0, 0.0, 0.0, 0.0]], sigma=0.5))
    assert "posterior 0." in text and "median" in text
    assert "memory    0\n" in repr(memory.recall(np.eye(4)[0], sigma=0.1))


def test_a_network_is_named_and_not_printed() -> None:
    class Net:
        def __call__(self, x: Any, sigma: Any) -> Any:
            return x

        def __repr__(self) -> str:
            return "layer\n" * 1000

    assert repr(attractor.Denoiser(Net(), 2)) == "<Denoiser(denoiser=Net(...), dim=2) of 2 units, float64>"
    assert "denoiser=tanh" in repr(attractor.Denoiser(lambda x, s: x, 2).set_params(denoiser=np.tanh))
