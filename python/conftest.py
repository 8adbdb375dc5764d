"""What the tests need: the examples of `attractor.torch` are left out where PyTorch is not installed."""

from __future__ import annotations

import importlib.util

HAS_TORCH = importlib.util.find_spec("torch") is not None

collect_ignore = [] if HAS_TORCH else ["attractor/torch"]


def pytest_report_header() -> str | None:
    return None if HAS_TORCH else "attractor.torch: its examples are skipped, since PyTorch is not installed"
