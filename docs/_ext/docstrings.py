"""Lets docstrings be read as they are written: |x| is a norm and sigma**2 a square.

reStructuredText would take these for a substitution and for the beginning of bold text.
"""

from __future__ import annotations

import re
from typing import Any

import attractor
from sphinx.application import Sphinx


def escape(_app: Sphinx, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    literal = False
    for n, line in enumerate(lines):
        if line.strip() and not line.startswith(" "):
            literal = False
        if not literal and not line.lstrip().startswith((">>>", "...")):
            line = re.sub(r"(?:(?<=[\w)\]])|(?<=, ))\*\*(?=[\w(])", r"\\*\\*", line.replace("|", r"\|"))
            lines[n] = re.sub(r"docs/([\w/-]+)\.md", r":doc:`/\1`", line)
        if line.rstrip().endswith("::"):
            literal = True


def unsigned(_app: Sphinx, what: str, _name: str, obj: Any, _options: Any, *_: Any) -> tuple[str, None] | None:
    """Results are made by recalls and experiments, and nobody calls their classes."""
    results = (attractor.Recall, attractor.Trace, attractor.Counts, attractor.Report, attractor.Replayed)
    return ("", None) if what == "class" and obj in results else None


def setup(app: Sphinx) -> dict[str, Any]:
    # Before numpydoc, which makes lists of the sections.
    app.connect("autodoc-process-docstring", escape, priority=100)
    app.connect("autodoc-process-signature", unsigned)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
