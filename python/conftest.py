"""What the tests need: the examples of `attractor.torch` are left out where PyTorch is not installed, and figures open no window.

The tests of `tests/clusters` run only if they are asked for by that path, as `./check --clusters` does.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")

HAS_TORCH = importlib.util.find_spec("torch") is not None

collect_ignore = ["tests/clusters", *([] if HAS_TORCH else ["attractor/torch"])]


def pytest_report_header() -> str | None:
    return None if HAS_TORCH else "attractor.torch: its examples are skipped, since PyTorch is not installed"


@pytest.fixture(autouse=True)
def figures_are_closed() -> Iterator[None]:
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
