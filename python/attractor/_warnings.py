"""Warnings about memories whose recalls will surprise."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Iterable
from typing import Any

#: The folder of this package, with a separator at its end.
_HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")


class AttractorWarning(UserWarning):
    """What a memory does is what was asked for, but it will surprise: it recalls few of its patterns, or drops gradients.

    Each warning is shown once for each line of your code. ``warnings.simplefilter("ignore", attractor.AttractorWarning)``
    turns them off, and ``"error"`` makes them exceptions.
    """


def warn(sentences: Iterable[str]) -> None:
    """Shows each sentence as a warning at the line of the user's code from which this package was called."""
    for sentence in sentences:
        level, frame = 1, sys._getframe(0)
        while frame.f_back is not None and os.path.abspath(frame.f_code.co_filename).startswith(_HERE):
            level, frame = level + 1, frame.f_back
        shown = frame.f_globals.setdefault("__warningregistry__", {})
        # Cross-validation and loops give the same sentence with other numbers.
        key = (re.sub(r"\d[\d.]*", "#", sentence), AttractorWarning, frame.f_lineno)
        if not (key in shown and _action() == "default"):
            warnings.warn(sentence, AttractorWarning, stacklevel=level)
            shown[key] = True


def _action() -> str:
    """What the filters of warnings do with this package's, if no filter is for one text or module."""
    rules: Iterable[Any] = warnings.filters
    return next((rule[0] for rule in rules if issubclass(AttractorWarning, rule[2])), "default")
