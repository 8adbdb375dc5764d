"""Runs the code of the pages as it is printed: every block of shell and Python code of Start and How to, page by page.

`./check --docs` runs this. A block that takes minutes or installs something has a comment before it, `<!-- not run: why -->`.
The program is `ATTRACTOR`, or target/debug/attractor.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import attractor
import numpy as np
import pytest
from PIL import Image

DOCS = Path(__file__).parent
PAGES = sorted(
    [*DOCS.glob("start/*.md"), *DOCS.glob("how-to/*.md"), *(DOCS / "ideas" / f"{n}.md" for n in ("energy", "one-knob"))]
)
PROGRAM = Path(os.environ.get("ATTRACTOR", DOCS.parent / "target" / "debug" / "attractor"))
#: From nothing to the first own picture, a page may take this many seconds.
FIVE_MINUTES = 300.0

BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<why>[^>]+) -->\n)?```(?P<language>sh|python)\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL
)


def blocks(page: Path) -> list[re.Match[str]]:
    return list(BLOCK.finditer(page.read_text(encoding="utf-8")))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as a reader has it: with the program on the path, and pictures of their own."""
    programs = tmp_path / "bin"
    programs.mkdir()
    shutil.copy(PROGRAM, programs / "attractor")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    work = tmp_path / "work"
    work.mkdir()
    images = attractor.digits().images
    for name, rows in (
        ("photos", range(20)),
        ("more", range(20, 24)),
        ("more-photos", range(24, 60)),
        ("samples", range(60, 80)),
    ):
        (work / name).mkdir()
        for n in rows:
            Image.fromarray(np.kron(images[n], np.ones((2, 2), np.uint8))).save(work / name / f"digit-{n:02}.png")
    shutil.copytree(DOCS.parent / "examples", work / "examples", ignore=shutil.ignore_patterns("*.py"))
    monkeypatch.chdir(work)
    return work


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_the_code_of_a_page_runs(page: Path, folder: Path) -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    start = time.monotonic()
    for block in blocks(page):
        line = page.read_text(encoding="utf-8")[: block.start()].count("\n") + 1
        if block["why"]:
            continue
        if block["language"] == "python":
            try:
                exec(compile(block["code"], f"{page.name}:{line}", "exec"), names)
            except Exception as error:
                pytest.fail(f"{page.name}, line {line}: {type(error).__name__}: {error}\n{block['code']}")
        else:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block["code"]], capture_output=True, text=True, timeout=600
            )
            assert done.returncode == 0, f"{page.name}, line {line}:\n{block['code']}\n{done.stderr[-2000:]}"
    if page.parent.name == "start":
        assert time.monotonic() - start < FIVE_MINUTES


def test_pages_have_code() -> None:
    """The pattern finds the blocks: as many fences of these languages as there are in the text."""
    for page in PAGES:
        fences = len(re.findall(r"^```(?:sh|python)$", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert len(blocks(page)) == fences, page
    assert sum(len(blocks(page)) for page in PAGES) > 40


@pytest.mark.parametrize("package", ["attractor", "attractor/executors", "attractor/plot", "attractor/torch"])
def test_the_reference_has_every_name(package: str) -> None:
    place = DOCS.parent / "python" / package
    source = (place / "__init__.py" if place.is_dir() else place.with_suffix(".py")).read_text(encoding="utf-8")
    listed = re.search(r"__all__ = \[(.*?)\]", source, re.DOTALL)
    assert listed is not None
    names = set(re.findall(r'"(\w+)"', listed[1])) - {"executors", "plot", "torch"}
    page = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    assert names <= set(re.findall(r"^   (\w+)$", page, re.MULTILINE)), package


def test_every_experiment_has_a_page() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    missing = [name for name in attractor.experiments() if f"reproduce {name}" not in text]
    assert not missing, missing


#: Pictures on pages that a script of the gallery draws, and the script.
PICTURES = {
    "energy": "plot_landscape",
    "false-memories": "plot_false_memories",
    "one-knob": "plot_one_knob",
    "local-dimension": "plot_local_dimension",
    "pieces": "plot_pieces",
    "how-many": "plot_how_many",
    "gist": "plot_gist",
    "replay": "plot_replay",
    "forming": "plot_forming",
}
#: Largest mean difference of a pixel, of 255: other versions of fonts and of Matplotlib move letters by a pixel.
LETTERS = 6.0


@pytest.mark.parametrize("picture", PICTURES)
def test_pictures_on_pages_are_those_of_the_gallery(picture: str) -> None:
    """`python docs/test_pages.py` copies them from a site that was built."""
    drawn = DOCS / "gallery" / "images" / f"sphx_glr_{PICTURES[picture]}_001.png"
    if not drawn.is_file():
        pytest.skip("the gallery has not been built")
    ours, new = (Image.open(p).convert("RGB") for p in (DOCS / "images" / f"{picture}.png", drawn))
    assert abs(ours.width - new.width) <= 4 and abs(ours.height - new.height) <= 4, "python docs/test_pages.py"
    difference = np.abs(np.asarray(ours.resize(new.size), float) - np.asarray(new, float)).mean()
    assert difference < LETTERS, f"{difference:.1f}: python docs/test_pages.py"


if __name__ == "__main__":
    for picture, script in PICTURES.items():
        shutil.copy(DOCS / "gallery" / "images" / f"sphx_glr_{script}_001.png", DOCS / "images" / f"{picture}.png")
    sys.exit()
