"""Equal seeds give equal bits in Python and on the command line."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import attractor
import numpy as np
import pytest
from zoo import ZOO, Specimen, signs

ROOT = Path(__file__).parents[2]
FOUND = os.environ.get("ATTRACTOR_PROGRAM") or shutil.which(str(ROOT / "target" / "debug" / "attractor"))


@pytest.fixture
def program(tmp_path: Path):
    if FOUND is None:
        pytest.skip("the program is not built (cargo build), or ATTRACTOR_PROGRAM does not name it")

    def run(*arguments: object) -> str:
        done = subprocess.run([FOUND, *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
@pytest.mark.parametrize("specimen", ZOO, ids=str)
def test_recalls(specimen: Specimen, dtype: type, program, tmp_path: Path) -> None:
    patterns = specimen.world(signs(7, 16, 1, np.float64))
    cues = specimen.world(signs(20, 16, 2, np.float64))
    if dtype is np.uint8:
        patterns, cues = (128 + 100 * patterns).astype(dtype), (128 + 100 * cues).astype(dtype)
    patterns, cues = patterns.astype(dtype), cues.astype(dtype)
    if specimen.kind in (attractor.Mixture, attractor.Bidirectional) and dtype is np.uint8:
        pytest.skip("descriptions are of numbers, and associated words are of +1 and -1")
    np.save(tmp_path / "memory.npy", patterns)
    np.save(tmp_path / "cues.npy", cues)
    more: list[object] = []
    if specimen.kind is attractor.Bidirectional:
        np.save(tmp_path / "values.npy", patterns[:, ::-1])
        more = ["--values", "values.npy"]
    options, source = specimen.options, "memory.npy"
    if specimen.kind is attractor.Network:
        # Networks are trained by another command.
        source, options = "memory.network", {}
        settings = [word for name, value in specimen.options["training"].items() for word in (f"--{name}", value)]
        program("train", "--patterns", "memory.npy", "--out", source, "--evaluate-every", 0, *settings)
    for name, value in options.items():
        more += [f"--{name.replace('_', '-')}", *([] if value is True else [value])]
    memory = specimen.build(patterns, **({"dtype": dtype} if specimen.kind is attractor.Mixture else {}))
    asked = ["--memory", source, "--model", memory._model, "--cues", "cues.npy", "--seed", 5, "--quiet", *more]
    program("recall", *asked, "--out", "states.npy")
    expected = np.load(tmp_path / "states.npy")
    recall = memory.recall(cues, random_state=5)
    assert expected.dtype == recall.states.dtype and expected.tobytes() == recall.states.tobytes()


def test_free_recall_energies_corruption_and_files(program, tmp_path: Path) -> None:
    patterns = np.random.default_rng(1).normal(size=(9, 16))
    np.save(tmp_path / "memory.npy", patterns)
    memory = attractor.Diffusion(patterns)
    common = ["--memory", "memory.npy", "--model", "diffusion", "--quiet"]
    program("sample", *common, "--count", 30, "--seed", 3, "--out", "free.npy")
    assert np.load(tmp_path / "free.npy").tobytes() == memory.sample(30, random_state=3).states.tobytes()
    said = program("energy", *common, "--states", "memory.npy", "--sigma", 0.7)
    assert [float(line) for line in said.split()] == memory.energy(patterns, 0.7).tolist()
    said = program("energy", *common, "--states", "memory.npy", "--sigma", 0.7, "--density", "exact")
    assert [float(line) for line in said.split()] == memory.log_prob(patterns, 0.7).tolist()
    for option, text in ((["--sigma", 0.5], "sigma:0.5"), (["--mask", 0.5], "mask:0.5"), (["--flip", 0.2], "flip:0.2")):
        program("corrupt", "--patterns", "memory.npy", *option, "--seed", 2, "--out", "cues.npy")
        assert (
            np.load(tmp_path / "cues.npy").tobytes() == attractor.corrupt(patterns, text, random_state=2).cues.tobytes()
        )
    program("store", "--patterns", "memory.npy", "--model", "modern", "--beta", 2.5, "--out", "stored", "--quiet")
    attractor.Modern(patterns, beta=2.5).save(tmp_path / "saved")
    for name in ("stored", "saved"):
        loaded = attractor.load(tmp_path / name)
        assert loaded.beta == 2.5 and np.array_equal(loaded.patterns, patterns)
        program("recall", "--memory", name, "--cues", "memory.npy", "--out", f"{name}.npy", "--quiet")
    assert (tmp_path / "stored.npy").read_bytes() == (tmp_path / "saved.npy").read_bytes()
    rows = attractor.read(tmp_path / "memory.npy")
    assert rows.values.tobytes() == patterns.tobytes() and rows.labels is None


def test_descriptions(program, tmp_path: Path) -> None:
    places = ROOT / "examples" / "places.toml"
    cues = np.random.default_rng(1).normal(size=(50, 2)) * 3
    np.save(tmp_path / "cues.npy", cues)
    asked = ["--memory", places, "--cues", "cues.npy", "--sigma", 1.0, "--sampler", "ancestral", "--quiet"]
    program("recall", *asked, "--out", "states.npy")
    recall = attractor.Mixture(places, sampler="ancestral").recall(cues, sigma=1.0)
    assert np.load(tmp_path / "states.npy").tobytes() == recall.states.tobytes()
    assert set(recall.label) <= {"west", "east", "north", "road", "roundabout", "district"}


def test_experiments(program, tmp_path: Path) -> None:
    program("reproduce", "table1", "--repetitions", 3, "--seed", 4, "--out", "table1", "--quiet")
    told: list[tuple[int, int]] = []
    report = attractor.reproduce("table1", repetitions=3, random_state=4, progress=lambda *parts: told.append(parts))
    report.write(tmp_path / "own")
    assert (tmp_path / "own" / "results.csv").read_bytes() == (tmp_path / "table1" / "results.csv").read_bytes()
    assert told[-1][0] == told[-1][1] and len(report.to_frame()) == len(report.results) == 30
    assert "Table 1" in report.markdown() and report.html().startswith("<!DOCTYPE html>")
