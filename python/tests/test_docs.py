"""Runs the examples of the documentation, page by page, in order."""

from __future__ import annotations

import re
from pathlib import Path

import attractor
import numpy as np
import pytest
from zoo import signs

ROOT = Path(__file__).parents[2]


@pytest.mark.filterwarnings("error::attractor.AttractorWarning")
@pytest.mark.parametrize(
    "page",
    ["README.md", "docs/reference/python.md", "docs/ideas/capacity.md", "docs/ideas/replay.md", "docs/how-to/audit.md"],
)
def test_examples(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Files that an example writes.
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if any("sklearn" in block for block in blocks):
        pytest.importorskip("sklearn")
    training = signs(30, 64, 1)
    images, labels = attractor.digits()
    names = {
        "network": attractor.Diffusion(training),
        "training": training,
        "noisy": training + 0.5,
        "x": training[:3],
        "sigma": 0.7,
        "X": images[:90].reshape(90, 64) / 255.0,
        "y": np.asarray(labels[:90]),
    }
    for block in blocks:
        exec(compile(block, page, "exec"), names)
    assert blocks
