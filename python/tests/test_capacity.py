"""Capacities of models, of memories, and of the user's own functions."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import warnings
from pathlib import Path
from typing import Any

import attractor
import numpy as np
import pytest

QUICK: dict[str, Any] = {"dims": [8, 12], "sets": 24, "cues": 64}


def nearest(patterns: Any, cues: Any, known: Any) -> Any:
    assert patterns.dtype == cues.dtype == np.float32
    assert known is None or (known.dtype == np.bool_ and known.shape == cues.shape)
    return patterns[(cues @ patterns.T).argmax(axis=1)]


def test_a_table_with_a_row_for_each() -> None:
    report = attractor.capacity(["ceiling", attractor.Modern(beta=5.0), nearest], mask=0.5, **QUICK)
    rows = report.results
    assert [(row["memory"], row["dim"]) for row in rows] == [
        (name, dim) for name in ("ceiling", "modern beta=5", "nearest") for dim in (8, 12)
    ]
    assert all(row["low"] <= row["crossing"] <= row["high"] for row in rows)
    # No memory exceeds the ceiling by more than chance, and the nearest pattern comes near it.
    assert all(row["share"] < 1.15 for row in rows)
    assert rows[5]["share"] > 0.6
    assert report.document["settings"]["sets"] == 24


def test_equal_calls_give_equal_tables(tmp_path: Path) -> None:
    store = tmp_path / "cells.sqlite"
    first = attractor.capacity("hopfield", store=store, **QUICK)
    again = attractor.capacity("hopfield", store=store, **QUICK)
    assert first.results == again.results, "times included: nothing was done again"
    parts = [attractor.capacity("hopfield", shard=(i, 2), **QUICK).results[0] for i in (1, 2)]
    for row in parts:
        same = next(other for other in first.results if other["dim"] == row["dim"])
        assert {**row, "seconds": 0} == {**same, "seconds": 0}
    assert attractor.capacity("hopfield", random_state=1, **QUICK).results != first.results


def test_it_is_the_command_line_s(tmp_path: Path) -> None:
    binary = Path(__file__).parents[2] / "target" / "debug" / "attractor"
    if not binary.is_file():
        pytest.skip("the command line is not built")
    asked = ["capacity", "--model", "modern", "--beta", "5", "--dims", "8,12", "--sets", "24", "--cues", "64"]
    subprocess.run([binary, *asked, "--out", tmp_path, "--quiet"], check=True, capture_output=True)
    theirs = json.loads((tmp_path / "results.json").read_text())["capacities"]
    ours = attractor.capacity(attractor.Modern(beta="5"), **QUICK).results
    assert [{**row, "seconds": 0} for row in ours] == [{**row, "seconds": 0} for row in theirs]
    shutil.rmtree(tmp_path)


def untimed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "seconds": 0} for row in rows]


def test_options_make_entrants() -> None:
    asked: dict[str, Any] = {"dims": [16], "sets": 6, "cues": 32, "flip": 0.1}
    both = ["hopfield", attractor.Hopfield(rule="pseudo-inverse")]
    report = attractor.capacity(both, **asked)
    assert [row["memory"] for row in report.results] == ["hopfield", "hopfield rule=pseudo-inverse"]
    written = attractor.capacity(["hopfield:rule=hebb", "hopfield:rule=pseudo-inverse"], **asked)
    assert untimed(written.results) == untimed(report.results)
    assert "0.138 D" in attractor.capacity(attractor.Hopfield(rule="hebb"), **asked).markdown()


def test_the_command_of_a_report_runs_it_again(tmp_path: Path) -> None:
    models = ["hopfield", attractor.Hopfield(rule="pseudo-inverse"), attractor.Dense(interaction="poly:4")]
    report = attractor.capacity(models, dims=[8, 10], sets=4, cues=16, flip=[0.1, 0.2], updates=3, random_state=5)
    command = report.document["command"]
    if command.startswith("attractor.capacity("):
        again = eval(command, {"attractor": attractor}).results  # noqa: S307
    else:
        binary = Path(__file__).parents[2] / "target" / "debug" / "attractor"
        if not binary.is_file():
            pytest.skip("the command line is not built")
        words = shlex.split(command)
        assert words[0] == "attractor" and words[-1] == "DIR"
        subprocess.run([binary, *words[1:-1], tmp_path, "--quiet"], check=True, capture_output=True)
        again = json.loads((tmp_path / "results.json").read_text())["capacities"]
    assert untimed(again) == untimed(report.results)


def test_minutes_are_announced() -> None:
    # Ten minutes: it must be said before. The warning is made an error, so that nothing is measured.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="ceiling at D = 64"):
            attractor.capacity(["hopfield", "ceiling"], dims=[16, 32, 64], sets=20, flip=0.1)
        attractor.capacity("hopfield", **QUICK)


def test_what_has_no_limit_is_said() -> None:
    report = attractor.capacity(["ceiling", "hopfield"], mask=1e-308, dims=[1, 8], sets=4, cues=16)
    row = next(row for row in report.results if row["memory"] == "ceiling")
    assert row["bounded"] and row["patterns"] == 1024 and row["high"] is None
    assert "nothing limits how many patterns" in " ".join(report.markdown().split())
    assert "NaN" not in json.dumps(report.document) and "Infinity" not in json.dumps(report.document)


def test_what_is_wrong_is_said() -> None:
    def refused(error: type[Exception], word: str, *models: Any, **more: Any) -> None:
        with pytest.raises(error, match=word):
            attractor.capacity(list(models), **{**QUICK, **more})

    refused(ValueError, "nothing", "nothing")
    refused(ValueError, "models", *[])
    refused(TypeError, "models", 3)
    refused(ValueError, "twice", nearest, nearest)
    refused(ValueError, "interaction", attractor.Dense(interaction="nothing"))
    refused(ValueError, "signal", "modern", signal=1.5)
    refused(ValueError, "threshold", "modern", threshold=float("nan"))
    refused(ValueError, "rising", "modern", dims=[8, 8])
    refused(ValueError, "shape", lambda patterns, cues, known: patterns[:1])
    refused(KeyError, "mine", lambda patterns, cues, known: {}["mine"])


def test_figure_3(tmp_path: Path) -> None:
    store = tmp_path / "cells.sqlite"
    report = attractor.reproduce("fig3", sets=8, store=store)
    assert {row["dim"] for row in report.results} == set(range(8, 21, 2))
    assert "Figure 3a" in report.markdown() and store.is_file()
    with pytest.raises(ValueError, match="profile"):
        attractor.reproduce("fig3", profile="huge")
    with pytest.raises(ValueError, match="learned"):
        attractor.reproduce("fig3", learned=[9])
