"""Plots of memories, recalls and reports, as displays in the manner of scikit-learn.

A display is made of data by its constructor, or by a `from_...` method, which also draws it. Its artists are attributes that end in an
underscore, such as `ax_` and `figure_`. Matplotlib is imported when something is drawn: ``pip install 'attractor[plot]'``.

>>> import attractor
>>> from attractor.plot import EnergyDisplay
>>> memory = attractor.Diffusion([[1.0, 1.0], [-1.0, 0.5], [0.2, -1.0]])
>>> display = EnergyDisplay.from_estimator(memory, sigma=0.4, cues=[[0.1, 0.2]], grid=20)
>>> display.ax_.get_xlabel()
'unit 0'
"""

from __future__ import annotations

from ._audit import AuditDisplay
from ._capacity import CapacityDisplay
from ._energy import EnergyDisplay
from ._posterior import PosteriorDisplay
from ._recall import RecallDisplay
from ._spectrum import SpectrumDisplay
from ._trace import TraceDisplay
from ._weights import WeightsDisplay

__all__ = [
    "AuditDisplay",
    "CapacityDisplay",
    "EnergyDisplay",
    "PosteriorDisplay",
    "RecallDisplay",
    "SpectrumDisplay",
    "TraceDisplay",
    "WeightsDisplay",
]
