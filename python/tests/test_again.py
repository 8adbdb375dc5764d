"""The call in a report makes it again, to the same bits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attractor
import numpy as np
import pytest
from attractor import _again, _attractor, _experiments

IMAGES = attractor.digits().images[:30]


def numbers(report: attractor.Report) -> str:
    """All that a report says, without its times."""
    document = report.document
    document.pop("seconds")
    return json.dumps(document, sort_keys=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda: attractor.reproduce("table1", repetitions=2, random_state=3),
        lambda: attractor.reproduce("probabilistic-recall", recalls=100),
        lambda: attractor.recommend(IMAGES, "sigma:0.5"),
        lambda: attractor.recommend(IMAGES, ["flip:0.1", "mask:0.5"], count=20, cues=10, shape="8x8"),
        lambda: attractor.recommend(IMAGES, "sigma:0.5", random_state=np.random.default_rng(5)),
        lambda: attractor.recommend(IMAGES, "sigma:0.5", random_state=None),
    ],
)
def test_a_report_is_made_again(make: Any) -> None:
    report = make()
    names = {"attractor": attractor, "np": np, "PATTERNS": IMAGES}
    again = eval(report.again, names)
    assert again.again == report.again and numbers(again) == numbers(report)
    assert " ".join(report.again.split()) in " ".join(report.markdown().split())
    assert ".npy" not in report.markdown()
    if "PATTERNS" in report.again:
        assert report.again.endswith("# PATTERNS: the array of 30 x 8 x 8, uint8, that was given")


def test_every_experiment_is_called_again_as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Experiments that take minutes are not run: what they are given is compared."""
    given: list[Any] = []

    class Made:
        title, seconds = "", 0.0

        def __init__(self, *asked: Any, again: str, **more: Any) -> None:
            self.command = again
            given.append((asked, more))

        def run(self, progress: Any = None) -> Made:
            return self

    monkeypatch.setattr(_experiments._attractor, "reproduce", Made)
    data = np.arange(36, dtype=np.uint8).reshape(4, 9)
    for experiment in _attractor.experiments():
        settings: dict[str, Any] = {}
        for setting in experiment["settings"]:
            keyword = setting["name"].replace("-", "_")
            settings[keyword] = {"count": 3, "number": 0.25, "flag": True, "switch": False}.get(setting["kind"])
            if setting["kind"] == "form":
                settings[keyword] = (1, 2) if keyword == "shard" else [2, 3]
        for more in (
            {},
            {"random_state": 7, "data": data, "shape": "3x3", "order": range(4), "store": tmp_path / "a b"},
        ):
            report = attractor.reproduce(experiment["name"], **settings, **more)
            eval(report.again, {"attractor": attractor, "DATA": data})
            first, second = given[-2:]
            assert repr(first) == repr(second), report.again


def test_values_have_a_text_or_a_name() -> None:
    def call(models: Any, *, sigma: Any = 1.0, random_state: Any = 0, progress: Any = None) -> None: ...

    memory = attractor.Hopfield(rule="pseudo-inverse", prepare="center")
    process = attractor.Process("vp", gamma=0.25)
    one, two = lambda p, c, k: c, lambda p, c, k: p
    text = _again.again(
        call,
        {
            "models": ["modern", memory, attractor.Diffusion(process=process), np.tanh, one, two],
            "sigma": np.float64(0.1),
            "progress": print,
        },
        seed=3,
    )
    assert text == (
        "attractor.call(['modern', attractor.Hopfield(rule='pseudo-inverse', prepare='center'), "
        "attractor.Diffusion(process=attractor.Process(name='vp', gamma=0.25)), tanh, MODELS, MODELS_2], sigma=0.1, "
        "random_state=3)  # tanh: the function that was given; MODELS: the function that was given; "
        "MODELS_2: the function that was given"
    )
    built = eval(
        text,
        {
            "attractor": type("Module", (), vars(attractor) | {"call": staticmethod(lambda *a, **k: (a, k))}),
            "tanh": np.tanh,
            "MODELS": one,
            "MODELS_2": two,
        },
    )
    assert built[0][0][1].get_params() == memory.get_params() and built[0][0][2].process == process
